"""A merged file is looked at again before it is written, whoever made it."""

from __future__ import annotations

import pytest

from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.httpd.merge_check import Checked
from runbook.to_4_26.names import SERVER_CONF
from tests.actions.ocs_nodes import DATA

NEW = (DATA / "server-new.conf").read_text()
VARIABLE = "INVENTORY_DB_WORD"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NEW, []),
        (NEW.replace(VARIABLE, "ANOTHER"), ["it refers to ANOTHER"]),
        (NEW.replace(f'"${{{VARIABLE}}}"', "word"), ["a literal"]),
        (f"{NEW}<Location /own>\n", ["is not closed"]),
    ],
)
def test_the_file_refers_to_the_variable_and_is_whole(text: str, said: list[str]) -> None:
    new = parse_conf(NEW)
    checked = Checked(new, new, [], joined_perl=True)
    found = [q for q in checked.questions(text, SERVER_CONF, VARIABLE) if "does not refer" in q]
    assert len(found) == len(said)
    assert all(word in question for word, question in zip(said, found, strict=True))
