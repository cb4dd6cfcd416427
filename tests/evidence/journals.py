"""Journals of attempts, made up: events as a run writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.evidence import as_data
from tests.engine import kit
from tests.engine.kit import SECOND, N, event

GUIDE = {"G01": "the first duty", "G08": "the agents are followed up"}
STEPS = ("preflight.one", "update.run", "upgrade.run[1]", "verification.two", "closing.state")


def started(seconds: float = 0.0, **fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "cluster": "neteye.example.test",
        "environment": "production",
        "mode": "execute",
        "source": "4.25",
        "target": "4.26",
        "operator": "A. Rossi",
        "host": "laptop",
        "change_id": "CHG1",
        "release_notes_read": "A. Rossi, 2026-11-01",
        "fallback": "snapshots of all nodes",
        "nodes": {N: "operative", SECOND: "operative"},
        "window": "2026-11-02T00:00:00Z to 2026-11-02T08:00:00Z",
        "announced": "60 minutes",
        "guide": GUIDE,
        "runbook": "a" * 64,
        "commands": {},
    }
    return event("run-started", seconds, **{**plain, **fields})


def collected() -> dict[str, Any]:
    plain = {"node": None, "guide": ["G01"], "nodeid": "x"}
    return event(
        "steps",
        0.5,
        steps=[
            {"name": name, "of": name.split("[")[0], "intent": f"Purpose of {name}.", **plain}
            for name in STEPS
        ],
    )


def step(name: str, begin: float, end: float, outcome: str = "done", **fields: Any) -> Any:
    """Its two events."""
    begun = event("step-started", begin, step=name, node=None)
    told = {
        "step": name,
        "name": name,
        "node": None,
        "outcome": outcome,
        "guide": ["G01"],
        "started": begun["time"],
        "seconds": end - begin,
        "reason": f"{name} saw it",
        **fields,
    }
    return begun, event("step-ended", end, **told)


def asked(seconds: float, **fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "step": "preflight.one",
        "node": N,
        "question": "the release",
        "command": "cat /etc/neteye-release",
        "code": 0,
        "seconds": 0.1,
        "output": {"text": "NetEye release 4.25"},
    }
    return event("observation", seconds, **{**plain, **fields})


def watched(begin: float, end: float, target: str) -> list[dict[str, Any]]:
    """A service that is asked meanwhile, and does not answer for two seconds."""
    gap = {
        "target": target,
        "since": event("x", begin + 3)["time"],
        "why": "Connection refused",
        "unseen": False,
    }
    return [
        event("probing", begin, target=target, state="began", ways=["http://192.0.2.10:80/"]),
        event("probing", begin, target=target, state="answers", way="http://192.0.2.10:80/"),
        event("service-gap", begin + 3, state="began", **gap),
        event(
            "service-gap",
            begin + 5,
            state="ended",
            until=event("x", begin + 5)["time"],
            seconds=2.0,
            steps=["update.run"],
            **gap,
        ),
        event("probing", end, target=target, state="ended", questions=70),
    ]


def whole() -> list[dict[str, Any]]:
    """An upgrade to its end, with one of everything."""
    update = kit.intent(
        "update.run",
        detached="update-1",
        what="neteye update",
        command="neteye update",
        opens=[{"kind": "fencing", "subject": "cluster", "former": "enabled"}],
    )
    update["time"] = event("x", 20)["time"]
    ended = kit.result("update.run", seconds=30.0, reason="", closes=[["fencing", "cluster"]])
    ended["time"] = event("x", 50)["time"]
    before = {
        "versions": {N: "4.25", SECOND: "4.25"},
        "nodes": {N: "online"},
        "resources": {"httpd": f"Started on {N}", "gone": f"Started on {N}"},
        "cluster": {"fencing": "on"},
    }
    after = {**before, "versions": {N: "4.26", SECOND: "4.26"}, "resources": before["resources"]}
    changes = [{"name": "neteye", "before": "4.25-1", "after": "4.26-1", "nodes": [N, SECOND]}]
    return [
        started(),
        collected(),
        step("preflight.one", 1, 10)[0],
        asked(2),
        asked(3, problem="the connection was lost", code=None, output={}),
        event("finding", 4, step="preflight.one", **as_data(kit.finding())),
        event("row", 5, step="preflight.one", row="G01", state="fulfilled", reason="seen"),
        step("preflight.one", 1, 10)[1],
        event("fact", 11, step="baseline.recorded", name="state-before", **before),
        step("update.run", 19, 51)[0],
        update,
        *watched(19.5, 98, "httpd"),
        event("standby", 25, node=SECOND, state="entered"),
        event("standby", 45, node=SECOND, state="left"),
        ended,
        step("update.run", 19, 51)[1],
        event("fact", 60, step="upgrade.stop[1]", name="conflicts-1", files={N: ["/etc/x.rpmnew"]}),
        event(
            "attachment",
            70,
            step="migration.files[1]",
            name="what changed in /etc/x on neteye01, secrets masked",
            output={"text": "-old\n+new"},
        ),
        *step("verification.two", 80, 90),
        event("notified", 91, occasion="end", problem=""),
        event("fact", 95, step="closing.state", name="state-after", **after),
        event("fact", 96, step="closing.state", name="packages-changed", changes=changes),
        *step("closing.state", 94, 97),
        event("run-ended", 100, outcome="done", exit_code=0),
    ]


def long(count: int, text: str) -> list[dict[str, Any]]:
    """The same with that many questions more."""
    events = whole()
    more: Iterable[dict[str, Any]] = (
        asked(5, question=f"question {number}", output={"text": text}) for number in range(count)
    )
    return [*events[:4], *more, *events[4:]]
