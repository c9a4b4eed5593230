"""A question → one request: set, score, order, page and all facets in it; its response → the facets."""

from collections.abc import Mapping
from typing import Any as Json

from index.answered import BY_DATE, points
from index.columns import Columns
from index.engines.base import Question
from index.engines.opensearch.query import Query, every, holds, scores, visible
from index.facets import OPEN_FACET_VALUES, FacetCount, told
from index.query.tree import Node, positive_words
from index.schema import FACETS


def request(question: Question, columns: Columns, generation: int) -> Query:
    """Make the body of a search, all but the size of the page.

    Filters of facets' own keys stand after the rest, since each facet ignores one of them.
    """
    apart = {name: part for name, part in question.filters.items() if question.facets and name in FACETS}
    common = [part for name, part in question.filters.items() if name not in apart]
    asked = [*visible(generation), holds(question.node, columns), *(holds(part, columns) for part in common)]
    worded = bool(positive_words(question.node))
    query: Query = {"filter": asked, **({"should": scores(question.node)} if worded else {})}
    body: Query = {
        "query": {"bool": query},
        "sort": _order(question, worded=worded),
        "track_total_hits": True,
        "track_scores": worded,
    }
    if apart:
        body["post_filter"] = every([holds(part, columns) for part in apart.values()])
    if question.facets:
        body["aggs"] = {key: _facet(key, apart, columns) for key in FACETS}
    return body


def _order(question: Question, *, worded: bool) -> list[Query]:
    order: list[Query] = []
    for key, ascending in question.order:
        direction = "asc" if ascending else "desc"
        if key == "relevance" and worded:
            order.append({"_score": direction})
        elif key == "distance":
            order.append(_distance(question, ascending=ascending))
        else:
            order.append({BY_DATE.get(key, key): {"order": direction, "missing": "_last"}})
    return [*order, {"number": "asc"}]


def _distance(question: Question, *, ascending: bool) -> Query:
    """Kilometres to the nearest site; nearest first, as the largest is for other keys."""
    places = [{"lat": point.latitude, "lon": point.longitude} for point in points(question.filters)]
    measured = {"sites.place": places, "unit": "km", "mode": "min", "nested": {"path": "sites"}}
    return {"_geo_distance": {**measured, "order": "desc" if ascending else "asc"}}


# -- facets ------------------------------------------------------------------------------------------------------------


def _facet(key: str, apart: Mapping[str, Node], columns: Columns) -> Query:
    """Count a facet's values without its own filter: every shard gives all that it has, so that counts are exact."""
    others = [holds(part, columns) for name, part in apart.items() if name != key]
    known = len(columns.values(key).values) + 1
    size = known if FACETS[key].closed is not None else OPEN_FACET_VALUES
    values = {"terms": {"field": key, "size": size, "shard_size": max(size, known)}}
    return {"filter": every(others), "aggs": {"values": values, "without": {"missing": {"field": key}}}}


def facets(found: Mapping[str, Json]) -> dict[str, list[FacetCount]] | None:
    """Read facets from a response; None where a count is not known to be exact."""
    if any(found[key]["values"]["doc_count_error_upper_bound"] for key in FACETS):
        return None
    return {
        key: told(
            key,
            {bucket["key"]: bucket["doc_count"] for bucket in found[key]["values"]["buckets"]},
            found[key]["without"]["doc_count"],
        )
        for key in FACETS
    }
