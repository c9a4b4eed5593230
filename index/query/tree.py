"""The small typed tree that every engine answers.

`Words` look in texts, `Recorded` in the records themselves; all others look at columns. A tree says what is asked,
nothing of how.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from index.schema import BASIC

Coverage: TypeAlias = Literal["Contains", "FullMatch", "StartsWith", "EndsWith"]


@dataclass(frozen=True)
class Words:
    """Terms in one search area; more than one is a phrase: side by side, in order, in one value of one field.

    `written` are the words that must stand just so, folded and not stemmed (EXPANSION[None]), empty where any form
    and any synonym will do; `coverage` how much of the value they make up. `said` is what was typed, for people.
    """

    terms: tuple[str, ...]
    area: str = BASIC
    written: tuple[str, ...] = ()
    coverage: Coverage = "Contains"
    said: str = field(default="", compare=False)

    @property
    def strict(self) -> bool:
        """Whether postings alone can't tell: records are tested."""
        return bool(self.written) or self.coverage != "Contains"


@dataclass(frozen=True)
class All:
    """Every part holds; with no parts it holds for every trial."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Any:
    """At least one part holds; with no parts it holds for none."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Either(Any):
    """Several ways to say one thing: it holds as Any does, and is scored by the best of its parts, not by their sum."""


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


@dataclass(frozen=True)
class Between:
    """A number, or an age in years, lies within, both ends included; None is open."""

    least: float | None
    most: float | None


@dataclass(frozen=True)
class Truth:
    """A field that is yes or no says so."""

    value: bool


Test: TypeAlias = Words | Days | Between | Truth


@dataclass(frozen=True)
class Recorded:
    """A field by its piece name, of which the index holds no column: some value in the record passes the test.

    Test None: the record has no value there.
    """

    piece: str
    test: Test | None


Node: TypeAlias = (
    Words | All | Any | Not | Value | Days | Enrollment | Age | Ids | Near | WithinSite | Missing | Recorded
)


Filters: TypeAlias = dict[str, Node]  # a filter flag's name → what it asks; a facet ignores the flag of its own key


def operands(node: Node) -> list[Node]:
    """What All, Any and Not join, in order; a site's own tree is one operand."""
    if isinstance(node, All | Any):
        return [operand for part in node.parts for operand in operands(part)]
    return operands(node.part) if isinstance(node, Not) else [node]


def record_tests(node: Node) -> list[Words | Recorded]:
    """Operands of a tree that are answered from the records themselves, each once, in order."""
    tests = (
        operand
        for operand in operands(node)
        if isinstance(operand, Recorded) or (isinstance(operand, Words) and operand.strict)
    )
    return list(dict.fromkeys(tests))


def plain(words: Words) -> Words:
    """The same words in any form and anywhere in a value: what postings tell of them."""
    return Words(words.terms, words.area) if words.strict else words


def positive_words(node: Node) -> list[Words]:
    """Words that a hit may hold (not those taken away), in order: what is scored and highlighted."""
    if isinstance(node, Words):
        return [node]
    if isinstance(node, All | Any):
        return [words for part in node.parts for words in positive_words(part)]
    return []


def scored(node: Node) -> list[Words | Either]:
    """What a hit's score is the sum of: positive words, of which those within an Either count as one."""
    if isinstance(node, Words | Either):
        return [node]
    if isinstance(node, All | Any):
        return [part for below in node.parts for part in scored(below)]
    return []
