"""`drbdsetup`, `drbdadm` and `drbdmon` of the rehearsal: they answer. What changes something takes
the fault away that it heals."""

from __future__ import annotations

import json
import sys

from neteye_standin import drbd_state, drbd_text, faults
from neteye_standin.context import ContextError, load_cluster
from neteye_standin.context import load as load_context
from neteye_standin.drbd_state import Resource

NO_SUCH_RESOURCE = 10  # exit status of drbdsetup for a resource that is not up
USAGE = 20
_HEALS = {"attach": ("disk-state",), "adjust": ("disk-state", "alone", "connections")}
"""What a command of drbdadm brings back: the faults that it takes away."""


def _observe(names: list[str]) -> tuple[list[Resource], list[str]]:
    """The resources of these names (all when empty or "all"), and the names not found."""
    context = load_context()
    resources = drbd_state.observe(load_cluster(), context.me)
    wanted = [name for name in names if name != "all"]
    if not wanted:
        return resources, []
    missing = [name for name in wanted if name not in {r.name for r in resources}]
    return [r for r in resources if r.name in wanted], missing


def _unsupported(tool: str, argv: list[str]) -> int:
    shown = " ".join(argv) or "(nothing)"
    print(f"{tool}: stand-in of a rehearsal, has no '{shown}'", file=sys.stderr)
    return USAGE


def _status(names: list[str], *, as_json: bool) -> int:
    resources, missing = _observe(names)
    for name in missing:
        print(f"{name}: No such resource", file=sys.stderr)
    if missing:
        return NO_SUCH_RESOURCE
    if as_json:
        print(json.dumps(drbd_text.status_json(resources), indent=1))
    elif resources:
        print(drbd_text.status_text(resources), end="")
    else:
        print("# No currently configured DRBD found.")
    return 0


def drbdsetup(argv: list[str]) -> int:
    """`status [--json] [NAME]` and `events2 --now [--statistics] [NAME]`."""
    names = [word for word in argv[1:] if not word.startswith("-")]
    if argv[:1] == ["status"]:
        return _status(names, as_json="--json" in argv)
    if argv[:1] == ["events2"] and "--now" in argv:
        resources, _ = _observe(names)
        print(drbd_text.events(resources, statistics="--statistics" in argv), end="")
        return 0
    return _unsupported("drbdsetup", argv)


def drbdadm(argv: list[str]) -> int:
    """`status [NAME]`, `sh-resources`, `role|dstate|cstate NAME`, and `attach|adjust NAME`."""
    names = argv[1:]
    if argv[:1] == ["status"]:
        return _status(names, as_json=False)
    if argv[:1] == ["sh-resources"]:
        resources, _ = _observe([])
        print(" ".join(resource.name for resource in resources))
        return 0
    if argv[:1] in (["role"], ["dstate"], ["cstate"]) and names:
        resources, missing = _observe(names)
        for resource in resources:
            print(_one_word(argv[0], resource))
        return NO_SUCH_RESOURCE if missing else 0
    if argv and argv[0] in _HEALS and len(names) == 1:
        _, missing = _observe(names)
        if missing:
            return NO_SUCH_RESOURCE
        faults.healed("drbd", names[0], _HEALS[argv[0]])
        return 0
    return _unsupported("drbdadm", argv)


def _one_word(what: str, resource: Resource) -> str:
    if what == "role":
        return resource.role
    if what == "dstate":
        return "/".join([resource.disk, *(peer.disk for peer in resource.peers)])
    return "\n".join(peer.connection for peer in resource.peers)


def drbdmon(_argv: list[str]) -> int:
    """The real one is interactive; this prints the present state once."""
    return _status([], as_json=False)


def main(tool: str, argv: list[str]) -> int:
    """One of the three tools."""
    tools = {"drbdsetup": drbdsetup, "drbdadm": drbdadm, "drbdmon": drbdmon}
    try:
        return tools[tool](argv)
    except ContextError as error:
        print(f"{tool}: {error}", file=sys.stderr)
        return USAGE
