"""A service of the tests: things of the types in thing_types.py."""
