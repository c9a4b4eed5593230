"""Parameters of the registry's `/studies` → a request to the index, refused as the registry refuses them."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from crawler.ids import is_nct_id, nct_id
from index import schema
from index.errors import QueryError, ValueUnknown
from index.query.parse import parse
from index.query.tree import All, Any, Ids, Node, Value, Words
from index.query.values import listed_value

DEFAULT_PAGE, LARGEST_PAGE = 10, 1000
_LONGEST_NUMBER = 18  # digits; Python refuses to read thousands of them

_AREAS = {
    "query.cond": schema.CONDITION,
    "query.term": schema.BASIC,
    "query.intr": schema.INTERVENTION,
    "query.titles": schema.TITLE,
    "query.outc": schema.OUTCOME,
    "query.spons": schema.SPONSOR,
    "query.lead": "LeadSponsorName",
    "query.locn": schema.LOCATION,
    "query.id": schema.ID,
}
_FILTERS = ("filter.ids", "filter.overallStatus", "filter.advanced")
_PAGING = ("countTotal", "pageSize", "pageToken")
_OTHERS = ("fields", "sort", "format", "markupFormat")
KNOWN = frozenset((*_AREAS, *_FILTERS, *_PAGING, *_OTHERS))
# Parameters of the registry's that this mirror doesn't answer yet: said so, rather than left out of the answer.
UNANSWERED = frozenset(("query.patient", "filter.geo", "filter.synonyms", "aggFilters"))

_SORTS = {piece.casefold(): key for key, piece in schema.DATES.items()} | {
    "enrollmentcount": "enrollment",
    "@relevance": "relevance",
}
_ASCENDING_BY_DEFAULT = {"enrollment"}


@dataclass(eq=False)
class Refused(Exception):
    """A request answered with plain text and a status."""

    status: int
    text: str


@dataclass(frozen=True)
class StudiesRequest:
    """One page that is asked for."""

    node: Node
    sort: list[tuple[str, bool]]
    fields: list[str]
    count_total: bool
    page_size: int
    offset: int
    digest: str


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("|", ",").split(",") if part.strip()]


def read_request(parameters: Mapping[str, str], data_version: str) -> StudiesRequest:
    """Read the parameters; Refused with the registry's status and text where they are wrong.

    `data_version` names the data that a page token is tied to.
    """
    for name in parameters:
        if name in UNANSWERED or name.startswith("postFilter."):
            raise Refused(400, f"`{name}` is not answered by this mirror")
        if name not in KNOWN:
            raise Refused(400, f"`{name}` is unknown parameter")
    if parameters.get("format", "json") != "json":
        raise Refused(400, "`format` of this mirror is `json` alone")
    if parameters.get("markupFormat", "markdown") != "markdown":
        raise Refused(400, "`markupFormat` of this mirror is `markdown` alone")
    repeated = {name: text for name, text in parameters.items() if name not in _PAGING}
    digest = hashlib.sha256(msgspec.json.encode(repeated, order="sorted")).hexdigest()[:16]
    return StudiesRequest(
        node=_node(parameters),
        sort=_sort(_split(parameters.get("sort", ""))),
        fields=_split(parameters.get("fields", "")),
        count_total=parameters.get("countTotal", "false").lower() == "true" and "pageToken" not in parameters,
        page_size=_page_size(parameters.get("pageSize", "")),
        offset=_offset(parameters.get("pageToken"), data_version, digest),
        digest=digest,
    )


def _node(parameters: Mapping[str, str]) -> Node:
    asked = {name: text for name, text in parameters.items() if name in _AREAS and text.strip()}
    split = [text.replace(",", " ").split() for text in asked.values()]
    ids_alone = [words for words in split if words and all(map(is_nct_id, words))]
    if ids_alone:
        # The registry ignores filters where a query is nothing but ids.
        return Ids(frozenset(nct_id(word) for words in ids_alone for word in words))
    nodes = [_query(name, text) for name, text in asked.items()]
    return All((*nodes, *_filters(parameters)))


def _query(name: str, text: str) -> Node:
    node = _parsed(name, text, _AREAS[name])
    if name == "query.id" and isinstance(node, All) and all(isinstance(part, Words) for part in node.parts):
        return Any(node.parts)  # of several ids any will do
    return node


def _parsed(name: str, text: str, area: str) -> Node:
    try:
        return parse(text, area)
    except QueryError as error:
        raise Refused(400, f"Error parsing query in {name}: {error}") from None


def _filters(parameters: Mapping[str, str]) -> list[Node]:
    nodes: list[Node] = []
    if parameters.get("filter.ids"):
        ids = _split(parameters["filter.ids"])
        bad = [text for text in ids if not is_nct_id(text)]
        if bad:
            raise Refused(400, f"`filter.ids` has an incorrect format: {bad[0]}")
        nodes.append(Ids(frozenset(map(nct_id, ids))))
    if parameters.get("filter.overallStatus"):
        try:
            listed = tuple(listed_value("status", text) for text in _split(parameters["filter.overallStatus"]))
        except ValueUnknown as error:
            raise Refused(400, f"`filter.overallStatus` has an unknown value: {error.value}") from None
        nodes.append(Value("status", listed))
    if parameters.get("filter.advanced", "").strip():
        nodes.append(_parsed("filter.advanced", parameters["filter.advanced"], schema.BASIC))
    return nodes


def _sort(asked: list[str]) -> list[tuple[str, bool]]:
    """Sort keys of the index and whether each is ascending; dates and relevance fall by default, numbers rise."""
    if len(asked) > 2:  # noqa: PLR2004 - the registry's own bound
        raise Refused(400, "`sort` takes two items at most")
    made = []
    for item in asked:
        name, _, direction = item.partition(":")
        key = _SORTS.get(name.casefold())
        if key is None or direction not in {"", "asc", "desc"}:
            raise Refused(400, f"`sort` has an incorrect item: {item}")
        made.append((key, direction == "asc" if direction else key in _ASCENDING_BY_DEFAULT))
    return made


def _page_size(text: str) -> int:
    if not text:
        return DEFAULT_PAGE
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
        raise Refused(400, f"`pageSize` has an incorrect value: {text}")
    return min(int(text), LARGEST_PAGE) or DEFAULT_PAGE


def page_token(data_version: str, offset: int, digest: str) -> str:
    """Make the token of the page that begins at an offset; it dies with the data."""
    told = msgspec.json.encode([data_version, offset, digest])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def _offset(token: str | None, data_version: str, digest: str) -> int:
    if token is None:
        return 0
    try:
        told = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        version, offset, parameters = msgspec.json.decode(told, type=tuple[str, int, str])
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise Refused(400, "`pageToken` is not one of this registry's") from None
    if version != data_version:
        raise Refused(400, "`pageToken` belongs to data that was replaced since")
    if parameters != digest:
        raise Refused(400, "`pageToken` belongs to other parameters")
    return offset
