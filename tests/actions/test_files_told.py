"""The changes of files tell them before and after, by the scripts that make the changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engine.model.change import Change
from engine.model.files import FileChange
from engine.parse.files import file_changes
from engine.secrets import Secret
from runbook.to_4_26 import files
from tests.actions.ocs_nodes import N, Nodes

PATH, COPY = "/etc/a", "/var/lib/kept/a.bak"


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    made = Nodes(tmp_path, N)
    made.put(N, PATH, "old\n", 0o640)
    return made


def told(nodes: Nodes, change: Change) -> FileChange:
    answer = nodes.run(change.node, change.argv, change.stdin)
    assert answer.code == 0, answer.errors
    (one,) = file_changes(answer.text)
    assert change.files == (one.path,)
    return one


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_file_that_is_replaced(nodes: Nodes) -> None:
    new = files.write_file("w", N, PATH, Secret("new!\n"), like=PATH, holds_secret=False)
    one = told(nodes, new)
    assert one.before is not None
    assert one.after is not None
    assert (one.before.mode, one.before.sha256) == ("0640", digest("old\n"))
    assert (one.after.mode, one.after.size, one.after.sha256) == ("0640", 5, digest("new!\n"))


def test_a_file_that_is_made_and_holds_a_secret(nodes: Nodes) -> None:
    one = told(nodes, files.write_file("w", N, "/etc/b", Secret("secret"), private=True))
    assert one.before is None
    assert one.after is not None
    assert (one.after.mode, one.after.sha256) == ("0600", "")


def test_a_copy_and_the_same_copy_again(nodes: Nodes) -> None:
    change = files.copy_file("c", N, PATH, COPY, holds_secret=False)
    first, again = told(nodes, change), told(nodes, change)
    assert first.before is None
    assert first.after == again.before == again.after
    assert first.after is not None
    assert (first.after.mode, first.after.sha256) == ("0640", digest("old\n"))
    quiet = told(nodes, files.copy_file("c", N, PATH, f"{COPY}2"))
    assert quiet.after is not None
    assert quiet.after.sha256 == ""


def test_a_file_that_is_removed_and_one_that_is_gone_already(nodes: Nodes) -> None:
    change = files.remove_file("r", N, PATH, holds_secret=False)
    first, again = told(nodes, change), told(nodes, change)
    assert first.before is not None
    assert first.before.sha256 == digest("old\n")
    assert first.after is again.before is again.after is None


def test_a_node_that_can_not_tell_makes_the_change_all_the_same(nodes: Nodes) -> None:
    nodes.program("stat", "exit 1")
    change = files.write_file("w", N, PATH, Secret("new"), like=None)
    answer = nodes.run(N, change.argv, change.stdin)
    assert answer.code == 0
    assert file_changes(answer.text) == []
    assert nodes.path(N, PATH).read_text() == "new"
