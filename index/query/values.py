"""Values and ranges as people write them → as the registry does."""

import re

from crawler.countries import country_meant
from crawler.dates import first_day, last_day
from index.errors import RangeMalformed, ValueUnknown
from index.query.tree import Days, Enrollment, Near
from index.schema import FILTERED

_SEPARATORS = re.compile(r"[\s,/_-]+")
_PHASES = {"I": "PHASE1", "II": "PHASE2", "III": "PHASE3", "IV": "PHASE4", "EARLY1": "EARLYPHASE1"}
_PHASES |= {"EARLYI": "EARLYPHASE1", "EARLYPHASEI": "EARLYPHASE1", "NOTAPPLICABLE": "NA"}
_DATE_RANGE = "A..B with dates such as 2020, 2020-06 or 2020-06-30, either end may be left out"
_DEGREES, _LENGTH = r"\s*([+-]?\d+(?:\.\d*)?)\s*", r"\s*(\d+(?:\.\d*)?)\s*(mi|km)\s*"
_NEAR = re.compile(f"{_DEGREES},{_DEGREES},{_LENGTH}", re.IGNORECASE)
_NEAR_FORM = "LAT,LON,50mi or LAT,LON,80km, in degrees"
_POLE, _DATE_LINE = 90, 180
KM_IN_A_MILE = 1.609344
_NUMBER_RANGE = "A..B with whole numbers, either end may be left out"


def listed_value(key: str, text: str) -> str:
    """Return a value of a facet or filter key as the registry writes it; ValueUnknown outside a closed list.

    Open values (countries, sponsors, MeSH terms, years) come back as they are, countries under the current name.
    """
    closed = FILTERED[key].closed
    if closed is None:
        return country_meant(text.strip()) if key == "country" else text.strip()
    wanted = _plain(text)
    if key == "phase":
        wanted = _phase(wanted)
    by_plain = {_plain(value): value for value in closed}
    if wanted not in by_plain:
        raise ValueUnknown(key, text, closed)
    return by_plain[wanted]


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", text.strip()).upper()


def _phase(plain: str) -> str:
    """`3` and `Phase 3` are PHASE3, `early 1` is EARLY_PHASE1, `n/a` is NA."""
    if plain.isdigit():
        return f"PHASE{plain}"
    return _PHASES.get(plain.removeprefix("PHASE"), plain)


def ends(name: str, text: str, form: str) -> tuple[str, str]:
    """Split `A..B`, a single one being both ends; RangeMalformed where both are left out."""
    begin, dots, end = text.partition("..")
    if not dots:
        end = begin
    if not begin.strip() and not end.strip():
        raise RangeMalformed(name, text, form)
    return begin.strip(), end.strip()


def days(key: str, text: str, name: str) -> Days:
    """Read `2020..2022-06` as first day to last day; a single date is all its days; RangeMalformed otherwise."""
    begin, end = ends(name, text, _DATE_RANGE)
    return day_range(key, begin, end, name, text)


def day_range(key: str, begin: str, end: str, name: str, text: str) -> Days:
    """Make a range of days from two dates, either of which may be empty."""
    try:
        found = Days(key, first_day(begin) if begin else None, last_day(end) if end else None)
    except ValueError:
        raise RangeMalformed(name, text, _DATE_RANGE) from None
    if found.begin is not None and found.end is not None and found.begin > found.end:
        raise RangeMalformed(name, text, f"{_DATE_RANGE}, the earlier one first")
    return found


def near(text: str, name: str) -> Near:
    """Read `LAT,LON,50mi` (or km) in degrees; RangeMalformed otherwise."""
    found = _NEAR.fullmatch(text)
    if found is None:
        raise RangeMalformed(name, text, _NEAR_FORM)
    latitude, longitude, distance = (float(part) for part in found.groups()[:3])
    if abs(latitude) > _POLE or abs(longitude) > _DATE_LINE:
        raise RangeMalformed(name, text, _NEAR_FORM)
    return Near(latitude, longitude, distance * (KM_IN_A_MILE if found[4].lower() == "mi" else 1.0))


def enrollment(text: str, name: str) -> Enrollment:
    """Read `100..500`; RangeMalformed otherwise."""
    begin, end = ends(name, text, _NUMBER_RANGE)
    return number_range(begin, end, name, text)


def number_range(begin: str, end: str, name: str, text: str) -> Enrollment:
    """Make a range of enrollments from two numbers, either of which may be empty."""
    try:
        found = Enrollment(int(begin) if begin else None, int(end) if end else None)
    except ValueError:
        raise RangeMalformed(name, text, _NUMBER_RANGE) from None
    if found.least is not None and found.most is not None and found.least > found.most:
        raise RangeMalformed(name, text, f"{_NUMBER_RANGE}, the smaller one first")
    return found
