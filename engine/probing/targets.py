"""Which services are asked, and on which ways: the runbook's own, changed by the inventory."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.probe import Manner, Probes, Service, Target, Way


def targets_of(
    services: Iterable[Service], probes: Probes, *, address: str, name: str, active: str
) -> tuple[Target, ...]:
    """The targets in the services' order, then the inventory's own.

    `address` and `name` are the cluster's (`ClusterIp` and `Hostname` of `/etc/neteye-cluster`),
    `active` is N: a service that is not reached directly is asked through its ssh connection.
    """
    if not probes.wanted:
        return ()
    named = {target.name: target for target in probes.targets}
    own = [
        named.get(service.name) or Target(service.name, _ways(service, address, name, active))
        for service in services
    ]
    known = {target.name for target in own}
    return (*own, *(target for target in probes.targets if target.name not in known))


def _ways(service: Service, address: str, name: str, active: str) -> tuple[Way, ...]:
    if Manner.DATABASE in dict(service.manners):
        return (Way(Manner.DATABASE, through=active),)
    host = service.host or address
    # a name of the cluster's own is known to its nodes only
    throughs = (active,) if service.host else ("", active)
    return tuple(
        Way(manner, host, port, service.path, name="" if service.host else name, through=through)
        for through in throughs
        for manner, port in service.manners
        # asked through N, nobody can tell who has the address
        if not (through and manner is Manner.ADDRESS)
    )
