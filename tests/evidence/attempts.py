"""A made-up attempt of five nodes, as long as real ones are: some hundred steps a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.queries.pacemaker import STATUS
from engine.record.documents import differences
from engine.record.outputs import excerpt
from engine.verify import digest
from tests.engine import kit
from tests.engine.kit import SECOND, THIRD, N, event
from tests.evidence.journals import of_run, started

NODES = (N, SECOND, THIRD, kit.ELASTIC, kit.VOTING)
STATUS_XML = (Path(__file__).parents[1] / "data" / "captured" / "healthy.crm_mon.xml").read_text()
CHECKS = (
    *("reachable", "machines", "environment", "roles", "access", "versions", "records"),
    *("governance", "modules", "sameness", "repository", "updates", "space", "clocks"),
    *("capacity_of_n", "constraints", "leftovers", "kernels", "commands", "health", "normal"),
    *("firewall", "needs", "servers", "values", "passwords", "receivers", "programs"),
)
VERIFIED = ("command", "versions", "leftovers", "mid_upgrade", "files", "server", "proof", "done")
ROUNDS = range(1, 6)


def names() -> list[tuple[str, str | None]]:
    """Name and node of each step, in running order."""
    found: list[tuple[str, str | None]] = [(f"preflight.{name}", None) for name in CHECKS]
    found += [("baseline.recorded", None)]
    found += [(f"update.{name}", None) for name in ("run", "leftovers", "unstandby", "fencing")]
    found += [(f"again.{name}", None) for name in CHECKS[9:18]]
    found += [("backup.proved", None), ("backup.fetched", None), ("upgrade.window", None)]
    for number in ROUNDS:
        found += [(f"upgrade.run[{number}]", None), (f"upgrade.stop[{number}]", None)]
        for what in ("credentials", "files"):
            found += [(f"migration.{what}[{number}][{n}]", n) for n in NODES[:3]]
    found += [(f"verification.{name}", None) for name in VERIFIED]
    found += [(f"reactivation.{name}", None) for name in ("unstandby", "normal", "fencing")]
    found += [(f"failover.moved[{node}]", node) for node in NODES[:3]]
    found += [(f"closing.{name}", None) for name in ("time", "reboot", "attempt", "state")]
    return found


def run(name: str, later: float, until: int = 1000, *, is_last: bool = False) -> list[Any]:
    """One run; it ends without a word behind that many steps."""
    listed = names()
    told: list[dict[str, Any]] = [started(nodes=dict.fromkeys(NODES, "operative"))]
    plain = {"guide": ["G01"], "nodeid": "x"}
    told.append(
        event(
            "steps",
            0.5,
            steps=[
                {
                    **plain,
                    "name": one,
                    "of": one.split("[")[0],
                    "node": node,
                    "intent": f"What {one.split('[')[0]} is for is said in one sentence, so long.",
                }
                for one, node in listed
            ],
        )
    )
    told += states()
    for number, (one, node) in enumerate(listed[:until]):
        told += _step(one, node, 10.0 + number * 30, is_last=is_last)
    if until >= len(listed):
        told.append(event("run-ended", 40.0 + len(listed) * 30, outcome="done", exit_code=0))
    return of_run(name, told, later)


def states() -> list[dict[str, Any]]:
    """Before and after: everything went to N, which stays active."""
    spread = dict(zip((f"service_{n}" for n in range(25)), NODES[1:3] * 13, strict=False))
    names = [*(f"service_{n}" for n in range(25, 30))]
    plain = {
        "nodes": dict.fromkeys(NODES[:3], "online"),
        "cluster": {"fencing": "on", "quorum": "yes", "failed actions": "none"},
    }

    def placed(at: dict[str, str]) -> dict[str, str]:
        return {one: f"Started on {node}" for one, node in at.items()}

    before = {
        "versions": dict.fromkeys(NODES, "4.25"),
        "resources": placed({**spread, **dict.fromkeys(names, N)}),
    }
    after = {
        "versions": dict.fromkeys(NODES, "4.26"),
        "resources": placed(dict.fromkeys([*spread, *names], N)),
    }
    packages = [
        {"name": f"package-{n}", "before": "1.0-1", "after": "2.0-1", "nodes": NODES}
        for n in range(300)
    ]
    return [
        event("position", 1, position="not started", active=N, attempt=None, records="known"),
        event("fact", 2, step="baseline.recorded", name="state-before", **plain, **before),
        *(event("standby", 900, node=n, state="entered", other=None) for n in NODES[1:3]),
        *(event("standby", 1900, node=n, state="left", other=None) for n in NODES[1:3]),
        event("fact", 2000, step="closing.state", name="state-after", **plain, **after),
        event("fact", 2001, step="closing.state", name="packages-changed", changes=packages),
        *(
            event(
                "attachment", 950, step="migration.files[1]", about="configuration",
                name=f"what changed in /etc/httpd/conf.d/{n}.conf on {N}",
                output={"text": "-old\n+new\n" * 20},
            )
            for n in range(6)
        ),
    ]  # fmt: skip


def _step(name: str, node: str | None, when: float, *, is_last: bool) -> Iterator[dict[str, Any]]:
    changes = name.startswith(("update.", "reactivation", "failover")) or "[1]" in name
    idle = any(f"[{number}]" in name for number in (2, 3, 4, 5)) or (is_last and changes)
    begun = event("step-started", when, step=name, node=node)
    yield begun
    if not idle:
        for number, each in enumerate(NODES):
            output = {"text": f"value of {name}"}
            yield event(
                "observation", when + 1 + number / 100, step=name, node=each, question="its value",
                command=f"cat /etc/{name}", code=0, seconds=0.1, output=output,
            )  # fmt: skip
        yield from looks(name, when + 2, 20 if name.endswith(("run", "run[1]")) else 1)
    if changes and not idle:
        what = f"change what {name} is about on the node"
        command = "sh -c 'set -e\ncp -a /etc/one /etc/two\nrestorecon /etc/two' neteye-runbook"
        intent = kit.intent(name, what=what, node=node or N, command=command)
        yield {**intent, "time": event("x", when + 9)["time"]}
        output = {"text": f"{name} is done"}
        result = kit.result(name, node=node or N, seconds=12.5, reason="", output=output)
        yield {**result, "time": event("x", when + 22)["time"]}
    yield event("row", when + 23, step=name, row="G01", state="fulfilled", reason="seen")
    yield event(
        "step-ended", when + 25, step=name, name=name, node=node,
        outcome="not needed" if idle else "done", guide=["G01"], started=begun["time"],
        seconds=25.0, reason="nothing of it was needed" if idle else f"{name} is as it should be",
    )  # fmt: skip


_LOOKS = iter(range(1, 10**9))


def looks(step: str, when: float, count: int) -> Iterator[dict[str, Any]]:
    """Answers of crm_mon, as the run records them: each differs from the one before."""
    for number in range(count):
        seen = when + number * 0.4
        former, text = (status(seen - 0.4, number - 1), status(seen, number))
        output = described(text)
        if number:
            output["unlike"] = {"file": "outputs/none", "lines": differences(former, text) or ""}
        yield event(
            "observation", seen, step=step, node=N, question=STATUS.name,
            command="crm_mon --one-shot --inactive --output-as=xml", code=0, seconds=0.2,
            output=output,
        )  # fmt: skip


def status(when: float, number: int) -> str:
    """The status at a moment: a resource is moved by every fifth look."""
    text = STATUS_XML.replace("23:38:24", event("x", when)["time"][11:19])
    return text.replace("neteye03.neteyelocal", SECOND) if number % 10 >= 5 else text


def described(text: str) -> dict[str, Any]:
    sha256 = digest(text.encode())
    return {
        "text": excerpt(text),
        "size": len(text.encode()),
        "sha256": sha256,
        "file": f"outputs/{next(_LOOKS):04}-{sha256[:8]}.txt",
    }


def four_runs() -> tuple[list[Any], list[Any]]:
    """Killed, stopped, gone on with, and one that only looked: the earlier ones, the last one."""
    earlier = [
        *run("20261102T000000Z-neteye-0001", 0, 40),
        *run("20261102T010000Z-neteye-0002", 3600, 70),
        *run("20261102T030000Z-neteye-0003", 3 * 3600),
    ]
    return earlier, run("20261103T030000Z-neteye-0004", 27 * 3600, is_last=True)
