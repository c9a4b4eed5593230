from math import log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.record import RawRecord
from index.similar.closeness import closeness
from tests.conftest import SAMPLE
from tests.records import raw

RECORDS = {record.nct_id: record for record in map(RawRecord, SAMPLE.read_bytes().splitlines())}
SEED = RECORDS["NCT05300932"]


def about(nct_id: str, text: str) -> RawRecord:
    return raw(nct_id, identificationModule={"briefTitle": text}, conditionsModule={"conditions": [text]})


SCLERODERMA = about("NCT00000001", "scleroderma of the skin")
TWIN = about("NCT00000002", "scleroderma of the skin")
COUSIN = about("NCT00000003", "scleroderma of lungs")
MUMPS = about("NCT00000004", "mumps vaccine")
BARE = RawRecord(b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000005"}}}')


def twins(trials: int, *having: int) -> float:
    """Score of trials whose title and condition are the same words, each of which so many trials have."""

    def part(weight: float, typical: float, times: int) -> float:
        length = (1 + log(times)) * sqrt(sum(log((1 + trials) / (0.5 + having_it)) ** 2 for having_it in having))
        return weight * (length / (length / 2 + typical * log(1 + trials) / 2)) ** 2

    return part(1 / 4, 3, 2) + part(3 / 8, 7, 2) + part(1 / 4, 2, 1)


def test_a_twin_is_nearest_then_a_cousin_and_a_stranger_is_0() -> None:
    twin, cousin, stranger, bare = closeness([SCLERODERMA], [TWIN, COUSIN, MUMPS, BARE])
    # topic, text and conditions have two words each of a twin (topic and text twice), "skin" in two trials of five
    assert twin == pytest.approx(twins(5, 3, 2), abs=1e-6)
    assert 0 < cousin < twin
    assert (stranger, bare) == (0, 0)


def test_of_several_seeds_the_nearest_counts() -> None:
    records = [TWIN, MUMPS, COUSIN]
    twin, mumps, _ = closeness([SCLERODERMA, about("NCT00000006", "mumps vaccine")], records)
    assert twin == pytest.approx(twins(5, 3, 2), abs=1e-6)
    assert mumps == pytest.approx(twins(5, 2, 2), abs=1e-6)


def test_equal_trials_compare_equal_in_any_order() -> None:
    first = closeness([SCLERODERMA], [TWIN, COUSIN, about("NCT00000007", "scleroderma of the skin")])
    again = closeness([SCLERODERMA], [about("NCT00000007", "scleroderma of the skin"), COUSIN, TWIN])
    assert first == again
    assert first[0] == first[2]


def test_without_seeds_or_records_nothing_is_near() -> None:
    assert closeness([], [TWIN, MUMPS]) == [0.0, 0.0]
    assert closeness([SCLERODERMA], []) == []


def test_the_relatives_of_a_seed_are_nearer_than_what_is_far_away() -> None:
    others = [record for record in RECORDS.values() if record is not SEED]
    near = dict(zip([record.nct_id for record in others], closeness([SEED], others), strict=True))
    nearest = sorted(near, key=lambda nct_id: -near[nct_id])[:10]
    assert {"NCT06936215", "NCT04440592", "NCT03274076", "NCT02339441"} < set(nearest[:5])
    assert "NCT00853788" in nearest
    assert near["NCT00000432"] < 0.05  # Lyme disease


@settings(deadline=None, max_examples=25)
@given(
    seeds=st.lists(st.sampled_from(sorted(RECORDS)), min_size=1, max_size=3),
    records=st.lists(st.sampled_from(sorted(RECORDS)), min_size=1, max_size=6),
)
def test_closeness_is_never_below_0(seeds: list[str], records: list[str]) -> None:
    found = closeness([RECORDS[nct_id] for nct_id in seeds], [RECORDS[nct_id] for nct_id in records])
    assert len(found) == len(records)
    assert all(score >= 0 for score in found)
