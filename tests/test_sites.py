"""Sites by distance, and what has to hold within one of them."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.trial import Location
from index.errors import DistanceUnmeasured, QueryError
from index.merge import Merge
from index.query.filters import filters
from index.query.parse import parse
from index.search import Index, SearchRequest
from index.sites import SiteTable, SiteWriter, great_circle_km
from tests.indexes import indexed
from tests.records import raw
from tests.test_merge import NUMBERS

LONDON, PARIS = (51.5074, -0.1278), (48.8566, 2.3522)


def site(
    city: str,
    country: str,
    place: tuple[float, float] | None = None,
    status: str | None = None,
    facility: str = "Clinic",
) -> dict[str, object]:
    made: dict[str, object] = {"facility": facility, "city": city, "country": country}
    if place is not None:
        made["geoPoint"] = {"lat": place[0], "lon": place[1]}
    return made if status is None else {**made, "status": status}


RECORDS = {
    "NCT00000001": [
        site("London", "United Kingdom", LONDON, "COMPLETED"),
        site("Paris", "France", PARIS, "RECRUITING"),
    ],
    "NCT00000002": [site("London", "United Kingdom", LONDON, "RECRUITING", "Royal Free Hospital")],
    "NCT00000003": [site("Seoul", "Korea, Republic of", None, "RECRUITING")],
    "NCT00000004": [],
    "NCT00000005": [site("London", "Canada", (42.98, -81.25)), site("Royal Oak", "United States")],
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    records = [raw(ident, contactsLocationsModule={"locations": sites}) for ident, sites in RECORDS.items()]
    folder: Path = tmp_path_factory.mktemp("sites")
    with indexed(Cache(folder), *records) as opened:
        yield opened


def found(index: Index, query: str) -> list[int]:
    page = index.search(SearchRequest(query, parse(query)))
    return sorted(int(hit.nct_id[3:]) for hit in page.hits)


def test_the_great_circle_from_london_to_paris() -> None:
    # 343.6 km by the haversine formula on the mean radius, as any table of city distances has it
    assert great_circle_km(*LONDON, np.array([PARIS[0]]), np.array([PARIS[1]]))[0] == pytest.approx(343.6, abs=0.5)


def test_the_globe_has_no_edge() -> None:
    # a degree of longitude on the equator is 2 * pi * 6371.0088 / 360 = 111.195 km, across the date line too
    assert great_circle_km(0, 179.5, np.array([0.0]), np.array([-179.5]))[0] == pytest.approx(111.195, abs=0.001)


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        ("51.5,-0.12,10km", [1, 2]),
        ("51.5,-0.12,210mi", [1, 2]),
        ("48.85, 2.35, 5 KM", [1]),
        ("42.98,-81.25,0km", [5]),
        ("0,0,100mi", []),
    ],
)
def test_near_finds_trials_with_a_site_within_the_distance(index: Index, near: str, expected: list[int]) -> None:
    made = filters({"near": [near]}, results=None, ids=None)
    page = index.search(SearchRequest(filters=made))
    assert sorted(int(hit.nct_id[3:]) for hit in page.hits) == expected


def test_trials_of_which_no_site_has_a_place_are_counted(index: Index) -> None:
    assert index.unplaced() == 1  # Seoul; the fifth has one in London


def test_sorted_by_distance_the_nearest_site_counts(index: Index) -> None:
    made = filters({"near": ["48.85,2.35,20000km"]}, results=None, ids=None)
    nearest = index.search(SearchRequest(filters=made, sort="distance"))
    assert [hit.nct_id[-1] for hit in nearest.hits] == ["1", "2", "5"]
    assert [hit.distance_km for hit in nearest.hits] == [0.8, 344.1, 6166.7]  # spherical law of cosines, by hand
    assert index.search(SearchRequest(filters=made)).hits[0].distance_km is None
    farthest = index.search(SearchRequest(filters=made, sort="distance", ascending=True))
    assert [hit.nct_id[-1] for hit in farthest.hits] == ["5", "2", "1"]
    with pytest.raises(DistanceUnmeasured):
        index.search(SearchRequest(sort="distance"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SEARCH[Location](London France)", []),
        ("loc:(London France)", [1]),
        ("SEARCH[Location](London AND AREA[LocationStatus]RECRUITING)", [2]),
        ("AREA[LocationStatus]RECRUITING London", [1, 2]),
        ("SEARCH[Location](Paris AND AREA[LocationStatus]RECRUITING)", [1]),
        ("SEARCH[Location](London NOT Royal)", [1, 5]),
        ("SEARCH[Location](NOT London)", [1, 3, 5]),
        ("SEARCH[Location](London OR Seoul)", [1, 2, 3, 5]),
        ('SEARCH[Location](AREA[LocationCountry]"South Korea")', [3]),
        ('SEARCH[Location](country:"Korea, Republic of")', [3]),
        ('SEARCH[Location](AREA[LocationFacility]"Free Hospital" London)', [2]),
        ("SEARCH[Location](AREA[LocationFacility]Royal)", [2]),
        ("NOT SEARCH[Location](London)", [3, 4]),
        ("SEARCH [ location ] (Canada London) NOT Paris", [5]),
    ],
)
def test_search_location_holds_within_one_site(index: Index, query: str, expected: list[int]) -> None:
    assert found(index, query) == expected


@pytest.mark.parametrize("query", ["SEARCH[Location](cond:x)", "SEARCH[Sponsor](x)", "SEARCH[Location] London"])
def test_what_no_site_has_is_pointed_at(query: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert 0 <= caught.value.position <= len(query)


def sites_of(number: int, word: str) -> list[Location]:
    """As many as a number's last digit says, each with a text of its own length."""
    return [
        Location(f"{word} {number}", "x" * place, None, None, None, None, float(number), float(place))
        for place in range(number % 10)
    ]


def written(folder: Path, numbers: list[int], word: str, merge: Merge, previous: SiteTable | None) -> SiteTable:
    writer = SiteWriter()
    for number in numbers:
        writer.add(sites_of(number, word))
    writer.write(folder, merge, previous)
    return SiteTable(folder)


@given(before=NUMBERS, removed=st.sets(st.integers(1, 40)), more=NUMBERS)
def test_an_update_keeps_the_sites_of_the_trials_that_stay(
    before: list[int], removed: set[int], more: list[int]
) -> None:
    new = [number for number in more if number in removed or number not in before]
    kept = [number for number in before if number not in removed]
    with TemporaryDirectory() as folder:
        first = Merge.of(np.zeros(0, np.int64), set(), np.array(before, np.int64))
        previous = written(Path(folder) / "one", before, "old", first, None)
        merge = Merge.of(np.array(before, np.int64), removed, np.array(new, np.int64))
        table = written(Path(folder) / "two", new, "new", merge, previous)
        told = [[(site.facility, site.city) for site in table.of(row)] for row in range(len(kept + new))]
    assert told == [
        [(location.facility, location.city) for location in sites_of(number, "new" if number in new else "old")]
        for number in sorted(kept + new)
    ]
