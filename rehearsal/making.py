"""Makes the state directory of a cluster: keys, template of the data, files of every node."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal import nodes, podman, state
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.keys import Secrets, ssh_key
from rehearsal.render import icinga, inventory, ssh
from rehearsal.scenario import Scenario
from rehearsal.step import Step

_REFUSED = 3
"""Exit status of `rehearsal.inside.prepare`, which says it."""
_TREE = Path(__file__).resolve().parent


def make(place: state.State, asked: state.Asked, image: str) -> None:
    """Fill an empty state directory for `asked`; the record of it is written last."""
    step, topology = asked.step, asked.topology
    scenario = asked.start()
    drawn = step.draw(asked.seed, scenario.for_settings(asked.overrides))
    settings = {**drawn, "cluster": asked.name}
    place.start_anew()
    prepare_data(place, asked, scenario, settings, image)
    plan = nodes.Plan(
        step=step,
        base=asked.base,
        login=asked.login,
        topology=topology,
        scenario=scenario,
        settings=settings,
        secrets=Secrets.make(),
        controller_key=ssh_key(place.ssh, "id_ed25519", f"controller of {asked.name}"),
        cluster_key=ssh_key(place.template / "keys", "cluster", f"root of {asked.name}"),
        host_keys={
            node.name: ssh_key(place.template / "keys", node.short, node.name)
            for node in topology.nodes
        },
        made=place.template / "keys",
    )
    write_controller_files(place, plan)
    for node in topology.nodes:
        nodes.write(plan, node, place.node(node.short))
    place.write(asked, image)


def prepare_data(
    place: state.State,
    asked: state.Asked,
    scenario: Scenario,
    settings: Mapping[str, Any],
    image: str,
) -> None:
    """Run `rehearsal.inside.prepare` in a container: repositories, database, certificates."""
    step, topology = asked.step, asked.topology
    request = {
        "asked": asked.as_json(),
        "twin": asked.twin.as_json() if asked.twin else None,
        "cib": nodes.first_cib(topology, asked.base, scenario),
        "settings": settings,
        "voting": topology.voting is not None,
        "icinga": icinga.files(topology, settings["passwords"]),
    }
    (place.template / "request.json").write_text(json.dumps(request), encoding="utf-8")
    try:
        podman.podman(
            "run",
            "--rm",
            "--network",
            "none",
            *podman.limits(),
            "--label",
            f"{podman.LABEL}={place.name}",
            "--volume",
            f"{place.template}:/prepare",
            *_trees(step),
            "--env",
            "PYTHONPATH=/tree",
            "--env",
            "PYTHONDONTWRITEBYTECODE=1",
            "--workdir",
            "/",
            image,
            "python3",
            "-m",
            "rehearsal.inside.prepare",
            timeout=300,
        )
    except CommandError as failed:
        if failed.returncode == _REFUSED:
            raise RehearsalError(
                f"Pacemaker does not take this configuration: {failed.output.strip()[-600:]}"
            ) from failed
        raise RehearsalError(f"The cluster's data could not be prepared: {failed}") from failed


def _trees(step: Step) -> list[str]:
    """Options that mount this tree, and the step's where it lies elsewhere, below /tree."""
    trees = {"rehearsal": _TREE}
    if not step.folder.is_relative_to(_TREE):
        trees[step.package.replace(".", "/")] = step.folder
    return [word for at, tree in trees.items() for word in ("--volume", f"{tree}:/tree/{at}:ro")]


def write_controller_files(place: state.State, plan: nodes.Plan) -> None:
    """ssh configuration, known host keys and inventory."""
    public = {name: key.public for name, key in plan.host_keys.items()}
    known = ssh.known_hosts(plan.topology, public)
    (place.ssh / "known_hosts").write_text(known, encoding="ascii")
    config = place.ssh / "config"
    config.write_text(ssh.client_config(plan.topology, place.ssh, plan.login), encoding="ascii")
    text = inventory.inventory(plan.topology, config, plan.step.inventory, plan.login)
    place.inventory.write_text(text, encoding="utf-8")
