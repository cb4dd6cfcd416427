"""The files that the runbook changed: their states, their anchors, and what is not recorded."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.report.audit.files import NOT_SEEN, WITHHELD, Files, files_of
from engine.report.audit.page import render
from tests.engine import kit
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals

PATH, DIGEST = "/etc/some.conf", "d" * 64
OLD = {"owner": "root", "group": "apache", "mode": "0640", "size": 9, "sha256": DIGEST}
NEW = {**OLD, "size": 12, "sha256": "e" * 64}


def change(
    before: Any = OLD, after: Any = NEW, *, path: str = PATH, seconds: float = 1, **fields: Any
) -> list[dict[str, Any]]:
    """An intent and its result, which tells the file."""
    key = f"a.b#{seconds}"
    intent = {**kit.intent(key=key, what="replace it", files=[path]), "seq": int(seconds)}
    told = [{"path": path, "before": before, "after": after}]
    return [intent, {**kit.result(key=key, files=told), **fields}]


def files(*events: dict[str, Any], shown: Any = ()) -> Files:
    return files_of([journals.started(), *events], shown)


def section(*own: dict[str, Any]) -> str:
    text = re.search(r'<section id="files".*?</section>', render(list(own), []), re.S)
    assert text is not None
    return text[0]


def test_a_file_has_its_states_and_its_change() -> None:
    (one,) = files(*change()).files
    assert (one.anchor, one.what) == (f"file-{N}-etc-some.conf", "replaced")
    assert (one.before.owner, one.before.mode, one.before.sha256) == (
        "root apache", "0640", DIGEST,
    )  # fmt: skip
    assert one.after.size == "12 bytes"
    assert [anchor for _, anchor in one.changes] == [f"change-{kit.intent()['run']}-1"]


def test_what_was_made_and_what_was_removed() -> None:
    told = files(
        *change(None, NEW),
        *change(OLD, None, path="/b", seconds=2),
        *change(OLD, OLD, path="/c", seconds=3),
        *change(None, None, path="/d", seconds=4),
    ).files
    assert [one.what for one in told] == ["created", "removed", "unchanged", "made and removed"]
    assert told[0].before.said == "did not exist"
    assert told[1].after.said == "does not exist any more"


def test_of_a_file_with_a_secret_no_digest_is_told_and_no_sameness() -> None:
    secret = {**OLD, "sha256": ""}
    (one,) = files(*change(secret, secret)).files
    assert (one.before.sha256, one.what) == (WITHHELD, "replaced")


def test_two_changes_of_a_file_are_one_line_from_first_to_last() -> None:
    last = {**NEW, "mode": "0600"}
    (one,) = files(*change(), *change(NEW, last, seconds=2)).files
    assert (one.before.size, one.after.mode, len(one.changes)) == ("9 bytes", "0600", 2)


def test_a_change_whose_end_is_not_on_record_is_not_guessed() -> None:
    (one,) = files(change()[0]).files
    assert (one.what, one.before.said, one.after.said) == ("not seen", NOT_SEEN, NOT_SEEN)
    # what the second one found may be the first one's work
    (again,) = files(change()[0], *change(seconds=2)).files
    assert (again.before.said, again.after.size) == (NOT_SEEN, "12 bytes")
    (fresh,) = files(change()[0], *change(None, NEW, seconds=2)).files
    assert fresh.what == "created"


def test_a_change_that_never_started_touched_no_file() -> None:
    assert files(*change(never_started=True)).files == ()


def test_the_difference_is_linked_where_it_is_shown() -> None:
    shown = [event("attachment", 1, step="x", name="n"), event("attachment", 1, node=N, path=PATH)]
    assert files(*change(), shown=shown).files[0].diff == 2
    assert files(*change()).files[0].diff == 0
    attached = event(
        "attachment", 3, step="x", name="n", about="configuration", node=N, path=PATH,
        output={"text": "-a\n+b"},
    )  # fmt: skip
    text = render([journals.started(), *change(), attached], [])
    assert 'href="#diff-1"' in text
    assert 'id="diff-1"' in text


def fetched(run: str, seconds: float) -> dict[str, Any]:
    told = {**NEW, "step": "backup.fetched", "node": N, "file": "backups/t.gz", "run": run}
    return event("file-fetched", seconds, **told)


def test_a_copy_that_was_fetched_is_a_file_of_the_machine_of_its_run() -> None:
    run = str(journals.started()["run"])
    (made, copied) = files(*change(), fetched(run, 50), fetched(run, 60)).files
    assert (copied.node, copied.path, copied.what) == (
        "the machine of the run (laptop)", f"{run}/backups/t.gz", f"fetched from {N}",
    )  # fmt: skip
    assert (copied.before.is_known, copied.after.owner, copied.after.mode) == (
        False, "root apache", "0640",
    )  # fmt: skip
    text = section(
        journals.started(), *change(), *journals.step("backup.fetched", 49, 61), fetched(run, 50)
    )
    assert f"2 files on 2 machines: 1 replaced, 1 fetched from {N}" in text
    assert f'href="#step-{run}-backup.fetched"' in text
    assert made.anchor != copied.anchor


def test_an_older_journal_says_so_and_none_is_none() -> None:
    older = section(*journals.whole())
    assert "Not recorded (older runbook)" in older
    way = {N: {"address": "a", "port": 22, "line": 1, "user": "root", "become": False}}
    assert "<p>None.</p>" in section(journals.started(reached=way))
    assert DIGEST in section(journals.started(reached=way), *change())


@given(st.lists(st.tuples(st.sampled_from([N, SECOND]), st.text(min_size=1)), max_size=8))
def test_every_file_has_an_anchor_of_its_own(places: list[tuple[str, str]]) -> None:
    events = []
    for number, (node, path) in enumerate(places, start=1):
        intent, result = change(path=path, seconds=number)
        events += [{**intent, "node": node}, result]
    told = files(*events).files
    assert len(told) == len(set(places))
    anchors = [one.anchor for one in told]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"file-[A-Za-z0-9._-]+", anchor) for anchor in anchors)
