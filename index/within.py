"""Does a tree hold within one site? Asked of the few trials whose sites together hold what is asked."""

from dataclasses import replace

from crawler.countries import current_country, other_country_name
from crawler.trial import Location
from index.query.tree import All, Any, Node, Not, Value, Words
from index.schema import LOCATION
from index.sites import Site
from index.written import stands

SITE_FIELDS = {  # of a site that have texts: piece name → attribute
    "LocationFacility": "facility",
    "LocationCity": "city",
    "LocationState": "state",
    "LocationCountry": "country",
    "LocationZip": "zip",
}


def belongs(node: Node) -> bool:
    """Tell whether a tree asks only for what a site has."""
    if isinstance(node, Words):
        return node.area == LOCATION or node.area in SITE_FIELDS
    if isinstance(node, All | Any):
        return all(map(belongs, node.parts))
    if isinstance(node, Not):
        return belongs(node.part)
    return isinstance(node, Value) and node.key in {"country", "site_status"}


def relaxed(node: Node) -> Node:
    """A tree over trials that holds wherever the given one may hold within a site."""
    if isinstance(node, All):
        return All(tuple(map(relaxed, node.parts)))
    if isinstance(node, Any):
        return Any(tuple(map(relaxed, node.parts)))
    if isinstance(node, Words):
        return replace(node, written=(), coverage="Contains")
    return All() if isinstance(node, Not) else node


def holds(node: Node, site: Site) -> bool:
    """Tell whether a tree that `belongs` holds for a site."""
    if isinstance(node, Words):
        names = SITE_FIELDS.values() if node.area == LOCATION else (SITE_FIELDS[node.area],)
        return any(stands(node, text) for name in names for text in site_texts(site, name))
    if isinstance(node, All):
        return all(holds(part, site) for part in node.parts)
    if isinstance(node, Any):
        return any(holds(part, site) for part in node.parts)
    if isinstance(node, Not):
        return not holds(node.part, site)
    if not isinstance(node, Value):
        raise TypeError(node)
    value = site.status if node.key == "site_status" else current_country(site.country or "")
    return value is not None and value.casefold() in {asked.casefold() for asked in node.values}


def site_texts(site: Site | Location, name: str) -> list[str]:
    """A field's text; a renamed country's other name too."""
    text: str | None = getattr(site, name)
    if text is None:
        return []
    other = other_country_name(text) if name == "country" else None
    return [text] if other is None else [text, other]
