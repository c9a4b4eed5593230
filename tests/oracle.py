"""A naive engine: it reads document after document and answers a tree as the words of its definition say.

It shares the analyser and the schema with the real ones (what a word is, which fields an area has), nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log
from typing import Any as Json

from index.analysis import terms
from index.document import Document
from index.query.tree import Age, All, Any, Days, Either, Enrollment, Ids, Missing, Node, Not, Recorded, Value, Words
from index.schema import AREAS, BASIC, FACETS, FILTERED, NUMBER_OF_PIECE, pieces_of
from tests.oracle_records import covers, recorded_holds

K1, B = 1.2, 0.75

Filters = dict[str, Node]
FacetCounts = dict[str, list[tuple[str | bool | None, int]]]


@dataclass(frozen=True)
class Reading:
    """A document as its words: for each field the list of its values, each a list of terms."""

    document: Document
    values: dict[int, list[list[str]]] = field(default_factory=dict)
    counts: dict[int, Counter[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> "Reading":
        made = cls(document)
        for number, text in document.texts:
            made.values.setdefault(number, []).append(terms(text))
        for number, values in made.values.items():
            made.counts[number] = Counter(term for value in values for term in value)
        return made

    def length(self, number: int) -> int:
        return sum(len(value) for value in self.values.get(number, ()))


def fields_of(area: str) -> list[int]:
    """Numbers of the fields that a search area, or a single field, looks in."""
    return list(pieces_of(area)) if area in AREAS else [NUMBER_OF_PIECE[area]]


def stands_in(wanted: tuple[str, ...], value: list[str]) -> bool:
    """Tell whether terms stand side by side, in order, in one value."""
    return any(tuple(value[at : at + len(wanted)]) == wanted for at in range(len(value) - len(wanted) + 1))


class Oracle:
    """Answers trees over some documents."""

    def __init__(self, documents: Iterable[Document], records: Mapping[str, dict[str, Json]]) -> None:
        self._records = records
        self.readings = [Reading.of(document) for document in documents]
        self._frequency: Counter[tuple[int, str]] = Counter(
            (number, term) for reading in self.readings for number, counts in reading.counts.items() for term in counts
        )
        self._mean_lengths: dict[int, float] = {}

    # -- sets ------------------------------------------------------------------------------------------------------

    def holds(self, node: Node, reading: Reading) -> bool:
        """Tell whether a tree holds for a document."""
        match node:
            case Words(area=area) if node.strict:
                numbers = fields_of(area)
                return any(covers(node, text) for number, text in reading.document.texts if number in numbers)
            case Recorded():
                return recorded_holds(node, self._records[reading.document.nct_id])
            case Words(wanted, area):
                return any(
                    stands_in(wanted, value) for number in fields_of(area) for value in reading.values.get(number, ())
                )
            case All(parts):
                return all(self.holds(part, reading) for part in parts)
            case Any(parts):
                return any(self.holds(part, reading) for part in parts)
            case Not(part):
                return not self.holds(part, reading)
            case _:
                return column_holds(node, reading.document)

    def found(self, node: Node, filters: Filters) -> list[Reading]:
        """Documents for which the tree and every filter hold, in order of NCT id."""
        held = [r for r in self.readings if all(self.holds(part, r) for part in (node, *filters.values()))]
        return sorted(held, key=lambda reading: reading.document.nct_id)

    # -- scores ----------------------------------------------------------------------------------------------------

    def scores(self, node: Node, filters: Filters) -> dict[str, float]:
        """NCT ids found with their scores, in order: best first, then by id."""
        scored = {r.document.nct_id: self._score(node, r) for r in self.found(node, filters)}
        return dict(sorted(scored.items(), key=lambda pair: (-pair[1], pair[0])))

    def _score(self, node: Node, reading: Reading) -> float:
        match node:
            case Words(terms=wanted, area=area) if self.holds(node, reading):
                return sum(self._term_score(term, area, reading) for term in wanted)
            case Either(parts):
                return max(self._score(part, reading) for part in parts)
            case All(parts) | Any(parts):
                return sum(self._score(part, reading) for part in parts)
            case _:
                return 0.0

    def _term_score(self, term: str, area: str, reading: Reading) -> float:
        """Best over the area's fields of weight * BM25; a word in one field is scored as in Basic."""
        weights = pieces_of(area if area in AREAS else BASIC)
        return max(weight * self._bm25(term, number, reading) for number, weight in weights.items())

    def _bm25(self, term: str, number: int, reading: Reading) -> float:
        count = reading.counts.get(number, Counter())[term]
        if not count:
            return 0.0
        frequency = self._frequency[number, term]
        inverse = log(1 + (len(self.readings) - frequency + 0.5) / (frequency + 0.5))
        norm = K1 * (1 - B + B * reading.length(number) / self._mean_length(number))
        return inverse * count * (K1 + 1) / (count + norm)

    def _mean_length(self, number: int) -> float:
        """Mean length of a field over the documents that have it."""
        if number not in self._mean_lengths:
            lengths = [length for reading in self.readings if (length := reading.length(number))]
            self._mean_lengths[number] = sum(lengths) / len(lengths)
        return self._mean_lengths[number]

    # -- facets ----------------------------------------------------------------------------------------------------

    def facets(self, node: Node, filters: Filters) -> FacetCounts:
        """Counts by every facet key; a facet does not know the filter of its own key."""
        found = {key: self.found(node, without(key, filters)) for key in FACETS if key in filters}
        whole = self.found(node, filters)
        return {key: facet(key, found.get(key, whole)) for key in FACETS}


def without(key: str, filters: Filters) -> Filters:
    """Filters but the one of a key."""
    return {name: part for name, part in filters.items() if name != key}


def asked_words(node: Node) -> list[Words]:
    """Words that are asked for, not those that are taken away."""
    match node:
        case Words():
            return [node]
        case All(parts) | Any(parts):
            return [words for part in parts for words in asked_words(part)]
        case _:
            return []


def column_holds(node: Node, document: Document) -> bool:
    """Tell whether a node that looks at values holds for a document."""
    match node:
        case Value(key, values):
            return bool({value.casefold() for value in values} & {own.casefold() for own in document.values[key]})
        case Days(key, begin, end):
            day = document.days[key]
            return day != 0 and (begin is None or begin <= day) and (end is None or day <= end)
        case Enrollment(least, most):
            number = document.enrollment
            return number is not None and (least is None or least <= number) and (most is None or number <= most)
        case Age(years):
            youngest, oldest = document.ages
            return (youngest is None or youngest <= years) and (oldest is None or years <= oldest)
        case Ids(nct_ids):
            return document.nct_id in nct_ids
        case Missing(key):
            return is_missing(key, document)
        case _:
            raise TypeError(node)


def is_missing(key: str, document: Document) -> bool:
    """Tell whether a document has nothing under a key of a column."""
    if key == "enrollment":
        return document.enrollment is None
    return not document.values[key] if key in FILTERED else document.days[key] == 0


def facet(key: str, readings: list[Reading]) -> list[tuple[str | bool | None, int]]:
    """Values with their counts, most frequent first, then by name; what has none last."""
    counted = Counter(dict.fromkeys(FACETS[key].closed or (), 0))
    counted.update(value for reading in readings for value in set(reading.document.values[key]))
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ordered if FACETS[key].closed is not None else ordered[:20]
    told: list[tuple[str | bool | None, int]] = [(v == "true" if key == "results" else v, n) for v, n in shown]
    without = sum(not reading.document.values[key] for reading in readings)
    return [*told, (None, without)] if without else told
