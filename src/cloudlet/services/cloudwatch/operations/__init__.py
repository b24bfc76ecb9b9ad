"""The operations of CloudWatch, by noun."""
