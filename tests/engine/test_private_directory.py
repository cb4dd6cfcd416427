"""A run's own directory for sockets: whoever starts at the same moment does not take it away."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from engine.transport import private
from engine.transport.private import PrivateDirectory


def test_another_start_spares_one_that_is_just_being_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Directly before and after the lock is taken, another process or thread sweeps."""
    real, swept = fcntl.flock, list[int]()
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    parent = Path("/tmp")

    def flock(descriptor: int, how: int) -> None:
        if how & fcntl.LOCK_NB or swept:
            real(descriptor, how)
            return
        swept.append(descriptor)
        private._sweep(parent)
        real(descriptor, how)
        private._sweep(parent)

    monkeypatch.setattr(private.fcntl, "flock", flock)
    made = PrivateDirectory()
    try:
        assert swept
        assert made.path.is_dir()
        private._sweep(made.path.parent)
        assert (made.path / "lock").exists()
    finally:
        made.remove()


def test_one_that_was_left_is_removed_at_the_next_start() -> None:
    left = PrivateDirectory()
    private.os.close(left._lock)
    made = PrivateDirectory()
    try:
        assert not left.path.exists()
    finally:
        made.remove()
