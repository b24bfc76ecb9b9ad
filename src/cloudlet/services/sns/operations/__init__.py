"""SNS's operations, a module per noun."""
