"""The small typed tree that every engine answers.

`Words` look in texts; all others look at columns. A tree says what is asked, nothing of how.
"""

from dataclasses import dataclass
from typing import TypeAlias

from index.schema import BASIC


@dataclass(frozen=True)
class Words:
    """Terms in one search area; more than one is a phrase: side by side, in order, in one value of one field."""

    terms: tuple[str, ...]
    area: str = BASIC


@dataclass(frozen=True)
class All:
    """Every part holds; with no parts it holds for every trial."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Any:
    """At least one part holds; with no parts it holds for none."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Not:
    """The part doesn't hold."""

    part: "Node"


@dataclass(frozen=True)
class Value:
    """The trial has one of the values under a facet or filter key."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Days:
    """A date (its first day, where it is partial) lies within, both ends included; None is open, no date is out."""

    key: str
    begin: int | None
    end: int | None


@dataclass(frozen=True)
class Enrollment:
    """The number of participants lies within, both ends included; a trial that names none is out."""

    least: int | None
    most: int | None


@dataclass(frozen=True)
class Age:
    """The trial takes somebody of this age in years."""

    years: float


@dataclass(frozen=True)
class Ids:
    """The trial is one of these."""

    nct_ids: frozenset[str]


@dataclass(frozen=True)
class Near:
    """The trial has a site within a distance of a point (degrees)."""

    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True)
class WithinSite:
    """The part holds within one of the trial's sites. In it stand only Words, Value, All, Any, Not."""

    part: "Node"


@dataclass(frozen=True)
class Missing:
    """The trial has no value under a facet, filter or date key."""

    key: str


Node: TypeAlias = Words | All | Any | Not | Value | Days | Enrollment | Age | Ids | Near | WithinSite | Missing


def positive_words(node: Node) -> list[Words]:
    """Words that a hit may hold (not those taken away), in order: what is scored and highlighted."""
    if isinstance(node, Words):
        return [node]
    if isinstance(node, All | Any):
        return [words for part in node.parts for words in positive_words(part)]
    return []
