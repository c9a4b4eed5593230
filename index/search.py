"""Query → page of hits with an exact total and facets; an id → similar trials with reasons. One open generation."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.columns import Columns, Mask
from index.document import Card
from index.engines import open_engine
from index.errors import DistanceUnmeasured, EngineDiffers, IndexDamaged
from index.evaluate import Evaluator
from index.highlight import Highlight, Highlighter
from index.manifest import Manifest, read_manifest
from index.query.expand import Expander
from index.query.tree import All, Any, Near, Node, positive_words, record_tests
from index.record_fields import RecordFields, Records
from index.schema import BASIC, FACETS
from index.similar.matrix import Matrix
from index.similar.reasons import Fact, Kinship, Why, shared_facts, spelled, why
from index.sites import SiteTable
from index.spelling import Dictionary
from index.suggest import Names
from index.synonyms import Synonyms

HIGHLIGHTED_HITS = 100
MISSPELLINGS = 5  # words that nobody has, of which the nearest is looked for: each costs milliseconds
OPEN_FACET_VALUES = 20  # of an open list; a closed one is told whole
_BY_DATE = {"relevance": "updated"}  # where nothing was asked in words, the newest is the most relevant

Filters = dict[str, Node]  # a filter flag's name → what it asks; a facet ignores the flag of its own key


class Hit(msgspec.Struct, frozen=True):
    """A trial found. `score` is None where nothing was asked in words."""

    nct_id: str
    title: str
    status: str | None
    phases: tuple[str, ...]
    conditions: tuple[str, ...]
    score: float | None
    highlights: list[Highlight]


class FacetCount(msgspec.Struct, frozen=True):
    """A value and how many trials have it; value None counts those without any."""

    value: str | bool | None
    count: int


class SearchPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of hits. `total` is exact; `also` lists synonyms that were looked for too.

    Where nothing was found, `did_you_mean` has the nearest word for each asked word that no trial has.
    """

    query: str | None
    total: int
    hits: list[Hit]
    facets: dict[str, list[FacetCount]]
    also: list[str]
    data_timestamp: str | None
    did_you_mean: list[str] = []


class SimilarTrial(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trial like the one asked about; `why` is filled on request."""

    nct_id: str
    title: str
    score: float
    why: Why | None = None


@dataclass(frozen=True)
class SearchRequest:
    """What to find. `node` None asks for everything that the filters leave; `then` sorts what `sort` leaves equal.

    `synonyms` looks for what the words asked for are called too.
    """

    text: str | None = None
    node: Node | None = None
    filters: Filters = field(default_factory=dict)
    facets: bool = False
    sort: str = "relevance"
    ascending: bool = False
    then: tuple[tuple[str, bool], ...] = ()
    limit: int = 10
    offset: int = 0
    synonyms: bool = False


class Index:
    """One generation of an index, open."""

    def __init__(self, root: Path, manifest: Manifest, records: Records | None = None) -> None:
        folder = root / manifest.folder
        self.manifest = manifest
        self.columns = Columns(folder / "columns")
        self.sites = SiteTable(folder / "sites")
        self.matrix = Matrix(folder / "vectors")
        self.synonyms = Synonyms(folder / "words")
        self.names = Names(folder / "words")
        self.dictionary = Dictionary(folder / "words")
        self._records = RecordFields(self.columns, records)
        self._engine = open_engine(manifest.engine, folder / manifest.engine)  # last: it alone has to be closed

    @classmethod
    def open(cls, root: Path, manifest: Manifest, records: Records | None = None) -> Self:
        """Open a generation; IndexDamaged where a file of it is missing or no longer what it was.

        `records` reads what is asked of fields that no posting and no column holds.
        """
        try:
            return cls(root, manifest, records)
        except (OSError, ValueError, EOFError) as error:
            raise IndexDamaged(root / manifest.folder, str(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files."""
        self._engine.close()

    def card(self, nct_id: str) -> Card | None:
        """What an answer shows of a trial, None where the index doesn't have it."""
        row = self.columns.row(nct_id)
        return None if row is None else self._engine.cards([row])[0]

    def _evaluator(self, *nodes: Node) -> Evaluator:
        """Make an evaluator for all that one question asks."""
        return Evaluator(self._engine, self.columns, self.sites, self._records.question(record_tests(All(nodes))))

    # -- search ----------------------------------------------------------------------------------------------------

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request: hits in order, the exact total, facets where they are asked for."""
        evaluator, node, filters, also = self._meant(request)
        masks = {name: evaluator.mask(part) for name, part in filters.items()}
        asked = evaluator.mask(node, _worth_asking(masks, facets=request.facets))
        found = _and(asked, masks.values())
        worded = bool(positive_words(node))
        scores = evaluator.scores(node) if worded else None
        rows = self._ordered(found, scores, request)
        total = int(found.sum())
        return SearchPage(
            query=request.text,
            total=total,
            hits=self._hits(rows, scores, Highlighter.of(All((node, *filters.values())))),
            facets=self._facets(asked, masks) if request.facets else {},
            also=also,
            data_timestamp=self.manifest.data_timestamp,
            did_you_mean=[] if total else list(dict.fromkeys(near for _, near in self.misspelled(request) if near)),
        )

    def _meant(self, request: SearchRequest) -> tuple[Evaluator, Node, Filters, list[str]]:
        """Trees to answer with synonyms in them where they are asked for, who answers them, and those synonyms."""
        expander = Expander(self.synonyms.table)
        node, filters = All() if request.node is None else request.node, request.filters
        if request.synonyms:
            node = expander.expanded(node)
            filters = {name: expander.expanded(part) for name, part in filters.items()}
        evaluator = self._evaluator(node, *filters.values())
        for words in expander.used:
            evaluator.know(words, self.synonyms.rows(words.area, words.terms))
        return evaluator, node, filters, list(dict.fromkeys(expander.used.values()))

    def misspelled(self, request: SearchRequest) -> list[tuple[str, str | None]]:
        """Terms asked for that no trial has anywhere, each with the nearest word that several have."""
        asked = All((All() if request.node is None else request.node, *request.filters.values()))
        terms = dict.fromkeys(term for words in positive_words(asked) for term in words.terms)
        unheld = (term for term in terms if not self._engine.posting(BASIC, term).rows.size)
        return [(term, self.dictionary.nearest(term)) for term in islice(unheld, MISSPELLINGS)]

    def matching(self, request: SearchRequest) -> tuple[int, list[str]]:
        """Exact total, and the ids of the page asked for: what a caller needs who has the records."""
        evaluator, node, filters, _ = self._meant(request)
        found = evaluator.mask(All((node, *filters.values())))
        scores = evaluator.scores(node) if positive_words(node) else None
        ids = self.columns.ids
        return int(found.sum()), [ids[row] for row in self._ordered(found, scores, request)]

    def _ordered(self, found: Mask, scores: NDArray[np.float32] | None, request: SearchRequest) -> list[int]:
        """Rows of the page asked for, in order; missing dates and numbers stand last, ties in order of NCT id."""
        rows = np.flatnonzero(found)
        keys: list[NDArray[np.generic]] = []
        for key, ascending in ((request.sort, request.ascending), *request.then):
            values = self._sort_key(key, scores, request)[rows]
            keys += [np.isnan(values), values if ascending else -values]
        order = np.lexsort([rows, *reversed(keys)])
        return [int(row) for row in rows[order[request.offset : request.offset + request.limit]]]

    def _sort_key(self, key: str, scores: NDArray[np.float32] | None, request: SearchRequest) -> NDArray[np.float64]:
        """Values to sort all rows by, the largest first; nan where a row has none."""
        if key == "distance":
            distance = self._distance(request.filters)
            return np.where(np.isinf(distance), np.nan, -distance)
        if key == "relevance" and scores is not None:
            return scores.astype(np.float64)
        column = self.columns.enrollment if key == "enrollment" else self.columns.days(_BY_DATE.get(key, key))
        missing = -1 if key == "enrollment" else 0
        return np.where(column == missing, np.nan, column.astype(np.float64))

    def _distance(self, made: Filters) -> NDArray[np.float64]:
        """Kilometres from the points of --near to each row's nearest site; DistanceUnmeasured without a point."""
        asked = made.get("near")
        points = [node for node in (asked.parts if isinstance(asked, Any) else [asked]) if isinstance(node, Near)]
        if not points:
            raise DistanceUnmeasured
        far = [self.sites.distances(point.latitude, point.longitude, self.columns.size) for point in points]
        distance: NDArray[np.float64] = np.minimum.reduce(far)
        return distance

    def _hits(self, rows: list[int], scores: NDArray[np.float32] | None, highlighter: Highlighter) -> list[Hit]:
        cards = self._engine.cards(rows)
        return [
            Hit(
                nct_id=card.nct_id,
                title=card.title,
                status=card.status,
                phases=card.phases,
                conditions=card.conditions,
                score=None if scores is None else float(scores[row]),
                highlights=highlighter.highlights(card) if place < HIGHLIGHTED_HITS else [],
            )
            for place, (row, card) in enumerate(zip(rows, cards, strict=True))
        ]

    def _facets(self, asked: Mask, masks: dict[str, Mask]) -> dict[str, list[FacetCount]]:
        found = _and(asked, masks.values())
        return {
            key: self._facet(
                key, _and(asked, (m for name, m in masks.items() if name != key)) if key in masks else found
            )
            for key in FACETS
        }

    def _facet(self, key: str, mask: Mask) -> list[FacetCount]:
        column = self.columns.values(key)
        counts, without = column.counts(mask)
        counted = {value: int(count) for value, count in zip(column.values, counts, strict=True)}
        closed = FACETS[key].closed
        if closed is None:
            told = {value: count for value, count in counted.items() if count}
        else:
            told = {value: counted.get(value, 0) for value in (*closed, *counted)}
        ordered = sorted(told.items(), key=lambda pair: (-pair[1], pair[0]))
        if closed is None:
            ordered = ordered[:OPEN_FACET_VALUES]
        listed = [FacetCount(value == "true" if key == "results" else value, count) for value, count in ordered]
        return [*listed, FacetCount(None, without)] if without else listed

    # -- similar ---------------------------------------------------------------------------------------------------

    def similar(self, nct_ids: list[str], filters: Filters, limit: int, kinship: Kinship | None) -> list[SimilarTrial]:
        """Trials most like all of the given ones, which must be in the index; reasons where kinship is given."""
        rows = [row for row in (self.columns.row(nct_id) for nct_id in nct_ids) if row is not None]
        query = self.matrix.mean(rows)
        asked = tuple(filters.values())
        allowed = self._evaluator(*asked).mask(All(asked))
        allowed[rows] = False
        ranked = self.matrix.ranked(query, allowed, limit)
        cards = self._engine.cards(ranked.rows)
        own = self._engine.cards(rows)
        mine = {} if kinship is None else spelled(own)
        return [
            SimilarTrial(
                nct_id=card.nct_id,
                title=card.title,
                score=score,
                why=None
                if kinship is None
                else why(self.matrix, query, row, _facts(own, card, kinship), {**spelled((card,)), **mine}),
            )
            for row, score, card in zip(ranked.rows, ranked.scores, cards, strict=True)
        ]


def _facts(own: list[Card], card: Card, kinship: Kinship) -> list[Fact]:
    """Facts that a hit shares with any of the trials asked about, each once; links first."""
    linked = [fact for mine in own for fact in kinship.facts(mine.nct_id, card.nct_id)]
    shared = [fact for mine in own for fact in shared_facts(mine, card)]
    return list(dict.fromkeys((*linked, *shared)))


def _worth_asking(masks: dict[str, Mask], *, facets: bool) -> Mask | None:
    """Rows that may count: those of all filters, and for facets, which don't know their own, of all but one."""
    if not masks:
        return None
    failed = sum((~mask).astype(np.int16) for mask in masks.values())
    return np.asarray(failed <= int(facets))


def _and(mask: Mask, others: Iterable[Mask]) -> Mask:
    joined = mask.copy()
    for other in others:
        joined &= other
    return joined


@contextmanager
def open_index(folder: Path, engine: str = "auto", records: Records | None = None) -> Iterator[Index]:
    """Open the current generation; IndexMissing, IndexOutdated, IndexDamaged or EngineDiffers where it can't.

    `records` as in `Index.open`.
    """
    manifest = read_manifest(folder)
    if engine not in {"auto", manifest.engine}:
        raise EngineDiffers(manifest.engine, engine)
    with Index.open(folder, manifest, records) as index:
        yield index
