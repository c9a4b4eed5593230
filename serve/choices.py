"""A search page's links: each facet value, active filter, sort key and page as the address that it leads to."""

from dataclasses import dataclass

from index.facets import FacetCount
from index.query.filters import unheld
from index.schema import FILTERED, SORT_KEYS
from index.search import Index, SearchPage, SearchRequest
from index.similar.aspects import ASPECTS, WHOLE, Comparison
from serve.labels import name_label, value_label
from serve.question import Question, canonical

OPEN_AT_FIRST = ("status", "phase", "type", "country")  # facets that are shown unfolded
# How a sort key's order is told, descending and ascending; any other key is a date.
_ORDERS = {
    "distance": ("nearest first", "farthest first"),
    "relevance": ("", "least first"),
    "enrollment": ("largest first", "smallest first"),
}
_BY_DATE = ("newest first", "oldest first")


@dataclass(frozen=True)
class Choice:
    """Something to follow; `url` None where there is no filter for it, `count` None where nothing is counted."""

    label: str
    url: str | None
    chosen: bool = False
    count: int | None = None
    value: str = ""


@dataclass(frozen=True)
class FacetList:
    """One facet's values, those that nothing has left out unless they are chosen."""

    key: str
    label: str
    choices: list[Choice]

    @property
    def unfolded(self) -> bool:
        """Whether it is shown open."""
        return self.key in OPEN_AT_FIRST or any(choice.chosen for choice in self.choices)


@dataclass(frozen=True)
class Pager:
    """Where a page stands in all hits: `first` and `last` count from 1, addresses are None at the ends."""

    first: int
    last: int
    total: int
    start: str | None
    before: str | None
    after: str | None
    end: str | None


def facet_lists(facets: dict[str, list[FacetCount]], question: Question) -> list[FacetList]:
    """Make each facet's choices; following one adds its value, or takes it away where it is chosen."""
    lists = []
    for key, counts in facets.items():
        active = {canonical(key, value) for value in question.values(key)}
        choices = [_choice(key, count, active, question) for count in counts]
        lists.append(FacetList(key, name_label(key), [choice for choice in choices if choice.count or choice.chosen]))
    return [facet for facet in lists if facet.choices]


def _choice(key: str, counted: FacetCount, active: set[str], question: Question) -> Choice:
    if counted.value is None:
        return Choice("None given", None, count=counted.count)
    value = str(counted.value).lower() if isinstance(counted.value, bool) else counted.value
    label = value_label(value) if listed(key) else value
    chosen = canonical(key, value) in active
    then = question.lacking(key, value) if chosen else question.having(key, value)
    return Choice(label, then.url(), chosen, counted.count, value)


def chips(question: Question) -> list[Choice]:
    """Make a choice for every filter in force; following one takes it away."""
    return [
        Choice(f"{name_label(name)}: {value_label(canonical(name, value)) if listed(name) else value}",
               question.lacking(name, value).url(), chosen=True, value=value)
        for name, value in question.chosen
    ]  # fmt: skip


def listed(name: str) -> bool:
    """Whether a filter's values are a closed list."""
    return name in FILTERED and FILTERED[name].closed is not None


def sorts(question: Question) -> list[Choice]:
    """Make a choice for every sort key; following the one in force turns its order round."""
    key, ascending = question.sort
    made = []
    measured = bool(question.values("near"))
    for other in SORT_KEYS:
        if other == "distance" and not measured:
            continue
        chosen = other == key
        turned = other if not chosen or ascending or other == "relevance" else f"{other}:asc"
        order = _ORDERS.get(other, _BY_DATE)[ascending] if chosen else ""
        label = f"{name_label(other)}, {order}" if order else name_label(other)
        url = question.changed(offset="", sort="" if turned == "relevance" else turned).url()
        made.append(Choice(label, url, chosen))
    return made


def aspects(nct_id: str, comparison: Comparison) -> list[Choice]:
    """Make a choice for the whole and for every aspect that a trial's relatives can be compared by."""
    return [
        Choice(
            aspect.capitalize(),
            Question(() if aspect == WHOLE else (("by", aspect),)).url(f"/trials/{nct_id}") + "#alike",
            chosen=aspect == comparison.by,
        )
        for aspect in (WHOLE, *ASPECTS)
    ]


def pager(question: Question, page: SearchPage, offset: int, limit: int) -> Pager:
    """Say which hits a page shows, and where the others are."""

    def at(place: int) -> str:
        return question.changed(offset=str(place) if place else "").url()

    final = (page.total - 1) // limit * limit if page.total else 0
    more = offset + limit < page.total
    return Pager(
        first=offset + 1,
        last=offset + len(page.hits),
        total=page.total,
        start=at(0) if offset else None,
        before=at(min(max(offset - limit, 0), final)) if offset else None,
        after=at(offset + limit) if more else None,
        end=at(final) if more else None,
    )


def unheld_values(index: Index, asked: SearchRequest) -> list[str]:
    """Say of each open value asked for that no trial has it, with the one that looks most like it."""
    told = []
    for missing in unheld(asked.trees, index.columns):
        near = f"; the nearest is “{missing.nearest}”." if missing.nearest else "."
        told.append(f"No trial here has {name_label(missing.key).lower()} “{missing.value}”{near}")
    return told
