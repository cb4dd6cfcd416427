"""What a case is made of, as one digest: a green result counts as long as that is the same.

A proof takes hours. Mending one case must not void those that know nothing of it, and a change of
what they share must void all.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.proving.results import CODE, DIRTY, OWN, ROOT, git

MODULES = "cases_*.py"
"""Each has cases of its own: it counts for those that it names, and for those that import it."""


def keys(kind: str, cases: Iterable[str], root: Path = ROOT) -> dict[str, str]:
    """Case -> digest of all files that it is made of; with `DIRTY` behind it when some differ from
    what is committed."""
    paths = (*CODE, *OWN[kind])
    files = _committed(root, paths)
    changed = {line[3:] for line in git(root, "status", "--porcelain", "--", *paths).splitlines()}
    modules = {path: _text(root, path) for path in {*files, *changed} if Path(path).match(MODULES)}
    return {case: _key(files, changed, set(modules) - _of(case, modules)) for case in cases}


def _committed(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Path -> what git calls its content."""
    found = {}
    for line in git(root, "ls-tree", "-r", "HEAD", "--", *paths).splitlines():
        about, _, path = line.partition("\t")
        found[path] = about.split()[2]
    return found


def _text(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8") if (root / path).exists() else ""


def _of(case: str, modules: Mapping[str, str]) -> set[str]:
    """The modules that name the case, and what they import of the others; else all."""
    name = case.partition(".")[0]
    found = {path for path, text in modules.items() if f'"{name}"' in text}
    if not found:
        return set(modules)
    ahead = list(found)
    while ahead:
        imported = _imports(modules[ahead.pop()])
        new = {path for path in modules if Path(path).stem in imported} - found
        found |= new
        ahead += new
    return found


def _imports(text: str) -> set[str]:
    """Last part of the names of all modules that are imported."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.rpartition(".")[2] for name in names}
    return found


def _key(files: Mapping[str, str], changed: set[str], without: set[str]) -> str:
    counted = sorted((path, blob) for path, blob in files.items() if path not in without)
    digest = hashlib.sha256(repr(counted).encode()).hexdigest()[:16]
    return f"{digest}{DIRTY}" if changed - without else digest
