"""`VERIFY.txt` and the copy of `verify.py` beside the evidence: how somebody else checks it.

Both are written before the seal, so list, head and signature cover them like every other file. The
head is made after them and can't stand in them: the text says where it is to be had.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine import verify
from engine.atomic import write_atomically
from engine.verify import COPY, HOW, digest

COMMANDS = (
    "python3 DIRECTORY/verify.py DIRECTORY --head HASH",
    "python3 DIRECTORY/verify.py DIRECTORY --allowed-signers FILE",
)
"""What proves the directory: the head of its journal, or the signature. Typed one level above."""
_WIDTH = 92


def write_verifier(directory: Path, run: str, key: str, why: str, *, is_sealed: bool) -> None:
    """Write both (0600), each whole; raises OSError.

    `key` is the fingerprint of the one who signs; without one `why` says why nobody does.
    `is_sealed`: the run came to its end, and its journal seals the list of files.
    """
    source = Path(verify.__file__).read_bytes()
    write_atomically(directory / COPY, source)
    text = how_to(run, key, why, digest(source), is_sealed=is_sealed)
    write_atomically(directory / HOW, text.encode("utf-8", "backslashreplace"))


def how_to(run: str, key: str, why: str, sha256: str, *, is_sealed: bool) -> str:
    """The text, from the run's id, the key's fingerprint, and the SHA-256 of `verify.py`."""
    parts = [
        "How to verify this directory\n" + "=" * 28,
        f"Run: {run}",
        "Whether anybody has touched it since is told by verify.py: one file that needs Python 3.6"
        " or newer and nothing else. It changes nothing, and calls ssh-keygen (OpenSSH 8.2 or"
        " newer) for the signature only.",
        "Be in the directory above this one; DIRECTORY is the name of this one.",
        "\n".join(f"    {line}" for line in COMMANDS),
        "Which verify.py\n---------------",
        "A copy lies in this directory. Trust one of your own more: whoever alters the directory"
        " can alter the copy, so that it calls everything valid. Take yours from the project,"
        " where it is engine/verify.py, or from somebody you trust.",
        f"    sha256 of verify.py of the runbook that wrote this:\n    {sha256}",
        "That number stands in the directory as well: compare it with one that you were given by"
        " another way.",
        "The head (HASH)\n---------------",
        *_head(is_sealed=is_sealed),
        "The signature\n-------------",
        *_signature(key, why),
        "What it answers\n---------------",
        "    0  valid: as it was left, and head or signature prove it\n"
        "    1  NOT VALID: the first line or file that is not as it was is named\n"
        "    2  consistent, origin not proved: neither head nor signers were given\n"
        "    4  wrong use, or a file that can't be read",
        "Reports can be made anew from the journal later. verify.py then names them, and the"
        " manifest is signed by whoever made them. Everything else is still held to the run's own"
        " seal, this file and verify.py too.",
    ]
    return "\n\n".join(_wrapped(part) for part in parts) + "\n"


def _head(*, is_sealed: bool) -> list[str]:
    if not is_sealed:
        return [
            "The run did not come to its end: its journal seals no list of files, and no head was"
            " shown. The reports were made from the journal afterwards. What proves them is the"
            " signature of whoever made them."
        ]
    return [
        "It stands for every file of this directory, for this one too, so it can't be written"
        " here. The run showed it on the console, at its end:",
        "    head of its journal: 64 digits",
        "It belongs into the change, or into a mail to somebody, right after the run: take it from"
        " there. manifest.json has it as well, under journal.head. That one is good for a first"
        " look; it proves nothing by itself.",
    ]


def _signature(key: str, why: str) -> list[str]:
    if not key:
        return [f"It is not signed: {why or 'no key was there'}.", "The head alone proves it."]
    return [
        "manifest.json.sig is the signature of manifest.json, namespace neteye-runbook, with the"
        " ssh key of this fingerprint:",
        f"    {key}",
        "FILE says whose key counts, a line each: NAME KEYTYPE KEY (man ssh-keygen, ALLOWED"
        " SIGNERS). Get the key from its owner, not from here.",
    ]


def _wrapped(part: str) -> str:
    """A paragraph in lines; what is laid out by its lines stays so."""
    return part if "\n" in part or part.startswith(" ") else textwrap.fill(part, _WIDTH)
