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


_OfNode = tuple[tuple[str, str], str]
"""Path, where the old one lies, and on which node."""


@dataclass(frozen=True)
class OldFile:
    """A file, where the one lies that was there before, and the nodes on which it is so."""

    path: str
    lies_in: str
    nodes: tuple[str, ...]


def old_files_of(events: Sequence[Event]) -> tuple[OldFile, ...]:
    """Each once, in the order in which they came on record."""
    nodes = grouped([*_kept(events), *_moved_aside(events)])
    return tuple(OldFile(*file, tuple(dict.fromkeys(those))) for file, those in nodes.items())


def in_words(files: Sequence[OldFile]) -> str:
    """Each file, where the old one lies, on which nodes; '' without any."""
    return "; ".join(f"{one.path} from {one.lies_in} on {', '.join(one.nodes)}" for one in files)


def _kept(events: Sequence[Event]) -> Iterator[_OfNode]:
    for event in events:
        if event["event"] == "fact" and str(event["name"]).startswith(OLD_FILES):
            for file in event["files"]:
                yield (str(file["path"]), str(file["lies_in"])), str(event["node"])


def _moved_aside(events: Sequence[Event]) -> Iterator[_OfNode]:
    for finding in standing(events):
        node, _, lies_in = str(finding["subject"]).partition(":")
        if finding["code"] == FOREIGN and lies_in.endswith(_MOVED_ASIDE):
            yield (lies_in.rpartition(".")[0], lies_in), node
