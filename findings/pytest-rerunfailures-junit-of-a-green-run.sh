#!/usr/bin/env bash
# A run that ends green by reruns has failures in its JUnit file, and a test whose clean-up is tried again passes often.
#
# pytest 9.2.0, pytest-rerunfailures 16.7, Python 3.11.
# Expected: what is tried again and passes is one passed test, on the console ("1 passed, 1 rerun") as in the JUnit
#   file, where the exit status is 0 and failures is "0".
# Seen: one file with three tests, each of which passes at the second try: 0, "4 passed, 3 rerun".
#     a plain test                JUnit has a <testcase> for each try, all passed
#     a subtest failed at first   JUnit has failures="1" and a <failure>: a red suite of a green run
#     the teardown failed first   "PASSED" on the console for each try, so that three tests are four
# A server that reads JUnit files shows a failure where pytest saw none, and counts more tests than there are. Who
# compares runs by `tests` compares how often something was tried.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pytest==9.2.0' 'pytest-rerunfailures==16.7'

cat > test_again.py <<'P'
import pytest

tried = {"plain": 0, "subtest": 0, "teardown": 0}


def again(name):
    tried[name] += 1
    assert tried[name] > 1


@pytest.fixture
def clean_up():
    yield
    again("teardown")


def test_plain():
    again("plain")


def test_subtest(subtests):
    with subtests.test("first"):
        again("subtest")


def test_teardown(clean_up):
    pass
P
cat > count.py <<'P'
from xml.etree import ElementTree

suite = ElementTree.parse("junit.xml").getroot()[0]
print("JUnit:", *(f"{name} {suite.get(name)}" for name in ("tests", "failures", "errors", "skipped")))
for case in suite.iter("testcase"):
    print("JUnit:", case.get("name"), *(child.tag for child in case))
P
venv/bin/pytest --version
{
  status=0
  venv/bin/pytest -rA -p no:cacheprovider --tb=no --no-header --reruns=1 --junitxml=junit.xml test_again.py > answer ||
    status=$?
  sed -n '/^PASSED/p; s/^=* \(.* rerun\) in .*/\1/p' answer
  echo "pytest ends with $status"
  venv/bin/python count.py
} | tee seen
diff seen - <<'SEEN'
PASSED test_again.py::test_plain
PASSED test_again.py::test_subtest
PASSED test_again.py::test_teardown
PASSED test_again.py::test_teardown
4 passed, 3 rerun
pytest ends with 0
JUnit: tests 6 failures 1 errors 0 skipped 0
JUnit: test_plain
JUnit: test_plain
JUnit: test_subtest failure
JUnit: test_subtest
JUnit: test_teardown
JUnit: test_teardown
SEEN
