"""A tree → the cluster's own query: which documents it holds for, and apart from that what it scores them."""

from typing import Any as Json

from crawler.ids import number_of
from index.columns import Columns
from index.engines.opensearch.mapping import EVERYWHERE, indexed_term
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
    Recorded,
    Value,
    WithinSite,
    Words,
    operands,
    record_tests,
)
from index.schema import AREAS, BASIC, FILTERED, LOCATION, PIECES, numbers_of
from index.within import SITE_FIELDS

Query = dict[str, Json]

NOTHING: Query = {"match_none": {}}
MOST_CLAUSES = 1000  # the cluster takes 1,024 in one question
MOST_NESTED = 15  # and 20 levels of brackets
SLACK_KM = 1e-5  # the cluster keeps places to a centimetre, and asks for more than nothing
_MOST_IDS = 50_000  # it takes 65,536 values in one clause
_JOINING = frozenset(("bool", "dis_max", "nested"))


def native(node: Node) -> bool:
    """Tell whether the cluster can answer a tree; of the others a part is read in the records."""
    sites = (operand.part for operand in operands(node) if isinstance(operand, WithinSite))
    return not record_tests(node) and all(map(native, sites))


def fits(query: object) -> bool:
    """Tell whether the cluster takes a question of this size."""
    clauses, depth = _size(query)
    return clauses <= MOST_CLAUSES and depth <= MOST_NESTED


def _size(query: object) -> tuple[int, int]:
    """How many clauses a query has that join no others, and how deep it is."""
    if isinstance(query, list):
        sizes = [_size(part) for part in query]
        return sum(clauses for clauses, _ in sizes), max((depth for _, depth in sizes), default=0)
    if not isinstance(query, dict):
        return 0, 0
    joining = _JOINING & query.keys()
    if not joining:
        return 1, 1
    clauses, depth = _size([part for kind in joining for part in query[kind].values() if isinstance(part, dict | list)])
    return clauses, depth + 1


def visible(generation: int) -> list[Query]:
    """Clauses for the documents that a generation has."""
    return [{"range": {"since": {"lte": generation}}}, {"range": {"until": {"gt": generation}}}]


# -- sets --------------------------------------------------------------------------------------------------------------


def holds(node: Node, columns: Columns) -> Query:
    """Make the query for the documents for which a tree holds, which must be `native`."""
    if isinstance(node, Words):
        return stands(node)
    if isinstance(node, All):
        return every([holds(part, columns) for part in node.parts])
    if isinstance(node, Any):
        return some([holds(part, columns) for part in node.parts])
    if isinstance(node, Not):
        return none(holds(node.part, columns))
    if isinstance(node, WithinSite):
        return {"nested": {"path": "sites", "query": _holds_at_site(node.part)}}
    if isinstance(node, Near):
        place = {"lat": node.latitude, "lon": node.longitude}
        near = {"geo_distance": {"distance": f"{node.kilometres + SLACK_KM}km", "sites.place": place}}
        return {"nested": {"path": "sites", "query": near}}
    if isinstance(node, Recorded):
        raise TypeError(node)
    return _of_values(node, columns)


def _of_values(node: Value | Days | Enrollment | Age | Ids | Missing, columns: Columns) -> Query:
    if isinstance(node, Value):
        closed = FILTERED[node.key].closed is not None
        return {"terms": {node.key: columns.values(node.key).matching(node.values, closed=closed)}}
    if isinstance(node, Days):
        return _between(node.key, node.begin, node.end)
    if isinstance(node, Enrollment):
        return _between("enrollment", node.least, node.most)
    if isinstance(node, Age):
        return none({"range": {"youngest": {"gt": node.years}}}, {"range": {"oldest": {"lt": node.years}}})
    if isinstance(node, Ids):
        return numbered([number_of(nct_id) for nct_id in node.nct_ids if columns.row(nct_id) is not None])
    return none({"exists": {"field": node.key}})


def numbered(numbers: list[int]) -> Query:
    """Make the query for trials by their numbers."""
    parts = [sorted(numbers)[begin : begin + _MOST_IDS] for begin in range(0, len(numbers), _MOST_IDS)]
    return some([{"terms": {"number": part}} for part in parts])


def _between(field: str, least: int | None, most: int | None) -> Query:
    return {"range": {field: {"gte": least, "lte": most}}} if (least, most) != (None, None) else _there(field)


def _there(field: str) -> Query:
    return {"exists": {"field": field}}


def every(parts: list[Query]) -> Query:
    """Join queries by AND."""
    return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}} if parts else {"match_all": {}}


def some(parts: list[Query]) -> Query:
    """Join queries by OR."""
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}} if parts else NOTHING


def none(*parts: Query) -> Query:
    """Make the query for what none of the queries finds."""
    return {"bool": {"must_not": list(parts)}}


def stands(words: Words) -> Query:
    """Make the query for the documents where words stand in any form."""
    if len(words.terms) == 1 and words.area in AREAS:
        return feature(words.area, words.terms[0])
    if words.area == BASIC:
        return side_by_side(EVERYWHERE, words)
    return some([side_by_side(PIECES[number], words) for number in numbers_of(words.area)])


def side_by_side(field: str, words: Words) -> Query:
    """Make the query for terms side by side, in order, in one value of a field."""
    terms = list(map(indexed_term, words.terms))
    return {"term": {field: terms[0]}} if len(terms) == 1 else {"match_phrase": {field: " ".join(terms)}}


def feature(area: str, term: str) -> Query:
    """Make the query for a term in an area, whose score is the feature's own value."""
    return {"rank_feature": {"field": f"{area}.{indexed_term(term)}", "linear": {}}}


def _holds_at_site(node: Node) -> Query:
    if isinstance(node, Words):
        pieces = list(SITE_FIELDS) if node.area == LOCATION else [node.area]
        return some([side_by_side(f"sites.{piece}", node) for piece in pieces])
    if isinstance(node, All):
        return every([_holds_at_site(part) for part in node.parts])
    if isinstance(node, Any):
        return some([_holds_at_site(part) for part in node.parts])
    if isinstance(node, Not):
        return none(_holds_at_site(node.part))
    if not isinstance(node, Value):
        raise TypeError(node)
    return {"terms": {f"sites.{node.key}": [value.casefold() for value in node.values]}}


# -- scores ------------------------------------------------------------------------------------------------------------


def scores(node: Node) -> list[Query]:
    """Make the queries whose scores add up to a tree's, wherever it holds."""
    if isinstance(node, Words):
        return [score(node)]
    if isinstance(node, Either):
        ways = [_summed(scores(part)) for part in node.parts]
        return [{"dis_max": {"queries": ways}}]
    return [query for part in node.parts for query in scores(part)] if isinstance(node, All | Any) else []


def score(words: Words) -> Query:
    """Make the query that finds where words stand and scores it: a sum over the terms. One field scores as Basic."""
    area = words.area if words.area in AREAS else BASIC
    terms = [feature(area, term) for term in words.terms]
    if len(terms) == 1 and area == words.area:
        return terms[0]
    return {"bool": {"filter": [stands(words)], "should": terms}}


def _summed(parts: list[Query]) -> Query:
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts}} if parts else NOTHING
