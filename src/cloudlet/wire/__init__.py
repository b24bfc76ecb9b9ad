"""Bytes to objects and back: the HTTP server, signatures, protocols. The only user of the AWS service models."""
