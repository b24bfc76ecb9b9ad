"""`scripts/demo`: the main job, step by step, each with its time."""
