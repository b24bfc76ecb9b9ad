"""The vocabulary every part of cloudlet shares.

It stands on the standard library and msgspec, and does no I/O.
"""
