"""Prints a JWT: token.py KEY NAME SCOPE"""

import base64
import hashlib
import hmac
import json
import sys
import time


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


key, name, scope = sys.argv[1:]
claims: dict[str, object] = {"sub": name, "exp": int(time.time()) + 3600}
if scope != "none":
    claims["scope"] = scope
parts = ({"alg": "HS256", "typ": "JWT"}, claims)
signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
print(f"{signed}.{encoded(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}")
