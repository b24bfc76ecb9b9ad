"""Where CloudWatch's things are kept: the only place that names keys."""
