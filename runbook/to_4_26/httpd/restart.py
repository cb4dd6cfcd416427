"""httpd reads files and environment when it starts: the command that several remedies have."""

from __future__ import annotations

from engine.model.finding import Command

HTTPD_RESOURCE = "httpd"


def restarted(node: str) -> Command:
    """httpd started anew by pacemaker, which waits for it; any operative node may say so."""
    return Command(node, ("pcs", "resource", "restart", HTTPD_RESOURCE))
