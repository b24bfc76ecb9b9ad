"""AWS Signature Version 4 as a server sees it: whose request is it, and is it theirs? Start with verifier.py.

Nothing here knows users or keys: the caller looks the secret up.
"""
