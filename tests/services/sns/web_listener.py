"""A web server that topics post to: it keeps what it gets and answers as a test says."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Post:
    """One request."""

    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class WebListener:
    """The server, on a thread of its own."""

    answers: list[int] = field(default_factory=list)
    """The statuses of the next answers; 200 once there are no more."""
    posts: queue.Queue[Post] = field(default_factory=queue.Queue)
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = listener.answers.pop(0) if listener.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                listener.posts.put(Post({key.lower(): value for key, value in self.headers.items()}, body))

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/sns"

    def next_post(self) -> Post:
        """The next request, waited for."""
        return self.posts.get(timeout=10)

    def next_post_in_time(self, advance: Callable[[float], None], seconds: float) -> Post:
        """The next request, for which the cloud's clock may have to move on some times."""
        for _ in range(50):
            try:
                return self.posts.get(timeout=0.1)
            except queue.Empty:
                advance(seconds)
        raise AssertionError("nothing was posted")

    def subscribed(self, sns: Any, topic_arn: str, **attributes: Any) -> str:
        """Subscribes, confirms, and tells the ARN."""
        sns.subscribe(
            TopicArn=topic_arn,
            Protocol="http",
            Endpoint=self.url,
            Attributes={name: json.dumps(value) for name, value in attributes.items()},
        )
        confirmation = json.loads(self.next_post().body)
        made = sns.confirm_subscription(TopicArn=topic_arn, Token=confirmation["Token"])
        return str(made["SubscriptionArn"])

    def close(self) -> None:
        """Stops."""
        self._server.shutdown()
        self._server.server_close()
