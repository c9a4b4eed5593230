"""Where words stand, and what they score, by rows of the columns: for trees that tantivy can't answer alone."""

from collections.abc import Iterable, Sequence

import numpy as np
from tantivy import Query

from index.columns import Columns
from index.engines.tantivy.query import Queries, native
from index.engines.tantivy.searching import Searching
from index.evaluate import Evaluator
from index.inverted import Floats, Ints, Mask
from index.postings import Held, summed
from index.query.tree import All, Any, Node, Words, plain, positive_words
from index.schema import PIECES, numbers_of
from index.tables import Tables


class TantivyWords:
    """Words of one index, each looked for once a question: a `WordSource` that knows more."""

    def __init__(self, searching: Searching, queries: Queries, columns: Columns) -> None:
        self._searching = searching
        self._queries = queries
        self._columns = columns
        self._rows: dict[Words, Ints] = {}

    def rows(self, words: Words) -> Ints:
        """Rows where words stand, ascending."""
        rows = self._rows.get(words)
        if rows is None:
            rows = self._rows[words] = self._found(self._queries.standing(words))
        return rows

    def fields(self, words: Words) -> Sequence[tuple[int, Ints]]:
        """Number and rows of each field of the area that holds words."""
        numbers = numbers_of(words.area)
        found = [(at, self._found(self._queries.side_by_side(PIECES[at], words.terms))) for at in numbers]
        return [(at, rows) for at, rows in found if rows.size]

    def holding(self, node: Node) -> Ints:
        """Rows, ascending, for which a `native` tree holds."""
        return self._found(self._queries.every((node,)))

    def _found(self, query: Query) -> Ints:
        return self._of([number for number, _ in self._searching.in_order(query, self._searching.trials)])

    def _of(self, numbers: list[int]) -> Ints:
        return np.searchsorted(self._columns.numbers, np.array(numbers, np.int64)).astype(np.int32)

    # -- scores --------------------------------------------------------------------------------------------------------

    def scores(self, nodes: Sequence[Node], held: Held) -> Floats:
        """Scores that the first of several trees gives, at least of the rows for which all of them hold."""
        within = self._queries.every(part for node in nodes for part in _native_parts(node))
        if any(words.strict for words in positive_words(nodes[0])):
            return self._summed(nodes[0], held, within)
        return self._score(self._queries.scored(within, nodes[0]))

    def _summed(self, node: Node, held: Held, within: Query) -> Floats:
        """Add up words one by one: some count only where the records hold them."""

        def add(total: Floats, words: Words) -> None:
            standing = within.and_must_match(self._queries.standing(plain(words)))
            score = self._score(self._queries.scored(standing, plain(words)))
            total += np.where(held(words), score, 0) if words.strict else score

        return summed(node, self._columns.size, add)

    def _score(self, query: Query) -> Floats:
        hits = self._searching.best(query, self._searching.trials).hits
        scores = np.zeros(self._columns.size, np.float32)
        scores[self._of(self._searching.numbers([place for _, place in hits]))] = [score for score, _ in hits]
        return scores


def _native_parts(node: Node) -> Iterable[Node]:
    return filter(native, node.parts if isinstance(node, All) else (node,))


class TantivyEvaluator(Evaluator):
    """Answers trees from columns, sites and records; what of a tree is words alone, tantivy puts together."""

    def __init__(self, words: TantivyWords, tables: Tables, nodes: Iterable[Node]) -> None:
        super().__init__(words, tables, nodes)
        self.words = words

    def mask(self, node: Node, among: Mask | None = None) -> Mask:
        """Rows for which the tree holds, as every evaluator tells."""
        if isinstance(node, All | Any) and _of_words(node):
            return self._marked(self.words.holding(node))
        return super().mask(node, among)


def _of_words(node: Node) -> bool:
    """Tell whether a tree is made of words that postings tell of, and nothing else."""
    if isinstance(node, All | Any):
        return bool(node.parts) and all(map(_of_words, node.parts))
    return isinstance(node, Words) and not node.strict
