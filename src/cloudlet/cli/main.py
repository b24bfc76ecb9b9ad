"""The command line: what each command is called and takes. What they do is in their own modules."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from cloudlet import __version__
from cloudlet.cli import client, functions, runtimes, stopping, texts
from cloudlet.cli.places import DEFAULT_PORT, Places
from cloudlet.cli.problem import Problem

_PORT = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port the cloud listens on; `start --port 0` takes any free one.",
)


class Commands(click.Group):
    """Says what went wrong in one line instead of a stack trace."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs a command; a Problem, or a file that cannot be used, ends it with status 1."""
        gc.enable()
        try:
            return super().invoke(ctx)
        except (Problem, OSError) as problem:
            click.echo(f"cloudlet: {problem}", err=True)
            sys.exit(1)


@click.group(cls=Commands, epilog=texts.EPILOG)
@click.version_option(__version__)
def main() -> None:
    """A serverless cloud on your own machine that speaks AWS's wire protocols.

    Start it, point your tools at it, deploy. Data is kept on disk, permissions are enforced, functions run
    in sandboxes; `cloudlet status` says what this machine can and cannot enforce.
    """


@main.command()
@_PORT
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="The folder to keep everything in."
)
@click.option("--ephemeral", is_flag=True, help="Forget everything at the end.")
@click.option("--state", default="rocksdb", show_default=True, help="rocksdb, sqlite, sqlite:PATH or memory.")
@click.option(
    "--auth",
    type=click.Choice(["enforce", "audit", "strict"]),
    default="enforce",
    show_default=True,
    help="enforce: IAM decides, unknown access keys are the account's root user. "
    "strict: only real keys count. "
    "audit: nothing is refused; what would be is written to the log.",
)
@click.option("--insecure", is_flag=True, help="Listen beyond this machine without --auth strict.")
@click.option("--sandbox", type=click.Choice(["namespaces", "process"]), help="Force one sandbox driver.")
@click.option(
    "--hot-reload",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    multiple=True,
    help="Let functions be run from this folder, or below, where their tag cloudlet:hot-reload says so.",
)
@click.option(
    "--throughput-limits",
    is_flag=True,
    help="Throttle as AWS does: Kinesis streams to 1 MB and 1,000 records a second into a shard, 2 MB and 5 "
    "reads out of it; DynamoDB's tables to what they are provisioned for; REST APIs to 10,000 requests a "
    "second.",
)
@click.option(
    "--debug",
    is_flag=True,
    help="Run functions under a debugger at the port that their tag cloudlet:debug names.",
)
@click.option("--background", is_flag=True, help="Return once it answers, and leave it running.")
def start(**options: object) -> None:
    """Start the cloud."""
    gc.disable()  # until it runs, as in __main__
    from cloudlet.cli import lifecycle  # noqa: PLC0415 (start time of the other commands)

    lifecycle.start(lifecycle.StartOptions(**options))  # type: ignore[arg-type]  # click made them by these names


@main.command()
@_PORT
def stop(port: int) -> None:
    """Stop a running cloud; what was acknowledged stays on disk."""
    stopping.stop(Places.default(), port)


@main.command()
@_PORT
def status(port: int) -> None:
    """Say whether a cloud runs, and what it enforces on this machine."""
    click.echo(texts.status(client.status(client.running(Places.default(), port))))


@main.command()
@_PORT
def env(port: int) -> None:
    """Print the shell variables that lead AWS's tools to the cloud: eval "$(cloudlet env)"."""
    click.echo(texts.environment(client.running(Places.default(), port)))


@main.command("least-privilege")
@_PORT
def least_privilege(port: int) -> None:
    """Print, for each user and role, the policy that would just do for what was seen under --auth audit."""
    click.echo(texts.least_privilege(client.least_privilege(client.running(Places.default(), port))))


@main.command()
@_PORT
@click.option("--region", default="us-east-1", show_default=True, envvar="AWS_DEFAULT_REGION")
@click.option("--follow", is_flag=True, help="Go on printing new lines.")
@click.argument("function")
def logs(function: str, port: int, region: str, follow: bool) -> None:
    """Print the log of a FUNCTION (its name, or a log group's)."""
    for line in client.log_lines(client.running(Places.default(), port), function, region, follow=follow):
        click.echo(line)


@main.command()
@_PORT
@click.option("--region", default="us-east-1", show_default=True, envvar="AWS_DEFAULT_REGION")
@click.option("--qualifier", help="A version or an alias.")
@click.option("--event", is_flag=True, help="Only hand the payload in, and do not wait.")
@click.option("--tail", is_flag=True, help="Print the end of the log to stderr.")
@click.argument("function")
@click.argument("payload", default="")
def invoke(
    function: str, payload: str, port: int, region: str, qualifier: str | None, event: bool, tail: bool
) -> None:
    """Call a FUNCTION with a PAYLOAD (JSON, @FILE, or - for stdin) and print what it answers.

    An error of the function's ends the command with status 1.
    """
    cloud = client.running(Places.default(), port)
    answer = functions.invoke(cloud, region, function, payload, qualifier=qualifier, event=event, tail=tail)
    if answer.log:
        click.echo(answer.log, err=True, nl=False)
    if not event:
        click.echo(answer.payload)
    sys.exit(1 if answer.failed else 0)


@main.command()
@_PORT
@click.option("--region", default="us-east-1", show_default=True, envvar="AWS_DEFAULT_REGION")
@click.argument("function")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def watch(function: str, folder: Path, port: int, region: str) -> None:
    """Give a FUNCTION the code in a FOLDER, now and whenever something in it changes."""
    for line in functions.watch(client.running(Places.default(), port), region, function, folder):
        click.echo(line)


@main.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@_PORT
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(port: int, command: tuple[str, ...]) -> None:
    """Run a COMMAND whose AWS is the cloud: cloudlet exec -- aws s3 ls.

    Every name below amazonaws.com leads to the cloud and its certificate is trusted, so tools need no
    endpoint setting, also those that know none. Nothing of the machine is changed: the command has
    namespaces of its own for network and mounts (Linux; no root needed). Everything else outside is reached
    by the proxy that HTTP_PROXY and HTTPS_PROXY name; what heeds no proxy, such as ssh, reaches nothing
    else, and localhost is the command's own. Java keeps its own list of trusted authorities and must be told
    of the cloud's (SSL_CERT_FILE names a bundle).

    Where namespaces are not allowed, AWS_ENDPOINT_URL and HTTPS_PROXY lead to the cloud instead, and this
    is said. Access keys and a region are set unless the environment has them.
    """
    from cloudlet.cli.execute.run import run  # noqa: PLC0415 (start time of the other commands)

    run(Places.default(), port, command)


@main.group("runtimes", invoke_without_command=True)
@click.option("--in", "folder", type=click.Path(path_type=Path, file_okay=False), help="The runtimes folder.")
@click.pass_context
def runtimes_group(context: click.Context, folder: Path | None) -> None:
    """List what functions of each runtime run on here; `install` brings more."""
    if context.invoked_subcommand is None:
        from cloudlet.cli import interpreters  # noqa: PLC0415 (start time of the other commands)

        for line in interpreters.table(folder or Places.default().runtimes):
            click.echo(line)


@runtimes_group.command("install")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="The folder to install into.")
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A gem or jar of AWS's client, where it cannot be downloaded.",
)
@click.argument("names", nargs=-1)
def runtimes_install(into: Path | None, files: tuple[Path, ...], names: tuple[str, ...]) -> None:
    """Install the interpreters of runtimes: cloudlet runtimes install python3.12 nodejs22.x ruby3.3.

    Pythons, Rubies and Javas must be on this machine; they are given AWS's runtime client. Nodes
    are brought as Python packages. Without names it installs the AWS SDKs for JavaScript, which Node
    functions expect to find (with npm; once). A server sees what was installed before it started.
    """
    folder = into or Places.default().runtimes
    if not names:
        runtimes.install(folder)
        return
    from cloudlet.cli import interpreters  # noqa: PLC0415 (start time of the other commands)

    for name in names:
        interpreters.install(folder, name, files)
