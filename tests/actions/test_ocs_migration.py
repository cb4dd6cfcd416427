"""The migration of the OCS server's files on nodes where its scripts really run (G10 to G13)."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge.ways import commands_of
from engine.model.change import Change, Doubt
from engine.model.finding import Command, Severity
from engine.model.names import names_of
from engine.plan.look import Ahead, NotKnownYet, PlanLook
from engine.record.evidence import StoppedForPerson
from engine.record.memory import Memory
from engine.report.audit.old_files import old_files_of
from engine.secrets import Secret
from runbook.to_4_26 import on_record
from runbook.to_4_26.actions.ocs import NOT_RUN, ocs_credentials_written, ocs_files_migrated
from runbook.to_4_26.httpd import password_record
from runbook.to_4_26.httpd.migration import (
    TOO_EARLY,
    credentials_now,
    migration_diffs,
    old_files,
    passwords_before,
    put_back_commands,
)
from runbook.to_4_26.names import CREDENTIALS, CREDENTIALS_TEMPLATE, RESTAPI_CONF, SERVER_CONF
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.ocs_nodes import DATA, OTHER, ChangeFailed, Driven, FakeLook, N, Nodes, drive
from tests.engine import kit
from tests.engine.scripted import FakeTransport

PASSWORD = "right#horse$7"
VARIABLE = "INVENTORY_DB_WORD"
PACKAGE = "ocsinventory-server-2.9.0-2.noarch"
RPM = f"{PACKAGE}.rpm"
OLD = {
    SERVER_CONF: (DATA / "server-old.conf").read_text(),
    RESTAPI_CONF: (DATA / "restapi-old.conf").read_text(),
}
NEW = {
    SERVER_CONF: (DATA / "server-new.conf").read_text(),
    RESTAPI_CONF: (DATA / "restapi-new.conf").read_text(),
}
TEMPLATE = (DATA / "credentials.tpl").read_text()


# complains of what stands in `$BASE/complaint`, when it is in a file, and of what always was wrong;
# of a Perl module that is not there only when the interpreter is started while files are read
HTTPD = """
[ "$INVENTORY_DB_WORD" ] || echo "[core:warn] AH00111: the variable is not defined"
echo "[Wed Nov 25 05:02:03.65 2026] [core:warn] [pid $$:tid $$] AH00558: no name of this server"
cd "$BASE/$NODE/etc/httpd/conf.d"
if [ -e "$BASE/complaint" ] && found=$(grep -Hn -f "$BASE/complaint" *.conf); then
  echo "AH00526: Syntax error on line 3 of $PWD/${found%%:*}:"
  echo "Invalid argument '${found##*:}'"
  exit 1
fi
if [[ " $* " = *" -c PerlConfigRequire "* && -e "$BASE/missing" ]] &&
  grep -qw -f "$BASE/missing" *.conf; then
  echo "[Wed Nov 25 05:02:03.65 2026] [perl:error] [pid $$:tid $$] Can't load Perl module" \
    "$(cat "$BASE/missing") for server localhost:0, exiting..."
  exit 1
fi
echo "a module's word while it is loaded"
echo "Syntax OK"
"""


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    """Two nodes at the planned stop: both files edited, an .rpmnew beside each, template on N."""
    made = Nodes(tmp_path, N, OTHER)
    for node in (N, OTHER):
        for path, text in OLD.items():
            made.put(node, path, text)
            made.put(node, f"{path}.rpmnew", NEW[path])
    made.put(N, CREDENTIALS_TEMPLATE, TEMPLATE, 0o640)
    made.program("httpd", HTTPD)
    return made


@pytest.fixture
def look(nodes: Nodes) -> FakeLook:
    return FakeLook(nodes)


def credentials(nodes: Nodes, look: FakeLook, node: str = OTHER) -> Driven:
    return drive(nodes, ocs_credentials_written, look, node)


def migrate(nodes: Nodes, look: FakeLook, node: str = OTHER) -> Driven:
    return drive(nodes, ocs_files_migrated, look, node)


def codes(stopped: pytest.ExceptionInfo[StoppedForPerson]) -> set[str]:
    return {finding.code for finding in stopped.value.findings}


def test_the_credentials_file_is_made_on_n_from_its_template(nodes: Nodes, look: FakeLook) -> None:
    done = credentials(nodes, look)
    file = nodes.path(N, CREDENTIALS)
    assert [change.node for change in done.changes] == [N]
    assert file.read_text() == TEMPLATE.replace(f"{VARIABLE}=", f"{VARIABLE}='{PASSWORD}'")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert credentials_now(look).value(VARIABLE).reveal() == PASSWORD  # type: ignore[union-attr]
    assert not nodes.path(OTHER, CREDENTIALS).exists()


def test_the_password_is_in_no_argument_and_in_no_text(nodes: Nodes, look: FakeLook) -> None:
    done = credentials(nodes, look)
    done_files = migrate(nodes, look)
    for change in done.changes + done_files.changes:
        assert PASSWORD not in " ".join(change.argv)
        assert PASSWORD not in repr(change)
    assert PASSWORD not in f"{done.said} {done_files.said}"
    assert PASSWORD not in "".join(migration_diffs(look, OTHER).values())


def test_after_the_migration_the_password_stands_in_the_dated_copies_alone(
    nodes: Nodes, look: FakeLook
) -> None:
    credentials(nodes, look)
    for node in (N, OTHER):
        migrate(nodes, look, node)
    asked = look.ask_all((N, OTHER), password_record.copies(Secret(PASSWORD)))
    kept = {f"{path}.09032024.bak" for path in OLD}
    holding = {node: {c.path for c in seen if c.holds} for node, seen in asked.values.items()}
    assert holding == {N: kept | {CREDENTIALS}, OTHER: kept}


def test_a_credentials_file_with_the_same_value_is_left_alone(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    before = nodes.path(N, CREDENTIALS).stat()
    assert "already" in credentials(nodes, look, N).nothing
    assert nodes.path(N, CREDENTIALS).stat() == before


def test_a_credentials_file_with_another_value_is_a_question(nodes: Nodes, look: FakeLook) -> None:
    nodes.put(N, CREDENTIALS, f"{VARIABLE}=something-else\n")
    with pytest.raises(StoppedForPerson) as stopped:
        credentials(nodes, look)
    assert codes(stopped) == {"ocs-credentials-other"}
    assert "something-else" not in str(stopped.value)
    assert nodes.path(N, CREDENTIALS).read_text() == f"{VARIABLE}=something-else\n"


def test_another_value_that_is_accepted_is_left_and_the_files_are_migrated(
    nodes: Nodes, look: FakeLook
) -> None:
    nodes.put(N, CREDENTIALS, f"{VARIABLE}=something-else\n")
    accepted = ("ocs-credentials-other",)
    done = drive(nodes, ocs_credentials_written, look, OTHER, accepted=accepted)
    assert "left as it is" in done.nothing
    assert nodes.path(N, CREDENTIALS).read_text() == f"{VARIABLE}=something-else\n"
    assert migrate(nodes, look).changes


def test_a_credentials_file_without_a_value_can_not_be_accepted(
    nodes: Nodes, look: FakeLook
) -> None:
    """The files could not be migrated with it."""
    nodes.put(N, CREDENTIALS, "SOMETHING=else\n")
    with pytest.raises(StoppedForPerson) as stopped:
        credentials(nodes, look)
    assert codes(stopped) == {"ocs-migration-unclear"}


@pytest.mark.parametrize(
    ("where", "path", "old", "new", "code"),
    [
        (N, CREDENTIALS_TEMPLATE, f"{VARIABLE}=", "OTHER_NAME=", "ocs-variable-mismatch"),
        (N, CREDENTIALS_TEMPLATE, f"{VARIABLE}=", f"#{VARIABLE}=", "ocs-variable-mismatch"),
        (N, CREDENTIALS_TEMPLATE, f"{VARIABLE}=", f"A=\n{VARIABLE}=", "ocs-variable-mismatch"),
        (OTHER, RESTAPI_CONF, f"'{PASSWORD}'", "'another'", "ocs-passwords-differ"),
        (OTHER, SERVER_CONF, f'"{PASSWORD}"', '"it is"', "ocs-password-unsupported"),
        (OTHER, RESTAPI_CONF, f"'{PASSWORD}'", '"a$b"', "ocs-password-unsupported"),
        (OTHER, f"{SERVER_CONF}.rpmnew", VARIABLE, "SOMETHING_ELSE", "ocs-migration-unclear"),
        (OTHER, f"{SERVER_CONF}.rpmnew", f"${{{VARIABLE}}}", "word", "ocs-migration-unclear"),
    ],
)
def test_what_is_not_certain_stops_for_a_person(
    nodes: Nodes, look: FakeLook, where: str, path: str, old: str, new: str, code: str
) -> None:
    file = nodes.path(where, path)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(StoppedForPerson) as stopped:
        credentials(nodes, look)
    assert code in codes(stopped)
    assert not nodes.path(N, CREDENTIALS).exists()


@pytest.fixture
def early(nodes: Nodes, look: FakeLook) -> None:
    """OTHER is in standby with its new packages; those of N, with the template, failed."""
    nodes.path(N, CREDENTIALS_TEMPLATE).unlink()
    look.standby = {OTHER}


@pytest.mark.usefixtures("early")
def test_before_the_template_is_there_no_credentials_are_written(
    nodes: Nodes, look: FakeLook
) -> None:
    assert credentials(nodes, look).nothing == TOO_EARLY
    assert not nodes.path(N, CREDENTIALS).exists()


@pytest.mark.usefixtures("early")
def test_a_node_in_standby_is_migrated_before_the_template_is_there(
    nodes: Nodes, look: FakeLook
) -> None:
    """Its .rpmnew would keep the next round from starting; nothing reads its files meanwhile."""
    migrate(nodes, look)
    assert not nodes.path(OTHER, f"{SERVER_CONF}.rpmnew").exists()
    for path in (SERVER_CONF, RESTAPI_CONF):
        text = nodes.path(OTHER, path).read_text()
        assert VARIABLE in text
        assert PASSWORD not in text


@pytest.mark.usefixtures("early")
def test_early_files_without_a_variable_are_for_a_person(nodes: Nodes, look: FakeLook) -> None:
    nodes.put(OTHER, f"{SERVER_CONF}.rpmnew", OLD[SERVER_CONF])
    with pytest.raises(StoppedForPerson) as stopped:
        migrate(nodes, look)
    assert codes(stopped) == {"ocs-migration-unclear"}
    assert nodes.path(OTHER, SERVER_CONF).read_text() == OLD[SERVER_CONF]


def test_a_node_whose_httpd_may_run_is_not_migrated_early(nodes: Nodes, look: FakeLook) -> None:
    nodes.path(N, CREDENTIALS_TEMPLATE).unlink()
    with pytest.raises(StoppedForPerson) as stopped:
        migrate(nodes, look)
    assert codes(stopped) == {"ocs-template-missing"}
    assert nodes.path(OTHER, f"{SERVER_CONF}.rpmnew").exists()
    assert nodes.path(OTHER, SERVER_CONF).read_text() == OLD[SERVER_CONF]


def test_credentials_whose_template_is_gone_are_a_question(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    nodes.path(N, CREDENTIALS_TEMPLATE).unlink()
    with pytest.raises(StoppedForPerson) as stopped:
        credentials(nodes, look)
    assert codes(stopped) == {"ocs-template-missing"}


def test_both_files_are_replaced_and_nothing_of_the_old_is_lost(
    nodes: Nodes, look: FakeLook
) -> None:
    credentials(nodes, look)
    nodes.path(OTHER, SERVER_CONF).chmod(0o644)
    done = migrate(nodes, look)
    for path, old in OLD.items():
        backup = nodes.path(OTHER, f"{path}.09032024.bak")
        assert backup.read_text() == old
        assert not nodes.path(OTHER, f"{path}.rpmnew").exists()
        name = path.rpartition("/")[2]
        kept = f"/var/lib/neteye-runbook/attempts/A1/backups/{name}.package-default"
        assert nodes.path(OTHER, kept).read_text() == NEW[path]
        assert VARIABLE in nodes.path(OTHER, path).read_text()
        assert PASSWORD not in nodes.path(OTHER, path).read_text()
    assert stat.S_IMODE(nodes.path(OTHER, SERVER_CONF).stat().st_mode) == 0o644
    assert stat.S_IMODE(nodes.path(OTHER, RESTAPI_CONF).stat().st_mode) == 0o640
    server = nodes.path(OTHER, SERVER_CONF).read_text()
    assert "PerlAddVar OCS_OPT_TRUSTED_IP 10.20.30.40" in server
    assert "replica-word" in server
    assert "Plugins::Apache" not in server
    assert "OCS_OPT_PROLOG_FREQ 24" in str(done.said)
    leftovers = [p.name for p in nodes.path(OTHER, "/etc").rglob(".neteye-runbook*")]
    assert leftovers == []


def test_a_change_of_who_may_reach_what_is_told_before_it_is_made(
    nodes: Nodes, look: FakeLook
) -> None:
    credentials(nodes, look)
    action: Any = ocs_files_migrated
    doubt = next(action.generator(look, OTHER))
    assert isinstance(doubt, Doubt)
    (finding,) = [f for f in doubt.findings if "ocsapi" in f.subject]
    assert (finding.code, finding.subject.split(":")[0]) == ("ocs-access-changed", OTHER)
    assert SEVERITIES.of(finding.code) is Severity.WARN


def test_httpd_is_restarted_once_for_all_nodes_whose_rules_change(
    nodes: Nodes, look: FakeLook
) -> None:
    """It is one resource: the remedies of all nodes, followed to the letter, are one outage."""
    credentials(nodes, look)
    action: Any = ocs_files_migrated
    found = {}
    for node in (N, OTHER):
        doubt = next(action.generator(look, node))
        found[node] = [f for f in doubt.findings if f.code == "ocs-access-changed"]
        assert found[node]
    (command,) = commands_of([*found[N], *found[OTHER]])
    assert str(command) == "pcs resource restart httpd"
    assert command.node == N
    assert all("when httpd is moved here" in finding.remedy for finding in found[OTHER])


def test_only_a_new_complaint_of_httpd_stops(nodes: Nodes, look: FakeLook) -> None:
    """What was wrong before stays wrong; on other nodes httpd's directory is not there to test."""
    credentials(nodes, look)
    (nodes.base / "complaint").write_text("OCS_DB_HOST\n")
    migrate(nodes, look, N)
    assert not nodes.path(N, f"{SERVER_CONF}.rpmnew").exists()
    nodes.program("httpd", "exit 127")
    migrate(nodes, look, OTHER)


@pytest.mark.parametrize("killed_after", [None, 2, 4])
def test_a_file_that_httpd_refuses_keeps_its_rpmnew_and_can_be_put_back(
    nodes: Nodes, look: FakeLook, killed_after: int | None
) -> None:
    """Also when the run that replaced the files was gone before it could ask httpd."""
    credentials(nodes, look)
    before = state_of(nodes, N)
    (nodes.base / "complaint").write_text(VARIABLE)
    if killed_after:
        drive(nodes, ocs_files_migrated, look, N, stop_after=killed_after)
    with pytest.raises(StoppedForPerson) as stopped:
        migrate(nodes, look, N)
    assert codes(stopped) == {"ocs-httpd-complains"}
    (finding,) = stopped.value.findings
    assert "Syntax error on line 3" in finding.observed
    assert "AH00558" not in finding.observed
    assert PASSWORD not in str(finding)
    put_back(nodes, N, finding.commands)
    assert state_of(nodes, N) == before


def test_a_perl_module_that_can_not_be_loaded_is_found_before_httpd_reads_the_files(
    nodes: Nodes, look: FakeLook
) -> None:
    """`httpd -t` alone is green for it (findings/httpd-t-loads-no-perl-module.sh)."""
    credentials(nodes, look)
    new = nodes.path(N, f"{SERVER_CONF}.rpmnew")
    new.write_text(f"{new.read_text()}\nPerlModule Apache::Ocsinventory::Newer\n")
    (nodes.base / "missing").write_text("Apache::Ocsinventory::Newer")
    with pytest.raises(StoppedForPerson) as stopped:
        migrate(nodes, look, N)
    assert codes(stopped) == {"ocs-httpd-complains"}
    (finding,) = stopped.value.findings
    assert "Can't load Perl module Apache::Ocsinventory::Newer" in finding.observed


def test_a_complaint_that_is_accepted_ends_the_migration(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    (nodes.base / "complaint").write_text(VARIABLE)
    drive(nodes, ocs_files_migrated, look, N, accepted=("ocs-httpd-complains",))
    assert not list(nodes.path(N, SERVER_CONF).parent.glob("*.rpmnew"))


def way_back(look: FakeLook) -> list[Command]:
    return put_back_commands(OTHER, old_files(look, OTHER))  # type: ignore[arg-type]


def test_what_a_back_out_puts_back_is_on_record_with_where_it_lies(
    nodes: Nodes, look: FakeLook
) -> None:
    """Also when the run that migrated the node was cut off before it could tell."""
    credentials(nodes, look)
    migrate(nodes, look)
    told: list[dict[str, Any]] = []

    class Told:
        def remember(self, name: str, **values: Any) -> None:
            told.append(kit.event("fact", name=name, **values))

    old = old_files(look, OTHER)  # type: ignore[arg-type]
    on_record.keep_old_files(Told(), OTHER, old)  # type: ignore[arg-type]
    found = old_files_of(told)
    assert {one.path for one in found} == {
        f"{path}{end}" for path in (SERVER_CONF, RESTAPI_CONF) for end in ("", ".rpmnew")
    }
    assert all(nodes.path(OTHER, one.lies_in).exists() for one in found)
    assert {one.nodes for one in found} == {(OTHER,)}
    assert not on_record.has_old_files(look, OTHER)  # type: ignore[arg-type]
    look.memory.add(told[0])
    assert on_record.has_old_files(look, OTHER)  # type: ignore[arg-type]
    assert not on_record.has_old_files(look, N)  # type: ignore[arg-type]


def test_a_migrated_node_can_be_put_back_whole(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    nodes.path(OTHER, SERVER_CONF).chmod(0o604)
    if os.geteuid() == 0:
        os.chown(nodes.path(OTHER, SERVER_CONF), 33, 34)
    before = state_of(nodes, OTHER)
    migrate(nodes, look)
    assert state_of(nodes, OTHER) != before
    put_back(nodes, OTHER, way_back(look))
    assert state_of(nodes, OTHER) == before


def test_a_later_round_may_bring_another_file_of_the_package(nodes: Nodes, look: FakeLook) -> None:
    """Both are kept, and the way back is that of the last migration."""
    credentials(nodes, look)
    migrate(nodes, look)
    newer = f"{NEW[SERVER_CONF]}\n# of a newer build\n"
    nodes.path(OTHER, f"{SERVER_CONF}.rpmnew").write_text(newer)
    before = state_of(nodes, OTHER)[SERVER_CONF.rpartition("/")[2]]
    migrate(nodes, look)
    backups = nodes.path(OTHER, "/var/lib/neteye-runbook/attempts/A1/backups")
    kept = {path.read_text() for path in backups.glob("ocsinventory-server.conf*.package-default")}
    assert kept == {NEW[SERVER_CONF], newer}
    put_back(nodes, OTHER, way_back(look)[2:])
    assert nodes.path(OTHER, f"{SERVER_CONF}.rpmnew").read_text() == newer
    assert state_of(nodes, OTHER)[SERVER_CONF.rpartition("/")[2]] == before


def state_of(nodes: Nodes, node: str) -> dict[str, tuple[bytes, int, int, int]]:
    """The two files and their .rpmnew: content, mode, owner and group."""
    found = {}
    for path in nodes.path(node, "/etc/httpd/conf.d").iterdir():
        if not path.name.endswith(".bak"):
            info = path.stat()
            mode = stat.S_IMODE(info.st_mode)
            found[path.name] = (path.read_bytes(), mode, info.st_uid, info.st_gid)
    return found


def put_back(nodes: Nodes, node: str, commands: Sequence[Command]) -> None:
    assert {command.node for command in commands} == {node}
    for command in commands:
        assert nodes.run(node, list(command.argv)).code == 0


def test_with_the_old_default_only_local_settings_are_kept(nodes: Nodes, look: FakeLook) -> None:
    """As the package of the source had it, so the new package's value comes."""
    default = OLD[SERVER_CONF].replace(PASSWORD, "factory").replace("  PerlSetEnv OCS_DB_SL", "  #")
    nodes.path(OTHER, "/var/cache/dnf").mkdir(parents=True)
    nodes.put(OTHER, f"/var/cache/dnf/{RPM}", default)
    nodes.program("rpm2cpio", 'cat "$1"')
    nodes.program("cpio", "cat")
    entry = {"package": PACKAGE, "digest": hashlib.sha256(default.encode()).hexdigest()}
    look.memory.facts["ocs-defaults"] = {"nodes": {OTHER: {SERVER_CONF: entry}}}
    credentials(nodes, look)
    done = migrate(nodes, look)
    text = nodes.path(OTHER, SERVER_CONF).read_text()
    assert "PerlSetEnv OCS_OPT_PROLOG_FREQ 12" in text
    assert "PerlSetEnv OCS_DB_SL_HOST replica.example.test" in text
    assert f"compared with the old default ({PACKAGE}, from dnf's cache)" in str(done.said)
    assert "without the old default (its package before the upgrade is not on record)" in str(
        done.said
    )


def test_a_second_time_there_is_nothing_to_do(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    migrate(nodes, look)
    assert "no .rpmnew" in migrate(nodes, look).nothing
    assert "no .rpmnew" in credentials(nodes, look).nothing


@pytest.mark.parametrize("killed_after", range(1, 8))
def test_killed_after_any_change_it_goes_on_to_the_same_end(
    nodes: Nodes, look: FakeLook, killed_after: int
) -> None:
    credentials(nodes, look)
    drive(nodes, ocs_files_migrated, look, N)
    whole = {path: nodes.path(N, path).read_text() for path in OLD}
    drive(nodes, ocs_files_migrated, look, OTHER, stop_after=killed_after)
    credentials(nodes, look)
    migrate(nodes, look)
    assert {path: nodes.path(OTHER, path).read_text() for path in OLD} == whole
    backups = sorted(p.name for p in nodes.path(OTHER, "/etc/httpd/conf.d").glob("*.bak"))
    assert [nodes.path(OTHER, f"/etc/httpd/conf.d/{b}").read_text() for b in backups] == [
        OLD[RESTAPI_CONF],
        OLD[SERVER_CONF],
    ]


def test_a_backup_of_that_day_is_never_overwritten(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    nodes.put(OTHER, f"{SERVER_CONF}.09032024.bak", "somebody's own\n")
    migrate(nodes, look)
    assert nodes.path(OTHER, f"{SERVER_CONF}.09032024.bak").read_text() == "somebody's own\n"
    assert nodes.path(OTHER, f"{SERVER_CONF}.09032024.2.bak").read_text() == OLD[SERVER_CONF]


@pytest.mark.parametrize("pending", [N, OTHER])
def test_the_credentials_are_written_also_when_only_one_node_has_an_rpmnew(
    nodes: Nodes, look: FakeLook, pending: str
) -> None:
    """Wherever it is, the file is made on N; the node without one has nothing to do."""
    without = OTHER if pending == N else N
    for path in OLD:
        nodes.path(without, f"{path}.rpmnew").unlink()
        nodes.put(without, path, NEW[path])  # it was not edited, and the package replaced it
    assert "no .rpmnew" in credentials(nodes, look, without).nothing
    assert [change.node for change in credentials(nodes, look, pending).changes] == [N]
    assert credentials_now(look).value(VARIABLE).reveal() == PASSWORD  # type: ignore[union-attr]
    migrate(nodes, look, pending)
    assert "no .rpmnew" in migrate(nodes, look, without).nothing
    assert nodes.path(without, SERVER_CONF).read_text() == NEW[SERVER_CONF]


def test_one_file_of_the_two_is_enough(nodes: Nodes, look: FakeLook) -> None:
    nodes.path(OTHER, f"{RESTAPI_CONF}.rpmnew").unlink()
    nodes.put(OTHER, RESTAPI_CONF, NEW[RESTAPI_CONF])
    credentials(nodes, look)
    migrate(nodes, look)
    assert credentials_now(look).value(VARIABLE).reveal() == PASSWORD  # type: ignore[union-attr]
    assert nodes.path(OTHER, RESTAPI_CONF).read_text() == NEW[RESTAPI_CONF]


def test_the_files_wait_for_the_credentials(nodes: Nodes, look: FakeLook) -> None:
    with pytest.raises(StoppedForPerson) as stopped:
        migrate(nodes, look)
    assert codes(stopped) == {"ocs-migration-unclear"}
    assert nodes.path(OTHER, SERVER_CONF).read_text() == OLD[SERVER_CONF]


def test_a_file_that_can_not_be_merged_is_a_question(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    file = nodes.path(OTHER, SERVER_CONF)
    file.write_text(file.read_text().replace("</Location>", ""))
    with pytest.raises(StoppedForPerson) as stopped:
        migrate(nodes, look)
    assert codes(stopped) == {"ocs-merge-undecided"}
    assert nodes.path(OTHER, f"{RESTAPI_CONF}.rpmnew").exists()  # neither file is touched


def test_one_file_migrated_by_hand_the_other_still_tells_the_password(
    nodes: Nodes, look: FakeLook
) -> None:
    nodes.path(OTHER, f"{RESTAPI_CONF}.rpmnew").rename(nodes.path(OTHER, RESTAPI_CONF))
    credentials(nodes, look)
    assert credentials_now(look).value(VARIABLE).reveal() == PASSWORD  # type: ignore[union-attr]


def test_content_cut_on_its_way_replaces_nothing(nodes: Nodes, look: FakeLook) -> None:
    generator = ocs_credentials_written.generator(look, OTHER)
    change = next(generator)
    answer = nodes.run(change.node, change.argv, change.stdin.reveal()[:-5].encode())
    assert answer.code == 65
    assert "whole" in answer.errors
    assert not nodes.path(N, CREDENTIALS).exists()
    assert list(nodes.path(N, CREDENTIALS).parent.iterdir()) == [
        nodes.path(N, CREDENTIALS_TEMPLATE)
    ]


def test_a_directory_that_can_not_be_written_is_a_failure(nodes: Nodes, look: FakeLook) -> None:
    generator = ocs_credentials_written.generator(look, OTHER)
    change = next(generator)
    nodes.path(N, CREDENTIALS_TEMPLATE).unlink()  # the file it is to look like
    answer = nodes.run(change.node, change.argv, change.stdin)
    assert answer.code not in change.ok_codes
    assert not nodes.path(N, CREDENTIALS).exists()


def test_preflight_reads_every_node_and_compares(nodes: Nodes, look: FakeLook) -> None:
    seen, findings = passwords_before(look)  # type: ignore[arg-type]
    assert (set(seen), findings) == ({N, OTHER}, [])
    nodes.put(OTHER, SERVER_CONF, OLD[SERVER_CONF].replace(f'"{PASSWORD}"', "other-word"))
    _, findings = passwords_before(look)  # type: ignore[arg-type]
    assert [finding.code for finding in findings] == ["ocs-passwords-differ"]
    assert f"{OTHER}:{SERVER_CONF}" in findings[0].observed
    assert "other-word" not in str(findings)
    assert PASSWORD not in str(findings)


def test_a_file_that_is_no_text_is_no_answer(nodes: Nodes, look: FakeLook) -> None:
    nodes.path(N, SERVER_CONF).write_bytes(b"PerlSetVar OCS_DB_PWD \xe4\xf6\n")
    with pytest.raises(Unanswered, match="UTF-8"):
        passwords_before(look)  # type: ignore[arg-type]


def test_a_failed_change_is_told_by_its_exit_code(nodes: Nodes, look: FakeLook) -> None:
    credentials(nodes, look)
    nodes.path(OTHER, "/var/lib").rmdir()
    nodes.put(OTHER, "/var/lib", "a file in the way")
    with pytest.raises(ChangeFailed, match="keep the package's"):
        migrate(nodes, look)


ROUND_2_ENDED_WELL = (
    kit.intent("upgrade.run[2]", detached="upgrade-2"),
    kit.result("upgrade.run[2]", code=0),
)


@pytest.mark.parametrize("action", [ocs_credentials_written, ocs_files_migrated])
@pytest.mark.parametrize("number", [2, 3])
def test_a_plan_does_not_know_which_rounds_will_not_be_run(
    tmp_path: Path, action: Any, number: int
) -> None:
    """How the round ahead ends is seen then: what a later one may leave is no settled matter."""
    run = kit.make_run(tmp_path)
    upgrade = Change(
        "neteye upgrade", N, ("neteye", "upgrade"), 1.0, detached="upgrade-1", may_fail=True
    )
    now = Look(run, FakeTransport({}), names_of(run.inventory, None))
    look = PlanLook(now, Ahead([("upgrade.run[1]", upgrade)]))
    with pytest.raises(NotKnownYet, match="how 'neteye upgrade' ends"):
        next(action.generator(look, OTHER, number))


def test_after_a_round_that_did_not_end_well_nodes_are_asked(nodes: Nodes, look: FakeLook) -> None:
    failed = kit.result("upgrade.run[2]", code=2, outcome="failed")
    look.memory = Memory.fold([ROUND_2_ENDED_WELL[0], failed])
    assert drive(nodes, ocs_credentials_written, look, OTHER, 3).changes


@pytest.mark.parametrize("action", [ocs_credentials_written, ocs_files_migrated])
def test_in_a_round_that_was_not_run_no_node_is_asked(
    nodes: Nodes, look: FakeLook, action: Any
) -> None:
    """With sixteen nodes there are eighteen rounds: five hundred steps and a thousand questions."""
    look.memory = Memory.fold(ROUND_2_ENDED_WELL)
    done = drive(nodes, action, look, OTHER, 3)
    assert done.nothing == NOT_RUN
    assert look.asked == []


def test_what_a_later_round_left_is_migrated(nodes: Nodes, look: FakeLook) -> None:
    event = {"step": "upgrade.run[3]", "key": "upgrade.run[3]#1", "detached": "upgrade-3"}
    intent = {"run": "r", "seq": 1, "event": "intent", "node": N, "what": "neteye upgrade", **event}
    look.memory = Memory.fold([intent])
    assert drive(nodes, ocs_credentials_written, look, OTHER, 3).changes
    assert drive(nodes, ocs_files_migrated, look, OTHER, 3).changes
