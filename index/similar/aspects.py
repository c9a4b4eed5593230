"""By what trials are compared: the whole or one aspect of them, and in what they have to differ.

An aspect weighs three quarters and the whole one, so that among the many trials of a same design or sponsor the ones
that are about the same come first.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from crawler.errors import UsageError
from index.errors import ValueUnknown
from index.similar.groups import GROUPS, NUMBER_OF_GROUP

WHOLE = "whole"
ASPECTS = {
    "condition": "conditions",
    "intervention": "interventions",
    "design": "design",
    "eligibility": "eligibility",
    "outcomes": "outcomes",
    "sponsor": "sponsor",
}  # → the group that tells
SHARE = 0.75


@dataclass(eq=False)
class AspectsContradict(UsageError):
    """What is to be like and unlike in the same."""

    aspect: str

    def __str__(self) -> str:
        return (
            f"trials can't be alike by {self.aspect} and unlike in {self.aspect}; name another aspect for one of both."
        )


@dataclass(frozen=True)
class Comparison:
    """By what trials are compared, in what they have to differ, whether what resembles a better hit stands back."""

    by: str = WHOLE
    unlike: str | None = None
    diverse: bool = False

    @classmethod
    def read(cls, by: str | None, unlike: str | None, *, diverse: bool) -> "Comparison":
        """Read what was typed, in any case; ValueUnknown or AspectsContradict where it can't be."""
        like = _aspect("by", by or WHOLE, (*ASPECTS, WHOLE))
        other = None if unlike is None else _aspect("unlike", unlike, tuple(ASPECTS))
        if like == other:
            raise AspectsContradict(like)
        return cls(like, other, diverse)

    @property
    def factors(self) -> NDArray[np.float64]:
        """What the groups of a query's vector are multiplied by."""
        return factors(self.by, self.unlike)


ALL_OF_IT = Comparison()


def _aspect(name: str, typed: str, allowed: tuple[str, ...]) -> str:
    folded = typed.strip().lower()
    if folded not in allowed:
        raise ValueUnknown(f"--{name}", typed, allowed)
    return folded


@cache
def factors(by: str, unlike: str | None = None) -> NDArray[np.float64]:
    """Factor of each group for the whole or an aspect, without what another aspect tells; KeyError for other words."""
    made = np.array([float(group.weight > 0) for group in GROUPS])
    if by != WHOLE:
        own = np.array([(group.name == ASPECTS[by]) / (group.weight or 1.0) for group in GROUPS])
        made = SHARE * own + (1 - SHARE) * made
    if unlike is not None:
        made[telling(unlike)] = 0.0
    return made


def telling(aspect: str) -> int:
    """Number of the group that tells of an aspect."""
    return NUMBER_OF_GROUP[ASPECTS[aspect]]
