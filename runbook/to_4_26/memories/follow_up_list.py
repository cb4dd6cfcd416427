"""The list of machines to follow up (guide row G08): made beside the backup, read in days after.

A file of one JSON object a line (`FollowedAgent.from_json`), gzip, ordered by machine. The server
makes the lines and its client streams them: no list passes through memory, here or on the node.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.ask.look import Look
from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.change import Change
from engine.model.query import Query
from engine.parse.fields import json_object
from engine.parse.files import TELL
from runbook.to_4_26 import files
from runbook.to_4_26.memories import dump
from runbook.to_4_26.memories.agents import FollowedAgent, MachineNow, machines_now, moment_sql
from runbook.to_4_26.memories.capacity import LISTED, LOSING, CapacityClass, class_sql
from runbook.to_4_26.names import OCS_DATABASE, SCRATCH_DATABASE

FILE = f"{OCS_DATABASE}.agents.jsonl.gz"
"""Its name in the attempt's directory on N, and in `backups/` of a run."""
LISTED_FACT = "agents-listed"
"""The fact that names the list: `machines` and `sha256`."""
CHUNK = 1000
"""Machines that are looked up by one question."""


def path(attempt: str) -> str:
    """Where the list lies on N and on the node that made it (0600)."""
    return f"{files.backups_of(attempt)}/{FILE}"


def facts_path(attempt: str) -> str:
    """What is written last, on the node that made it: which dump it belongs to, and its sum."""
    return f"{files.backups_of(attempt)}/{OCS_DATABASE}.agents.json"


@dataclass(frozen=True)
class Listed:
    """A whole list as it lies on a node."""

    sha256: str
    machines: int
    dump: str
    """sha256 of the dump whose rows it was made of."""


def parse_listed(answer: Answer) -> Listed:
    """The facts of a list. ValueError when one is missing."""
    data = dump.facts_of(answer)
    try:
        return Listed(str(data["sha256"]), int(data["machines"]), str(data["dump"]))
    except KeyError as error:
        raise ValueError(f"the facts of the list lack {error}") from None


def _slots(kinds: frozenset[CapacityClass]) -> str:
    """SQL expression: a JSON array of the slots with such values, of a group of rows."""
    wanted = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    slot = f"CASE WHEN m.kind IN ({wanted}) THEN COALESCE(m.slot, 'null') END"
    return f"CONCAT('[', COALESCE(GROUP_CONCAT(DISTINCT {slot} ORDER BY m.slot), ''), ']')"


def _text(column: str) -> str:
    return f"COALESCE(JSON_QUOTE({column}), 'null')"


_DATE = f"""CONCAT('"', DATE_FORMAT({moment_sql("h.LASTDATE")}, '%Y-%m-%d %H:%i:%s'), '"')"""

# Only while the saved column is text: on an integer nothing is to be followed up. Orphans have no
# agent. A slot is a small integer: 65537 different ones fit into group_concat_max_len below.
LIST = f"""SELECT CONCAT('{{"machine": ', h.ID, ', "name": ', {_text("h.NAME")},
 ', "deviceid": ', {_text("h.DEVICEID")}, ', "useragent": ', {_text("h.USERAGENT")},
 ', "lastdate": ', COALESCE({_DATE}, 'null'),
 ', "text_slots": ', l.text_slots, ', "decorated_slots": ', l.decorated_slots, '}}')
 FROM (SELECT m.machine, {_slots(LOSING)} AS text_slots,
 {_slots(LISTED - LOSING)} AS decorated_slots
 FROM (SELECT HARDWARE_ID AS machine, NUMSLOTS AS slot, {class_sql()} AS kind
 FROM {SCRATCH_DATABASE}.memories) m
 WHERE m.kind IN ({", ".join(f"'{kind}'" for kind in sorted(LISTED))})
 AND EXISTS (SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{SCRATCH_DATABASE}'
 AND TABLE_NAME = 'memories' AND COLUMN_NAME = 'CAPACITY'
 AND (DATA_TYPE LIKE '%char%' OR DATA_TYPE LIKE '%text%'))
 GROUP BY m.machine) l
 JOIN {OCS_DATABASE}.hardware h ON h.ID = l.machine ORDER BY h.ID"""
"""The lines of the list, of the backup restored beside the table."""

# args: target, file for the facts, statement, sha256 of the dump. Prints as a dump does.
_MAKE = """
set -euo pipefail
umask 077
target=$1 facts=$2
exec 9< "$(dirname -- "$target")"
flock 9
tell before "$target" "" || :
tell before "$facts" "" || :
rm -f -- "$facts" "$target".partial.??????
temp=$(mktemp -- "$target.partial.XXXXXX")
trap 'rm -f -- "$temp"' EXIT
mysql --batch --raw --skip-column-names --quick --default-character-set=utf8mb4 \
  --init-command='SET SESSION group_concat_max_len = 1048576' --execute="$3" | gzip -1 > "$temp"
sync -- "$temp"
machines=$(gzip -dc -- "$temp" | wc -l)
sum=$(sha256sum < "$temp")
mv -f -T -- "$temp" "$target"
printf '{"sha256": "%s", "machines": %s, "dump": "%s"}\\n' "${sum%% *}" "$machines" "$4" \
  > "$target.partial.facts."
mv -f -T -- "$target.partial.facts." "$facts"
sync -- "$facts" "$(dirname -- "$target")"
tell after "$target" "" "${sum%% *}" || :
tell after "$facts" "" || :
cat -- "$facts"
"""


def make(node: str, attempt: str, made: dump.Dump, deadline: float) -> Change:
    """The list of the dump that is restored beside the table; its answer: `parse_listed`."""
    return Change(
        what="list the machines to follow up",
        node=node,
        argv=dump.bash(TELL + _MAKE, path(attempt), facts_path(attempt), LIST, made.sha256),
        deadline=deadline,
        files=(path(attempt), facts_path(attempt)),
    )


def listed(attempt: str) -> Query[Listed | None]:
    """The facts of a list, with the file still whole; None: there is none."""
    return Query(
        name="list of the machines to follow up",
        argv=dump.recorded(facts_path(attempt), path(attempt)),
        parse=lambda answer: None if answer.code == 44 else parse_listed(answer),
        ok_codes=(0, 44),
        deadline=600.0,
    )


def is_whole(attempt: str, sha256: str) -> Query[bool]:
    """Whether the list on N is the one that is on record."""
    script = '[ -e "$1" ] || exit 44; sum=$(sha256sum < "$1"); [ "${sum%% *}" = "$2" ] || exit 44'
    return Query(
        name="list of the machines to follow up, whole",
        argv=("sh", "-c", script, "whole", path(attempt), sha256),
        parse=lambda answer: answer.code == 0,
        ok_codes=(0, 44),
        deadline=600.0,
    )


def pull(node: str, host: str, attempt: str, listed: Listed, deadline: float) -> Change:
    """A copy on N, when another node runs the database."""
    what = f"copy the list of the machines to follow up from {host}"
    return dump.pull_file(what, node, host, path(attempt), listed.sha256, deadline)


def problem_of(file: Path, sha256: str) -> str:
    """Why a copy of the list here can't be used; '' when it is the one on record."""
    try:
        seen = dump.sha256_of(file)
    except FileNotFoundError:
        return f"{file} is not there"
    except OSError as error:
        return f"{file} can't be read ({error.strerror or error})"
    return "" if seen == sha256 else f"{file} has sha256 {seen}, on record is {sha256}"


def read(file: Path) -> Iterator[FollowedAgent]:
    """The machines of a list, one by one, in constant memory. ValueError names file and line."""
    number = 0
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007  # named in the error
                yield FollowedAgent.from_json(json_object(line, "a machine"))
    except (ParseError, ValueError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file}:{number}: {error}") from error


def with_now(
    look: Look, agents: Iterator[FollowedAgent]
) -> Iterator[tuple[FollowedAgent, MachineNow | None]]:
    """Each machine with what the database has of it now; None: it is not there any more."""
    while part := list(islice(agents, CHUNK)):
        now = look.sql(machines_now(agent.machine for agent in part))
        yield from ((agent, now.get(agent.machine)) for agent in part)
