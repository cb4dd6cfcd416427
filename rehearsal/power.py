"""The power of one node of a running cluster."""

from rehearsal import known, podman, waiting


def start(name: str, node: str) -> None:
    """Start a node that is off."""
    found = known.topology(name)
    podman.podman("start", waiting.container_name(found, found.find(node)), timeout=60)


def stop(name: str, node: str) -> None:
    """Shut a node down in good order: it leaves the cluster first."""
    found = known.topology(name)
    container = waiting.container_name(found, found.find(node))
    podman.podman("stop", "--time", "60", container, timeout=90)


def kill(name: str, node: str) -> None:
    """Cut a node's power: all of its processes end at once."""
    found = known.topology(name)
    container = waiting.container_name(found, found.find(node))
    podman.podman("kill", "--signal", "KILL", container, timeout=60)
