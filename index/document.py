"""Pure: a Trial and its raw record → Document: the texts that are searched, the values that are counted, the card."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec

from crawler.countries import current_country, other_country_name
from crawler.dates import first_day
from crawler.links import shared_keys
from crawler.record import RawRecord
from crawler.trial import Location, Trial
from index.schema import NUMBER_OF_PIECE, TEXT_FIELDS

CHILD_BELOW, OLDER_FROM = 18, 65  # years; the registry's own age groups
_COUNTRY = NUMBER_OF_PIECE["LocationCountry"]
_number = itemgetter(0)
_Tree: TypeAlias = dict[str, tuple[int | None, "_Tree"]]  # a name in a record → the field that it is, what is below it


def _tree() -> _Tree:
    """All searched paths: each record is walked once, not once a path."""
    tree: _Tree = {}
    for number, text_field in enumerate(TEXT_FIELDS):
        branch = tree
        for name in text_field.names[:-1]:
            branch = branch.setdefault(name, (None, {}))[1]
        branch[text_field.names[-1]] = (number, {})
    return tree


_TREE = _tree()


class Card(msgspec.Struct, frozen=True):
    """What an answer shows of a trial without asking the store."""

    nct_id: str
    title: str
    official_title: str | None
    status: str | None
    phases: tuple[str, ...]
    study_type: str | None
    conditions: tuple[str, ...]
    condition_mesh: tuple[str, ...]
    interventions: tuple[str, ...]
    intervention_types: tuple[str, ...]
    intervention_mesh: tuple[str, ...]
    intervention_classes: tuple[str, ...]
    sponsor: str | None
    sponsor_class: str | None
    countries: tuple[str, ...]
    sex: str | None
    minimum_age_years: float | None
    maximum_age_years: float | None
    enrollment: int | None
    allocation: str | None
    masking: str | None
    primary_purpose: str | None
    start_date: str | None
    completion_date: str | None
    last_update_posted: str | None
    brief_summary: str | None


@dataclass(frozen=True)
class Document:
    """What an index holds of one trial.

    `texts` are (field number of the schema, value) in the record's order; `values` the facet and filter values by
    key; `days` the date columns (YYYYMMDD, 0 for none); `arms` how many arms or groups it lists;
    `key_hashes` of its shared keys, ascending.
    """

    nct_id: str
    texts: list[tuple[int, str]]
    values: dict[str, tuple[str, ...]]
    days: dict[str, int]
    enrollment: int | None
    arms: int
    ages: tuple[float | None, float | None]
    sites: tuple[Location, ...]
    key_hashes: tuple[int, ...]
    card: Card


def document(trial: Trial, raw: RawRecord) -> Document:
    """Make the document of a trial from it and its own record."""
    return Document(
        nct_id=trial.nct_id,
        texts=texts(raw.data),
        values=_values(trial),
        days={
            "start": _day(trial.start_date),
            "completed": _day(trial.completion_date),
            "updated": _day(trial.last_update_posted),
            "posted": _day(trial.first_posted),
        },
        enrollment=trial.enrollment,
        arms=len(trial.arms),
        ages=(trial.minimum_age_years, trial.maximum_age_years),
        sites=trial.locations,
        key_hashes=tuple(sorted(key.hashed for key in shared_keys(trial))),
        card=_card(trial),
    )


def texts(data: dict[str, Any]) -> list[tuple[int, str]]:
    """(Field number, value) of every searched text of a parsed record, field by field, in the record's order."""
    found: list[tuple[int, str]] = []
    _below(data, _TREE, found)
    found.sort(key=_number)
    return found


def _below(node: object, tree: "_Tree", found: list[tuple[int, str]]) -> None:
    """Find what the tree has below a part of a record; lists leave no mark in it."""
    if isinstance(node, dict):
        for name, (number, branch) in tree.items():
            value = node.get(name)
            if value is None:
                continue
            if number is None:
                _below(value, branch, found)
            else:
                _values_of(value, number, found)
    elif isinstance(node, list):
        for item in node:
            _below(item, tree, found)


def _values_of(value: object, number: int, found: list[tuple[int, str]]) -> None:
    if isinstance(value, str):
        found.append((number, value))
        if number == _COUNTRY and (other := other_country_name(value)) is not None:
            found.append((number, other))
    elif isinstance(value, list):
        for item in value:
            _values_of(item, number, found)


def _day(date: str | None) -> int:
    return 0 if date is None else first_day(date)


def age_groups(minimum: float | None, maximum: float | None) -> tuple[str, ...]:
    """Age groups that the bounds (years) touch; a bound that is not given is no bound."""
    youngest = 0.0 if minimum is None else minimum
    oldest = float("inf") if maximum is None else maximum
    groups = []
    if youngest < CHILD_BELOW:
        groups.append("CHILD")
    if youngest < OLDER_FROM and oldest >= CHILD_BELOW:
        groups.append("ADULT")
    if oldest >= OLDER_FROM:
        groups.append("OLDER_ADULT")
    return tuple(groups)


def _once(values: Iterator[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _values(trial: Trial) -> dict[str, tuple[str, ...]]:
    sponsor = trial.lead_sponsor
    return {
        "status": _one(trial.status),
        "phase": tuple(dict.fromkeys(trial.phases)),
        "type": _one(trial.study_type),
        "country": _once(current_country(country) for country in trial.countries),
        "condition_mesh": _once(mesh.term for mesh in trial.condition_mesh),
        "intervention_type": _once(intervention.type for intervention in trial.interventions),
        "sponsor_class": _one(None if sponsor is None else sponsor.class_),
        "sponsor": _one(None if sponsor is None else sponsor.name),
        "start_year": _one(None if trial.start_date is None else trial.start_date[:4]),
        "age_group": age_groups(trial.minimum_age_years, trial.maximum_age_years),
        "results": ("true" if trial.has_results else "false",),
        "sex": _one(trial.sex),
        "site_status": _once(site.status for site in trial.locations),
    }


def _card(trial: Trial) -> Card:
    sponsor = trial.lead_sponsor
    return Card(
        nct_id=trial.nct_id,
        title=trial.title,
        official_title=trial.official_title,
        status=trial.status,
        phases=trial.phases,
        study_type=trial.study_type,
        conditions=trial.conditions,
        condition_mesh=_once(mesh.term for mesh in trial.condition_mesh),
        interventions=_once(intervention.name for intervention in trial.interventions),
        intervention_types=_once(intervention.type for intervention in trial.interventions),
        intervention_mesh=_once(mesh.term for mesh in trial.intervention_mesh),
        intervention_classes=_once(mesh.term for mesh in trial.intervention_ancestors),
        sponsor=None if sponsor is None else sponsor.name,
        sponsor_class=None if sponsor is None else sponsor.class_,
        countries=_once(current_country(country) for country in trial.countries),
        sex=trial.sex,
        minimum_age_years=trial.minimum_age_years,
        maximum_age_years=trial.maximum_age_years,
        enrollment=trial.enrollment,
        allocation=trial.allocation,
        masking=trial.masking,
        primary_purpose=trial.primary_purpose,
        start_date=trial.start_date,
        completion_date=trial.completion_date,
        last_update_posted=trial.last_update_posted,
        brief_summary=trial.brief_summary,
    )
