"""What the command says to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.sandbox import Capabilities, Enforcement

if TYPE_CHECKING:
    from cloudlet.app import App
    from cloudlet.cli.runfile import Running
    from cloudlet.config import Config

EPILOG: Final = (
    'First steps: `cloudlet start --background`, then `eval "$(cloudlet env)"`, then use the aws CLI, '
    "an SDK, CDK or SAM as ever."
)
_AUTH: Final = {
    "enforce": "IAM is enforced; unknown access keys are the account's root user",
    "strict": "IAM is enforced; only real access keys count (cloudlet env shows the root's)",
    "audit": "IAM IS NOT ENFORCED (audit): what would be refused is written to the log",
}
_WALLS: Final = ("files", "processes", "network", "memory", "cpu", "pids", "tmp", "freeze")


def started(app: App, config: Config, seconds: float) -> str:
    """What is said once a cloud answers."""
    lines = [
        f"cloudlet answers at {app.endpoint} after {seconds:.2f} s.",
        f"  data       {config.data or 'forgotten at the end (--ephemeral)'} ({config.state})",
        f"  access     {_AUTH[config.auth]}",
    ]
    if config.insecure and config.auth != "strict":
        lines.append("  WARNING    other machines may be able to reach it without a real key (--insecure)")
    return "\n".join(lines)


def capabilities(found: Capabilities) -> str:
    """What functions are held to on this machine."""
    weak = [wall for wall in _WALLS if getattr(found, wall) is not Enforcement.ENFORCED]
    enforced = ", ".join(wall for wall in _WALLS if wall not in weak)
    lines = [f"  functions  driver {found.driver}; enforced: {enforced or 'nothing'}"]
    if weak:
        lines.append("  NOT FULLY  " + ", ".join(f"{wall} ({getattr(found, wall).value})" for wall in weak))
    lines += [f"             {note}" for note in found.notes]
    return "\n".join(lines)


def status(answer: Mapping[str, Any]) -> str:
    """What `cloudlet status` says."""
    sandbox = answer["sandbox"]
    walls = "\n".join(f"    {wall:<10} {sandbox[wall]}" for wall in _WALLS)
    notes = "".join(f"\n    note: {note}" for note in sandbox["notes"])
    services = ", ".join(answer["services"])
    return (
        f"cloudlet {answer['version']} answers at {answer['endpoint']}.\n"
        f"  data       {answer['data'] or 'forgotten at the end'} ({answer['state']})\n"
        f"  access     {_AUTH[answer['auth']]}\n"
        f"  services   {services}\n"
        f"  functions  driver {sandbox['driver']}\n{walls}{notes}"
    )


def environment(cloud: Running) -> str:
    """Shell variables for AWS's tools."""
    variables = {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.access_key_id,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_access_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }
    lines = [f"export {name}={value}" for name, value in variables.items()]
    return "\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines])


def least_privilege(seen: Mapping[str, Any]) -> str:
    """What `cloudlet least-privilege` says."""
    parts = [f"{owner}\n{document}" for owner, document in seen["policies"].items()]
    if not seen["complete"]:
        parts.append("This is not all: more was asked for than is remembered.")
    return "\n\n".join(parts) or "No user or role has asked for anything yet."
