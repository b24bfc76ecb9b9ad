"""Event source mappings: who reads a queue or a stream for a function, and what becomes of it."""
