"""A canary in every string that a snapshot reads: none of them is ever in the archive.

The guard that stands at the end is switched off: what replaces names has to do it by itself.
"""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RunbookError
from engine.queries.machine import PROCESSORS
from engine.snapshot import writing
from tests.snapshot.planting import Plant, of_answer
from tests.snapshot.recording import NODES, Recording

WORD = "Kanarienvogel"
CANARIES = {
    "a host": "kanarie7.voliere-kunde.example",
    "a word": WORD,
    "an address": "10.77.66.55",
    "an address of IPv6": "fd77:66:55::44",
    "a hardware address": "52:54:00:ca:4a:71",
    "a mail address": "kanarie@voliere-kunde.example",
    "a serial number": "4711081547110816",
    "words": "Frau Kanari Vogel, Voliere 7",
    "a DN": "CN=kanarie,OU=Voliere,DC=vogel,DC=example",
    "a URL": "https://kanarie:Gelb!77@voliere-kunde.example/korn",
    "a path": "/srv/kanarie/voliere.conf",
    "an agent": "Kanarie-Agent_v1.2",
}
PIECES = (
    "kanari",
    "voliere",
    "vogel",
    "gelb!77",
    "10.77.66.55",
    "fd77:66:55",
    "52:54:00:ca",
    "471108154711",
)
"""Of each of them, what would tell it, in lower case."""


def text_of(archive: Path) -> str:
    with tarfile.open(archive) as file:
        members = file.getmembers()
        assert [member.name for member in members] == ["index.txt", "snapshot.json"]
        return "".join(file.extractfile(member).read().decode() for member in members)  # type: ignore[union-attr]


def forms(piece: str) -> Iterator[str]:
    yield piece
    yield piece[::-1]
    yield ".".join(reversed(piece.split(".")))


def told(text: str) -> list[str]:
    """What is of a canary in the text: in any case, backwards, in hexadecimal and in base64."""
    folded = text.casefold()
    found = [form for piece in PIECES for form in forms(piece) if form in folded]
    return found + [form for form in ENCODED if form in text]


def _inner(raw: bytes) -> Iterator[str]:
    for offset in range(3):
        first, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        yield base64.b64encode(bytes(offset) + raw)[first:end].decode()


def _encoded() -> Iterator[str]:
    for canary in CANARIES.values():
        for raw in (canary.encode(), canary.lower().encode(), canary.upper().encode()):
            yield raw.hex()
            yield from _inner(raw)


ENCODED = tuple(_encoded())


@pytest.fixture(autouse=True)
def _without_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "refuse_names", lambda *_: None)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


def _questions() -> dict[str, int]:
    """Of each question the first answer, by its place."""
    found: dict[str, int] = {}
    for place, event in enumerate(Recording(Path()).events):
        if event["event"] == "observation":
            found.setdefault(event["question"], place)
    return found


PLACES = _questions()
UNREAD = "an answer that can't be read"


def is_read(recording: Recording, where: str) -> bool:
    """Whether a snapshot was made, and of all answers; a canary in it fails the test."""
    try:
        text = text_of(recording.archive())
    except RunbookError:
        return False
    assert told(text) == [], where
    return UNREAD not in text


def plant_of(spot: int, shift: int) -> Plant:
    """Another canary at each spot; instead of the word, behind it, or before it."""
    canary = list(CANARIES.values())[(spot + shift) % len(CANARIES)]
    way = (spot + shift // 3) % 3

    def plant(before: str) -> str:
        if before == "\n":  # behind a line's end it is a line
            line = (canary, f"# {canary}", f"{canary}={canary}", f"Require host {canary}")
            return f"\n{line[(spot + shift) % 4]}\n"
        return (canary, f"{before}{canary}", f"{canary}-{before}")[way]

    return plant


NUMBERS = (PROCESSORS.name,)
"""Whatever is put into a number, it is none any more."""
SHIFTS = range(0, 12, 4)
"""Each place gets so many canaries, one after the other."""
BATCHES = 4
"""So many snapshots for all places of an answer; more where it can't be read any more."""


@pytest.mark.parametrize("question", PLACES)
def test_a_canary_in_any_answer_stays_where_it_is(recording: Recording, question: str) -> None:
    place = PLACES[question]
    soil = of_answer(recording.events[place])

    broken: set[int] = set()
    """Places whose canary makes the answer unreadable, and so hides the others from view."""

    def grown(spots: Sequence[int], shift: int) -> int:
        if not spots:
            return 0
        plants = {spot: plant_of(spot, shift) for spot in spots}
        altered = recording.with_text(place, soil.planted(plants))
        where = ", ".join(soil.places[spot] for spot in spots)
        if is_read(altered, f"{question}, {shift}: {where}"):
            return len(spots)
        if len(spots) == 1:
            broken.update(spots)
            return 0
        half = len(spots) // 2
        return grown(spots[:half], shift) + grown(spots[half:], shift)

    read = 0
    for shift in SHIFTS:
        left = [spot for spot in range(len(soil.places)) if spot not in broken]
        read += sum(grown(left[number::BATCHES], shift) for number in range(BATCHES))
    assert read or question in NUMBERS, "it was never read: nothing was shown"


def _strings_of(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        if isinstance(inner, dict | list):
            yield from _strings_of(inner)
        elif isinstance(inner, str):
            yield value, key


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_canary_in_what_the_run_says_of_itself(recording: Recording, shift: int) -> None:
    changed, canaries = recording.begun, list(CANARIES.values())
    made = 0
    for number, (owner, key) in enumerate(list(_strings_of(changed))):
        before = owner[key]
        owner[key] = canaries[(number + shift) % len(canaries)]
        made += is_read(recording.with_begun(changed), f"in run-started: {key}")
        owner[key] = before
    for number, node in enumerate(NODES):
        canary = canaries[(number + shift) % len(canaries)]
        role, way = changed["nodes"].pop(node), changed["reached"].pop(node)
        changed["nodes"][canary], changed["reached"][canary] = role, way
        is_read(recording.with_begun(changed), f"in the place of {node}")
        del changed["nodes"][canary], changed["reached"][canary]
        changed["nodes"][node], changed["reached"][node] = role, way
    assert made


OWNERS = (
    *("acme", "kunde", "berlin01", "berlin02", "suche01", "zeuge01", "leitstand", "sprungbrett"),
    *("wagner", "mustermann", "frankfurt", "10.20.", "10.21", "172.16.9", "fd00:77", "bond0"),
    *("wint3r", "ipmigeheim", "ldapgeheim", "geheim!23", "alt3skennwort", "sn4711", "4711-0815"),
    *("svc-", "ou=", "ldaps:", "http:", "portal", "schrank", "ticket acme", "1234567", "chg00"),
    *("a6c0fe543f4debc5561a4c95ba3235e", "geheimprogramm", "rechenzentrum", "virtualisierung"),
)
"""What the made-up cluster has of its owner."""


def test_the_made_up_customer_is_nowhere_in_it(recording: Recording) -> None:
    text = text_of(recording.archive()).casefold()
    assert [word for word in OWNERS if word in text] == []


def test_all_of_the_made_up_customer_is_in_its_record(recording: Recording) -> None:
    """Else the test above would look for what is not there."""
    text = json.dumps([recording.begun, *recording.events]).casefold()
    # secret, or of no known form, before they are recorded
    gone = {"wint3r", "ldapgeheim", "alt3skennwort", "ou=", "ldaps:"}
    assert [word for word in OWNERS if word not in text and word not in gone] == []
    assert [word for word in gone - {"ou="} if word in text] == []


def test_the_looking_finds_a_canary_in_each_form() -> None:
    canary = CANARIES["a host"]
    raw = canary.encode()
    for form in (
        canary,
        canary.upper(),
        canary[::-1],
        raw.hex(),
        base64.b64encode(b"x" + raw).decode(),
        base64.b64encode(b"xy" + raw + b"z").decode(),
    ):
        assert told(f"in between {form} stands"), form
