"""The rules of style that a machine can check; ruff, mypy and import-linter check the others."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

from style.sources import PACKAGE, ROOT, TESTS, Source, sources

LINES = 600
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKERS = ("list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque")
CHANGES = (
    *("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove", "discard"),
    *("clear", "appendleft", "popleft", "sort", "reverse", "move_to_end"),
)
MAY_SLEEP = ("tests/sandbox/test_limits.py",)  # asks the kernel until it has done what it announces to nobody
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
HOST_OR_PATH = re.compile(r"/work/|/root/|artifactory|pypi\.[a-z]+\.(?:internal|corp)")


def test_layers_hold() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as main; main()",
            "--no-logo",
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_core_stands_on_the_standard_library_and_msgspec_alone() -> None:
    allowed = {*sys.stdlib_module_names, "cloudlet", "msgspec"}
    strangers = [
        f"{source.at(node)} {name}"
        for source in sources(PACKAGE / "core")
        for node, name in imported(source.tree)
        if name not in allowed
    ]
    assert strangers == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [source.name for source in sources(PACKAGE) if source.text and not says(source.tree)]
    assert silent == []


def test_no_module_is_longer_than_can_be_read() -> None:
    lengths = ((source.name, source.text.count("\n")) for source in sources(PACKAGE))
    assert [each for each in lengths if each[1] > LINES] == []


def test_nothing_is_left_for_later() -> None:
    assert [source.name for source in others() if UNFINISHED.search(source.text)] == []


def test_nothing_names_a_place_of_one_machine() -> None:
    assert [source.name for source in others() if HOST_OR_PATH.search(source.text)] == []


def test_no_test_sleeps() -> None:
    sleeping = [
        source.at(node)
        for source in sources(TESTS)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and sleeps(node) and source.name not in MAY_SLEEP
    ]
    assert sleeping == []


def test_no_module_keeps_state() -> None:
    assert [f"{place} {name}" for source in sources(PACKAGE) for place, name in kept_state(source)] == []


def test_no_module_rebinds_its_names() -> None:
    rebinding = [
        source.at(node)
        for source in sources(PACKAGE)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Global)
    ]
    assert rebinding == []


def others() -> Iterator[Source]:
    """Everything but this file, which must name what it forbids."""
    return (source for source in sources(PACKAGE, TESTS) if source.path.name != "test_style.py")


def imported(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module.partition(".")[0]


def says(tree: ast.Module) -> bool:
    return bool(ast.get_docstring(tree))


def sleeps(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return isinstance(function, ast.Name) and function.id == "sleep"
    return function.attr == "sleep" and isinstance(function.value, ast.Name) and function.value.id == "time"


def kept_state(source: Source) -> Iterator[tuple[str, str]]:
    """Module-level collections that are no constants: not so named, or changed somewhere in the module."""
    changed = set(changed_names(source.tree))
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and target.id != "__all__" and makes_mutable(value):
                constant = target.id.lstrip("_").isupper()
                if not constant or target.id in changed:
                    yield source.at(node), target.id


def makes_mutable(value: ast.AST | None) -> bool:
    if isinstance(value, ast.Call):
        function = value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in MAKERS
    return isinstance(value, MUTABLE)


def changed_names(tree: ast.Module) -> Iterator[str]:
    """Names whose value is changed in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            changed: ast.AST = node.func.value
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed = node.value
        elif isinstance(node, ast.AugAssign):
            changed = node.target
        else:
            continue
        if isinstance(changed, ast.Name):
            yield changed.id
