"""Whether the journals on N are those that runs wrote: their lines follow each other, and each one
has the heads that later runs had read of it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.verify import Chain, Wrong, has_had, heads_read, read_earlier


class Altered(ValueError):
    """Somebody has altered a journal on N; the text names it and the line."""


def heads_of(journals: Mapping[str, str], attempt: str) -> dict[str, str]:
    """Run -> the head of its journal; those of a runbook without chains have none. Altered.

    `journals`: file name on N -> text, of the runs of this attempt.
    """
    chains = {name.removesuffix(".jsonl"): _chain(name, text) for name, text in journals.items()}
    for reader, chain in chains.items():
        # a run that begins an attempt had read journals of the one before: those lie elsewhere
        own = [event for event in chain.events if event.get("attempt") == attempt]
        for run, head in heads_read(own).items():
            _refuse_another(f"{run}.jsonl", chains.get(run), head, reader)
    return {run: chain.head for run, chain in chains.items() if chain.head}


def _chain(name: str, text: str) -> Chain:
    try:
        return read_earlier(text.encode("utf-8", "surrogateescape"), name)
    except Wrong as wrong:
        raise Altered(str(wrong)) from wrong


def _refuse_another(name: str, chain: Chain | None, head: str, reader: str) -> None:
    if chain is None:
        raise Altered(f"{name} is missing: run {reader} had read it up to {head}")
    if not has_had(chain, head):
        raise Altered(f"{name}: none of its lines is the one up to which run {reader} had read it")
