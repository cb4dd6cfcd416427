"""The table of ways to bend evidence: each that is found has a test that tries it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evidence.md"
TITLE = "## Ways that were tried to bend it"
HEAD = "| what is tried | what finds it |"

FOUND: dict[str, tuple[str, ...]] = {
    "a line of the journal altered, removed, moved, repeated, added": (
        "tests/evidence/test_verify.py::test_every_change_is_found_and_named",
    ),
    "any single byte of journal, manifest or signature": (
        "tests/evidence/test_verify.py::test_every_single_byte_counts",
    ),
    "events of a shape that no run writes": (
        "tests/evidence/test_verify.py::test_a_line_of_another_shape_is_told_and_no_traceback",
    ),
    "lines added behind the head that was shown": (
        "tests/evidence/test_verify.py::test_lines_behind_the_given_head_are_named",
    ),
    "the journal's end cut off": (
        "tests/evidence/test_verify.py::test_every_change_is_found_and_named",
        "tests/evidence/test_witnesses.py::test_a_journal_that_lacks_its_end_is_another_one",
    ),
    "the journal written anew, with a chain and a key of one's own": (
        "tests/evidence/test_verify.py::test_another_journal_with_a_chain_of_its_own_has_another_head",
        "tests/evidence/test_witnesses.py::test_a_journal_that_was_written_anew_is_another_one",
    ),
    "a file altered, removed, added, or a link in its place": (
        "tests/evidence/test_verify.py::test_every_change_is_found_and_named",
    ),
    "a file and its entry in the manifest": (
        "tests/evidence/test_verify.py::test_every_change_is_found_and_named",
    ),
    "an output, or a fetched backup, of a run that was killed": (
        "tests/evidence/test_verify.py::test_of_a_killed_run_the_outputs_are_held_to_their_citations",
        "tests/evidence/test_verify.py::test_of_a_killed_run_a_backup_is_held_to_the_sum_in_the_journal",
    ),
    "a page altered and called made anew": (
        "tests/evidence/test_verify.py::test_a_page_that_is_called_made_anew_is_not_proved_by_the_head",
    ),
    "the verifier in the directory altered": (
        "tests/evidence/test_verify.py::test_every_change_is_found_and_named",
        "tests/evidence/test_verify.py::test_the_directory_s_own_verifier_works_and_says_what_it_is_worth",
    ),
    "reports made anew over an altered journal": (
        "tests/evidence/test_made_anew.py::test_of_an_altered_journal_nothing_is_made",
        "tests/plugin/test_plugin_anew.py::test_a_journal_that_was_altered_is_refused_and_nothing_is_touched",
    ),
    "reports made anew so that one's own signature takes the operator's place": (
        "tests/evidence/test_made_anew.py::test_the_operator_s_manifest_and_signature_are_kept_and_never_replaced",
        "tests/evidence/test_made_anew.py::test_a_run_that_somebody_else_had_signed_is_not_valid_by_who_makes_its_reports",
    ),
    "a bad or removed signature replaced by a good one of `report`": (
        "tests/evidence/test_made_anew.py::test_a_signature_that_does_not_hold_is_not_replaced_by_one_that_does",
    ),
    "the operator's manifest and signature taken away, a colleague's put there": (
        "tests/evidence/test_verify.py::test_a_colleague_s_signature_does_not_make_up_for_the_operator_s",
    ),
    "a run without an end made valid by reports or a signature": (
        "tests/evidence/test_made_anew.py::test_a_run_without_an_end_is_never_valid",
    ),
    "lines behind the seal, the list of files taken away": (
        "tests/evidence/test_verify.py::test_a_line_behind_the_seal_is_no_run_without_an_end",
    ),
    "seal and list of files cut off, the end left as it is": (
        "tests/evidence/test_bent.py::test_a_seal_that_was_cut_off_is_no_run_that_did_not_end",
        "tests/evidence/test_bent.py::test_nor_with_a_list_that_was_made_to_fit",
    ),
    "a second end, or a step or a closing behind the end": (
        "tests/evidence/test_bent.py::test_nothing_of_a_step_comes_behind_the_end",
    ),
    "a journal, or lines, put into `earlier/` of a run that was killed": (
        "tests/evidence/test_bent.py::test_a_journal_that_the_run_had_not_read_is_refused",
        "tests/evidence/test_bent.py::test_lines_behind_those_that_the_run_had_read_are_refused",
    ),
    "files put into the directory of a run that was killed": (
        "tests/evidence/test_bent.py::test_a_file_of_which_no_line_tells_is_told",
    ),
    "an output removed that the run itself calls missing": (
        "tests/evidence/test_bent.py::test_the_run_itself_does_not_excuse_that_its_output_is_gone",
    ),
    "a path as name of a run or a file, a generation that is no count": (
        "tests/evidence/test_bent.py::test_a_run_s_name_is_no_path",
        "tests/evidence/test_bent.py::test_a_generation_is_a_count",
        "tests/evidence/test_bent.py::test_a_file_that_is_called_fetched_has_a_place_and_a_sum",
    ),
    "one of the kept manifests left out when reports are made anew": (
        "tests/evidence/test_bent.py::test_a_kept_manifest_between_two_is_missed",
    ),
    "a page removed, or one added that the run had not, and called made anew": (
        "tests/evidence/test_bent.py::test_a_page_that_the_run_had_not_left_or_that_is_gone_is_told",
    ),
    "a listed or cited file made huge": (
        "tests/evidence/test_bent.py::test_a_listed_file_that_has_grown_is_not_read",
        "tests/evidence/test_bent.py::test_nor_is_one_that_a_line_cites",
    ),
    "a list of machines emptied before a follow-up, or a run altered before it is read": (
        "tests/plugin/test_plugin_follow_up.py::test_what_can_not_be_followed_up_is_one_sentence_before_anything_is_asked",
    ),
    "the journal of an earlier run altered": (
        "tests/evidence/test_verify.py::test_an_earlier_journal_is_the_one_that_the_run_had_read",
    ),
    "the journal of an earlier run taken out of `earlier/`": (
        "tests/evidence/test_verify.py::test_an_earlier_journal_that_the_run_had_read_is_there",
        "tests/plugin/test_plugin_missing_runs.py::test_a_journal_taken_out_of_earlier_is_missed_by_every_later_verdict",
    ),
    "journals on N altered or cut between two runs": (
        "tests/plugin/test_plugin_takeover.py::test_altered_journals_on_n_are_refused",
    ),
    "a run's journal removed on N": (
        "tests/plugin/test_plugin_missing_runs.py::test_a_journal_that_was_taken_away_is_refused",
    ),
    "a run that nobody noted": (
        "tests/plugin/test_plugin_missing_runs.py::test_one_that_nobody_noted_blocks_until_it_is_accepted_and_is_not_proved",
    ),
    "a finding left out, and its step told as skipped or as done without a beginning": (
        "tests/rejudge/test_judging.py::test_a_record_that_contradicts_itself_is_a_difference",
    ),
    "what a run lacks passed over by those that read it: runs, files of nobody": (
        "tests/plugin/test_plugin_lacking.py::test_it_is_told",
    ),
    "a clock set back within a run or between runs": (
        "tests/evidence/test_clock.py::test_verify_tells_it_and_calls_nothing_altered",
        "tests/evidence/test_clock.py::test_a_run_that_begins_before_the_run_before_it_ended_is_told",
    ),
    "another machine under a node's name": (
        "tests/evidence/test_machines.py::test_another_machine_id_under_the_same_name_is_told",
        "tests/evidence/test_machines.py::test_another_host_key_under_the_same_name_is_told",
    ),
    "a time stamp of another text, of another authority, or altered": (
        "tests/evidence/test_timestamp.py::test_one_of_something_else_does_not_count",
        "tests/evidence/test_timestamp.py::test_one_of_somebody_else_does_not_count",
        "tests/evidence/test_timestamp.py::test_a_stamp_that_was_altered_or_is_gone",
    ),
    "another time told of a time stamp, or lines written long before or after it": (
        "tests/evidence/test_timestamp.py::test_a_stamp_is_of_the_time_that_the_journal_tells",
        "tests/evidence/test_timestamp.py::test_a_stamp_far_from_its_line_s_time_is_told",
    ),
    "a run left out that a node's system journal knows": (
        "tests/evidence/test_witnesses.py::test_a_run_of_the_attempt_that_only_a_node_knows_is_told",
    ),
    "an approval altered, or signed by a stranger or for something else": (
        "tests/evidence/test_approvals.py::test_whatever_is_altered_it_counts_no_more",
        "tests/evidence/test_approvals.py::test_a_stranger_s_key_counts_for_nothing",
        "tests/evidence/test_approvals.py::test_a_signature_of_evidence_approves_nothing",
    ),
    "one's own change approved with another key of one's own": (
        "tests/plugin/test_plugin_approvals.py::test_one_by_another_key_of_the_operators_own_is_none",
        "tests/evidence/test_approvals_verified.py::test_a_key_that_a_node_had_accepted_approves_nothing",
    ),
    "an approval used for a second attempt": (
        "tests/plugin/test_plugin_approvals.py::test_an_approval_of_a_closed_attempt_counts_for_no_other",
    ),
    "an approval told twice, or by a key that logged in or signed later": (
        "tests/evidence/test_approvals_verified.py::test_one_that_counted_twice_is_told",
        "tests/evidence/test_approvals_verified.py::test_what_came_after_it_counted_alters_nothing",
    ),
    "the file of approvers replaced afterwards": (
        "tests/evidence/test_approvals_verified.py::test_by_approvers_that_were_put_there_it_holds_no_more",
    ),
    "approvals or a setting that the run's record tells wrongly": (
        "tests/evidence/test_approvals_verified.py::test_what_the_run_itself_could_have_told_wrongly_is_found",
    ),
    "a runbook changed after the approval, or between runs": (
        "tests/plugin/test_plugin_takeover.py::test_another_runbook_blocks_until_it_is_accepted",
        "tests/evidence/test_as_approved.py::test_what_went_another_way_is_in_red_on_the_first_screen",
    ),
    "a rehearsal's statement altered, unsigned, by a stranger, of containers, or of this cluster": (
        "tests/evidence/test_statement.py::test_an_altered_one_is_none",
        "tests/judge/test_policy_statement.py::test_unsigned_and_signed_by_a_stranger_are_two_things",
        "tests/judge/test_policy_statement.py::test_how_it_was_made_is_held_against_it",
    ),
    "a plugin that makes passes of failures": (
        "tests/plugin/test_plugin_liars.py::test_a_run_ends_as_it_would_without_it",
    ),
    "a plugin that is not pinned, by package, `-p`, variable or another conftest.py": (
        "tests/judge/test_policy_ran_with.py::test_what_is_foreign_is_one_finding_with_the_way_out",
        "tests/engine/test_compiled_run.py::test_what_is_foreign_is_a_finding_each_and_its_end_is_the_way_out",
    ),
    "`sitecustomize`, a `.pth` file, a further place to import from": (
        "tests/engine/test_startup.py::test_a_pth_file_that_nobody_lists_is_nobody_s",
        "tests/judge/test_policy_ran_with.py::test_what_is_foreign_is_one_finding_with_the_way_out",
    ),
    "conftest.py, pytest.ini or requirements.txt edited, another configuration in their place": (
        "tests/engine/test_compiled_run.py::test_what_is_foreign_is_a_finding_each_and_its_end_is_the_way_out",
    ),
    "a step, a template or data edited": (
        "tests/engine/test_plan_material.py::test_another_text_has_another_hash",
    ),
    "a compiled module of another text": (
        "tests/engine/test_compiled_run.py::test_what_is_foreign_is_a_finding_each_and_its_end_is_the_way_out",
    ),
    "text of nodes that steers a terminal, a browser or a spreadsheet": (
        "tests/evidence/test_verify.py::test_a_name_does_not_steer_the_terminal",
    ),
    "pipes, huge files, JSON of a thousand levels in place of evidence or approvals": (
        "tests/evidence/test_careless_input.py::test_a_pipe_in_a_run_s_directory_is_told",
        "tests/evidence/test_careless_input.py::test_a_manifest_that_is_nested_deeply_is_not_valid",
    ),
}
"""What is tried -> the tests that try it."""
NOT_FOUND: dict[str, tuple[str, ...]] = {
    "journal, seal and signature made anew by the one whose signature counts": (
        "tests/evidence/test_verify.py::test_who_signs_can_write_it_anew_and_the_head_tells",
    ),
    "a run removed with everything: here, on N, and by somebody who ran no other": (
        "tests/plugin/test_plugin_witness.py::test_three_heads_are_given_to_every_node_and_are_those_of_the_journal",
    ),
    "a witness line removed by root of that node": (),
    "a clock that was wrong all the time": (
        "tests/evidence/test_clock.py::test_the_page_tells_it_and_says_nothing_of_a_good_clock",
    ),
    "a key of another person that the operator has elsewhere, or two people who agree": (),
    "Python, a package's own files, or what compares, changed on the run's machine": (),
}
"""What nobody can find there -> the tests that show where it ends, or what finds it elsewhere."""


def tables() -> list[list[str]]:
    """The first column of the section's two tables."""
    section = PAGE.read_text().partition(TITLE)[2].partition("\n## ")[0]
    parts = section.split(HEAD)[1:]
    return [
        [line.split("|")[1].strip() for line in part.splitlines()[2:] if line.startswith("|")]
        for part in parts
    ]


def test_the_page_has_each_way_and_no_other() -> None:
    assert tables() == [list(FOUND), list(NOT_FOUND)]


def test_they_are_many() -> None:
    assert len(FOUND) >= 30


@cache
def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", sorted({n for each in FOUND.values() for n in each}))
def test_each_test_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert test in functions_of(path)


@pytest.mark.parametrize("name", sorted({n for each in NOT_FOUND.values() for n in each}))
def test_so_is_each_that_shows_a_limit(name: str) -> None:
    path, _, test = name.partition("::")
    assert test in functions_of(path)


def test_each_way_that_is_found_has_one() -> None:
    assert [what for what, tests in FOUND.items() if not tests] == []
