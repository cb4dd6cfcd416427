"""What is on record of a cluster, by its name: what it was made from, where it can be reached."""

from rehearsal import bases, logins, podman, waiting
from rehearsal import step as steps
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.render.inventory import inventory
from rehearsal.state import Asked, State
from rehearsal.topology import DEFAULT_COUNTS, DEFAULT_NAME, DEFAULT_NETWORK, Topology, build


def check_name(name: str) -> None:
    """UsageError when a cluster can't be called so."""
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    if not name or not set(name) <= allowed or not name[0].isalpha() or len(name) > 20:
        raise UsageError(
            f"--name {name!r}: a cluster's name is up to 20 small letters, digits and `-`,"
            " a letter first"
        )


def existing(name: str) -> tuple[State, Asked]:
    """Where a cluster that was made lies, and what was asked for; RehearsalError: there is none."""
    check_name(name)
    place = State(name)
    before = place.read()
    if before is None:
        raise RehearsalError(f"There is no cluster {name!r}; `python -m rehearsal up` makes one.")
    return place, before[0]


def step_of(name: str) -> steps.Step:
    """The step of the cluster of that name; the default one where there is no cluster."""
    before = State(name).read()
    return steps.load() if before is None else before[0].step


def base_of(name: str) -> bases.Base:
    """The base of the cluster of that name; the default one where there is no cluster."""
    before = State(name).read()
    return bases.DEFAULT if before is None else before[0].base


def login_of(name: str) -> str:
    """As whom one logs in to the cluster of that name; as root where there is no cluster."""
    before = State(name).read()
    return logins.ROOT if before is None else before[0].login


def is_running(name: str = DEFAULT_NAME) -> bool:
    """Whether every node of the cluster runs (healthy or not)."""
    before = State(name).read()
    return before is not None and all_run(before[0].topology)


def inventory_text(name: str = DEFAULT_NAME) -> str:
    """The inventory of the cluster; of the default one also when it was never made."""
    step = step_of(name)
    if name == DEFAULT_NAME and State(name).read() is None:
        made = build(name, DEFAULT_COUNTS, DEFAULT_NETWORK, step.services)
    else:
        made = topology(name)
    return inventory(made, State(name).ssh / "config", step.inventory, login_of(name))


def topology(name: str = DEFAULT_NAME) -> Topology:
    """Nodes and addresses of a cluster that was made; raises RehearsalError when there is none."""
    return existing(name)[1].topology


def all_run(topology: Topology) -> bool:
    """Whether the container of each node runs."""
    present = podman.containers(topology.name)
    names = [waiting.container_name(topology, node) for node in topology.nodes]
    return all(name in present and present[name].is_running for name in names)
