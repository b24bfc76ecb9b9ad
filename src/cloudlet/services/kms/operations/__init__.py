"""KMS's operations, a module per noun."""
