"""The engine: it knows clusters and runs; it knows no version and no module of the product.

A folder for each verb. Each may import those above it in this list (tests/layers holds it):

    model      values: they know nothing of text, nodes or pytest
    parse      what a command or a file says -> a value
    judge      values -> findings
    transport  the only door to nodes
    queries    questions: an argument list, a parser, a deadline
    record     what a run writes down while it lasts: journal, outputs, rows
    attempt    what lies on N from run to run: records, lock, baseline
    prove      what makes the evidence hold: seal, signature, approvals
    ask        asks the nodes; each answer goes on record
    act        changes the nodes: intent, command, result
    probing    asks the services once a second meanwhile
    plan       tells what a run would do, and does nothing
    report     what a run leaves to be read, made from its journal
    watching   shows a run while it works, from its journal alone
    support    packs the bundle for the vendor's support
    discovery  finds a cluster by one of its nodes, for the inventory
    snapshot   what a twin of the cluster is made of, without a name
    run        one run, from pytest's first event to its last line
    card       a page to print: the week, the night, what to do when it stops
    rejudge    judges a recorded run again on its own answers
    cli        `python -m engine`: work on evidence, and the inventory

`errors`, `secrets`, `waiting` and `atomic` serve all of them; `verify` runs alone. The runbook uses
the engine, never the other way round.
"""
