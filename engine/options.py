"""The runbook's own options; the contract's commands."""

from __future__ import annotations

import pytest


def add(parser: pytest.Parser) -> None:
    """Register them with pytest."""
    group = parser.getgroup("runbook", "NetEye cluster upgrade runbook")
    group.addoption("--inventory", metavar="FILE", help="the cluster (default: inventory.ini)")
    group.addoption(
        "--plan",
        action="store_true",
        help="ask, judge, and show for each step what would happen; changes nothing",
    )
    group.addoption(
        "--accept",
        action="append",
        default=[],
        metavar="CODE[@SUBJECT]=REASON",
        help="accept a blocking finding, with --by NAME; repeatable",
    )
    group.addoption(
        "--settle",
        action="append",
        default=[],
        metavar="STEP=done|repeat",
        help="a person who looked says how a change of unknown outcome ended,"
        " with --reason TEXT --by NAME",
    )
    group.addoption("--reason", metavar="TEXT", help="the reason of --settle")
    group.addoption("--by", metavar="NAME", help="who accepts or settles")
