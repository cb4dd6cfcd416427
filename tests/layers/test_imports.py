"""Who may know whom, read from the imports themselves: nothing is imported to find out.

A folder for each verb, and an order between them; the transport is the only door to nodes, and only
those who ask or act stand at it; the runbook uses the engine, never the other way round.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("engine", "runbook", "rehearsal")


@cache
def modules() -> dict[str, Path]:
    """Module name -> its file."""
    found = {}
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """The modules that this one imports anywhere in it, functions and type checking included."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base]).rstrip(".")
            names |= {_full(base, alias.name) for alias in node.names}
            if base.split(".")[0] not in TOPS:
                names |= {f"{base}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _full(base: str, name: str) -> str:
    full = f"{base}.{name}"
    return full if full in modules() else base


def below(*prefixes: str) -> list[str]:
    """Modules that are, or are below, one of these."""
    return [m for m in modules() if any(m == p or m.startswith(f"{p}.") for p in prefixes)]


def offences(*, who: list[str], allowed: tuple[str, ...]) -> list[str]:
    """Imports within the project by `who` that are not below `allowed`."""
    found = []
    for module in who:
        for name in sorted(imports(module)):
            ours = name.split(".")[0] in TOPS
            if ours and not any(name == a or name.startswith(f"{a}.") for a in allowed):
                found.append(f"{module} imports {name}")
    return found


def test_the_reader_of_imports_sees_something() -> None:
    assert "engine.model.finding" in imports("engine.judge.weighing")
    assert len(modules()) > 100


ORDER = (
    *("model", "parse", "judge", "transport", "queries", "record", "attempt", "prove", "ask"),
    *(
        "act",
        "probing",
        "plan",
        "report",
        "watching",
        "support",
        "discovery",
        "snapshot",
        "run",
        "card",
        "rejudge",
        "cli",
    ),
)
"""The folders of the engine: each may import those before it, and no other."""
ANYWHERE = (
    *("engine.errors", "engine.secrets", "engine.waiting", "engine.atomic", "engine.given_path"),
    "engine.verify",
)
NARROWER = {
    "engine.judge": ("engine.judge", "engine.model", "engine.errors"),
    "engine.transport": ("engine.transport", "engine.model", *ANYWHERE),
    "engine.queries": ("engine.queries", "engine.parse", "engine.model", *ANYWHERE),
    "engine.attempt.remote": (),
    "engine.attempt.detached_scripts": ("engine.attempt.remote",),
    "engine.verify": (),
    "engine.errors": (),
    "engine.secrets": (),
    "rehearsal": ("rehearsal",),
    "runbook": ("runbook", "engine"),
    "runbook.phases": ("runbook.phases", "runbook.cluster", "engine"),
    "runbook.cluster": ("runbook.cluster", "runbook.phases.actions", "engine"),
    "runbook.rehearsing": ("engine",),
}
"""What may import less than that: what is pure, what runs alone, what goes to a node as text."""


def test_the_engine_introduces_its_folders_in_this_order() -> None:
    told = ast.get_docstring(ast.parse(modules()["engine"].read_text())) or ""
    assert tuple(re.findall(r"^    (\w+) ", told, re.MULTILINE)) == ORDER


@pytest.mark.parametrize("folder", ORDER)
def test_a_folder_knows_only_those_before_it(folder: str) -> None:
    before = [f"engine.{name}" for name in ORDER[: ORDER.index(folder) + 1]]
    assert below(f"engine.{folder}"), f"{folder} is gone: take it out of the order"
    assert offences(who=below(f"engine.{folder}"), allowed=(*before, *ANYWHERE)) == []


def test_every_module_of_the_engine_has_its_place() -> None:
    places = (*(f"engine.{name}" for name in ORDER), *ANYWHERE, "engine.__main__")
    assert set(below("engine")) - {"engine"} == set(below(*places))


@pytest.mark.parametrize("layer", NARROWER)
def test_a_layer_knows_only_what_is_below_it(layer: str) -> None:
    assert below(layer), f"{layer} is gone: take it out of the table"
    assert offences(who=below(layer), allowed=NARROWER[layer]) == []


AT_THE_DOOR = ("ask", "act", "attempt", "probing", "support", "discovery", "run")
"""The folders of the engine whose modules may stand at the door to nodes."""


def test_only_those_who_ask_or_act_stand_at_the_door() -> None:
    inside = below("engine.transport")
    outside = [m for m in modules() if m not in inside]
    users = {m for m in outside if any(i.startswith("engine.transport") for i in imports(m))}
    assert {m.split(".")[1] for m in users if m.startswith("engine.")} == set(AT_THE_DOOR)
    # its observation is judged there; no connection is made by it
    assert {m for m in users if not m.startswith("engine.")} == {
        "runbook.phases.test_12_preflight_firewall"
    }


def test_real_connections_are_made_in_one_place() -> None:
    makers = [m for m in modules() if "engine.transport.ssh" in imports(m)]
    assert makers == ["engine.ask.door"]


WRITERS = ("Applier", "RecordsWriter", "ClusterLock", "MachineLock", "SshTransport")


def test_who_judges_again_has_no_way_to_a_node() -> None:
    """It knows nothing that changes a node or keeps a lock."""
    for module in below("engine.rejudge"):
        text = modules()[module].read_text()
        assert [name for name in WRITERS if name in text] == [], module


PROCESSES = {"subprocess", "socket", "urllib.request", "paramiko", "pty", "asyncio.subprocess"}
MAY_RUN = {
    "engine.run.told_command": "runbook_notify_command, on this machine",
    "engine.run.webhook": "posts to the webhook that the inventory names, from this machine",
    "engine.probing.asking": "connects to the services that are asked once a second",
    "engine.prove.signature": "ssh-keygen and ssh-add, on this machine",
    "engine.prove.timestamp": "asks the time stamp authority, from this machine",
    "engine.verify": "ssh-keygen and openssl, on an auditor's machine",
    "engine.attempt.lock": "the holder's host name",
    "engine.run.start": "the name of this host, for the journal",
    "runbook.rehearsing": "starts the rehearsal by its command line",
}


def test_nothing_else_runs_commands_or_opens_sockets() -> None:
    found = {
        module
        for module in below("engine", "runbook")
        if not module.startswith("engine.transport") and imports(module) & PROCESSES
    }
    assert found == set(MAY_RUN)


PURE_FORBIDDEN = {
    "os",
    "time",
    "subprocess",
    "socket",
    "pymysql",
    "pathlib.Path",
    "random",
    "pytest",
}
PURE_EXCEPTIONS = {
    # inventories are read from a file, and name key files
    "engine.parse.inventory_ini": {"pathlib.Path", "os"},
    "engine.parse.inventory_values": {"pathlib.Path", "os"},
    "engine.parse.inventory_lines": {"pathlib.Path"},
    "engine.parse.inventory_settings": {"pathlib.Path"},
    "engine.model.inventory": {"pathlib.Path"},
}


@pytest.mark.parametrize("layer", ["engine.model", "engine.parse", "engine.judge"])
def test_pure_layers_know_no_machine(layer: str) -> None:
    for module in below(layer):
        used = imports(module) & PURE_FORBIDDEN
        assert used <= PURE_EXCEPTIONS.get(module, set()), module


def test_pytest_stays_at_the_edge() -> None:
    edge = {*below("engine.run", "engine.rejudge"), "engine.act.actions"}
    users = {m for m in below("engine") if any(i.split(".")[0] == "pytest" for i in imports(m))}
    assert users <= edge


SUBJECTS = ("runbook.to_4_26.memories", "runbook.to_4_26.glpi", "runbook.to_4_26.httpd")
ASSET_MODULE = (
    *SUBJECTS,
    *(f"runbook.to_4_26.{name}" for name in ("files", "login", "names")),
    *(f"runbook.to_4_26.{name}" for name in ("presence", "settings")),
)
"""What the version step knows of the asset module: it asks with what it is handed, and judges."""
ASKING = (
    *("engine.model", "engine.queries", "engine.errors", "engine.secrets", "engine.parse"),
    *("engine.ask.look", "engine.attempt.remote", "runbook.cluster.masking"),
)


def test_the_asset_module_has_no_steps_neither_acts_nor_judges_a_run() -> None:
    assert offences(who=below(*ASSET_MODULE), allowed=(*ASSET_MODULE, *ASKING)) == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_subjects_of_the_asset_module_know_nothing_of_each_other(subject: str) -> None:
    assert len(below(subject)) > 1
    others = {*below(*SUBJECTS)} - {*below(subject)}
    assert [module for module in below(subject) if imports(module) & others] == []
