"""A tree → tantivy's queries: one for the set, another that scores it.

What a tree finds and what it scores are apart, for they are asked of different fields: the set of bare words is one
field's postings, their scores are the best of dozens.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from tantivy import FieldType, Occur, Query

from crawler.ids import number_of
from index.columns import Columns
from index.engines.tantivy.layout import (
    ENROLLMENT,
    EVERYWHERE,
    NO_CODE,
    NO_DAY,
    NO_ENROLLMENT,
    NUMBER,
    OLDEST,
    SCORED,
    SEARCHED,
    YOUNGEST,
    number_of_code,
)
from index.engines.tantivy.searching import Searching
from index.query.tree import (
    Age,
    All,
    Any,
    Days,
    Either,
    Enrollment,
    Ids,
    Missing,
    Near,
    Node,
    Not,
    Value,
    WithinSite,
    Words,
    operands,
    record_tests,
)
from index.schema import FILTERED, NUMBER_OF_PIECE

_KEPT_TERMS = 256  # each a few dozen objects: a page further, or one more filter, asks for the same words
_FEW = 64  # values up to which single postings are read; a set of more is looked up in one go

_LARGEST = 2**63 - 1  # that a field holds

Clause = tuple[Occur, Query]


def native(node: Node) -> bool:
    """Tell whether a tree can be asked of the index alone: what is read in records or sites can't."""
    return not record_tests(node) and not any(isinstance(operand, Near | WithinSite) for operand in operands(node))


class Queries:
    """Makes queries for one open index. Trees must be `native`."""

    def __init__(self, searching: Searching, columns: Columns) -> None:
        self._searching = searching
        self._schema = searching.schema
        self._codes = _Codes(columns)
        self._term_score: Callable[[str, str], Query] = lru_cache(_KEPT_TERMS)(self._best_field)

    # -- sets ----------------------------------------------------------------------------------------------------------

    def every(self, nodes: Iterable[Node]) -> Query:
        """What all of several trees find."""
        clauses = [self._clause(node) for node in dict.fromkeys(nodes)]
        if len(clauses) == 1 and clauses[0][0] is Occur.Must:
            return clauses[0][1]
        if all(occur is Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, Query.all_query()))
        return Query.boolean_query(clauses)

    def _clause(self, node: Node) -> Clause:
        if isinstance(node, Not):
            occur, query = self._clause(node.part)
            return (Occur.MustNot if occur is Occur.Must else Occur.Must), query
        return Occur.Must, self._holds(node)

    def _holds(self, node: Node) -> Query:
        if isinstance(node, Words):
            return self.standing(node)
        if isinstance(node, All):
            return self.every(node.parts)
        if isinstance(node, Any):
            return _some([self.every((part,)) for part in dict.fromkeys(node.parts)])
        if isinstance(node, Value):
            return self._any_of(node.key, self._codes.of(node))
        if isinstance(node, Days):
            return self._between(node.key, NO_DAY + 1, node.begin, node.end)
        if isinstance(node, Enrollment):
            return self._between(ENROLLMENT, NO_ENROLLMENT + 1, node.least, node.most)
        return self._of_others(node)

    def _of_others(self, node: Node) -> Query:
        if isinstance(node, Age):
            youngest = Query.range_query(self._schema, YOUNGEST, FieldType.Float, None, float(node.years))
            oldest = Query.range_query(self._schema, OLDEST, FieldType.Float, float(node.years), None)
            return Query.boolean_query([(Occur.Must, youngest), (Occur.Must, oldest)])
        if isinstance(node, Ids):
            return self.numbered([number_of(nct_id) for nct_id in node.nct_ids])
        if not isinstance(node, Missing):
            raise TypeError(node)
        if node.key in FILTERED:
            return self._any_of(node.key, [NO_CODE])
        nothing = NO_ENROLLMENT if node.key == ENROLLMENT else NO_DAY
        return self._between(node.key, nothing, None, nothing)

    def _between(self, key: str, floor: int, least: int | None, most: int | None) -> Query:
        """Numbers from the floor on, and within the bounds that are given."""
        lower = floor if least is None else min(max(floor, least), _LARGEST)
        upper = _LARGEST if most is None else min(most, _LARGEST)
        return Query.range_query(self._schema, key, FieldType.Integer, lower, upper)

    def numbered(self, numbers: Sequence[int]) -> Query:
        """Trials by the numbers of their NCT ids."""
        return self._any_of(NUMBER, numbers)

    def _any_of(self, field: str, values: Sequence[int]) -> Query:
        if len(values) > _FEW:
            return Query.term_set_query(self._schema, field, values)
        return _some([Query.term_query(self._schema, field, value) for value in values])

    def standing(self, words: Words) -> Query:
        """Where words stand in any form."""
        return _some([self.side_by_side(field, words.terms) for field in SEARCHED[words.area]])

    def side_by_side(self, field: str, terms: tuple[str, ...]) -> Query:
        """Where terms stand side by side, in order, in one value of a field."""
        if len(terms) == 1:
            return Query.term_query(self._schema, field, terms[0], index_option="basic")
        return Query.phrase_query(self._schema, field, list(terms))

    # -- scores --------------------------------------------------------------------------------------------------------

    def scored(self, found: Query, node: Node) -> Query:
        """What a query finds, with the scores of a tree, which must hold for all of it."""
        scores = [(Occur.Should, score) for score in self._scores(node, holds=True)]
        return Query.boolean_query([(Occur.Must, Query.const_score_query(found, 0.0)), *scores])

    def _scores(self, node: Node, *, holds: bool) -> list[Query]:
        """Make the queries whose scores add up to a tree's; `holds` where it does for all that is scored."""
        if isinstance(node, Words):
            return self._words_score(node, holds=holds)
        if isinstance(node, Either):
            ways = (self._scores(way, holds=False) for way in node.parts)
            return [Query.disjunction_max_query([_some(way) for way in ways])]
        if isinstance(node, All | Any):
            holds = holds and isinstance(node, All)
            return [
                _times(times, score)
                for part, times in Counter(node.parts).items()
                for score in self._scores(part, holds=holds)
            ]
        return []

    def _words_score(self, words: Words, *, holds: bool) -> list[Query]:
        """Sum the terms' scores where the words stand; where they do anyway, that need not be asked again."""
        terms = [self._term_score(words.area, term) for term in words.terms]
        if holds or (len(terms) == 1 and words.area not in NUMBER_OF_PIECE):
            return terms
        stand = Query.const_score_query(self.standing(words), 0.0)
        return [Query.boolean_query([(Occur.Must, stand), *((Occur.Should, term) for term in terms)])]

    def _best_field(self, area: str, term: str) -> Query:
        """Best over the area's fields of weight × BM25."""
        if not self._searching.stands(EVERYWHERE, term):
            return Query.empty_query()
        fields = (pair for pair in SCORED[area] if self._searching.stands(pair[0], term))
        weighted = (
            Query.boost_query(Query.term_query(self._schema, field, term, index_option="freq"), weight)
            for field, weight in fields
        )
        return Query.disjunction_max_query(list(weighted))


def _times(times: int, score: Query) -> Query:
    return score if times == 1 else Query.boost_query(score, float(times))


def _some(queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


class _Codes:
    """Numbers of values by what is asked for: a closed list's as they stand, an open one's in any case."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._numbers: dict[str, dict[str, list[int]]] = {}

    def of(self, node: Value) -> list[int]:
        """Numbers of the values that a node asks for."""
        closed = FILTERED[node.key].closed is not None
        numbers = self._numbers.get(node.key)
        if numbers is None:
            numbers = self._numbers[node.key] = {}
            for code, value in enumerate(self._columns.values(node.key).values):
                numbers.setdefault(value if closed else value.casefold(), []).append(number_of_code(code))
        asked = dict.fromkeys(value if closed else value.casefold() for value in node.values)
        return [number for value in asked for number in numbers.get(value, ())]
