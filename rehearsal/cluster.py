"""The rehearsal cluster for other code: `up`, `reset`, `save`, `load`, `down`."""

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

from rehearsal import (
    addresses,
    bases,
    host,
    image,
    limits,
    logins,
    making,
    network,
    nodes,
    podman,
    saved,
    waiting,
)
from rehearsal import step as steps
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.known import all_run, base_of, check_name, existing, login_of, step_of
from rehearsal.like import making as twins
from rehearsal.like.twin import NAME as TWIN
from rehearsal.like.twin import Twin
from rehearsal.like.wanting import missing_lines
from rehearsal.network import Network
from rehearsal.standins.settings import SettingsError
from rehearsal.starting import or_diagnosis, start_nodes
from rehearsal.state import Asked, State, locked, machine_lock
from rehearsal.topology import (
    DEFAULT_COUNTS,
    DEFAULT_NAME,
    Role,
    parse_counts,
)

Say = Callable[[str], None]
Nodes = Mapping[Role, int] | str


def up(
    name: str = DEFAULT_NAME,
    scenario: str | None = None,
    seed: int | None = None,
    nodes: Nodes | None = None,
    settings: Mapping[str, Any] | None = None,
    say: Say = print,
    *,
    step: str | None = None,
    base: str | None = None,
    login: str | None = None,
    made_from: str | None = None,
    twin: Twin | None = None,
    fresh: bool = False,
) -> bool:
    """Have a ready cluster; returns False when it was there already and nothing was changed.

    What is not given is the default (the step's first scenario, a random seed, 3 + 1 + 1 nodes),
    and matches whatever a running cluster has. `settings` overrides what is drawn from the seed
    (keys: see standins/README.md and the step's). `step` is the package of a version step,
    `base` the name of a base (`rehearsal.bases`), `login` the user as whom the controller logs in;
    a cluster that is there keeps its own. `made_from` is the image that the base is made of;
    without it any of the same inputs is taken (`rehearsal.image.ensure`). A `twin` decides nodes
    and start by itself, and the login where none is given. `fresh`: it is made anew in any case.
    Leftovers of the same name are replaced. Raises RehearsalError.
    """
    check_name(name)
    if fresh:
        if twin is not None:  # what is there goes only for one that can be made
            anew = bases.DEFAULT if base is None else bases.find(base)
            twins.prove(steps.load(step or steps.DEFAULT), twin, anew, twins.login(twin), 0)
        down(name, say=say)
    counts = parse_counts(nodes) if isinstance(nodes, str) else nodes
    chosen_step = step_of(name) if step is None else steps.load(step)
    chosen_base = base_of(name) if base is None else bases.find(base)
    chosen_login = login_of(name) if login is None else logins.checked(login)
    chosen = _checked(chosen_step, scenario, settings)
    chosen_seed = secrets.randbelow(10**6) if seed is None else seed
    if twin is not None:
        counts, chosen_login, chosen = twin.snapshot.counts, login or twins.login(twin), TWIN
        twins.prove(chosen_step, twin, chosen_base, chosen_login, chosen_seed)
    host.prepare()
    with locked(name):
        if not podman.containers(name):  # those of a cluster that is there make room when they go
            limits.make_room(counts or DEFAULT_COUNTS)
        place = State(name)
        kept = _image(place)
        reference = image.ensure(chosen_step, say, chosen_base, made_from, kept)
        if chosen_login == login_of(name) and _is_as_wanted(
            place, reference, scenario, seed, counts, settings, twin
        ):
            say(f"cluster {name!r} is up already and healthy; nothing changed")
            _tell(place, say)
            return False
        _remove_running(name)
        made = _make_network(name)
        asked = Asked(
            name,
            chosen,
            chosen_seed,
            counts or DEFAULT_COUNTS,
            made.subnet,
            dict(settings or {}),
            chosen_step.package,
            chosen_base.name,
            chosen_login,
            twin,
        )
        for line in missing_lines(asked.start().missing):
            say(line)
        saved.remove_images(name)
        making.make(place, asked, reference)
        _start(place, asked, reference, made)
        _tell(place, say)
        return True


def reset(
    name: str = DEFAULT_NAME,
    scenario: str | None = None,
    seed: int | None = None,
    settings: Mapping[str, Any] | None = None,
    say: Say = print,
) -> None:
    """Put a cluster back to its start: same step, base and topology; seed, scenario, settings
    unless given.

    Raises RehearsalError when there is no such cluster.
    """
    check_name(name)
    step = step_of(name)
    _checked(step, scenario, settings)
    host.prepare()
    with locked(name):
        place = State(name)
        before = place.read()
        if before is None:
            raise RehearsalError(
                f"There is no cluster {name!r} to reset; `python -m rehearsal up` makes one."
            )
        old, old_image = before
        reference = image.ensure(step, say, old.base, kept=old_image)
        asked = dataclasses.replace(
            old,
            scenario=scenario or old.scenario,
            seed=old.seed if seed is None else seed,
            overrides=old.overrides if settings is None else dict(settings),
            twin=old.twin if scenario is None else None,
        )
        _remove_running(name)
        if (asked, reference) != (old, old_image):
            saved.remove_images(name)
            making.make(place, asked, reference)
        _start(place, asked, reference, _make_network(name, asked.network))
        _tell(place, say)


def down(name: str = DEFAULT_NAME, *, images: bool = False, say: Say = print) -> None:
    """Remove containers, network and state of a cluster; with `images`, the node images too."""
    check_name(name)
    host.require_root()
    with locked(name):
        if podman.is_installed():
            _remove_running(name)
            saved.remove_images(name)
        State(name).remove()
        if images and podman.is_installed():
            for kept in image.remove_all():
                say(f"{kept} stays: another cluster uses it")
    say(f"cluster {name!r} is gone")


def save(name: str, label: str, say: Say = print) -> None:
    """Keep the state of a cluster in good order under a label; it comes back up as it was.

    One of that label from before is replaced. Raises RehearsalError when a node is off.
    """
    saved.check_label(label)
    with locked(name):
        place, asked = existing(name)
        if not all_run(asked.topology):
            raise RehearsalError(f"Not every node of cluster {name!r} runs; start them, then save.")
        saved.take(place, asked.topology, label)
        _load(place, asked, label)
    say(f"cluster {name!r} is saved as {label!r}")


def load(name: str, label: str, say: Say = print) -> None:
    """Put a cluster into a saved state, whatever has become of it. Raises RehearsalError."""
    saved.check_label(label)
    with locked(name):
        place, asked = existing(name)
        saved.read(place, label)  # before anything is taken down
        _load(place, asked, label)
    say(f"cluster {name!r} is as it was saved in {label!r}")


def _load(place: State, asked: Asked, label: str) -> None:
    _remove_running(asked.name)
    saved.bring_back(place, asked.topology, label, _make_network(asked.name, asked.network))


def _image(place: State) -> str | None:
    """The node image that the cluster is made of."""
    before = place.read()
    return None if before is None else before[1]


def _checked(step: steps.Step, scenario: str | None, settings: Mapping[str, Any] | None) -> str:
    """The scenario's name; raises UsageError for a scenario or setting that there is not."""
    found = step.scenario(scenario)
    try:
        step.draw(0, found.for_settings(settings))
    except SettingsError as error:
        raise UsageError(f"--set: {error}") from error
    return found.name


def _make_network(name: str, subnet: IPv4Network | None = None) -> Network:
    """Make the cluster's network, on `subnet` or on one that is free now.

    The lock keeps two clusters that start at once from choosing the same.
    """
    with machine_lock():
        chosen = subnet or addresses.choose(name)
        return network.create(name, chosen)


def _is_as_wanted(
    place: State,
    reference: str,
    scenario: str | None,
    seed: int | None,
    counts: Mapping[Role, int] | None,
    settings: Mapping[str, Any] | None,
    twin: Twin | None,
) -> bool:
    before = place.read()
    if before is None:
        return False
    asked, old_image = before
    same = (
        old_image == reference
        and scenario in (None, asked.scenario)
        and seed in (None, asked.seed)
        and (counts is None or counts == asked.counts)
        and (settings is None or settings == asked.overrides)
        and twin in (None, asked.twin)
    )
    if not same or not all_run(asked.topology):
        return False
    return waiting.missing(asked.topology, twins.running(asked.twin)) is None


def _remove_running(name: str) -> None:
    """Remove containers and networks of a cluster, complete or not."""
    podman.remove_containers(podman.containers(name))
    network.remove_all(name)


def _start(place: State, asked: Asked, reference: str, made: Network) -> None:
    found = asked.topology
    place.restore()
    if asked.twin is not None:
        saved.place_at(place, found, twins.homes(asked.twin, found))
    start_nodes(place, found, made, lambda _: reference)
    running = twins.running(asked.twin)
    or_diagnosis(place, found, lambda: waiting.until_ready(found, running=running))
    waiting.forget_fencing(found)
    if asked.twin is not None:
        saved.free(place, found)
    for command in asked.start().after_start:
        for node in found.nodes:
            if nodes.applies(command, node):
                podman.execute(waiting.container_name(found, node), command.argv, timeout=120)


def _tell(place: State, say: Say) -> None:
    before = place.read()
    if before is None:
        raise RehearsalError(f"{place.directory} has no record of what was made")
    asked = before[0]
    what = asked.twin.about() if asked.twin else f"scenario {asked.scenario}"
    made_of = f"base {asked.base_name}, {what}, seed {asked.seed}"
    say(f"{made_of}, network {asked.network}")
    say(f"inventory: {place.inventory}")
