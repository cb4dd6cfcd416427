"""Templates of the pages, compiled once: what Python does for its modules, done for them.

jinja2 makes Python of a template and compiles that, a tenth of a plan's processor for all of them.
The compiled form lies where Python keeps that of a module. It counts for the whole text of the
runbook only: what a template shows of constants is worked out when it is compiled, by functions.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from engine.record.material import runbook_hash


class Kept(jinja2.FileSystemBytecodeCache):
    """The compiled templates of a folder."""

    is_taken = True
    """What is there is used; of all folders."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), "%s")
        self._folder = folder

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Its path below the folder, or whole where Python keeps compiled modules elsewhere."""
        return importlib.util.cache_from_source(f"{self._folder / name}.py")

    def get_source_checksum(self, source: str) -> str:
        told = f"{jinja2.__version__}\0{runbook_hash()}\0{source}"
        return hashlib.sha256(told.encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """What can't be read is not there."""
        with contextlib.suppress(OSError):
            if self.is_taken:
                super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Nothing depends on it: a folder that can't be written to is as good."""
        if sys.dont_write_bytecode:
            return
        with contextlib.suppress(OSError):
            Path(bucket.key).parent.mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


def from_text_only() -> None:
    """From here on this process takes no compiled template: each is made of its text.

    A run in production has what it runs held to the text that is hashed.
    """
    Kept.is_taken = False


def environment(
    folder: Path, finalize: Callable[[Any], Any], *, autoescape: bool
) -> jinja2.Environment:
    """For the templates of that folder; a field that one lacks is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        bytecode_cache=Kept(folder),
    )
