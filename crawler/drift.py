"""Whether the registry's records change their shape: fields that its own list doesn't have, and known ones that empty.

How often a field is filled is compared within the same trials, each record with the one that it replaced, so that
another mix of trials is no drift.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from crawler.errors import RecordInvalid
from crawler.fields import fields
from crawler.record import RawRecord
from crawler.store import Store
from crawler.versions import raw_of, states

EXAMPLES = 3
EXAMPLE_CHARACTERS = 120
FELL_BY = 0.1  # of the records that had it; less is the way of single trials


class Example(msgspec.Struct, frozen=True):
    """A trial and what stands there, as JSON, cut where it is long."""

    nct_id: str
    value: str


class Unknown(msgspec.Struct, frozen=True):
    """A path that the registry's own list doesn't have, and how many trials carry it."""

    path: str
    trials: int
    examples: list[Example]


class Fallen(msgspec.Struct, frozen=True):
    """A known path that fewer records fill than the records that they replaced did; the shares of both."""

    path: str
    before: float
    now: float
    lost: int
    examples: list[str]


class Drift(msgspec.Struct, frozen=True):
    """The report; `compared` counts the trials that have a record before the current one."""

    unknown: list[Unknown]
    fallen: list[Fallen]
    compared: int


def drift(store: Store, advance: Callable[[int], None]) -> Drift:
    """Look through the store; `advance` is told how many more trials were compared."""
    unknown = [Unknown(path, trials, _examples(store, path)) for path, trials in store.unknown_fields().items()]
    before, now, lost = Counter[str](), Counter[str](), defaultdict[str, list[str]](list)
    compared = 0
    for ident, old, new in _pairs(store):
        compared += 1
        before.update(old)
        now.update(new)
        for path in old - new:
            lost[path].append(ident)
        advance(1)
    fallen = [
        Fallen(path, round(had / compared, 3), round(now[path] / compared, 3), had - now[path], lost[path][:EXAMPLES])
        for path, had in before.items()
        if had - now[path] >= FELL_BY * had
    ]
    return Drift(unknown, sorted(fallen, key=lambda one: (one.now - one.before, one.path)), compared)


def _examples(store: Store, path: str) -> list[Example]:
    rows = store.select("SELECT nct_id FROM unknown_field WHERE path = ? ORDER BY 1 LIMIT ?", (path, EXAMPLES))
    return [Example(ident, _cut(next(_at(store.raw(ident).data, path.split(".")), None))) for (ident,) in rows]


def _at(value: Any, names: list[str]) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Give the values at a path; lists leave no mark in it."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, names)
    elif not names:
        yield value
    elif isinstance(value, dict) and names[0] in value:
        below = value[names[0]]
        yield from [below] if len(names) == 1 else _at(below, names[1:])


def _cut(value: Any) -> str:  # noqa: ANN401 - JSON
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= EXAMPLE_CHARACTERS else f"{text[: EXAMPLE_CHARACTERS - 1]}…"


def _pairs(store: Store) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each trial's id, with the known paths that the record before fills and those that the current one does."""
    known = {field.path for field in fields()}
    for (ident,) in store.select("SELECT nct_id FROM version GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"):
        held = sorted((state for state in states(store, ident) if state.held), key=lambda state: state.row)
        try:
            filled = [_filled(raw_of(store, state.version), known) for state in held[-2:]]
        except RecordInvalid:
            continue
        if len(filled) > 1:
            yield ident, filled[0], filled[1]


def _filled(raw: RawRecord, known: set[str]) -> set[str]:
    return {path for path in _leaves(raw.data, "") if path in known}


def _leaves(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Give the paths of values that say something."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    elif value not in {None, ""}:
        yield path
