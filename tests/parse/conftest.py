"""Hypothesis: the same examples in every run, none of them judged by the clock.

`--hypothesis-profile=deep` looks for new examples.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("deep", deadline=None, max_examples=3000)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("hypothesis_profile", None):
        settings.load_profile("steady")
