"""Pacemaker's scores: a whole number or (-)INFINITY, which crm_mon prints as a number."""

from __future__ import annotations

from engine.model.cluster import INFINITY
from engine.parse.fields import integer

_WORDS = {"INFINITY": INFINITY, "+INFINITY": INFINITY, "-INFINITY": -INFINITY}


def score_text(text: str, source: str, where: str) -> str:
    """One spelling for a score: `-1000000` of crm_mon is `-INFINITY` of the configuration."""
    value = _WORDS[text] if text in _WORDS else integer(text, source, where)
    if value <= -INFINITY:
        return "-INFINITY"
    return "INFINITY" if value >= INFINITY else str(value)
