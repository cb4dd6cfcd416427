"""`live.html`: the run as a page that loads itself again, without a script. Made of its events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from engine.atomic import atomic_write
from engine.report.html import template
from engine.watching.state import Watched
from engine.watching.told import Life
from engine.watching.words import told_of

NAME = "live.html"
AGAIN = 5
"""Seconds after which a browser loads it again."""


def render(watched: Watched, now: datetime, life: Life = Life.THERE) -> str:
    """The page at this moment; one of a run that is over does not load itself again."""
    return template("live.html.j2").render(
        told=told_of(watched, now, life),
        again=0 if watched.ended or life is Life.GONE else AGAIN,
        ended=watched.ended,
        is_gone=life is Life.GONE and not watched.ended,
        run=watched.run,
        written=now,
    )


def write(directory: Path, watched: Watched, now: datetime, life: Life = Life.THERE) -> None:
    """Put it in the place of the one before, whole; raises OSError.

    Nothing depends on it, so it does not wait for the disk: the journal's lines do.
    """
    with atomic_write(directory / NAME, durable=False) as file:
        file.write(page_of(watched, now, life))


def page_of(watched: Watched, now: datetime, life: Life = Life.THERE) -> bytes:
    """As the file has it."""
    return render(watched, now, life).encode("utf-8", "backslashreplace")
