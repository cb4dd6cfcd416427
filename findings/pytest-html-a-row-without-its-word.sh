#!/usr/bin/env bash
# pytest-html shows no row at all when a hook takes the Result column, or only the word "sortable" from its head.
#
# pytest-html 4.2.0, pytest 9.2.0.
# Expected: pytest_html_results_table_header and _row decide what the table shows, as their documentation says:
#   other columns, other heads; a test without a Result cell is a row without one.
# Seen: the page's script is fed by those cells. Of each cell whose head has the class "sortable", its text becomes a
#   field called as the cell's class says (col-NAME). Without `result` the script fails at the first test, where it
#   asks result.toLowerCase(), and the table stays empty: no row, no message; pytest ends with 0, and the JSON blob
#   in the page has all tests. A word that is not pytest's own is there, but filtered away ("Check the filters").
# Whoever wants another first column has to keep cell and head, and may hide both:
#     <th class="sortable" data-column-type="result" hidden>   <td class="col-result" hidden>Passed</td>
# A report has to be looked at in a browser: neither exit status nor size tell that it is empty.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest-html==4.2.0 pytest==9.2.0

cat > conftest.py <<'PY'
import os

KIND = os.environ["KIND"]
HEADS = {
    "all": '<th class="sortable" data-column-type="result">Result</th>',
    "plain head": '<th data-column-type="result">Result</th>',
    "no result": "",
    "hidden": '<th class="sortable" data-column-type="result" hidden>Result</th>',
}


def pytest_html_results_table_header(cells):
    cells[:] = [head for head in (HEADS[KIND], *cells[1:3]) if head]


def pytest_html_results_table_row(report, cells):
    result = cells[0].replace(">", " hidden>", 1) if KIND == "hidden" else cells[0]
    cells[:] = cells[1:3] if KIND == "no result" else [result, *cells[1:3]]
PY
echo 'def test_one(): pass' > test_one.py
cat > fields.py <<'PY'
import html, json, re, sys

text = open("report.html", encoding="utf-8").read()
blob = json.loads(html.unescape(re.search(r'data-jsonblob="(.*?)"', text, re.S)[1]))
(tests,) = blob["tests"].values()
print(", ".join(sorted(set(tests[0]) - {"extras", "log", "resultsTableRow", "tableHtml"})))
PY

{
  for kind in all "plain head" "no result" hidden; do
    status=0
    KIND=$kind venv/bin/python -m pytest -q -p no:cacheprovider --html=report.html --self-contained-html \
      test_one.py > said 2>&1 || status=$?
    echo "$kind: exit status $status, the script gets $(venv/bin/python fields.py)"
  done
  grep -o 'result\.toLowerCase()' report.html | sort -u
} | tee seen
diff seen - <<'SEEN'
all: exit status 0, the script gets duration, result, testId
plain head: exit status 0, the script gets duration, testId
no result: exit status 0, the script gets duration, testId
hidden: exit status 0, the script gets duration, result, testId
result.toLowerCase()
SEEN
