"""What the evidence says of the OCS password: where it lies now, which old copies remain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.model.answer import Answer
from engine.model.query import Asked, Query
from engine.secrets import Secret
from runbook.to_4_26.names import CONF_FILES, CREDENTIALS, CREDENTIALS_TEMPLATE, OCS_PASSWORD

_BESIDE = (*CONF_FILES, CREDENTIALS)
"""Copies are looked for beside these files, by names that begin with theirs."""

# args: files. Standard input: the password, '' when it is not known; it is no argument of anybody.
# Prints each file of such a name, whose it is, and whether the password stands in it
_COPIES = r"""
IFS= read -r word || :
for name in "$@"; do
  for file in "$name"*; do
    [ -f "$file" ] || continue
    holds=unknown
    if [ -n "$word" ]; then
      holds=no
      if printf '%s\n' "$word" | grep -qF -f - -- "$file"; then holds=yes; fi
    fi
    stat --printf "%n\t%U\t%G\t%a\t$holds\n" -- "$file"
  done
done
"""


@dataclass(frozen=True)
class Copy:
    """A file beside those that have, or had, the password."""

    path: str
    owner: str
    group: str
    mode: str
    holds: bool | None
    """Whether the password in use stands in it; None: that could not be asked."""


def _copies(answer: Answer) -> tuple[Copy, ...]:
    found = []
    for line in answer.text.splitlines():
        path, owner, group, mode, holds = line.split("\t")
        known = {"yes": True, "no": False}.get(holds)
        found.append(Copy(path, owner, group, f"{int(mode, 8):04o}", known))
    return tuple(found)


def copies(password: Secret | None) -> Query[tuple[Copy, ...]]:
    """Files beside those of the password, and in which of them it stands."""
    return Query(
        name="files in which the OCS password may stand",
        argv=("sh", "-c", _COPIES.strip(), "copies", *_BESIDE),
        parse=_copies,
        stdin=password or b"",
    )


def as_fact(asked: Asked[tuple[Copy, ...]], variable: str) -> dict[str, Any]:
    """For the journal; never the value."""
    found = [(node, copy) for node, seen in asked.values.items() for copy in seen]
    names = ", ".join(f"{path}*" for path in _BESIDE)
    silent = "".join(f"; not on {node}: {why}" for node, why in asked.unanswered.items())
    return {
        "of": OCS_PASSWORD,
        "what": "Moved; the runbook has not changed its value. It was a literal in"
        f" {' and '.join(CONF_FILES)} on each operative node. Both refer to {variable} of httpd's"
        f" environment now, which {CREDENTIALS} sets; whoever may read the environment of httpd's"
        " main process reads it there.",
        "lies_in": [_place(node, copy, "") for node, copy in found if copy.path == CREDENTIALS],
        "old_copies": list(_old(found)),
        "searched": f"{names} on {', '.join(asked.values) or 'no node'}{silent}",
    }


def _old(found: list[tuple[str, Copy]]) -> Iterator[Mapping[str, str]]:
    for node, copy in found:
        is_in_use = copy.path in (*CONF_FILES, CREDENTIALS_TEMPLATE)
        if copy.path == CREDENTIALS or copy.holds is False or (is_in_use and copy.holds is None):
            continue
        note = "the file in use still has it" if is_in_use else ""
        yield _place(node, copy, note or ("not looked into" if copy.holds is None else ""))


def _place(node: str, copy: Copy, note: str) -> Mapping[str, str]:
    rights = {"owner": copy.owner, "group": copy.group, "mode": copy.mode}
    return {"node": node, "path": copy.path, **rights, **({"note": note} if note else {})}


def written(node: str, mode: str) -> dict[str, Any]:
    """For the journal, as soon as the migration has written it; the verification looks further."""
    place = {"node": node, "path": CREDENTIALS, "note": f"mode {mode}"}
    what = f"Written into {CREDENTIALS}, as it was in use; no verification has looked further yet."
    return {"of": OCS_PASSWORD, "what": what, "lies_in": [place]}
