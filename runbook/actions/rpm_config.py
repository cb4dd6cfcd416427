"""Configuration conflicts that packages leave: the two planned ones and all others (G09, G14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.queries import AnswerLike, Query
from runbook.ocs.names import CONF_FILES, CREDENTIALS_TEMPLATE

KNOWN = frozenset(f"{path}.rpmnew" for path in CONF_FILES)
"""The planned stop: what the target's OCS packages leave on a node with edited files."""


@dataclass(frozen=True)
class Conflicts:
    """Conflicts by node, told apart. Nodes without any are not in the mappings."""

    known: Mapping[str, tuple[str, ...]]
    foreign: Mapping[str, tuple[str, ...]]

    @property
    def is_planned_stop(self) -> bool:
        """Only the two known files are there; any other is for a person first."""
        return bool(self.known) and not self.foreign


def split(found: Mapping[str, tuple[str, ...]], *, template: bool) -> Conflicts:
    """Tell the known conflicts from foreign ones.

    `template`: the credentials template is on N. Without it the two files are foreign: they come
    from an update within the version, which knows no variable (guide row G09).
    """
    known: dict[str, tuple[str, ...]] = {}
    foreign: dict[str, tuple[str, ...]] = {}
    for node, paths in found.items():
        mine = tuple(path for path in paths if template and path in KNOWN)
        rest = tuple(path for path in paths if path not in mine)
        if mine:
            known[node] = mine
        if rest:
            foreign[node] = rest
    return Conflicts(known, foreign)


def _is_there(answer: AnswerLike) -> bool:
    return answer.code == 0


TEMPLATE_THERE: Query[bool] = Query(
    name="template of the credentials file",
    argv=("test", "-f", CREDENTIALS_TEMPLATE),
    parse=_is_there,
    ok_codes=(0, 1),
)
"""Asked on N, where httpd's shared directory is mounted during the upgrade."""
