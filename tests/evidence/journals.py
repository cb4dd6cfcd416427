"""Journals of attempts, made up: events as a run writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.queries.pacemaker import STATUS
from engine.record.evidence import as_data
from engine.verify import GENESIS, digest
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


def collected_for(name: str, *rows: str) -> dict[str, Any]:
    """A run of one step, which serves these rows."""
    one = {"name": name, "of": name, "node": None, "intent": "", "nodeid": "x", "guide": [*rows]}
    return event("steps", 0.5, steps=[one])


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


def watched(
    begin: float, end: float, target: str, way: str = "http://192.0.2.10:80/"
) -> list[dict[str, Any]]:
    """A service that is asked meanwhile, and does not answer for two seconds."""
    gap = {
        "target": target,
        "since": event("x", begin + 3)["time"],
        "why": "Connection refused",
        "unseen": False,
    }
    return [
        event("probing", begin, target=target, state="began", ways=[way]),
        event("probing", begin, target=target, state="answers", way=way),
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


def machines(*nodes: str, machine_id: str = "a" * 32) -> dict[str, Any]:
    """Which machines answered, these or both."""
    told = {name: {"machine_id": machine_id, "hostname": name} for name in nodes or (N, SECOND)}
    return event("machines", 1, step="", machines=told)


def witnessed(*nodes: str) -> list[dict[str, Any]]:
    """A run that had the cluster has given its heads to these nodes, or both."""
    told = {"line": 7, "head": "c" * 64, "nodes": list(nodes or (N, SECOND)), "missing": {}}
    moments = ("begun", "no-return", "ended")
    return [
        event("lock-taken", 1, generation=1),
        *(event("witnessed", 1, step="", moment=moment, **told) for moment in moments),
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


FIRST, SECOND_RUN, LATER = (f"2026110{n}T000000Z-neteye-000{n}" for n in (1, 2, 3))
PHASES = (
    *("preflight.versions", "preflight.other", "update.run", "again.space", "upgrade.run[1]"),
    *("verification.two", "reactivation.normal", "closing.time", "closing.state"),
)


def status(seconds: float, step_name: str = "preflight.other") -> dict[str, Any]:
    """An answer to the question for the cluster's status: a look."""
    return asked(seconds, step=step_name, question=STATUS.name)


def lasting(seconds: float, other: float | None, node: str = "", state: str = "") -> dict[str, Any]:
    """Somebody is seen in standby for the first time, or no more; without a node: fencing."""
    before = event("x", other)["time"] if other is not None else None
    kind, of_node = ("standby", {"node": node}) if node else ("fencing", {})
    return event(kind, seconds, **of_node, state=state, other=before)


def citing(seconds: float, text: str, step_name: str) -> dict[str, Any]:
    """A long answer whose file has the name that every run's first one has."""
    output = {
        "text": text[:10],
        "size": len(text),
        "sha256": digest(text.encode()),
        "file": "outputs/0001-answer.txt",
    }
    return asked(seconds, step=step_name, question="something long", output=output)


def planned() -> dict[str, Any]:
    told = collected()
    return {
        **told,
        "steps": [
            {
                **told["steps"][0],
                "name": name,
                "of": name.split("[")[0],
                "intent": "",
                "guide": ["G01"] if name == PHASES[0] else [],
            }
            for name in PHASES
        ],
    }


def of_run(run: str, events: Iterable[dict[str, Any]], later: float = 0.0) -> list[dict[str, Any]]:
    """Events of one run, numbered, `later` seconds after what they say."""
    moved = []
    for number, one in enumerate(events, start=1):
        when = (datetime.fromisoformat(one["time"]) + timedelta(seconds=later)).isoformat()
        told = {**one, "run": run, "seq": number, "time": when.replace("+00:00", "Z")}
        if told.get("other"):
            other = datetime.fromisoformat(told["other"]) + timedelta(seconds=later)
            told["other"] = other.isoformat().replace("+00:00", "Z")
        moved.append(told)
    return moved


def row(seconds: float, step_name: str, reason: str, state: str = "fulfilled") -> dict[str, Any]:
    return event("row", seconds, step=step_name, row="G01", state=state, reason=reason)


def interrupted() -> list[dict[str, Any]]:
    """The first run of an attempt: stopped by a signal in the middle of the upgrade."""
    upgrade = kit.intent(
        "upgrade.run[1]",
        detached="upgrade-1",
        what="neteye upgrade",
        command="neteye upgrade",
        opens=[
            {"kind": "fencing", "subject": "cluster", "former": "enabled"},
            {"kind": "standby", "subject": SECOND, "former": "active"},
        ],
    )
    upgrade["time"] = event("x", 100)["time"]
    return [
        started(guide={"G01": GUIDE["G01"]}),
        planned(),
        status(1),
        *step("preflight.versions", 2, 5),
        row(3, "preflight.versions", "neteye01 4.25; position: not started"),
        *step("preflight.other", 5, 9, "not applicable"),
        event("attempt-opened", 10, attempt=FIRST),
        citing(12, "what the first run saw" * 3, "preflight.other"),
        *step("preflight.other", 5, 13),
        *step("again.space", 80, 90),
        status(95),
        step("upgrade.run[1]", 99, 999)[0],
        upgrade,
        lasting(130, 124, state="off"),
        lasting(136, 130, SECOND, "entered"),
        event("stopped", 199, outcome="interrupted", exit_code=2, reason="SIGTERM", what_to_do=""),
        status(200, "closing.state"),
        event("run-ended", 201, outcome="interrupted", exit_code=2),
    ]


def finished() -> list[dict[str, Any]]:
    """The second run, 1000 seconds later, from elsewhere: it follows the upgrade to its end."""
    closes = [["fencing", "cluster"], ["standby", SECOND]]
    ended = kit.result("upgrade.run[1]", seconds=900.0, reason="")
    ended["time"] = event("x", 30)["time"]
    back = kit.intent("reactivation.normal", what="unstandby", command="pcs node unstandby")
    back["time"] = event("x", 60)["time"]
    done = kit.result("reactivation.normal", seconds=4.0, reason="", closes=closes)
    done["time"] = event("x", 64)["time"]
    missing: list[dict[str, Any]] = []
    followed = kit.intent("upgrade.run[1]", detached="upgrade-1", what="neteye upgrade")
    followed["time"] = event("x", 21)["time"]
    return [
        started(guide={"G01": GUIDE["G01"]}, host="desk"),
        planned(),
        event("outputs-fetched", 1, step="", of=FIRST, files=1, missing=missing),
        *step("preflight.versions", 2, 5),
        row(3, "preflight.versions", "neteye01 4.26; position: upgrade under way"),
        *step("preflight.other", 5, 9, "not needed"),
        citing(12, "what the second run saw" * 3, "preflight.other"),
        *step("again.space", 14, 15, "failed"),
        followed,
        ended,
        *step("upgrade.run[1]", 20, 31),
        *step("verification.two", 35, 40),
        status(55, "reactivation.normal"),
        back,
        done,
        status(65, "reactivation.normal"),
        lasting(65, 55, SECOND, "left"),
        lasting(65, 55, state="on"),
        *step("reactivation.normal", 58, 70),
        event(
            "fact", 72, step="closing.time", name="time-taken",
            since=event("x", 0)["time"], until=event("x", 1072)["time"],
        ),
        *step("closing.time", 71, 73),
        event("attempt-closed", 75, attempt=FIRST, by="done"),
        *step("closing.state", 75, 76),
        event("run-ended", 77, outcome="done", exit_code=0),
    ]  # fmt: skip


def afterwards() -> list[dict[str, Any]]:
    """The third run, two days later: everything is done, it only looks."""
    two = [{"why": "N has not got it", "files": ["0001-answer.txt"]}]
    return [
        started(guide={"G01": GUIDE["G01"]}, host="desk"),
        planned(),
        event("outputs-fetched", 1, step="", of=FIRST, files=1, missing=[]),
        event("outputs-fetched", 1, step="", of=SECOND_RUN, files=0, missing=two),
        status(1),
        *step("preflight.versions", 2, 5, "failed"),
        row(3, "preflight.versions", "neteye01 4.26; position: closed"),
        *step("preflight.other", 5, 9),
        citing(12, "what the third run saw" * 3, "preflight.other"),
        *step("verification.two", 10, 11, "not needed"),
        *step("closing.state", 12, 13),
        event("run-ended", 13, outcome="done", exit_code=0),
    ]


def several() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """An attempt of two runs, and a run after its end: the events of the two, those of the last."""
    two = [*of_run(FIRST, interrupted()), *of_run(SECOND_RUN, finished(), 1000)]
    return two, of_run(LATER, afterwards(), 200_000)


def chained(events: Iterable[Mapping[str, Any]]) -> bytes:
    """The journal of these events, each line with the hash of the line before."""
    head, lines = GENESIS, []
    for one in events:
        lines.append(json.dumps({**one, "prev": head}, ensure_ascii=False).encode())
        head = digest(lines[-1])
    return b"".join(line + b"\n" for line in lines)
