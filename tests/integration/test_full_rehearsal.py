"""The whole upgrade on a cluster as the default one, then once more: nothing is left to do.

    RUNBOOK_SEEDS=1,6,9,15 pytest tests/integration/test_full_rehearsal.py

These four seeds have both orders of the packages, both ways to write the release file, and both
reports of the `.rpmnew` files. Without the variable it is 15.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.prove.statement import read_statement
from engine.record.gaps import sentence
from engine.verify import verify
from rehearsal.to_4_26 import STEP
from runbook.to_4_26.release import RELEASE
from tests.evidence.schemas import problems_of_run
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.failover import assert_nothing_holds_httpd, httpd_starts
from tests.integration.inventories import (
    all_send_well,
    archive,
    contact,
    delete,
    sample_machines,
    send_inventory,
)
from tests.integration.invocation import ROOT, Project, Ran, copy_project
from tests.integration.judging import assert_judged_again
from tests.integration.ocs_files import (
    RESTAPI,
    SERVER,
    TARGET,
    Kept,
    all_kept,
    assert_httpd_takes_them,
    assert_migrated,
    kept,
    packaged,
    variable_of,
)
from tests.integration.outcome import (
    all_starts,
    assert_rows,
    assert_started_once_a_round,
    assert_upgraded,
)
from tests.integration.secrets_of import passwords_of
from tests.integration.snapshot import Snapshot, nothing_changes, snapshot
from tests.secrets.forms import contents_of, exposed

pytestmark = pytest.mark.integration

NODES = "operative=3,elastic=1,voting=1"
# 15 has the other orders and wording than the seed of the smaller cluster, which is upgraded by
# test_interrupted_rehearsal.py: N last, the release file at the end, another variable
SEEDS = [int(seed) for seed in os.environ.get("RUNBOOK_SEEDS", "15").split(",") if seed.strip()]
COVERING = (1, 6, 9, 15)
NOT_YET = "not reported yet"
GONE = "no longer active"
IDLE = {"nothing to do", "not needed", "not applicable"}
# steps that ask, judge or state: they are done on every run
ASKING = ("preflight.", "upgrade.stop", "verification.", "reactivation.", "closing.")


@dataclass
class Rehearsal:
    """A cluster that was upgraded, the run that did it, and a second one."""

    cluster: TestCluster
    project: Project
    files: dict[tuple[str, str], Kept]
    """The OCS files of each operative node before the run."""
    first: Ran
    between: Snapshot
    starts: dict[str, dict[str, int]]
    second: Ran
    after: Snapshot


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def rehearsal(
    request: pytest.FixtureRequest, clusters: Clusters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rehearsal]:
    cluster = clusters.get("full", NODES, seed=request.param)
    project = Project(copy_project(tmp_path_factory.mktemp("full") / "copy"))
    files = all_kept(cluster)
    first = project.execute(cluster.inventory)
    assert first.code == 0, first.console
    between, counted = snapshot(cluster), all_starts(cluster)
    second = project.execute(cluster.inventory)
    yield Rehearsal(cluster, project, files, first, between, counted, second, snapshot(cluster))
    clusters.down()


def test_the_covering_seeds_have_both_of_everything() -> None:
    drawn = [STEP.draw(seed) for seed in COVERING]
    pairs = {(settings["package_order"], settings["release_file"]) for settings in drawn}
    assert len(pairs) == 4
    assert {settings["migration_report"] for settings in drawn} == {"all", "first"}


def test_the_upgrade_is_done_and_every_row_is_served(rehearsal: Rehearsal) -> None:
    assert rehearsal.first.summary["outcome"] == "done"
    assert rehearsal.first.summary["exit_code"] == 0
    assert rehearsal.first.summary["ledger"] == []
    assert_rows(rehearsal.first)


def test_the_cluster_is_upgraded_and_as_before(rehearsal: Rehearsal) -> None:
    assert_upgraded(rehearsal.cluster)


def test_httpd_ran_on_every_operative_node_and_is_back(rehearsal: Rehearsal) -> None:
    """N ran it during the upgrade; the others because it was moved there, after the update."""
    cluster, ran = rehearsal.cluster, rehearsal.first
    assert_nothing_holds_httpd(cluster)
    assert cluster.node_of("httpd") == cluster.active
    assert httpd_starts(cluster, ran) == dict.fromkeys(cluster.shorts[:3], 1)
    moves = [e["command"] for e in ran.changes if e["step"].startswith("failover.")]
    removed = "pcs constraint remove neteye-runbook-failover"
    others = [node.name for node in cluster.topology.operative[1:]]
    for node, move in zip([*others, cluster.node_name(0)], moves[::2], strict=True):
        assert move.endswith(f" {node} INFINITY"), moves
    assert moves[1::2] == [removed] * (len(others) + 1)
    for node in others:
        assert ran.outcomes[f"failover.httpd[{node}]"] == "done"
        assert ran.outcomes[f"failover.proof[{node}]"] == "done"
    assert ran.outcomes["failover.back"] == "done"


def test_each_command_was_started_as_often_as_the_run_says(rehearsal: Rehearsal) -> None:
    """One update, the round that stops as planned, and the round after the migration."""
    assert_started_once_a_round(rehearsal.cluster, rounds=2)
    stop = next(s for s in rehearsal.first.summary["steps"] if s["name"] == "upgrade.stop[1]")
    assert "planned stop" in stop["reason"]


def test_each_node_keeps_its_own_edits_of_the_ocs_files(rehearsal: Rehearsal) -> None:
    assert_migrated(rehearsal.cluster, rehearsal.files)
    first, second, third = (node.short for node in rehearsal.cluster.topology.operative)
    site = kept(rehearsal.cluster, first, SERVER).text
    for setting in ("LOGLEVEL 1", "PROLOG_FREQ 24", "TRUSTED_IP 192.0.2.11"):
        assert f"OCS_OPT_{setting}\n" in site
    access = kept(rehearsal.cluster, second, SERVER).text
    assert access.count("\r\n") == access.count("\n") > 100
    assert "  # asked for by the database team\r\n  PerlSetEnv OCS_DB_SSL_MODE" in access
    assert "SSL_MODE_STRICT\r\n" in access
    assert 'AuthName "Inventory of the second site"\r\n' in access
    assert "Require valid-user\r\n" in access
    assert 'Require user "soap"' not in access
    # where nobody edited anything else, the file is the package's
    for node, path in ((first, RESTAPI), (third, SERVER), (third, RESTAPI)):
        found = kept(rehearsal.cluster, node, path).content
        assert found == packaged(rehearsal.cluster, TARGET, path)


def test_httpd_takes_the_files_on_every_node(rehearsal: Rehearsal) -> None:
    assert_httpd_takes_them(rehearsal.cluster, variable_of(rehearsal.cluster))


def test_the_merge_knew_the_old_default(rehearsal: Rehearsal) -> None:
    steps = rehearsal.first.summary["steps"]
    done = [s for s in steps if s["name"].startswith("migration.files") and s["outcome"] == "done"]
    assert len(done) == 3
    for step in done:
        assert step["reason"].count("compared with the old default (ocsinventory-server-") == 2


def test_no_password_is_in_evidence_or_console(rehearsal: Rehearsal) -> None:
    passwords = passwords_of(rehearsal.cluster)
    assert len(passwords) > 6
    consoles = [
        ("console of the first run", rehearsal.first.console.encode()),
        ("console of the second run", rehearsal.second.console.encode()),
    ]
    found = exposed(passwords, [*consoles, *contents_of(rehearsal.project.directory / "reports")])
    assert found == []


def test_no_password_is_in_the_records_on_n(rehearsal: Rehearsal) -> None:
    cluster = rehearsal.cluster
    script = "cd /var/lib/neteye-runbook && find . -type f ! -path '*/backups/*' -exec cat {} +"
    records = cluster.shell(cluster.active, script).encode()
    assert exposed(passwords_of(cluster), [("records on N", records)]) == []


def test_the_evidence_is_there_and_for_nobody_else(rehearsal: Rehearsal) -> None:
    directory = rehearsal.first.directory
    assert directory is not None
    names = ("journal.jsonl", "summary.json", "evidence.html", "report.html", "junit.xml")
    for name in names:
        assert (directory / name).stat().st_size > 0
    for path in [directory, *directory.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert (directory.parent / "latest").resolve() == _resolved(rehearsal.second)


def test_a_stranger_can_verify_both_runs(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """By one file, from elsewhere: with the head of the console, and with the operator's key."""
    key = rehearsal.cluster.ssh / "id_ed25519.pub"
    allowed = tmp_path / "allowed"
    allowed.write_text(f"operator@example.test {key.read_text()}")
    script = tmp_path / "verify.py"
    shutil.copy(ROOT / "engine" / "verify.py", script)
    for ran in (rehearsal.first, rehearsal.second):
        found = re.search(r"^head of its journal: ([0-9a-f]{64})$", ran.console, re.M)
        assert found is not None, ran.console
        for proof in (["--head", found[1]], ["--allowed-signers", str(allowed)]):
            done = subprocess.run(
                [sys.executable, "-I", str(script), str(ran.directory), *proof],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                check=False,
            )
            assert done.returncode == 0, done.stdout
            assert done.stdout.startswith("valid: run ")


def test_the_system_journal_of_every_node_is_a_witness_of_both_runs(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    for node in rehearsal.cluster.shorts:
        excerpt = tmp_path / f"{node}.txt"
        words = ("journalctl", "-t", "neteye-runbook", "--no-pager")
        excerpt.write_text(rehearsal.cluster.run(node, words))
        for ran in (rehearsal.first, rehearsal.second):
            verdict = verify(_resolved(ran), witnesses=[excerpt])
            assert verdict.lines[0].startswith("consistent, proved in part"), verdict.lines
            assert any(f"({excerpt.name})" in line for line in verdict.lines)


def test_the_files_are_as_the_published_schemas_have_them(rehearsal: Rehearsal) -> None:
    for ran in (rehearsal.first, rehearsal.second):
        assert problems_of_run(_resolved(ran)) == []


def test_both_runs_can_be_judged_again_without_the_cluster(rehearsal: Rehearsal) -> None:
    for ran in (rehearsal.first, rehearsal.second):
        run = _resolved(ran)
        before = dict(contents_of(run))
        assert_judged_again(rehearsal.project, run, [s["name"] for s in ran.summary["steps"]])
        assert dict(contents_of(run)) == before


def test_a_change_of_who_may_reach_the_api_is_told_on_each_node(rehearsal: Rehearsal) -> None:
    """The package lets it be asked from the node alone; no node's file had a rule."""
    found = rehearsal.first.findings("ocs-access-changed")
    assert len(found) == 3
    for finding in found:
        assert finding["severity"] == "warn"
        assert "<location /ocsapi>" in finding["subject"]
        assert "no rule of its own" in finding["observed"]
        assert "Require ip 127.0.0.1" in finding["observed"]


def test_what_an_agent_gets_was_asked(rehearsal: Rehearsal) -> None:
    (step,) = [
        s for s in rehearsal.first.summary["steps"] if s["name"] == "verification.ocs_server"
    ]
    assert "POST as an agent: 200 NO_UPDATE" in step["reason"]


def test_it_says_that_it_was_rehearsed(rehearsal: Rehearsal) -> None:
    seen = read_statement(_resolved(rehearsal.first) / "rehearsal.json")
    assert seen.problem == ""
    assert seen.statement is not None
    name, _, about = seen.statement.scenario.partition(": ")
    assert (name, seen.statement.key[:7]) == ("guide", "SHA256:")
    assert about == STEP.scenario("guide").description
    assert seen.statement.nodes == {"operative": 3, "elastic_only": 1, "voting_only": 1}
    # nothing was left to do
    assert not (_resolved(rehearsal.second) / "rehearsal.json").exists()


def test_it_predicts_how_another_upgrade_goes(rehearsal: Rehearsal) -> None:
    path = _resolved(rehearsal.first) / "rehearsal.json"
    seen = read_statement(path).statement
    assert seen is not None and seen.predicted is not None  # noqa: PT018
    told = {passage.key: passage for passage in seen.predicted.passages}
    assert seen.predicted.rounds == {"update": 1, "upgrade": 2}
    stop = {(one.file, one.place) for one in told["upgrade.stop[1]", ""].waiting}
    places = [f"operative {number}" for number in (1, 2, 3)]
    assert stop == {(file, place) for file in RELEASE.known_conflicts for place in places}
    assert [p.place for p in seen.predicted.passages if p.step == "migration.files[1]"] == places
    lost = {(c.what, c.state): c.count for c in told["verification.memories", ""].counted}
    assert lost["values that are no integers, turned into NULL", "observed"] > 0
    assert seen.predicted.left_out == 0
    text = json.dumps(json.loads(path.read_text())["predicted"])
    assert "neteye0" not in text
    assert len(text) < 20_000


def test_the_auditors_page_compares_before_and_after(rehearsal: Rehearsal) -> None:
    """Of the first run, and the same of the second, which covers the whole attempt."""
    for ran in (rehearsal.first, rehearsal.second):
        page = (_resolved(ran) / "evidence.html").read_text()
        assert "Not observed" not in page
        assert "Not compared" not in page
        cells = r'<th scope="row">([\w.-]+)</th><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td><td'
        changed = set(re.findall(cells, page))
        assert any(name == "neteye" and "4.26" in after for name, _, after in changed), changed
        assert page.count("what changed in /etc/httpd/conf.d/") >= 2 * 3
        assert "<script" not in page


def test_gaps_of_services_are_measured(rehearsal: Rehearsal) -> None:
    """httpd was on other nodes for the failover proof: meanwhile the cluster address had none."""
    seen = rehearsal.first.summary["service_gaps"]
    totals = {total["target"]: total for total in seen["totals"]}
    assert list(totals) == [service.name for service in RELEASE.services]
    assert {name for name, total in totals.items() if not total["measured"]} == set()
    for service in ("httpd", "OCS endpoint"):
        steps = {step for gap in seen["gaps"] if gap["target"] == service for step in gap["steps"]}
        assert any(step.startswith("failover.") for step in steps), steps
        assert totals[service]["seconds"] >= totals[service]["longest"] > 0
    assert f"service gaps: {sentence(seen['totals'])}" in rehearsal.first.console
    page = (_resolved(rehearsal.first) / "evidence.html").read_text()
    assert f"gaps of services: {sentence(seen['totals'])}" in page
    # nothing was left to do, so nothing was asked again
    assert rehearsal.second.summary["service_gaps"] == seen


def _resolved(ran: Ran) -> Path:
    assert ran.directory is not None
    return ran.directory.resolve()


def test_a_second_run_changes_nothing(rehearsal: Rehearsal) -> None:
    assert rehearsal.second.code == 0, rehearsal.second.console
    assert rehearsal.second.summary["outcome"] == "done"
    assert rehearsal.second.changes == []
    rehearsal.between.assert_same(rehearsal.after)
    assert all_starts(rehearsal.cluster) == rehearsal.starts


def test_a_second_run_says_why_for_each_step(rehearsal: Rehearsal) -> None:
    for step in rehearsal.second.summary["steps"]:
        assert step["reason"], step
        assert step["outcome"] in IDLE or step["name"].startswith(ASKING), step


def test_a_second_run_shows_the_rows_of_the_whole_attempt(rehearsal: Rehearsal) -> None:
    assert_rows(rehearsal.second)


def test_the_machines_to_follow_up_are_listed_beside_the_backup(rehearsal: Rehearsal) -> None:
    """Here and on N: every machine that had sent text, by the sample data themselves."""
    directory, cluster = rehearsal.first.directory, rehearsal.cluster
    assert directory is not None
    file = directory / "backups" / "ocsweb.agents.jsonl.gz"
    listed = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    found = [(m["machine"], tuple(m["text_slots"]), tuple(m["decorated_slots"])) for m in listed]
    assert found == [(m.id, m.lost, m.decorated) for m in sample_machines()]
    on_n = f"/var/lib/neteye-runbook/attempts/{directory.name}/backups/{file.name}"
    seen = cluster.shell(cluster.active, 'stat -c %a "$1"; sha256sum < "$1"', on_n).split()
    assert seen[:2] == ["600", hashlib.sha256(file.read_bytes()).hexdigest()]


def followed_up(rehearsal: Rehearsal, run: Path | None) -> tuple[Ran, dict[int, str]]:
    """A follow-up, which changes nothing, and the verdict of each machine by its table."""
    assert run is not None
    with nothing_changes(rehearsal.cluster):
        ran = rehearsal.project.follow_up(rehearsal.cluster.inventory, run)
    assert ran.directory is not None, ran.console
    assert ran.summary["mode"] == "follow-up"
    assert ran.changes == []
    (table,) = (ran.directory / "outputs").glob("*-agents-to-follow-up.csv")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@")]
    return ran, {int(row["machine"]): row["verdict"] for row in rows}


# from here on the agents' data change: these tests are the last ones
def test_each_machine_has_the_verdict_of_what_it_sent(rehearsal: Rehearsal) -> None:
    """Followed up by the second run, which has the list of the first one."""
    cluster, run = rehearsal.cluster, rehearsal.second.directory
    assert run is not None
    expected = {m.id: GONE if m.is_archived else NOT_YET for m in sample_machines()}
    chosen = iter([m.id for m in sample_machines() if m.lost and not m.is_archived])
    well, text, clamped, unchanged = (next(chosen) for _ in range(4))
    updated, strange = (next(chosen) for _ in range(2))
    only_contact, deleted, archived = (next(chosen) for _ in range(3))
    send_inventory(cluster, well, "4096")
    send_inventory(cluster, text, "No", agent="OCS-NG_unified_unix_agent_v2.1.1")
    send_inventory(cluster, updated, "", agent="OCS-NG_unified_unix_agent_v2.10.0")
    send_inventory(cluster, strange, "No", agent="=HYPERLINK(0,0)<b>")
    send_inventory(cluster, clamped, "99999999999")
    send_inventory(cluster, unchanged, None)
    contact(cluster, only_contact)
    delete(cluster, deleted)
    archive(cluster, archived)
    expected |= {
        well: "reports integers",
        text: "update the agent",
        clamped: "update the agent",
        unchanged: "section unchanged, undecided",
        updated: "reports integers",
        strange: "agent not known, undecided",
        deleted: GONE,
        archived: GONE,
    }
    assert (run / "backups" / "ocsweb.agents.jsonl.gz").exists()
    ran, verdicts = followed_up(rehearsal, run)
    assert ran.code == 11, ran.console
    assert verdicts == expected
    assert ran.states == {"G08": "open"}
    assert f"{list(expected.values()).count(NOT_YET):>9}  not reported yet" in ran.console
    assert re.search(f"next, then: .* --follow-up .*{run.name}", ran.console)
    (finding,) = ran.findings("agents-open")
    assert "1 agent not known, undecided: 1 with =HYPERLINK(0,0)<b>" in finding["remedy"]
    assert "1 of them have contacted the server since" in finding["remedy"]
    report = (ran.directory / "report.html").read_text() if ran.directory else ""
    assert "HYPERLINK(0,0)" in report
    assert "HYPERLINK(0,0)<b>" not in report


def test_when_every_agent_sends_integers_nothing_is_left_to_do(rehearsal: Rehearsal) -> None:
    """Followed up by the first run, which has its list still."""
    all_send_well(rehearsal.cluster)
    ran, verdicts = followed_up(rehearsal, rehearsal.first.directory)
    assert ran.code == 0, ran.console
    assert set(verdicts.values()) == {"reports integers", GONE}
    assert ran.states == {"G08": "fulfilled"}
