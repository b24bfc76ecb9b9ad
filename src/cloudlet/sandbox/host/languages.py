"""Ruby and Java: what functions in them find in their sandbox, and which command runs them.

Both run by AWS's own clients, which `cloudlet runtimes install` puts beside a note of the interpreter; places
and values are those of AWS's runtimes. Python and Node, which may be started ahead, are commands.py's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import SandboxError
from cloudlet.sandbox.host.interpreters import JAVA, RUBY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.sandbox import Limits, SandboxSpec
    from cloudlet.sandbox.host.interpreters import Interpreter, Interpreters

    Shown = list[tuple[str, str]]

LANGUAGES: Final = (RUBY, JAVA)
PATH: Final = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
LIBRARY_PATH: Final = (
    "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
)
RUBY_CLIENT: Final = "aws_lambda_ric"
JAVA_CLIENT: Final = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"
_SYSTEM: Final = "/usr"
_GEM_FOLDERS: Final = ("gems", "specifications", "extensions")
_HEAP_SHARE: Final = 0.85


def used(found: Interpreters, spec: SandboxSpec) -> Interpreter:
    """The interpreter of a function. Raises SandboxError where its language is not here."""
    interpreter = found.find(spec.runtime, spec.release)
    if interpreter is None:
        raise SandboxError(_missing(spec.runtime, spec.release))
    return interpreter


def check(found: Interpreters, language: str, release: str) -> None:
    """Raises SandboxError, which says what to do, where one of these languages is not here."""
    if language in LANGUAGES and found.find(language, release) is None:
        raise SandboxError(_missing(language, release))


def _missing(language: str, release: str) -> str:
    name = f"{language}{release}"
    return f"{name} needs {language} on this machine, and `cloudlet runtimes install {name}` after that."


def shown(found: Interpreters) -> Shown:
    """What to bind into the root of every sandbox, with its place there."""
    return [pair for language in LANGUAGES for pair in _shown(found.of(language))]


def variables(interpreter: Interpreter, release: str) -> dict[str, str]:
    """What AWS's runtime of the language sets beside what all have; the function's owner may replace it."""
    if interpreter.language == JAVA:
        return {}
    library = f"/var/runtime/gems/{client_of(interpreter).name}/lib"
    return {
        "GEM_HOME": "/var/runtime",
        "GEM_PATH": f"/var/task/vendor/bundle/ruby/{release}.0:/opt/ruby/gems/{release}.0:/var/runtime:"
        f"/var/runtime/ruby/{release}.0",
        "RUBYLIB": f"{library}:/var/task:/var/runtime/lib:/opt/ruby/lib",
        "PATH": f"/var/lang/bin:{PATH}",
        "LD_LIBRARY_PATH": f"/var/lang/lib:{LIBRARY_PATH}",
    }


def command(interpreter: Interpreter, limits: Limits, handler: str) -> list[str]:
    """What to execute for a function, inside its sandbox."""
    if interpreter.language == RUBY:
        client = f"/var/runtime/gems/{client_of(interpreter).name}"
        return [_program(interpreter), f"{client}/bin/{RUBY_CLIENT}", handler]
    return [_program(interpreter), *java_options(limits), "-cp", "/var/runtime/lib/*", JAVA_CLIENT, handler]


def command_outside(interpreter: Interpreter, limits: Limits, handler: str) -> list[str]:
    """The same for a plain process."""
    if interpreter.language == RUBY:
        client = client_of(interpreter)
        return [interpreter.executable, f"-I{client}/lib", f"{client}/bin/{RUBY_CLIENT}", handler]
    jars = f"{interpreter.packages}/*"
    return [interpreter.executable, *java_options(limits), "-cp", jars, JAVA_CLIENT, handler]


def client_of(ruby: Interpreter) -> Path:
    """The folder of AWS's client for a Ruby. Raises SandboxError."""
    found = sorted(Path(ruby.packages, "gems").glob(f"{RUBY_CLIENT}-*"))
    if not found:
        raise SandboxError(f"AWS's client is gone: `cloudlet runtimes install ruby{ruby.release}` brings it.")
    return found[-1]


def java_options(limits: Limits) -> list[str]:
    """Java is told how much memory there is: it may see the machine's, not the sandbox's."""
    heap = max(16, round((limits.memory_bytes >> 20) * _HEAP_SHARE))
    return [f"-Xmx{heap}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]


def _shown(interpreters: list[Interpreter]) -> Iterable[tuple[str, str]]:
    """All of a language, each below a name of its own; AWS's client of the newest serves them all."""
    for interpreter in interpreters:
        home = interpreter.standard_library
        if home not in ("", _SYSTEM):
            yield home, home
        if interpreter.language == RUBY:
            yield interpreter.executable, _program(interpreter)
    if not interpreters:
        return
    newest = interpreters[-1]
    if newest.language == RUBY:
        yield newest.executable, "/var/lang/bin/ruby"
        folders = (Path(newest.packages, name) for name in _GEM_FOLDERS)
        yield from ((str(folder), f"/var/runtime/{folder.name}") for folder in folders if folder.is_dir())
    else:
        yield newest.packages, "/var/runtime/lib"
        for settings in Path("/etc").glob("java-*-openjdk"):
            yield str(settings), str(settings)  # where Debian's Javas look for theirs


def _program(interpreter: Interpreter) -> str:
    """Where an interpreter is found inside: Java only runs from its own home."""
    if interpreter.language == RUBY:
        return f"/var/lang/ruby{interpreter.release}/bin/ruby"
    return interpreter.executable
