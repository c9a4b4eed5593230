"""One generation's tantivy index, open.

Words by relevance, filters and facets are tantivy's own affair. What is read in records or sites, another order, and
what is not asked in words are answered from the columns, as in every engine, with the rows where words stand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from tantivy import DocAddress, Query

from crawler.ids import id_of, number_of
from index.document import Card
from index.engines.base import RELEVANCE, Answer, Question
from index.engines.tantivy.counting import Counting
from index.engines.tantivy.query import Queries, native
from index.engines.tantivy.searching import Searching
from index.query.tree import Node, Words, positive_words
from index.tables import Tables

if TYPE_CHECKING:  # numpy, which a search of words does without
    from index.engines.tantivy.words import TantivyEvaluator
    from index.inverted import Mask

_CARD = msgspec.msgpack.Decoder(Card)


class TantivyEngine:
    """Answers from a tantivy index."""

    def __init__(self, folder: Path, tables: Tables) -> None:
        self._tables = tables
        self._searching = Searching(folder)
        if self._searching.trials != tables.columns.size:
            raise ValueError(f"{self._searching.trials} trials beside columns of {tables.columns.size}")
        self._queries = Queries(self._searching, tables.columns)
        self._counting = Counting(self._searching, tables.columns, self._queries)
        self._places: dict[str, DocAddress] = {}  # of the hits of the last answer: their cards are asked for next

    def answer(self, question: Question) -> Answer:
        """Answer a question."""
        asked = (question.node, *question.filters.values())
        if question.order == RELEVANCE and positive_words(question.node) and all(map(native, asked)):
            return self._answer(question, self._queries.every(asked))
        from index.answered import answered

        evaluator = self._evaluator(asked)
        return answered(question, self._tables, evaluator, lambda: evaluator.words.scores(asked, evaluator.held))

    def _answer(self, question: Question, found: Query) -> Answer:
        facets = self._counting.facets(question, found) if question.facets else {}
        if not question.limit:
            return Answer(self._searching.count(found), [], facets)
        total, hits = self._page(self._queries.scored(found, question.node), question.offset, question.limit)
        self._places = {nct_id: place for nct_id, _, place in hits}
        return Answer(total, [(nct_id, score) for nct_id, score, _ in hits], facets)

    def _page(self, query: Query, offset: int, limit: int) -> tuple[int, list[tuple[str, float, DocAddress]]]:
        """Count what a query finds; a page of it as (NCT id, score, place), equal scores in order of NCT id."""
        if self._searching.segments == 1:
            found = self._searching.best(query, limit, offset)
            return found.total, self._named(found.hits)
        end = offset + limit
        wanted = end + limit
        while True:  # those of several segments come in no order: all that may be on the page are needed
            found = self._searching.best(query, wanted)
            if len(found.hits) < wanted or found.hits[-1][0] < found.hits[end - 1][0]:
                break
            wanted *= 2
        return found.total, sorted(self._named(found.hits), key=lambda hit: (-hit[1], hit[0]))[offset:end]

    def _named(self, hits: list[tuple[float, DocAddress]]) -> list[tuple[str, float, DocAddress]]:
        numbers = self._searching.numbers([place for _, place in hits])
        return [(id_of(number), score, place) for number, (score, place) in zip(numbers, hits, strict=True)]

    def _evaluator(self, nodes: Sequence[Node]) -> "TantivyEvaluator":
        from index.engines.tantivy.words import TantivyEvaluator, TantivyWords

        words = TantivyWords(self._searching, self._queries, self._tables.columns)
        return TantivyEvaluator(words, self._tables, nodes)

    def mask(self, node: Node) -> "Mask":
        """Rows of the columns for which a tree holds."""
        return self._evaluator((node,)).mask(node)

    def frequency(self, term: str) -> int:
        """How many trials hold a term anywhere."""
        return self._searching.count(self._queries.standing(Words((term,))))

    def cards(self, nct_ids: Sequence[str]) -> list[Card]:
        """What an answer shows of some trials, in their order; KeyError for one that the index doesn't have."""
        places = self._places
        unknown = [number_of(nct_id) for nct_id in nct_ids if nct_id not in places]
        if unknown:
            found = self._searching.in_order(self._queries.numbered(unknown), len(unknown))
            places = places | {id_of(number): place for number, place in found}
        cards = self._searching.cards([places[nct_id] for nct_id in nct_ids])
        return [_CARD.decode(card) for card in cards]

    def close(self) -> None:
        """Let go of files."""
        self._searching.close()
