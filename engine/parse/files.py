"""What a change of files tells of them: a line before and a line after, for each file."""

from __future__ import annotations

import re

from engine.model.files import FileChange, FileState

MARK = "file-state"
"""The first word of such a line."""
ABSENT, WITHHELD = "absent", "withheld"
TELL = f"""
tell() {{
  if [ ! -e "$2" ]; then
    printf '{MARK}\\t%s\\t%s\\t{ABSENT}\\n' "$1" "$2"
    return
  fi
  sum={WITHHELD}
  [ -n "$3" ] || sum=${{4:-$(sha256sum < "$2")}}
  stat --printf "{MARK}\\t$1\\t%n\\t%U\\t%G\\t%a\\t%s\\t${{sum%% *}}\\n" -- "$2"
}}
"""
"""A shell function, `tell before|after FILE SECRET [SHA256]`. SECRET is `secret` or empty; a SHA256
that is known already saves a pass over the file. Call it with `|| :`: a change does not fail for
what is told of it."""

_LINE = re.compile(rf"{MARK}\t(before|after)\t([^\t]+)\t(?:{ABSENT}|(.+))", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OCTAL, _NUMBER = re.compile(r"[0-7]+"), re.compile(r"[0-9]+")


def file_changes(text: str) -> list[FileChange]:
    """The files in the order in which they were told; a line of another form tells nothing.

    A file that was told only before, or only after, is left out: the change was cut off.
    """
    seen: dict[str, dict[str, FileState | None]] = {}
    for line in text.splitlines():
        if (match := _LINE.fullmatch(line)) is None:
            continue
        when, path, facts = match.groups()
        state = _state(facts) if facts else None
        if facts is None or state is not None:
            seen.setdefault(path, {})[when] = state
    return [
        FileChange(path, told["before"], told["after"])
        for path, told in seen.items()
        if len(told) == 2
    ]


def _state(facts: str) -> FileState | None:
    owner, group, mode, size, digest = (*facts.split("\t"), *[""] * 5)[:5]
    is_told = digest == WITHHELD or _SHA256.fullmatch(digest)
    if not (owner and group and _OCTAL.fullmatch(mode) and _NUMBER.fullmatch(size) and is_told):
        return None
    return FileState(
        owner, group, f"{int(mode, 8):04o}", int(size), "" if digest == WITHHELD else digest
    )
