"""A version step as small as one can be: a pair of versions, a row, an action, a file of phases."""

pytest_plugins = [
    "tests.next_step.to_4_27.release",
    "tests.next_step.to_4_27.actions",
]
