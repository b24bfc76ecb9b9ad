"""S3's operations, by noun."""
