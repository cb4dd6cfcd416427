"""The bases of the node image: which Debian the nodes run, and what differs with it.

Production runs another distribution, in several releases. Clusters of several bases show that
nothing hangs on the versions of one. The name of a base is the rehearsal's own label: what a node
runs, the node itself says.
"""

from dataclasses import dataclass

from rehearsal.errors import UsageError


@dataclass(frozen=True)
class Base:
    """One base; all nodes of a cluster have the same.

    `feature_set` and `schema` are those of the first cib.xml. Pacemaker takes none above its own.
    """

    name: str
    """The suite, as Debian's archive calls it."""
    system: str
    feature_set: str
    schema: str


BASES = (Base("bookworm", "Debian 12", "3.16.1", "pacemaker-3.9"),)
DEFAULT = BASES[0]


def find(name: str) -> Base:
    """The base of that name; raises UsageError that lists all."""
    for base in BASES:
        if base.name == name:
            return base
    raise UsageError(f"no base {name!r}; there are: {', '.join(base.name for base in BASES)}")
