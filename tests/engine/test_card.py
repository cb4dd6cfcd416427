"""`python -m engine card`: days, commands, times and codes of the page; what it refuses."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import engine.cli
from engine.card.command import ROOT, write_card
from engine.card.nights import UNTIL, variants
from engine.card.page import MARK, render
from engine.card.planned import read_planned
from engine.card.rehearsed import length_of_rehearsal
from engine.card.typed import Commands
from engine.errors import UsageError
from engine.model.steps import mark_of
from engine.parse.inventory_ini import parse_inventory
from engine.record.exit_codes import EXIT_CODES, Next
from engine.run import options
from engine.run.version_step import release_below
from runbook.phases import test_17_preflight_downtime
from runbook.to_4_26.release import RELEASE
from runbook.to_4_26.settings import SETTINGS
from tests.engine.test_cli import written
from tests.evidence import journals
from tests.layers.test_pages import problem

EXAMPLE = (ROOT / "docs" / "prod.ini.example").read_text()
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
"""A week before the window of the example, which is on a Saturday."""
NODES = {f"my-neteye-0{n}.example.com": "operative" for n in (1, 2, 3)} | {
    "my-neteye-04.example.com": "elastic_only",
    "my-neteye-05.example.com": "voting_only",
}
CLUSTER = "my-neteye-cluster.example.com"
CONTACTS = "runbook_contacts=A. Rossi=+39 0471 000001, storage team=+39 0471 000002\n"


def stage(title: str, begin: str, end: str, *, no_return: bool = False) -> dict[str, Any]:
    begins, ends = (f"2026-11-28T{clock}:00+01:00" for clock in (begin, end))
    return {"title": title, "begins": begins, "ends": ends, "point_of_no_return": no_return}


def planned_step(
    name: str, commands: Sequence[Any] = (), reason: str = "", *found: Mapping[str, Any]
) -> dict[str, Any]:
    keys = ("code", "subject")
    told = [{key: one[key] for key in keys} for one in found]
    return {"name": name, "commands": list(commands), "reason": reason, "findings": told}


def finding(code: str, severity: str = "block", **more: Any) -> dict[str, Any]:
    plain = {"code": code, "severity": severity, "subject": "cluster", "observed": "it is odd"}
    return {**plain, "accepted": None, **more}


TIMELINE = {
    "stages": [
        stage("preflight", "20:00", "20:05"),
        stage("update", "20:05", "20:05"),
        stage("upgrade, migration", "20:05", "21:15", no_return=True),
        stage("closing", "21:15", "21:30"),
    ]
}


def planned_run(place: Path, begun: Mapping[str, Any] | None = None, **changes: Any) -> Path:
    """The directory of a run that told a plan."""
    first = journals.started(
        **{"mode": "plan", "scope": "upgrade", "cluster": CLUSTER, "nodes": NODES, **(begun or {})}
    )
    plan = {
        "cluster": CLUSTER,
        "created": "2026-11-19T08:15:00.000Z",
        "position": "not started",
        "steps": [planned_step("a.b", [{}]), planned_step("a.c"), planned_step("a.d", [{}])],
        "findings": [finding("odd", "warn")],
        "timeline": TIMELINE,
        **changes,
    }
    common = {name: first[name] for name in ("schema", "run", "time")}
    return written(place, [{**first, "seq": 1}, {**common, "seq": 2, "event": "plan", **plan}])


def page_of(text: str = EXAMPLE, plan: Path | None = None, now: datetime = NOW) -> str:
    """The card of an inventory that lies in the project's directory."""
    inventory = parse_inventory(text, Path("prod.ini"), SETTINGS)
    planned = read_planned(plan, inventory, RELEASE) if plan else None
    return render(inventory, RELEASE, Commands(ROOT, ROOT / "prod.ini"), planned, now)


def words_in(page: str) -> str:
    """What is read on it."""
    body = re.sub(r"</?span>", "", page[page.index("<body>") :])
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def commands_on(page: str) -> list[str]:
    found = re.findall(r"<code>(.*?)</code>", page)
    return [html.unescape(re.sub(r"<[^>]+>", "", code)) for code in found]


# what it says


def test_the_days_are_counted_back_from_the_window() -> None:
    said = words_in(page_of())
    days = ("Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27", "Sat 28")
    places = [said.index(f"{day} November", said.index("The week")) for day in days]
    assert places == sorted(places)
    assert "Sat 28 November, 20:00 to Sun 29 November, 06:00, 2026, UTC+01:00" in said
    assert said.index("Mon 30 November") > places[-1]


def test_a_window_that_has_begun_counts_from_now() -> None:
    said = words_in(page_of(now=datetime(2026, 11, 28, 22, 17, 30, tzinfo=UTC)))
    assert "Sat 28 November, 23:17 to Sun 29 November, 06:00" in said


@pytest.mark.parametrize(
    "text",
    [EXAMPLE, EXAMPLE + "runbook_approvals=2\n", EXAMPLE + "ansible_become=yes\n" + CONTACTS],
    ids=["plain", "approvals", "contacts"],
)
def test_every_command_is_taken_by_the_projects_own_parser(text: str) -> None:
    found = commands_on(page_of(text))
    assert len(found) > 12
    assert {line: why for line in found if (why := problem(line, whole=True))} == {}
    pytests = [shlex.split(line) for line in found if "pytest" in line.split()[0]]
    assert len(pytests) >= 8
    for words in pytests:
        parser = pytest.Parser(_ispytest=True)
        options.add(parser)
        given = parser.parse(words[1:])
        assert given.inventory == "prod.ini"
        assert given.file_or_dir == ["runbook"]
    engines = [shlex.split(line)[3:] for line in found if " -m engine " in line]
    assert {words[0] for words in engines} >= {"card", "verify", "watch"}
    for words in engines:
        engine.cli.parser().parse_args(words)


def test_whoever_approves_has_a_command() -> None:
    assert "approve reports/RUN/plan.json" in words_in(page_of(EXAMPLE + "runbook_approvals=2\n"))
    assert "approve reports/RUN" not in words_in(page_of())


def test_the_evidence_is_verified_with_those_who_may_sign() -> None:
    """Without them `verify` ends with 2, which on the card means killed."""
    verify = [line for line in commands_on(page_of()) if " verify " in line]
    assert len(verify) == 2
    for line in verify:
        words = shlex.split(line)
        assert words[words.index("verify") :] == [
            *("verify", "reports/RUN", "--allowed-signers", "FILE")
        ]
    assert "Words in CAPITALS are filled in by hand" in words_in(page_of())


def test_the_last_day_names_the_text_to_hand_over() -> None:
    said = words_in(page_of())
    assert "reports/RUN/handover.txt" in said[said.index("Mon 30 November") :]


def test_each_exit_code_has_its_row() -> None:
    page = page_of()
    table = page[page.index('class="stops"') :].split("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(\d+)</th>(.*?)</tr>', table, re.DOTALL)
    assert [int(code) for code, _ in rows] == [one.code for one in EXIT_CODES]
    for (_, row), one in zip(rows, EXIT_CODES, strict=True):
        assert one.means in words_in(f"<body>{row}")
        assert len(commands_on(row)) == (one.command is not Next.AGAIN)
    before = page[page.index("It stopped") :].split("<table")[0]
    assert [line.split()[-1] for line in commands_on(before)] == ["prod.ini"]
    assert "in a first night with its --until" in before


def test_without_a_plan_no_time_is_claimed() -> None:
    said = words_in(page_of())
    assert "Expected times: not known, plan first." in said
    assert "its time is not known, plan first" in said
    assert "without a plan" in said


def test_the_times_are_those_of_the_plan_from_the_windows_begin(tmp_path: Path) -> None:
    said = words_in(page_of(plan=planned_run(tmp_path / "run")))
    for row in ("20:00 to 20:05 preflight 5 min", "20:05 to 21:15 upgrade, migration 1 h 10 min"):
        assert row in said
    assert " update 0 " not in said
    assert "POINT OF NO RETURN 20:05 to 21:15" in said
    assert "upgrade.run , expected at 20:05" in said
    assert "The window holds it, 8 h 30 min to spare." in said
    assert "2 steps would change the cluster. Nothing blocks." in said
    late = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
    said = words_in(page_of(plan=tmp_path / "run", now=late))
    assert "05:00 to 05:05 preflight" in said
    assert "The window does NOT hold this: 30 min are missing." in said


def test_what_blocks_the_plan_is_told(tmp_path: Path) -> None:
    blocking = finding("disk-space")
    accepted = finding("window-outside", accepted={"by": "A. Rossi"})
    run = planned_run(tmp_path / "run", findings=[blocking, accepted, blocking])
    assert "BLOCKED by disk-space." in words_in(page_of(plan=run))


def test_an_upgrade_behind_its_point_of_no_return(tmp_path: Path) -> None:
    stages = [stage("verification", "20:00", "20:10")]
    run = planned_run(tmp_path / "run", position="upgraded", timeline={"stages": stages})
    said = words_in(page_of(plan=run))
    assert "not ahead any more, by the plan" in said
    assert "POINT OF NO RETURN" not in said
    done = planned_run(tmp_path / "done", position="closed", timeline=None)
    assert "nothing is left to do" in words_in(page_of(plan=done))


def test_whom_to_call_and_what_is_heard() -> None:
    said = words_in(page_of(EXAMPLE + CONTACTS))
    assert "A. Rossi +39 0471 000001" in said
    assert "storage team +39 0471 000002" in said
    for line in (*RELEASE.alarms, *RELEASE.alarms_outside, *RELEASE.bad_signs):
        assert line in said
    assert "What will alarm" in said
    assert "silent" not in said
    assert "nobody is told" not in said
    assert "runbook_contacts" in words_in(page_of())


SILENT = f"{EXAMPLE}runbook_downtime=yes\n"


def test_with_a_downtime_it_says_what_is_silent_and_what_is_told_all_the_same() -> None:
    said = words_in(page_of(SILENT))
    assert "What will alarm" not in said
    silent = said.index("What Icinga keeps silent about")
    assert all(silent < said.index(line) for line in RELEASE.alarms)
    assert all(f"sent all the same: {line}" in said for line in RELEASE.alarms_outside)
    assert "In the downtime nobody is told of it" in said
    assert "Icinga sends a message of each" in said
    assert "set downtimes elsewhere." in said


def test_the_downtime_is_from_before_the_first_change_to_the_later_of_both_ends() -> None:
    """20:00 to 06:00; with the window shortened, twice 105 minutes from 20:05 on."""
    until = "From about 20:05 , before the first change, to {} at the latest ({})"
    long = until.format("Sun 29 November, 06:00", "the window's end")
    assert long in words_in(page_of(SILENT))
    short = SILENT.replace("2026-11-29T06:00", "2026-11-28T22:00")
    assert short != SILENT
    twice = until.format("Sat 28 November, 23:35", "twice the expected time")
    assert twice in words_in(page_of(short))


def test_what_the_plan_says_of_the_downtime(tmp_path: Path) -> None:
    odd = finding("host-odd", "warn", observed="no host of Icinga stands for neteye05")
    steps = [planned_step(RELEASE.downtime_step, (), "of 5 hosts; 12 at most", odd)]
    run = planned_run(tmp_path / "run", steps=steps, findings=[odd])
    said = words_in(page_of(SILENT, run))
    assert "12 at most. Not as wanted, by the plan: no host of Icinga stands for neteye05." in said
    assert "of 5 hosts" not in said  # they stand above, and its times were those of then
    assert "12 at most" not in words_in(page_of(EXAMPLE, run))
    done = planned_run(tmp_path / "done", steps=steps, findings=[odd], timeline=None)
    assert "keeps silent" not in words_in(page_of(SILENT, done))


def test_the_step_that_tells_of_the_downtime_is_there() -> None:
    mark = mark_of(test_17_preflight_downtime.test_downtime)
    assert mark is not None
    assert (mark.name, mark.asks) == (RELEASE.downtime_step, True)


def test_the_fallback_stands_beside_the_point_of_no_return() -> None:
    said = words_in(page_of())
    assert "the fallback: VM snapshots of all nodes" in said
    without = re.sub("runbook_fallback=.*", "", EXAMPLE)
    assert "none is given (runbook_fallback)" in words_in(page_of(without))


def test_words_of_the_inventory_are_no_tags() -> None:
    hostile = "</p><script>alert(1)</script>"
    text = EXAMPLE.replace("runbook_fallback=VM", f"runbook_fallback={hostile}VM")
    page = page_of(f"{text}runbook_contacts=<img src>=112\n")
    assert "<script" not in page
    assert "<img" not in page
    assert hostile in html.unescape(page)


def test_two_nights_are_there_once_the_runbook_can(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(ROOT, ROOT / "prod.ini")
    inventory = parse_inventory(EXAMPLE, Path("prod.ini"), SETTINGS)
    given = (inventory, RELEASE, commands, None, timedelta(hours=10))
    assert list(variants(*given, {"--plan"})) == []
    (two,) = variants(*given, {"--plan", UNTIL})
    assert [night.command.split(" runbook ")[1] for night in two.nights] == [
        "--inventory prod.ini --until update",
        "--inventory prod.ini",
    ]
    monkeypatch.setattr("engine.card.page.own_names", lambda: {UNTIL})
    assert set(commands_on(page_of())) >= {night.command for night in two.nights}
    at_once = EXAMPLE.replace("reactivate_after_update=yes", "reactivate_after_update=no")
    assert "Two nights" not in words_in(page_of(at_once))
    silent = words_in(page_of(SILENT))
    assert "Two nights" in silent
    assert "Each has a downtime of its own, and ends it." in silent
    assert "Each has a downtime" not in words_in(page_of())


def nights_in(page: str) -> list[str]:
    """The nights of two, a line each."""
    part = page[page.index("<h2>Two nights") :].split("</table>")[0]
    return [words_in(f"<body>{row}") for row in re.findall(r"<tr>.*?</tr>", part)]


@pytest.mark.parametrize(
    ("ends", "held"),
    [
        ("2026-11-28T20:35", "this window holds it"),
        ("2026-11-28T20:34", "this window does NOT hold it"),
    ],
)
def test_how_long_each_of_two_nights_takes(ends: str, held: str) -> None:
    """Of the five nodes' 105 minutes; 10, and 5 for each node, are before the second night."""
    text = EXAMPLE.replace("2026-11-29T06:00", ends)
    assert text != EXAMPLE
    first, second = nights_in(page_of(text))
    assert first.startswith(f"First 35 min, {held} ")
    assert first.endswith("--inventory prod.ini --until update")
    assert second.startswith("Second 1 h 10 min ")
    assert second.endswith("--inventory prod.ini")


def test_of_two_nights_the_second_is_left_once_the_update_is_done(tmp_path: Path) -> None:
    page = page_of(plan=planned_run(tmp_path / "run", position="updated"))
    first, second = nights_in(page)
    assert first == "First the update is done"
    assert second.startswith("Second 1 h 30 min ")  # what the plan's stages take
    begun = planned_run(tmp_path / "begun", position="upgrade under way")
    assert "Two nights" not in words_in(page_of(plan=begun))


def test_the_options_are_those_that_are_registered() -> None:
    assert options.own_names() >= {"--inventory", "--plan", "--accept", "--follow-up"}


def test_the_step_is_the_one_of_pytest_ini() -> None:
    assert release_below(ROOT) == RELEASE


# what it writes, and what it refuses


def test_it_is_written_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = tmp_path / "prod.ini"
    inventory.write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    file = write_card(Path("prod.ini"), None, None, NOW)
    assert file == Path(f"card-{CLUSTER}.html")
    assert file.read_text().startswith(MARK)
    assert f"--inventory {inventory}" in words_in(file.read_text())
    file.write_text(f"{MARK}<p>an older one")
    write_card(Path("prod.ini"), None, None, NOW)
    assert "an older one" not in file.read_text()


def test_the_time_of_the_rehearsal_stands_beside_those_of_the_plan(tmp_path: Path) -> None:
    run = written(
        tmp_path / "rehearsal",
        [{**one, "seq": number} for number, one in enumerate(journals.whole(), 1)],
    )
    text = f"{EXAMPLE}runbook_rehearsal={run / 'rehearsal.json'}\n"
    inventory = parse_inventory(text, Path("prod.ini"), SETTINGS)
    assert "is not known" in length_of_rehearsal(inventory)
    (run / "rehearsal.json").write_text("{}")
    said = length_of_rehearsal(inventory)
    where = "neteye.example.test, 2 nodes, ended 2026-11-02"
    assert said == f"The rehearsal ({where}) took 0:01:40 in all."
    text = (run / "journal.jsonl").read_text()
    (run / "journal.jsonl").write_text(text.replace("neteye update", "neteye upgrade"))
    with pytest.raises(UsageError, match=r"^runbook_rehearsal: .*altered"):
        length_of_rehearsal(inventory)
    plain = parse_inventory(EXAMPLE, Path("prod.ini"), SETTINGS)
    assert length_of_rehearsal(plain) == ""


PLAIN = {"text": EXAMPLE, "begun": {}, "changes": {}, "plan": True}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no inventory": ({"text": None}, "can't read the inventory"),
    "a wrong inventory": ({"text": EXAMPLE.replace("runbook_cluster", "runbook_clust")}, "unknown"),
    "no begin": ({"text": re.sub("runbook_window_start.*", "", EXAMPLE)}, "runbook_window_start"),
    "no end": ({"text": re.sub("runbook_window_end.*", "", EXAMPLE)}, "runbook_window_end"),
    "over": ({"text": EXAMPLE.replace("2026-11-2", "2020-11-2")}, "the window ended on"),
    "another cluster": ({"begun": {"cluster": "other.example.com"}}, "a plan of cluster other."),
    "other nodes": ({"begun": {"nodes": {**NODES, "x": "operative"}}}, "of other nodes or roles"),
    "another step": ({"begun": {"source": "4.24"}}, "a plan of the upgrade 4.24 -> 4.26"),
    "a run": ({"begun": {"mode": "execute"}}, "a run of the mode execute"),
    "a restore": ({"begun": {"scope": "restore"}}, "a plan of --restore"),
    "no run": ({"plan": None}, "no such run"),
    "no plan in it": ({"plan": "started"}, "this run told no plan"),
    "odd": ({"changes": {"timeline": {"stages": [{}]}}}, "use the version of the runbook"),
    "a file in the way": ({"out": "prod.ini"}, "is there already, and is no card"),
    "into the evidence": ({"out": "run/card.html"}, "the evidence of a run stays as it is"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, expected = BAD[case]
    given = {**PLAIN, "out": "card.html", **changes}
    if given["text"] is not None:
        (tmp_path / "prod.ini").write_text(given["text"])
    run = tmp_path / "run"
    if given["plan"] == "started":
        first = journals.started(mode="plan", scope="upgrade", cluster=CLUSTER, nodes=NODES)
        written(run, [{**first, "seq": 1}])
    elif given["plan"]:
        planned_run(run, given["begun"], **given["changes"])
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr("engine.cli.utc_now", lambda: NOW)
    words = [str(tmp_path / "prod.ini"), "--plan", str(run), "--out", str(tmp_path / given["out"])]
    assert engine.cli.main(["card", *words]) == 4
    said = capsys.readouterr().err
    assert said.startswith("ERROR: ")
    assert said.count("\n") == 1, said
    assert expected in said
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_takes_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prod.ini").write_text(EXAMPLE.replace("2026-11-2", "2096-11-2"))
    words = [str(tmp_path / "prod.ini"), "--out", str(tmp_path / "gone" / "card.html")]
    assert engine.cli.main(["card", *words]) == 1
    assert "can't be written" in capsys.readouterr().err
