"""What a bad inventory gets: file and line, what is wrong, what is allowed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.parse import inventory_values as values
from engine.parse.inventory_ini import parse_inventory, read_inventory
from engine.parse.inventory_lines import Value, Wrong
from runbook.to_4_26.settings import SETTINGS

from .inventories import GOOD, with_hosts, with_settings

PATH = Path("prod.ini")


def problems(text: str) -> list[str]:
    """The lines of the usage error that a text gets."""
    with pytest.raises(UsageError) as caught:
        parse_inventory(text, PATH, SETTINGS)
    return str(caught.value).split("\n")


def problem(text: str) -> str:
    """The only line of the usage error."""
    (line,) = problems(text)
    return line


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_inventory(tmp_path / "none.ini")
    message = "none.ini: can't read the inventory: No such file or directory"
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't read the inventory: Is a directory"):
        read_inventory(tmp_path)


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "prod.ini")
    with pytest.raises(UsageError, match="can't read the inventory: it is a pipe, expected a file"):
        read_inventory(tmp_path / "prod.ini")


def test_impossible_path() -> None:
    with pytest.raises(UsageError, match="can't read the inventory: embedded null byte"):
        read_inventory(Path("a\0b"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[operative]\nn1\nn2 # \xe9t\xe9\n", ":3: is not UTF-8; save the file as UTF-8"),
        (b"\xef\xbb\xbf" + GOOD.encode(), ":1: begins with a byte order mark; save it as plain"),
        (b"", ": [operative] has no operative nodes, expected at least 2"),
    ],
)
def test_bad_content(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "prod.ini"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_inventory(path)
    assert f"{path}{message}" in str(caught.value)


SYNTAX = [
    (
        "neteye01.lan\n" + GOOD,
        1,
        "'neteye01.lan' stands outside of a group, expected one of [operat",
    ),
    ("---\n" + GOOD, 1, "'---' stands outside of a group"),
    (
        with_settings("[operativ]"),
        16,
        "unknown group 'operativ', did you mean 'operative'? allowed are",
    ),
    (with_settings("[ope]"), 16, "unknown group 'ope', did you mean 'operative'?"),
    (with_settings("[op]"), 16, "unknown group 'op'; allowed are"),
    (
        with_settings("[mysql]"),
        16,
        "unknown group 'mysql'; allowed are [operative], [elastic_only],",
    ),
    (with_settings("[all]", "n6.lan"), 16, "[all] gives hosts no role; allowed are [operative]"),
    (with_settings("[ungrouped]"), 16, "unknown group 'ungrouped'"),
    (with_settings("[operative:hosts2]"), 16, "[operative:hosts2] is an unknown kind of section"),
    (with_settings("[operative"), 16, "'[operative' is no section; allowed are"),
    (with_settings("[operative node]"), 16, "'[operative node]' is no section"),
    (
        with_settings("runbook_approvals"),
        16,
        "'runbook_approvals' has no value, expected NAME = VALUE",
    ),
    (with_settings("= 3"), 16, "no name before '=', expected NAME = VALUE"),
    (
        with_settings("runbook_cluster = other"),
        16,
        "runbook_cluster is given twice, already in line 14",
    ),
    (with_settings("runbook_change_id = a\x1b[31mb"), 16, "has a control character"),
    (
        with_hosts("n1", "n2 'x"),
        3,
        "the line can't be split into words (No closing quotation); mind",
    ),
    (
        with_hosts("n1", "n2 ansible_user=a#b ansible_port=22"),
        3,
        "host 'n2': a # within a word ends the line; quote the value, or put a blank before",
    ),
    (
        with_hosts("n1", "n2 root"),
        3,
        "host 'n2' is followed by something else, expected VARIABLE=VALUE",
    ),
    (
        with_hosts("n1", "n2 ansible_port = 22"),
        3,
        "expected VARIABLE=VALUE without blanks around '='",
    ),
    (
        with_hosts("n1", "n2 ansible_port=1 ansible_port=2"),
        3,
        "ansible_port is given twice, already in line 3",
    ),
    (with_hosts("n1", "n2", "n[3:"), 4, "host 'n[3:' has a bracket without its partner"),
    (
        with_hosts("n1", "n2", "n[5:3]"),
        4,
        "host 'n[5:3]' has the range [5:3], expected two numbers or",
    ),
    (with_hosts("n1", "n2", "n[3]"), 4, "has the range [3], expected [begin:end] or"),
    (with_hosts("n1", "n2", "n[3:]"), 4, "has the range [3:], expected [begin:end] or"),
    (
        with_hosts("n1", "n2", "n[03:9]"),
        4,
        "has a range from 03 to 9, expected equally many digits",
    ),
    (with_hosts("n1", "n2", "n[3:x]"), 4, "has the range [3:x], expected two numbers or letters"),
    (with_hosts("n1", "n2", "n[3:9:0]"), 4, "expected a positive number as its step"),
    (with_hosts("n1", "n2", "n[1:99999999]"), 4, "stands for more than 256 hosts"),
    (with_hosts("n1", "n2", "n[1:99][1:99][1:99]"), 4, "stands for more than 256 hosts"),
    (
        with_hosts("n1", "n2") + "[voting_only:vars]\nansible_port = 22\n",
        8,
        "[voting_only:vars] without [voting_only]; add the group or remove its variables",
    ),
]

VARIABLES = [
    (with_hosts("n1", "n2 ansible_port="), 3, "ansible_port is '', expected a whole number from 1"),
    (with_hosts("n1", "n2 ansible_host='{% x %}'"), 3, "ansible_host is a template; the runbook"),
    (
        with_settings('ansible_ssh_common_args = -J "b'),
        16,
        "ansible_ssh_common_args can't be split into words (No closing quotation); allowed are",
    ),
    (
        with_hosts("n1", "n2 ansible_hots=192.0.2.2"),
        3,
        "unknown variable 'ansible_hots', did you mean 'ansible_host'? allowed here are ansible",
    ),
    (
        with_hosts("n1", "n2 color=red"),
        3,
        "unknown variable 'color'; allowed here are ansible_host,",
    ),
    (
        with_settings("runbook_windows_start = x"),
        16,
        "unknown variable 'runbook_windows_start', did you mean 'runbook_window_start'?",
    ),
    (
        with_hosts("n1", "n2 runbook_change_id=7"),
        3,
        "runbook_change_id is a setting of the whole run; it belongs in [all:vars]",
    ),
    (
        with_settings("[operative:vars]", "runbook_approvals = 1"),
        17,
        "runbook_approvals is a setting of the whole run; it belongs in [all:vars]",
    ),
    (
        with_hosts("n1", "n2 ansible_port=0"),
        3,
        "ansible_port is '0', expected a whole number from 1",
    ),
    (
        with_hosts("n1", "n2:99999"),
        3,
        "ansible_port is '99999', expected a whole number from 1 to 65535",
    ),
    (with_hosts("n1", "n2 ansible_port=ssh"), 3, "ansible_port is 'ssh', expected a whole number"),
    (
        with_hosts("n1", "n2 ansible_port=True"),
        3,
        "ansible_port is 'True', expected a whole number",
    ),
    (
        with_hosts("n1", "n2 ansible_become=maybe"),
        3,
        "ansible_become is 'maybe', allowed are yes and no",
    ),
    (with_hosts("n1", "n2 ansible_become=1"), 3, "ansible_become is '1', allowed are yes and no"),
    (
        with_hosts("n1", "n2 ansible_host=-oProxyCommand=x"),
        3,
        "ansible_host is '-oProxyCommand=x', exp",
    ),
    (
        with_hosts("n1", "n2 ansible_host='a b'"),
        3,
        "ansible_host is 'a b', expected a host name or",
    ),
    (
        with_hosts("n1", "n2 ansible_host=10.1"),
        3,
        "ansible_host is read as a float by Ansible; put it",
    ),
    (with_hosts("n1", "n2 ansible_host="), 3, "ansible_host is empty, expected a value"),
    (
        with_hosts("n1", "n2 ansible_host='{{x}}'"),
        3,
        "ansible_host is a template; the runbook takes",
    ),
    (
        with_hosts("n1", "n2 ansible_user='-l root'"),
        3,
        "ansible_user is '-l root', expected a login name",
    ),
    (
        with_hosts("n1", "n2 ansible_ssh_private_key_file=~nobody-here/k"),
        3,
        "ansible_ssh_private_key_file is '~nobody-here/k', but there is no such home directory",
    ),
    (
        with_settings("runbook_approvals = many"),
        16,
        "runbook_approvals is 'many', expected a whole",
    ),
    (
        with_settings("runbook_approvals = -1"),
        16,
        "runbook_approvals is '-1', expected a whole number",
    ),
    (
        with_settings("runbook_window_start = 2026-11-22T20:00:00"),
        16,
        "runbook_window_start is '2026-11-22T20:00:00' without a zone, expected ISO 8601 with a",
    ),
    (with_settings("runbook_window_start = 2026-11-22"), 16, "without a zone, expected ISO 8601"),
    (
        with_settings("runbook_window_end = tomorrow"),
        16,
        "runbook_window_end is 'tomorrow', expected ISO 8601 with a zone, such as 2026-11-22T20:00",
    ),
    (
        with_settings("runbook_window_end = 2026-13-01T00:00:00Z"),
        16,
        "is '2026-13-01T00:00:00Z', exp",
    ),
    (
        with_settings(
            "runbook_window_start = 2026-11-22T20:00:00+01:00",
            "runbook_window_end = 2026-11-22T18:59:00Z",
        ),
        17,
        "runbook_window_end is 2026-11-22T18:59:00+00:00, expected later than its start 2026-11",
    ),
    (
        with_settings("runbook_release_notes_read = yes"),
        16,
        "runbook_release_notes_read is 'yes', expected NAME, DATE such as A. Rossi, 2026-11-20",
    ),
    (with_settings("runbook_release_notes_read = A. Rossi, 20.11.2026"), 16, "expected NAME, DATE"),
    (with_settings("runbook_release_notes_read = , 2026-11-20"), 16, "expected NAME, DATE"),
    (with_settings("runbook_release_notes_read = \u200b, 2026-11-20"), 16, "expected NAME, DATE"),
    (
        with_settings("runbook_downtime = perhaps"),
        16,
        "runbook_downtime is 'perhaps', allowed are yes and no",
    ),
    (
        with_settings("runbook_downtime = yes", "runbook_downtime_filter = True"),
        17,
        "runbook_downtime_filter is read as a bool by Ansible",
    ),
    (
        with_settings("runbook_downtime = yes", "runbook_downtime_filter ="),
        17,
        "runbook_downtime_filter is empty, expected a value",
    ),
    *(
        (
            with_settings('runbook_downtime_filter = match("ne*", host.name)', *off),
            16,
            "runbook_downtime_filter says whose downtime is meant, and none is asked for",
        )
        for off in ((), ("runbook_downtime = no",))
    ),
    (
        with_settings("runbook_icinga_user = a b"),
        16,
        "runbook_icinga_user is 'a b', expected a login name",
    ),
    (
        with_settings("runbook_glpi_config = glpi/config"),
        16,
        "runbook_glpi_config is 'glpi/config', expected an absolute path on the node",
    ),
    *(
        (
            with_settings(f'runbook_timestamp_url = "{url}"'),
            16,
            "runbook_timestamp_url is no address such as http://tsa.example.com/tsr; without login,"
            " ? and #",
        )
        for url in (
            "tsa.example.com",
            "ftp://tsa.example.com/",
            "file:///etc/passwd",
            "http:///tsr",
            "http://rossi:geheim@tsa.example.com/",
            "https://tsa.example.com/?key=geheim",
            "https://tsa.example.com/#x",
            "https://tsa.example.com:99999/",
            "https://tsa.example.com/a b",
        )
    ),
    (
        with_settings("runbook_notify_command = mail 'x"),
        16,
        "runbook_notify_command can't be split",
    ),
    (
        with_settings("runbook_notify_url = https://hooks.example.com/geheim"),
        16,
        "it is a secret; write it to a file that only you can read, and name that as"
        " runbook_notify_url_file",
    ),
    (
        with_settings("runbook_notify_url_file = /x"),
        16,
        "runbook_notify_url_file needs runbook_notify_form (teams, slack or mattermost:",
    ),
    (
        with_settings("runbook_notify_form = slack"),
        16,
        "runbook_notify_form needs runbook_notify_url_file (the file with",
    ),
    (
        with_settings("runbook_notify_url_file = /x", "runbook_notify_form = slak"),
        17,
        "runbook_notify_form is 'slak', did you mean 'slack'?",
    ),
    (
        with_settings("runbook_notify_every = 10"),
        16,
        "runbook_notify_every needs runbook_notify_command or runbook_notify_url_file",
    ),
    (
        with_settings("runbook_notify_command =", "runbook_notify_every = 10"),
        17,
        "runbook_notify_every needs runbook_notify_command or runbook_notify_url_file",
    ),
    (
        with_settings("runbook_notify_command = true", "runbook_notify_every = 0"),
        17,
        "runbook_notify_every is '0', expected a whole number from 1 to 1440",
    ),
    (
        with_settings("runbook_change_id = 4.10"),
        16,
        "runbook_change_id is read as a float by Ansible",
    ),
    (
        with_settings("runbook_change_id = [1, 2]"),
        16,
        "runbook_change_id is read as a list by Ansible",
    ),
    (
        with_settings("runbook_accept = disk-space=x"),
        16,
        "nobody accepts it, expected a name with --by",
    ),
    (
        with_settings("runbook_accepted_by = A", "runbook_accept = a-b=x ;; disk space"),
        17,
        "runbook_accept: acceptance 'disk space': expected CODE[@SUBJECT]=REASON",
    ),
]

CLUSTERS = [
    (
        with_hosts("n1"),
        1,
        "[operative] has 1 operative node, expected at least 2: a cluster is what",
    ),
    (
        with_hosts("n1", "n2", group="elastic_only"),
        None,
        "[operative] has no operative nodes, expected",
    ),
    (
        with_hosts("n1", "n2") + "[voting_only]\nv1\nv2\n",
        9,
        "'v2' is a second voting-only node beside 'v1', expected at most 1 in [voting_only]",
    ),
    (
        with_hosts("n1", "n2", "n1"),
        4,
        "host 'n1' is there twice, already as 'n1' in line 2 ([operative])",
    ),
    (with_hosts("n1", "n2", "N1"), 4, "host 'N1' is there twice, already as 'n1' in line 2"),
    (
        with_hosts("n1.lan", "n2", "n1"),
        4,
        "host 'n1' is there twice, already as 'n1.lan' in line 2",
    ),
    (
        with_hosts("n1", "n2", "n1.lan"),
        4,
        "host 'n1.lan' is there twice, already as 'n1' in line 2",
    ),
    (
        with_hosts("n1", "n2") + "[elastic_only]\nn2\n",
        8,
        "host 'n2' is there twice, already as 'n2' in line 3 ([operative])",
    ),
    (
        with_hosts("n1 ansible_host=192.0.2.1", "n2 ansible_host=192.0.2.1"),
        3,
        "host 'n2' has the address 192.0.2.1 port 22 of 'n1' in line 2",
    ),
    (
        with_hosts("n1 ansible_host=N2", "n2"),
        3,
        "host 'n2' has the address n2 port 22 of 'n1' in line 2",
    ),
    (
        GOOD.replace("production", "prod"),
        15,
        "runbook_environment is 'prod', did you mean 'production'?",
    ),
    (
        GOOD.replace("production", "test"),
        15,
        "runbook_environment is 'test'; allowed are rehearsal, staging, production",
    ),
    (GOOD.replace("= production", "="), 15, "runbook_environment is empty, expected a value"),
    (
        GOOD.replace("neteye.example.test", "<b>"),
        14,
        "runbook_cluster is '<b>', expected a host name of",
    ),
    (
        GOOD.replace("runbook_cluster = neteye.example.test\n", ""),
        None,
        "runbook_cluster is missing, expected it in [all:vars]",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), [*SYNTAX, *VARIABLES, *CLUSTERS])
def test_the_only_problem_is_named_with_its_line(text: str, line: int | None, message: str) -> None:
    place = f"prod.ini:{line}" if line else "prod.ini"
    found = problem(text)
    assert found.startswith(f"{place}: ")
    assert message in found


@pytest.mark.parametrize(
    "name",
    ["<img/src=x>", "n2;reboot", "$(id)", "`id`", "n2&", "n2|x", "-oProxyCommand", "ñ2", "n2-"],
)
def test_node_name_for_a_shell_or_html_is_refused(name: str) -> None:
    found = problem(with_hosts("n1", "n3", f"{name} ansible_host=192.0.2.2"))
    assert found == (
        f"prod.ini:4: host name {name!r}; allowed are letters, digits, '.', '-' and '_',"
        " beginning and ending with a letter or digit"
    )


@pytest.mark.parametrize(
    ("args", "seen"),
    [
        ("-o ProxyCommand=nc%h", "-o 'ProxyCommand';"),
        ("-o StrictHostKeyChecking=no", "-o 'StrictHostKeyChecking';"),
        ("-o ProxyJump", "-o 'ProxyJump'"),
        ("-o 'ProxyJump=a -o LocalCommand=x'", "jump host 'a -o LocalCommand=x'"),
        ("-J -oProxyCommand=x", "jump host '-oProxyCommand=x'"),
        ("-J $(id)", "jump host '$(id)'"),
        ("-J a,,b", "jump host 'a,,b'"),
        ("-J", "-J without a value"),
        ("-F -x", "the file '-x' for -F"),
        ("-v", "'-v'"),
        ("-L 1:localhost:1", "'-L'"),
        ("bastion", "'bastion'"),
    ],
)
def test_ssh_arguments_that_are_not_a_way_to_the_node(args: str, seen: str) -> None:
    found = problem(with_hosts("n1", f'n2 ansible_ssh_common_args="{args}"'))
    assert found.startswith(f"prod.ini:3: ansible_ssh_common_args has {seen}") or seen in found
    assert found.endswith("allowed are only -J HOST, -F FILE and -o ProxyJump=HOST")


@pytest.mark.parametrize(
    "text",
    [
        with_hosts("n1", "n2 ansible_password=geheim"),
        with_hosts("n1", "n2 ansible_password='geheim geheim'"),
        with_hosts("n1", "n2 ansible_password=x geheim"),
        with_settings("ansible_become_pass = geheim"),
        with_settings("runbook_db_secret = geheim"),
        with_settings("api_token = geheim"),
        "ansible_password=geheim\n" + GOOD,
        # among the hosts, where the section of variables was meant
        with_hosts("n1", "ansible_password=geheim"),
        with_hosts("n1", "n2 ansible_user=root:geheim"),
        with_hosts("n1", "n2 ansible_host=root:geheim@192.0.2.2"),
        with_hosts("n1", "n2 ansible_ssh_common_args='-J root:geheim@192.0.2.2'"),
        with_hosts("n1", """n2 ansible_ssh_common_args="-o ProxyCommand='sshpass -pgeheim x'\""""),
    ],
)
def test_a_password_is_refused_and_never_shown(text: str) -> None:
    assert "geheim" not in problem(text)


def test_passwords_are_refused_with_the_way_out() -> None:
    found = problem(with_settings("ansible_ssh_pass = x"))
    way_out = "no passwords in an inventory; log in by key, become by sudo -n"
    assert found == f"prod.ini:16: ansible_ssh_pass: {way_out}"


def test_all_problems_are_shown_in_the_order_of_the_file() -> None:
    text = with_settings("ansible_port = ssh", "runbook_approvals = x").replace(
        "neteye02.lan ansible_host=192.0.2.2", "neteye02.lan ansible_host=192.0.2.1"
    )
    assert [line.partition(": ")[0] for line in problems(text)] == [
        "prod.ini:4",
        "prod.ini:16",
        "prod.ini:17",
    ]
    text = with_settings("[mysql]", "n7.lan", "[operative", "n8 x", "color = red")
    assert [line.partition(": ")[0] for line in problems(text)] == ["prod.ini:16", "prod.ini:18"]


@pytest.mark.parametrize(("count", "last"), [(5, "prod.ini:20"), (6, "prod.ini: and 1 more")])
def test_of_many_problems_the_first_five_are_told(count: int, last: str) -> None:
    found = problems(with_settings(*(f"color{n} = red" for n in range(count))))
    assert [line.partition(": ")[0] for line in found[:5]] == [
        f"prod.ini:{number}" for number in range(16, 21)
    ]
    assert found[-1].startswith(last)
    assert len(found) == min(count, 6)


def test_a_wrong_value_of_all_is_told_once() -> None:
    assert len(problems(with_settings("ansible_become = perhaps"))) == 1


def test_a_wrong_variable_of_a_range_is_told_once() -> None:
    assert len(problems(with_hosts("n[1:9] ansible_hots=x"))) == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("[fd00::12]", "'[fd00::12]'"),
        ("[fd00::12]:22", "'[fd00::12]:22'"),
        ("fd00::12:zz", "'fd00:********'"),
        ("root:hunter2@fd00::1", "'root:********@fd00::1'"),
        ("admin:hunter2", "'admin:********'"),
    ],
)
def test_an_ipv6_address_is_shown_whole_and_no_password(given: str, shown: str) -> None:
    with pytest.raises(Wrong, match=re.escape(f"is {shown}, expected a host name or an IP")):
        values.address(Value(given, given, 1))


def test_brackets_are_said_to_be_too_much() -> None:
    with pytest.raises(Wrong, match="IPv6 without brackets"):
        values.address(Value("[fd00::12]", "[fd00::12]", 1))
