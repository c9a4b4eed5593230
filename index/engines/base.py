"""What an engine is: it answers a question with an exact total, hits in order and facet counts.

A question is a tree (synonyms are in it already), filters by their flags, and an order. How an engine finds the set is
its own; that every engine finds the same one is kept by tests/test_engines.py.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from index.document import Card, Document
from index.facets import FacetCount
from index.query.tree import Filters, Node, Words

if TYPE_CHECKING:  # numpy, which a search of words does without
    from index.inverted import Floats, Ints, InvertedFile, Mask
    from index.similar.matrix import Row

RELEVANCE = (("relevance", False),)


@dataclass(frozen=True)
class Question:
    """What is asked. A facet ignores the filter of its own key.

    `order` has (sort key, ascending), first key first; what they leave equal stands in order of NCT id, what has no
    value of a key stands last. `phrases` gives rows that synonyms of the tree are known to find in an index's first
    part, for an engine that would look long.
    """

    node: Node
    filters: Filters
    facets: bool = False
    order: tuple[tuple[str, bool], ...] = RELEVANCE
    limit: int = 10
    offset: int = 0
    phrases: "Callable[[], Mapping[Words, Ints]]" = dict


@dataclass(frozen=True)
class Answer:
    """Exact total, the page of hits as (NCT id, score; None where nothing is asked in words), facets if asked for."""

    total: int
    hits: list[tuple[str, float | None]]
    facets: dict[str, list[FacetCount]]


class Engine(Protocol):
    """One generation, open."""

    def answer(self, question: Question) -> Answer:
        """Answer a question."""

    def mask(self, node: Node) -> "Mask":
        """Rows of the columns for which a tree holds: what similarity may choose from."""

    def frequency(self, term: str) -> int:
        """How many trials hold a term anywhere (in the Basic area)."""

    def cards(self, nct_ids: Sequence[str]) -> list[Card]:
        """What an answer shows of some trials, which must be in the index, in their order."""

    def close(self) -> None:
        """Let go of files and connections."""


@runtime_checkable
class Neighbourly(Protocol):
    """An engine that holds similarity's vectors too, and ranks by them."""

    def ranks(self, node: Node) -> bool:
        """Whether it can by itself choose among the trials for which a tree holds."""

    def nearest(self, node: Node, vector: "Row", count: int) -> "tuple[Ints, Floats]":
        """So many rows for which a tree holds, the nearest first, and about their scores: dot products with a vector.

        Rows that share no column with it are left out; equal ones are in order.
        """


@dataclass(frozen=True)
class Entry:
    """A document as an engine takes it.

    `codes` are its values by filter key, as the columns number them; `texts` its texts field by field: (field number
    of the schema, terms joined by spaces), a text a value, so that no phrase runs from one into the next.
    """

    document: Document
    codes: Mapping[str, Sequence[int]]
    texts: Sequence[tuple[int, list[str]]]


@dataclass(frozen=True)
class Place:
    """Where an engine writes its part of generation `generation`.

    `folder` is made by the writer; `previous` is its folder in the generation that is brought up to date, None where
    all is built anew; `address` a cluster's URLs, for an engine that is one.
    """

    folder: Path
    generation: int
    previous: Path | None = None
    address: str | None = None

    @property
    def vectors(self) -> Path:
        """Where the generation's vectors lie, whole when the writer is to finish."""
        return self.folder.with_name("vectors")


class EngineWriter(Protocol):
    """Writes an engine's part of a new generation, aside: until `finish` and the switch, readers see nothing of it.

    With `previous` it starts from what stands there (hard links: files are never written twice).
    """

    def add(self, entries: Sequence[Entry], inverted: "InvertedFile") -> None:
        """Take the next documents, in order of NCT id; `inverted` holds the same ones, its rows from 0."""

    def remove(self, nct_ids: Collection[str]) -> None:
        """Take trials out that an older generation held; a changed one is removed, then added."""

    def complete(self) -> None:
        """No document follows: what takes long may begin, while the rest of the generation is written."""

    def finish(self) -> None:
        """Everything is kept and can be opened when this returns."""

    def abandon(self) -> None:
        """Leave nothing behind: the build broke off."""


class WordSource(Protocol):
    """Where words stand: what an evaluator asks of an engine, rows being those of the columns, ascending."""

    def rows(self, words: Words) -> "Ints":
        """Rows where words stand in any form: one term, or several side by side in one value of one field."""

    def fields(self, words: Words) -> "Sequence[tuple[int, Ints]]":
        """For each field of the words' area that holds them: its number in the schema, and the rows."""
