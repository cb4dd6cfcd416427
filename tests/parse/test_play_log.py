"""The failing task of a neteye command's log, whatever its words are."""

from __future__ import annotations

import pytest

from engine.parse.play_log import Place, PlayLog

TASK = "TASK [os : Install the latest packages] ***************************"
OK = "ok: [neteye01.neteyelocal]"
RECAP = """
PLAY RECAP ********************************************************************
neteye01.neteyelocal : ok=12   changed=3    unreachable=0    failed=0    skipped=2
neteye02.neteyelocal : ok=11   changed=3    unreachable=0    failed=1    skipped=2
"""
LOGS = {
    "json on one line": (
        f"{TASK}\n{OK}\n"
        'fatal: [neteye02.neteyelocal]: FAILED! => {"changed": false, "msg": "No package x"}\n'
        f"{RECAP}\nThe update procedure stopped. Fix the problem and run it again\n",
        "task 'os : Install the latest packages' failed on neteye02.neteyelocal: No package x",
    ),
    "several hosts, one unreachable": (
        f"{TASK}\n"
        'fatal: [n2]: FAILED! => {"msg": "first"}\n'
        'fatal: [n3]: UNREACHABLE! => {"msg": "no route", "unreachable": true}\n' + RECAP,
        "task 'os : Install the latest packages' failed on n2, n3: first",
    ),
    "a command with its standard error": (
        "TASK [Run neteye_secure_install]\n"
        'fatal: [n1]: FAILED! => {"msg": "non-zero return code", "stderr": "a\\nERROR 1366"}\n',
        "task 'Run neteye_secure_install' failed on n1: non-zero return code: ERROR 1366",
    ),
    "a standard error of one line": (
        'TASK [x]\nfatal: [n1]: FAILED! => {"msg": "non-zero return code", "stderr": "ERROR 1"}\n',
        "task 'x' failed on n1: non-zero return code: ERROR 1",
    ),
    "a standard error whose last line is in the message": (
        'TASK [x]\nfatal: [n1]: FAILED! => {"msg": "it said: ERROR 1", "stderr": "a\\nERROR 1"}\n',
        "task 'x' failed on n1: it said: ERROR 1",
    ),
    "yaml": (
        "TASK [check [rpmnew]] ****\nfatal: [n1]: FAILED! => changed=false \n"
        "  invocation:\n    module_args:\n  msg: 'two files'\n  rc: 1\nok: [n2]\n",
        "task 'check [rpmnew]' failed on n1: 'two files'",
    ),
    "yaml block": (
        "TASK [x] ****\nfatal: [n1]: FAILED! => \n    msg: |-\n        please look\n        more\n",
        "task 'x' failed on n1: please look",
    ),
    "items": (
        'TASK [x] *\nfailed: [n1] (item=httpd) => {"item": "httpd", "msg": "dead"}\n'
        'fatal: [n1]: FAILED! => {"msg": "All items completed"}\n',
        "task 'x' failed on n1: dead",
    ),
    "an earlier failure was ignored": (
        'TASK [optional] **\nfatal: [n1]: FAILED! => {"msg": "absent"}\n...ignoring\n'
        "TASK [needed] **\nok: [n1]\n",
        "the last task that it began is 'needed'",
    ),
    "an ignored one behind the real one": (
        'TASK [needed] **\nfatal: [n1]: FAILED! => {"msg": "bad"}\n'
        'TASK [collect] **\nfatal: [n1]: FAILED! => {"msg": "absent"}\n...ignoring\n',
        "task 'needed' failed on n1: bad",
    ),
    "a handler": (
        'RUNNING HANDLER [restart httpd] **\nfatal: [n1]: FAILED! => {"msg": "exit 1"}\n',
        "task 'restart httpd' failed on n1: exit 1",
    ),
    "colours and a logger's prefix": (
        "2026-11-02 01:02:03 | TASK [x] ****\n"
        '2026-11-02 01:02:04 | \x1b[0;31mfatal: [n1]: FAILED! => {"msg": "bad"}\x1b[0m\r\n',
        "task 'x' failed on n1: bad",
    ),
    "a line that was cut": (
        'TASK [x] *\nfatal: [n1]: FAILED! => {"msg": "no room \\"/var\\"", "stdout": "aaaa',
        "task 'x' failed on n1: no room \\\"/var\\\"",
    ),
    "ended within a task": (
        "TASK [a] *\nok: [n1]\nTASK [b] *\n",
        "the last task that it began is 'b'",
    ),
    "a task without a host's line": (
        "TASK [a] *\nok: [n1]\nTASK [b] *\nERROR! the role was not found\nplaybook ended\n",
        "its log says in task 'b': ERROR! the role was not found",
    ),
    "a shell": (
        "+ dnf -y update\nComplete!\n./100_x.sh: line 12: mysqlx: command not found\n+ cleanup\n",
        "its log says: ./100_x.sh: line 12: mysqlx: command not found",
    ),
    "make": (
        "gcc ok\nmake: *** [all] Error 2\nbye\n",
        "its log says: make: *** [all] Error 2",
    ),
    "no error is no failure": ("checked, 0 errors\nfailed: 0\nbye\n", "its log ends with: bye"),
    "nothing": ("\n\n", ""),
}


@pytest.mark.parametrize("log", LOGS)
def test_the_failing_task_is_named(log: str) -> None:
    text, expected = LOGS[log]
    read = PlayLog()
    for line in text.split("\n"):
        read.feed(line)
    assert read.failing() == expected


def test_a_message_of_any_length_is_kept_in_part() -> None:
    read = PlayLog()
    read.feed("TASK [x] **")
    read.feed('fatal: [n1]: FAILED! => {"msg": "' + "a" * 100_000 + '"}')
    assert len(read.failing()) < 2100


PLACES = {
    "nothing": ("", Place()),
    "a play": ("PLAY [a b] ***\n", Place(play="a b")),
    "a task": (f"PLAY [p]\n{TASK}\n", Place("p", "os : Install the latest packages", "", 1)),
    "a host": (f"{TASK}\n{OK}\n", Place("", "os : Install the latest packages", OK[5:-1], 1)),
    "another task": (f"{TASK}\n{OK}\nTASK [b]\n", Place("", "b", "", 2)),
    "a failure": ('TASK [b]\nfatal: [n2]: FAILED! => {"msg": "x"}\n', Place("", "b", "n2", 1)),
    "a delegated one": ("TASK [b]\nchanged: [n1 -> n2]\n", Place("", "b", "n1 -> n2", 1)),
    "other words": ("TASK [b]\nskipping: no hosts matched [x]\n", Place("", "b", "", 1)),
}


@pytest.mark.parametrize("case", PLACES)
def test_where_a_log_has_come_to(case: str) -> None:
    log, place = PLACES[case]
    read = PlayLog()
    for line in log.splitlines():
        read.feed(line)
    assert read.at() == place
