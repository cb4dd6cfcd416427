"""What Python runs by itself before the runbook: start-up files, compiled modules. Facts only."""

from __future__ import annotations

import ast
import csv
import hashlib
import importlib.util
import marshal
import site
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import source_hash
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.assertion.rewrite import rewrite_asserts
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
        if name in known and [path.name, f"sha256={digest}"] in _listed(record, path.name):
            return record.parent.name.removesuffix(".dist-info")
    return ""


def _listed(record: Path, file: str) -> Iterator[list[str]]:
    """File and hash of the lines that may be about the file: a package lists thousands."""
    with record.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(line for line in lines if file in line):
            yield row[:2]


def unlike(sources: Mapping[str, Path], config: pytest.Config) -> list[str]:
    """Names of the sources that lie beside a compiled module of another text.

    Python, or pytest for a test, runs that in their place. Each is compiled once more and compared:
    one or two seconds of a processor for all of them.
    """
    modules = ((name, path) for name, path in sources.items() if path.suffix == ".py")
    return sorted(name for name, path in modules if _is_unlike(path, config))


def _is_unlike(source: Path, config: pytest.Config) -> bool:
    plain = Path(importlib.util.cache_from_source(str(source), optimization=""))
    of_pytest = plain.with_name(f"{plain.stem}-pytest-{pytest.__version__}.pyc")
    return (plain.is_file() and not _is_of(plain, source, None)) or (
        of_pytest.is_file() and not _is_of(of_pytest, source, config)
    )


def _is_of(compiled_file: Path, source: Path, rewritten: pytest.Config | None) -> bool:
    """It is of the source's text, or nobody takes it: it is damaged, or older than the source.

    `rewritten`: pytest has put its own words for each assertion into it.
    """
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
    tree = ast.parse(text, str(source))
    if rewritten is not None:
        rewrite_asserts(tree, text, str(source), rewritten)
    return bool(code == compile(tree, str(source), "exec", dont_inherit=True))


def _stamp(source: Path) -> bytes:
    """Time and size, as the compiled form has them; pytest's has a hash of the text instead."""
    seen = source.stat()
    parts = (int(seen.st_mtime), seen.st_size)
    return b"".join((part & 0xFFFFFFFF).to_bytes(4, "little") for part in parts)
