"""Who a machine is, by its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engine.model.definition import ClusterDefinition, short

_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


@dataclass(frozen=True)
class Identity:
    """What a machine says of itself, in the first round trip of a connection."""

    machine_id: str
    """`/etc/machine-id` as it is; empty when there is none."""
    hostname: str
    """The name it goes by now (`uname -n`)."""
    static_name: str = ""
    """The name it will have after a reboot (`/etc/hostname`)."""
    other_names: tuple[str, ...] = ()
    """Its full name and aliases, as it resolves its own name. They may be wrong: a name server or
    a line in `/etc/hosts` gives them."""
    member: str = ""
    """Its name in pacemaker; empty where pacemaker is not, or is stopped."""
    configured: str = ""
    """Its name in corosync's configuration, which is there when the cluster is stopped, too."""
    addresses: tuple[str, ...] = ()
    system: str = ""
    """Tells this start of the machine from every other one, and from those of its clones."""
    release: str = ""
    """Its distribution and release, as its `/etc/os-release` has it."""
    is_rehearsal: bool = False
    """It carries the marker of a rehearsal."""
    definition: ClusterDefinition | None = field(default=None, repr=False)
    """Its `/etc/neteye-cluster`; None when there is none, or none that can be read."""
    unreadable: str = ""
    """Why its `/etc/neteye-cluster` can't be read; empty when it can."""

    @property
    def has_id(self) -> bool:
        """A machine id as systemd wants it: 32 hexadecimal digits, not all zero."""
        return _ID.fullmatch(self.machine_id) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it may be called by."""
        found = (*self.own_names, self.member, self.configured, *self.other_names)
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def own_names(self) -> tuple[str, ...]:
        """The names that it gives itself."""
        return tuple(dict.fromkeys(filter(None, (self.hostname, self.static_name))))

    def is_same_machine(self, other: Identity) -> bool:
        """Two connections lead to one machine. A clone has the same id, and is another one."""
        return (self.machine_id, self.hostname, self.system, sorted(self.addresses)) == (
            *(other.machine_id, other.hostname, other.system),
            sorted(other.addresses),
        )


def same_name(one: str, other: str) -> bool:
    """Two forms of a host's name: without case, and a short form is its long form's."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if one == other:
        return True
    return short(one) == short(other) and (one == short(one) or other == short(other))
