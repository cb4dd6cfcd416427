"""`live.html` in a real browser: whatever nodes and people wrote, nothing of it acts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.watching.fold import state_of
from engine.watching.page import render
from engine.watching.told import Life
from tests.engine.kit import BEGIN, SECOND, event
from tests.engine.looking_on import answers, begun, gap, progress, stopped, upgrading
from tests.evidence import journals
from tests.evidence.browser import Browser, listening
from tests.evidence.hostile import together
from tests.evidence.test_browser import assert_harmless


@pytest.mark.parametrize("life", Life)
def test_what_anybody_wrote_is_text(browser: Browser, tmp_path: Path, life: Life) -> None:
    with listening() as listener:
        evil = together(listener.url)
        started = begun(cluster=evil, operator=evil, host=evil, commands={"again": evil})
        events = [
            *started[:1],
            *upgrading()[1:],
            event("steps", 60, steps=[{"name": evil, "intent": evil}]),
            event("step-started", 61, step=evil, node=None),
            event("position", 62, position=evil, active=evil, attempt=None, records="known"),
            event("not-known", 62, why=evil),
            progress(90, play=evil, task=evil, host=evil),
            journals.asked(91, node=SECOND, problem=evil, lost="unreachable"),
            {**answers(92), "target": evil, "way": evil},
            {**gap(93, "began", why=evil), "target": evil},
            *([] if life is Life.GONE else [{**stopped(94), "reason": evil, "what_to_do": evil}]),
        ]
        page = tmp_path / "live.html"
        text = render(state_of(events), BEGIN + timedelta(seconds=99), life)
        page.write_bytes(text.encode("utf-8", "backslashreplace"))
        assert_harmless(browser.open(page), listener)
