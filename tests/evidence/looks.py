"""Answers of crm_mon as a run records them: whole, and as what differs from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.queries.pacemaker import STATUS
from engine.record.documents import differences
from engine.record.outputs import excerpt
from engine.verify import digest
from tests.engine.kit import SECOND, N, event

STATUS_XML = (Path(__file__).parents[1] / "data" / "captured" / "healthy.crm_mon.xml").read_text()
_LOOKS = iter(range(1, 10**9))


def looks(step: str, when: float, count: int) -> Iterator[dict[str, Any]]:
    """So many, one after the other: each differs from the one before."""
    for number in range(count):
        seen = when + number * 0.4
        former, text = (status(seen - 0.4, number - 1), status(seen, number))
        output = described(text)
        if number:
            output["unlike"] = {"file": "outputs/none", "lines": differences(former, text) or ""}
        yield event(
            "observation", seen, step=step, node=N, question=STATUS.name,
            command="crm_mon --one-shot --inactive --output-as=xml", code=0, seconds=0.2,
            output=output,
        )  # fmt: skip


def status(when: float, number: int) -> str:
    """The status at a moment: a resource is moved by every fifth look."""
    text = STATUS_XML.replace("23:38:24", event("x", when)["time"][11:19])
    return text.replace("neteye03.neteyelocal", SECOND) if number % 10 >= 5 else text


def described(text: str) -> dict[str, Any]:
    sha256 = digest(text.encode())
    return {
        "text": excerpt(text),
        "size": len(text.encode()),
        "sha256": sha256,
        "file": f"outputs/{next(_LOOKS):04}-{sha256[:8]}.txt",
    }
