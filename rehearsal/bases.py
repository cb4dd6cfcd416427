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
    setup_hooks: tuple[str, ...] = ()
    """Programs or shell texts that mmdebstrap runs on the empty root."""
    init: tuple[str, ...] = ()
    """Words of the command line of systemd, as PID 1 of a node."""

    @property
    def image(self) -> str:
        """The image of that Debian, as registries have it: for where mmdebstrap is not."""
        return self.system.lower().replace(" ", ":")


# without merging, units and programs lie in two places; the suite has no package that would do it
_MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh"
# systemd 257 refuses a host with cgroup v1 without this word; where there is none, it has no effect
_CGROUP_V1 = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"

DEFAULT = Base("bookworm", "Debian 12", "3.16.1", "pacemaker-3.9")
BASES = (
    Base("bullseye", "Debian 11", "3.6.1", "pacemaker-3.5", setup_hooks=(_MERGED_USR,)),
    DEFAULT,
    Base("trixie", "Debian 13", "3.20.0", "pacemaker-4.0", init=(_CGROUP_V1,)),
)


def find(name: str) -> Base:
    """The base of that name; raises UsageError that lists all."""
    for base in BASES:
        if base.name == name:
            return base
    raise UsageError(f"no base {name!r}; there are: {', '.join(base.name for base in BASES)}")
