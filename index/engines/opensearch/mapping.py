"""What a trial is in the cluster: one document a version of it, its texts as terms, its words' scores as features."""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from crawler.countries import current_country
from crawler.ids import number_of
from crawler.trial import Location
from index.analysis import terms
from index.engines.base import Entry
from index.schema import AREAS, DATES, FILTERED, PIECES
from index.within import SITE_FIELDS, site_texts

SHARDS = 3
VECTOR = "vector"  # similarity's columns by their numbers
EVERYWHERE = "everywhere"  # all texts once more, for phrases that may stand in any field
LIVING = 2**31 - 1  # `until` of a document that no generation has taken away yet
_LONGEST_TERM = 100  # characters; the cluster's whitespace analyser cuts at 255 of its own

_TERMS = {"type": "text", "analyzer": "whitespace", "norms": False}
_SCORES = {"type": "rank_features"}
_KEYWORD = {"type": "keyword"}
_INTEGER = {"type": "integer"}
_YEARS = {"type": "double"}

SETTINGS = {
    "number_of_shards": SHARDS,
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    "mapping.nested_objects.limit": 100_000,  # sites of one trial
}
SETTLED = {"auto_expand_replicas": "0-1", "refresh_interval": "1s"}


def mapping() -> dict[str, Any]:
    """Fields of the index; what is not named here is kept and not indexed."""
    site = {
        **dict.fromkeys(SITE_FIELDS, _TERMS),
        "country": _KEYWORD,
        "site_status": _KEYWORD,
        "place": {"type": "geo_point", "ignore_malformed": True},
    }
    fields = {
        **dict.fromkeys(("number", "since", "until", *DATES), _INTEGER),
        **{piece: {**_TERMS, "copy_to": EVERYWHERE} for piece in PIECES},
        EVERYWHERE: _TERMS,
        **dict.fromkeys((*AREAS, VECTOR), _SCORES),
        **dict.fromkeys(FILTERED, _KEYWORD),
        "enrollment": {"type": "long"},
        **dict.fromkeys(("youngest", "oldest"), _YEARS),
        "sites": {"type": "nested", "properties": site},
        "card": {"type": "binary", "doc_values": True},
    }
    return {"dynamic": False, "properties": fields}


def document_id(nct_id: str, since: int) -> str:
    """Id of a document, the same each time it is sent."""
    return f"{nct_id}-{since}"


def source(entry: Entry, generation: int) -> dict[str, Any]:
    """A trial's document, all but its words' scores and its vector; what it has no value of is left out."""
    made = entry.document
    youngest, oldest = made.ages
    bare = {
        **{key: values for key, values in made.values.items() if values},
        **{key: day for key, day in made.days.items() if day},
        "enrollment": made.enrollment,
        "youngest": youngest,
        "oldest": oldest,
    }
    return {
        "number": number_of(made.nct_id),
        "since": generation,
        "until": LIVING,
        **{PIECES[number]: [indexed(text) for text in texts] for number, texts in entry.texts},
        **{key: value for key, value in bare.items() if value is not None},
        "sites": [_site(site) for site in made.sites],
        "card": b64encode(msgspec.msgpack.encode(made.card)).decode(),
    }


def _site(site: Location) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for piece, name in SITE_FIELDS.items():
        found = site_texts(site, name)
        if found:
            made[piece] = list(map(_site_terms, found))
    if site.country is not None:
        made["country"] = current_country(site.country).casefold()
    if site.status is not None:
        made["site_status"] = site.status.casefold()
    if site.lat is not None and site.lon is not None:
        made["place"] = [site.lon, site.lat]
    return made


@lru_cache(maxsize=100_000)
def _site_terms(text: str) -> str:
    return indexed(" ".join(terms(text)))


def indexed(text: str) -> str:
    """Return terms joined by spaces as the cluster holds them."""
    return text if len(text) <= _LONGEST_TERM else " ".join(map(indexed_term, text.split(" ")))


def indexed_term(term: str) -> str:
    """Return a term as the cluster holds it: one too long for it is told apart by its digest."""
    if len(term) <= _LONGEST_TERM:
        return term
    return term[: _LONGEST_TERM - 32] + sha256(term.encode()).hexdigest()[:32]
