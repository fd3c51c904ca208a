"""Small changes to a source file, one at a time, each of which a test of it ought to notice: a comparison moved, a sign turned, a step left out.

What a change may touch: comparisons, arithmetic, logic, conditions, numbers and truth values, what is returned, statements that act, entries of
sets and of a module's own tables. What it leaves alone: words (docstrings, messages, names), annotations, decorators and assertions.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.house.tree import ROOT

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
CALCULATED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
TURNED = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
"""Comparisons whose own change already turns the condition round."""


@dataclass(frozen=True)
class Mutant:
    """A change: the ``number``-th that may be made to a file, on a line of it, in words."""

    path: str
    number: int
    line: int
    what: str

    def tree(self) -> ast.Module:
        """Return the file's syntax with the change made."""
        tree = ast.parse((ROOT / self.path).read_text("utf-8"))
        change = list(_changes(tree))[self.number]
        change.make()
        return ast.fix_missing_locations(tree)

    def __str__(self):
        return f"{self.path}:{self.line} {self.what}"


@dataclass(frozen=True)
class _Change:
    line: int
    what: str
    make: Callable[[], None]


def mutants_of(path: str, names: tuple[str, ...] = ()) -> list[Mutant]:
    """Return every change that may be made to a file; with ``names``, to what is assigned to these names at its top alone."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    lines = {n for s in tree.body if _top_name(s) in names for n in range(s.lineno, (s.end_lineno or 0) + 1)}
    found = [Mutant(path, k, c.line, c.what) for k, c in enumerate(_changes(tree))]
    return [m for m in found if not names or m.line in lines]


def _top_name(statement: ast.stmt) -> str:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return next((t.id for t in targets if isinstance(t, ast.Name)), "")


def _changes(tree: ast.Module) -> Iterator[_Change]:
    """Yield the changes of a tree in an order that depends on the source alone."""
    tables = {id(s.value) for s in tree.body if isinstance(s, ast.Assign | ast.AnnAssign) and s.value is not None}
    for parent, field, at, node in _places(tree):
        yield from _of_statement(parent, field, at, node)
        yield from _of_expression(parent, field, at, node)
        if isinstance(node, ast.Set) or id(node) in tables:
            yield from _entries_left_out(node)


def _places(parent: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield every node that may be touched with where it stands, parents first."""
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for at, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or isinstance(
                node, ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom
            ):
                continue
            yield parent, field, at, node
            if not isinstance(node, ast.Raise):
                yield from _places(node)


def _put(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


def _of_statement(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> Iterator[_Change]:
    acts = isinstance(node, ast.AugAssign | ast.Raise | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom)
    )
    acts = acts or (isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple))
    if acts:
        yield _Change(node.lineno, f"left out: {ast.unparse(node)[:70]}", lambda: _put(parent, field, at, ast.Pass()))
    if isinstance(node, ast.AugAssign) and type(node.op) in CALCULATED:
        yield _Change(node.lineno, f"turned: {ast.unparse(node)[:70]}", lambda: _swap(node, "op", CALCULATED))
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _Change(node.lineno, f"nothing returned for {ast.unparse(node.value)[:60]}", lambda: setattr(node, "value", ast.Constant(None)))  # fmt: skip


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _swap(node: ast.AST, field: str, table: dict[type, type]) -> None:
    setattr(node, field, table[type(getattr(node, field))]())


def _of_expression(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> Iterator[_Change]:
    if not isinstance(node, ast.expr):
        return
    line, text = node.lineno, ast.unparse(node)[:70]
    if isinstance(node, ast.Compare):
        for k in range(len(node.ops)):
            yield _Change(
                line, f"comparison {k} of {text}", lambda k=k: _put(node, "ops", k, COMPARED[type(node.ops[k])]())
            )
    if isinstance(node, ast.BinOp) and type(node.op) in CALCULATED:
        yield _Change(line, f"other sign in {text}", lambda: _swap(node, "op", CALCULATED))
    if isinstance(node, ast.BoolOp):
        yield _Change(line, f"and/or in {text}", lambda: _swap(node, "op", {ast.And: ast.Or, ast.Or: ast.And}))
    if isinstance(node, ast.UnaryOp):
        yield _Change(line, f"without the sign of {text}", lambda: _put(parent, field, at, node.operand))
    if isinstance(node, ast.Call):
        yield from _called(node, line, text)
    if isinstance(node, ast.Constant):
        yield from _constant(node, line)
    if (field == "test" or (field == "ifs" and isinstance(parent, ast.comprehension))) and _turnable(node):
        yield _Change(line, f"not: {text}", lambda: _put(parent, field, at, ast.UnaryOp(ast.Not(), node)))


def _turnable(node: ast.expr) -> bool:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return not isinstance(node.ops[0], TURNED)
    return not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


def _called(node: ast.Call, line: int, text: str) -> Iterator[_Change]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in CALLED:
        yield _Change(line, f"{CALLED[function.id]} for {text}", lambda: setattr(function, "id", CALLED[function.id]))
    if isinstance(function, ast.Attribute) and function.attr in CALLED:
        yield _Change(
            line, f"{CALLED[function.attr]} for {text}", lambda: setattr(function, "attr", CALLED[function.attr])
        )


def _constant(node: ast.Constant, line: int) -> Iterator[_Change]:
    if isinstance(node.value, bool):
        yield _Change(line, f"{not node.value} for {node.value}", lambda: setattr(node, "value", not node.value))
    elif isinstance(node.value, int | float):
        yield _Change(line, f"{node.value + 1} for {node.value}", lambda: setattr(node, "value", node.value + 1))


def _entries_left_out(node: ast.AST) -> Iterator[_Change]:
    fields = {ast.Set: ["elts"], ast.Tuple: ["elts"], ast.List: ["elts"], ast.Dict: ["keys", "values"]}.get(
        type(node), []
    )
    for k in range(len(getattr(node, fields[0])) if fields else 0):
        entry = getattr(node, fields[0])[k] or getattr(node, fields[-1])[k]
        yield _Change(
            entry.lineno, f"without the entry {ast.unparse(entry)[:60]}", lambda k=k: _without(node, fields, k)
        )


def _without(node: ast.AST, fields: list[str], k: int) -> None:
    for field in fields:
        getattr(node, field).pop(k)
