"""`VERIFY.txt` and the copy of `verify.py` beside the evidence: how somebody else checks it.

Both are written before the seal, so list, head and signature cover them like every other file. The
head is made after them and can't stand in them: the text says where it is to be had. With reports
that are made after the run both are written anew, as another one signs then, or nobody.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine import verify
from engine.prove.anew import Anew, Before
from engine.verify import COPY, HOW, digest

COMMANDS = (
    "python3 DIRECTORY/verify.py DIRECTORY --head HASH",
    "python3 DIRECTORY/verify.py DIRECTORY --allowed-signers FILE",
)
"""What proves the directory: the head of its journal, or the signature. Typed one level above."""
_WIDTH = 92


def verifier(run: str, key: str, why: str, anew: Anew | None = None) -> dict[str, bytes]:
    """Name -> content of both.

    `key` is the fingerprint of the one who signs; without one `why` says why nobody does. `anew`:
    they are made after the run, with its reports.
    """
    source = Path(verify.__file__).read_bytes()
    text = how_to(run, key, why, digest(source), anew)
    return {COPY: source, HOW: text.encode("utf-8", "backslashreplace")}


def how_to(run: str, key: str, why: str, sha256: str, anew: Anew | None = None) -> str:
    """The text, from the run's id, the key's fingerprint, and the SHA-256 of `verify.py`."""
    parts = [
        "How to verify this directory\n" + "=" * 28,
        f"Run: {run}",
        *([anew.sentence("below")] if anew else []),
        "Whether anybody has touched it since is told by verify.py: one file that needs Python 3.6"
        " or newer and nothing else. It changes nothing, and calls ssh-keygen (OpenSSH 8.2 or"
        " newer) for the signature only, and openssl for time stamps only.",
        "Change to the parent directory; DIRECTORY is the name of this one.",
        "\n".join(f"    {line}" for line in COMMANDS),
        "Which verify.py\n---------------",
        "A copy lies in this directory. Trust one of your own more: whoever alters the directory"
        " can alter the copy, so that it calls everything valid. Take yours from the project,"
        " where it is engine/verify.py, or from somebody you trust.",
        f"    sha256 of verify.py of the runbook that wrote this:\n    {sha256}",
        "That number stands in the directory as well: compare it with one that you were given by"
        " another way.",
        "The head (HASH)\n---------------",
        *(_head_then(anew.before) if anew else _HEAD),
        "The signature\n-------------",
        *(_signature_anew(anew) if anew else _unsigned(key, why)),
        *(_KEY if key else ()),
        "Approvals\n---------",
        "Those on record are held to the approvers whom the run went by: their file lies here, too."
        " Add --approvers FILE to hold them to yours (man ssh-keygen, ALLOWED SIGNERS).",
        "Outside witnesses\n-----------------",
        *_WITNESSES,
        "What it answers\n---------------",
        "    0  valid: as it was left, and head or signature prove all of it\n"
        "    1  NOT VALID: the first line or file that is not as it was is named; or signers were\n"
        "       given, and nobody has signed; or a witness has another journal\n"
        "    2  consistent, origin not proved: neither head nor signers were given\n"
        "    2  consistent, proved in part: what was given is right, but does not stand for all:\n"
        "       reports were made after the run, or it did not come to its end\n"
        "    4  wrong use, or what can't be read",
        *_made_later(anew),
    ]
    return "\n\n".join(_wrapped(part) for part in parts) + "\n"


_WHERE = (
    "The run showed it on the console, at its end:",
    "    head of its journal: 64 digits",
    "It belongs in the change record, or in a mail to somebody, right after the run: take it from"
    " there. manifest.json has it as well, under journal.head. That one is good for a first look;"
    " it proves nothing by itself.",
)
_HEAD = (
    "It stands for every file of this directory, for this one too, so it can't be written here.",
    *_WHERE,
)
_KEY = (
    "FILE says whose key counts, a line each: NAME KEYTYPE KEY (man ssh-keygen, ALLOWED SIGNERS)."
    " Get the key from its owner, not from here.",
)


_WITNESSES = (
    "While the run worked it told the head of its journal to each node's system journal, and had it"
    " stamped when an authority was named. That proves neither reports nor files. But whoever wrote"
    " this directory anew would have to alter what others have:",
    "    python3 DIRECTORY/verify.py DIRECTORY --witness FILE\n"
    "    python3 DIRECTORY/verify.py DIRECTORY --timestamp-ca FILE",
    "FILE is what journalctl -t neteye-runbook prints on a node, or the certificates of the"
    " authority, as PEM. Get either from where it is kept, not from here.",
)


def _head_then(before: Before) -> tuple[str, ...]:
    """What it is worth when reports were made after the run."""
    if not before.is_sealed:
        return (
            "The run did not come to its end: its journal seals no list of files, and the run"
            " showed no head. Whoever made the reports was shown one: it stands for the lines of"
            " the journal and the outputs that they cite, not for the reports.",
        )
    return (
        "It stands for every file as the run left it. It does not stand for those that were made"
        " anew, this one among them: manifest.json names them under replaced, with what the run had"
        " sealed in their places.",
        *_WHERE,
    )


def _unsigned(key: str, why: str) -> tuple[str, ...]:
    if not key:
        return f"It is not signed: {why or 'no key was there'}.", "The head alone proves it."
    return (
        "manifest.json.sig is the signature of manifest.json, namespace neteye-runbook, with the"
        " ssh key of this fingerprint:",
        f"    {key}",
    )


def _signature_anew(anew: Anew) -> tuple[str, ...]:
    """Who has signed, who had, and what can be proved by that."""
    said = f"It is {anew.signed()}."
    if anew.key:
        return (
            said,
            "manifest.json.sig is the signature of manifest.json, namespace neteye-runbook. It is"
            " of every file as it is now. What proves what the run left is the head, or the"
            " signature of manifest.1.json where that is there.",
        )
    if anew.before.is_sealed:
        proved = "The head proves what the run left. Nothing proves what was made anew."
    else:
        proved = "Nothing proves where it comes from, but a copy of the journal from elsewhere."
    return (
        said,
        f"{proved} It follows from the journal: whoever has that runbook can make it again, of a"
        " copy of this directory, and compare.",
    )


def _made_later(anew: Anew | None) -> tuple[str, ...]:
    if anew:
        return ()
    return (
        "Reports can be made anew from the journal later, and this file with them. It then begins"
        " with when that was and by which runbook, and says who has signed them. Everything else is"
        " still held to the run's own seal.",
    )


def _wrapped(part: str) -> str:
    """A paragraph in lines; what is laid out by its lines stays so."""
    return part if "\n" in part or part.startswith(" ") else textwrap.fill(part, _WIDTH)
