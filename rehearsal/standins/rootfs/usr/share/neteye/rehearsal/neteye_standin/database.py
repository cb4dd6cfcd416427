"""SQL by plain `mysql` as root, where MariaDB runs; text goes by standard input only."""

from __future__ import annotations

import re

from neteye_standin.remote import Answer, run

DEADLINE = 600.0  # seconds
_PLAIN = re.compile(r"[\x20-\x7e]*")


class DatabaseError(Exception):
    """MariaDB did not do it; the text is the server's, without the statement."""


def literal(value: str) -> str:
    """A string literal of printable ASCII. Raises ValueError for anything else."""
    if not _PLAIN.fullmatch(value):
        raise ValueError("a value for SQL has characters other than printable ASCII")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def query(sql: str, database: str = "") -> list[list[str]]:
    """The rows of a question, cells as text (NULL is the word). Raises DatabaseError."""
    answer = _mysql(["--batch", "--skip-column-names"], sql, database)
    return [line.split("\t") for line in answer.out.splitlines()]


def execute(sql: str, database: str = "") -> None:
    """Run statements; the first error ends. Raises DatabaseError."""
    _mysql([], sql, database)


def execute_leniently(sql: str, database: str) -> int:
    """Run statements, going on after errors, as a console's updater does; the number of errors."""
    answer = run(["mysql", "--force", database], sql, DEADLINE)
    return sum(line.startswith("ERROR") for line in answer.err.splitlines())


def _mysql(options: list[str], sql: str, database: str) -> Answer:
    answer = run(["mysql", *options, *([database] if database else [])], sql, DEADLINE)
    if answer.rc != 0:
        raise DatabaseError(f"mysql: {answer.err.strip() or answer.tail}")
    return answer
