"""What 4.27 does to the modules of a node: it leaves a mark where tornado's rules would be."""

from __future__ import annotations

from pathlib import Path

from neteye_standin.context import Context
from neteye_standin.modules import is_at_least

TEMPLATES: dict[Path, Path] = {}
RULES = Path("/var/lib/neteye/tornado-rules")


def secure_install(context: Context) -> list[str]:
    """Convert tornado's rules, once; the lines that it prints."""
    if RULES.exists() or not is_at_least("tornado", (4, 27)):
        return []
    RULES.write_text("converted\n", encoding="utf-8")
    return [f"tornado's rules of {context.me.name} are converted"]
