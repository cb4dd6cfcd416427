"""What is found of a cluster: its nodes, the ways to them, and what was tried in vain."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.answer import LostKind
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.identity import Identity
from engine.model.inventory import Environment, Host
from engine.model.login import Login
from engine.model.membership import Membership


@dataclass(frozen=True)
class Reached:
    """A machine that answered by a way."""

    host: Host
    seen: Identity
    membership: Membership
    login: Login | None = None
    """As the ssh client told it; None when it told nothing."""

    @property
    def why_not_enough(self) -> str:
        """Why this login does not suffice; empty when it does."""
        who = self.membership
        if who.is_root:
            return ""
        return f"it answers as user {who.user or 'unknown'} (uid {who.uid}), expected root"


@dataclass(frozen=True)
class Try:
    """A way that did not lead to the node."""

    host: Host
    why: str
    kind: LostKind | None = None
    """None: something answered that is not the node, or not as root."""


@dataclass(frozen=True)
class FoundNode:
    """A node of the cluster and the way to it; one that was not reached has none that is known."""

    node: DefinedNode
    host: Host
    """As the inventory has it; of a node that was not reached, the way that led farthest."""
    reached: Reached | None = None
    tries: tuple[Try, ...] = ()
    from_within: str = ""
    """What another node's own login there gave, in words; empty: not asked."""


@dataclass(frozen=True)
class Found:
    """A cluster as it is to be written down, in the order of the inventory."""

    definition: ClusterDefinition
    nodes: tuple[FoundNode, ...]
    environment: Environment
    remarks: tuple[str, ...] = ()
    """What does not fit together on the cluster itself."""

    @property
    def unreached(self) -> tuple[FoundNode, ...]:
        return tuple(one for one in self.nodes if one.reached is None)
