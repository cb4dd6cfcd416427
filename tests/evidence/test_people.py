"""Who had a part in the change: what is on record is told, and what an older one lacks."""

from __future__ import annotations

import re
from typing import Any

from engine.report.audit.page import render
from engine.report.audit.people import OLDER, NodeLogin, people_of
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals

KEY, OTHER_KEY, HOST_KEY = (f"SHA256:{letter * 43}" for letter in "abc")


def reached(**fields: Any) -> dict[str, Any]:
    plain = {"address": "10.0.0.1", "port": 22, "line": 3, "user": "admin", "become": True}
    return {node: {**plain, **fields} for node in (N, SECOND)}


def login(node: str = N, **fields: Any) -> dict[str, Any]:
    plain = {
        "user": "admin",
        "become": True,
        "method": "publickey",
        "key": KEY,
        "key_name": "/home/rossi/.ssh/id_ed25519",
        "from_agent": False,
        "host_key": HOST_KEY,
    }
    return event("login", 1, step="", node=node, **{**plain, **fields})


def logins(*seen: dict[str, Any], **begun: Any) -> list[NodeLogin]:
    return list(people_of([journals.started(**begun), *seen], ()).logins)


def section(*own: dict[str, Any]) -> str:
    text = re.search(r'<section id="people">.*?</section>', render(list(own), []), re.S)
    assert text is not None
    return text[0]


def test_a_login_has_user_way_key_and_the_nodes_own_key() -> None:
    first, second = logins(login(), login(SECOND), reached=reached(by=["-J", "gate"]))
    assert first == NodeLogin(
        N,
        "admin",
        "as root, by sudo -n",
        "10.0.0.1 port 22, -J gate",
        KEY,
        "/home/rossi/.ssh/id_ed25519",
        HOST_KEY,
        (str(login()["run"]),),
    )
    assert second.node == SECOND


def socket_reached(node: str, **fields: Any) -> dict[str, Any]:
    plain = {"socket": "/run/s", "by": "relay", "program": "perl", "become": True, "why": ""}
    return event("socket-reached", 2, step="", node=node, **{**plain, **fields})


def test_sockets_that_a_relay_leads_to_are_told_with_the_way() -> None:
    relays = (socket_reached(N), socket_reached(SECOND, become=False, why="sshd forwards none"))
    first, second = logins(login(), login(SECOND), *relays, reached=reached())
    assert first.way == "10.0.0.1 port 22; sockets by a relay in perl, by sudo -n"
    assert second.way == "10.0.0.1 port 22; sockets by a relay in perl, as sshd forwards to none"
    forwarded = socket_reached(N, by="forwarding", program="", become=False)
    assert logins(login(), forwarded, reached=reached())[0].way == "10.0.0.1 port 22"


def test_nodes_with_one_user_and_one_key_are_told_together() -> None:
    begun = journals.started(reached=reached())
    both = people_of([begun, login(), login(SECOND, host_key=OTHER_KEY)], ()).alike
    assert [(one.nodes, one.user, one.key) for one in both] == [((N, SECOND), "admin", KEY)]
    apart = people_of([begun, login(), login(SECOND, user="root")], ()).alike
    assert [one.nodes for one in apart] == [(N,), (SECOND,)]


def test_two_keys_on_a_node_are_two_logins() -> None:
    both = logins(login(), login(key=OTHER_KEY), reached=reached())
    assert [one.key for one in both if one.node == N] == [KEY, OTHER_KEY]


def test_a_key_of_the_agent_is_told_as_such() -> None:
    one = logins(login(from_agent=True, key_name="rossi@laptop"), reached=reached())[0]
    assert one.key_from == "the agent's rossi@laptop"


def test_why_there_is_no_key() -> None:
    told = {"key": "", "key_name": ""}
    silent = logins(login(**told, method=""), reached=reached(key_file="/k"))[0]
    assert "older than OpenSSH 8.5" in silent.key
    assert silent.key_from == "the inventory names /k"
    other = logins(login(**told, method="gssapi-with-mic"), reached=reached())[0]
    assert other.key == "no key: by gssapi-with-mic"
    unreached = logins(login(), reached=reached())[1]
    assert (unreached.node, unreached.key) == (SECOND, "no login was made")


def test_an_older_journal_gives_no_login() -> None:
    old = {N: {"address": "10.0.0.1", "port": 22, "line": 3}}
    one = logins(reached=old)[0]
    assert (one.user, one.key, one.way) == (OLDER, OLDER, "10.0.0.1 port 22")
    assert logins()[0].way == OLDER
    assert "user and key not recorded (older runbook)" in section(journals.started(reached=old))


def test_who_is_root_needs_no_word_for_it() -> None:
    told = {"user": "root", "become": False}
    assert logins(login(**told), reached=reached(**told))[0].root == "as root"


def test_each_decision_has_its_person_and_its_reason() -> None:
    approval = {
        "by": "b@example.test",
        "name": "B. Bianchi",
        "key": KEY,
        "plan": "f" * 64,
        "given": "2026-11-01T00:00:00.000Z",
        "until": "2026-11-14T00:00:00.000Z",
    }
    word = {"by": "C. Verdi", "reason": "it is known", "until": None, "given": None}
    finding = {"code": "bad-thing", "subject": N, "observed": "x", "accepted": word}
    events = [
        journals.started(),
        event("fact", 1, step="preflight.one", name="approvals", given=[approval]),
        event("accepted", 2, step="preflight.one", code="bad-thing", subject=None, **word),
        event("finding", 2, step="preflight.one", **finding),
        event("settled", 3, step="a.b", word="done", reason="I looked", by="D. Neri"),
    ]
    told = people_of(events, ()).decisions
    assert [(one.kind, one.by) for one in told] == [
        ("read", "A. Rossi"),
        ("approved", f"B. Bianchi (b@example.test), key {KEY}"),
        ("accepted", "C. Verdi"),  # once, though the finding carries it, too
        ("settled as done", "D. Neri"),
    ]
    assert [one.about for one in told[2:]] == ["bad-thing", "a.b"]


def test_an_acceptance_that_only_a_finding_carries_counts() -> None:
    word = {"by": "C. Verdi", "reason": "it is known"}
    finding = event("finding", 2, step="s", code="bad-thing", subject=N, accepted=word)
    (read, accepted) = people_of([journals.started(), finding], ()).decisions
    assert (read.kind, accepted.about) == ("read", f"bad-thing {N}")


def test_one_reason_for_two_subjects_is_two_words() -> None:
    word = {"code": "bad-thing", "by": "C. Verdi", "reason": "it is known"}
    both = [
        event("accepted", n, step="s", subject=node, **word) for n, node in ((1, N), (2, SECOND))
    ]
    told = people_of([journals.started(), *both, *both], ()).decisions
    assert [one.about for one in told[1:]] == [f"bad-thing {N}", f"bad-thing {SECOND}"]


def test_who_was_told_by_which_command_and_what_came_of_it() -> None:
    new = event("notified", 1, occasion="stop", problem="exit code 3", program="/usr/bin/mail")
    old = event("notified", 2, occasion="end", problem="")
    told = people_of([journals.started(), new, old], ()).told
    assert [one.program for one in told] == ["/usr/bin/mail", OLDER]
    assert "exit code 3" in section(journals.started(), new)
    assert "Nobody by the runbook" in section(journals.started())


def test_signed_is_said_only_where_a_signature_is_on_record() -> None:
    names = ("sealed", "unsigned", "old", "killed", "last")
    begun = [{**journals.started(n), "run": name} for n, name in enumerate(names)]
    ends = [{**event("run-ended", 9), "run": name} for name in names[:3]]
    seals = [
        event("sealed", 40, files=3, list="x", key=key) | {"run": name}
        for name, key in (("sealed", KEY), ("unsigned", ""))
    ]
    assert [one.signed for one in people_of([*begun, *ends], seals).operators] == [
        *(KEY, "not signed", "no signature is on record here"),
        "not sealed: it did not write its end",
        "told by VERIFY.txt: signed, if at all, after this page is written",
    ]
    assert "manifest.json.sig" not in section(journals.started())


def signer(key: str = KEY, why: str = "") -> dict[str, Any]:
    return event("signer", 90, step="", key=key, why=why)


def test_what_is_to_sign_the_last_run_is_told_as_far_as_it_was_found() -> None:
    found = [people_of([journals.started(), one], ()).operators[0].signed for one in
             (signer(), signer("", "there is no ssh key"))]  # fmt: skip
    assert found == [KEY, "not signed: there is no ssh key"]


def test_of_an_earlier_run_the_key_is_told_that_was_found_when_its_seal_is_not_here() -> None:
    first = [
        {**one, "run": "first"} for one in (journals.started(), signer(), event("run-ended", 91))
    ]
    (told, _) = people_of([*first, journals.started()], ()).operators
    assert told.signed == f"no signature is on record here; {KEY} was found for it"


def test_a_key_that_logs_in_and_signs_as_well_is_told() -> None:
    approval = {"by": "b@example.test", "name": "B. Bianchi", "key": KEY, "plan": "f" * 64}
    approval |= {"given": "2026-11-01T00:00:00.000Z", "until": "2026-11-14T00:00:00.000Z"}
    approved = event("fact", 1, step="preflight.one", name="approvals", given=[approval])
    first = [{**one, "run": "first"} for one in (journals.started(), login(SECOND))]
    sealed = event("sealed", 40, files=3, list="x", key=KEY) | {"run": "first"}
    own = [journals.started(reached=reached()), login(), approved, signer()]
    (one,) = people_of([*first, *own], [sealed]).shared
    run = login()["run"]
    assert one.key == KEY
    assert one.signs == (
        *("the evidence of run first", f"the evidence of run {run}"),
        "the approval of B. Bianchi by b@example.test",
    )
    assert "The same key signs:" in section(*own)


def test_of_keys_that_differ_nothing_is_said() -> None:
    begun = journals.started(reached=reached())
    for events in ([login(), signer(OTHER_KEY)], [login(key=""), signer("", "none")], [login()]):
        assert people_of([begun, *events], ()).shared == ()
        assert "The same key signs" not in section(begun, *events)


def test_nobody_decided_is_said() -> None:
    text = section(journals.started(release_notes_read=None))
    assert "no approval, no acceptance" in text
