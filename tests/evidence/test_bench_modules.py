"""What modules of the benchmark make of what they measured, and how they prepare it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import memory_pairs, peers, preflight, reports, round_trips, shares, whole_run
from bench.machine import ROOT
from bench.memory_pairs import Done
from bench.own_share import Shares
from bench.plan import Took
from bench.reports import Measured
from bench.round_trips import Trips

OLD_BENCHMARK = """\
from runbook.to_4_26.names import OCS_DATABASE
    capacity_before(part.look)
"""


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("2:cpu:/libpod/a\n1:name=systemd:/libpod/a/init.scope\n0::/\n", "cpu/libpod/a"),
        ("3:cpuacct,cpu:/libpod/a\n0::/\n", "cpu/libpod/a"),
        ("2:cpuset:/other\n1:cpu:/\n0::/\n", "cpu"),
        ("0::/machine/a/init.scope\n", "machine/a"),
    ],
)
def test_the_control_group_of_a_process(text: str, group: str) -> None:
    assert shares.group_in(text) == Path("/sys/fs/cgroup") / group


@pytest.mark.parametrize(
    ("files", "limited"),
    [
        ({"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, ("2000", "-1")),
        ({"cpu.max": "max 100000"}, ("2000 20000", "max 20000")),
    ],
    ids=["version 1", "version 2"],
)
def test_a_share_is_given_back(
    tmp_path: Path, files: dict[str, str], limited: tuple[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    quota = tmp_path / next(iter(files))
    with contextlib.suppress(RuntimeError), shares.limited([tmp_path], 0.1):
        assert quota.read_text() == limited[0]
        raise RuntimeError
    assert quota.read_text() == limited[1]


def test_a_share_too_small_for_the_kernel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"0\.010 of a processor"):
        with shares.limited([tmp_path], 0.01):
            pass


def test_a_plan_of_many_is_held_to_one_of_two() -> None:
    assert preflight.with_two_operative("operative=16,voting=1") == "operative=2,voting=1"
    pairs = [(Took(10.0, 2.0), Took(16.0, 5.0)), (Took(10.0, 2.0), Took(14.0, 4.0))]
    wall, own = preflight.rows_of(pairs, "two", "many", 0.1)
    assert (wall.ratio, wall.is_beyond, own.ratio) == (1.5, False, 2.25)


def test_round_trips_and_sessions_are_held_to_what_is_asked() -> None:
    new = [Trips(18.0, {"a": 9, "b": 9}), Trips(20.0, {"a": 13, "b": 9})]
    old = [Trips(220.0, {"a": 68, "b": 47}), Trips(230.0, {"a": 68, "b": 47})]
    rows = round_trips.rows_of(new, old)
    assert [(row.value, row.other, row.is_beyond) for row in rows] == [
        (19.0, 225.0, False),
        (11.0, 68.0, False),
        (9.0, 47.0, False),
    ]
    alone = round_trips.rows_of([Trips(26.0, {"a": 13})], [])
    assert [(row.other, row.is_beyond) for row in alone] == [(None, True), (None, True)]


def test_a_run_is_held_to_half_of_what_was_its_own() -> None:
    kinds = {"vendor's commands": 100.0}
    pairs = [(Shares(300.0, kinds, {}), Shares(200.0, kinds, {}))]
    own, wall = whole_run.rows_of(pairs, "nodes")
    assert (own.value, own.other, own.ratio, own.is_beyond) == (100.0, 200.0, 0.5, False)
    assert (wall.ratio, wall.has_demand) == (200 / 300, False)


def test_the_memory_of_reports_is_held_to_the_old_one_and_to_a_shorter_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(words: list[str], check: bool) -> None:
        run = Path(words[-1])
        run.mkdir()
        for name in ("journal.jsonl", "evidence.html"):
            (run / name).write_text("")

    def part(name: str, run: Path, tree: Path) -> Measured:
        return Measured(1.0, {"run-1000000": 110.0}.get(run.name, 70.0) if tree == ROOT else 280.0)

    monkeypatch.setattr("bench.reports.subprocess.run", write)
    monkeypatch.setattr("bench.reports.part", part)
    lines = [100_000, 1_000_000]
    peaks = [
        (row.value, row.other, row.asked, row.most, row.is_beyond)
        for row in reports.beside(tmp_path, lines, Path("/old"), 1)
        if row.what.startswith("all reports") and row.unit == "MiB"
    ]
    assert peaks == [(70.0, 280.0, 0.25, 145, False), (110.0, 70.0, 1.5, 145, True)]


def done(seconds: float, baseline: float = 1.0, mib: float = 50.0) -> Done:
    return Done(seconds, baseline, "`mysqldump \\| gzip -1`", mib, 0.02)


def test_parts_of_the_table_are_held_to_what_is_asked() -> None:
    found = {
        "classification": [(done(8.0), done(2.0))],
        "dump": [(done(8.0), done(1.2))],
        "conversion": [(None, done(9.0))],
        "verification": [(done(8.0), done(3.0, mib=201.0))],
    }
    rows = list(memory_pairs.rows_of(found, 5))
    assert not any("conversion" in row.what for row in rows)
    beyond = [(row.what, row.against) for row in rows if row.is_beyond]
    assert beyond == [
        ("dump, 5 rows", "`mysqldump | gzip -1`"),
        ("verification, 5 rows", "the old commit's"),
        ("verification, 5 rows: peak of the controller", ""),
    ]


def test_the_benchmark_of_an_old_commit_is_mended_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bench/memories.py"
    file.parent.mkdir()
    file.write_text(OLD_BENCHMARK)

    @contextlib.contextmanager
    def tree(commit: str) -> Iterator[Path]:
        yield tmp_path

    monkeypatch.setattr(memory_pairs, "checkout", tree)
    for _ in range(2):
        with memory_pairs.mended("abc"):
            text = file.read_text()
    assert text.count("capacity_before(part.look, Limit(1, blocks=False))") == 1
    assert text.count("import Limit") == 1
    with memory_pairs.mended(None) as none:
        assert none is None


def test_every_package_of_the_peers_is_pinned() -> None:
    lines = [line for line in peers.REQUIREMENTS.read_text().splitlines() if line]
    packages = [line for line in lines if not line.startswith("#")]
    assert any(line.startswith("pyinfra==") for line in packages)
    assert [line for line in packages if "==" not in line] == []
