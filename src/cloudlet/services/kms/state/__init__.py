"""Where KMS keeps what it has: the only package that names keys of the store."""
