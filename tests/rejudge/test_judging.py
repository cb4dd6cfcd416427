"""`python -m engine judge`: the findings of a run follow from its recorded answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.model.answer import Lost, LostKind
from engine.queries.identity import WHO
from engine.rejudge import again as judging
from engine.rejudge.compare import ROW, State
from tests.engine.kit import who
from tests.engine.scripted import said
from tests.parse.topology import cluster_file
from tests.plugin.kit import BECOMES, CHANGE, CLOSING, FINDING, INVENTORY, SECOND, N, Project, Saver
from tests.rejudge.again import altered, contents, differences, judged, states

pytest_plugins = "pytester"

JUDGING = '''
from tests.plugin import kit

@step("third.versions", after=["first.baseline"], guide=["G01"], asks=True)
def test_versions(look, evidence):
    """Every node is where it should be."""
    from engine.queries.neteye import VERSION
    asked = look.ask_all(look.names.all, VERSION)
    evidence.answered(asked)
    evidence.judge(
        [kit.bad(node, observed=f"{node} is at {v}") for node, v in asked.values.items()
         if str(v) != "4.25"],
        observed="asked",
    )
'''
SECRET = '''
from engine.model.query import Query

KEY = Query("the key", ("has", "key"), lambda answer: answer.text, ok_codes=(0, 1), secret=True)
THERE = Query("key there", ("has", "key"), lambda a: a.code == 0, ok_codes=(0, 1), secret=True)

@step("third.secret", after=["first.baseline"])
def test_secret(look, evidence):
    """A secret is looked at."""
    evidence.judge([bad("early", "odd-thing")], observed="before")
    if not look.ask("neteye01.neteyelocal", KEY):
        evidence.judge([bad("key")], observed="the key")

@step("third.there", after=["first.baseline"])
def test_there(look, evidence):
    """Only whether it is there."""
    there = look.ask("neteye01.neteyelocal", THERE)
    evidence.judge([] if there else [bad("no key", "odd-thing")], observed="looked")
'''

HOSTS = '''
@step("third.host", after=["first.baseline"])
def test_host(host, evidence):
    """The host is N, and what it says is on record."""
    assert host.file("/there").exists and host.node == "neteye01.neteyelocal"
    evidence.judge([] if host.file("/x").content_string == "x" else [bad("x")], observed="read")

@step("third.hosts", after=["first.baseline"], each="node")
def test_hosts(host, node, evidence):
    """The host is the one of the step's node."""
    evidence.note(host.node)
    assert host.node == node and not host.file("/there").is_directory
'''
SUPPORT = '''
@step("second.normal", after=["first.baseline"], guide=["G02"])
def test_normal(evidence):
    """The cluster is normal."""
    evidence.judge([bad("mariadb")], observed="seen", guide=["G01"])
    if evidence.blocking:
        evidence.call_support("G02", "Call support")
'''
STAMPS = '''
from engine.prove.timestamp import try_here

@step("third.stamps", after=["first.baseline"])
def test_stamps(runbook_session, look, evidence):
    """The time stamp authority answers."""
    url = look.settings.timestamp_url
    tried = look.here(try_here(runbook_session.run.journal.head, url, None)) if url else None
    found = [bad(url, "odd-thing", observed=tried.problem)] if tried else []
    evidence.judge(found, observed="asked")
'''
WAITS = CHANGE.replace('"first.baseline"', '"one.finding"')
CLUSTER = cluster_file(3)
RUNS: dict[str, Callable[[Project], tuple[str, ...]]] = {
    "done": lambda p: p.steps(CHANGE + JUDGING + CLOSING) or (),
    "a silent authority": lambda p: (
        p.steps(STAMPS + CLOSING)
        or (
            p.write("inventory.ini", f"{INVENTORY}runbook_timestamp_url = http://127.0.0.1:9/\n")
            and ()
        )
    ),
    "a plan": lambda p: p.steps(CHANGE + JUDGING + FINDING.format(name="one")) or ("--plan",),
    "blocked": lambda p: p.steps(FINDING.format(name="one") + WAITS + CLOSING) or (),
    "accepted": lambda p: (
        p.steps(FINDING.format(name="one") + CLOSING)
        or ("--accept", "bad-thing=it is known", "--by", "A. Rossi")
    ),
    "an accepted plan": lambda p: (
        p.steps(FINDING.format(name="one") + CLOSING)
        or ("--plan", "--accept", "bad-thing=it is known", "--by", "A. Rossi")
    ),
    "a change that failed": lambda p: (
        p.cluster.answer.update({(N, ("set", "x")): said(code=4, stderr="no way")})
        or p.steps(CHANGE + CLOSING)
        or ()
    ),
    "a change without an answer": lambda p: (
        p.cluster.answer.update(
            {(N, ("set", "x")): Lost(N, "the line broke", LostKind.CONNECTION_LOST)}
        )
        or p.steps(CHANGE + CLOSING)
        or ()
    ),
    "no answer": lambda p: (
        p.cluster.answer.update(
            {(N, ("has", "x")): Lost(N, "the line broke", LostKind.CONNECTION_LOST)}
        )
        or p.steps(CHANGE + CLOSING)
        or ()
    ),
    "no answer that is one": lambda p: (
        p.cluster.answer.update({(N, ("has", "x")): said(code=9, stderr="what?")})
        or p.steps(CHANGE + CLOSING)
        or ()
    ),
    "a node out of reach": lambda p: (
        p.cluster.answer.update({(SECOND, WHO.argv): Lost(SECOND, "no", LostKind.UNREACHABLE)})
        or p.steps(JUDGING + CLOSING)
        or ()
    ),
    "swapped addresses": lambda p: (
        p.cluster.answer.update(
            {(N, WHO.argv): who(SECOND, CLUSTER), (SECOND, WHO.argv): who(N, CLUSTER)}
        )
        or p.steps(CHANGE)
        or ()
    ),
    "facts of hosts": lambda p: p.cluster.facts() or p.steps(HOSTS + CLOSING) or (),
    "another machine in mid-run": lambda p: p.steps(CHANGE + CLOSING + BECOMES) or (),
    "a failed assertion": lambda p: (
        p.steps('@step("a.b")\ndef test_a(look):\n    "Doc."\n    assert 1 == 2\n') or ()
    ),
}


def done(project: Project) -> None:
    assert project.run(*RUNS["done"](project)).ret == 0


@pytest.mark.parametrize("run", RUNS)
def test_a_run_judged_again_has_the_same_findings(project: Project, run: str) -> None:
    project.run(*RUNS[run](project))
    before = contents(project.path / "reports")
    again = judged(project)
    assert again.is_same, differences(again)
    assert {s.state for s in again.steps} == {State.WHOLE}
    recorded = project.events("finding")
    assert sum(step.findings for step in again.steps) == len(recorded)
    assert again.runbook[0] == again.runbook[1]
    assert contents(project.path / "reports") == before, "it only reads"


def test_steps_that_were_not_reached_are_only_counted(project: Project) -> None:
    project.run(*RUNS["blocked"](project))
    again = judged(project)
    assert again.not_reached == 1
    assert "second.change" not in states(again)


def test_no_transport_is_made_and_nobody_is_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run(*RUNS["done"](project))
    asked = len(project.cluster.asked)

    def never(*_: Any, **__: Any) -> None:
        pytest.fail("a way to a node was made")

    monkeypatch.setenv("PATH", "/nonexistent")
    for name in (
        *("engine.transport.ssh.SshTransport.__init__", "engine.act.applier.Applier.__init__"),
        *("engine.attempt.records.RecordsWriter.__init__", "engine.run.start.make_run"),
        *("engine.attempt.lock.MachineLock.__init__", "subprocess.Popen.__init__"),
        *(
            "socket.socket.connect",
            "engine.run.start.make_session",
            "engine.run.plugin.make_session",
        ),
    ):
        monkeypatch.setattr(name, never)
    assert judged(project).is_same
    assert len(project.cluster.asked) == asked
    assert len(project.sessions) == 1, "the one of the run itself"


def test_a_later_run_of_the_attempt_is_judged_by_what_was_on_record(project: Project) -> None:
    project.steps(CHANGE + JUDGING)
    project.cluster.answer[N, ("set", "x")] = said(code=4)
    assert project.run().ret == 1
    del project.cluster.answer[N, ("set", "x")]
    assert project.run().ret == 0
    again = judged(project)
    assert again.is_same, differences(again)
    assert {step.state for step in again.steps} == {State.WHOLE}


def test_without_the_baseline_nothing_is_judged_by_it(project: Project, tmp_path: Path) -> None:
    """As in the evidence of an older runbook."""
    project.steps(CHANGE + JUDGING)
    assert project.run().ret == 0
    assert project.run().ret == 0
    run = altered(project.latest, tmp_path / "copy", without("baseline"))
    again = judged(project, run)
    assert {step.state for step in again.steps} == {State.NOT}
    assert "baseline" in again.steps[0].why


def without(kind: str) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    return lambda event: None if event["event"] == kind else event


def at_another_version(event: dict[str, Any]) -> dict[str, Any]:
    of_it = event["event"] == "observation" and event["step"] == "third.versions"
    if of_it and event["node"] == SECOND:
        return {**event, "output": {"text": "NetEye release 4.24 - test\n"}}
    return event


def test_one_answer_that_is_another_gives_another_finding(
    project: Project, saver: Saver, tmp_path: Path
) -> None:
    saver.begun(project, done)
    again = judged(project, altered(project.latest, tmp_path / "copy", at_another_version))
    assert differences(again) == [
        ("third.versions", "bad-thing", SECOND, "new"),
        ("third.versions", ROW, "G01", "changed"),
    ]
    assert not again.is_same


def test_an_altered_record_is_refused(project: Project, saver: Saver) -> None:
    saver.begun(project, done)
    journal = project.latest / "journal.jsonl"
    journal.write_text(journal.read_text().replace("4.25", "4.24"))
    with pytest.raises(Exception, match="NOT VALID"):
        judged(project)


def fields_of(kind: str, step: str, **fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Events of this kind and step with other fields."""
    return lambda event: {**event, **fields} if is_of(event, kind, step) else event


def is_of(event: dict[str, Any], kind: str, step: str) -> bool:
    return (event["event"], event.get("step")) == (kind, step)


def dropped(*kinds: str, step: str) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    return lambda event: None if any(is_of(event, kind, step) for kind in kinds) else event


def both(*changes: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Callable[..., Any]:
    def change(event: dict[str, Any] | None) -> dict[str, Any] | None:
        for one in changes:
            event = one(event) if event is not None else None
        return event

    return change


ONE, LAST = "one.finding", "closing.state"
PASSED = fields_of("step-ended", ONE, result="passed", outcome="done")
CONTRADICTIONS: dict[str, tuple[Callable[..., Any], str]] = {
    "skipped, and done": (
        both(
            dropped("finding", step=ONE),
            fields_of("step-ended", ONE, result="skipped", outcome="done"),
        ),
        "it has the result 'skipped' beside the outcome 'done'",
    ),
    "skipped, and it asked": (
        fields_of("step-ended", ONE, result="skipped", outcome="not reached"),
        "it was skipped, and yet there is on record what it saw or did",
    ),
    "passed, and failed": (
        fields_of("step-ended", ONE, result="passed"),
        "it has the result 'passed' beside the outcome 'failed'",
    ),
    "no result that there is": (
        fields_of("step-ended", ONE, result="x"),
        "it has the result 'x' beside the outcome 'failed'",
    ),
    "an end without a beginning": (
        both(dropped("finding", "step-started", step=ONE), PASSED),
        "it has an end without a beginning",
    ),
    "a beginning without an end": (
        dropped("step-ended", step=ONE),
        "it has no end, and a later step began",
    ),
    "nothing at all": (
        lambda event: None if event.get("step") == ONE else event,
        "nothing of it is on record, and a later step began",
    ),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_record_that_contradicts_itself_is_a_difference(
    project: Project,
    saver: Saver,
    tmp_path: Path,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, sentence = CONTRADICTIONS[what]
    saver.begun(project, lambda p: p.run(*RUNS["blocked"](p)) and None)
    again = judged(project, altered(project.latest, tmp_path / "copy", change))
    assert not again.is_same
    assert (ONE, "", ONE, "record") in differences(again)
    monkeypatch.setattr(judging, "judge_again", lambda path, step: again)
    assert cli.main(["judge", str(project.latest)]) == 1
    assert f"the record contradicts itself: {sentence}" in capsys.readouterr().out


def test_a_step_told_twice_is_a_difference(project: Project, saver: Saver, tmp_path: Path) -> None:
    saver.begun(project, lambda p: p.run(*RUNS["blocked"](p)) and None)
    copy = altered(project.latest, tmp_path / "copy", lambda event: event)
    lines = (copy / "journal.jsonl").read_text().splitlines()
    (at,) = (n for n, text in enumerate(lines) if is_of(json.loads(text), "step-ended", ONE))
    twice = [*lines[: at + 1], *lines[at:]]
    (copy / "journal.jsonl").write_text("".join(f"{line}\n" for line in twice))
    again = judged(project, altered(copy, tmp_path / "twice", lambda event: event))
    (step,) = (s for s in again.steps if s.differences)
    assert (step.name, step.differences[0].fields) == (ONE, {"record": ("it has 2 ends", None)})


ROWS = {
    "another state": ({"state": "open"}, "state"),
    "another reason": ({"reason": "nobody looked"}, "reason"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_that_the_step_tells_otherwise_is_a_difference(
    project: Project, saver: Saver, tmp_path: Path, what: str
) -> None:
    saver.begun(project, done)
    fields, name = ROWS[what]
    change = fields_of("row", "third.versions", **fields)
    again = judged(project, altered(project.latest, tmp_path / "copy", change))
    assert differences(again) == [("third.versions", ROW, "G01", "changed")]
    (step,) = (s for s in again.steps if s.differences)
    assert list(step.differences[0].fields) == [name]


def test_a_row_that_is_gone_or_was_added_is_a_difference(
    project: Project, saver: Saver, tmp_path: Path
) -> None:
    saver.begun(project, done)
    gone = altered(project.latest, tmp_path / "gone", dropped("row", step="third.versions"))
    assert differences(judged(project, gone)) == [("third.versions", ROW, "G01", "new")]
    more = fields_of("note", "first.baseline", event="row", row="G02", state="open", reason="x")
    added = altered(project.latest, tmp_path / "added", more)
    assert differences(judged(project, added)) == [("first.baseline", ROW, "G02", "gone")]


def test_the_end_of_a_step_is_compared(project: Project, saver: Saver, tmp_path: Path) -> None:
    saver.begun(project, lambda p: p.run(*RUNS["blocked"](p)) and None)
    other = fields_of("step-ended", ONE, reason="nothing of weight")
    again = judged(project, altered(project.latest, tmp_path / "copy", other))
    assert differences(again) == [(ONE, "", ONE, "outcome")]
    idle = fields_of("step-ended", "first.baseline", outcome="not applicable")
    again = judged(project, altered(project.latest, tmp_path / "idle", idle))
    assert differences(again) == [("first.baseline", "", "first.baseline", "outcome")]


def test_what_the_run_tells_of_its_support_bundle_is_no_word_of_the_step(
    project: Project,
) -> None:
    project.steps(SUPPORT + CLOSING)
    project.run()
    assert project.events("support-bundle")[0]["step"] == "second.normal"
    again = judged(project)
    assert again.is_same, differences(again)


def test_a_policy_that_was_mended_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.run(*RUNS["blocked"](project))
    old = "tests.plugin.kit.bad"
    from tests.plugin.kit import bad

    monkeypatch.setattr(old, lambda *a, **k: bad(*a, **{**k, "observed": "seen better now"}))
    again = judged(project)
    assert differences(again) == [("one.finding", "bad-thing", "one subject", "changed")]
    monkeypatch.setattr(judging, "judge_again", lambda path, step: again)
    assert cli.main(["judge", str(project.latest)]) == 1
    shown = capsys.readouterr().out
    assert "observed on record: one subject is bad" in shown
    assert "observed now: seen better now" in shown
    assert cli.main(["judge", "--json", str(project.latest)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["same"] is False
    assert [step["name"] for step in told["steps"] if step["differences"]] == ["one.finding"]


def test_another_weight_is_a_difference(project: Project) -> None:
    from dataclasses import replace

    from engine.model.finding import Severities, Severity

    project.run(*RUNS["blocked"](project))
    lighter = Severities({"bad-thing": Severity.WARN}, frozenset())
    project.release = replace(project.release, severities=lighter)
    ((step,),) = ([s for s in judged(project).steps if s.differences],)
    assert step.differences[0].fields == {"severity": ("block", "warn")}


def test_another_runbook_is_told_and_judged(
    project: Project,
    saver: Saver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    saver.begun(project, done)
    monkeypatch.setattr("engine.rejudge.plugin.runbook_hash", lambda **_: "f" * 64)
    again = judged(project)
    assert again.is_same
    monkeypatch.setattr(judging, "judge_again", lambda path, step: again)
    assert cli.main(["judge", str(project.latest)]) == 0
    assert "another one than in the run" in capsys.readouterr().out


def test_what_hangs_on_a_secret_is_named_and_never_taken_as_equal(project: Project) -> None:
    project.cluster.things.add("key")
    project.steps(SECRET + CLOSING)
    assert project.run().ret == 10
    again = judged(project)
    (step,) = (s for s in again.steps if s.name == "third.secret")
    assert step.state is State.PART
    assert step.why == "secret answers: the key"
    assert step.on_record == ("bad-thing key",)
    assert again.is_same
    # the exit code of a secret answer is on record: it is enough for this one
    assert states(again)["third.there"] is State.WHOLE


def test_a_question_that_the_run_did_not_ask_is_told(project: Project, saver: Saver) -> None:
    saver.begun(project, done)
    project.steps(CHANGE + JUDGING.replace("look.names.all", "[*look.names.all, 'more']") + CLOSING)
    again = judged(project)
    (step,) = (s for s in again.steps if s.name == "third.versions")
    assert step.state is State.NOT
    assert "not asked in the run" in step.why
    assert differences(again) == [("third.versions", "", "third.versions", "way")]


def test_a_change_that_the_run_did_not_make_is_told(project: Project) -> None:
    project.cluster.things.add("x")
    project.run(*RUNS["done"](project))
    project.steps(CHANGE.replace("x_set", "y_set") + JUDGING + CLOSING)
    again = judged(project)
    (step,) = (s for s in again.steps if s.name == "second.change")
    assert step.state is State.NOT
    assert "has y" in step.why
    assert not again.is_same


def test_an_answer_by_which_it_would_change_something_is_told(
    project: Project, tmp_path: Path
) -> None:
    """x was there, says the run; now it is said that it was not."""
    project.cluster.things.add("x")
    project.run(*RUNS["done"](project))

    def missing(event: dict[str, Any]) -> dict[str, Any]:
        asked = event["event"] == "observation" and event["question"] == "has x"
        return {**event, "code": 1} if asked else event

    again = judged(project, altered(project.latest, tmp_path / "copy", missing))
    assert differences(again) == [("second.change", "", "second.change", "way")]
    (step,) = (s for s in again.steps if s.name == "second.change")
    assert step.why == f"a change that the run did not make: set x on {N}"


def test_steps_that_are_gone_or_new_are_told(project: Project, saver: Saver) -> None:
    saver.begun(project, done)
    project.steps(JUDGING + FINDING.format(name="one") + CLOSING)
    again = judged(project)
    assert again.unknown == ("one.finding",)
    (step,) = (s for s in again.steps if s.name == "second.change")
    assert (step.state, step.why) == (State.NOT, "this runbook has no such step")


@pytest.mark.parametrize("what", ["nothing there", "no run", "another upgrade"])
def test_what_is_no_run_of_this_runbook_is_a_usage_error(
    project: Project, saver: Saver, tmp_path: Path, what: str
) -> None:
    from engine.errors import UsageError

    saver.begun(project, done)
    run = {"nothing there": tmp_path / "none", "no run": tmp_path}.get(what)

    def of_another(event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "target": "4.99"} if event["event"] == "run-started" else event

    with pytest.raises(UsageError):
        judged(project, run or altered(project.latest, tmp_path / "copy", of_another))


def test_the_command_line_refuses_as_the_others_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["judge", str(tmp_path)]) == 4
    assert "no journal.jsonl in it" in capsys.readouterr().err


def test_an_interrupted_step_is_not_judged(project: Project) -> None:
    project.steps(
        '@step("a.b")\ndef test_a(evidence):\n    "Doc."\n'
        "    os.kill(os.getpid(), signal.SIGTERM)\n" + CLOSING
    )
    project.run()
    again = judged(project)
    (step,) = (s for s in again.steps if s.name == "a.b")
    assert (step.state, step.why) == (State.NOT, "the run ended within the step")
    assert sys.modules  # the process goes on
