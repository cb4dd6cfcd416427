"""The page says what the agents of today really send as sizes of memory."""

from __future__ import annotations

import pytest

from tests.integration.agents_memory import markdown, table
from tests.integration.invocation import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]


def test_the_table_is_what_the_agents_send() -> None:
    assert markdown(table()) in (ROOT / "docs/agents-memory.md").read_text()
