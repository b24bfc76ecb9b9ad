"""Nodes to Python closures, once a template, so that rendering only calls functions.

Must not parse, and must not hold anything of one rendering: that is all in Run. AWS's own rule is applied
here: a reference that is null is "" wherever its value is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from . import nodes
from .arithmetic import COMPARISONS, OPERATIONS
from .costs import size_of, steps_of_calls, steps_of_whole
from .errors import TemplateError
from .methods import call_method, item_of, property_of, put_item, put_property
from .run import MAX_ITERATIONS, Action, BreakLoop, Definition, Loop, Run, StopTemplate
from .values import MAX_ITEMS, ArrayList, checked_text, is_true

Getter = Callable[[Run], Any]
Test = Callable[[Run], bool]

_ITEMS_A_STEP: Final = 8
_CHARACTERS_A_STEP: Final = 512


def compile_block(block: nodes.Block) -> Action:
    """One action that performs the statements in order."""
    actions = tuple(compile_statement(statement) for statement in block)
    if len(actions) == 1:
        return actions[0]

    def perform(run: Run) -> None:
        for action in actions:
            action(run)

    return perform


def cost(block: nodes.Block) -> int:
    """How many steps a block is counted for; what loops and definitions cost is added while they run."""
    return 1 + len(block)


def compile_statement(node: nodes.Statement) -> Action:
    """The action of one statement."""
    match node:
        case nodes.Text(text):
            return lambda run: run.write(text)
        case nodes.Reference():
            return _write_reference(node)
        case nodes.Set(target, value):
            return _assign(target, compile_value(value))
        case nodes.If():
            return _choose(node)
        case nodes.Foreach():
            return _loop(node)
        case nodes.Define(name, body):
            return _define(name, Definition(compile_block(body), cost(body)))
        case nodes.Break():
            return _break
        case nodes.Stop():
            return _stop


def _break(run: Run) -> None:
    raise BreakLoop


def _stop(run: Run) -> None:
    raise StopTemplate


def _write_reference(node: nodes.Reference) -> Action:
    if node.backslashes % 2:
        escaped = "\\" * (node.backslashes // 2) + node.source
        return lambda run: run.write(escaped)
    written = _write_value(_raw_reference(node))
    if not node.backslashes:
        return written
    kept = "\\" * (node.backslashes // 2)

    def write_after_backslashes(run: Run) -> None:
        run.write(kept)
        written(run)

    return write_after_backslashes


def _write_value(get: Getter) -> Action:
    def write(run: Run) -> None:
        value = get(run)
        if type(value) is str:
            run.write(value)
        elif type(value) is Definition:
            run.expand(value)
        elif value is not None:
            run.write(run.printed(value))

    return write


def _raw_reference(node: nodes.Reference) -> Getter:
    """The value of a reference; None for null."""
    name = node.name

    def variable(run: Run) -> Any:
        return run.variables.get(name)

    get: Getter = variable
    for step in node.steps:
        get = _stepped(get, step)
    return get


def _stepped(get: Getter, step: nodes.Property | nodes.Index | nodes.MethodCall) -> Getter:
    match step:
        case nodes.Property(name):
            return _property_getter(get, name)
        case nodes.Index(key):
            key_of = compile_value(key)
            return lambda run: item_of(get(run), key_of(run))
        case nodes.MethodCall(name, arguments):
            return _method_getter(get, name, tuple(compile_value(argument) for argument in arguments))


def _property_getter(get: Getter, name: str) -> Getter:
    def read(run: Run) -> Any:
        owner = get(run)
        if type(owner) is dict:
            return owner.get(name)
        if type(owner) is Loop:
            return owner.property(name)
        return property_of(owner, name)

    return read


def _method_getter(get: Getter, name: str, arguments: tuple[Getter, ...]) -> Getter:
    steps_of_call = steps_of_calls(name)

    def call(run: Run) -> Any:
        owner = get(run)
        given = tuple([argument(run) for argument in arguments])
        steps = steps_of_call(owner, given, run.left)
        if steps:
            run.charge(steps)
        return call_method(owner, name, given)

    return call


def compile_value(node: nodes.Expression) -> Getter:
    """The getter of an expression's value."""
    match node:
        case nodes.Literal(value):
            return lambda run: value
        case nodes.Reference():
            return _reference_value(node)
        case nodes.Interpolated(body):
            return _interpolation(body)
        case nodes.ListLiteral(items):
            getters = tuple(compile_value(item) for item in items)
            return lambda run: ArrayList([get(run) for get in getters])
        case nodes.MapLiteral(entries):
            return _map(tuple((compile_value(key), compile_value(value)) for key, value in entries))
        case nodes.Range(start, end):
            return _range(compile_value(start), compile_value(end))
        case nodes.Binary(operator, left, right) if operator in OPERATIONS:
            return _calculation(operator, compile_value(left), compile_value(right))
        case _:
            return compile_test(node)


def _reference_value(node: nodes.Reference) -> Getter:
    raw = _raw_reference(node)

    def value(run: Run) -> Any:
        found = raw(run)
        return "" if found is None else found

    return value


def _calculation(operator: str, left: Getter, right: Getter) -> Getter:
    operation = OPERATIONS[operator]

    def calculate(run: Run) -> Any:
        result = operation(left(run), right(run))
        if type(result) is str:
            run.charge(size_of(result) // _CHARACTERS_A_STEP)
        return result

    return calculate


def _interpolation(body: nodes.Block) -> Getter:
    if all(_is_simple(part) for part in body):
        getters = tuple(_part(part) for part in body)

        def join(run: Run) -> str:
            text = checked_text("".join([get(run) for get in getters]))
            run.charge(size_of(text) // _CHARACTERS_A_STEP)
            return text

        return join
    action = compile_block(body)
    return lambda run: run.captured(action)


def _is_simple(part: nodes.Statement) -> bool:
    return isinstance(part, nodes.Text) or (isinstance(part, nodes.Reference) and not part.backslashes)


def _part(part: nodes.Statement) -> Callable[[Run], str]:
    if isinstance(part, nodes.Reference):
        raw = _raw_reference(part)

        def text(run: Run) -> str:
            value = raw(run)
            return value if type(value) is str else run.text(value)

        return text
    constant = part.text if isinstance(part, nodes.Text) else ""
    return lambda run: constant


def _map(entries: tuple[tuple[Getter, Getter], ...]) -> Getter:
    def build(run: Run) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key, value in entries:
            put_item(result, key(run), value(run))
        return result

    return build


def _range(start: Getter, end: Getter) -> Getter:
    def build(run: Run) -> ArrayList | None:
        first, last = start(run), end(run)
        if type(first) is not int or type(last) is not int:
            return None
        if abs(last - first) >= MAX_ITEMS:
            raise TemplateError("The range is too large")
        step = 1 if last >= first else -1
        run.charge(abs(last - first) // _ITEMS_A_STEP)
        return ArrayList(range(first, last + step, step))

    return build


def compile_test(node: nodes.Expression) -> Test:
    """The truth of an expression. A number, a string, a list or a sum by itself is never true in Velocity."""
    match node:
        case nodes.Reference():
            value = _reference_value(node)
            return lambda run: is_true(value(run))
        case nodes.Literal(value=constant):
            return lambda run: constant is True
        case nodes.Not(operand):
            test = compile_test(operand)
            return lambda run: not test(run)
        case nodes.Binary("&&", left, right):
            one, other = compile_test(left), compile_test(right)
            return lambda run: one(run) and other(run)
        case nodes.Binary("||", left, right):
            one, other = compile_test(left), compile_test(right)
            return lambda run: one(run) or other(run)
        case nodes.Binary(operator, left, right) if operator in COMPARISONS:
            return _comparison(operator, compile_value(left), compile_value(right))
        case _:
            return lambda run: False


def _comparison(operator: str, left: Getter, right: Getter) -> Test:
    compare = COMPARISONS[operator]

    def test(run: Run) -> bool:
        one, other = left(run), right(run)
        if type(one) is not int and type(other) is not int:
            run.charge(steps_of_whole(one, run.left))
        return compare(one, other)

    return test


def _choose(node: nodes.If) -> Action:
    branches = tuple((compile_test(condition), compile_block(block)) for condition, block in node.branches)
    otherwise = compile_block(node.otherwise)

    def choose(run: Run) -> None:
        for test, action in branches:
            if test(run):
                action(run)
                return
        otherwise(run)

    return choose


def _define(name: str, definition: Definition) -> Action:
    def define(run: Run) -> None:
        run.variables[name] = definition

    return define


def _assign(target: nodes.Reference, value: Getter) -> Action:
    if not target.steps:
        return _assign_variable(target.name, value)
    *path, last = target.steps
    owner = _raw_reference(nodes.Reference(target.source, target.name, tuple(path)))
    match last:
        case nodes.Property(name):
            return lambda run: put_property(owner(run), name, value(run))
        case nodes.Index(key):
            key_of = compile_value(key)
            return lambda run: put_item(owner(run), key_of(run), value(run))
        case nodes.MethodCall():
            raise TemplateError(f"{target.source} cannot be assigned to")


def _assign_variable(name: str, value: Getter) -> Action:
    def assign(run: Run) -> None:
        result = value(run)
        # Only arithmetic that cannot be done is null here; Velocity then leaves the variable as it was.
        if result is not None:
            run.variables[name] = result

    return assign


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    return []


def _loop(node: nodes.Foreach) -> Action:
    items_of, body, steps = compile_value(node.items), compile_block(node.body), cost(node.body)
    name = node.name
    bound = (name, "foreach", "velocityCount", "velocityHasNext")

    def repeat(run: Run) -> None:
        items = _items(items_of(run))
        if not items:
            return
        run.charge(len(items) // _ITEMS_A_STEP)
        variables = run.variables
        before = [(key, variables[key]) for key in bound if key in variables]
        loop = variables["foreach"] = Loop(len(items), variables.get("foreach"))
        try:
            for index, item in enumerate(items[:MAX_ITERATIONS]):
                loop.index = index
                variables["foreach"] = loop
                variables["velocityCount"] = index + 1
                variables["velocityHasNext"] = index + 1 < loop.size
                variables[name] = item
                run.spend(steps)
                body(run)
        except BreakLoop:
            return
        finally:
            for key in bound:
                variables.pop(key, None)
            variables.update(before)

    return repeat
