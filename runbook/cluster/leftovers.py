"""What is in an `.rpmnew`, `.rpmsave` or `.rpmorig` that a person has to merge, as a diff.

Secrets are masked; a file that is made of secrets is not shown at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.answer import Answer
from engine.model.query import Query
from engine.record.evidence import Evidence
from engine.secrets import Secret
from runbook.cluster.masking import masked_diff

LIMIT = 128 << 10
"""Bytes of a file that are compared; a larger one is no configuration that a person merges."""
MOST = 20
"""Files a node whose diff is shown; all of them are named in the findings."""

_SECRET_FILES = re.compile(
    r"shadow|passw|secret|credential|private|keytab|\.(?:key|pem|p12|pfx|jks|gpg)\b", re.I
)
_TOO_LARGE, _NOT_THERE, _LINK, _NO_FILE = 45, 44, 46, 47

# args: path, limit in bytes, 'link' when a link is shown as one
_CONTENT = """
[ -z "$3" ] || [ ! -L "$1" ] || { readlink -n -- "$1"; exit 46; }
[ -e "$1" ] || exit 44
[ -f "$1" ] || exit 47
[ "$(stat -c %s -- "$1")" -le "$2" ] || exit 45
exec cat -- "$1"
"""


def _content(answer: Answer) -> Secret | str:
    if answer.code == _NOT_THERE:
        return "there is no such file"
    if answer.code == _TOO_LARGE:
        return f"it has more than {LIMIT >> 10} KiB"
    if answer.code == _LINK:
        return f"it is a symbolic link to {answer.text}"
    if answer.code == _NO_FILE:
        return "it is a directory or another thing that is no file"
    raw: bytes = getattr(answer, "stdout", None) or answer.text.encode()
    try:
        return Secret(raw.decode())
    except UnicodeDecodeError:
        return "it is no UTF-8 text"


def _text(path: str, *, is_leftover: bool) -> Query[Secret | str]:
    """The file's content, or why there is nothing to compare; a live link is followed."""
    return Query(
        name=f"{path}, to compare",
        argv=(
            "sh",
            "-c",
            _CONTENT.strip(),
            "content",
            path,
            str(LIMIT),
            "link" if is_leftover else "",
        ),
        parse=_content,
        ok_codes=(0, _NOT_THERE, _TOO_LARGE, _LINK, _NO_FILE),
        secret=True,
    )


def not_known(found: Mapping[str, Iterable[str]], known: Collection[str]) -> dict[str, list[str]]:
    """Node -> those of its files that the version step is not known to leave."""
    return {node: [path for path in paths if path not in known] for node, paths in found.items()}


def attach_diffs(look: Look, evidence: Evidence, found: Mapping[str, Iterable[str]]) -> None:
    """A diff for each of these files, old file first, new file second."""
    for node, paths in found.items():
        for path in sorted(paths)[:MOST]:
            evidence.attach(f"{path} on {node}, secrets masked", difference(look, node, path))


def difference(look: Look, node: str, path: str) -> str:
    """The diff of such a file with the live one; or why there is none."""
    live, _, kind = path.rpartition(".")
    # such a name would stand in the argument list of the question
    if _SECRET_FILES.search(path) or look.holds_secret(path):
        return "not shown: by its name the file holds secrets; compare it on the node"
    # an .rpmsave or .rpmorig is the older file
    names = (live, path) if kind == "rpmnew" else (path, live)
    texts = []
    for name in names:
        try:
            text = look.ask(node, _text(name, is_leftover=name == path))
        except Unanswered as unanswered:
            return f"not compared: {unanswered}"
        if isinstance(text, str):
            return f"not compared: {name}: {text}"
        texts.append(text.reveal())
    return masked_diff(texts[0], texts[1], live) or "the two have the same text"
