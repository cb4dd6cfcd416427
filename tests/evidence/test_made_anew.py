"""Reports made after the run say what is the case: when, by which runbook, signed or not."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.prove.anew import Anew, Before
from engine.prove.reseal import look
from engine.prove.signature import CantSign, Signer
from engine.prove.verifier import how_to
from engine.report.audit.page import render
from engine.report.html import render_summary
from engine.report.summary import summary_of
from engine.verify import (
    KEPT,
    NOT_PROVED,
    NOT_VALID,
    REMADE,
    VALID,
    canonical,
    facts,
    verify,
)
from tests.engine import kit
from tests.evidence import journals
from tests.evidence.killed import Moments, content, shown
from tests.evidence.sealed import (
    EARLIER,
    PRINCIPAL,
    Signed,
    Tamper,
    altered,
    made,
    made_anew,
    new_key,
)

K0, K1, K2 = (f"SHA256:{letter * 43}" for letter in "abc")
SEALED = Before(Path("r"), "r", 27, "f" * 64, is_sealed=True, key=K0)
KILLED = Before(Path("r"), "r", 27, "f" * 64)
WHEN = datetime(2026, 11, 5, 6, 7, 8, tzinfo=UTC)
ANEW = Anew(SEALED, WHEN, "b" * 64, "a" * 64, why="there is no ssh key")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    place = tmp_path_factory.mktemp("run")
    return made(place / "run", new_key(place))


@pytest.fixture
def run(original: Signed, tmp_path: Path) -> Signed:
    return original.copy(tmp_path / "copy")


# the sentence


def test_one_sentence_says_when_by_which_runbook_and_that_the_journal_is_unchanged() -> None:
    assert ANEW.sentence() == (
        "Made anew at 2026-11-05 06:07:08 UTC, after the run, by runbook bbbbbbbbbbbb (another one"
        " than in the run, which was aaaaaaaaaaaa), from the run's journal, which is unchanged: 27"
        " lines, whole up to the run's seal; what proves that is told in VERIFY.txt."
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"then": "b" * 64}, "by runbook bbbbbbbbbbbb (the same as in the run)"),
        ({"then": ""}, "(which one the run was is not on record)"),
        ({"before": KILLED}, "27 lines that follow each other, without a seal, as the run did not"),
        (
            {"before": Before(Path("r"), "r", 27, problem="backups/x is missing")},
            "was left as it is: 27 lines; they are not listed in manifest.json, as backups/x is",
        ),
    ],
)
def test_it_claims_no_more_than_what_was_seen(changed: dict[str, object], said: str) -> None:
    assert said in replace(ANEW, **changed).sentence()  # type: ignore[arg-type]


def test_it_is_on_the_first_screen_of_both_pages_and_nowhere_else() -> None:
    own = journals.whole()
    page = unescape(render(own, [], ANEW))
    report = unescape(render_summary(summary_of(own), ANEW.sentence()))
    assert ANEW.sentence() in page.partition("</header>")[0]
    assert ANEW.sentence() in report.partition('<h2 id="findings">')[0]
    for text in (page, report):
        assert text.count("Made anew") == 1
    assert "Made anew" not in render(own, []) + render_summary(summary_of(own))


# who has signed


@pytest.mark.parametrize(
    ("anew", "said"),
    [
        (ANEW, f"not signed anew (there is no ssh key); the run itself had signed with {K0}; that"
               " was of the files as they were then, and is not here any more"),
        (replace(ANEW, key=K0), f"signed anew with {K0}; the run itself had signed with {K0}"),
        (replace(ANEW, key=K1), f"signed anew with {K1}; the run itself had signed with {K0}"),
        (replace(ANEW, before=KILLED),
         "not signed anew (there is no ssh key); the run itself had not signed"),
        (replace(ANEW, before=replace(KILLED, last=K2)),
         "not signed anew (there is no ssh key); the run itself had not signed; whoever made"
         f" reports before these, with {K2}; that was of the files as they were then, and is not"
         " here any more"),
    ],
)  # fmt: skip
def test_people_and_how_to_verify_say_who_has_signed_and_who_had(anew: Anew, said: str) -> None:
    assert anew.signed() == said
    people = unescape(render(journals.whole(), [], anew)).partition('<section id="people">')[2]
    people = people.partition("</section>")[0]
    assert f'class="words">{said}</td>' in people
    assert "Evidence is signed after this page" not in people
    text = how_to("r", anew.key, anew.why, "0" * 64, anew)
    assert textwrap.fill(f"It is {said}.", 92) in text
    assert ("manifest.json.sig is the signature" in text) == bool(anew.key)
    assert ("FILE says whose key counts" in text) == bool(anew.key)


@pytest.mark.parametrize("signs", ["the same key", "another key", "nobody"])
def test_a_directory_made_anew_says_what_holds_and_verify_agrees(
    run: Signed, tmp_path: Path, signs: str
) -> None:
    keys = {"another key": new_key(tmp_path)} if signs == "another key" else {}
    if signs == "the same key":
        keys = {signs: run.allowed.parent.parent / "id_ed25519"}
    anew = made_anew(run.directory, keys.get(signs))
    text = " ".join((run.directory / "VERIFY.txt").read_text().split())
    head, signers = run.by_head(), run.by_signers()
    assert anew.sentence("below") in text
    assert f"the run itself had signed with {run.sealed.signed}" in text
    assert "It does not stand for those that were made anew, this one among them" in text
    assert (run.directory / "manifest.json.sig").exists() == bool(anew.key)
    # the head is right, and stands for what the run left only
    assert head.returncode == NOT_PROVED, head.stdout
    assert head.stdout.startswith("consistent, proved in part: ")
    assert "it proves all that the run sealed, not what was made anew\n" in head.stdout
    named = re.search(r"made anew from the journal at \S+: (.*)", head.stdout)
    assert named is not None
    assert named[1] == "VERIFY.txt, report.html"
    if signs == "nobody":
        assert (
            f"not signed: whoever made the reports anew has not; the run itself had signed"
            f" with {run.sealed.signed}, which does not hold for them" in head.stdout
        )
        # what the run had signed is still there, and stands for what it left
        assert signers.returncode == NOT_PROVED
        assert signers.stdout.startswith("consistent, proved in part: ")
        assert "manifest.1.json (the run's own, of " in signers.stdout
        assert f"): signed by {PRINCIPAL}" in signers.stdout
        assert "\n  not signed: whoever made the reports anew has not" in signers.stdout
        assert "The head proves what the run left. Nothing proves what was made anew." in text
    else:
        assert f"signed anew with {anew.key}" in text
        assert f"key {anew.key}: --allowed-signers tells whose key that is" in head.stdout
        assert (signers.returncode == VALID) == (signs == "the same key"), signers.stdout
        assert (f"signed by {PRINCIPAL}" in signers.stdout) == (signs == "the same key")


def test_it_says_again_who_had_signed_when_it_is_made_anew_once_more(
    run: Signed, tmp_path: Path
) -> None:
    first = made_anew(run.directory, new_key(tmp_path))
    again = made_anew(run.directory)
    assert (again.before.key, again.before.last) == (run.sealed.signed, first.key)
    assert made_anew(run.directory).before.last == ""
    assert run.by_head().returncode == NOT_PROVED


def test_the_answers_that_verify_gives_are_those_that_are_told(run: Signed) -> None:
    told = (run.directory / "VERIFY.txt").read_text()
    given = {done.stdout.partition(":")[0] for done in (run.verify(), run.by_head())}
    made_anew(run.directory)
    given.add(run.by_head().stdout.partition(":")[0])
    altered("report.html", 1)(run)
    given.add(run.by_head().stdout.partition(":")[0])
    assert sorted(given) == [
        *("NOT VALID", "consistent, origin not proved", "consistent, proved in part", "valid"),
    ]
    assert all(f"  {words}:" in told for words in given)
    assert all(f"  {words}:" in (run.directory / "VERIFY.txt").read_text() for words in given)


# what is kept of those before

KEPT_BYTES = ("manifest.json", "manifest.json.sig")


def _content(run: Signed) -> dict[str, bytes]:
    return {name: (run.directory / name).read_bytes() for name in KEPT_BYTES}


def test_the_operator_s_manifest_and_signature_are_kept_and_never_replaced(
    run: Signed, tmp_path: Path
) -> None:
    first, another = _content(run), new_key(tmp_path)
    made_anew(run.directory, another)
    second = _content(run)
    made_anew(run.directory)
    made_anew(run.directory, another, {"report.html": b"once more"})
    names = sorted(path.name for path in run.directory.glob("manifest.*"))
    assert names == sorted(
        [
            *(*KEPT_BYTES, "manifest.1.json", "manifest.1.json.sig", "manifest.2.json"),
            *("manifest.2.json.sig", "manifest.3.json"),
        ]
    )
    for number, both in enumerate((first, second), start=1):
        for name, text in both.items():
            kept = run.directory / name.replace("manifest", f"manifest.{number}")
            assert kept.read_bytes() == text, kept.name
    said = verify(run.directory).lines
    when = [json.loads((run.directory / f"manifest.{n}.json").read_text())["rebuilt"] for n in "23"]
    sealed = json.loads(run.lines[-1])["time"]
    own = f"  manifest.1.json (the run's own, of {sealed}): signed with ED25519 key"
    assert any(text.startswith(f"{own} {run.sealed.signed}") for text in said)
    assert any(f"manifest.2.json (of reports made at {when[0]}): signed with" in s for s in said)
    assert any(f"manifest.3.json (of reports made at {when[1]}): not signed" in s for s in said)
    text = " ".join((run.directory / "VERIFY.txt").read_text().split())
    assert "what was signed before is of the files as they were then: manifest.1.json.sig" in text


SPOILT_KEPT: dict[str, tuple[Tamper, str]] = {
    "the list": (altered("manifest.1.json", -20), "manifest.1.json was altered"),
    "its signature": (altered("manifest.1.json.sig", 60), "manifest.1.json.sig was altered"),
    "the list, gone": (
        lambda run: (run.directory / "manifest.1.json").unlink(),
        "manifest.1.json is missing",
    ),
    "its signature, gone": (
        lambda run: (run.directory / "manifest.1.json.sig").unlink(),
        "manifest.1.json.sig is missing",
    ),
    "one more": (
        lambda run: (run.directory / "manifest.2.json").write_bytes(
            (run.directory / "manifest.1.json").read_bytes()
        ),
        "manifest.2.json was added",
    ),
    "one far away": (
        lambda run: (run.directory / "manifest.7.json.sig").write_text("x"),
        "manifest.7.json.sig was added",
    ),
}


@pytest.mark.parametrize("what", SPOILT_KEPT)
@pytest.mark.parametrize("proof", ["head", "signers"])
def test_a_kept_one_that_does_not_hold_is_not_valid_and_stays_so(
    run: Signed, what: str, proof: str
) -> None:
    made_anew(run.directory, run.allowed.parent.parent / "id_ed25519")
    spoil, said = SPOILT_KEPT[what]
    spoil(run)
    for _ in range(2):
        done = run.by_head() if proof == "head" else run.by_signers()
        assert (done.returncode, said in done.stdout) == (NOT_VALID, True), done.stdout
        assert said in made_anew(run.directory, run.allowed.parent.parent / "id_ed25519").found()[0]


def test_another_list_for_the_run_s_own_is_told_by_the_seal(run: Signed, tmp_path: Path) -> None:
    """Whoever has no key leaves the signatures out, and lists what he wants."""
    made_anew(run.directory)
    for name in ("manifest.1.json.sig",):
        (run.directory / name).unlink()
    kept, now = (run.directory / name for name in ("manifest.1.json", "manifest.json"))
    forged = json.loads(kept.read_text())
    del forged["files"]["report.html"]
    kept.write_bytes(canonical(forged))
    listed = json.loads(now.read_text())
    listed["files"] |= {"manifest.1.json": facts(kept)}
    del listed["files"]["manifest.1.json.sig"]
    now.write_bytes(canonical(listed))
    done = run.by_head()
    assert done.returncode == NOT_VALID
    assert "manifest.1.json was altered: its list is not the one the run sealed" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (altered("manifest.json.sig", 60), "manifest.json.sig: it was altered"),
        (lambda run: (run.directory / "manifest.json.sig").unlink(), "sig is missing: the run had"),
    ],
)
def test_a_signature_that_does_not_hold_is_not_replaced_by_one_that_does(
    run: Signed, spoil: Tamper, said: str
) -> None:
    spoil(run)
    before = [path.read_bytes() for path in sorted(run.directory.glob("manifest*"))]
    anew = made_anew(run.directory, run.allowed.parent.parent / "id_ed25519")
    assert said in anew.found()[0]
    assert [path.read_bytes() for path in sorted(run.directory.glob("manifest*"))] == before
    for done in (run.by_head(), run.by_signers()):
        assert done.returncode == NOT_VALID, done.stdout


def test_a_file_that_is_made_anew_and_was_altered_is_told(run: Signed) -> None:
    altered("report.html", 3)(run)
    assert made_anew(run.directory).found() == [
        "report.html was altered since it was made; it is made anew"
    ]
    assert made_anew(run.directory).found() == []
    altered("report.html", 3)(run)
    assert len(made_anew(run.directory).found()) == 1
    (run.directory / "report.html").unlink()
    assert made_anew(run.directory).found() == []


# who signed what the run left, and who what was made after it


def test_a_run_that_somebody_else_had_signed_is_not_valid_by_who_makes_its_reports(
    run: Signed, tmp_path: Path
) -> None:
    """As it was before the reports were made."""
    operator = new_key(tmp_path)
    run.allowed = tmp_path / "allowed"
    run.allowed.write_text(f"{PRINCIPAL} {operator.with_suffix('.pub').read_text()}")
    assert run.by_signers().returncode == NOT_VALID
    made_anew(run.directory, operator)
    done = run.by_signers()
    assert done.returncode == NOT_VALID
    assert "manifest.1.json.sig: the signature is good, but allowed does not allow" in done.stdout


def test_a_run_that_nobody_had_signed_is_not_proved_by_who_makes_its_reports(
    tmp_path: Path,
) -> None:
    run, key = made(tmp_path / "run"), new_key(tmp_path)
    run.allowed.write_text(f"{PRINCIPAL} {key.with_suffix('.pub').read_text()}")
    made_anew(run.directory, key)
    done = run.by_signers()
    assert done.returncode == NOT_PROVED, done.stdout
    assert done.stdout.startswith("consistent, proved in part: ")
    assert "manifest.1.json (the run's own, of " in done.stdout
    assert "): not signed: the run was not signed" in done.stdout
    both = run.verify("--head", run.head, "--allowed-signers", str(run.allowed))
    assert both.returncode == VALID, "the head proves what the run left, the signature the rest"


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_without_an_end_is_never_valid(tmp_path: Path, times: int) -> None:
    killed, key = kit.make_run(tmp_path), new_key(tmp_path)
    killed.record("note", step="a.b", text="before it was killed")
    killed.journal.close()
    allowed = tmp_path / "allowed"
    allowed.write_text(f"{PRINCIPAL} {key.with_suffix('.pub').read_text()}")
    for _ in range(times):
        made_anew(killed.directory, key)
    for head in (None, killed.journal.head):
        for signers in (None, allowed):
            verdict = verify(killed.directory, head, signers)
            assert verdict.code == NOT_PROVED, verdict.lines
            given = head is not None or signers is not None
            said = "proved in part" if given else "origin not proved"
            assert verdict.lines[0].startswith(f"consistent, {said}: ")


# what is listed


def test_only_what_is_another_file_than_the_run_sealed_counts_as_made_anew(run: Signed) -> None:
    """The verifier of the same runbook, say, or a file that is not there at all."""
    made_anew(run.directory, made={"summary.json": (run.directory / "summary.json").read_bytes()})
    manifest = json.loads((run.directory / "manifest.json").read_text())
    assert list(manifest["replaced"]) == ["VERIFY.txt"]


def test_a_file_that_an_older_manifest_names_and_never_was_is_not_told(run: Signed) -> None:
    made_anew(run.directory)
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["replaced"]["plan.json"] = {}
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert "plan.json" not in run.by_head().stdout
    made_anew(run.directory)
    assert "plan.json" not in json.loads(path.read_text())["replaced"]


def test_evidence_of_a_runbook_without_a_verifier_gets_one(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.prove.seal.verifier", lambda *given: {})
        old = made(tmp_path / "run")
    made_anew(old.directory)
    assert (old.directory / "verify.py").exists()
    done = old.by_head()
    assert done.returncode == NOT_PROVED, done.stdout
    assert "report.html; the run had left none: VERIFY.txt, verify.py\n" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (altered("outputs/0001-a.txt", 0), "outputs/0001-a.txt was altered"),
        (lambda run: (run.directory / "backups/ocsweb.memories.sql.gz").unlink(), "is missing"),
        (lambda run: (run.directory / "manifest.json").unlink(), "manifest.json is missing"),
    ],
)
def test_what_does_not_hold_is_not_listed_as_if_it_did(
    run: Signed, spoil: Tamper, said: str
) -> None:
    """The reports are made, as they need the journal alone; the run's own list stays."""
    if said == "manifest.json is missing":
        altered("outputs/0001-a.txt", 0)(run)
    spoil(run)
    anew = made_anew(run.directory)
    assert said in anew.before.problem
    assert said in anew.console()[0]
    assert (run.directory / "report.html").read_bytes() == b"made anew\n"
    done = run.by_head()
    assert done.returncode == NOT_VALID
    assert said in done.stdout


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (altered("journal.jsonl", 400), "line . was altered"),
        (lambda run: run.put(run.lines[:-1]), "lines are missing at its end: 13 lines, 14 in"),
        (lambda run: run.put([*run.lines[:-1], run.lines[-1][:-30]]), "lines are missing at its"),
    ],
)
def test_of_an_altered_journal_nothing_is_made(run: Signed, spoil: Tamper, said: str) -> None:
    spoil(run)
    before = content(run.directory)
    with pytest.raises(UsageError, match=rf"NOT VALID: journal\.jsonl: {said}"):
        made_anew(run.directory)
    assert content(run.directory) == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (altered(EARLIER, 60), f"{EARLIER}: line 1 was altered"),
        (lambda run: (run.directory / EARLIER).write_text(""), f"{EARLIER} was altered"),
        (lambda run: (run.directory / EARLIER).unlink(), f"{EARLIER} is missing"),
    ],
)
def test_nor_of_one_of_an_earlier_run(run: Signed, spoil: Tamper, said: str) -> None:
    """Reports are made of those as well."""
    spoil(run)
    before = content(run.directory)
    with pytest.raises(UsageError, match=f"NOT VALID: {said}.*; of a journal that was altered"):
        made_anew(run.directory)
    assert content(run.directory) == before


def test_nor_when_the_list_is_none_any_more(run: Signed) -> None:
    (run.directory / "manifest.json").write_text("{}")
    altered(EARLIER, 60)(run)
    with pytest.raises(UsageError, match=f"NOT VALID: {EARLIER}: line 1 was altered"):
        made_anew(run.directory)


def test_a_list_that_the_run_had_no_room_to_write_is_what_is_there(tmp_path: Path) -> None:
    """The console had said: make room, then make the reports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.prove.seal._write", lambda *given: None)
        lost = made(tmp_path / "run")
    assert lost.by_head().returncode == NOT_VALID
    made_anew(lost.directory)
    done = lost.by_head()
    assert done.returncode == NOT_PROVED, done.stdout
    assert "it proves all that the run sealed" in done.stdout


def test_a_key_that_has_gone_when_the_list_is_signed_leaves_none(tmp_path: Path) -> None:
    """A list alone would be one whose signature somebody took away."""

    def gone(self: Signer, *given: object) -> bytes:
        raise CantSign("agent refused operation")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Signer, "sign", gone)
        run = made(tmp_path / "run", new_key(tmp_path))
    assert any("agent refused operation" in text for text in run.sealed.unwritten)
    assert run.by_head().returncode == NOT_VALID
    anew = made_anew(run.directory)
    assert anew.found() == [
        "manifest.json was missing; the list that the run sealed is what is there"
    ]
    assert run.by_head().returncode == NOT_PROVED


def test_killed_between_signature_and_list_the_signature_is_kept(run: Signed) -> None:
    signature = (run.directory / "manifest.json.sig").read_bytes()
    (run.directory / "manifest.json").unlink()
    assert run.by_head().returncode == NOT_VALID
    made_anew(run.directory)
    assert (run.directory / "manifest.1.json.sig").read_bytes() == signature
    assert run.by_head().returncode == NOT_PROVED, run.by_head().stdout
    assert f"signed by {PRINCIPAL}" in run.by_signers().stdout


def test_the_head_of_a_killed_run_proves_its_lines_only(tmp_path: Path) -> None:
    killed = kit.make_run(tmp_path)
    killed.record("note", step="a.b", text="before it was killed")
    killed.journal.close()
    made_anew(killed.directory)
    verdict = verify(killed.directory, killed.journal.head)
    assert verdict.code == NOT_PROVED
    said = "\n".join(verdict.lines)
    assert "it proves the journal's lines and the outputs that they cite" in said
    assert "not signed: neither the run was, nor were the reports that were made after it" in said


def test_what_may_be_made_anew_is_what_is_looked_past(run: Signed) -> None:
    """Half of an earlier making is no obstacle; a file that is kept is."""
    for name in REMADE:
        (run.directory / name).write_text("half")
        (run.directory / f".{name}.part").write_text("ha")
    assert look(run.directory, REMADE).problem == ""
    assert "plan.json was added" in look(run.directory, set(REMADE) - {"plan.json"}).problem


# killed at any moment


def _killed(run: Signed) -> None:
    """The run did not come to its end: a line is torn, nothing is sealed."""
    run.put([*run.lines[:-2], b'{"schema": 1'])
    for name in ("manifest.json", "manifest.json.sig", "VERIFY.txt", "verify.py", "report.html"):
        (run.directory / name).unlink()
    (run.directory / ".summary.json.part").write_bytes(b'{"sche')


BEGIN = {
    "sealed": lambda run, key: None,
    "sealed, made anew": lambda run, key: made_anew(run.directory, key, {"report.html": b"first"}),
    "killed": lambda run, key: _killed(run),
    "killed, made anew": lambda run, key: (
        _killed(run),
        made_anew(run.directory, key, {"report.html": b"first", "summary.json": b"{}"}),
    ),
}
MADE = {"summary.json": b"{}\n", "report.html": b"second " * 500, "evidence.html": b"new" * 900}


@pytest.mark.parametrize("begin", BEGIN)
@pytest.mark.parametrize("signs", [False, True], ids=["without a key", "with a key"])
def test_killed_at_any_moment_no_half_of_it_looks_whole(
    run: Signed, tmp_path: Path, begin: str, signs: bool
) -> None:
    """Nothing has happened, or all, or `verify` says that it does not hold. Each file is a whole
    one of before or after. The same command makes it good."""
    key = new_key(tmp_path)
    BEGIN[begin](run, key)
    head = verify(run.directory).lines[-1].rpartition(" ")[2]
    old, before = shown(content(run.directory)), verify(run.directory, head).code
    moments = Moments(run.directory, tmp_path)
    with moments.kept():
        made_anew(run.directory, key if signs else None, MADE)
    new, after = shown(content(run.directory)), verify(run.directory, head).code
    assert after == NOT_PROVED
    assert len(moments.states) > 3 * len(MADE)
    for state in moments.states:
        now = shown(content(state))
        assert all(text in (old.get(name), new.get(name)) for name, text in now.items())
        expected = {NOT_VALID}
        if now in (old, new):
            expected.add(before if now == old else after)
        assert verify(state, head).code in expected, verify(state, head).lines
        made_anew(state, key if signs else None, MADE)
        assert verify(state, head).code == after, verify(state, head).lines
        # what was half made is kept as well
        assert {n for n in content(state) if not KEPT.match(n)} == {
            name for name in new if not KEPT.match(name)
        }
