"""Mutants of the code that decides, drawn by a seed; each can be put into a later tree.

A mutant is one operator of cosmic-ray at one place. It is kept with the text of the function around
it, so that it goes into any tree in which that function is as it was.
"""

from __future__ import annotations

import ast
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path

AREAS = {
    "judge": (70, ("engine/judge",)),
    "parse": (60, ("engine/parse",)),
    "merge": (30, ("runbook/to_4_26/httpd",)),
    "act": (15, ("engine/act",)),
    "model": (13, ("engine/model",)),
    "cluster": (12, ("runbook/cluster",)),
}
"""Area -> how many of two hundred, and its folders."""
RESERVE = 0.5
"""So many more are drawn: they replace those whose code is another in the later tree."""
COMPARED = {
    "Eq": ("NotEq",),
    "NotEq": ("Eq",),
    "Lt": ("LtE", "GtE"),
    "LtE": ("Lt", "Gt"),
    "Gt": ("GtE", "LtE"),
    "GtE": ("Gt", "Lt"),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
CALCULATED = {
    "Add": ("Sub",),
    "Sub": ("Add",),
    "Mul": ("FloorDiv",),
    "FloorDiv": ("Mul",),
    "Div": ("Mul",),
    "Mod": ("Add",),
    "BitOr": ("BitAnd",),
    "BitAnd": ("BitOr",),
}
OPERATORS = (
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, others in COMPARED.items() for b in others),
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, others in CALCULATED.items() for b in others),
    "ReplaceUnaryOperator_Delete_Not",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "ZeroIterationForLoop",
)
"""Of cosmic-ray's; those that only swap `==` for `is` and the like make the same program."""


class Moved(Exception):
    """The code around a mutant is another in this tree."""


@dataclass(frozen=True)
class Mutant:
    number: int
    area: str
    reserve: bool
    file: str
    unit: str
    """The function that has it, `Class.method`; of code outside of functions, its statement."""
    text: str
    """Digest of the unit's text."""
    operator: str
    occurrence: int
    """Of the operator in the file, in the tree it was drawn from."""
    line: int
    """First line that differs, counted from the unit's first."""
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.file} {self.unit} {self.operator}#{self.occurrence}"

    def put_into(self, tree: Path) -> tuple[str, int]:
        """The file's text with the mutant, and the line at which it is; `Moved` when it can't."""
        path = tree / self.file
        source = path.read_text() if path.exists() else ""
        unit = units(source).get(self.unit)
        if unit is None or digest(unit.of(source)) != self.text:
            raise Moved(self.name)
        lines = source.splitlines(keepends=True)
        start = unit.first - 1 + self.line
        if tuple(lines[start : start + len(self.before)]) != self.before:
            raise Moved(self.name)
        lines[start : start + len(self.before)] = self.after
        return "".join(lines), start + 1


@dataclass(frozen=True)
class Unit:
    """A function, or a statement outside of functions: first and last line."""

    first: int
    last: int
    is_function: bool

    def of(self, source: str) -> str:
        return "".join(source.splitlines(keepends=True)[self.first - 1 : self.last])


def units(source: str) -> dict[str, Unit]:
    """All functions and other statements of a module, by name."""
    found: dict[str, Unit] = {}

    def walk(body: list[ast.stmt], prefix: str) -> None:
        for statement in body:
            first = min(
                [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))]
            )
            if isinstance(statement, ast.ClassDef):
                walk(statement.body, f"{prefix}{statement.name}.")
                continue
            name = getattr(statement, "name", "") or _called(statement)
            key = f"{prefix}{name}"
            while key in found:
                key += "'"
            is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            found[key] = Unit(first, statement.end_lineno or first, is_function)

    walk(ast.parse(source).body, "")
    return found


def _called(statement: ast.stmt) -> str:
    """What a statement outside of functions is called by: what it assigns to, or its kind."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    if isinstance(targets[0], ast.Name):
        return targets[0].id
    return type(statement).__name__


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def statement_lines(source: str, line: int) -> set[int]:
    """The lines of the innermost statement at a line; of one with a body, its head."""
    best: tuple[int, int] = (1, len(source.splitlines()))
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        body = getattr(node, "body", None)
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        last = body[0].lineno - 1 if isinstance(body, list) else (node.end_lineno or first)
        if first <= line <= max(first, last) and last - first <= best[1] - best[0]:
            best = (first, max(first, last))
    return set(range(best[0], best[1] + 1))


# drawing: only this needs cosmic-ray


def draw(tree: Path, seed: int) -> list[Mutant]:
    """Two hundred mutants and a reserve, the same for the same seed and tree."""
    chance = random.Random(seed)
    drawn: list[Mutant] = []
    for area, (count, folders) in AREAS.items():
        places = [place for folder in folders for place in _places(tree, folder)]
        chance.shuffle(places)
        kept: list[Mutant] = []
        wanted = count + int(count * RESERVE)
        for file, options in places:
            operator, occurrence = chance.choice(options)
            mutant = _mutant(tree, file, operator, occurrence)
            if mutant is not None:
                kept.append(Mutant(len(drawn) + len(kept) + 1, area, len(kept) >= count, *mutant))
            if len(kept) == wanted:
                break
        drawn += kept
    return drawn


Place = tuple[str, list[tuple[str, int]]]
"""A file, and what can be done at one place of it: operator and its occurrence in the file."""


def _places(tree: Path, folder: str) -> Iterator[Place]:
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator

    for path in sorted((tree / folder).rglob("*.py")):
        nodes = list(ast_nodes(get_ast(path.read_text())))
        at: dict[object, list[tuple[str, int]]] = {}
        for name in OPERATORS:
            operator = get_operator(f"core/{name}")()
            positions = (p for node in nodes for p in operator.mutation_positions(node))
            for occurrence, position in enumerate(positions):
                at.setdefault(position, []).append((name, occurrence))
        for position in sorted(at, key=repr):
            yield str(path.relative_to(tree)), at[position]


def _mutant(
    tree: Path, file: str, name: str, occurrence: int
) -> tuple[str, str, str, str, int, int, tuple[str, ...], tuple[str, ...]] | None:
    """A mutant's fields; None when it makes the same program, as in a type of an argument, or none:
    to cosmic-ray the `*` before keyword arguments is a multiplication."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = (tree / file).read_text()
    other = mutate_code(source, get_operator(f"core/{name}")(), occurrence)
    if other is None or _program(other) in ("", _program(source)):
        return None
    old, new = source.splitlines(keepends=True), other.splitlines(keepends=True)
    blocks = [b for b in SequenceMatcher(None, old, new, False).get_opcodes() if b[0] != "equal"]
    first, last = blocks[0][1], blocks[-1][2]
    after = new[blocks[0][3] : blocks[-1][4]]
    for unit, lines in units(source).items():
        if lines.first <= first + 1 <= lines.last:
            text, offset = digest(lines.of(source)), first + 1 - lines.first
            return file, unit, text, name, occurrence, offset, tuple(old[first:last]), tuple(after)
    return None


def _program(source: str) -> str:
    """The module without its annotations, which are never evaluated; "" when it is none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if getattr(node, field, None) is not None:
                setattr(node, field, ast.Constant(None))
    return ast.dump(tree)


def read(path: Path) -> list[Mutant]:
    rows = json.loads(path.read_text())
    return [
        Mutant(**{**row, "before": tuple(row["before"]), "after": tuple(row["after"])})
        for row in rows
    ]


def write(path: Path, mutants: list[Mutant]) -> None:
    rows = ",\n".join(json.dumps(asdict(mutant)) for mutant in mutants)
    path.write_text(f"[\n{rows}\n]\n")
