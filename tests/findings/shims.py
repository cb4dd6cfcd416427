"""Programs that say something else than they should, put before the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.findings.lab import Lab

_PUT = r"""
path=/usr/local/sbin/$1 found=$(which "$1")
# the rehearsal's own, which count calls, stay in use behind this one
if [ "$found" = "$path" ]; then mv "$path" "$path.behind"; found=$path.behind; fi
printf '#!/bin/bash\nREAL=%s\n%s\n' "$found" "$2" > "$path.new"
chmod 755 "$path.new"
mv "$path.new" "$path"
"""
_TAKE = r"""
path=/usr/local/sbin/$1
if [ -e "$path.behind" ]; then mv "$path.behind" "$path"; else rm -f "$path"; fi
"""


def put(lab: Lab, node: str, command: str, script: str) -> None:
    """From now on `script` answers in place of the command; `$REAL` is what was there."""
    lab.cluster.shell(node, _PUT, command, script)


def take(lab: Lab, node: str, command: str) -> None:
    """The real command answers again."""
    lab.cluster.shell(node, _TAKE, command)
