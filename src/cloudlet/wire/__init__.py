"""Bytes to objects and back: HTTP, signatures, protocols. The only user of the AWS service models."""
