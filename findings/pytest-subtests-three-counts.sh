#!/usr/bin/env bash
# Of one run with subtests the console, the JUnit file and pytest-html tell three numbers of tests, and of failures.
#
# pytest 9.2.0, pytest-html 4.2.0, Python 3.11.
# Expected: the three tell the same, or the JUnit file's `tests` is at least the number of its <testcase>.
# Seen: of two tests, of which one has three subtests with one failure,
#     console        2 failed, 1 passed, 2 subtests passed
#     JUnit          tests="5" failures="2", with two <testcase>; the failures are two <failure> of one of them
#     pytest-html    "3 tests took", 1 Failed, 2 Passed: the failed test is there as passed and as failed
# A record of a run is compared by these numbers. Who counts <testcase>, or reads `tests`, or the page, reports
# different results of one run, and a search for "Passed" finds a test that failed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pytest==9.2.0' 'pytest-html==4.2.0'

cat > test_nodes.py <<'P'
def test_nodes(subtests):
    for node in ("one", "two", "three"):
        with subtests.test(node=node):
            assert node != "two"


def test_other():
    pass
P
cat > count.py <<'P'
import html
import json
import re
from xml.etree import ElementTree

suite = ElementTree.parse("junit.xml").getroot()[0]
cases = [(case.get("name"), len(case.findall("failure"))) for case in suite.iter("testcase")]
print("JUnit: tests", suite.get("tests"), "failures", suite.get("failures"), "testcases", cases)
page = open("report.html").read()
tests = json.loads(html.unescape(re.search(r'data-jsonblob="([^"]*)"', page)[1]))["tests"]
print("html:", *re.findall(r"\d+ tests? took|\d+ (?:Failed|Passed)\b", page))
for name, rows in tests.items():
    print("html:", name.partition("::")[2], [row["result"] for row in rows])
P
venv/bin/pytest --version
{
  venv/bin/pytest -q -p no:cacheprovider --tb=no --no-header --junitxml=junit.xml --html=report.html \
    --self-contained-html test_nodes.py > answer || true
  sed -n 's/ in [0-9.]*s$//p' answer
  venv/bin/python count.py
} | tee seen
diff seen - <<'SEEN'
2 failed, 1 passed, 2 subtests passed
JUnit: tests 5 failures 2 testcases [('test_nodes', 2), ('test_other', 0)]
html: 3 tests took 1 Failed 2 Passed
html: test_nodes ['Passed', 'Failed']
html: test_other ['Passed']
SEEN
