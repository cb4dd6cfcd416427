"""A snapshot is read strictly: what is not of its form is refused in one sentence."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal import cli, cluster, host, podman
from rehearsal.errors import UsageError
from rehearsal.like import making
from rehearsal.like.reading import read
from rehearsal.to_4_26 import STEP
from tests.rehearsal import snapshots

Change = Callable[[dict[str, Any]], object]


def _pacemaker(found: dict[str, Any]) -> dict[str, Any]:
    return found["cluster"]["pacemaker"]  # type: ignore[no-any-return]


BROKEN: dict[str, tuple[Change, str]] = {
    "newer form": (lambda s: s.update(schema="neteye-snapshot/2"), "'neteye-snapshot/2'"),
    "no form": (lambda s: s.pop("schema"), "neteye-snapshot/1"),
    "unknown key": (lambda s: s.update(colour="red"), "'colour', which is not known"),
    "unknown key of a node": (
        lambda s: s["cluster"]["nodes"][1].update(colour="red"),
        "cluster.nodes[1] has 'colour'",
    ),
    "unknown agent": (
        lambda s: _pacemaker(s)["resources"][2].update(agent="nagios:check_ssh"),
        "'nagios:check_ssh', an agent of no kind that is known",
    ),
    "unknown kind of resource": (
        lambda s: _pacemaker(s)["resources"][2].update(kind="template"),
        "'template', known are",
    ),
    "two resources of a name": (
        lambda s: _pacemaker(s)["resources"][1].update(id="fence-1"),
        "two resources are called 'fence-1'",
    ),
    "a name that is no name": (
        lambda s: _pacemaker(s)["resources"][2].update(id="<a/>"),
        "can't be a name in pacemaker",
    ),
    "a group in a group": (
        lambda s: _pacemaker(s)["resources"][3].update(members=[snapshots.group("x")]),
        "is a group of a group",
    ),
    "a resource that is not there runs": (
        lambda s: _pacemaker(s)["running"].update(nobody=["node-1"]),
        "'nobody', which is no resource",
    ),
    "a node that is not there": (
        lambda s: _pacemaker(s)["running"].update(cluster_ip=["node-9"]),
        "'node-9', which is no node",
    ),
    "nodes out of order": (
        lambda s: s["cluster"]["nodes"].reverse(),
        "not node-1 and so on, in the order operative",
    ),
    "one operative node": (
        lambda s: s["cluster"].update(nodes=[snapshots.node(1, "operative")]),
        "a cluster has 2 to 16",
    ),
    "a text for a number": (
        lambda s: s["cluster"]["nodes"][0].update(memory_mb="many"),
        "no whole number",
    ),
    "a path that goes up": (
        lambda s: s["cluster"]["nodes"][0].update(leftovers=[{"path": "/a/../b.rpmnew"}]),
        "no path from the root",
    ),
    "a leftover that is none": (
        lambda s: s["cluster"]["nodes"][0].update(leftovers=[{"path": "/etc/passwd"}]),
        "ends with none of .rpmnew",
    ),
    "a line end in a value": (
        lambda s: s["cluster"]["nodes"][0]["dnf"].update(settings={"exclude": "a\n[x]"}),
        "no text of one line",
    ),
    "more resources than a machine carries": (
        lambda s: _pacemaker(s)["resources"].extend(
            snapshots.primitive(f"x{n}", "systemd:x") for n in range(500)
        ),
        "a twin has at most 500",
    ),
    "a monitor that never rests": (
        lambda s: _pacemaker(s)["resources"][2]["operations"][0].update(interval="1ms"),
        "'1ms', no time of at least a second",
    ),
    "a time of another form": (
        lambda s: _pacemaker(s)["resources"][2]["operations"][0].update(interval="PT0.001S"),
        "no time of at least a second",
    ),
    "more leftovers than a command takes": (
        lambda s: s["cluster"]["nodes"][0].update(
            leftovers=[{"path": f"/x{n}.rpmnew"} for n in range(501)]
        ),
        "no list of up to 500",
    ),
    "a path without an end": (
        lambda s: s["cluster"]["nodes"][0].update(leftovers=[{"path": f"/{'x' * 500}.rpmnew"}]),
        "up to 400 characters",
    ),
    "more repositories than a command takes": (
        lambda s: s["cluster"]["nodes"][0]["dnf"].update(
            repositories=[{"id": f"x{n}"} for n in range(101)]
        ),
        "no list of up to 100",
    ),
    "a program with a path": (
        lambda s: s["cluster"]["nodes"][0].update(programs_missing=["/bin/sh"]),
        "no program's name",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_of_the_form_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    change, expected = BROKEN[name]
    found = snapshots.content()
    change(found)
    path = snapshots.written(tmp_path / "snapshot.tar.gz", found)
    with pytest.raises(UsageError) as refused:
        read(path)
    text = str(refused.value)
    assert expected in text
    assert text.startswith(f"--like: {path} is no snapshot")
    assert text.endswith(".")
    assert "\n" not in text


def _long_name(path: Path) -> None:
    """A header of tar that says how long a name is: its text is read before there is a member."""
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x" * (25 * 2**20)))


def _link(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("snapshot.json")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)


DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda p: p.write_bytes(p.read_bytes()[:-200]), "damaged or no tar.gz"),
    "no archive": (lambda p: p.write_text("hello"), "damaged or no tar.gz"),
    "a member more": (lambda p: p.write_bytes(snapshots.packed({}, evil_sh=b"x")), "'evil.sh'"),
    "a link": (_link, "'snapshot.json' is not one of a snapshot"),
    "a name of a name's length": (_long_name, "it unpacks to more than 24 MB"),
    "no JSON": (lambda p: p.write_bytes(snapshots.packed({}, snapshot_json=b"{")), "no JSON"),
    "a key twice": (
        lambda p: p.write_bytes(snapshots.packed({}, snapshot_json=b'{"a": 1, "a": 2}')),
        "a key is there twice",
    ),
    "JSON too deep": (
        lambda p: p.write_bytes(snapshots.packed({}, snapshot_json=b"[" * 99999)),
        "no JSON",
    ),
    "not there": (lambda p: p.unlink(), "can't be read (No such file or directory)"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    damage, expected = DAMAGED[name]
    path = snapshots.written(tmp_path / "snapshot.tar.gz")
    damage(path)
    with pytest.raises(UsageError, match=r"\.\Z") as refused:
        read(path)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_member_that_unpacks_to_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rehearsal.like.reading.LARGEST_MEMBER", 1000)
    path = snapshots.written(tmp_path / "snapshot.tar.gz")
    with pytest.raises(UsageError, match=r"its snapshot\.json has more than"):
        read(path)


def test_another_pair_of_versions_is_refused(tmp_path: Path) -> None:
    found = {**snapshots.content(), "target": "4.27"}
    twin = making.twin_of(snapshots.written(tmp_path / "s.tar.gz", found), None)
    with pytest.raises(UsageError, match=r"from 4\.25 to 4\.27, and rehearsal\.to_4_26 is of"):
        making.check(STEP, twin)


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been started or taken away."""
    done: list[str] = []
    monkeypatch.setattr(host, "prepare", lambda: done.append("prepare"))
    monkeypatch.setattr(podman, "podman", lambda *words, **_: done.append(" ".join(words)))
    monkeypatch.setattr(cluster, "down", lambda *_, **__: done.append("down"))
    return done


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--scenario", "guide"], "--like: it is not for --scenario"),
        (["--nodes", "operative=2"], "--like: it is not for --nodes"),
        (["--rows", "2"], "--rows: '2' is no share"),
        (["--rows", "0/5"], "--rows: '0/5' is no share"),
        (["--step", "tests.next_step.rehearsal"], "--like: the snapshot is of an upgrade from"),
    ],
)
@pytest.mark.parametrize("fresh", [[], ["--fresh"]])
def test_a_twin_that_can_t_be_made_starts_nothing(
    more: list[str],
    expected: str,
    fresh: list[str],
    tmp_path: Path,
    untouched: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = snapshots.written(tmp_path / "snapshot.tar.gz")
    words = ["up", "--name", "no-such", "--like", str(path), *more, *fresh]
    assert cli.main(words) == cli.USAGE_ERROR
    told = capsys.readouterr()
    assert told.err.startswith(expected)
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert untouched == []


@pytest.mark.parametrize("fresh", [[], ["--fresh"]])
def test_what_pacemaker_would_not_take_is_refused_before_anything_starts(
    fresh: list[str], tmp_path: Path, untouched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = snapshots.content()
    _pacemaker(found)["constraints"][2]["then"] = "nobody"
    path = snapshots.written(tmp_path / "snapshot.tar.gz", found)
    words = ["up", "--name", "no-such", "--like", str(path), *fresh]
    assert cli.main(words) == cli.USAGE_ERROR
    told = capsys.readouterr().err
    assert "constraints[2].then names 'nobody', which is no resource" in told
    assert told.count("\n") == 1
    assert untouched == []


def test_rows_are_for_a_twin(capsys: pytest.CaptureFixture[str], untouched: list[str]) -> None:
    assert cli.main(["up", "--name", "no-such", "--rows", "1/10"]) == cli.USAGE_ERROR
    assert capsys.readouterr().err == "--rows: it is for a twin, which --like makes.\n"
    assert untouched == []


def test_what_was_read_is_all_there(tmp_path: Path) -> None:
    path = snapshots.written(tmp_path / "snapshot.tar.gz")
    assert read(path).content == json.loads(json.dumps(snapshots.content()))
