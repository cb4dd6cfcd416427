"""Records of an earlier run: whole and of this upgrade, or nothing begins, with one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.attempt import remote
from engine.attempt.records import RecordsWriter
from engine.cli import main as cli
from engine.model.finding import Severities, Severity
from engine.queries.identity import WHO
from engine.queries.pacemaker import STATUS
from engine.run.survey import RECORDS
from engine.verify import GENESIS, digest
from tests.engine import kit
from tests.engine.kit import lost_connection, unreachable
from tests.engine.scripted import said
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import INVENTORY, RELEASE, N, Project, Saver

pytest_plugins = "pytester"

CHANGE = '''
from engine.run.takeover import changes_since

@step("preflight.records")
def test_records(look, evidence):
    """Settings and runbook are as in the run before."""
    evidence.judge(changes_since(look), observed="as before")

@step("second.change", after=["first.baseline", "preflight.records"])
def test_change(x_set):
    """x is set."""

@step("third.change", after=["second.change"])
def test_other(y_set):
    """y is set."""
'''
KNOWN = ("records-foreign", "records-unreadable", "settings-changed", "runbook-changed")


BEFORE = Path(__file__).parents[1] / "data" / "records" / "attempt-of-69ed914"


@pytest.fixture
def judging(project: Project) -> None:
    """The release weighs what a takeover finds."""
    table = {**RELEASE.severities.table, **dict.fromkeys(KNOWN, Severity.BLOCK)}
    never = RELEASE.severities.never_acceptable | {"records-foreign", "records-unreadable"}
    project.release = replace(RELEASE, severities=Severities(table, never))


def half_done(project: Project) -> None:
    project.steps(CHANGE)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    assert project.run().ret == 1
    del project.cluster.answer[N, ("set", "y")]
    project.cluster.asked.clear()


@pytest.fixture
def begun(project: Project, judging: None, saver: Saver) -> Project:
    """An attempt that is half done."""
    saver.begun(project, half_done)
    return project


def on_n(project: Project) -> dict[Path, bytes]:
    """The attempt's files, the lock apart, and the list of who took it."""
    found = (*project.cluster.root.glob("attempt"), *project.cluster.root.glob("attempts/**/*"))
    return {path: path.read_bytes() for path in found if path.is_file() and path.name != "runs"}


def journal(project: Project) -> Path:
    (path,) = project.cluster.root.glob("attempts/*/journal/*.jsonl")
    return path


def baseline(project: Project) -> Path:
    (path,) = project.cluster.root.glob("attempts/*/baseline.json")
    return path


def edited_events(project: Project, change: Callable[[dict[str, Any]], object]) -> None:
    write_anew(journal(project), change)


CLOSED = kit.event("attempt-closed", run="z", attempt="a")


def append(path: Path, *events: dict[str, Any]) -> None:
    """Lines as the run would have written them, and was killed then: in the place of its end."""
    lines = path.read_bytes().splitlines()
    ended = [number for number, line in enumerate(lines) if b'"event": "run-ended"' in line]
    del lines[(ended or [len(lines)])[0] :]
    for event in events:
        more = {**event, "seq": len(lines) + 1, "prev": digest(lines[-1])}
        lines.append(json.dumps(more).encode())
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def write_anew(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Other events, as a run might have written them: each line has the hash of the one before."""
    text, previous = "", GENESIS
    for line in path.read_text().splitlines():
        event = json.loads(line)
        event.pop("journals", None)  # what it had read is written anew, too
        change(event)
        made = json.dumps({**event, "prev": previous})
        text, previous = f"{text}{made}\n", digest(made.encode())
    path.write_text(text)


def of_baseline(**fields: Any) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        data = json.loads(baseline(project).read_text())
        baseline(project).write_text(json.dumps({**data, **fields}))

    return change


def torn_in_the_middle(project: Project) -> None:
    lines = journal(project).read_text().splitlines()
    lines[2] = lines[2][:20]
    journal(project).write_text("\n".join(lines) + "\n")


def other_schema(project: Project) -> None:
    edited_events(project, lambda event: event.update(schema=99))


def other_cluster(project: Project) -> None:
    edited_events(project, lambda e: "cluster" in e and e.update(cluster="other.example.test"))


def lacking_fields(project: Project) -> None:
    edited_events(project, lambda e: e["event"] == "intent" and e.pop("key"))


def no_directory(project: Project) -> None:
    (project.cluster.root / "attempt").write_text("20260101T000000Z-gone-0000\n")


UNREADABLE: dict[str, tuple[Callable[[Project], None], str]] = {
    "torn in the middle": (torn_in_the_middle, "no JSON event"),
    "another schema": (other_schema, "journal schema 99"),
    "events that lack a field": (lacking_fields, "an event lacks its field 'key'"),
    "half a baseline": (lambda p: baseline(p).write_text('{"fencing": tr'), "can't be read"),
    "no baseline": (lambda p: baseline(p).unlink(), "has no whole baseline.json"),
    "a baseline that is none": (lambda p: baseline(p).write_text("[1]"), "no whole baseline"),
    "an attempt without directory": (no_directory, "gone-0000 is not there"),
}
FOREIGN: dict[str, tuple[Callable[[Project], None], str]] = {
    "journal of another cluster": (other_cluster, "cluster 'other.example.test'"),
    "baseline of another cluster": (of_baseline(cluster="other"), "cluster 'other'"),
    "other nodes": (of_baseline(nodes={"elsewhere": "operative"}), "the nodes elsewhere"),
    "other versions": (of_baseline(source="4.21"), "an upgrade from 4.21"),
}


@pytest.mark.parametrize("what", [*UNREADABLE, *FOREIGN])
@pytest.mark.parametrize("options", [(), ("--plan",)], ids=["run", "plan"])
def test_bad_records_stop_before_anything(
    begun: Project, what: str, options: tuple[str, ...]
) -> None:
    spoil, message = {**UNREADABLE, **FOREIGN}[what]
    spoil(begun)
    before = on_n(begun)
    result = begun.run(*options)
    assert result.ret == 10, result.outlines
    code = "records-unreadable" if what in UNREADABLE else "records-foreign"
    (finding,) = begun.summary["findings"]
    assert (finding["code"], finding["subject"], finding["accepted"]) == (code, N, None)
    assert message in finding["observed"]
    assert begun.cluster.changes == []
    assert on_n(begun) == before
    lock = (begun.cluster.root / "lock").read_text()
    assert lock.splitlines()[1] == "free"
    assert "Traceback" not in "\n".join(result.outlines)


def outcome_altered(project: Project) -> None:
    text = journal(project).read_text()
    assert '"outcome": "ok"' in text
    journal(project).write_text(text.replace('"outcome": "ok"', '"outcome": "unknown"'))


def a_line_gone(project: Project) -> None:
    lines = journal(project).read_text().splitlines(keepends=True)
    journal(project).write_text("".join([*lines[:3], *lines[4:]]))


ALTERED: dict[str, tuple[Callable[[Project], None], str]] = {
    "an outcome": (outcome_altered, "line "),
    "a line that is gone": (a_line_gone, "line 4 is missing"),
}


@pytest.mark.parametrize("what", ALTERED)
@pytest.mark.parametrize("options", [(), ("--plan",)], ids=["run", "plan"])
def test_altered_journals_on_n_are_refused(
    begun: Project, what: str, options: tuple[str, ...]
) -> None:
    """They can be read, and nothing goes by them: a change that was made would be made again."""
    spoil, message = ALTERED[what]
    spoil(begun)
    before = on_n(begun)
    result = begun.run(*options)
    assert result.ret == 4, result.outlines
    assert begun.summary["outcome"] == "usage"
    (finding,) = begun.summary["findings"]
    assert (finding["code"], finding["subject"]) == ("records-unreadable", N)
    said = f"the records of an earlier run were altered: {journal(begun).name}: {message}"
    assert said in finding["observed"]
    assert begun.cluster.changes == []
    assert on_n(begun) == before
    assert begun.run("--accept", "records-unreadable=x", "--by", "A. Rossi").ret == 4


def test_what_was_read_on_n_is_on_record(begun: Project) -> None:
    raw = journal(begun).read_bytes()
    run = journal(begun).stem
    begun.run("--plan")
    heads = {run: digest(raw.splitlines()[-1])}
    assert begun.events("position")[-1]["journals"] == heads
    (read,) = begun.events("journals-read")
    assert read["journals"] == heads
    assert read["seq"] < begun.events("position")[0]["seq"], "before the journals are put there"
    assert problems_of_run(begun.latest) == []


@pytest.mark.parametrize("code", ["records-unreadable", "records-foreign"])
def test_nobody_can_accept_them(begun: Project, code: str) -> None:
    assert begun.run("--accept", f"{code}=x", "--by", "A. Rossi").ret == 4


@pytest.mark.parametrize("torn", [b'{"schema": 1, "ev', '{"text": "Gerä'.encode()[:-1]])
def test_a_torn_last_line_is_tolerated(begun: Project, torn: bytes) -> None:
    with journal(begun).open("ab") as file:
        file.write(torn)
    assert begun.run().ret == 0


def test_records_that_another_run_writes_just_now_are_13(begun: Project) -> None:
    torn_in_the_middle(begun)
    RecordsWriter(begun.cluster, N, {"who": "B. Bianchi"}).acquire()
    assert begun.run().ret == 13


def test_roles_are_compared_too(begun: Project) -> None:
    third = "neteye03.neteyelocal"
    moved = INVENTORY.replace(f"{third} ansible_host=192.0.2.3\n", "")
    begun.write(
        "inventory.ini",
        moved.replace("[all:vars]", f"[voting_only]\n{third} ansible_host=192.0.2.3\n\n[all:vars]"),
    )
    assert begun.run().ret == 10
    (finding,) = begun.summary["findings"]
    assert f"{third} as operative" in finding["observed"]


def test_connection_variables_are_not_compared(begun: Project) -> None:
    text = INVENTORY.replace("192.0.2.", "198.51.100.")
    begun.write("inventory.ini", f"{text}ansible_user = admin\nansible_port = 2222\n")
    assert begun.run().ret == 0


def test_a_changed_setting_blocks_until_it_is_accepted(begun: Project) -> None:
    begun.write("inventory.ini", f"{INVENTORY}runbook_reactivate_after_update = no\n")
    assert begun.run().ret == 10
    (finding,) = begun.summary["findings"]
    assert finding["code"] == "settings-changed"
    assert finding["subject"] == "runbook_reactivate_after_update"
    accept = "settings-changed@runbook_reactivate_after_update=no night between"
    assert begun.run("--accept", accept, "--by", "A. Rossi").ret == 0
    assert begun.run().ret == 0  # that run changed last, with this setting


def test_another_runbook_blocks_until_it_is_accepted(begun: Project) -> None:
    edited_events(begun, lambda e: e["event"] == "run-started" and e.update(runbook="f" * 64))
    assert begun.run().ret == 10
    (finding,) = begun.summary["findings"]
    assert finding["code"] == "runbook-changed"
    assert "f" * 12 in finding["expected"]
    assert begun.run("--accept", "runbook-changed=a fix", "--by", "A. Rossi").ret == 0


def test_an_attempt_of_the_runbook_before_is_continued_once_that_is_accepted(
    project: Project, judging: None
) -> None:
    """Its records were made when the engine's modules lay in one folder, by commit 69ed914."""
    shutil.copytree(BEFORE, project.cluster.root, dirs_exist_ok=True)
    project.cluster.things.add("x")
    project.steps(CHANGE)
    assert project.run().ret == 10
    assert {finding["code"] for finding in project.summary["findings"]} == {"runbook-changed"}
    assert project.cluster.changes == []
    assert project.run("--accept", "runbook-changed=read", "--by", "A. Rossi").ret == 0
    assert project.cluster.changes == [("set", "y")]
    assert project.summary["attempt"] == (BEFORE / "attempt").read_text().strip()


def test_a_closed_attempt_of_another_cluster_leaves_nothing_in_this_runs_evidence(
    begun: Project,
) -> None:
    """The cluster is at the target, so its records would be looked at; they are not its own."""
    assert begun.run().ret == 0
    append(journal_of_latest(begun), CLOSED)
    for path in begun.cluster.root.glob("attempts/*/journal/*.jsonl"):
        write_anew(path, lambda e: "cluster" in e and e.update(cluster="other.example.test"))
    begun.cluster.version = "4.26"
    assert begun.run().ret == 10
    assert "records-foreign" in [finding["code"] for finding in begun.summary["findings"]]
    assert list((begun.latest / "earlier").iterdir()) == []
    assert cli(["report", str(begun.latest)]) == 0


def test_a_closed_attempt_of_another_version_step_is_history(begun: Project) -> None:
    """The next version's runbook finds the records of this one's, and begins anew."""
    assert begun.run().ret == 0
    append(journal_of_latest(begun), CLOSED)
    of_baseline(source="4.24", target="4.25")(begun)
    before = begun.summary["attempt"]
    assert begun.run().ret == 0
    assert begun.summary["attempt"] != before


def journal_of_latest(project: Project) -> Path:
    return max(project.cluster.root.glob("attempts/*/journal/*.jsonl"))


def test_an_attempt_whose_first_event_never_came_to_n_is_open(begun: Project) -> None:
    """Killed directly after the attempt was made the current one."""
    journal(begun).unlink()
    (runs,) = begun.cluster.root.glob("attempts/*/runs")
    runs.write_text(runs.read_text().partition("journal ")[0])
    of_baseline(
        cluster="neteye.example.test",
        nodes={f"neteye0{n}.neteyelocal": "operative" for n in (1, 2, 3)},
        source="4.25",
        target="4.26",
    )(begun)
    begun.steps(
        CHANGE
        + '''
@step("fourth.adopt", after=["preflight.records"])
def test_adopt(runbook_session, look):
    """As the runbook's baseline step does."""
    runbook_session.adopt_attempt()
    assert look.memory.started is not None
'''
    )
    assert begun.run().ret == 0
    assert begun.events("attempt-opened")[0]["adopted"]
    # it is known by the lock that it took, and by nothing else
    (missing,) = begun.events("position")[-1]["missing"]
    assert missing["holder"]["run"] == begun.summary["attempt"]
    assert f"run {begun.summary['attempt']}" in "\n".join(begun.summary["warnings"])


ACCEPTED = ("--accept", "question-unanswered=slow", "--by", "A. Rossi")
"""Somebody took it upon himself, perhaps for another question."""


@pytest.mark.parametrize("options", [(), ("--plan",)], ids=["run", "plan"])
@pytest.mark.parametrize("accepted", [(), ACCEPTED], ids=["", "accepted"])
def test_records_that_n_does_not_hand_over_stop_before_anything(
    begun: Project, options: tuple[str, ...], accepted: tuple[str, ...]
) -> None:
    """Taken for none, a second attempt would be opened over the first one."""
    begun.cluster.answer[N, RECORDS.argv] = lost_connection(N)
    before = on_n(begun)
    result = begun.run(*options, *accepted)
    assert result.ret == 10, result.outlines
    (finding,) = begun.summary["findings"]
    told = (finding["code"], finding["subject"], finding["accepted"])
    assert told == ("records-unreadable", N, None)
    assert f"{N} did not hand over the records" in finding["observed"]
    assert "the connection was lost" in finding["observed"]
    assert "into reach" in finding["remedy"]
    assert "run again" in finding["remedy"]
    assert (begun.summary["position"], begun.summary["records"]) == ("unknown", "unknown")
    assert begun.cluster.changes == []
    assert on_n(begun) == before
    assert "not started" not in "\n".join(result.outlines)


def test_records_that_are_handed_over_the_second_time_are_good(begun: Project) -> None:
    """The first look lost them; they are read once more under the lock."""
    times = iter([lost_connection(N)])
    plain = begun.cluster._reply

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        return (argv == RECORDS.argv and next(times, None)) or plain(node, argv, stdin)

    begun.monkeypatch.setattr(begun.cluster, "_reply", reply)
    assert begun.run().ret == 0
    assert begun.summary["position"] == "not started"
    assert begun.cluster.changes == [("set", "y")]


def test_that_there_are_no_records_may_be_said_the_second_time(project: Project) -> None:
    replies = iter([lost_connection(N), *[said("none 0\n\n", code=remote.NO_RECORDS)] * 2])
    project.cluster.answer[N, RECORDS.argv] = lambda: next(replies)
    project.steps(CHANGE)
    assert project.run().ret == 0
    assert project.summary["position"] == "not started"


def upgraded(project: Project) -> None:
    """The vendor's command has ended well on record: only the status tells what was given back."""
    project.cluster.version = "4.26"
    more = [kit.intent("second.run", detached="upgrade-1"), kit.result("second.run")]
    append(journal(project), *more)


NO_STATUS = {
    "lost": lambda: lost_connection(N),
    "no pacemaker": lambda: said(code=102, stderr="crm_mon: Error: cluster is not available"),
}


@pytest.mark.parametrize(
    ("why", "options"),
    [
        ("lost", ACCEPTED),
        ("lost", ("--plan",)),
        ("no pacemaker", ()),
        ("no pacemaker", ("--plan", *ACCEPTED)),
    ],
)
def test_a_status_that_decides_and_does_not_come_stops_before_anything(
    begun: Project, why: str, options: tuple[str, ...]
) -> None:
    upgraded(begun)
    begun.cluster.answer[N, STATUS.argv] = NO_STATUS[why]
    result = begun.run(*options)
    assert result.ret == 10, result.outlines
    (finding,) = begun.summary["findings"]
    assert (finding["code"], finding["subject"]) == ("question-unanswered", N)
    assert begun.summary["position"] == "unknown"
    assert "nobody can tell where the upgrade stands" in begun.summary["stopped"]["reason"]
    assert begun.cluster.changes == []
    assert begun.events("step-started") == []


def test_a_status_that_decides_nothing_yet_is_a_finding_of_the_steps(begun: Project) -> None:
    """All findings at once: the records alone say that no command was started."""
    begun.cluster.answer[N, STATUS.argv] = lost_connection(N)
    assert begun.run().ret == 0
    assert begun.summary["position"] == "not started"


@pytest.mark.parametrize("options", [(), ("--plan",), ("--plan", *ACCEPTED)])
def test_where_an_upgrade_stands_is_not_known_without_n(
    begun: Project, options: tuple[str, ...]
) -> None:
    """The other nodes are judged all the same, and nothing is changed."""
    begun.cluster.answer[N, WHO.argv] = unreachable(N)
    result = begun.run(*options)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["position: unknown; N is *"])
    assert begun.summary["position"] == "unknown"
    assert begun.events("step-started")
    assert begun.cluster.changes == []
