"""The verifier reads a journal line by line, and finds what it finds in all of it at once."""

from pathlib import Path

import pytest

from engine.verify import Wrong, chain_of, digest, heads_at, read_chain
from tests.evidence.journals import chained, long, of_run


def journal(directory: Path) -> Path:
    """One of many answers."""
    path = directory / "journal.jsonl"
    path.write_bytes(chained(of_run("20261101T000000Z-neteye-0001", long(500, "an answer"))))
    return path


def test_the_verifier_reads_by_line_what_it_reads_at_once(tmp_path: Path) -> None:
    path = journal(tmp_path)
    chain, plain = chain_of(path, path.name), read_chain(path.read_bytes(), path.name)
    assert (chain.head, chain.torn, chain.lines) == (plain.head, plain.torn, plain.lines)
    assert len(chain.events) < 50 < chain.lines == len(plain.events)
    assert (
        [*chain.heads()]
        == [*plain.heads()]
        == [digest(x) for x in path.read_bytes().split(b"\n")[:-1]]
    )
    assert heads_at(chain, [3, 400, 10**6, "3"]) == heads_at(plain, [3, 400, 10**6, "3"])


def test_an_answer_that_was_altered_is_named(tmp_path: Path) -> None:
    path = journal(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"question 300", b"question 301"))
    with pytest.raises(Wrong, match=r"journal\.jsonl: line 305 was altered"):
        chain_of(path, path.name)
