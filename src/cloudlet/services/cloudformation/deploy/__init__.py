"""The deploy engine: a template becomes a graph, a difference, a plan of steps, and then what it says.

Knows nothing of requests and answers; those are in the operations.
"""
