"""Attempts as long as real ones, made up for the timeline: one run, and four."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.report.audit.timeline.lanes import drawing_of
from engine.report.audit.timeline.shapes import WIDE
from engine.report.audit.timeline.svg import draw
from tests.engine import kit
from tests.engine.kit import ELASTIC, SECOND, THIRD, VOTING, N, event
from tests.evidence.journals import asked, lasting, of_run, started, step, watched

NODES = {
    **dict.fromkeys((N, SECOND, THIRD), "operative"),
    ELASTIC: "elastic_only",
    VOTING: "voting_only",
}
RUNS = tuple(f"2026110{n}T200000Z-neteye.example.test-{n:04}" for n in (2, 3, 4, 5))
SERVICES = ("cluster address", "httpd", "OCS endpoint", "MariaDB", "Elasticsearch")
STEP = "upgrade.run"
MINUTE = 60.0


def begun(**fields: Any) -> dict[str, Any]:
    told = {
        "nodes": NODES,
        "window": "2026-11-02T00:00:00Z to 2026-11-02T03:00:00Z",
        "no_return": STEP,
        **fields,
    }
    return started(**told)


def command(
    name: str, what: str, begin: float, end: float | None, code: int = 0, number: int = 1
) -> list[dict[str, Any]]:
    """A long command on N; without an end its result is another run's, or nobody's."""
    intent = kit.intent(name, number, detached=name, what=what, command=what)
    intent["time"] = event("x", begin)["time"]
    if end is None:
        return [intent]
    outcome = "ok" if code == 0 else "failed"
    result = kit.result(name, number, outcome, code=code, seconds=end - begin, reason="")
    return [intent, {**result, "time": event("x", end)["time"]}]


def gap(target: str, begin: float, seconds: float, *, unseen: bool = False) -> list[dict[str, Any]]:
    since, until = event("x", begin)["time"], event("x", begin + seconds)["time"]
    plain = {"target": target, "since": since, "why": "Connection refused", "unseen": unseen}
    ended = {"until": until, "seconds": seconds, "steps": [f"{STEP}[1]"], **plain}
    return [
        event("service-gap", begin, state="began", **plain),
        event("service-gap", begin + seconds, state="ended", **ended),
    ]


def asking(begin: float, end: float) -> list[dict[str, Any]]:
    return [one for name in SERVICES for one in watched(begin, end, name) if "ways" in one] + [
        event("probing", at, target=name, state=state, way="192.0.2.10", questions=9)
        for name in SERVICES
        for at, state in ((begin + 1, "answers"), (end, "ended"))
    ]


def reach(node: str, begin: float, end: float) -> list[dict[str, Any]]:
    return [
        event("connection", begin, step=f"{STEP}[1]", node=node, state="lost", why="no route"),
        event("connection", end, step=f"{STEP}[1]", node=node, state="back", why=""),
    ]


def phases(*each: tuple[str, float, float]) -> Iterator[dict[str, Any]]:
    for name, begin, end in each:
        yield from step(name, begin * MINUTE, end * MINUTE)


def sorted_by_time(*events: Any) -> list[dict[str, Any]]:
    return sorted(events, key=lambda one: str(one["time"]))


def one_run(**fields: Any) -> list[dict[str, Any]]:
    """Two hours and a half: update, two rounds with a planned stop, 30 minutes past the window."""
    end = 150 * MINUTE
    scattered = [one for n in range(40) for one in gap("Elasticsearch", 70 * MINUTE + 20 * n, 2)]
    return of_run(
        RUNS[0],
        [
            begun(window="2026-11-02T00:02:00Z to 2026-11-02T02:00:00Z", **fields),
            *sorted_by_time(
                *phases(
                    ("preflight.versions", 0.1, 3),
                    ("baseline.recorded", 3, 3.5),
                    ("update.run", 4, 33),
                    ("reactivation.unstandby", 33, 40),
                    ("again.space", 40, 42),
                    ("backup.fetched", 42, 47),
                    (f"{STEP}[1]", 47, 90),
                    ("migration.files[1]", 90, 96),
                    (f"{STEP}[2]", 96, 126),
                    ("verification.packages", 126, 132),
                    ("reactivation.normal", 132, 145),
                    ("closing.state", 145, 149),
                ),
                *command("update.run", "neteye update", 5 * MINUTE, 32 * MINUTE),
                *command(f"{STEP}[1]", "neteye upgrade", 47 * MINUTE, 89 * MINUTE, 2),
                *command(f"{STEP}[2]", "neteye upgrade", 97 * MINUTE, 125 * MINUTE),
                *asking(5 * MINUTE, end - 60),
                *gap("httpd", 50 * MINUTE, 26),
                *gap("httpd", 134 * MINUTE, 9),
                *gap("MariaDB", 51 * MINUTE, 200),
                *gap("cluster address", 60 * MINUTE, 4),
                *gap("OCS endpoint", 50 * MINUTE, 3000, unseen=True),
                *scattered,
                *reach(N, 80 * MINUTE, 84 * MINUTE),
                lasting(6 * MINUTE, 5 * MINUTE, SECOND, "entered"),
                lasting(35 * MINUTE, 34 * MINUTE, SECOND, "left"),
                lasting(6 * MINUTE, 5 * MINUTE, state="off"),
                lasting(38 * MINUTE, 37 * MINUTE, state="on"),
                lasting(49 * MINUTE, 48 * MINUTE, SECOND, "entered"),
                lasting(52 * MINUTE, 51 * MINUTE, THIRD, "entered"),
                lasting(134 * MINUTE, 133 * MINUTE, SECOND, "left"),
                lasting(134 * MINUTE, 133 * MINUTE, THIRD, "left"),
                lasting(49 * MINUTE, 48 * MINUTE, state="off"),
                lasting(144 * MINUTE, 143 * MINUTE, state="on"),
                event(
                    "fact", 90 * MINUTE, step=f"{STEP}[1]", name="conflicts-1",
                    files={N: ["/etc/x.rpmnew"], SECOND: ["/etc/x.rpmnew"]},
                ),
                asked(100 * MINUTE, problem="the connection was lost", code=None, output={}),
            ),
            event("run-ended", end, outcome="done", exit_code=0),
        ],
    )  # fmt: skip


def four_runs() -> list[list[dict[str, Any]]]:
    """One killed, one stopped for a person, one that lost its connection, one to the end."""
    killed = [
        begun(),
        *sorted_by_time(
            *phases(("preflight.versions", 0.1, 3), ("baseline.recorded", 3, 3.5)),
            *list(phases(("update.run", 4, 30)))[:1],
            *command("update.run", "neteye update", 5 * MINUTE, None),
            *asking(5 * MINUTE, 29 * MINUTE)[:-1],
            *gap("httpd", 10 * MINUTE, 26),
            lasting(6 * MINUTE, 5 * MINUTE, SECOND, "entered"),
            lasting(6 * MINUTE, 5 * MINUTE, state="off"),
            event("observation", 28 * MINUTE, step="update.run", node=N, question="q", command="c",
                  code=0, seconds=1.0, output={"text": "x"}),
        ),
    ]  # fmt: skip
    stopped = [
        begun(operator="B. Bianchi", host="desk"),
        *sorted_by_time(
            *phases(("preflight.versions", 0.1, 2), ("update.run", 3, 12), ("again.space", 30, 32)),
            *command("update.run", "neteye update", 3 * MINUTE, 11 * MINUTE)[1:],
            *phases(("reactivation.unstandby", 13, 30), (f"{STEP}[1]", 33, 70)),
            *asking(3 * MINUTE, 69 * MINUTE),
            *gap("httpd", 35 * MINUTE, 26),
            *gap("MariaDB", 35 * MINUTE, 26),
            lasting(14 * MINUTE, 13 * MINUTE, SECOND, "left"),
            lasting(20 * MINUTE, 19 * MINUTE, state="on"),
            *command(f"{STEP}[1]", "neteye upgrade", 34 * MINUTE, 69 * MINUTE, 2),
            lasting(35 * MINUTE, 34 * MINUTE, SECOND, "entered"),
            lasting(35 * MINUTE, 34 * MINUTE, state="off"),
            event("stopped", 70 * MINUTE, step=f"{STEP}[1]", outcome="stopped", exit_code=11,
                  reason="the same task failed twice", what_to_do="Call support."),
        ),
        event("run-ended", 71 * MINUTE, outcome="stopped", exit_code=11),
    ]  # fmt: skip
    restored = [
        begun(operator="B. Bianchi", host="desk"),
        event("settled", 5, step="x.y", key="x.y#1", word="done", reason="seen", by="B. Bianchi"),
        event("accepted", 6, code="disk-space", subject=N, by="B. Bianchi", reason="known",
              until=None, given="2026-11-02"),
        *sorted_by_time(
            *phases(("preflight.versions", 0.1, 2), (f"{STEP}[2]", 3, 40)),
            *command(f"{STEP}[2]", "neteye upgrade", 4 * MINUTE, None),
            *asking(4 * MINUTE, 40 * MINUTE),
            *gap("cluster address", 15 * MINUTE, 60),
            *gap("httpd", 15 * MINUTE, 400, unseen=True),
            *reach(N, 15 * MINUTE, 25 * MINUTE),
        ),
        event("run-ended", 40 * MINUTE, outcome="interrupted", exit_code=2),
    ]  # fmt: skip
    finished = [
        begun(),
        *sorted_by_time(
            *phases(("preflight.versions", 0.1, 2), (f"{STEP}[2]", 3, 10)),
            *command(f"{STEP}[2]", "neteye upgrade", 4 * MINUTE, 9 * MINUTE)[1:],
            *phases(("verification.packages", 10, 15), ("reactivation.normal", 15, 25)),
            *phases(("closing.state", 25, 27)),
            *asking(4 * MINUTE, 27 * MINUTE),
            lasting(16 * MINUTE, 15 * MINUTE, SECOND, "left"),
            lasting(24 * MINUTE, 23 * MINUTE, state="on"),
        ),
        event("attempt-closed", 27 * MINUTE, attempt=RUNS[0], by="done"),
        event("run-ended", 28 * MINUTE, outcome="done", exit_code=0),
    ]
    later = (0.0, 45 * MINUTE, 170 * MINUTE, 212 * MINUTE)
    each = (killed, stopped, restored, finished)
    return [moved(run, ev, by) for run, ev, by in zip(RUNS, each, later, strict=True)]


def moved(run: str, events: list[dict[str, Any]], later: float) -> list[dict[str, Any]]:
    """As `of_run`, the ends of gaps too."""
    told = of_run(run, events, later)
    for one in told:
        if one["event"] == "service-gap":
            for name in ("since", "until"):
                if name in one:
                    when = datetime.fromisoformat(one[name]) + timedelta(seconds=later)
                    one[name] = when.isoformat().replace("+00:00", "Z")
    return told


def drawn(events: Sequence[dict[str, Any]], nodes: Iterable[str] = NODES) -> str:
    """The wide drawing."""
    drawing = drawing_of(events, nodes)
    return draw(drawing, WIDE) if drawing else ""
