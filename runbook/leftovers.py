"""What is in an `.rpmnew` or `.rpmsave` that a person has to merge: a diff for the report.

Secrets are masked; a file that is made of secrets is not shown at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.errors import Unanswered
from engine.evidence import Evidence
from engine.look import Look
from engine.queries import AnswerLike, Query
from engine.secrets import Secret
from runbook.ocs.masking import masked_diff

LIMIT = 128 << 10
"""Bytes of a file that are compared; a larger one is no configuration that a person merges."""
MOST = 20
"""Files a node whose diff is shown; all of them are named in the findings."""

_SECRET_FILES = re.compile(
    r"shadow|passw|secret|credential|private|keytab|\.(?:key|pem|p12|pfx|jks|gpg)\b", re.I
)
_TOO_LARGE, _NOT_THERE = 45, 44

_CONTENT = """
[ -e "$1" ] || exit 44
[ "$(stat -c %s -- "$1")" -le "$2" ] || exit 45
exec cat -- "$1"
"""


def _content(answer: AnswerLike) -> Secret | str:
    if answer.code == _NOT_THERE:
        return "there is no such file"
    if answer.code == _TOO_LARGE:
        return f"it has more than {LIMIT >> 10} KiB"
    raw: bytes = getattr(answer, "stdout", None) or answer.text.encode()
    try:
        return Secret(raw.decode())
    except UnicodeDecodeError:
        return "it is no UTF-8 text"


def _text(path: str) -> Query[Secret | str]:
    """The file's content, or why there is nothing to compare."""
    return Query(
        name=f"{path}, to compare",
        argv=("sh", "-c", _CONTENT.strip(), "content", path, str(LIMIT)),
        parse=_content,
        ok_codes=(0, _NOT_THERE, _TOO_LARGE),
        secret=True,
    )


def attach_diffs(look: Look, evidence: Evidence, found: Mapping[str, Iterable[str]]) -> None:
    """A diff for each of these files, old file first, new file second."""
    for node, paths in found.items():
        for path in sorted(paths)[:MOST]:
            evidence.attach(f"{path} on {node}, secrets masked", difference(look, node, path))


def difference(look: Look, node: str, path: str) -> str:
    """The diff of an `.rpmnew` or `.rpmsave` with the live file; or why there is none."""
    live = path.removesuffix(".rpmnew").removesuffix(".rpmsave")
    # such a name would stand in the argument list of the question
    if _SECRET_FILES.search(path) or look.holds_secret(path):
        return "not shown: by its name the file holds secrets; compare it on the node"
    # an .rpmsave is the older one of the two
    names = (path, live) if path.endswith(".rpmsave") else (live, path)
    texts = []
    for name in names:
        try:
            text = look.ask(node, _text(name))
        except Unanswered as unanswered:
            return f"not compared: {unanswered}"
        if isinstance(text, str):
            return f"not compared: {name}: {text}"
        texts.append(text.reveal())
    return masked_diff(texts[0], texts[1], live) or "the two have the same text"
