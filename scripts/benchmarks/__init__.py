"""`scripts/bench`: the promised figures."""
