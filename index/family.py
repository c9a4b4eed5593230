"""Pure: a trial and the links between trials → its family: what is reached over them in either direction, bounded."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from crawler.links import RANK

LOOSE_STEPS = 1  # loose links on the way to a relative, at most: two in a row lead anywhere


class Bond(msgspec.Struct, frozen=True, order=True, rename={"from_": "from"}):
    """A link between two trials: `from` names `to`, or both have something in common; `kind` as in `crawler.links`."""

    from_: str
    to: str
    kind: str
    evidence: str


@dataclass(frozen=True)
class Tie:
    """A link as one of its trials has it: to which other. `loose` ones are not followed one after the other."""

    other: str
    bond: Bond
    loose: bool = False


Ties: TypeAlias = Callable[[str], Iterable[Tie]]


@dataclass(frozen=True)
class Relative:
    """A trial of a family: how many links away, and the trial that first led to it (None for the trial asked for)."""

    nct_id: str
    distance: int
    through: str | None


@dataclass(frozen=True)
class Family:
    """Relatives, nearest first, the trial itself among them; every link between two of them; how many were left out."""

    relatives: list[Relative]
    bonds: list[Bond]
    left: int


def family(nct_id: str, ties: Ties, limit: int) -> Family:
    """Follow links from a trial until there are no more, or `limit` trials; in either direction it is the same family.

    What is left out are the trials that the relatives lead to and the limit has no room for.
    """
    held: dict[str, list[Tie]] = {}
    relatives = {nct_id: Relative(nct_id, 0, None)}
    least = {nct_id: 0}  # loose links on the way that has fewest
    left: set[str] = set()
    waiting = deque([nct_id])
    while waiting:
        one = waiting.popleft()
        for tie in held.setdefault(one, sorted(ties(one), key=_order)):
            loose = least[one] + tie.loose
            if loose > LOOSE_STEPS or loose >= least.get(tie.other, LOOSE_STEPS + 1):
                continue
            if tie.other not in relatives and len(relatives) >= limit:
                left.add(tie.other)
                continue
            relatives.setdefault(tie.other, Relative(tie.other, relatives[one].distance + 1, one))
            least[tie.other] = loose
            waiting.append(tie.other)
    bonds = {tie.bond for one in relatives for tie in held[one] if tie.other in relatives}
    ordered = sorted(bonds, key=lambda bond: (RANK[bond.kind], bond))
    return Family(sorted(relatives.values(), key=lambda one: one.distance), ordered, len(left))


def _order(tie: Tie) -> tuple[int, str, Bond]:
    return RANK[tie.bond.kind], tie.other, tie.bond
