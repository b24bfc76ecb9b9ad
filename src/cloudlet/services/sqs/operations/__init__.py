"""SQS's operations, a module per noun."""
