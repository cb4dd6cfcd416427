"""The state of a run on a terminal, drawn by rich. What nodes said is text here, no markup."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from engine.watching.told import Line, StageLine, Told, Tone

_STYLES = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.WARN: "yellow", Tone.BAD: "bold red"}
_STAGES = {"behind": "green", "now": "bold", "stopped": "bold red", "ahead": "dim"}
_LONGEST = 30
"""Columns of a label; of a longer one the end is left out."""

_HIGH = 40
"""Lines of a terminal on which everything has room."""


def screen(told: Told, height: int, last: Line | None = None) -> RenderableType:
    """Everything that is known, one below the other; what a person has to do first.

    On a terminal of few lines without what one need not see at each look. `last`: where to read
    on, when the run is over.
    """
    is_high = height >= _HIGH
    width = min(_LONGEST, max(len(one.label) for one in told.lines()))
    parts: list[RenderableType] = [
        Text(told.title, style="bold"),
        _table([told.verdict, told.person], width),
    ]
    if told.share is not None:
        parts.append(_bar(told.share))
    if told.stages and is_high:
        parts.append(_stages(told.stages, width))
    about = told.about if is_high else ()
    tables = {"now": told.now, "nodes": told.nodes, "services": told.services, "run": about}
    for title, lines in tables.items():
        if lines:
            parts += [Rule(title, align="left", style="dim"), _table(lines, width)]
    if last is not None:
        parts += [Rule(style="dim"), _table([last], width)]
    return Group(*parts)


def _table(lines: Iterable[Line], width: int) -> Table:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True, width=width, overflow="ellipsis")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", max_width=40)
    for line in lines:
        style = _STYLES[line.tone]
        grid.add_row(
            Text(line.label), Text(line.text, style=style), Text(line.ticking, style="dim")
        )
    return grid


def _bar(share: float) -> Table:
    grid = Table.grid(expand=True)
    bar = ProgressBar(total=1.0, completed=share, complete_style="blue", finished_style="green")
    grid.add_row(bar)
    return grid


def _stages(stages: Iterable[StageLine], width: int) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=width)
    for stage in stages:
        style = _STAGES[stage.state]
        grid.add_row(*(Text(word, style=style) for word in (stage.state, stage.title, stage.text)))
    return grid
