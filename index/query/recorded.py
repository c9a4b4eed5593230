"""A value or a range typed for a field that is read in the records → what is tested there."""

from crawler.dates import age_years
from crawler.errors import RecordInvalid
from index import analysis
from index.errors import RangeMalformed, ValueUnknown
from index.query.areas import Target
from index.query.tree import Between, Recorded, Test, Truth, Words
from index.query.values import day_range, ends
from index.query.words import words

RANGED = frozenset(("number", "date", "age"))
_TRUTHS = {"true": True, "false": False}
_NUMBERS = "A..B with numbers, either end may be left out"
_AGES = "A..B with ages such as 16 years or 6 months, either end may be left out"
_DATES = "A..B with dates such as 2020, 2020-06 or 2020-06-30, either end may be left out"


def recorded(where: Target, text: str, name: str) -> Recorded | None:
    """Read a value of a field; None where it asks for nothing; UsageError where it can't be one."""
    if where.kind in RANGED:
        begin, end = ends(name, text, _form(where))
        return recorded_range(where, begin, end, text)
    test: Test | None
    if where.kind == "words":
        test = words(text, where.key, exact=where.exact, coverage=where.coverage)
    elif where.kind == "listed":
        test = _listed(where.key, text)
    elif where.kind == "truth":
        test = _truth(where.key, text)
    else:
        raise TypeError(where)
    return None if test is None else Recorded(where.key, test)


def _listed(piece: str, text: str) -> Words | None:
    """A value of a closed list is the whole value, however its parts are joined: NON_RANDOMIZED, non-randomized."""
    folded = tuple(analysis.words(text))
    if not folded:
        return None
    return Words(tuple(map(analysis.stem, folded)), piece, folded, "FullMatch", text.strip())


def _truth(piece: str, text: str) -> Truth:
    value = _TRUTHS.get(text.strip().lower())
    if value is None:
        raise ValueUnknown(piece, text, tuple(_TRUTHS))
    return Truth(value)


def recorded_range(where: Target, begin: str, end: str, text: str) -> Recorded:
    """Make a range of a field's dates, numbers or ages from two ends, either of which may be empty."""
    if where.kind == "date":
        return Recorded(where.key, day_range(where.key, begin, end, where.key, text))
    read = _years if where.kind == "age" else _number
    try:
        found = Between(read(begin) if begin else None, read(end) if end else None)
    except (ValueError, RecordInvalid):
        raise RangeMalformed(where.key, text, _form(where)) from None
    if found.least is not None and found.most is not None and found.least > found.most:
        raise RangeMalformed(where.key, text, f"{_form(where)}, the smaller one first")
    return Recorded(where.key, found)


def _form(where: Target) -> str:
    return {"date": _DATES, "age": _AGES}.get(where.kind, _NUMBERS)


def _number(text: str) -> float:
    value = float(text)
    if not abs(value) < float("inf"):  # nan is no number either
        raise ValueError(text)
    return value


def _years(text: str) -> float:
    """Read `16 years`, `6 Months` or a number of years."""
    number, _, unit = text.partition(" ")
    if not unit:
        return _number(number)
    age = age_years(f"{number} {unit.strip().capitalize()}", "age")
    if age is None:
        raise ValueError(text)
    return age
