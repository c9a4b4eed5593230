"""Pure: two Trials → the fields that differ, each with what it was and what it is, never a whole text.

Two texts are the same where only case, white space, bullets or the form of a mark differ; the order of a list makes no
difference. Values of fields and short lists stand whole. Of lists of objects only the items that differ are told, of
long texts only the sentences.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from crawler.countries import current_country
from crawler.points import folded, sentences
from crawler.trial import Location, Trial

MOST_SENTENCES = 10  # told of one side of a text; how many more there are is said


class Change(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A field by its name in the Trial; `from` and `to` as in `show --json`."""

    field: str
    before: Any
    after: Any


# What no change is told of: the key, the stamp that moves with every update, events and reports of their own, and ages
# in years beside the same ages as written.
_UNTOLD = {"nct_id", "gone", "last_update_posted", "unknown_fields", "minimum_age_years", "maximum_age_years"}
_TEXTS = {"brief_summary", "detailed_description", "eligibility_criteria", "study_population"}
# The registry derives these by itself, and old versions come without them: an empty side says nothing.
_DERIVED = {"condition_mesh", "condition_ancestors", "intervention_mesh", "intervention_ancestors"}
_UNREAD = {"lat", "lon"}  # the registry looks them up by itself

Key: TypeAlias = Callable[[Any], str]


def site(location: Location) -> str:
    """What makes two sites one, whatever their status, post code and the country's old or current name."""
    country = current_country(location.country or "")
    return " | ".join(folded(part or "") for part in (location.facility, location.city, location.state, country))


def _part(name: str, *, other: str | None = None) -> Key:
    """Make a key of one part of an item, or of another where that is absent."""

    def key(item: Any) -> str:  # noqa: ANN401 - any struct of a Trial
        value = getattr(item, name)
        if value is None and other is not None:
            value = getattr(item, other)
        return folded(value or "")

    return key


# By what items of a list are forms of one.
_NAMES: dict[str, Key] = {
    "secondary_ids": _part("id"),
    "collaborators": _part("name"),
    "officials": _part("name"),
    "central_contacts": _part("name", other="email"),
    "condition_mesh": _part("term"),
    "condition_ancestors": _part("term"),
    "intervention_mesh": _part("term"),
    "intervention_ancestors": _part("term"),
    "arms": _part("label"),
    "interventions": _part("name"),
    "primary_outcomes": _part("measure"),
    "secondary_outcomes": _part("measure"),
    "other_outcomes": _part("measure"),
    "locations": site,
    "references": _part("pmid", other="citation"),
    "links": _part("url"),
}


def changes(before: Trial, after: Trial) -> list[Change]:
    """Tell what differs between two states of a trial, in the order of the Trial's fields; [] where nothing does."""
    told = (_change(name, getattr(before, name), getattr(after, name)) for name in Trial.__struct_fields__)
    return [change for change in told if change is not None]


def _change(name: str, before: Any, after: Any) -> Change | None:  # noqa: ANN401 - any field
    if name in _UNTOLD or before == after:
        return None
    if name in _TEXTS:
        return _text(name, before or "", after or "")
    if name in _DERIVED and not (before and after):
        return None
    if name in _NAMES:
        return _items(name, before, after)
    if name == "has_results" and not (before or after):
        return None  # absent is none posted
    same = _plain(name, before) == _plain(name, after)
    return None if same else Change(name, _whole(before), _whole(after))


def _whole(value: Any) -> Any:  # noqa: ANN401 - any field
    return list(value) if isinstance(value, tuple) else msgspec.to_builtins(value)


def _plain(name: str, value: Any) -> object:  # noqa: ANN401 - any field
    """Return what two values that are the same have alike."""
    if isinstance(value, str):
        return folded(value)
    if isinstance(value, tuple):
        return sorted(folded(current_country(text) if name == "countries" else text) for text in value)
    if isinstance(value, msgspec.Struct):
        return [_plain(part, getattr(value, part)) for part in value.__struct_fields__]
    return value


# -- long texts --------------------------------------------------------------------------------------------------------


def _text(name: str, before: str, after: str) -> Change | None:
    old, new = _only_in_first(before, after), _only_in_first(after, before)
    return Change(name, old, new) if old or new else None


def _only_in_first(text: str, other: str) -> list[str]:
    """Sentences that one text has and another has not, in order."""
    there = {folded(point.text) for point in sentences(other)}
    only = [point.text for point in sentences(text) if folded(point.text) not in there]
    more = len(only) - MOST_SENTENCES
    return only if more <= 0 else [*only[:MOST_SENTENCES], f"… and {more} more"]


# -- lists of objects --------------------------------------------------------------------------------------------------


def _items(name: str, before: Sequence[msgspec.Struct], after: Sequence[msgspec.Struct]) -> Change | None:
    old, new = _missing(name, before, after), _missing(name, after, before)
    if not old and not new:
        return None
    key = _NAMES[name]
    return Change(name, [_told(item, new, key) for item in old], [_told(item, old, key) for item in new])


def _missing(name: str, items: Iterable[msgspec.Struct], others: Iterable[msgspec.Struct]) -> list[msgspec.Struct]:
    """Items that are not among the others, as often as they are missing there."""
    there = Counter(_identity(name, item) for item in others)
    missing = []
    for item in items:
        identity = _identity(name, item)
        if there[identity]:
            there[identity] -= 1
        else:
            missing.append(item)
    return missing


def _identity(name: str, item: msgspec.Struct) -> str:
    if name in _DERIVED:
        return _NAMES[name](item)  # records of the former format have no ids of headings
    parts = (part for part in item.__struct_fields__ if part not in _UNREAD)
    return repr([_NAMES[name](item), *(_plain_part(part, getattr(item, part)) for part in parts)])


def _plain_part(part: str, value: object) -> object:
    if part == "country" and isinstance(value, str):
        return folded(current_country(value))
    return _plain(part, value if value != () else None)


def _told(item: msgspec.Struct, others: Iterable[msgspec.Struct], key: Key) -> dict[str, Any]:
    """Return an item without its description, but with those sentences that its other form has not."""
    told: dict[str, Any] = msgspec.to_builtins(item)
    description = told.pop("description", None)
    form = next((other for other in others if key(other) == key(item)), None)
    if description and form is not None:
        only = _only_in_first(description, getattr(form, "description", None) or "")
        told |= {"description": only} if only else {}
    return told


def lost_and_added(before: Iterable[Location], after: Iterable[Location]) -> tuple[int, int]:
    """Count the sites that are no more and those that are new."""
    old, new = Counter(map(site, before)), Counter(map(site, after))
    return (old - new).total(), (new - old).total()


def named(changed: Sequence[Change]) -> Iterator[str]:
    """Give the names of the fields as people say them."""
    return (change.field.replace("_", " ") for change in changed)
