"""A twin of a cluster: a snapshot, made by the runbook, becomes a rehearsal cluster.

A snapshot has a part that any cluster has, which is read here, and one of the version step, which
the step reads (`rehearsal.step.Step.twin`). It comes from outside, so nothing of it is believed:
each key is known, each text is of the form that it has to have, and none of it is ever a command.
"""
