"""The headline is right for every outcome and mode, and claims nothing that is not on record."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.finding import Severity
from engine.record.evidence import as_data
from engine.report.audit.page import render
from engine.report.html import render_summary
from engine.report.last_lines import last_lines
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals
from tests.evidence.journals import FIRST, LATER, SECOND_RUN, of_run, started

CODES = {
    "done": 0,
    "planned": 0,
    "failed": 1,
    "interrupted": 2,
    "usage": 4,
    "blocked": 10,
    "stopped": 11,
    "unknown": 12,
    "locked": 13,
}
HTTPD = {"httpd": f"Started on {N}"}


def state(seconds: float, *versions: str, name: str = "state-after", **fields: Any) -> Any:
    """The cluster as a run left it; of the nodes in order, one without a version is silent."""
    plain = {
        "versions": {n: v for n, v in zip((N, SECOND), versions, strict=False) if v},
        "nodes": {N: "online", SECOND: "online"},
        "resources": HTTPD,
        "cluster": {"fencing": "on", "quorum": "yes", "failed actions": "none"},
    }
    return event("fact", seconds, step="closing.state", name=name, **{**plain, **fields})


def off(**fields: str) -> dict[str, str]:
    return {"fencing": "off", "quorum": "yes", "failed actions": "none", **fields}


def upgrade(begin: float, end: float | None = None) -> list[dict[str, Any]]:
    """The command, and that its packages were seen at their versions afterwards."""
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    fields = {"detached": "upgrade-1", "what": "neteye upgrade", "opens": opens}
    intent = kit.intent("upgrade.run[1]", **fields) | {"time": event("x", begin)["time"]}
    if end is None:
        return [intent]
    closes = [["fencing", "cluster"]]
    result = kit.result("upgrade.run[1]", reason="", closes=closes)
    proved = event("fact", end, step="v", name="packages-at-target", round="upgrade-1", nodes={})
    return [intent, result | {"time": event("x", end)["time"]}, proved]


def agents(seconds: float = 80, **fields: Any) -> dict[str, Any]:
    told = {"state": "open", "reason": "3 of 3 machines", "brief": "agents", "until": "2026-11-16"}
    return event("row", seconds, row="G08", **{"step": "verification.two", **told, **fields})


def first_row() -> dict[str, Any]:
    return event("row", 5, step="preflight.one", row="G01", state="fulfilled", reason="seen")


def closed(seconds: float = 96, by: str = "done") -> dict[str, Any]:
    return event("attempt-closed", seconds, attempt="a", by=by)


def ended(outcome: str, seconds: float = 100) -> dict[str, Any]:
    return event("run-ended", seconds, outcome=outcome, exit_code=CODES[outcome])


def stop(outcome: str, reason: str = "it was so", **fields: Any) -> dict[str, Any]:
    plain = {"outcome": outcome, "exit_code": CODES[outcome], "what_to_do": "Look."}
    return event("stopped", 50, step="x", reason=reason, **{**plain, **fields})


BASELINE = state(11, "4.25", "4.25", name="state-before")
DONE = [
    started(),
    first_row(),
    BASELINE,
    *upgrade(20, 60),
    *journals.watched(19, 98, "httpd"),
    agents(),
    state(95, "4.26", "4.26"),
    closed(),
    ended("done"),
]


def without(events: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [one for one in events if one["event"] not in kinds]


def cut_short(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Asking services broke 30 seconds before the last change ended."""
    broken = {"state": "broken", "problem": "oh", "time": event("x", 30)["time"]}
    return [
        {**e, **broken}
        if e.get("state") == "ended" and "way" not in e and e["event"] == "probing"
        else e
        for e in events
    ]


def headline(*own: Any, earlier: Any = ()) -> str:
    return str(summary_of(list(own), list(earlier))["headline"])


TABLE: dict[str, tuple[list[dict[str, Any]], str]] = {
    "done": (
        DONE,
        "4.26 on 2 of 2 nodes, inside the window, fencing on, services normal; httpd 2 s away,"
        " two points open for the operator: agents, by 16 November; snapshots",
    ),
    "done, and a service was not asked to the end": (
        cut_short(DONE),
        "4.26 on 2 of 2 nodes, inside the window, fencing on, services normal; httpd at least 2 s"
        " away (30 s not seen), two points open for the operator: agents, by 16 November;"
        " snapshots",
    ),
    "done, and no gap was seen, though one may have been": (
        cut_short(without(DONE, "service-gap")),
        "4.26 on 2 of 2 nodes, inside the window, fencing on, services normal; no gap of a service"
        " seen (30 s not seen), two points open for the operator: agents, by 16 November;"
        " snapshots",
    ),
    "done, and nothing is open": (
        [
            started(fallback="restore from backup"),
            first_row(), agents(state="fulfilled"),
            *without(DONE, "run-started", "row", "probing", "service-gap"),
        ],
        "4.26 on 2 of 2 nodes, inside the window, fencing on, services normal; gaps of services"
        " not measured, nothing open",
    ),
    "done, but nobody looked": (
        [started(guide={}, environment="rehearsal"), ended("done")],
        "Rehearsal: done; no node's version is on record; nothing open",
    ),
    "a check failed": (
        [started(guide={}), BASELINE, *upgrade(20, 40), stop("failed", "httpd is not there"),
         state(90, "4.26", "4.26", resources={"httpd": "Stopped"}, cluster=off(),
               nodes={N: "online", SECOND: "online, standby"}),
         ended("failed")],
        f"Failed (httpd is not there): 4.26 on 2 of 2 nodes, inside the window so far, fencing off,"
        f" {SECOND} in standby, 1 of 1 resource not running (httpd)",
    ),
    "half of it failed": (
        [started(guide={}), BASELINE, *upgrade(20, 40), stop("failed"),
         state(90, "4.25", "4.26", cluster=off()), ended("failed")],
        "Failed (it was so): 4.26 on 1 of 2 nodes, 4.25 on 1, inside the window so far,"
        " fencing off, services running",
    ),
    "blocked": (
        [started(guide={}), event("finding", 4, step="preflight.one", **as_data(kit.finding())),
         stop("blocked"), state(90, "4.25", "4.25"), ended("blocked")],
        f"Blocked by disk-space ({SECOND}), nothing changed by this run: 4.25 on 2 of 2 nodes,"
        " fencing on, services running",
    ),
    "stopped for a person": (
        [started(guide={}), BASELINE, *upgrade(20, 40), stop("stopped", "a question"),
         state(90, "4.25", "4.25", cluster=off()), ended("stopped")],
        "Stopped for a person (a question): 4.25 on 2 of 2 nodes, inside the window so far,"
        " fencing off, services running",
    ),
    "interrupted": (
        [started(guide={}), BASELINE, *upgrade(20), stop("interrupted", "SIGTERM"),
         state(90, "4.25", "4.25"), ended("interrupted")],
        "Interrupted (SIGTERM); last seen at 2026-11-02 00:01 UTC: 4.25 on 2 of 2 nodes, not known"
        " whether fencing is on, services running, inside the window so far; two points open for"
        f" the operator: neteye upgrade on {N}; fencing of cluster",
    ),
    "killed while a command ran that switches fencing off": (
        [started(guide={}), BASELINE, *upgrade(20)],
        "Cut short (killed, power loss, or its disk was full),"
        " it ended without a word at 2026-11-02 00:00 UTC; last seen at 2026-11-02 00:00"
        " UTC: 4.25 on 2 of 2 nodes, not known whether fencing is on, services running, inside the"
        f" window so far; two points open for the operator: neteye upgrade on {N}; fencing of"
        " cluster",
    ),
    "killed before anybody was asked": (
        [started(guide={})],
        "Cut short (killed, power loss, or its disk was full),"
        " it ended without a word at 2026-11-02 00:00 UTC; no node's version is on"
        " record",
    ),
    "unknown": (
        [started(guide={}), BASELINE, kit.intent(repeatable=False),
         kit.result(outcome="unknown", reason="lost"), stop("unknown", "no answer"),
         state(90, "4.25", ""), ended("unknown")],
        f"Stopped (set x on {N}: lost): it is not known how this change ended; last seen at"
        f" 2026-11-02 00:01 UTC: 4.25 on 1 of 2 nodes, not seen on {SECOND}, fencing on, services"
        f" running, inside the window so far; one point open: set x on {N}, the operator",
    ),
    "locked": (
        [started(guide={}), stop("locked", "run z of B"), ended("locked")],
        "Another run holds the cluster, this one changed nothing (run z of B)",
    ),
    "taken over": (
        [started(guide={}), BASELINE, *upgrade(20), stop("locked", "run z"),
         state(90, "4.25", "4.25", cluster=None), event("not-known", 91, why="another has it"),
         ended("locked")],
        "Another run holds the cluster, this one makes no further change (run z); last seen at"
        " 2026-11-02 00:01 UTC: 4.25 on 2 of 2"
        " nodes, not known whether fencing is on, services running, not known what still runs"
        " there, inside the window so far; two points open for the operator: neteye upgrade on"
        f" {N}; fencing of cluster",
    ),
    "usage": (
        [started(guide={}), stop("usage", "--settle x: no such step"), ended("usage")],
        "Not begun, the invocation is wrong (--settle x: no such step), nothing changed by this"
        " run",
    ),
    "planned": (
        [started(mode="plan", guide={}), journals.asked(2, question="/etc/neteye-release"),
         event("plan", 50, steps=[{"commands": [{}]}, {"commands": []}]), ended("planned")],
        "Planned, nothing changed: nothing blocks, 1 step would change the cluster: 4.25 on 1 of 2"
        f" nodes, not seen on {SECOND}",
    ),
    "a plan that is blocked": (
        [started(mode="plan", guide={}),
         event("finding", 4, step="preflight.one", **as_data(kit.finding())),
         stop("blocked"), ended("blocked")],
        f"The plan: blocked by disk-space ({SECOND}), nothing changed by this run; no node's"
        " version is on record",
    ),
    "given back": (
        [started(mode="restore", guide={}), kit.intent("restore.fencing"),
         kit.result("restore.fencing", reason=""), closed(by="restore"),
         state(90, "4.25", "4.25"), ended("done")],
        "Given back, no temporary change is in place, and the upgrade to 4.26 is not done: 4.25 on"
        " 2 of 2 nodes, inside the window, fencing on, services running",
    ),
    "nothing was to be given back": (
        [started(mode="restore", guide={}), state(90, "4.26", "4.26"), ended("done")],
        "There was nothing to give back: 4.26 on 2 of 2 nodes, fencing on, services running",
    ),
    "a restore that was stopped": (
        [started(mode="restore", guide={}), stop("stopped", "who knows"),
         state(90, "4.25", "4.25", cluster=off()), ended("stopped")],
        "Stopped for a person (who knows): 4.25 on 2 of 2 nodes, fencing off, services running",
    ),
    "followed up": (
        [started(mode="follow-up"), journals.collected_for("followup.agents", "G08"),
         agents(50, step="followup.agents", state="fulfilled"), state(90, "4.26", "4.26"),
         ended("done")],
        "Followed up, G08 fulfilled: 4.26 on 2 of 2 nodes, fencing on, services running",
    ),
    "followed up, and not all is well": (
        [started(mode="follow-up"), journals.collected_for("followup.agents", "G08"),
         agents(50, step="followup.agents"), stop("stopped", "1 of 3 machines"),
         state(90, "4.26", "4.26"), ended("stopped")],
        "Followed up, something is left (1 of 3 machines): 4.26 on 2 of 2 nodes, fencing on,"
        " services running; one point open: agents, by 16 November, the operator",
    ),
}  # fmt: skip


def test_the_cause_is_named_before_what_came_of_it() -> None:
    begun, *_ = upgrade(20)
    failed = kit.result("upgrade.run[1]", outcome="failed", code=2, reason="", closes=[])
    refused = (
        "no answer to 'configuration conflicts (.rpmnew, .rpmsave, .rpmorig)': no ssh connection"
        " to root@192.0.2.2 port 22; ssh says: ssh: connect to host 192.0.2.2 port 22: Connection"
        " refused. The node accepts no connections there. Is it up"
    )
    found = as_data(kit.finding(code="question-unanswered")) | {"observed": refused}
    seen = event("finding", 49, step="x", **found)
    events = [
        started(guide={}, environment="rehearsal"), BASELINE, begun, failed,
        *journals.step("upgrade.run[1]", 20, 40), seen,
        stop("failed", f"x found question-unanswered ({SECOND})"), ended("failed"),
    ]  # fmt: skip
    said = headline(*events)
    assert said.startswith(f"Rehearsal: failed (neteye upgrade on {N}: exit status 2; {SECOND}: no")
    assert "Connection refused; x found question-unanswered" in said
    # a step that was done after it shows that the failure was dealt with
    dealt_with = [*events[:5], *journals.step("upgrade.stop[1]", 41, 42), *events[5:]]
    assert "exit status 2" not in headline(*dealt_with)


@pytest.mark.parametrize("case", TABLE)
def test_what_a_person_would_say(case: str) -> None:
    events, said = TABLE[case]
    assert headline(*events) == said


def test_release_files_alone_are_told_as_such() -> None:
    unproved = [one for one in DONE if one.get("name") != "packages-at-target"]
    said = "4.26 on 2 of 2 nodes by the release files, the packages not proved, inside the window"
    assert headline(*unproved).startswith(said)


def test_a_look_after_the_end_tells_of_the_change_and_of_the_look() -> None:
    before = of_run(FIRST, DONE)
    later = of_run(LATER, [started(), state(90, "4.26", "4.26"), ended("done")], 200_000)
    assert headline(*later, earlier=before).startswith(
        "Closed on 2 November 2026, inside the window; looked at once more on 4 November 2026:"
        " 4.26 on 2 of 2 nodes, fencing on, services normal; httpd 2 s away"
    )
    failed = [started(), stop("failed", "gone"), state(90, "4.26", ""), ended("failed")]
    said = headline(*of_run(LATER, failed, 200_000), earlier=before)
    assert "; a run on 4 November 2026: failed (gone): 4.26 on 1 of 2 nodes" in said
    assert "services running" in said
    at_once = of_run(LATER, [started(), state(90, "4.26", "4.26"), ended("done")], 500)
    assert "; looked at once more later that day: 4.26" in headline(*at_once, earlier=before)


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-11-01", "due since 1 November"),
        ("2026-11-02", "by 2 November"),
        ("2027-01-02", "by 2 January 2027"),
    ],
)
def test_a_date_that_is_over_is_told_as_such(until: str, said: str) -> None:
    events = [started(guide={"G08": "x"}), agents(until=until), ended("done")]
    assert headline(*events).endswith(f"one point open: agents, {said}, the operator")


def test_a_second_run_is_measured_by_the_whole_attempt() -> None:
    two = of_run(SECOND_RUN, journals.finished(), 1000)
    said = headline(*two, earlier=of_run(FIRST, journals.interrupted()))
    assert "fencing on" in said
    assert "inside the window" not in headline(*of_run(FIRST, journals.interrupted(), 40_000))


def test_it_is_in_the_summary_and_before_the_other_last_lines() -> None:
    summary = summary_of(DONE)
    lines = last_lines(summary, Path("reports/r"))
    assert lines[:3] == ["", summary["headline"], ""]
    older = {name: value for name, value in summary.items() if name != "headline"}
    assert last_lines(older, Path("reports/r")) == lines[2:]
    # both pages are made of it, whether they show it or not
    assert render(DONE, [])
    assert render_summary(older)


# what holds whatever happened

WORDS = st.sampled_from(["4.25", "4.26", ""])
STATES = st.builds(
    lambda one, other, fencing, seen: state(
        90, one, other, cluster=off(fencing=fencing) if seen else None
    ),
    WORDS,
    WORDS,
    st.sampled_from(["on", "off"]),
    st.booleans(),
)
MIDDLE = st.lists(
    st.one_of(
        STATES,
        st.sampled_from(["off", "on"]).map(lambda word: event("fencing", 70, state=word)),
        st.sampled_from(["4.25", "4.26"]).map(
            lambda v: journals.asked(
                71, question="/etc/neteye-release", output={"text": f"NetEye release {v}"}
            )
        ),
        st.just(kit.intent("a.b")),
        st.just(kit.result("a.b", reason="")),
        st.just(agents()),
        st.just(event("attempt-opened", 60, attempt="a")),
        st.just(closed(70)),
        st.just(event("not-known", 80, why="N is away")),
        st.just(event("standby", 60, node=SECOND, state="entered")),
    ),
    max_size=8,
)
ENDINGS = st.one_of(
    st.just(()), st.sampled_from(sorted(CODES)).map(lambda outcome: (stop(outcome), ended(outcome)))
)
MODES = st.sampled_from(["execute", "plan", "restore", "follow-up"])


@settings(max_examples=300, deadline=None)
@given(mode=MODES, middle=MIDDLE, ending=ENDINGS)
def test_it_claims_nothing_that_is_not_on_record(
    mode: str, middle: list[Any], ending: tuple[Any, ...]
) -> None:
    events = [started(mode=mode, fallback=""), *middle, *ending]
    summary = summary_of(events)
    said = summary["headline"]
    assert said
    assert said[0] == said[0].upper()
    assert "\n" not in said
    assert len(said) < 900
    if summary["exit_code"] != 0:
        assert not re.search(r"\bdone\b", said.replace("is not done", ""), re.I)
        assert not said.startswith("4.")
        assert "services normal" not in said
        assert "nothing open" not in said
    fencing = [_fencing_of(one) for one in middle if _fencing_of(one) is not None]
    if not fencing or fencing[-1] != "on":
        assert "fencing on" not in said
    versions = {
        v for one in middle for v in [*one.get("versions", {}).values(), _release(one)] if v
    }
    for version in set(re.findall(r"\b4\.\d\d on \d", said)):
        assert version[:4] in versions
    if mode == "plan":
        assert "window" not in said
    if not any(one["event"] == "intent" for one in middle):
        assert "inside the window" not in said


def _fencing_of(one: dict[str, Any]) -> str | None:
    if one["event"] == "fencing":
        return str(one["state"])
    if one["event"] == "fact":
        return str((one["cluster"] or {}).get("fencing", ""))
    return None


def _release(one: dict[str, Any]) -> str:
    return str(one["output"]["text"][-4:]) if one["event"] == "observation" else ""


@settings(max_examples=100, deadline=None)
@given(reason=st.text(max_size=400))
def test_whatever_stopped_it_is_one_line(reason: str) -> None:
    said = headline(started(guide={}), stop("failed", reason), ended("failed"))
    assert said.isprintable()
    assert len(said) < 300


def test_severity_decides_what_blocks() -> None:
    """A warning, or what somebody accepted, blocks nothing."""
    warn = as_data(kit.finding(severity=Severity.WARN))
    said = headline(
        started(guide={}), event("finding", 4, step="preflight.one", **warn),
        stop("blocked", "something"), ended("blocked"),
    )  # fmt: skip
    assert said.startswith("Blocked (something)")
