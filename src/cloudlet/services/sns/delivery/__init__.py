"""Carrying what was published to its endpoints: into queues, to functions, over the web."""
