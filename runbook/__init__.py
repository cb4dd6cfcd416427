"""The upgrade of a NetEye cluster as steps that read like the vendor's guide.

    phases     what every upgrade does, in the order of the files' numbers
    cluster    what the phases share: checks, profiles, the guide's rows, weights of findings
    to_4_26    the version step: all that 4.25 -> 4.26 adds, swapped as a whole

`runbook_step` in pytest.ini names the version step. The procedure imports nothing of it.
"""
