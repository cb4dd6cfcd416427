"""What a directory is left as by whoever is killed while he writes into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Files = dict[str, bytes]


def content(directory: Path) -> Files:
    """Every file of it."""
    found = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


def shown(files: Files) -> Files:
    """What somebody opens, or a program reads: no name that begins with a dot."""
    return {name: text for name, text in files.items() if not Path(name).name.startswith(".")}


@dataclass
class Moments:
    """Copies of a directory, one for each moment at which something of it is another thing."""

    directory: Path
    place: Path
    states: list[Path] = field(default_factory=list)
    _known: list[Files] = field(default_factory=list)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Before and after each call in the block that changes what is on the disk."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("replace", "unlink", "fsync"):
                patch.setattr(os, name, self._looked_at(getattr(os, name)))
            yield
        self._look()

    def _looked_at(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *given: Any, **more: Any) -> Any:
            is_descriptor = isinstance(first, int)
            path = Path(f"/proc/self/fd/{first}").readlink() if is_descriptor else Path(first)
            self._look(path if is_descriptor and path.parent == self.directory else None)
            done = plain(first, *given, **more)
            self._look()
            return done

        return call

    def _look(self, half: Path | None = None) -> None:
        """`half` is being written: the first half of it is there."""
        now = content(self.directory)
        if half is not None:
            now[half.name] = now[half.name][: len(now[half.name]) // 2]
        if now in self._known:
            return
        self._known.append(now)
        state = self.place / f"state-{len(self.states)}"
        shutil.copytree(self.directory, state)
        if half is not None:
            (state / half.name).write_bytes(now[half.name])
        self.states.append(state)
