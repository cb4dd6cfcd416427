"""Which network a cluster gets: a fixed one for the default name, another free one for others."""

from collections.abc import Iterable
from ipaddress import IPv4Network
from pathlib import Path

from rehearsal import network
from rehearsal.errors import RehearsalError
from rehearsal.state import State, names
from rehearsal.topology import DEFAULT_NAME, DEFAULT_NETWORK

_OTHERS = tuple(IPv4Network(f"10.125.{third}.0/24") for third in range(27, 100))
_ROUTES = Path("/proc/net/route")


def choose(name: str) -> IPv4Network:
    """A subnet for cluster `name`, which has no network now, that nothing on this machine uses.

    A podman bridge without a network, left by a start that was killed, is removed. A cluster
    made before keeps its subnet. Raises RehearsalError when the default cluster's subnet is
    taken: its addresses stand in the tracked inventory and can't be others.
    """
    _drop_stale_bridges()
    taken = set(_taken(name))
    candidates = (DEFAULT_NETWORK,) if name == DEFAULT_NAME else _candidates(name)
    for subnet in candidates:
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise RehearsalError(
        f"No free network for cluster {name!r}: {candidates[0]} is in use on this machine"
        " (see `ip route` and `podman network ls`); remove what uses it."
    )


def _candidates(name: str) -> tuple[IPv4Network, ...]:
    before = State(name).read()
    return (before[0].network, *_OTHERS) if before else _OTHERS


def _taken(name: str) -> Iterable[IPv4Network]:
    """Subnets of podman, of this machine's routes and of other clusters, running or not."""
    yield from (known.subnet for known in network.networks())
    yield from (route for _, route in parse_routes(_ROUTES.read_text("ascii")))
    for other in names():
        before = State(other).read()
        if other != name and before is not None:
            yield before[0].network


def _drop_stale_bridges() -> None:
    claimed = {known.interface for known in network.networks()}
    for interface, route in parse_routes(_ROUTES.read_text("ascii")):
        ours = route in (DEFAULT_NETWORK, *_OTHERS)
        if ours and interface.startswith("podman") and interface not in claimed:
            network.drop_interface(interface)


def parse_routes(text: str) -> list[tuple[str, IPv4Network]]:
    """Interfaces and destinations in /proc/net/route without the default route.

    >>> header = "Iface\\tDestination\\tGateway\\tFlags\\tRefCnt\\tUse\\tMetric\\tMask"
    >>> parse_routes(header + "\\neth0\\t001A7D0A\\t0\\t1\\t0\\t0\\t0\\t00FFFFFF")
    [('eth0', IPv4Network('10.125.26.0/24'))]
    """
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[i])[::-1]) for i in (1, 7))
        if mask:
            found.append((fields[0], IPv4Network((destination & mask, mask.bit_count()))))
    return found
