"""Every file that the runbook itself made, replaced or removed on a node, or fetched. Pure.

What packages brought is not among them: they have a comparison of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.judge.text import counted
from engine.model.event import Event
from engine.record.changes import changes_of
from engine.record.state_here import FILE_FETCHED
from engine.report.anchors import change_anchor, file_anchor

CREATED = "created"
WITHHELD = "withheld: it holds a secret, or held one"
NOT_SEEN = "not seen: the change's end is not on record"


@dataclass(frozen=True)
class State:
    """A file in words; `gone`: it did not exist, or nobody saw it, and `said` tells which."""

    said: str
    owner: str = ""
    mode: str = ""
    size: str = ""
    sha256: str = ""
    is_known: bool = False


@dataclass(frozen=True)
class ChangedFile:
    """A file before its first and after its last change."""

    anchor: str
    node: str
    path: str
    what: str
    """created, replaced, removed, unchanged, or fetched."""
    before: State
    after: State
    changes: tuple[tuple[str, str], ...]
    """The step that did it, with the anchor of the change, for each."""
    diff: int = 0
    """Its number among the shown differences, from 1; 0: none is shown."""
    fetched: tuple[str, str] = ("", "")
    """Of one that was fetched to the machine of the run: the step that did it, and its run."""


@dataclass(frozen=True)
class Files:
    """The files, and whether all changes tell theirs."""

    files: tuple[ChangedFile, ...]
    counts: str
    """How many were created, replaced, removed; in words."""
    is_recorded: bool
    """False: changes were made by an older runbook, which did not record their files."""


def files_of(events: Sequence[Event], shown: Sequence[Event]) -> Files:
    """`shown`: the attachments with differences, in the order of the page."""
    places: dict[tuple[str, str], list[tuple[Event, Mapping[str, Any] | None]]] = {}
    changes = changes_of(events)
    for one in changes:
        intent, result = one.intent, one.result or {}
        if not one.was_started or "files" not in intent:
            continue
        told = {str(file["path"]): file for file in result.get("files", ())}
        for path in intent["files"]:
            places.setdefault((str(intent["node"]), path), []).append((intent, told.get(path)))
    diffs = {
        (str(event.get("node")), str(event.get("path"))): number
        for number, event in enumerate(shown, start=1)
    }
    anchors: set[str] = set()
    files = []
    for (node, path), mine in places.items():
        anchor = _anchor(node, path, anchors)
        files.append(_file(anchor, node, path, mine, diffs.get((node, path), 0)))
    files += _fetched(events, anchors)
    is_new = any("files" in one.intent for one in changes)
    counts = counted(one.what for one in files)
    return Files(tuple(files), counts, is_new or _records_files(events))


def _fetched(events: Sequence[Event], anchors: set[str]) -> Iterator[ChangedFile]:
    """Copies in the runs' own directories; of one that was fetched again the last one."""
    hosts = {str(e["run"]): str(e.get("host", "")) for e in events if e["event"] == "run-started"}
    last = {(e["run"], e["file"]): e for e in events if e["event"] == FILE_FETCHED}
    for (run, file), event in last.items():
        host = f"the machine of the run{f' ({hosts[run]})' if hosts.get(run) else ''}"
        path = f"{run}/{file}"
        yield ChangedFile(
            _anchor(host, path, anchors),
            host,
            path,
            f"fetched from {event['node']}",
            State("not there before"),
            _known(event),
            (),
            fetched=(str(event["step"]), str(run)),
        )


def _records_files(events: Iterable[Event]) -> bool:
    """Whether a run's runbook would have recorded them: it says as whom it logged in, too."""
    begun = (event for event in events if event["event"] == "run-started")
    ways = [way for event in begun for way in (event.get("reached") or {}).values()]
    return bool(ways) and all("user" in way for way in ways)


def _anchor(node: str, path: str, taken: set[str]) -> str:
    plain = file_anchor(node, path)
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    taken.add(name)
    return name


def _file(
    anchor: str,
    node: str,
    path: str,
    mine: Sequence[tuple[Event, Mapping[str, Any] | None]],
    diff: int,
) -> ChangedFile:
    first, last = _first(told for _, told in mine), mine[-1][1]
    before = _state(first, "before", "did not exist")
    after = _state(last, "after", "does not exist any more")
    return ChangedFile(
        anchor,
        node,
        path,
        _what(first, last),
        before,
        after,
        tuple(
            (str(intent["step"]), change_anchor(str(intent["run"]), intent["seq"]))
            for intent, _ in mine
        ),
        diff,
    )


def _first(told: Iterable[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """The first word on it. When the first change's end is not on record, a later word counts
    only if the file was not there: then it was not there before, either."""
    first, *later = told
    if first is not None:
        return first
    return next((one for one in later if one is not None and one["before"] is None), None)


def _what(first: Mapping[str, Any] | None, last: Mapping[str, Any] | None) -> str:
    if first is None or last is None:
        return "not seen"
    before, after = first["before"], last["after"]
    if before is None:
        return CREATED if after is not None else "made and removed"
    if after is None:
        return "removed"
    # of a file with a secret nobody can tell whether its content is the same
    return "unchanged" if before == after and before["sha256"] else "replaced"


def _state(told: Mapping[str, Any] | None, when: str, absent: str) -> State:
    if told is None:
        return State(NOT_SEEN)
    if (one := told[when]) is None:
        return State(absent)
    return _known(one)


def _known(one: Mapping[str, Any]) -> State:
    return State(
        "",
        f"{one['owner']} {one['group']}",
        str(one["mode"]),
        f"{one['size']} bytes",
        str(one["sha256"]) or WITHHELD,
        is_known=True,
    )
