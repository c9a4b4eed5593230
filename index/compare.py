"""Pure: trials → a comparison: every field side by side, lists item by item, long texts sentence by sentence.

Values stand as in `show --json`. Two texts are the same where only case, white space, bullets, numbering or the form of
a mark differ; the order of a list makes no difference.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from crawler.errors import UsageError
from crawler.points import EXCLUSION, INCLUSION, Point, criteria, folded, sentences, words
from crawler.trial import Trial
from index import align
from index.align import Item, aligned

FEWEST, MOST = 2, 5  # trials side by side


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item or sentence: how each trial has it, None where it has not; `section` of eligibility criteria."""

    values: list[Any]
    same: bool
    section: str | None = None


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of every trial; `parts` of lists and long texts."""

    field: str
    values: list[Any]
    same: bool
    parts: list[Part] | None = None


class Comparison(msgspec.Struct, frozen=True):
    """Fields in the order in which designers read them; `nct_ids` in the order of the trials."""

    nct_ids: list[str]
    rows: list[Row]


@dataclass(eq=False)
class CountWrong(UsageError):
    """Too few or too many trials to stand side by side."""

    given: int

    def __str__(self) -> str:
        said = "1 id was" if self.given == 1 else f"{self.given} ids were"
        return f"{said} given; name two to five trials to compare."


@dataclass(eq=False)
class TrialTwice(UsageError):
    """The same trial more than once."""

    nct_id: str

    def __str__(self) -> str:
        return f"{self.nct_id} is named twice (an obsolete id counts as its trial's); name each trial once."


def _key(value: object) -> str:
    """Return what two values that are the same have alike."""
    if isinstance(value, str):
        return folded(value)
    if isinstance(value, msgspec.Struct):
        return repr([_key(getattr(value, name)) for name in value.__struct_fields__])
    if isinstance(value, tuple):
        return repr(sorted(map(_key, value)))
    return repr(value)


# -- one field of every trial → what stands side by side ---------------------------------------------------------------

Reading: TypeAlias = Callable[[Sequence[Any]], list[Part]]


def _set(values: Sequence[Sequence[object]]) -> list[Part]:
    return _parts([[Item(_key(item), item) for item in items] for items in values])


def _named(name: str, *, alike: bool) -> Reading:
    """Make a reading of objects: those of one name, or (`alike`) of names alike, are forms of one."""

    def item(value: object) -> Item:
        said = folded(getattr(value, name) or "")
        return Item(_key(value), value, said or None, words(said) if alike else frozenset())

    return lambda values: _parts([[item(value) for value in items] for items in values])


def _text(values: Sequence[str | None]) -> list[Part]:
    return _parts([_points(sentences(text or "")) for text in values])


def _criteria(values: Sequence[str | None]) -> list[Part]:
    """Align criteria within their sections; where one text tells of no sections, all of them together."""
    texts = [criteria(text or "") for text in values]
    if not all(any(point.section for point in points) for points in texts if points):
        texts = [[Point(point.text) for point in points] for points in texts]
    return [
        part
        for section in (None, INCLUSION, EXCLUSION)
        for part in _parts([_points(p for p in points if p.section == section) for points in texts], section)
    ]


def _points(points: Iterable[Point]) -> list[Item]:
    return [Item(point.key, point.text, words=words(point.text)) for point in points]


def _parts(lists: Sequence[Sequence[Item]], section: str | None = None) -> list[Part]:
    return [_part(part, len(lists), section) for part in aligned(lists)]


def _part(part: align.Part, lists: int, section: str | None) -> Part:
    held = [part.items.get(number) for number in range(lists)]
    same = len(part.items) == lists and len(part.keys) == 1
    return Part([None if item is None else msgspec.to_builtins(item.value) for item in held], same, section)


# Every field of a Trial but its id; None for those that are one value.
FIELDS: dict[str, Reading | None] = {
    "brief_title": None,
    "acronym": None,
    "status": None,
    "why_stopped": None,
    "study_type": None,
    "phases": _set,
    "allocation": None,
    "intervention_model": None,
    "masking": None,
    "who_masked": _set,
    "primary_purpose": None,
    "observational_model": None,
    "time_perspective": None,
    "enrollment": None,
    "enrollment_type": None,
    "start_date": None,
    "start_date_type": None,
    "primary_completion_date": None,
    "primary_completion_date_type": None,
    "completion_date": None,
    "completion_date_type": None,
    "lead_sponsor": None,
    "collaborators": _set,
    "conditions": _set,
    "keywords": _set,
    "interventions": _named("name", alike=True),
    "arms": _named("label", alike=False),
    "primary_outcomes": _named("measure", alike=True),
    "secondary_outcomes": _named("measure", alike=True),
    "other_outcomes": _named("measure", alike=True),
    "minimum_age": None,
    "minimum_age_years": None,
    "maximum_age": None,
    "maximum_age_years": None,
    "std_ages": _set,
    "sex": None,
    "healthy_volunteers": None,
    "eligibility_criteria": _criteria,
    "study_population": _text,
    "countries": _set,
    "locations": _set,
    "brief_summary": _text,
    "detailed_description": _text,
    "official_title": None,
    "has_results": None,
    "results_posted": None,
    "first_submitted": None,
    "first_posted": None,
    "last_update_posted": None,
    "gone": None,
    "condition_mesh": _set,
    "condition_ancestors": _set,
    "intervention_mesh": _set,
    "intervention_ancestors": _set,
    "organization": None,
    "responsible_party": None,
    "officials": _set,
    "central_contacts": _set,
    "org_study_id": None,
    "secondary_ids": _set,
    "aliases": _set,
    "expanded_access_id": None,
    "references": _set,
    "links": _set,
    "unknown_fields": _set,
}


def compare(trials: Sequence[Trial]) -> Comparison:
    """Set two to five trials side by side; CountWrong or TrialTwice where they can't stand so."""
    check_count(len(trials))
    ids = [trial.nct_id for trial in trials]
    for place, ident in enumerate(ids):
        if ident in ids[:place]:
            raise TrialTwice(ident)
    return Comparison(ids, [_row(name, trials) for name in FIELDS])


def check_count(given: int) -> None:
    """Raise CountWrong unless so many trials can stand side by side."""
    if not FEWEST <= given <= MOST:
        raise CountWrong(given)


def _row(name: str, trials: Sequence[Trial]) -> Row:
    values = [getattr(trial, name) for trial in trials]
    reading = FIELDS[name]
    shown = msgspec.to_builtins(values)
    if reading is None:
        return Row(name, shown, len(set(map(_key, values))) == 1)
    parts = reading(values)
    given = {value is None or value == () for value in values}
    return Row(name, shown, len(given) == 1 and all(part.same for part in parts), parts)
