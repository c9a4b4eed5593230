"""What a page shows of trials beyond their own fields: marked hits, sites by country, links, bars for reasons."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from crawler.errors import TrialUnknown
from crawler.store import Store
from crawler.trial import Location, Trial
from index.highlight import Highlight
from index.likeness import SimilarTrial
from index.search import Hit, Index
from index.similar.aspects import ALL_OF_IT, Comparison
from index.similar.facts import Fact
from serve.labels import fact_label, name_label

SHOWN_CONDITIONS = 6  # of a hit
TELLING = ("link", "condition", "intervention")  # facts of both that stand in view; the others are folded away
SHOWN_TERMS = 8  # of a similar trial, beside its bars
_WEB = ("http", "https")
# What steers a page or lies about its order: control characters but for line ends, direction overrides, half a pair.
_STEERING = dict.fromkeys(
    (*range(9), *range(11, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A),
     *range(0xD800, 0xE000), 0x061C, 0xFFFE, 0xFFFF),
    " ",
)  # fmt: skip


def inert(text: str) -> str:
    """Return a text of the same length without anything that steers; each such character is a space."""
    return text.translate(_STEERING)


def web_url(text: str | None) -> str | None:
    """Return an address that may be linked to: http or https with a host; None otherwise."""
    if text is None:
        return None
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    return text.strip() if parts.scheme.lower() in _WEB and parts.netloc and inert(text) == text else None


# -- hits --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarkedHit:
    """A hit with the words asked for marked where they stand."""

    hit: Hit
    title: Markup
    conditions: list[Markup]
    more_conditions: int
    snippets: list[tuple[str, Markup]]


def marked(highlight: Highlight) -> Markup:
    """Return the piece of text, escaped, its words in <mark>."""
    text, at, parts = inert(highlight.text), 0, []
    for begin, end in highlight.spans:
        parts += [escape(text[at:begin]), Markup("<mark>"), escape(text[begin:end]), Markup("</mark>")]
        at = end
    return Markup("").join((*parts, escape(text[at:])))


def marked_hit(hit: Hit) -> MarkedHit:
    """Mark a hit's title and conditions in their places; what else was found are its snippets."""
    found = {(highlight.field, highlight.text): highlight for highlight in hit.highlights}

    def shown(field: str, text: str) -> Markup:
        highlight = found.pop((field, text), None)
        return escape(inert(text)) if highlight is None else marked(highlight)

    conditions = [shown("condition", name) for name in hit.conditions]
    title = shown("title", hit.title)
    snippets = [(name_label(other.field), _snippet(other)) for other in found.values() if other.field != "condition"]
    return MarkedHit(
        hit=hit,
        title=title,
        conditions=conditions[:SHOWN_CONDITIONS],
        more_conditions=max(0, len(conditions) - SHOWN_CONDITIONS),
        snippets=snippets,
    )


def _snippet(highlight: Highlight) -> Markup:
    before, behind = highlight.ellipses
    return Markup("{}{}{}").format(before, marked(highlight), behind)


# -- one trial ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Country:
    """A trial's sites in one country."""

    name: str
    sites: list[Location]


def sites_by_country(trial: Trial) -> list[Country]:
    """Group sites, countries in the record's order; those of no country last."""
    grouped: dict[str, list[Location]] = {country: [] for country in trial.countries}
    for site in trial.locations:
        grouped.setdefault(site.country or "", []).append(site)
    named = [Country(name, sites) for name, sites in grouped.items() if name]
    return [*named, Country("No country given", grouped[""])] if "" in grouped else named


@dataclass(frozen=True)
class Kin:
    """A trial that this one names, or that names it; `title` None where it is not held."""

    nct_id: str
    title: str | None
    forward: bool
    kind: str
    evidence: str


def kin(store: Store, index: Index, trial: Trial) -> list[Kin]:
    """Links between a trial and others, from the store; its own aliases are no others."""
    found = []
    for source, target, kind, evidence in store.links_of(trial.nct_id):
        forward = source == trial.nct_id
        other = _held_as(store, target if forward else source)
        if other != trial.nct_id:
            card = index.card(other)
            found.append(Kin(other, None if card is None else card.title, forward, name_label(kind), evidence))
    return found


def _held_as(store: Store, nct_id: str) -> str:
    try:
        return store.resolve(nct_id)
    except TrialUnknown:
        return nct_id


# -- similar trials ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A field group's part of a score; `begin` and `width` are percent of the whole bar: of 1, or of a higher score."""

    group: int
    label: str
    part: float
    begin: float
    width: float


@dataclass(frozen=True)
class Relative:
    """A similar trial as a page shows it; `telling` and `facts` are (what, words)."""

    nct_id: str
    title: str
    status: str | None
    phases: tuple[str, ...]
    score: float
    bars: list[Bar]
    terms: list[tuple[str, float]]
    telling: list[tuple[str, str]]
    facts: list[tuple[str, str]]


def relative(index: Index, similar: SimilarTrial, comparison: Comparison = ALL_OF_IT) -> Relative:
    """Make bars, terms (each word once, with all its share) and facts of a similar trial's reasons."""
    card = index.card(similar.nct_id)
    bars, begin = [], 0.0
    shares: dict[str, float] = {}
    why = similar.why
    percent = 100 / max(1.0, similar.score)
    for number, (name, part) in enumerate({} if why is None else why.fields.items()):
        bars.append(Bar(number, name_label(name), part, begin, percent * part))
        begin += percent * part
    facts = () if why is None else why.facts
    in_view = [fact for fact in facts if fact.kind in TELLING and (fact.both or not fact.asked + fact.hit)]
    in_view += [fact for fact in facts if fact.kind == comparison.unlike]
    for term in () if why is None else why.terms:
        shares[term.term] = shares.get(term.term, 0.0) + term.share
    return Relative(
        nct_id=similar.nct_id,
        title=similar.title,
        status=None if card is None else card.status,
        phases=() if card is None else card.phases,
        score=similar.score,
        bars=bars,
        terms=sorted(shares.items(), key=lambda told: -told[1])[:SHOWN_TERMS],
        telling=[_told(fact) for fact in in_view],
        facts=[_told(fact) for fact in facts if fact not in in_view],
    )


def _told(fact: Fact) -> tuple[str, str]:
    name = name_label(fact.kind)
    return f"Both, {name.lower()}" if fact.text.startswith("both: ") else name, fact_label(fact)
