"""Queues of streams: they deliver every record until somebody acknowledges it."""
