"""A search as a URL writes it: the same names as on the command line, read into a request, written into links.

Blank values say nothing (a form sends them); a name that is no filter is a mistake, for what it was to leave out
would stand in the answer unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from crawler.errors import UsageError
from crawler.ids import nct_id
from index.errors import RangeMalformed, ValueUnknown, nearest
from index.query.filters import DATE_FLAGS, TEXT_FLAGS, VALUE_FLAGS, filters
from index.query.parse import parse
from index.query.tree import Filters
from index.query.values import listed_value
from index.schema import FILTERED, SORT_KEYS
from index.search import SearchRequest
from index.similar.aspects import Comparison

MOST_HITS = 1000  # in one answer
FILTER_NAMES = (*TEXT_FLAGS, *VALUE_FLAGS, "accepts", "age", *DATE_FLAGS, "enrollment", "near", "results", "ids")
_OTHER_NAMES = ("q", "sort", "offset", "limit", "facets", "why", "by", "unlike", "diverse", "synonyms")
_DIRECTIONS = ("", "asc", "desc")
_TRUTH = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
_DIGITS = 9  # of the largest number that can mean anything here


@dataclass(eq=False)
class ParameterUnknown(UsageError):
    """A name in a URL that says nothing here."""

    name: str

    def __str__(self) -> str:
        known = tuple(name.replace("_", "-") for name in (*FILTER_NAMES, *_OTHER_NAMES))
        near = nearest(self.name, known)
        hint = f"; did you mean {near}?" if near else "."
        return f"{self.name!r} in the address is no filter{hint} One of: {', '.join(known)}."


@dataclass(frozen=True)
class Question:
    """What a URL asks: (name, value) in order. Reading one never fails; asking what it means may."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, parameters: Iterable[tuple[str, str]]) -> Self:
        """Take a URL's parameters; `sponsor-class` and `sponsor_class` are one name."""
        named = ((name.replace("-", "_"), value.strip()) for name, value in parameters)
        return cls(tuple(dict.fromkeys((name, value) for name, value in named if value)))

    # -- what it says ----------------------------------------------------------------------------------------------

    def values(self, name: str) -> list[str]:
        """Values of a name, in order."""
        return [value for other, value in self.pairs if other == name]

    def value(self, name: str, default: str = "") -> str:
        """Last value of a name."""
        return (self.values(name) or [default])[-1]

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """The filters alone."""
        return [(name, value) for name, value in self.pairs if name in FILTER_NAMES]

    @property
    def sort(self) -> tuple[str, bool]:
        """Key to sort by, and whether it ascends; ValueUnknown otherwise."""
        text = self.value("sort", "relevance")
        key, _, direction = text.partition(":")
        if key not in SORT_KEYS or direction not in _DIRECTIONS:
            raise ValueUnknown("sort", text, SORT_KEYS)
        return key, direction == "asc"

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Read a whole number from 0; RangeMalformed otherwise."""
        text = self.value(name, str(default))
        readable = text.isascii() and text.isdigit() and len(text) <= _DIGITS
        if readable and (most is None or int(text) <= most):
            return int(text)
        raise RangeMalformed(name, text, "a whole number from 0" + ("" if most is None else f" to {most}"))

    def switch(self, name: str) -> bool:
        """Read true or false, which is what an absent one is; ValueUnknown otherwise."""
        return _truth(name, self.value(name, "false")) == "true"

    # -- what it asks ----------------------------------------------------------------------------------------------

    def filters(self) -> Filters:
        """Make the filters' trees; UsageError names what can't be read, an unknown name included."""
        for name, _ in self.pairs:
            if name not in FILTER_NAMES and name not in _OTHER_NAMES:
                raise ParameterUnknown(name)
        results = {_truth("results", value) == "true" for value in self.values("results")}
        ids = [nct_id(word) for value in self.values("ids") for word in value.replace(",", " ").split()]
        flags = {name: self.values(name) for name in FILTER_NAMES if name not in {"results", "ids"}}
        return filters(flags, results=results.pop() if len(results) == 1 else None, ids=ids or None)

    def request(self, *, limit: int, facets: bool) -> SearchRequest:
        """Make the request to an index; UsageError where something can't be read."""
        text = self.value("q") or None
        made = self.filters()
        key, ascending = self.sort
        return SearchRequest(
            text=text,
            node=None if text is None else parse(text),
            filters=made,
            facets=facets,
            sort=key,
            ascending=ascending,
            limit=limit,
            offset=self.number("offset", 0),
            synonyms=_truth("synonyms", self.value("synonyms", "true")) == "true",
        )

    def comparison(self) -> Comparison:
        """By what trials are compared; UsageError where that can't be read."""
        return Comparison.read(self.value("by") or None, self.value("unlike") or None, diverse=self.switch("diverse"))

    # -- where it leads --------------------------------------------------------------------------------------------

    def having(self, name: str, value: str) -> "Question":
        """The same with one value more, from its first hit on."""
        return Question((*self._without("offset"), (name, value)))

    def lacking(self, name: str, value: str) -> "Question":
        """The same without a value, however it was written, from its first hit on."""
        gone = canonical(name, value)
        return Question(tuple(pair for pair in self._without("offset") if pair[0] != name or canonical(*pair) != gone))

    def changed(self, **values: str) -> "Question":
        """The same with other values for some names; an empty one takes the name away."""
        kept = self._without(*values)
        return Question((*kept, *((name, value) for name, value in values.items() if value)))

    def _without(self, *names: str) -> tuple[tuple[str, str], ...]:
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def url(self, path: str = "/search") -> str:
        """Write the address that asks this."""
        query = urlencode([(name.replace("_", "-"), value) for name, value in self.pairs])
        return f"{path}?{query}" if query else path


def _truth(name: str, value: str) -> str:
    if value.lower() not in _TRUTH:
        raise ValueUnknown(name, value, ("true", "false"))
    return _TRUTH[value.lower()]


def canonical(name: str, value: str) -> str:
    """Return a filter's value as the index knows it, folded where it is an open one, to compare; else as written."""
    if name == "results":
        return _TRUTH.get(value.lower(), value)
    if name not in FILTERED:
        return value
    try:
        found = listed_value(name, value)
    except ValueUnknown:
        return value
    return found if FILTERED[name].closed is not None else found.casefold()
