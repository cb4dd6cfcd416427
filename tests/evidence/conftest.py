"""The tiny project of the plugin's tests, where no run, lock or key of whoever runs these counts;
and a browser.
"""

from __future__ import annotations

import pytest

from tests.evidence.browser import Browser
from tests.plugin.conftest import _machine, _signals, project

__all__ = ["_machine", "_signals", "project"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(tmp_path_factory.mktemp("browser"))
