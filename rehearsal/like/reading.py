"""A file `snapshot.tar.gz` -> `Snapshot`; nothing of it is unpacked, and its sizes are bounded."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rehearsal.like.fields import SnapshotError
from rehearsal.like.parsing import parse
from rehearsal.like.snapshot import Snapshot

MEMBERS = ("index.txt", "snapshot.json")
LARGEST_FILE = 16 * 2**20
"""Bytes; a snapshot has at most 10 MB."""
LARGEST_MEMBER = 12 * 2**20
LARGEST_ARCHIVE = 2 * LARGEST_MEMBER
"""Bytes when it is unpacked: so no header of it, such as that of a long name, fills the memory."""


def read(path: Path) -> Snapshot:
    """The snapshot in this file; raises SnapshotError, whose text is one sentence."""
    try:
        with path.open("rb") as file:
            packed = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SnapshotError(f"--like: {path} can't be read ({error.strerror}).") from error
    try:
        if len(packed) > LARGEST_FILE:
            raise SnapshotError(f"it has more than {LARGEST_FILE // 2**20} MB")
        return parse(_json_of(_member(packed)), hashlib.sha256(packed).hexdigest())
    except SnapshotError as error:
        raise SnapshotError(
            f"--like: {path} is no snapshot that a twin can be made of: {error}."
        ) from error


def _member(packed: bytes) -> bytes:
    """The text of snapshot.json."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_unpacked(packed)), mode="r:") as archive:
            while (member := archive.next()) is not None:
                if member.name not in MEMBERS or member.name in found or not member.isreg():
                    raise SnapshotError(f"its member {member.name[:80]!r} is not one of a snapshot")
                if member.size > LARGEST_MEMBER:
                    raise SnapshotError(f"its {member.name} has more than {_in_mb(LARGEST_MEMBER)}")
                file = archive.extractfile(member)
                found[member.name] = b"" if file is None else file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise SnapshotError(f"it is damaged or no tar.gz ({error})") from error
    missing = [name for name in MEMBERS if name not in found]
    if missing:
        raise SnapshotError(f"it has no {missing[0]}")
    return found[MEMBERS[1]]


def _unpacked(packed: bytes) -> bytes:
    """The archive; what unpacks to more than any snapshot has is not unpacked to its end."""
    inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    archive = inflating.decompress(packed, LARGEST_ARCHIVE)
    if inflating.unconsumed_tail:
        raise SnapshotError(f"it unpacks to more than {_in_mb(LARGEST_ARCHIVE)}")
    if not inflating.eof:
        raise EOFError("its end is missing")
    return archive


def _in_mb(size: int) -> str:
    return f"{size // 2**20} MB"


def _json_of(text: bytes) -> object:
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"its snapshot.json is no JSON ({error})") from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _constant(word: str) -> float:
    raise ValueError(f"{word} is no number")
