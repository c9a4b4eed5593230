from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crawler.config import Cache
from crawler.normalise import normalise
from index.column_writer import ColumnWriter
from index.columns import Columns
from index.document import document
from index.schema import DATES, FILTERED
from tests.records import raw

RECORDS = (
    raw(
        "NCT00000003",
        statusModule={"overallStatus": "COMPLETED", "startDateStruct": {"date": "2020-06"}},
        designModule={"phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 0}},
        eligibilityModule={"minimumAge": "18 Years", "maximumAge": "65 Years", "sex": "FEMALE"},
        contactsLocationsModule={"locations": [{"country": "France"}, {"country": "Korea, Republic of"}]},
    ),
    raw(
        "NCT00000007",
        statusModule={"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": "2021-03-04"}},
        designModule={"phases": ["PHASE2"], "enrollmentInfo": {"count": 99999999}},
        contactsLocationsModule={"locations": [{"country": "France"}, {"country": "France"}]},
    ),
    raw("NCT12345678", eligibilityModule={"minimumAge": "6 Months"}, designModule={"enrollmentInfo": {"count": 12}}),
)
EVERY = np.array([True, True, True])


@pytest.fixture
def columns(tmp_path: Path) -> Columns:
    writer = ColumnWriter()
    for record in RECORDS:
        writer.add(document(normalise(record), record), record.content_hash)
    writer.write(tmp_path / "columns")
    return Columns(tmp_path / "columns")


def test_rows_are_known_by_their_ids(columns: Columns) -> None:
    assert columns.size == 3
    assert columns.ids == ["NCT00000003", "NCT00000007", "NCT12345678"]
    rows = [columns.row(nct_id) for nct_id in ("NCT00000003", "NCT00000007", "NCT12345678")]
    assert rows == [0, 1, 2]


@pytest.mark.parametrize("nct_id", ["NCT00000001", "NCT00000005", "NCT12345677", "NCT99999999"])
def test_an_id_that_is_not_there_has_no_row(columns: Columns, nct_id: str) -> None:
    assert columns.row(nct_id) is None


def test_rows_are_known_by_numbers_in_any_order(columns: Columns) -> None:
    found = [columns.rows(numbers) for numbers in ([12345678, 3, 7, 3], [])]
    assert [None if rows is None else rows.tolist() for rows in found] == [[2, 0, 1, 0], []]
    for unheld in ([3, 5], [99_999_999], [0]):
        assert columns.rows(unheld) is None


def test_days_numbers_and_ages(columns: Columns) -> None:
    assert columns.days("start").tolist() == [20200601, 0, 0]
    assert columns.days("updated").tolist() == [0, 20210304, 0]
    assert columns.enrollment.tolist() == [0, -1, 12]
    assert columns.ages.tolist() == [[18, 65], [0, np.inf], [0.5, np.inf]]


@pytest.mark.parametrize(
    ("key", "wanted", "rows"),
    [
        ("phase", ["PHASE2"], [True, True, False]),
        ("phase", ["PHASE1"], [True, False, False]),
        ("phase", ["PHASE1", "PHASE2", "PHASE4"], [True, True, False]),
        ("phase", ["PHASE4"], [False, False, False]),
        ("phase", [], [False, False, False]),
        ("country", ["South Korea"], [True, False, False]),
        ("status", ["COMPLETED", "RECRUITING"], [True, True, True]),
        ("sponsor", ["Pfizer"], [False, False, False]),  # a column without a value
    ],
)
def test_a_mask_is_of_the_rows_that_have_any_of_the_values(
    columns: Columns, key: str, wanted: list[str], rows: list[bool]
) -> None:
    assert columns.values(key).mask(wanted, columns.size).tolist() == rows


@pytest.mark.parametrize(
    ("key", "mask", "counts", "without"),
    [
        ("phase", [True, True, True], {"PHASE1": 1, "PHASE2": 2}, 1),
        ("phase", [False, True, True], {"PHASE1": 0, "PHASE2": 1}, 1),
        ("phase", [False, False, False], {"PHASE1": 0, "PHASE2": 0}, 0),
        ("country", [True, True, True], {"France": 2, "South Korea": 1}, 1),
        ("status", [True, True, True], {"COMPLETED": 2, "RECRUITING": 1}, 0),
        ("sponsor", [True, True, True], {}, 3),
    ],
)
def test_counts_are_of_rows_those_without_a_value_apart(
    columns: Columns, key: str, mask: list[bool], counts: dict[str, int], without: int
) -> None:
    column = columns.values(key)
    counted, none = column.counts(np.array(mask))
    assert dict(zip(column.values, counted.tolist(), strict=True)) == counts
    assert none == without


def test_a_fresh_mask_is_not_the_column_s_own(columns: Columns) -> None:
    mask: NDArray[np.bool_] = columns.values("phase").mask(["PHASE2"], columns.size)
    mask[:] = False
    assert columns.values("phase").mask(["PHASE2"], columns.size).any()


def test_no_documents_are_columns_without_rows(cache: Cache) -> None:
    ColumnWriter().write(cache.folder)
    columns = Columns(cache.folder)
    assert (columns.size, columns.ids, columns.row("NCT00000001")) == (0, [], None)
    assert columns.rows([3]) is None
    nothing = np.zeros(0, np.bool_)
    assert [columns.values(key).counts(nothing)[1] for key in FILTERED] == [0] * len(FILTERED)
    assert [columns.days(key).tolist() for key in DATES] == [[]] * len(DATES)
    assert columns.ages.shape == (0, 2)


@pytest.mark.parametrize("name", ["arrays", "values.json"])
def test_a_missing_file_is_met_when_the_columns_are_opened(columns: Columns, tmp_path: Path, name: str) -> None:
    assert columns.size == 3
    (tmp_path / "columns" / name).unlink()
    with pytest.raises(FileNotFoundError):
        Columns(tmp_path / "columns")
