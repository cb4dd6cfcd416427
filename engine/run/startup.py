"""What Python runs by itself before the runbook: start-up files, compiled modules. Facts only."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import marshal
import os
import site
import sys
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import source_hash
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.utils import canonicalize_name

_HOOKS = ("sitecustomize", "usercustomize")
_DISTRIBUTIONS = {
    "43d81125d92376b1a69d53a71126a041cc9a18d8080e92dea0a2ae23be138b1e": "Debian and Ubuntu",
}
"""sha256 of a `sitecustomize.py` -> the distributions that ship it."""
_OF_EVERY_ENVIRONMENT = frozenset({"pip", "setuptools"})
"""`python -m venv` of Python 3.11 brings them."""
_HEADER = 16
"""Bytes before the code of a compiled module: magic number, flags, what tells its source."""
_UNCHECKED = 1
"""The flags of one that is taken whatever its source is by now (PEP 552)."""


def startup_files(
    modules: Mapping[str, ModuleType], places: Iterable[Path], pinned: Collection[str]
) -> list[dict[str, str]]:
    """Files that Python runs at each start: path, sha256, and whose they are, '' when that is not
    known. `places` are those of installed packages, `pinned` their names.
    """
    hooks = (getattr(modules[name], "__file__", None) for name in _HOOKS if name in modules)
    files = [Path(file) for file in hooks if file]
    found = [_entry(file, _DISTRIBUTIONS.get(_digest(file), "")) for file in files]
    known = _OF_EVERY_ENVIRONMENT | set(pinned)
    for place in dict.fromkeys(place.resolve() for place in places):  # lib64 is lib
        found += [_entry(path, _owner(path, known)) for path in sorted(place.glob("*.pth"))]
    return found


def places_of_packages() -> list[Path]:
    """Where Python looks for `.pth` files: the environment's, the user's own where they count."""
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [Path(place) for place in (*site.getsitepackages(), *own)]


def _entry(path: Path, owner: str) -> dict[str, str]:
    return {"file": str(path), "sha256": _digest(path), "of": owner}


def _digest(path: Path) -> str:
    """Empty: it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _owner(path: Path, known: Collection[str]) -> str:
    """The package of the environment that has listed the file, as it is now."""
    digest = urlsafe_b64encode(bytes.fromhex(_digest(path))).decode().rstrip("=")
    for record in sorted(path.parent.glob("*.dist-info/RECORD")):
        name = canonicalize_name(record.parent.name.partition("-")[0])
        if name in known and [path.name, f"sha256={digest}"] in _listed(record):
            return record.parent.name.removesuffix(".dist-info")
    return ""


def _listed(record: Path) -> Iterator[list[str]]:
    with record.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            yield row[:2]


def compiled(modules: Iterable[ModuleType], sources: Mapping[str, Path]) -> dict[str, Any]:
    """Whether compiled modules beside the sources were read, and which are not of their source.

    They are not read from where the project's conftest.py says so. What is imported before that
    is compared with its text.
    """
    is_read = sys.pycache_prefix != os.devnull
    unlike: list[str] = []
    if not is_read:
        names = {path.resolve(): name for name, path in sources.items()}
        files = ((module, getattr(module, "__file__", None)) for module in list(modules))
        own = ((m, Path(file).resolve()) for m, file in files if file)
        unlike = [names[path] for m, path in own if path in names and _is_unlike(m, path)]
    return {"read": is_read, "unlike": sorted(unlike)}


def _is_unlike(module: ModuleType, source: Path) -> bool:
    """A compiled module that Python or pytest would take for the source is of another text."""
    place = Path(getattr(module, "__cached__", None) or os.devnull).parent
    tag = f"{source.stem}.{sys.implementation.cache_tag}"
    candidates = (place / f"{tag}.pyc", place / f"{tag}-pytest-{pytest.__version__}.pyc")
    return any(not _is_of(path, source) for path in candidates if path.is_file())


def _is_of(compiled_file: Path, source: Path) -> bool:
    """It is of the source's text, or nobody takes it: it is damaged, or older than the source."""
    raw, text = compiled_file.read_bytes(), source.read_bytes()
    flags = int.from_bytes(raw[4:8], "little")
    if raw[:4] != importlib.util.MAGIC_NUMBER or (
        flags != _UNCHECKED and raw[8:_HEADER] not in (_stamp(source), source_hash(text))
    ):
        return True
    try:
        code = marshal.loads(raw[_HEADER:])
    except (EOFError, ValueError, TypeError):
        return True
    return bool(code == compile(text, str(source), "exec", dont_inherit=True))


def _stamp(source: Path) -> bytes:
    """Time and size, as the compiled form has them; pytest's has a hash of the text instead."""
    seen = source.stat()
    parts = (int(seen.st_mtime), seen.st_size)
    return b"".join((part & 0xFFFFFFFF).to_bytes(4, "little") for part in parts)
