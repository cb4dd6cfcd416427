"""What of a node's own file does not stay: comments with a password, obsolete settings."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.secrets import Secret
from runbook.to_4_26.httpd.conf_tree import (
    Node,
    commented_out,
    identity,
    section_name,
    signature,
    tree,
)
from runbook.to_4_26.httpd.httpd_conf import Item, parse_conf
from runbook.to_4_26.httpd.passwords import KEY

_SHORTEST = 4
"""A shorter password is found in comments only beside its key: it may be part of any word."""


def tells_password(comment: Item, secret: Secret | None) -> bool:
    """A switched-off password line, or the password in use wherever it stands."""
    text = comment.raw
    sets = {key[-1].upper() for key in commented_out(comment) if len(key) == 3}
    if KEY in sets and not re.search(r"\$(?:\{|ENV\{)", text):
        return True
    value = secret.reveal() if secret else ""
    return bool(value) and value in text and (KEY in text or len(value) >= _SHORTEST)


def quiet(node: Node, secret: Secret | None) -> Node:
    """The node without a comment behind it that tells the password."""
    if node.behind is not None and tells_password(node.behind, secret):
        # a line of its own again: the comment brought its end
        return replace(node, behind=None)
    return node


class Obsolete:
    """Settings that nothing reads any more; `text` has them as the package had them."""

    def __init__(self, text: str) -> None:
        self._nodes = [node for node in tree(parse_conf(text)) if not node.is_loose]

    def is_unchanged(self, node: Node) -> bool | None:
        """Whether an obsolete setting is as the package had it; None: it is not obsolete."""
        for known in self._nodes:
            if node.is_section != known.is_section:
                continue
            if node.is_section:
                same = section_name(node.item.inner) == section_name(known.item.inner)
            else:
                same = identity(node.item) == identity(known.item)
            if same:
                return _folded(node) == _folded(known)
        return None


def _folded(node: Node) -> str:
    return str(signature(node)).lower()
