"""One generation in a cluster, open: a question is one request, whatever of it the cluster can tell.

What has to be read in the records, and what is too large for one request, is answered here from the rows where each
word stands.
"""

from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any as Json
from uuid import uuid4

import msgspec
import numpy as np

from crawler.ids import id_of, number_of
from index.answered import answered
from index.document import Card
from index.engines.base import Answer, Question
from index.engines.opensearch.cluster import PAGE, Cluster
from index.engines.opensearch.query import Query, fits, native, numbered, stands, visible
from index.engines.opensearch.request import facets, request
from index.engines.opensearch.target import read_target
from index.engines.opensearch.vectors import nearest
from index.engines.opensearch.words import ClusterWords
from index.errors import ClusterForeign
from index.evaluate import Evaluator
from index.inverted import Floats, Ints, Mask
from index.query.tree import Node, Words, positive_words
from index.similar.candidates import AT_ONCE
from index.similar.matrix import Row
from index.tables import Tables

CARDS_AT_ONCE = 500
KEPT_CARDS = 10_000  # some 20 MB

# What a hit brings along; its source, ten times as large, is left where it is.
_BARE: Query = {"_source": False, "stored_fields": "_none_"}
_WITH_CARD: Query = {**_BARE, "docvalue_fields": ["card"]}
_CARD = msgspec.msgpack.Decoder(Card)
_FULLEST = Row(np.arange(AT_ONCE, dtype=np.int32), np.ones(AT_ONCE))


class OpenSearchEngine:
    """Answers from a cluster. Its cards never change, so those seen are kept."""

    def __init__(self, folder: Path, tables: Tables) -> None:
        self._tables = tables
        self._target = read_target(folder)
        self._cluster = Cluster(self._target.addresses)
        # One copy of each shard for one reader: the last bit of a sum may depend on how a copy is laid out.
        self._copy = uuid4().hex
        self._cards: dict[str, Card] = {}

    def answer(self, question: Question) -> Answer:
        """Answer a question."""
        asked = (question.node, *question.filters.values())
        if all(map(native, asked)):
            body = request(question, self._tables.columns, self._target.generation)
            if fits(body["query"]) and fits(body.get("post_filter")):  # a facet's own query is a part of the latter
                return self._answer(question, body)
        words = self._words()
        evaluator = Evaluator(words, self._tables, asked)
        return answered(question, self._tables, evaluator, lambda: words.scores(question.node, evaluator.held))

    def _answer(self, question: Question, body: Query) -> Answer:
        deep = question.offset + question.limit > PAGE
        begin = {"size": PAGE} if deep else {"from": question.offset, "size": question.limit}
        shown = question.limit <= CARDS_AT_ONCE and not deep
        first = self._search({**body, **begin, **(_WITH_CARD if shown else _BARE)})
        counted = facets(first["aggregations"]) if question.facets else {}
        if counted is None:
            raise ClusterForeign(self._target.index, "has values that the index here does not have")
        hits: list[Json] = first["hits"]["hits"]
        if deep:
            hits = list(islice(self._on(body, hits), question.offset, question.offset + question.limit))
        worded = bool(positive_words(question.node))
        self._keep(hit for hit in hits if shown)
        return Answer(
            total=first["hits"]["total"]["value"],
            hits=[(_nct_id(hit), float(hit["_score"]) if worded else None) for hit in hits],
            facets=counted,
        )

    def _on(self, body: Query, hits: list[Json]) -> Iterator[Json]:
        """Yield the hits of a first page, then those after them."""
        yield from hits
        if len(hits) == PAGE:
            after = {"search_after": hits[-1]["sort"], **_BARE}
            bare = {**{key: body[key] for key in body if key != "aggs"}, **after}
            yield from self._cluster.hits(self._target.index, bare, preference=self._copy)

    def _search(self, body: Query) -> Json:  # noqa: ANN401 - JSON
        return self._cluster.search(self._target.index, body, preference=self._copy)

    def _words(self) -> ClusterWords:
        return ClusterWords(self._cluster, self._target, self._tables.columns)

    def mask(self, node: Node) -> Mask:
        """Rows of the columns for which a tree holds."""
        return Evaluator(self._words(), self._tables, (node,)).mask(node)

    def ranks(self, node: Node) -> bool:
        """Whether the cluster can choose among the trials for which a tree holds."""
        return native(node) and fits(self._nearest(node, _FULLEST)["query"])

    def nearest(self, node: Node, vector: Row, count: int) -> tuple[Ints, Floats]:
        """Rows nearest to a vector, and about their scores: the cluster's features have 9 bits."""
        body = self._nearest(node, vector)
        first = self._search({**body, **_BARE, "size": min(count, PAGE)})["hits"]["hits"]
        hits = list(islice(self._on(body, first), count))
        rows = self._tables.columns.rows([hit["sort"][-1] for hit in hits])
        if rows is None:
            raise ClusterForeign(self._target.index, "holds other trials than the index here")
        return rows, np.array([hit["sort"][0] for hit in hits], np.float32)

    def _nearest(self, node: Node, vector: Row) -> Query:
        return nearest(vector, node, self._tables.columns, self._target.generation)

    def frequency(self, term: str) -> int:
        """How many trials hold a term anywhere."""
        wanted = [*visible(self._target.generation), stands(Words((term,)))]
        answer = self._search({"query": {"bool": {"filter": wanted}}, "size": 0, "track_total_hits": True})
        return int(answer["hits"]["total"]["value"])

    def cards(self, nct_ids: Sequence[str]) -> list[Card]:
        """What an answer shows of some trials, in their order."""
        kept = self._cards  # another thread may start anew meanwhile
        known = {nct_id: kept[nct_id] for nct_id in nct_ids if nct_id in kept}
        unknown = [nct_id for nct_id in dict.fromkeys(nct_ids) if nct_id not in known]
        for begin in range(0, len(unknown), CARDS_AT_ONCE):
            some = unknown[begin : begin + CARDS_AT_ONCE]
            wanted = [*visible(self._target.generation), numbered([number_of(nct_id) for nct_id in some])]
            body: Query = {"query": {"bool": {"filter": wanted}}, "size": len(some), "sort": ["number"], **_WITH_CARD}
            known.update(self._keep(self._search(body)["hits"]["hits"]))
        return [known[nct_id] for nct_id in nct_ids]

    def _keep(self, hits: Iterable[Json]) -> dict[str, Card]:
        """Remember the cards of hits."""
        found = {_nct_id(hit): _CARD.decode(b64decode(hit["fields"]["card"][0] + "==")) for hit in hits}
        if len(self._cards) + len(found) > KEPT_CARDS:
            self._cards = {}
        self._cards.update(found)
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._cluster.close()


def _nct_id(hit: Json) -> str:  # noqa: ANN401 - JSON
    return id_of(hit["sort"][-1])
