"""Partial dates and ages as the registry writes them, and what they mean."""

import calendar
import re
from functools import lru_cache

from crawler.errors import RecordInvalid

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_AGE = re.compile(r"(\d+) (Year|Month|Week|Day|Hour|Minute)s?")

# A year is 365.25 days, so that ages in weeks and days compare with ages in years.
_UNITS_IN_A_YEAR = {
    "Year": 1.0,
    "Month": 12.0,
    "Week": 365.25 / 7,
    "Day": 365.25,
    "Hour": 365.25 * 24,
    "Minute": 365.25 * 24 * 60,
}


@lru_cache(1 << 14)  # all days of forty years
def _parts(text: str) -> tuple[int, int | None, int | None]:
    """Year, month, day of `2022`, `2022-03` or `2022-03-08`; ValueError otherwise."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (None if part is None else int(part) for part in found.groups())
    if year is None or year == 0 or (month is not None and not 1 <= month <= 12):  # noqa: PLR2004 - months
        raise ValueError(text)
    if month is not None and day is not None and not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError(text)
    return year, month, day


def first_day(text: str) -> int:
    """First day that a partial date may mean, as the number YYYYMMDD; ValueError where it is no date."""
    year, month, day = _parts(text)
    return year * 10000 + (month or 1) * 100 + (day or 1)


def last_day(text: str) -> int:
    """Last day that a partial date may mean, as the number YYYYMMDD; ValueError where it is no date."""
    year, month, day = _parts(text)
    month = 12 if month is None else month
    day = calendar.monthrange(year, month)[1] if day is None else day
    return year * 10000 + month * 100 + day


def day_text(day: int) -> str:
    """Write the number YYYYMMDD as the registry writes a day: 2022-03-08."""
    return f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"


def checked_date(text: str | None, where: str) -> str | None:
    """Return a record's date as written; RecordInvalid where it is none."""
    if text is not None:
        try:
            _parts(text)
        except ValueError:
            raise RecordInvalid(f"{where}: {text!r} is no date") from None
    return text


def age_years(text: str | None, where: str) -> float | None:
    """Convert an age such as `6 Months` to years (0.5); RecordInvalid where it is none."""
    if text is None:
        return None
    found = _AGE.fullmatch(text)
    if found is None:
        raise RecordInvalid(f"{where}: {text!r} is no age")
    return int(found[1]) / _UNITS_IN_A_YEAR[found[2]]
