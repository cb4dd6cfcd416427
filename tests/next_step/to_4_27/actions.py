"""What this step changes: a note beside tornado's rules."""

from __future__ import annotations

from engine.act.actions import action
from engine.act.driving import Action
from engine.ask.look import Look
from engine.model.change import Change, Nothing

RULES = "/var/lib/neteye/tornado-rules"
NOTE = f"{RULES}.noted"


@action(guide=("G30",))
def rules_noted(look: Look, node: str) -> Action:
    """It is noted on the node that the rules were looked at."""
    if look.host(node).file(NOTE).exists:
        return Nothing(f"{NOTE} is there")
    yield Change(
        what="note that tornado's rules were looked at",
        node=node,
        argv=("touch", NOTE),
        deadline=30.0,
    )
    return f"{NOTE} is written"
