"""What a function finds in its environment variables: AWS's names and values.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. What every program of a runtime needs
to start (PATH, LANG, TZ, PYTHONPATH and the like) the sandbox adds itself. It starts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.identity import Session
    from cloudlet.services.lambda_.model import FunctionVersion

# AWS's daemon listens on 169.254.100.1, which nothing routes to here; what is sent to this one is dropped.
_XRAY_ADDRESS: Final = "127.0.0.1"
_XRAY_PORT: Final = "2000"
_FIRST_JAVAS: Final = ("java8", "java8.al2", "java11")
# The older of AWS's systems for custom runtimes has no folder for languages in its paths.
_WITHOUT_LANGUAGES: Final = {
    "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
}
_CLOUD: Final = "http://127.0.0.1:4566"


def variables(
    version: FunctionVersion, region: str, log_stream: str, session: Session, initialization_type: str
) -> dict[str, str]:
    """The variables of a version's environment; the owner's may replace those that are not reserved."""
    return {
        **_defaults(version.configuration.runtime),
        **(version.configuration.environment or {}),
        **_reserved(version, region, log_stream),
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
        **_older_names(version.configuration.runtime, session),
    }


def _older_names(runtime: str, session: Session) -> dict[str, str]:
    """What the first Javas are told beside."""
    if runtime not in _FIRST_JAVAS:
        return {}
    return {"AWS_ACCESS_KEY": session.access_key_id, "AWS_SECRET_KEY": session.secret_access_key}


def _defaults(runtime: str) -> dict[str, str]:
    defaults = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": f"{_XRAY_ADDRESS}:{_XRAY_PORT}",
        "AWS_ENDPOINT_URL": _CLOUD,
    }
    if runtime == "provided.al2":
        defaults |= _WITHOUT_LANGUAGES
    elif runtime.startswith(("python", "ruby")):
        defaults |= {"SHLVL": "0", "PWD": "/var/task"}
    elif runtime.startswith("nodejs"):
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        modules = (
            f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:"
            "/var/runtime/node_modules:/var/runtime:/var/task"
        )
        defaults |= {"NODE_PATH": modules, "SHLVL": "0", "PWD": "/var/task"}
    return defaults


def _reserved(version: FunctionVersion, region: str, log_stream: str) -> dict[str, str]:
    configuration = version.configuration
    reserved = {
        "_HANDLER": configuration.handler,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": version.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration.logging.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "_AWS_XRAY_DAEMON_ADDRESS": _XRAY_ADDRESS,
        "_AWS_XRAY_DAEMON_PORT": _XRAY_PORT,
    }
    if not configuration.runtime.startswith("provided"):
        reserved["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{configuration.runtime}"
    if configuration.logging.log_format == "JSON":
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        reserved["AWS_LAMBDA_LOG_LEVEL"] = configuration.logging.application_log_level or "INFO"
    return reserved
