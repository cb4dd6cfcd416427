"""The rows of a database's answer as the evidence has them: readable, and to be read back."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_TYPES: dict[str, Any] = {
    "Decimal": Decimal,
    "datetime.datetime": datetime,
    "datetime.date": date,
    "datetime.timedelta": timedelta,
    "datetime.time": time,
}


def write_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """A line for each row, `name=value, name=value`, the values in Python's own form.

    >>> write_rows([{"name": "mysql", "size": 3}])
    "name='mysql', size=3"
    """
    return "\n".join(", ".join(f"{key}={value!r}" for key, value in row.items()) for row in rows)


def read_rows(text: str) -> list[Mapping[str, Any]]:
    """The rows of such a text, with the types they had. Raises ValueError.

    >>> read_rows("name='mysql', size=3")
    [{'name': 'mysql', 'size': 3}]
    """
    return [_row(line) for line in text.split("\n")]


def _row(line: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"row({line})", mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"no row: {error}") from error
    if not isinstance(call, ast.Call) or call.args:
        raise ValueError("no row: a value without a name")
    return dict(_cell(keyword) for keyword in call.keywords)


def _cell(keyword: ast.keyword) -> tuple[str, Any]:
    if keyword.arg is None:
        raise ValueError("no row: a value without a name")
    return keyword.arg, _value(keyword.value)


def _value(node: ast.expr) -> Any:
    if not isinstance(node, ast.Call):
        return ast.literal_eval(node)
    kind = _TYPES.get(ast.unparse(node.func))
    if kind is None:
        raise ValueError(f"a value of the kind {ast.unparse(node.func)}")
    named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
    return kind(*map(ast.literal_eval, node.args), **named)
