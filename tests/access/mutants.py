"""Breaking one access check at a time: each must be noticed by a cell of the matrix.

Two sources of mutants, both mechanical, so that a check which is added tomorrow is broken tomorrow as well: the fields
of every declared grant, and every condition in the functions that decide (each argument of `.filter`, `.exclude` and
`Q`, and each `if` without an `else`).
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FunctionType

from django.db.models import Model

from openrapport.relationships import policy
from openrapport.relationships.grants import Action, Grant, ObjectRules
from openrapport.shared.prepared import forget_prepared

CONDITIONS = frozenset({"filter", "exclude"})


@dataclass(frozen=True)
class GrantMutant:
    """The rules of one model with one thing changed."""

    name: str
    model: type[Model]
    rules: ObjectRules

    @contextmanager
    def in_force(self) -> Iterator[None]:
        before = policy.declared()[self.model]
        policy.declare(self.model, self.rules)
        try:
            yield
        finally:
            policy.declare(self.model, before)


def mutants_of_grants() -> Iterator[GrantMutant]:
    for model, rules in policy.declared().items():
        for number, grant in enumerate(rules.grants):
            name = f"{model.__name__} grant {number + 1}, {grant.tie or 'author'}"
            others = (*rules.grants[:number], *rules.grants[number + 1 :])
            yield GrantMutant(f"{name}: taken away", model, replace(rules, grants=others))
            for what, changed in _changes(grant):
                yield GrantMutant(f"{name}: {what}", model, replace(rules, grants=(*others, changed)))


def _changes(grant: Grant) -> Iterator[tuple[str, Grant]]:
    for key in grant.where:
        yield f"without where {key}", replace(grant, where={k: v for k, v in grant.where.items() if k != key})
    for field in ("own", "visible_at", "before_end"):
        if getattr(grant, field) is not None:
            yield f"without {field}", replace(grant, **{field: None})
    for action in sorted(set(Action) - grant.actions):
        yield f"also {action}", replace(grant, actions=grant.actions | {action})


@dataclass(frozen=True)
class CodeMutant:
    """One function with one condition left out."""

    name: str
    function: FunctionType
    tree: ast.Module

    @contextmanager
    def in_force(self) -> Iterator[None]:
        made: dict[str, object] = {}
        exec(compile(self.tree, self.function.__code__.co_filename, "exec"), self.function.__globals__, made)  # noqa: S102
        broken = made[self.function.__name__]
        assert isinstance(broken, FunctionType)
        before = self.function.__code__
        self.function.__code__ = broken.__code__  # seen by everybody who imported the function by name
        forget_prepared()  # SQL that was put together before still has the condition
        try:
            yield
        finally:
            self.function.__code__ = before
            forget_prepared()


def mutants_of_code(functions: Mapping[str, Callable[..., object]]) -> Iterator[CodeMutant]:
    for short, function in functions.items():
        assert isinstance(function, FunctionType)
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        for position, node in enumerate(ast.walk(tree)):
            for what, remove in _conditions(node):
                broken = copy.deepcopy(tree)
                remove(list(ast.walk(broken))[position])
                yield CodeMutant(f"{short}: without {what}", function, ast.fix_missing_locations(broken))


def _conditions(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    """What can be left out at this node, and how."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CONDITIONS:
        for number, argument in enumerate(node.args):
            yield ast.unparse(argument), _without("args", number)
        for number, keyword in enumerate(node.keywords):
            if keyword.arg is not None:
                yield f"{node.func.attr} {ast.unparse(keyword)}", _without("keywords", number)
    body = getattr(node, "body", None)
    for number, statement in enumerate(body if isinstance(body, list) else []):
        if isinstance(statement, ast.If) and not statement.orelse:
            yield f"if {ast.unparse(statement.test)}", _pass_instead("body", number)


def _without(field: str, number: int) -> Callable[[ast.AST], None]:
    return lambda node: getattr(node, field).__delitem__(number)


def _pass_instead(field: str, number: int) -> Callable[[ast.AST], None]:
    return lambda node: getattr(node, field).__setitem__(number, ast.Pass())


def functions_of(module: object) -> dict[str, Callable[..., object]]:
    """Every function written in a module, private ones too."""
    name = getattr(module, "__name__", "")
    return {
        f"{name.removeprefix('openrapport.')}.{short}": function
        for short, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == name
    }
