"""What a reader comes with is answered from README.md by links alone, in at most three clicks."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.layers.markdown import README, ROOT, links_of, prose_of, sections, target_of

CLICKS = 3


@dataclass(frozen=True)
class Question:
    """The links to follow, as the pages write them, and what stands in the last one's section."""

    asks: str
    clicks: tuple[str, ...]
    answer: tuple[str, ...]


QUESTIONS = (
    Question(
        "My upgrade is next Saturday. What do I do from Monday on, day by day?",
        ("docs/production.md",),
        ("| Monday |", "| Friday |", "| Saturday |", "| days later |"),
    ),
    Question(
        "We have no inventory yet. Who writes it, and how do I know later that it is still true?",
        ("docs/inventory.md#asked-of-the-cluster",),
        ("the four things of change management", "--check prod.ini", "`-J HOST`, `-p PORT`"),
    ),
    Question(
        "It stopped with exit code 12. What now?",
        ("docs/when-it-stops.md#code-12",),
        ("Run again", "look at the node"),
    ),
    Question(
        "Our nodes allow no direct root login. Does it work, and what do I set?",
        ("docs/inventory.md#no-direct-root-login",),
        ("works on all nodes", "ansible_become=yes", "NOPASSWD: ALL", "PermitRootLogin"),
    ),
    Question(
        "The cluster has no OCS and no GLPI. What is left out?",
        ("docs/production.md#what-is-supported", "asset-module.md#without-ocs-inventory-and-glpi"),
        ("is left out", "G05 to G08", "You need no setting"),
    ),
    Question(
        "We need two nights. How do I stop safely in between, and go on?",
        ("docs/production.md#several-nights",),
        ("between update and upgrade", "Ctrl-C once", "type the same command"),
    ),
    Question(
        "My laptop runs RHEL 9 and I am not root. Can I rehearse, can I run production from it?",
        ("docs/production.md#monday-the-controller",),
        ("need not be root", "RHEL 9.2", "Rehearsing is another matter"),
    ),
    Question(
        "The controller has no internet. What do I carry over, and how do I check it?",
        ("docs/production.md#a-controller-without-internet",),
        ("Carry over", "sha256sum -c SHA256SUMS"),
    ),
    Question(
        "Who approved it, and has anybody altered the evidence? What do I hand over?",
        ("docs/evidence.md#what-to-hand-over",),
        ("who approved it?", "has anybody altered it since?", "engine/verify.py"),
    ),
    Question(
        "A finding `resource-disabled@nagvis` blocks. What does it mean?",
        ("docs/findings.md", "#pacemaker-quorum-and-fencing"),
        ("| `resource-disabled` |", "pcs resource enable", "accept it"),
    ),
    Question(
        "A finding `resource-disabled@nagvis` blocks. How do I go on?",
        ("docs/findings.md", "when-it-stops.md#accepting-a-finding"),
        ("`CODE@SUBJECT=REASON`",),
    ),
    Question(
        "I want to write the runbook for 4.26 to 4.27. Where do I begin?",
        ("docs/next-version-step.md",),
        ("runbook/to_4_26", "rehearsal/to_4_26"),
    ),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.asks)
def test_the_answer_is_found_by_links_alone(question: Question) -> None:
    assert len(question.clicks) <= CLICKS
    page, anchor = README, ""
    for link in question.clicks:
        assert link in links_of(prose_of(page)), f"{page.relative_to(ROOT)} has no link {link}"
        page, anchor = target_of(page, link)
    text = sections(page)[anchor].text if anchor else prose_of(page)
    told = " ".join(text.split())
    assert [words for words in question.answer if words not in told] == []
