"""Files that a back-out would put back on a node, and where the old ones lie. Pure.

As far as the journal knows: what the runbook kept when it replaced a file, and what a package has
moved aside and nobody has cleared away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.judge.machine import FOREIGN
from engine.model.event import Event
from engine.model.facts import OLD_FILES
from engine.model.groups import grouped
from engine.report.standing import standing

_MOVED_ASIDE = (".rpmsave", ".rpmorig")
"""How the name of a file ends that was live before a package's own."""


@dataclass(frozen=True)
class OldFile:
    """A file on a node, and where the one lies that was there before."""

    node: str
    path: str
    lies_in: str


def old_files_of(events: Sequence[Event]) -> tuple[OldFile, ...]:
    """Each once, in the order in which they came on record."""
    return tuple(dict.fromkeys([*_kept(events), *_moved_aside(events)]))


def in_words(files: Sequence[OldFile]) -> str:
    """By node: each file and where the old one lies; '' without any."""
    nodes = grouped((one.node, f"{one.path} from {one.lies_in}") for one in files)
    return "; ".join(f"on {node}: {', '.join(those)}" for node, those in nodes.items())


def _kept(events: Sequence[Event]) -> Iterator[OldFile]:
    for event in events:
        if event["event"] == "fact" and str(event["name"]).startswith(OLD_FILES):
            for file in event["files"]:
                yield OldFile(str(event["node"]), str(file["path"]), str(file["lies_in"]))


def _moved_aside(events: Sequence[Event]) -> Iterator[OldFile]:
    for finding in standing(events):
        node, _, lies_in = str(finding["subject"]).partition(":")
        if finding["code"] == FOREIGN and lies_in.endswith(_MOVED_ASIDE):
            yield OldFile(node, lies_in.rpartition(".")[0], lies_in)
