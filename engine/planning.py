"""What `--plan` shows: for each step a verdict, from the actions themselves, applying nothing."""

from __future__ import annotations

from typing import Any

from engine.act import Action, Applied
from engine.run import Run


class Planner:
    """Collects what the actions of a plan would do. It has no way to a node."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.planned: dict[str, list[dict[str, Any]]] = {}

    def show(self, step: str, action: Action) -> Applied:
        """The first change the action would make now; what follows depends on its effect."""
        if any(shown[0]["verdict"] == "WILL RUN" for shown in self.planned.values()):
            action.close()
            return Applied()  # what is there now is no guide to what will be there then
        try:
            change = next(action)
        except StopIteration as end:
            reason = getattr(end.value, "reason", end.value) or "nothing to do"
            self.planned.setdefault(step, []).append({"verdict": "SATISFIED", "reason": reason})
            return Applied(reason=str(reason))
        action.close()
        self.planned.setdefault(step, []).append(
            {
                "verdict": "WILL RUN",
                "node": change.node,
                "what": change.what,
                "command": self._run.redactor.clean(" ".join(change.argv))[:400],
            }
        )
        return Applied(changes=(change,))

    def outcome(self, step: str, said: str) -> tuple[str, str]:
        """WILL RUN or SATISFIED where an action showed itself, AFTER for what depends on it."""
        shown = self.planned.get(step)
        if shown:
            return shown[0]["verdict"], str(shown[0].get("reason") or shown[0].get("command"))
        return ("done", said) if said else ("AFTER", "depends on what an earlier change produces")
