"""The archive: deterministic, whole or not there, whatever the size of what goes in."""

from __future__ import annotations

import gzip
import tarfile
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.record.archive import Entry, write_archive
from engine.support import bundle as of_run
from engine.support.bundle import recorded

MOMENT = datetime(2026, 11, 2, 3, 4, 5, 678000, tzinfo=UTC)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for number, mode in enumerate((0o600, 0o644)):
        file = tmp_path / f"file-{number}"
        file.write_bytes(b"content")
        file.chmod(mode)
        target = tmp_path / f"bundle-{number}.tar.gz"
        entries = [Entry("index.txt", b"first"), Entry("run/file", file)]
        write_archive(target, "support-x", entries, MOMENT)
        files.append(target)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].stat().st_mode & 0o777 == 0o600
    with tarfile.open(files[0]) as archive:
        first, second = archive.getmembers()
    assert (first.name, second.name) == ("support-x/index.txt", "support-x/run/file")
    assert {m.mtime for m in (first, second)} == {int(MOMENT.timestamp())}
    assert {(m.uid, m.gid, m.uname, m.gname) for m in (first, second)} == {(0, 0, "", "")}


def test_what_cant_be_read_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "bundle.tar.gz"
    with pytest.raises(OSError, match="gone"):
        write_archive(target, "x", [Entry("run/gone", tmp_path / "gone")], MOMENT)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter22")
    link = tmp_path / "journal.jsonl"
    link.symlink_to(secret)
    assert recorded(tmp_path).entries == []
    with pytest.raises(OSError, match="symbolic"):
        write_archive(tmp_path / "bundle", "x", [Entry("run/journal.jsonl", link)], MOMENT)


def test_a_large_journal_takes_no_memory(tmp_path: Path) -> None:
    large = tmp_path / "journal.jsonl"
    with large.open("wb") as file:
        for _ in range(64):
            file.write(b"0123456789abcde\n" * (1 << 16))
    tracemalloc.start()
    try:
        write_archive(tmp_path / "bundle.tar.gz", "x", recorded(tmp_path).entries, MOMENT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    with gzip.open(tmp_path / "bundle.tar.gz") as packed:
        assert sum(len(chunk) for chunk in iter(lambda: packed.read(1 << 20), b"")) > 64 << 20


def test_outputs_beyond_the_limit_are_named_the_newest_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_run, "OUTPUTS", 250)
    (tmp_path / "outputs").mkdir()
    for number in range(1, 5):
        (tmp_path / "outputs" / f"000{number}-text.txt").write_bytes(b"x" * 100)
    found = recorded(tmp_path)
    taken = [entry.path for entry in found.entries]
    assert sorted(taken) == ["run/outputs/0003-text.txt", "run/outputs/0004-text.txt"]
    assert any(line.startswith("outputs/0001-text.txt: 100 bytes") for line in found.missing)


def test_outputs_of_earlier_runs_are_taken_too(tmp_path: Path) -> None:
    """Their journals are in it, and cite them."""
    (tmp_path / "outputs" / "first").mkdir(parents=True)
    for name in ("0001-own.txt", "first/0001-a.txt"):
        (tmp_path / "outputs" / name).write_bytes(b"x")
    assert [entry.path for entry in recorded(tmp_path).entries][-2:] == [
        *("run/outputs/0001-own.txt", "run/outputs/first/0001-a.txt")
    ]
