"""What 4.27 does to the modules of a cluster: tornado's rules are converted on each node."""

from __future__ import annotations

from pathlib import Path

from neteye_standin.context import Context
from neteye_standin.modules import ModuleError, is_at_least
from neteye_standin.remote import run_on

TEMPLATES: dict[Path, Path] = {}
RULES = "/var/lib/neteye/tornado-rules"


def secure_install(context: Context) -> list[str]:
    """Convert tornado's rules on the operative nodes; the lines that it prints."""
    if not is_at_least("tornado", (4, 27)):
        return []
    done = []
    for node in context.cluster.operative:
        answer = run_on(node, context.me, ["tee", RULES], "converted\n")
        if answer.rc != 0:
            raise ModuleError(f"tornado's rules on {node.name}: {answer.tail}")
        done.append(f"tornado's rules of {node.name} are converted")
    return done
