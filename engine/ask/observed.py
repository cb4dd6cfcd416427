"""What the evidence has of a question and its answer, and what the answer says."""

from __future__ import annotations

from textwrap import dedent
from typing import Any, TypeVar

from engine.ask.sql import Rows
from engine.model.answer import Answer, DatedAnswer
from engine.model.cluster import ClusterStatus
from engine.model.query import Query, SqlQuery
from engine.queries.rows import write_rows
from engine.record.outputs import NO_ANSWER, SECRET, Outputs, both

T = TypeVar("T")

FORWARDED = "a forwarded socket"
IS_REACHED, _IS_FORWARDED = "reached", "forwarded"
"""The second in journals of a runbook that knew no other way."""
_OUTPUT = "output"


def value_of(query: Query[T], answer: Answer) -> T:
    """What an answer says. ParseError and ValueError as the parser has them.

    A status is read once where several take the answer: nobody can alter what was read.
    """
    known = answer.known if isinstance(answer, DatedAnswer) else {}
    if query.parse in known:
        value: T = known[query.parse]
        return value
    value = query.parse(answer)
    if isinstance(value, ClusterStatus):
        known[query.parse] = value
    return value


def output_of(
    outputs: Outputs, node: str, query: Query[Any], answer: Answer | None, told: str | None
) -> dict[str, Any]:
    """The field `output` of an observation; of an answer that several take it is the same one."""
    if told is not None:
        return outputs.describe(f"{node}-{query.name}", told)
    if query.secret or query.recorded is not None:
        return {"text": SECRET}
    if answer is None:
        return {"text": NO_ANSWER}
    known = answer.known if isinstance(answer, DatedAnswer) else {}
    if (_OUTPUT, query.name) not in known:
        printed = both(answer.text, answer.errors)
        known[_OUTPUT, query.name] = outputs.describe(f"{node}-{query.name}", printed)
    found: dict[str, Any] = known[_OUTPUT, query.name]
    return found


def output_of_rows(outputs: Outputs, query: SqlQuery[Any], found: Rows) -> dict[str, Any]:
    """The same of rows."""
    if query.secret:
        return {"text": SECRET}
    if (_OUTPUT, query.name) not in found.known:
        described = outputs.describe(f"sql-{query.name}", write_rows(found.rows))
        found.known[_OUTPUT, query.name] = described
    output: dict[str, Any] = found.known[_OUTPUT, query.name]
    return output


def statement_of(query: SqlQuery[Any]) -> str:
    """A question to the database as the evidence has it."""
    return f"SQL on {query.database}: {dedent(query.sql).strip()}"


def connections_to(path: str) -> tuple[str, str]:
    """A connection to a socket as the evidence has it, in the place of a command; and once had."""
    return f"connect to {path}", f"forward {path} by ssh"


def refusal_of(text: str) -> str:
    """From that record: why no way led there, '' when one did."""
    return "" if text in (IS_REACHED, _IS_FORWARDED) else text
