"""TLS, HTTP/1.1 and HTTP/2 on one port, and sockets made elsewhere."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl

import httpx
import pytest
from serving import Serving, count, describe, read_all, read_response, serving

from client_authority import ClientAuthority
from cloudlet.core.http import FileBody, HttpRequest, HttpResponse, Origin
from cloudlet.core.tls import TlsDemands, TlsVersion
from cloudlet.wire.server import Limits, Server, Tls
from cloudlet.wire.tls import CertificateAuthority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(authority):
    with serving(describe, tls=Tls(authority)) as running:
        yield running


def connect(running: Serving, authority: CertificateAuthority, name: str, *alpn: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(running.connect(), server_hostname=name)


@pytest.mark.parametrize("name", ["s3.us-east-1.amazonaws.com", "localhost", "127.0.0.1", "my.own.example"])
def test_server_proves_every_name_that_is_asked_for(secure, authority, name):
    with connect(secure, authority, name) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert read_response(sock).content.startswith(b"GET / HTTP/1.1 https 0")


def test_plain_http_and_http2_answer_on_the_same_port(secure):
    url = f"http://127.0.0.1:{secure.port}/"
    with httpx.Client(http1=False, http2=True) as two, httpx.Client() as one:
        assert two.get(url).text.startswith("GET / HTTP/2 http 0")
        assert one.get(url).text.startswith("GET / HTTP/1.1 http 0")


def test_alpn_chooses_the_protocol(secure, authority):
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    url = f"https://localhost:{secure.port}/"
    with httpx.Client(verify=context, http2=True) as client:
        assert client.get(url).text.startswith("GET / HTTP/2 https 0")
    with connect(secure, authority, "s3.amazonaws.com", "h2") as sock:
        assert sock.selected_alpn_protocol() == "h2"
    with connect(secure, authority, "s3.amazonaws.com", "http/1.1") as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"


def test_http2_speaks_by_prior_knowledge_inside_tls_too(secure, authority):
    with connect(secure, authority, "localhost") as sock:
        sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        assert sock.recv(9)[3] == 4


def test_client_that_does_not_trust_the_authority_refuses(secure):
    with secure.connect() as sock, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")
    with secure.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert read_response(sock).status == 200


def test_large_bodies_both_ways_under_tls(authority, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 8192)

    async def handler(request: HttpRequest) -> HttpResponse:
        if request.method == "PUT":
            return await count(request)
        return HttpResponse(200, [], FileBody(path, 1, 2_000_000))

    with serving(handler, tls=Tls(authority)) as running, connect(running, authority, "localhost") as sock:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = sock
        connection.request("GET", "/")
        assert connection.getresponse().read() == path.read_bytes()[1:2_000_001]
        connection.request("PUT", "/", body=path.read_bytes())
        assert connection.getresponse().read() == b"2097152"


def test_client_that_sends_nothing_or_half_a_handshake_is_let_go(authority):
    limits = Limits(idle_seconds=0.1, handshake_seconds=0.1)
    with serving(describe, limits, tls=Tls(authority)) as running:
        for start in (b"", b"\x16\x03\x01", b"\x16" + b"\0" * 100):
            with running.connect() as sock:
                sock.sendall(start)
                read_all(sock)
        with running.connect() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert read_response(sock).status == 200


def test_malformed_request_under_tls_is_answered(secure, authority):
    with connect(secure, authority, "localhost") as sock:
        sock.sendall(b"nonsense\r\n\r\n")
        assert read_response(sock).status == 400


def listening() -> tuple[socket.socket, int]:
    sock = socket.create_server(("127.0.0.1", 0))
    return sock, sock.getsockname()[1]


async def origin(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, [], f"{request.origin.name} {request.scheme}".encode())


def test_socket_made_elsewhere_has_its_own_handler_origin_and_end(secure, authority):
    sock, port = listening()
    closer = secure.run(secure.server.serve_socket(sock, handler=origin, origin=Origin.SANDBOX))
    with httpx.Client() as client:
        assert client.get(f"http://127.0.0.1:{port}/").text == "SANDBOX http"
        secure.run(closer.close())
        with pytest.raises(httpx.TransportError):
            client.get(f"http://127.0.0.1:{port}/")
        assert client.get(f"http://127.0.0.1:{secure.port}/").status_code == 200


def test_socket_for_tls_only_takes_no_plain_http(secure, authority):
    sock, port = listening()
    closer = secure.run(secure.server.serve_socket(sock, handler=origin, tls_only=True))
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    with httpx.Client(verify=context) as client:
        assert client.get(f"https://127.0.0.1:{port}/").text == "HOST https"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"HTTP/1.1" not in read_all(plain)
    secure.run(closer.close())


def test_tls_only_without_an_authority_is_a_mistake():
    with serving(describe) as running:
        sock, _ = listening()
        with sock, pytest.raises(ValueError, match="certificate authority"):
            running.run(running.server.serve_socket(sock, tls_only=True))


def test_connections_beyond_the_limit_wait_for_their_turn():
    with serving(describe, Limits(connections=2)) as running:
        first, second, third = (running.connect() for _ in range(3))
        for sock in (first, second, third):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert read_response(first).status == 200
        assert read_response(second).status == 200
        third.settimeout(0.1)
        with pytest.raises(TimeoutError):
            third.recv(1)
        third.settimeout(10)
        first.close()
        assert read_response(third).status == 200
        second.close()
        third.close()


def test_busy_port_is_an_error():
    with serving(describe) as running, pytest.raises(OSError, match="in use"):
        running.run(Server(describe).listen("127.0.0.1", running.port))


CLIENTS = ClientAuthority("clients")


@pytest.fixture(scope="module")
def demanding(authority):
    """A server of which one name speaks TLS 1.3 only, and another one wants its clients' certificates."""
    trusted = CLIENTS.certificate
    demands = {
        "new.example": TlsDemands(TlsVersion.TLS_1_3),
        "old.example": TlsDemands(TlsVersion.TLS_1_0),
        "mutual.example": TlsDemands(truststore=trusted),
    }

    async def find(name: str) -> TlsDemands | None:
        return demands.get(name)

    async def tell(request: HttpRequest) -> HttpResponse:
        shown = request.client_certificate
        return HttpResponse(200, [], shown.server_name.encode() if shown else b"nothing")

    with serving(tell, tls=Tls(authority, find)) as running:
        yield running


def greeted(running, authority, name, *, certificate=None, **versions):
    """What a client is answered that asks for a name; an SSLError or a reset where it is not let in."""
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    for setting, version in versions.items():
        setattr(context, setting, version)
    if certificate is not None:
        context.load_cert_chain(certificate)
    with context.wrap_socket(running.connect(), server_hostname=name) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        return read_response(sock).content, sock.version()


def test_a_name_speaks_no_older_version_than_it_demands(demanding, authority):
    assert greeted(demanding, authority, "new.example") == (b"nothing", "TLSv1.3")
    two = {"maximum_version": ssl.TLSVersion.TLSv1_2}
    assert greeted(demanding, authority, "other.example", **two) == (b"nothing", "TLSv1.2")
    with pytest.raises(ssl.SSLError):
        greeted(demanding, authority, "new.example", **two)


def test_a_name_with_a_truststore_lets_in_only_those_it_trusts(demanding, authority, tmp_path):
    shown = tmp_path / "client.pem"
    shown.write_text(CLIENTS.issue("client"))
    answer, _ = greeted(demanding, authority, "mutual.example", certificate=shown)
    assert answer == b"mutual.example"
    assert greeted(demanding, authority, "new.example", certificate=shown)[0] == b"nothing"
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        greeted(demanding, authority, "mutual.example")


def test_a_hello_may_come_in_pieces(demanding, authority):
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(received, sent, server_hostname="new.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = sent.read()
    with demanding.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (hello[:1], hello[1:7], hello[7:100], hello[100:]):
            sock.sendall(piece)
        while True:
            received.write(sock.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
                break
    assert client.version() == "TLSv1.3"
