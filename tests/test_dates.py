import pytest

from crawler.dates import age_years, checked_date, first_day, last_day
from crawler.errors import RecordInvalid


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2022", 20220101, 20221231),
        ("2022-02", 20220201, 20220228),
        ("2024-02", 20240201, 20240229),
        ("2022-03-08", 20220308, 20220308),
    ],
)
def test_a_partial_date_spans_all_its_days(text: str, first: int, last: int) -> None:
    assert (first_day(text), last_day(text)) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "22", "2022-13", "2022-02-30", "2022-3", "March 2022", "0000", "2022-03-08T00:00"]
)
def test_what_is_no_date_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(RecordInvalid, match="startDateStruct"):
        checked_date(text, "startDateStruct")


@pytest.mark.parametrize(
    ("text", "years"),
    [("18 Years", 18.0), ("1 Year", 1.0), ("6 Months", 0.5), ("30 Days", 30 / 365.25), ("12 Hours", 0.5 / 365.25)],
)
def test_ages_are_years(text: str, years: float) -> None:
    assert age_years(text, "minimumAge") == pytest.approx(years)


def test_an_absent_age_is_none_and_a_strange_one_is_refused() -> None:
    assert age_years(None, "minimumAge") is None
    with pytest.raises(RecordInvalid, match="'N/A' is no age"):
        age_years("N/A", "minimumAge")
