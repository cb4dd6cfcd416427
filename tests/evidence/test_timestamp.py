"""Time stamps: asked for over HTTP, kept with the evidence, held to an authority by `verify`."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.prove import timestamp
from engine.prove.seal import seal
from engine.prove.timestamp import NoStamp, Tried, time_stamp, try_here
from engine.run import witness
from engine.run.witness import Witness
from engine.verify import LARGEST_REPLY, NOT_PROVED, NOT_VALID, USAGE, VALID
from tests.engine import kit
from tests.engine.test_witness import Nodes
from tests.evidence.authority import Authority, openssl
from tests.evidence.schemas import problems
from tests.evidence.sealed import Signed
from tests.evidence.test_witnesses import answer, given, section, whole

HASH = "5d" * 32


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def authority(made: Authority) -> Iterator[Authority]:
    made.answers, made.status = made.stamped, 200
    with made.serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("another"), "Another one")


# asking


def test_a_stamp_has_its_time_and_its_authority(authority: Authority) -> None:
    found = time_stamp(HASH, authority.url, authority.ca)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", found.time)
    assert found.by == "CN=Test authority"
    assert bytes.fromhex(HASH) in found.reply
    assert len(authority.asked[-1]) < 200, "the hash alone goes there"


def test_one_of_somebody_else_does_not_count(authority: Authority, another: Authority) -> None:
    with pytest.raises(NoStamp, match=r"ca\.pem does not vouch for it: certificate verify error"):
        time_stamp(HASH, authority.url, another.ca)
    with pytest.raises(NoStamp, match=r"such\.pem does not vouch for it: .*/no/such\.pem"):
        time_stamp(HASH, authority.url, Path("/no/such.pem"))
    assert time_stamp(HASH, authority.url, None).by == "CN=Test authority"


def test_one_of_something_else_does_not_count(authority: Authority, made: Authority) -> None:
    other = timestamp.openssl(["-query", "-digest", "00" * 32, "-sha256", "-cert"]).stdout
    authority.answers = lambda _: made.stamped(other)
    with pytest.raises(NoStamp, match="no time stamp of that hash"):
        time_stamp(HASH, authority.url, None)


def der(tag: int, content: bytes) -> bytes:
    """A value of ASN.1 with its length, of at most 65535 bytes."""
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def test_a_text_that_nobody_has_signed_is_not_read(authority: Authority, made: Authority) -> None:
    """The reply's own words stand before the stamp, and may have line breaks."""

    def dressed_up(request: bytes) -> bytes:
        (made.place / "good.tsr").write_bytes(made.stamped(request))
        token = openssl(made.place, "ts", "-reply", "-in", "good.tsr", "-token_out")
        text = b"x\nTST info:\nTime stamp: Jan  1 00:00:00 2001 GMT\nTSA: DirName:/CN=Nobody"
        status = der(0x30, der(0x02, b"\0") + der(0x30, der(0x0C, text)))
        return der(0x30, status + token)

    authority.answers = dressed_up
    found = time_stamp(HASH, authority.url, authority.ca)
    assert (found.time[:4], found.by) != ("2001", "CN=Nobody")
    assert found.by == "CN=Test authority"
    authority.answers = lambda _: b"Status: Granted.\nTST info:\n" + bytes.fromhex(HASH)
    with pytest.raises(NoStamp, match="no time stamp that openssl can read"):
        time_stamp(HASH, authority.url, None)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"", "no time stamp of that hash"),
        (b"\0" * (LARGEST_REPLY + 1), "its answer is larger than"),
    ],
    ids=["nothing", "without end"],
)
def test_an_answer_that_is_none(authority: Authority, reply: bytes, why: str) -> None:
    authority.answers = lambda _: reply
    with pytest.raises(NoStamp, match=why):
        time_stamp(HASH, authority.url, None)


def test_an_authority_that_answers_with_an_error(authority: Authority) -> None:
    authority.status = 503
    with pytest.raises(NoStamp, match="it answered HTTP 503"):
        time_stamp(HASH, authority.url, None)


def test_nobody_listens() -> None:
    with pytest.raises(NoStamp, match=r"http://127\.0\.0\.1:9/: .*refused"):
        time_stamp(HASH, "http://127.0.0.1:9/", None)


def test_a_machine_without_openssl_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoStamp, match="there is no openssl on this machine"):
        time_stamp(HASH, "http://127.0.0.1:9/", None)


def test_the_question_to_this_machine_is_read_back_as_it_was(authority: Authority) -> None:
    question = try_here(HASH, authority.url, authority.ca)
    tried = question.ask()
    assert tried.problem == ""
    assert question.parse(question.write(tried)) == tried
    assert "refused" in try_here(HASH, "http://127.0.0.1:9/", None).ask().problem


def test_an_authority_that_never_ends_its_answer_costs_seconds(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp, "TOTAL", 0.3)
    over = threading.Event()
    authority.answers = lambda _: over.wait(60) and b""
    begun = time.monotonic()
    assert try_here(HASH, authority.url, None).ask() == Tried(
        problem=f"{authority.url}: no answer within 0 s"
    )
    assert time.monotonic() - begun < timestamp.PATIENCE
    over.set()


# a run


def stamped(place: Path, authority: Authority, **settings: Any) -> Signed:
    """A sealed run whose end is stamped."""
    told = {"timestamp_url": authority.url, "timestamp_ca": authority.ca, **settings}
    run = kit.make_run(place, signing_key=place / "none", **told)
    run.record("note", step="", text="something")
    Witness(run, Nodes(), {}, lambda _: None).ended()
    assert problems("journal", run.journal.events[1]) == []
    sealed = seal(run)
    return Signed(run.directory, sealed.head, place / "allowed", sealed)


def test_verify_tells_until_when_the_journal_was_there(
    authority: Authority, another: Authority, tmp_path: Path
) -> None:
    run = stamped(tmp_path, authority)
    done = run.verify("--timestamp-ca", str(authority.ca))
    assert done.returncode == NOT_PROVED, "a time proves no origin"
    assert done.stdout.startswith("consistent, origin not proved")
    said = r"  the journal up to line 1 existed at [\d-]+ [\d:]+ UTC by the time stamp of CN=Test"
    assert re.search(said + r" authority \(timestamps/0001-ended\.tsr\)\n", done.stdout)
    other = run.verify("--timestamp-ca", str(another.ca))
    assert other.returncode == NOT_VALID
    assert "timestamps/0001-ended.tsr: ca.pem does not vouch for it" in other.stdout


def test_a_stamp_is_of_the_time_that_the_journal_tells(
    authority: Authority, tmp_path: Path
) -> None:
    run = kit.make_run(tmp_path, timestamp_url=authority.url, timestamp_ca=authority.ca)
    run.record("note", step="", text="something")
    Witness(run, Nodes(), {}, lambda _: None).ended()
    seen = {name: run.journal.events[1][name] for name in ("line", "head", "moment", "stamp")}
    invented = {**seen["stamp"], "time": "2026-11-02 00:00:02 UTC"}
    run.record("witnessed", step="", nodes=[], missing={}, **{**seen, "stamp": invented})
    sealed = seal(run)
    signed = Signed(run.directory, sealed.head, tmp_path / "allowed", sealed)
    done = signed.verify("--timestamp-ca", str(authority.ca))
    assert done.returncode == NOT_VALID
    assert (
        f"timestamps/0001-ended.tsr is of {seen['stamp']['time']}, and by line 3 of" in done.stdout
    )


def test_a_stamp_far_from_its_line_s_time_is_told(authority: Authority, tmp_path: Path) -> None:
    """A controller whose clock was wrong all night, or lines that were written later."""
    run = stamped(tmp_path, authority)  # its clock is the tests' own, of 2 November
    done = run.verify("--timestamp-ca", str(authority.ca))
    assert re.search(r"0001-ended\.tsr is \d+ s away from the time of its line, 2026-", done.stdout)


def test_a_stamp_of_a_size_that_none_has_is_not_read(authority: Authority, tmp_path: Path) -> None:
    run = stamped(tmp_path, authority)
    (run.directory / "manifest.json").unlink()
    run.put(run.lines[:-1])
    os.truncate(run.directory / "timestamps" / "0001-ended.tsr", 1 << 40)
    assert "timestamps/0001-ended.tsr was altered" in run.verify().stdout


def test_without_certificates_it_says_what_is_not_looked_at(
    authority: Authority, tmp_path: Path
) -> None:
    run = stamped(tmp_path, authority)
    done = run.by_head()
    assert done.returncode == VALID
    assert "timestamps/0001-ended.tsr of line 1 says" in done.stdout
    assert "--timestamp-ca tells whether that is so" in done.stdout


def test_certificates_and_no_stamp(authority: Authority, tmp_path: Path) -> None:
    run = stamped(tmp_path, authority, timestamp_url=None)
    done = run.verify("--timestamp-ca", str(authority.ca))
    assert done.returncode == NOT_VALID
    assert "no line of the journal has a time stamp" in done.stdout
    assert run.verify("--timestamp-ca", "/no/such/file").returncode == USAGE


def test_a_stamp_that_was_altered_or_is_gone(authority: Authority, tmp_path: Path) -> None:
    run = stamped(tmp_path, authority)
    file = run.directory / "timestamps" / "0001-ended.tsr"
    assert file.stat().st_mode & 0o777 == 0o600
    # of a run that was killed nothing but the journal says what there was
    (run.directory / "manifest.json").unlink()
    run.put(run.lines[:-1])
    assert run.verify().returncode == NOT_PROVED
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(bytes(raw))
    assert "timestamps/0001-ended.tsr was altered" in run.verify().stdout
    file.unlink()
    assert "timestamps/0001-ended.tsr is missing" in run.verify().stdout


def test_verify_without_openssl_says_that_it_can_not_look(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stamped(tmp_path, authority)
    monkeypatch.setenv("PATH", "/nowhere")
    done = run.verify("--timestamp-ca", str(authority.ca))
    assert done.returncode == USAGE
    assert "there is no openssl on this machine" in done.stderr


def test_a_run_that_gets_no_stamp_says_so_and_goes_on(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path, timestamp_url="http://127.0.0.1:9/")
    run.record("note", step="", text="something")
    told: list[str] = []
    Witness(run, Nodes(), {}, told.append).ended()
    event = run.journal.events[1]
    assert "refused" in event["stamp"]["problem"]
    assert problems("journal", event) == []
    assert event["nodes"]
    assert run.stop is None
    assert [e["text"] for e in run.journal.events if e["event"] == "warning"] == told
    assert "the journal's head has no time stamp" in told[0]


def test_a_stamp_that_comes_too_late_leaves_no_file(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "TOTAL", 0.2)
    late = threading.Event()
    authority.answers = lambda request: late.wait(60) and authority.stamped(request)
    run = kit.make_run(tmp_path, timestamp_url=authority.url)
    run.record("note", step="", text="something")
    Witness(run, Nodes(), {}, lambda _: None).ended()
    assert run.journal.events[1]["stamp"] == {"problem": "no answer within 0 s"}
    late.set()
    time.sleep(0.5)
    assert not (run.directory / "timestamps").exists()


# the page


STAMP = {
    "file": "timestamps/0007-begun.tsr",
    "sha256": "e" * 64,
    "time": "2026-11-02 00:00:02 UTC",
    "by": "CN=Test authority",
    "is_checked": True,
}


def test_the_page_has_the_time_of_the_stamp_and_what_has_none() -> None:
    events = whole(given("begun", 2, stamp=STAMP), given("ended", 98, stamp={"problem": "refused"}))
    text = section(events)
    assert "2026-11-02 00:00:02 UTC by CN=Test authority" in text
    assert "no time stamp: refused" in text
    assert answer(events).missing == "no time stamp of its end (run 1): refused"


def test_a_stamp_alone_is_a_witness() -> None:
    bare = {"nodes": [], "missing": {}}
    events = whole(given("begun", 2, stamp=STAMP, **bare), given("ended", 98))
    assert answer(events).missing == ""


def test_one_that_nobody_has_held_to_certificates_is_told_as_such() -> None:
    events = whole(given("begun", 2, stamp={**STAMP, "is_checked": False}), given("ended", 98))
    assert "not checked by the run" in section(events)
