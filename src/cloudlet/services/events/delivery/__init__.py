"""Carrying events to their targets: an attempt, and what becomes of it."""
