"""`neteye health light|deep` and `neteye check`: monitoring plugins (domain facts 2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.errors import ParseError
from engine.model.host import FailingScript, HealthResult

SOURCE = "neteye health"

_CODES = range(4)


def parse_health(code: int, text: str) -> HealthResult:
    """The verdict is the exit code, 0 to 3; any other one is no verdict of a health check.

    An empty output is no verdict either: a health check prints at least what it found.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if code not in _CODES:
        said = f"; it said {lines[0]!r}" if lines else ""
        problem = f"is {code}, expected 0 (OK), 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN){said}"
        raise ParseError(SOURCE, "exit code", problem)
    if not lines:
        raise ParseError(SOURCE, "output", f"is empty (exit code {code}), expected a status line")
    return HealthResult(code=code, first_line=lines[0], output=text, scripts=tuple(_scripts(lines)))


# where the scripts lie (domain facts 2.1); a path within a sentence is one, too
_SCRIPT = re.compile(r"(/\S*/health\.d/[^\s:;,'\"()\[\]]+)[\s:;,'\"()\[\]-]*(.*)")


def _scripts(lines: Sequence[str]) -> Iterator[FailingScript]:
    """Each script once; what it said is behind its path, or the next line when nothing is."""
    seen: set[str] = set()
    for number, line in enumerate(lines):
        if (named := _SCRIPT.search(line)) and named.group(1) not in seen:
            path, said = named.groups()
            seen.add(path)
            following = lines[number + 1] if number + 1 < len(lines) else ""
            yield FailingScript(path, said or ("" if _SCRIPT.search(following) else following))
