"""The rehearsal cluster: a containerised NetEye-like cluster that the runbook upgrades.

Everything here starts with a bare Python 3.11 (standard library only). The entry points are
`python -m rehearsal` (see `rehearsal.cli`) and, for other Python code, `rehearsal.cluster`.
"""
