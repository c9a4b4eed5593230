"""Query → page of hits with an exact total and facets; an id → similar trials with reasons. One open generation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from index.columns import Columns
from index.document import Card
from index.engines import ENGINES, open_engine
from index.engines.base import Answer, Question
from index.errors import EngineDiffers, EngineUnknown, IndexDamaged, WordTooCommon
from index.facets import FacetCount
from index.highlight import Highlight, Highlighter
from index.kinds import site_folder, vector_folder, word_folder
from index.manifest import Manifest, check_sizes, read_manifest
from index.query.expand import Expander
from index.query.tree import All, Filters, Node, positive_words
from index.suggest import Names
from index.synonyms import Synonyms
from index.tables import Tables

if TYPE_CHECKING:  # read where they are needed: each brings numpy, which a search of words does without
    from index.likeness import Likeness, SimilarTrial
    from index.record_fields import Records
    from index.similar.aspects import Comparison
    from index.similar.matrix import Matrix
    from index.similar.reasons import Kinship
    from index.spelling import Dictionary

HIGHLIGHTED_HITS = 100
MISSPELLINGS = 5  # words that nobody has, of which the nearest is looked for: each costs milliseconds


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trial found. `score` is None where nothing was asked in words, `distance_km` where nothing was sorted by it."""

    nct_id: str
    title: str
    status: str | None
    phases: tuple[str, ...]
    conditions: tuple[str, ...]
    score: float | None
    highlights: list[Highlight]
    distance_km: float | None = None


class SearchPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of hits. `total` is exact; `also` lists synonyms that were looked for too.

    Where nothing was found, `did_you_mean` has the nearest word for each asked word that no trial has. `as_of` is the
    day whose versions were searched, where they are not today's.
    """

    query: str | None
    total: int
    hits: list[Hit]
    facets: dict[str, list[FacetCount]]
    also: list[str]
    data_timestamp: str | None
    did_you_mean: list[str] = []
    as_of: str | None = None


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

    @property
    def trees(self) -> tuple[Node, ...]:
        """The query, where there is one, and the filters."""
        return (*(() if self.node is None else (self.node,)), *self.filters.values())


class Index:
    """One generation of an index, open: all its files at once, so that it keeps them; they are read when asked for."""

    def __init__(self, root: Path, manifest: Manifest, records: "Records | None" = None) -> None:
        folder = root / manifest.folder
        self.manifest = manifest
        self.columns = Columns(folder / "columns")
        self._vectors = vector_folder(folder / "vectors")
        self._words = word_folder(folder / "words")
        self.synonyms = Synonyms(self._words)
        self.names = Names(self._words)
        self._tables = Tables(self.columns, site_folder(folder / "sites"), records)
        self._engine = open_engine(manifest.engine, folder, self._tables)  # last: it alone has to be closed

    @cached_property
    def matrix(self) -> "Matrix":
        """The vectors."""
        from index.similar.matrix import Matrix

        return Matrix(self._vectors, self.columns.numbers)

    @cached_property
    def likeness(self) -> "Likeness":
        """What trials are like."""
        from index.likeness import Likeness

        return Likeness(self.columns, self.matrix, self._engine, self.synonyms)

    @cached_property
    def dictionary(self) -> "Dictionary":
        """Words that are like a word that nobody has."""
        from index.spelling import Dictionary

        return Dictionary(self._words)

    @classmethod
    def open(cls, root: Path, manifest: Manifest, records: "Records | None" = None) -> Self:
        """Open a generation; IndexDamaged where a file of it is missing or no longer what it was.

        `records` reads what is asked of fields that no posting and no column holds.
        """
        try:
            check_sizes(root / manifest.folder, manifest.sizes)
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
        return None if self.columns.row(nct_id) is None else self._engine.cards([nct_id])[0]

    # -- search ----------------------------------------------------------------------------------------------------

    def search(self, request: SearchRequest, as_of: str | None = None) -> SearchPage:
        """Answer a request: hits in order, the exact total, facets where they are asked for; `as_of` is told on."""
        question, also = self._question(request)
        answer = self._answered(request, question)
        far = self._kilometres(answer, request.filters) if request.sort == "distance" else {}
        missed = [] if answer.total else list(dict.fromkeys(near for _, near in self.misspelled(request) if near))
        return SearchPage(
            query=request.text,
            total=answer.total,
            hits=self._hits(answer, Highlighter.of(All((question.node, *question.filters.values()))), far),
            facets=answer.facets,
            also=also,
            data_timestamp=self.manifest.data_timestamp,
            did_you_mean=missed,
            as_of=as_of,
        )

    def matching(self, request: SearchRequest) -> tuple[int, list[str]]:
        """Exact total, and the ids of the page asked for: what a caller needs who has the records."""
        answer = self._answered(request, replace(self._question(request)[0], facets=False))
        return answer.total, [nct_id for nct_id, _ in answer.hits]

    def _answered(self, request: SearchRequest, question: Question) -> Answer:
        try:
            return self._engine.answer(question)
        except WordTooCommon as error:
            raise replace(error, text=request.text or "") from None

    def _question(self, request: SearchRequest) -> tuple[Question, list[str]]:
        """What to ask the engine, with synonyms in it where they are asked for, and those synonyms."""
        expander = Expander(self.synonyms.table)
        node, filters = All() if request.node is None else request.node, request.filters
        if request.synonyms:
            node = expander.expanded(node)
            filters = {name: expander.expanded(part) for name, part in filters.items()}
        question = Question(
            node=node,
            filters=filters,
            facets=request.facets,
            order=((request.sort, request.ascending), *request.then),
            limit=request.limit,
            offset=request.offset,
            phrases=lambda: {words: self.synonyms.rows(words.area, words.terms) for words in expander.used},
        )
        return question, list(dict.fromkeys(expander.used.values()))

    def unplaced(self) -> int:
        """Count the trials whose sites have no coordinates: no distance finds them."""
        return self._tables.sites.unplaced()

    def misspelled(self, request: SearchRequest) -> list[tuple[str, str | None]]:
        """Terms asked for that no trial has anywhere, each with the nearest word that several have."""
        terms = dict.fromkeys(term for words in positive_words(All(request.trees)) for term in words.terms)
        unheld = (term for term in terms if not self._engine.frequency(term))
        return [(term, self.dictionary.nearest(term)) for term in islice(unheld, MISSPELLINGS)]

    def _kilometres(self, answer: Answer, filters: Filters) -> dict[str, float]:
        """How far the nearest site of each hit is from a point of --near."""
        from index.answered import distances

        far = distances(filters, self._tables.sites, self.columns.size)
        rows = {nct_id: self.columns.row(nct_id) for nct_id, _ in answer.hits}
        return {nct_id: round(float(far[row]), 1) for nct_id, row in rows.items() if row is not None}

    def _hits(self, answer: Answer, highlighter: Highlighter, far: dict[str, float]) -> list[Hit]:
        cards = self._engine.cards([nct_id for nct_id, _ in answer.hits])
        return [
            Hit(
                nct_id=card.nct_id,
                title=card.title,
                status=card.status,
                phases=card.phases,
                conditions=card.conditions,
                score=score,
                highlights=highlighter.highlights(card) if place < HIGHLIGHTED_HITS else [],
                distance_km=far.get(card.nct_id),
            )
            for place, ((_, score), card) in enumerate(zip(answer.hits, cards, strict=True))
        ]

    # -- similar ---------------------------------------------------------------------------------------------------

    def similar(
        self,
        nct_ids: list[str],
        filters: Filters,
        limit: int,
        kinship: "Kinship | None",
        comparison: "Comparison | None" = None,
    ) -> "list[SimilarTrial]":
        """Trials most like all of the given ones, which must be in the index; reasons where kinship is given."""
        return self.likeness.like(self.likeness.asked(nct_ids), filters, limit, kinship, comparison)


@contextmanager
def open_index(folder: Path, engine: str = "auto", records: "Records | None" = None) -> Iterator[Index]:
    """Open the current generation, of a certain engine where one is named.

    IndexMissing, IndexOutdated, IndexDamaged, EngineDiffers or EngineUnknown where it can't.
    `records` as in `Index.open`.
    """
    with _opened(folder, engine, records) as index:
        yield index


def _opened(folder: Path, engine: str, records: "Records | None") -> Index:
    manifest = read_manifest(folder)
    while True:
        if engine not in {"auto", manifest.engine}:
            raise EngineDiffers(manifest.engine, engine) if engine in ENGINES else EngineUnknown(engine, ENGINES)
        try:
            return Index.open(folder, manifest, records)
        except IndexDamaged:
            read, manifest = manifest, read_manifest(folder)
            if manifest.generation == read.generation:
                raise
            # Two updates came while it was being opened, and the older generation is gone: the newest is.
