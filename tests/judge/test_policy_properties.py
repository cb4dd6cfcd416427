"""Laws: whatever is broken together, the profiles answer, and answer completely."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.judge.sameness import same_text
from tests.judge import builders as b
from tests.judge.test_policy_normal import FAULTS, PROFILES


@settings(max_examples=80, deadline=None)
@given(
    profile=st.sampled_from(sorted(PROFILES)),
    names=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6, unique=True),
)
def test_any_faults_together_are_told_and_never_raise(profile: str, names: list[str]) -> None:
    judge, state = PROFILES[profile]
    seen = b.observed(**state)
    # what was not observed can't be broken any more: taken away last
    for name in sorted(names, key=lambda name: name.endswith("not observed")):
        seen = FAULTS[name][2](seen)
    findings = judge(seen, b.expected())
    b.assert_told_well(findings)
    assert len(findings) == len(set(findings))
    if any(profile in FAULTS[name][0] for name in names) and len(names) == 1:
        assert findings


@given(st.dictionaries(st.sampled_from("abcdef"), st.text(max_size=40), max_size=6))
def test_same_text_is_silent_if_and_only_if_all_are_equal(texts: dict[str, str]) -> None:
    findings = same_text("file", texts, "files-differ", "a file")
    assert (findings == ()) == (len(set(texts.values())) < 2)
    assert len(findings) == max(0, len(set(texts.values())) - 1)
    b.assert_told_well(findings)
