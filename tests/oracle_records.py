"""What the oracle knows of raw records: a field is walked to by its path in the registry's own list, then compared."""

from collections.abc import Iterator
from typing import Any

from crawler.dates import age_years, first_day
from crawler.fields import fields
from index.analysis import terms, words
from index.query.tree import Between, Days, Recorded, Truth, Words

PATHS = {field.piece: field.path.split(".") for field in fields() if field.piece}
AGES = {"MinimumAge", "MaximumAge", "TargetDuration"}


def at(value: Any, names: list[str]) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Everything at a path; lists leave no mark in it."""
    if isinstance(value, list):
        for item in value:
            yield from at(item, names)
    elif not names:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        yield from at(value.get(names[0]), names[1:])


def covers(asked: Words, text: str) -> bool:
    """Tell whether a value holds words just as asked."""
    wanted, held = (list(asked.written), words(text)) if asked.written else (list(asked.terms), terms(text))
    count = len(wanted)
    match asked.coverage:
        case "FullMatch":
            return held == wanted
        case "StartsWith":
            return held[:count] == wanted
        case "EndsWith":
            return len(held) >= count and held[len(held) - count :] == wanted
        case "Contains":
            return any(held[begin : begin + count] == wanted for begin in range(len(held)))


def recorded_holds(node: Recorded, record: dict[str, Any]) -> bool:
    """Tell whether a field of a record passes a test."""
    values = list(at(record, PATHS[node.piece]))
    match node.test:
        case None:
            return all(value in ("", [], {}) for value in values)
        case Words():
            return any(covers(node.test, value) for value in values)
        case Truth(wanted):
            return wanted in values
        case Days(_, begin, end):
            days = [first_day(value) for value in values]
            return any((begin or 0) <= day <= (end or 99999999) for day in days)
        case Between(least, most):
            numbers = [age_years(value, "") or 0.0 if node.piece in AGES else float(value) for value in values]
            return any((least is None or least <= n) and (most is None or n <= most) for n in numbers)
