"""The HTTP server: HTTP/1.1, HTTP/2 and TLS on one port, in front of one handler.

It knows nothing of AWS: what a request means is the handler's business.
"""

from cloudlet.wire.server.limits import Limits
from cloudlet.wire.server.listener import Closer, Listener, Tls
from cloudlet.wire.server.server import Server

__all__ = ["Closer", "Limits", "Listener", "Server", "Tls"]
