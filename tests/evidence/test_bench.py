"""The benchmark of the reports goes through with the journals as they are now."""

from __future__ import annotations

from pathlib import Path

from bench.reports import PARTS, written


def test_every_part_of_it_runs(tmp_path: Path) -> None:
    run = written(tmp_path / "run", 50)
    for part in PARTS.values():
        part(run)
    assert (run / "evidence.html").exists()
