"""What runs on the other side of the wall: fork servers, first processes, runtimes.

Standard library only; nothing here runs in the server.
"""
