"""Long lists: whole, sorted, harmless to open, and never in memory."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import string
import tempfile
import tracemalloc
from collections.abc import Iterator
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RunbookError
from engine.record import listing
from engine.record.evidence import Evidence
from engine.record.outputs import EXCERPT
from engine.record.redact import Redactor
from engine.record.run import Run
from engine.report.details import step_details
from engine.secrets import MASK, Secret
from tests.engine import kit

texts = st.text(st.characters(codec="utf-8"), max_size=30)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path)


@pytest.fixture
def evidence(run: Run) -> Evidence:
    return Evidence(run, "phase.step", ())


def attachments(run: Run) -> list[dict[str, object]]:
    return [e["output"] for e in run.journal.events if e["event"] == "attachment"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("8192", "8192"),
        ("< 1", "< 1"),
        ("Größe", "Größe"),
        ("", ""),
        ("  ", "  "),
        (None, None),
        (-5, -5),
        ("=1+1", "'=1+1"),
        ("+8192", "'+8192"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("\t=1", "\\t=1"),
        ("a\r\nb", "a\\r\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj", "\\u202egpj"),
        ("\\n", "\\\\n"),
    ],
)
def test_no_cell_acts_where_it_is_opened(cell: listing.Cell, written: listing.Cell) -> None:
    assert listing.safe(cell) == written


@given(texts)
def test_a_cell_is_printable_no_formula_and_can_be_read_back(text: str) -> None:
    shown = listing.safe(text)
    assert isinstance(shown, str)
    assert shown.isprintable()
    assert shown.lstrip()[:1] not in tuple("=+-@＝＋－＠")
    bare = shown[1:] if shown.startswith("'") else shown
    assert bare.encode("latin-1", "backslashreplace").decode("unicode_escape") == text


@given(st.lists(st.tuples(texts, st.integers(), st.none() | texts)))
def test_a_table_comes_back_from_its_file(rows: list[tuple[str, int, str | None]]) -> None:
    written = b"".join(listing.lines(("a", "b", "c"), rows, lambda text: text)).decode()
    read = list(csv.reader(written.splitlines(), quoting=csv.QUOTE_ALL))
    shown = [["" if c is None else str(listing.safe(c)) for c in row] for row in rows]
    assert read == [["a", "b", "c"], *shown]


@given(
    st.lists(st.tuples(st.none() | texts, st.integers(0, 5), st.none() | texts), max_size=60),
    st.integers(1, 7),
)
def test_sorting_in_parts_is_sorting(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str | None, int, str | None]],
    at_once: int,
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as place:
        found = [tuple(row) for row in listing.in_order(rows, Path(place), at_once)]
        assert found == sorted(rows, key=lambda row: [(c is not None, c) for c in row])
        assert list(Path(place).iterdir()) == []


def test_more_parts_than_files_may_be_open(tmp_path: Path) -> None:
    rows = [(number * 7919 % 1009,) for number in range(1009)]
    ordered = [row[0] for row in listing.in_order(rows, tmp_path, at_once=2)]
    assert ordered == list(range(1009))


def test_a_list_is_a_file_with_its_digest_in_the_journal(run: Run, evidence: Evidence) -> None:
    told = evidence.list("some/values", ("agent", "value"), [("b", "=2"), ("a", "x\x1b")])
    file = run.directory / told["file"]
    assert file.read_text() == '"agent","value"\n"a","x\\x1b"\n"b","\'=2"\n'
    assert file.stat().st_mode & 0o777 == 0o600
    assert (told["rows"], told["size"]) == (2, file.stat().st_size)
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert attachments(run) == [told]
    assert evidence.reasons == [f"2 rows in {told['file']}, sha256 {told['sha256'][:16]}..."]
    assert [path.name for path in file.parent.iterdir()] == ["0001-some-values.csv"]


def test_the_report_names_it_from_the_journal_alone(run: Run, evidence: Evidence) -> None:
    run.record("run-started", cluster="c")
    told = evidence.list("values", ("value",), [("<b>",)])
    (run.directory / told["file"]).unlink()
    events = [e for e in read_lines(run) if e["event"] == "attachment"]
    shown = step_details(events)
    named = f">{told['file']}</a>, 1 row, {told['size']} bytes, sha256 {told['sha256']}"
    assert named in shown
    assert "<b>" not in shown.replace("<b>values</b>", "")


def read_lines(run: Run) -> list[dict[str, object]]:
    from engine.record.journal import lines_of, read_journal

    path = run.directory / "journal.jsonl"
    return list(read_journal(lines_of(path.read_bytes()), str(path)))


def test_secrets_are_masked_in_it(run: Run, evidence: Evidence) -> None:
    run.redactor.learn(Secret("hunter22"))
    told = evidence.list("v", ("a", "b"), [("x hunter22", "password = other"), ("password=", "y")])
    text = (run.directory / told["file"]).read_text()
    assert "hunter22" not in text + told["text"]
    assert "other" not in text
    assert text.count(MASK) >= 2


def test_a_list_that_breaks_off_leaves_no_file(run: Run, evidence: Evidence) -> None:
    def broken() -> Iterator[tuple[str]]:
        yield ("a",)
        raise RunbookError("the database is gone")

    with pytest.raises(RunbookError, match="is gone"):
        evidence.list("v", ("a",), broken())
    assert list((run.directory / "outputs").iterdir()) == []
    assert attachments(run) == []


def test_a_list_that_can_not_be_written_is_an_error(run: Run, evidence: Evidence) -> None:
    (run.directory / "outputs").rmdir()
    with pytest.raises(RunbookError, match="'v' can't be written on this machine"):
        evidence.list("v", ("a",), [("x",)])


def test_rows_are_taken_as_they_are_written_and_never_kept(run: Run, evidence: Evidence) -> None:
    """A list six times as long takes no more memory than what is sorted and merged at once."""

    def peak(rows: int) -> int:
        letters = itertools.cycle(string.ascii_letters)
        made = ((f"{next(letters)}{number:050}", number) for number in range(rows))
        tracemalloc.start()
        told = evidence.list("v", ("a", "n"), made)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert told["rows"] == rows
        assert len(str(told["text"])) <= EXCERPT
        return most

    monkey = pytest.MonkeyPatch()
    monkey.setattr(listing.in_order, "__defaults__", (40,))
    try:
        # as many files as are open at once
        small, large = peak(3_960), peak(24_000)
    finally:
        monkey.undo()
    assert large < 1.2 * small


odd = st.sampled_from(
    [
        *(
            "=1",
            "a\x1eb",
            'a"b',
            '"',
            "\\",
            "password = x",
            "token:",
            "user://a:b@c",
            "x hunter22",
            "é",
        ),
        *(
            "op-digest='a",
            "<nvpair name='passwd' value='y'/>",
            "< 1",
            "laptop-7",
            "",
            " ",
            "\u0131",
        ),
    ]
)


@given(st.lists(st.tuples(odd | texts, st.none() | st.integers(), st.none() | odd | texts)))
def test_many_lines_at_a_time_are_those_of_each_row(
    rows: list[tuple[str, int | None, str | None]],
) -> None:
    """Held to a row at a time, written by the module csv and masked by itself."""
    redactor = Redactor()
    redactor.learn(Secret("hunter22"))
    clean, head = redactor.clean_output, ("a", "b", "c")
    expected = io.StringIO()
    writer = csv.writer(expected, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for row in (head, *rows):
        safe = [listing.safe(cell) for cell in row]
        said = clean("\n".join(map(str, safe))).split("\n")
        writer.writerow([s if isinstance(c, str) else c for c, s in zip(safe, said, strict=True)])
    for quick in (redactor.has_nothing_in, lambda _: False):
        written = b"".join(listing.lines(head, rows, clean, quick))
        assert written.decode() == expected.getvalue()


@given(st.lists(odd | texts, min_size=1))
def test_where_nothing_is_seen_nothing_is_masked(cells: list[str]) -> None:
    redactor = Redactor()
    redactor.learn(Secret("hunter22"))
    if redactor.has_nothing_in("\n".join(cells)):
        for few in (cells, *([cell] for cell in cells)):
            assert redactor.clean_output("\n".join(few)) == "\n".join(few)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "password = x",
            "PASSWD",
            "a_Pwd",
            "user://",
            "To\u212aen: x",
            "\u017fecret=x",
            "hunter22",
        ),
        *("op-digest='a", "op-x-DIGEST", "op-d\u0131gest = 'a'", "<nvpair", "--token x"),
    ],
)
def test_what_a_secret_may_follow_is_seen(text: str) -> None:
    redactor = Redactor()
    redactor.learn(Secret("hunter22"))
    assert not redactor.has_nothing_in(f"client1\n{text}\nx")
    assert redactor.has_nothing_in("client1\ndesktop-7\n< 1")


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Count(IntEnum):
    ONE = 1


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_cells_of_a_type_of_their_own_are_their_text_or_number(
    at_once: int, tmp_path: Path
) -> None:
    rows: list[listing.Cells] = [(Mood.GOOD, Count.ONE), (Mood.BAD, None), ("fair", 2)]
    ordered = list(listing.in_order(rows, tmp_path, at_once))
    assert ordered == [("bad", None), ("fair", 2), ("good", 1)]
    assert b"".join(listing.lines(("mood", "count"), ordered, str)) == (
        b'"mood","count"\n"bad",""\n"fair",2\n"good",1\n'
    )
