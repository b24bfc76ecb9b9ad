"""Where EventBridge's rows stand. The only package of the service that names keys."""
