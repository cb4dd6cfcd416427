"""The exceptions of the engine.

RunbookError
|- UsageError      the invocation or the inventory is wrong: exit code 4
|- ParseError      an answer does not have the form its source documents
|- Refused         the transport refuses a command by role: the run ends
|- Unanswered      a question got no answer within its deadline
|- NotWritten      a report or file could not be made
"""

from __future__ import annotations


class RunbookError(Exception):
    """Base of all errors that the runbook raises on purpose."""

    received: float | None = None
    """Of a question that was asked ahead: when it was known that no answer comes, in seconds since
    1970 by the controller's clock."""


class UsageError(RunbookError):
    """The invocation or the inventory is wrong; nothing was done."""


class NotWritten(RunbookError):
    """A file could not be made, or not be written; the text is one sentence for the console."""


class ParseError(RunbookError):
    """An answer does not have the form its source documents.

    `source` names the command or file, `where` the element and field.
    """

    def __init__(self, source: str, where: str, problem: str) -> None:
        super().__init__(f"{source}: {where}: {problem}")
        self.source = source
        self.where = where
        self.problem = problem


class Refused(RunbookError):
    """The transport refuses to run this command on this node (role firewall).

    `command` is what was recognised in it, `rule` why it must not run there.
    """

    def __init__(self, message: str, node: str = "", command: str = "", rule: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.command = command
        self.rule = rule


OUT_OF_REACH = "the node was out of reach at the first look, and is not waited for again"
ANOTHER_MACHINE = "another machine is there than the one that is meant, and is asked nothing"
NO_SOCKETS = "no way leads to its sockets, and it is asked nothing that needs one"
"""Why a question was not asked at all."""
NO_SOCKETS_BEFORE = "its sshd forwards to no socket, and is asked nothing that needs one"
"""The same in journals of a runbook that knew no other way to a socket."""


class Unanswered(RunbookError):
    """A question got no answer: unreachable node, deadline, or an exit code that is no answer.

    `said` is what the node said with such an exit code.
    """

    def __init__(self, node: str, question: str, why: str, said: str = "") -> None:
        super().__init__(f"{node} did not answer {question!r}: {why}")
        self.node = node
        self.question = question
        self.why = why
        self.said = said
