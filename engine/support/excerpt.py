"""From a node's answer to a file of the bundle: masked, cut at whole lines. Pure but for the mask.

No secret goes over a line's end, and half of one would not be found: of a text that was cut, the
broken line at each side of the gap is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.support.masking import masked

_CODE = re.compile(r"\[exit code (\d+)\]\s*\Z")


@dataclass(frozen=True)
class Excerpt:
    """A file of the bundle that came from a node."""

    path: str
    content: bytes
    remark: str = ""
    """For the index: an exit code other than 0, what was left out."""


def excerpt(path: str, raw: bytes, half: int, clean: Callable[[str], str]) -> Excerpt:
    """What is kept of an answer of `Question.limited`, at most `half` bytes of each end."""
    cut = len(raw) >= 2 * half
    text = "\n".join(_ends(raw, half)) if cut else _text(raw)
    code = _CODE.search(text)
    remarks = ["beginning and end only"] if cut else []
    if code is None:
        remarks.append("broken off")
    elif code[1] != "0":
        remarks.append(f"exit code {code[1]}")
    else:  # nothing to say, and XML stays XML
        text = text[: code.start()].rstrip("\n") + "\n"
    return Excerpt(path, masked(text, clean).encode(), ", ".join(remarks))


def _ends(raw: bytes, half: int) -> tuple[str, str, str]:
    head, _, broken = raw[:half].rpartition(b"\n")
    _, _, tail = raw[-half:].partition(b"\n")
    gap = "[... left out here: the beginning stands above, the end below ...]"
    if not head and broken:
        gap = f"[... a first line of more than {half} bytes, left out ...]\n{gap}"
    return _text(head), gap, _text(tail)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
