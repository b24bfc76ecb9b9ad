"""API Gateway's mapping templates: Velocity 1.7 as AWS runs it, compiled to closures.

Must not know of requests, stages or integrations: `template.py` renders text from variables, `context.py`
names them.
"""
