"""The modules of the runbook that have steps, of the procedure and of the version step."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


@cache
def step_modules() -> tuple[ModuleType, ...]:
    """In the order in which a run takes them."""
    paths = sorted((ROOT / "runbook").rglob("test_*.py"), key=lambda path: path.name)
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return tuple(importlib.import_module(name) for name in names)
