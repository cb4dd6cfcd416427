"""The tiny project of the plugin's tests; no run, lock or key of whoever runs these counts."""

from __future__ import annotations

from tests.plugin.conftest import _machine, _signals, project, saver

__all__ = ["_machine", "_signals", "project", "saver"]
