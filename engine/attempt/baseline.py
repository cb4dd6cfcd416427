"""The baseline in a run's evidence: what its findings were judged against.

On N it is one file for the attempt. Each run that relies on it keeps a copy beside its answers, so
that they can be judged again without the cluster.
"""

from __future__ import annotations

import hashlib
import json
from collections import ChainMap
from collections.abc import Mapping
from typing import Any, cast

from engine.record.journal import cleaned
from engine.record.run import Run

EVENT = "baseline"
PRIVATE = "private"
"""Its own list of its fields that stay on N."""


RENEWED = "baseline-renewed"
"""The fact that a run between two nights has renewed an old baseline: was_taken, values (the fields
that count from then on, `taken` among them), changes (what, of, before, after)."""


def as_renewed(
    baseline: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The attempt's baseline as its runs have renewed it; the file on N is the one of its begin.

    Raises ValueError when the fact has no values.
    """
    if RENEWED not in facts:
        return baseline
    values = facts[RENEWED].get("values")
    if not isinstance(values, dict):
        raise ValueError(f"the fact {RENEWED} has no values")
    return ChainMap(values, cast("dict[str, Any]", baseline))


def keep_baseline(run: Run, baseline: Mapping[str, Any]) -> None:
    """Write it to the run's outputs, its private fields left out, and tell the journal.

    A baseline that does not say which fields are private is of an older runbook: not kept.
    """
    private = baseline.get(PRIVATE)
    if private is None:
        return
    shown = {name: value for name, value in baseline.items() if name not in private}
    raw = json.dumps(cleaned(shown, run.redactor.clean_output), ensure_ascii=False).encode()
    output: dict[str, Any] = {
        "text": ", ".join(name for name in shown if name != PRIVATE),
        "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    try:
        output["file"] = run.outputs.write("baseline", raw)
    except OSError as error:
        output["not_kept"] = f"it could not be written: {error}"
    run.record(EVENT, step=run.step, attempt=run.attempt, withheld=list(private), output=output)
