"""How a query was read, in people's words: a tree of sentences, for `search --explain-query`."""

from collections.abc import Iterator, Mapping

import msgspec

from index import schema
from index.query.tree import (
    Age,
    All,
    Any,
    Between,
    Days,
    Enrollment,
    Ids,
    Missing,
    Near,
    Node,
    Not,
    Recorded,
    Truth,
    Value,
    WithinSite,
    Words,
)
from serve.labels import name_label

_AREAS = {
    schema.BASIC: "any text",
    schema.CONDITION: "conditions",
    schema.INTERVENTION: "interventions",
    schema.TITLE: "titles",
    schema.OUTCOME: "outcomes",
    schema.SPONSOR: "sponsors",
    schema.LOCATION: "places",
    schema.ID: "ids",
    schema.ELIGIBILITY: "eligibility criteria",
}
_COVERAGES = {
    "FullMatch": ", being the whole of a value,",
    "StartsWith": ", beginning a value,",
    "EndsWith": ", ending a value,",
}
_SHOWN_IDS = 5


class Understood(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is asked; `filter` is the flag that asked it."""

    meaning: str
    parts: list["Understood"] = []
    filter: str | None = None


class Explanation(msgspec.Struct, frozen=True):
    """A query and how it was read."""

    query: str | None
    understood: Understood


def explanation(text: str | None, node: Node | None, filters: Mapping[str, Node]) -> Explanation:
    """Tell how a query and its filters were read."""
    asked = [] if node is None else [understood(node)]
    asked += [
        msgspec.structs.replace(understood(part), filter=f"--{name.replace('_', '-')}")
        for name, part in filters.items()
    ]
    if not asked:
        return Explanation(text, Understood("every trial"))
    return Explanation(text, asked[0] if len(asked) == 1 else Understood("all of these", asked))


def understood(node: Node) -> Understood:
    """Tell how a tree was read."""
    if isinstance(node, All):
        return Understood("all of these", [understood(part) for part in node.parts])
    if isinstance(node, Any):
        return Understood("any of these", [understood(part) for part in node.parts])
    if isinstance(node, Not):
        return Understood("not", [understood(node.part)])
    if isinstance(node, WithinSite):
        return Understood("within one location", [understood(node.part)])
    if isinstance(node, Words):
        return Understood(_words(node))
    return Understood(_recorded(node) if isinstance(node, Recorded) else _column(node))


def lines(told: Understood, depth: int = 0) -> Iterator[str]:
    """Write the tree with indents."""
    flag = f"{told.filter}: " if told.filter else ""
    yield f"{'  ' * depth}{flag}{told.meaning}{':' if told.parts else ''}"
    for part in told.parts:
        yield from lines(part, depth + 1)


def _words(node: Words) -> str:
    what = "the word" if len(node.terms) == 1 else "the phrase"
    form = " exactly as written" if node.written else ""
    covering = _COVERAGES.get(node.coverage, "")
    return f"{what} “{node.said or ' '.join(node.terms)}”{form}{covering} in {_AREAS.get(node.area, node.area)}"


def _recorded(node: Recorded) -> str:
    test = node.test
    if test is None:
        return f"{node.piece} has no value"
    if isinstance(test, Truth):
        return f"{node.piece} is {'true' if test.value else 'false'}"
    if isinstance(test, Days):
        return f"{node.piece} {_span(_day(test.begin), _day(test.end))}"
    if isinstance(test, Between):
        unit = " years" if node.piece.endswith("Age") or node.piece == "TargetDuration" else ""
        return f"{node.piece} {_span(_number(test.least), _number(test.most))}{unit}"
    if test.written and test.coverage == "FullMatch":
        return f"{node.piece} is “{test.said}”"
    return _words(test)


def _column(node: Value | Days | Enrollment | Age | Ids | Near | Missing) -> str:
    if isinstance(node, Value):
        return f"{name_label(node.key)} is {' or '.join(node.values)}"
    if isinstance(node, Days):
        return f"{name_label(node.key)} {_span(_day(node.begin), _day(node.end))}"
    if isinstance(node, Enrollment):
        return f"{name_label('enrollment')} {_span(_number(node.least), _number(node.most))}"
    if isinstance(node, Age):
        return f"takes somebody of {node.years:g} years"
    if isinstance(node, Ids):
        listed = sorted(node.nct_ids)
        more = f" and {len(listed) - _SHOWN_IDS} more" if len(listed) > _SHOWN_IDS else ""
        return f"one of {len(listed)} NCT ids: {', '.join(listed[:_SHOWN_IDS])}{more}"
    if isinstance(node, Near):
        return f"a site within {node.kilometres:g} km of {node.latitude:g}, {node.longitude:g}"
    return f"{name_label(node.key)} has no value"


def _span(begin: str | None, end: str | None) -> str:
    if begin is None:
        return "has a value" if end is None else f"up to {end}"
    if end is None:
        return f"from {begin}"
    return f"is {begin}" if begin == end else f"from {begin} to {end}"


def _day(number: int | None) -> str | None:
    return None if number is None else f"{number // 10000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}" if value < 1e6 else f"{value:.0f}"  # noqa: PLR2004 - 1e+06 is unread
