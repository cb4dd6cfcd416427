"""Phases of a version step are no tests: a run of the runbook collects them, nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Also where all tests are collected, and each would be one without its plugin."""
    meant = str(config.getini("runbook_step")).startswith(f"tests.{Path(__file__).parent.name}.")
    return None if meant or not collection_path.name.startswith("to_") else True
