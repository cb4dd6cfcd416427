"""The tiny project of the plugin's tests, where no run, lock or key of whoever runs these counts;
and a browser.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.evidence.browser import Browser
from tests.plugin.conftest import _machine, _signals, project

__all__ = ["_machine", "_signals", "project"]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests of a process: it takes longer to start than most pages to be looked at."""
    with Browser.started(tmp_path_factory.mktemp("browser")) as started:
        yield started
