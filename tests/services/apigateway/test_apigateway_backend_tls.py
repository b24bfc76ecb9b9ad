"""Backends over TLS: certificates that are not to be checked, and the stage's own."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509

from cloudlet.services.apigateway.certificates import self_signed


class Backend(BaseHTTPRequestHandler):
    """Answers with the subject of the certificate that it was shown."""

    def do_GET(self):
        shown = self.connection.getpeercert(binary_form=True)
        body = x509.load_der_x509_certificate(shown).subject.rfc4514_string().encode() if shown else b"nobody"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def backend(server, tmp_path):
    """Starts a server with a certificate of its own, which trusts some clients."""
    running = []

    def start(trusted=""):
        now = server.clock.now()
        certificate, key = self_signed("localhost", now.replace(year=2020), now.replace(year=now.year + 5))
        path = tmp_path / "server.pem"
        path.write_text(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if trusted:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=trusted)
        found = HTTPServer(("127.0.0.1", 0), Backend)
        found.socket = context.wrap_socket(found.socket, server_side=True)
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        running.append((found, thread))
        return f"https://localhost:{found.server_address[1]}/"

    yield start
    for found, thread in running:
        found.shutdown()
        thread.join()
        found.server_close()


def _proxied(api, uri, **more):
    integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri}
    return api.method("GET", "/a", {**integration, **more})


def test_a_certificate_of_nobody_known_is_refused_unless_it_is_not_checked(api, apigateway, backend):
    named = _proxied(api, backend())
    api.deploy()
    assert api.call("/a").status_code == 504
    step = {"op": "replace", "path": "/tlsConfig/insecureSkipVerification", "value": "true"}
    shown = apigateway.update_integration(**named, patchOperations=[step])
    assert shown["tlsConfig"] == {"insecureSkipVerification": True}
    api.deploy()
    answer = api.call("/a")
    assert (answer.status_code, answer.text) == (200, "nobody")


def test_a_stage_shows_its_certificate(api, apigateway, backend):
    made = apigateway.generate_client_certificate()
    _proxied(api, backend(made["pemEncodedCertificate"]), tlsConfig={"insecureSkipVerification": True})
    api.deploy()
    assert api.call("/a").status_code == 504
    step = {"op": "replace", "path": "/clientCertificateId", "value": made["clientCertificateId"]}
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=[step])
    answer = api.call("/a")
    assert answer.status_code == 200
    assert "CN=ApiGateway" in answer.text
