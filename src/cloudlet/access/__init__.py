"""IAM evaluation: pure functions over policies. No I/O, no clock, no store."""
