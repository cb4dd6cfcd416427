"""What agents get: the activity log and httpd's access log since httpd started."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import Unanswered
from engine.model.cluster import Resource
from runbook.to_4_26.httpd import activity, served
from runbook.to_4_26.httpd.activity import Activity, Cause
from runbook.to_4_26.httpd.checks import agents_now
from runbook.to_4_26.names import SERVER_CONF
from tests.actions.ocs_nodes import DATA, FakeLook, N, Nodes

DIRECTORY = "/var/lib/ocs-log"
NEW, OLD = timedelta(minutes=5), timedelta(hours=1)
"""How long ago, when a test writes it: httpd has run for ten minutes then."""


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """httpd has run for ten minutes and has an access log open; systemd and ps tell no more."""
    made = Nodes(tmp_path, N)
    made.path(N, DIRECTORY).mkdir()
    (tmp_path / "logs").mkdir()
    with (tmp_path / "logs/access_log").open("a") as log:
        httpd = subprocess.Popen(["sleep", "600"], stdout=log)
    made.program("systemctl", f"echo {httpd.pid}")
    made.program("ps", 'case "$*" in *ppid*) ;; *) echo 600;; esac')
    yield made
    httpd.kill()
    httpd.wait()


@pytest.fixture
def look(nodes: Nodes) -> FakeLook:
    made = FakeLook(nodes)
    booleans = (True, False, False, True, False)
    made.resources = [Resource("httpd", "systemd:httpd", "Started", *booleans, nodes=(N,))]
    made.rows["LOGLEVEL of the OCS server"] = [{"level": 0}]
    nodes.put(N, SERVER_CONF, f'PerlSetEnv OCS_OPT_LOGPATH "{DIRECTORY}/"\n')
    return made


def logged(nodes: Nodes, text: str) -> None:
    """Lines of the activity log, `{old}` and `{new}` as Perl's localtime prints a date."""
    now = datetime.now()
    ages = {"old": OLD, "new": NEW}
    stamps = {key: f"{now - age:%a %b %e %H:%M:%S %Y}" for key, age in ages.items()}
    nodes.put(N, f"{DIRECTORY}/activity.log", text.format(**stamps))


def asked(look: FakeLook) -> Activity:
    seen = look.ask(N, activity.activity("httpd", DIRECTORY))
    assert seen is not None
    return seen


ACTIVITY = """\
{old};12;505;NA;10.0.0.5;agent;handler;Database connection
{new};12;104;pc-1;10.0.0.5;agent;inventory;incoming
{new};12;521;NA;10.0.0.6;agent;database_connect;Access denied for user
{new};12;505;NA;10.0.0.6;agent;handler;Database connection
{new};12;515;NA;10.0.0.6;agent;end;error
{new};12;521;NA;10.0.0.9;neteye-runbook;database_connect;Access denied
{new};12;505;NA;10.0.0.9;neteye-runbook;handler;Database connection
no date;12;505;;;;;
{new};12;521;pc-1;10.0.0.5;agent;postinventory;wrong file format
{new};12;503;pc-1;10.0.0.5;agent;prolog;no_frequency
{new};12;503;NA;10.0.0.7;agent;handler;System options
{new};13;515;pc-1;10.0.0.5;agent;end;error
{new};12;515;pc-2;10.0.0.8;agent;end;bad_request
{new};12;101;pc-1;10.0.0.5;agent;505;521
"""


def test_each_cause_has_its_own_lines(nodes: Nodes, look: FakeLook) -> None:
    logged(nodes, ACTIVITY)
    seen = asked(look)
    codes = {cause: [line.split(";")[2] for line in seen.of(cause)] for cause in Cause}
    assert codes == {
        Cause.LOGIN: ["521", "505", "505"],
        Cause.STORING: ["503", "515"],
    }
    assert seen.our_login_failed
    (login,) = served.login_findings(seen, DIRECTORY, N)
    assert login.code == "ocs-activity-errors"
    assert "3 lines" in login.observed


@pytest.mark.parametrize(
    ("case", "codes"),
    [
        # 521 of a file that could not be written: the agent had logged in
        ("ocs-521-is-no-login.activity.log", []),
        ("ocs-inventory-500.activity.log", ["ocs-agents-failing"]),
    ],
)
def test_logs_of_real_servers(nodes: Nodes, look: FakeLook, case: str, codes: list[str]) -> None:
    text = (DATA / case).read_text().replace("Sat Nov 28 04:00:00 2026", "{new}")
    logged(nodes, text)
    seen = asked(look)
    found = [*served.login_findings(seen, DIRECTORY, N), *served.agents_findings(seen, None, N)]
    assert [finding.code for finding in found] == codes


def test_what_was_rotated_away_since_the_start_counts(nodes: Nodes, look: FakeLook) -> None:
    logged(nodes, "{new};12;505;NA;10.0.0.5;agent;handler;Database connection\n")
    log = nodes.path(N, f"{DIRECTORY}/activity.log")
    log.rename(log.with_name("activity.log-20261128"))
    assert len(asked(look).of(Cause.LOGIN)) == 1


AGENT = "OCS-NG_unified_unix_agent_v2.10.0"


def line(
    request: str, status: int, *, agent: str = AGENT, ago: timedelta = NEW, ip: str = "10.0.0.5"
) -> str:
    when = f"{datetime.now() - ago:%d/%b/%Y:%H:%M:%S +0000}"
    return f'{ip} - agent [{when}] "{request}" {status} 83 "-" "{agent}"\n'


POST = "POST /ocsinventory HTTP/1.1"


def access() -> str:
    return "".join(
        (
            line(POST, 500, ago=OLD),
            line(POST, 200),
            line("POST /ocsinventory/ HTTP/1.1", 200),
            line("POST http://ocs.example.test/ocsinventory?x HTTP/1.1", 200),
            line(POST, 500),
            line(POST, 500, ip="10.0.0.6"),
            line(POST, 401),
            line(POST, 500, agent="neteye-runbook"),
            line("GET /ocsinventory HTTP/1.1", 500),
            line("POST /ocsinventory-reports/ajax.php HTTP/1.1", 500),
            line("POST /neteye/x HTTP/1.1", 500),
            "no line of an access log\n",
        )
    )


def test_answers_to_agents_are_counted_by_status(nodes: Nodes, look: FakeLook) -> None:
    """At the default LOGLEVEL nothing else tells that inventories are not stored."""
    (nodes.base / "logs/access_log").write_text(access())
    seen = asked(look)
    assert seen.answers == {200: 3, 401: 1, 500: 2}
    assert [text.split()[0] for text in seen.refused] == ["10.0.0.5", "10.0.0.6"]
    (finding,) = served.agents_findings(seen, None, N)
    assert finding.code == "ocs-agents-failing"
    assert "2 of 6 POSTs" in finding.observed
    assert "not on record" in finding.observed


def test_an_agent_that_was_turned_away_at_the_login_is_told_once(
    nodes: Nodes, look: FakeLook
) -> None:
    logged(
        nodes,
        "{new};12;521;NA;10.0.0.6;agent;database_connect;Access denied for user\n"
        "{new};12;505;NA;10.0.0.6;agent;handler;Database connection\n"
        "{new};12;515;NA;10.0.0.6;agent;end;error\n",
    )
    log = nodes.base / "logs/access_log"
    log.write_text(line(POST, 500))
    assert served.agents_findings(asked(look), None, N) == []
    log.write_text(line(POST, 500) * 2)
    assert len(served.agents_findings(asked(look), None, N)) == 1


def test_a_common_log_and_rotated_ones_are_read(nodes: Nodes, look: FakeLook) -> None:
    common = line(POST, 200).rpartition(' "-"')[0] + "\n"
    (nodes.base / "logs/access_log").write_text(common)
    (nodes.base / "logs/access_log-20261128").write_text(common * 2)
    with gzip.open(nodes.base / "logs/access_log-20261127.gz", "wt") as rotated:
        rotated.write(line(POST, 500))
    stale = nodes.base / "logs/access_log-20260101"
    stale.write_text(line(POST, 500))
    os.utime(stale, (0, 0))
    assert asked(look).answers == {200: 3, 500: 1}


def test_a_log_whose_name_begins_like_another_one_is_counted_once(
    nodes: Nodes, look: FakeLook
) -> None:
    logs = nodes.base / "logs"
    with (logs / "access_log").open("a") as one, (logs / "access_log_ssl").open("a") as other:
        httpd = subprocess.Popen(["sleep", "600"], stdout=one, stderr=other)
    nodes.program("systemctl", f"echo {httpd.pid}")
    (logs / "access_log").write_text(line(POST, 200))
    (logs / "access_log_ssl").write_text(line(POST, 500))
    try:
        assert asked(look).answers == {200: 1, 500: 1}
    finally:
        httpd.kill()
        httpd.wait()


def test_a_log_rotator_s_file_is_httpd_s_access_log(nodes: Nodes, look: FakeLook) -> None:
    with (nodes.base / "logs/agents_access.1795852800").open("a") as log:
        rotator = subprocess.Popen(["sleep", "600"], stdout=log)
    try:
        nodes.program(
            "ps", f'case "$*" in *ppid*) echo "{rotator.pid} rotatelogs";; *) echo 600;; esac'
        )
        (nodes.base / "logs/agents_access.1795852800").write_text(line(POST, 200))
        seen = asked(look)
        assert len(seen.logs) == 2
        assert seen.answers == {200: 1}
    finally:
        rotator.kill()
        rotator.wait()


def test_without_an_access_log_nobody_can_tell(nodes: Nodes, look: FakeLook) -> None:
    nodes.program("systemctl", f"echo {os.getpid()}")
    seen = asked(look)
    assert seen.logs == ()
    (finding,) = served.agents_findings(seen, None, N)
    assert finding.code == "ocs-agents-unseen"
    assert served.as_fact(seen) is None
    assert "not known" in seen.sentence()


def test_without_httpd_there_is_nothing_to_count(nodes: Nodes, look: FakeLook) -> None:
    nodes.program("systemctl", "echo 0")
    assert look.ask(N, activity.activity("httpd", DIRECTORY)) is None
    for found in (
        served.login_findings(None, DIRECTORY, N),
        served.agents_findings(None, None, N),
        served.before_findings(None, N),
    ):
        assert found == []


def failing(answers: dict[int, int]) -> Activity:
    return Activity(datetime.now(), datetime.now(), logs=("/l",), answers=answers)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ({200: 100}, {200: 9, 500: 1}, "ocs-agents-failing"),
        ({200: 90, 500: 10}, {200: 9, 500: 1}, "ocs-agents-failing-before"),
        ({200: 95, 500: 5}, {200: 9, 500: 1}, "ocs-agents-failing"),
        ({500: 3}, {500: 2}, "ocs-agents-failing-before"),
        ({}, {500: 2}, "ocs-agents-failing"),
        ({200: 10}, {200: 10, 401: 3, 403: 1}, None),
        ({200: 10}, {}, None),
    ],
)
def test_what_was_before_stands_beside_it(
    before: dict[int, int], after: dict[int, int], code: str | None
) -> None:
    found = served.agents_findings(failing(after), served.as_fact(failing(before)), N)
    assert [finding.code for finding in found] == ([code] if code else [])
    if found:
        failures = sum(count for status, count in before.items() if status >= 500)
        assert f"before the upgrade {failures} of {sum(before.values())}" in found[0].observed


def test_before_the_upgrade_it_is_told_without_weight() -> None:
    (finding,) = served.before_findings(failing({200: 1, 500: 1}), N)
    assert finding.code == "ocs-agents-failing-before"


@pytest.mark.parametrize(
    ("conf", "table", "says"),
    [
        ("", [], "says nothing"),
        ("PerlSetEnv OCS_OPT_LOGLEVEL 1\n", [], "LOGLEVEL is 1"),
        ("PerlSetEnv OCS_OPT_LOGLEVEL 1\n", [{"level": 0}], "says nothing"),
        (
            "PerlSetEnv OCS_OPT_LOGLEVEL 1\nPerlSetEnv OCS_OPT_OPTIONS_NOT_OVERLOADED 1\n",
            [{"level": 0}],
            "LOGLEVEL is 1",
        ),
    ],
)
def test_the_level_of_the_log_is_told_where_it_is_counted(
    nodes: Nodes, look: FakeLook, conf: str, table: list[dict[str, int]], says: str
) -> None:
    nodes.put(N, SERVER_CONF, f'PerlSetEnv OCS_OPT_LOGPATH "{DIRECTORY}"\n{conf}')
    look.rows["LOGLEVEL of the OCS server"] = list(table)
    agents = agents_now(look)  # type: ignore[arg-type]
    assert says in agents.sentence()
    assert agents.findings(None) == []


def test_only_the_lines_about_the_log_come_here(nodes: Nodes) -> None:
    """A password is in the same file; so the answer can be recorded, and judged again."""
    nodes.put(
        N,
        SERVER_CONF,
        "<IfModule mod_perl.c>\n  PerlSetVar OCS_DB_PWD hidden-word\n"
        f'  # PerlSetEnv OCS_OPT_LOGLEVEL 2\n  perlsetenv  OCS_OPT_LOGPATH "{DIRECTORY}"\n'
        "  PerlSetEnv OCS_OPT_LOGLEVEL 1\n</IfModule>\n",
    )
    answer = nodes.run(N, activity.LOG_SETTINGS.argv)
    assert "hidden-word" not in answer.text
    assert not activity.LOG_SETTINGS.secret
    assert activity.LOG_SETTINGS.parse(answer) == activity.LogSettings(DIRECTORY, "1", False)
    nodes.path(N, SERVER_CONF).unlink()
    answer = nodes.run(N, activity.LOG_SETTINGS.argv)
    assert activity.LOG_SETTINGS.parse(answer).directory == activity.DEFAULT_DIRECTORY


def test_a_line_that_sets_nothing_of_the_environment_is_none_about_the_log(nodes: Nodes) -> None:
    nodes.put(
        N,
        SERVER_CONF,
        "PerlSetEnv OCS_OPT_LOGLEVEL 1\nPerlSetEnv OCS_OPT_LOGLEVEL\nPerlSetVar OCS_OPT_LOG 2\n",
    )
    answer = nodes.run(N, activity.LOG_SETTINGS.argv)
    assert activity.LOG_SETTINGS.parse(answer).level == "1"


def test_a_level_that_is_not_known_hides_no_finding(nodes: Nodes, look: FakeLook) -> None:
    logged(nodes, "{new};12;503;NA;10.0.0.7;agent;handler;System options\n")
    look.rows["LOGLEVEL of the OCS server"] = Unanswered(N, "q", "there is no table config")
    agents = agents_now(look)  # type: ignore[arg-type]
    assert "no table config" in agents.sentence()
    assert [finding.code for finding in agents.findings(None)] == ["ocs-agents-failing"]
