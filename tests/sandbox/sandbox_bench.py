"""What all tests of sandboxes share: limits, environment, an authority for TLS, a function to talk to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sandbox_counterpart import Function

from cloudlet.core.sandbox import Limits, SandboxSpec
from cloudlet.sandbox.host.molds import mold_of

LIMITS = Limits(memory_bytes=256 << 20, cpu_cores=1.0, tmp_bytes=64 << 20)
ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
    "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "_HANDLER": "app.handler",
}


def make_authority(folder):
    """An authority of our own and a server certificate of it for the cloud's names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cloudlet test authority")])
    hosts = (
        "*.amazonaws.com",
        "*.us-east-1.amazonaws.com",
        "*.s3.amazonaws.com",
        "*.s3.us-east-1.amazonaws.com",
    )
    names = [x509.DNSName(host) for host in hosts]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "ca.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "ca.pem", folder / "ca.key"


def leads_to_cloud(name):
    return name == "amazonaws.com" or name.endswith(".amazonaws.com")


class Bench:
    """Sandboxes of one driver and the loop they live on."""

    def __init__(self, runner, sandboxes):
        self.run = runner.run
        self.sandboxes = sandboxes

    async def stock_python(self):
        """Makes sandboxes ahead, for functions with the usual limits of these tests."""
        machine = self.sandboxes._machine
        await self.sandboxes._stock_up(mold_of("python", "", LIMITS, {}, machine, sdk=True))

    @asynccontextmanager
    async def function(self, code, *, runtime="python", limits=LIMITS, environment=None, tmp=None, **more):
        function = Function()
        spec = SandboxSpec(runtime, code, ENVIRONMENT | (environment or {}), limits, **more)
        function.sandbox = await self.sandboxes.start(
            spec, runtime_api=function, output=function.write, tmp=tmp
        )
        try:
            yield function
        finally:
            function.sandbox.kill()
            function.exit = await asyncio.wait_for(function.sandbox.wait(), 10)
