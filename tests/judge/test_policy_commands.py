"""A remedy's commands: what is pasted into a shell is what was meant, whatever is in a name."""

from __future__ import annotations

import json
import subprocess

import pytest

from engine.judge.healing import at_rest
from engine.judge.ways import command_lines, commands_of, in_full
from engine.model.finding import Command, Finding, Way
from engine.record.evidence import as_data

PRINT = ("printf", r"%s\0")


@pytest.mark.parametrize(
    "name",
    [
        *("plain", "two words", "it's", '"quoted"', "$HOME `id` $(id)", "a;b&c|d", "", "~", "*"),
        *(
            "back\\slash",
            "tab\there",
            "two\nlines",
            "\x1b[2J'\\",
            "zoë",
            "\u202eothgir",
            "\udc80\t",
        ),
    ],
)
def test_what_is_pasted_is_what_was_meant(name: str) -> None:
    line = str(Command("ne02", (*PRINT, name)))
    assert line.isprintable()
    ran = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    assert ran.stdout == name.encode("utf-8", "surrogateescape") + b"\0"


def finding(name: str, *commands: Command, way: Way = Way.AGAIN) -> Finding:
    return Finding("code", name, "seen", "expected", "Mend it.", way=way, commands=commands)


STATUS, CLEANUP = (
    Command("ne01", ("pcs", "status")),
    Command("ne01", ("pcs", "resource", "cleanup")),
)
HERE, THERE = Command("", ("ls", "a b")), Command("ne02", ("pcs", "status"))


def test_commands_of_several_findings_are_told_once_each_by_node() -> None:
    told = command_lines(commands_of([finding("a", STATUS, CLEANUP), finding("b", STATUS, THERE)]))
    assert told == [
        "on ne01:",
        "  pcs status",
        "  pcs resource cleanup",
        "on ne02:",
        "  pcs status",
    ]
    assert command_lines([HERE]) == ["on the machine that runs the runbook:", "  ls 'a b'"]
    assert command_lines(commands_of([finding("a")])) == []


def test_each_change_is_waited_for_though_what_waits_is_told_already() -> None:
    rest = at_rest("ne01")
    two = [finding("a", CLEANUP, rest), finding("b", STATUS, CLEANUP, rest), finding("c", rest)]
    assert commands_of(two) == (CLEANUP, rest, STATUS, rest)


def test_they_are_the_same_from_an_event() -> None:
    found = finding("a", STATUS, HERE)
    event = json.loads(json.dumps(as_data(found)))
    assert event["commands"][1] == {"node": "", "argv": ["ls", "a b"]}
    assert commands_of([event]) == found.commands
    older = {key: value for key, value in event.items() if key != "commands"}
    assert commands_of([older]) == ()
    assert "commands" not in as_data(finding("a"))


def test_beside_a_stop_no_other_commands_are_told() -> None:
    stop = finding("b", THERE, way=Way.SUPPORT)
    assert in_full([finding("a", STATUS), stop]).endswith("Mend it.\non ne02:\n  pcs status")
    assert "ne01" not in in_full([finding("a", STATUS), stop])
