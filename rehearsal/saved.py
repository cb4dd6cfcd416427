"""Saved states of a cluster: file systems of all nodes and the shared data, taken at rest.

The nodes are shut down in good order, then each one's file system becomes an image, and data,
repositories and what the cluster had reached are kept below `saved/LABEL/`. A loaded cluster comes
up by itself, as real nodes do after a shutdown of all; clocks go on. Pacemaker would choose anew
where resources run. So `placement.json` tells `boot.py`, which puts constraints into the cluster's
configuration before pacemaker reads it; they are taken out again when all of it runs.
"""

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from rehearsal import podman, waiting
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.network import Network
from rehearsal.reached import Reached, reached
from rehearsal.run import run, wait_for
from rehearsal.starting import or_diagnosis, start_nodes
from rehearsal.state import State, machine_lock
from rehearsal.topology import Topology

_REPOSITORY = "localhost/neteye-rehearsal-saved"
_RECORD = "reached.json"
_PLACEMENT = "placement.json"
CONSTRAINT = "rehearsal-loaded-"
"""How the ids of the passing constraints begin; `boot.py` has the same."""
_STOP_SECONDS = 60
_SETTLE_SECONDS = 120.0


def check_label(label: str) -> None:
    """UsageError when a state can't be called so."""
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    if not label or not set(label) <= allowed or not label[0].isalpha() or len(label) > 30:
        raise UsageError(
            f"{label!r}: a saved state's label is up to 30 small letters, digits and `-`, a letter"
            " first"
        )


def labels(place: State) -> list[str]:
    """The saved states that are complete, by name."""
    return sorted(record.parent.name for record in place.saved.glob(f"*/{_RECORD}"))


def take(place: State, found: Topology, label: str) -> None:
    """Shut all nodes down and keep their state. The cluster is off afterwards."""
    now = settled(found)
    _shut_down(found)
    directory = place.saved / label
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(_commit, found, label, node.short) for node in found.nodes]:
            future.result()
    for live in (place.shared, place.repositories):
        run(["cp", "-a", "--sparse=always", live, directory / live.name], timeout=120)
    record = directory / _RECORD
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps(now.as_json(), indent=1), encoding="utf-8")
    fresh.replace(record)  # last: half a state must not look complete


def bring_back(place: State, found: Topology, label: str, made: Network) -> None:
    """Start the nodes of a saved state and wait until it has reached the same again.

    No container of the cluster may be left. Raises RehearsalError when there is no such state.
    """
    wanted = read(place, label)
    place.restore(place.saved / label)
    place_at(place, found, wanted.homes)
    start_nodes(place, found, made, lambda node: image(found.name, label, node.short))

    def lacks() -> str | None:
        lacking = waiting.missing_but_resources(found)
        if lacking is not None:
            waiting.refuse_ended(found)
        return lacking or _lacks(found, wanted)

    what = f"cluster {found.name!r} as saved in {label!r}"
    or_diagnosis(place, found, lambda: wait_for(what, lacks, seconds=waiting.patience(found)))
    waiting.forget_fencing(found)
    free(place, found)


def read(place: State, label: str) -> Reached:
    """What the cluster had reached when the state was saved."""
    try:
        text = (place.saved / label / _RECORD).read_text(encoding="utf-8")
    except FileNotFoundError:
        known = ", ".join(labels(place)) or "none"
        raise RehearsalError(
            f"There is no saved state {label!r} of cluster {place.name!r}; there are: {known}."
        ) from None
    return Reached.from_json(json.loads(text))


def remove_images(name: str) -> None:
    """Remove the node images of all saved states of a cluster."""
    shape = ("--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={_REPOSITORY}")
    with machine_lock():  # podman can't list images while one of them is being removed
        for reference in podman.podman("images", *shape).stdout.split():
            if reference.startswith(f"{_REPOSITORY}:{name}."):
                podman.podman("rmi", "--force", reference, check=False, timeout=120)


def image(name: str, label: str, short: str) -> str:
    """Reference of one node's image; none of the three names has a point in it."""
    return f"{_REPOSITORY}:{name}.{label}.{short}"


def settled(found: Topology) -> Reached:
    """What the cluster has reached, seen twice alike: nothing is on its way any more."""
    seen: list[Reached] = []

    def moving() -> str | None:
        seen.append(_look(found))
        return None if len(seen) > 1 and seen[-1] == seen[-2] else "two looks that are alike"

    wait_for(f"cluster {found.name!r} at rest", moving, seconds=_SETTLE_SECONDS, every=1.0)
    return seen[-1]


def _look(found: Topology) -> Reached:
    first = waiting.container_name(found, found.operative[0])
    return reached(podman.execute(first, ["crm_mon", "--output-as=xml"], timeout=30).stdout)


def _lacks(found: Topology, wanted: Reached) -> str | None:
    return _look(found).lacks(wanted)


def _shut_down(found: Topology) -> None:
    """All nodes at once: resources stop, and none moves to a node that goes on."""
    names = [waiting.container_name(found, node) for node in found.nodes]
    words = ("stop", "--time", str(_STOP_SECONDS))
    with ThreadPoolExecutor() as pool:
        for future in [
            pool.submit(podman.podman, *words, name, timeout=_STOP_SECONDS + 30) for name in names
        ]:
            future.result()


def _commit(found: Topology, label: str, short: str) -> None:
    container = waiting.container_name(found, found.find(short))
    reference = image(found.name, label, short)
    podman.podman("commit", "--quiet", container, reference, timeout=180)


def place_at(place: State, found: Topology, homes: Mapping[str, str]) -> None:
    """Have resources start on these nodes when the cluster starts next; `free` ends it."""
    text = json.dumps({f"{CONSTRAINT}{what}": [what, node] for what, node in homes.items()})
    for node in found.operative:
        (place.node(node.short) / _PLACEMENT).write_text(text, encoding="utf-8")


def free(place: State, found: Topology) -> None:
    """Take the passing constraints out; resources stay where they are by their stickiness."""
    for node in found.nodes:
        (place.node(node.short) / _PLACEMENT).unlink(missing_ok=True)
    first = waiting.container_name(found, found.operative[0])
    xpath = f"//rsc_location[starts-with(@id,'{CONSTRAINT}')]"
    podman.execute(first, ["cibadmin", "--delete-all", "--force", "--xpath", xpath], timeout=60)
