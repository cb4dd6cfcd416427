"""The rehearsal cluster: a containerised NetEye-like cluster that the runbook upgrades.

    render      topology and settings -> the files of the nodes
    packages    the rpms and their repositories
    standins    what can't be had: NetEye's own commands, DRBD, Elasticsearch
    image       the node image that all nodes are made from
    inside      programs that run in a container of that image
    to_4_26     the version step: its packages, data and scenarios

Everything here starts with a bare Python 3.11 (standard library only). The entry points are
`python -m rehearsal` (see `rehearsal.cli`) and, for other Python code, `rehearsal.cluster`, what is
on record of a cluster (`rehearsal.known`) and a node's power (`rehearsal.power`).
"""
