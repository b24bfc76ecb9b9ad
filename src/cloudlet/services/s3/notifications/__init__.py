"""Event notifications: who is told of what happens in a bucket, and how they are told."""
