"""Who carries a shared number, by the index's table and the few records that it chooses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.links import SharedKey
from crawler.record import RawRecord
from crawler.sharing import MOST_CARRIERS, Carrier, Kinship, ReadCarriers, Shared, Sharing
from crawler.store import Store
from index.carrier_writer import CarrierWriter
from index.carriers import CARRIERS, CarrierTable, IndexedCarriers, indexed_carriers
from index.errors import IndexOutdated
from tests.indexes import brought_up, keep
from tests.records import raw

KEY = SharedKey("shared_id", "ABC-123456")
SAME = Shared("NCT00000002", KEY, Kinship.CLOSE, 0)


def record(number: int, *ids: str, **papers: str) -> RawRecord:
    """A record with secondary ids and papers (`p1="RESULT"` is PMID 1)."""
    return raw(
        f"NCT{number:08d}",
        identificationModule={"secondaryIdInfos": [{"id": text} for text in ids]},
        referencesModule={"references": [{"pmid": name[1:], "type": kind} for name, kind in papers.items()]},
    )


# Two of a study, eight and nine of a number, a paper for five, and enough others that an update isn't a rebuild.
RECORDS = {
    1: record(1, "ABC-123456", p7="RESULT"),
    2: record(2, "ABC-123456", p8="BACKGROUND"),
    **{number: record(number, "EIGHT-8888", p8="BACKGROUND") for number in (3, 4, 5)},
    **{number: record(number, "EIGHT-8888", p9="RESULT") for number in range(6, 11)},
    **{number: record(number, "NINE-99999") for number in range(11, 20)},
    **{number: record(number) for number in range(20, 60)},
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """RECORDS, indexed."""
    made = Cache(tmp_path / "cache")
    keep(made, *RECORDS.values())
    brought_up(made)
    return made


@contextmanager
def sharing(cache: Cache) -> Iterator[Sharing]:
    with Store.reading(cache) as store:
        carriers = indexed_carriers(store)
        assert carriers is not None
        yield Sharing(carriers)


def is_indexed(cache: Cache) -> bool:
    with Store.reading(cache) as store:
        return indexed_carriers(store) is not None


def told(sharing: Sharing) -> list[object]:
    idents = [f"NCT{number:08d}" for number in range(1, 61)]
    return [(sharing.kin(ident), sharing.unfollowed(ident)) for ident in idents]


def table(folder: Path, carriers: dict[int, list[int]], previous: CarrierTable | None = None) -> CarrierTable:
    """A table of hashes by trial; those of the one before come again, or are gone where they have none."""
    writer = CarrierWriter(previous)
    writer.remove(f"NCT{number:08d}" for number in carriers)
    for number, hashes in carriers.items():
        writer.add(f"NCT{number:08d}", hashes)
    writer.write(folder)
    return CarrierTable.at(folder)


def reader(read: list[str], *records: RawRecord) -> Callable[[str], RawRecord | None]:
    """What reads records by id, and notes which."""
    held = {one.nct_id: one for one in records}

    def reading(ident: str) -> RawRecord | None:
        read.append(ident)
        return held.get(ident)

    return reading


# -- the table ---------------------------------------------------------------------------------------------------------


def test_trials_are_found_by_hash(tmp_path: Path) -> None:
    found = table(tmp_path / "made", {7: [5, -(2**63)], 3: [5], 99999999: [2**63 - 1], 4: []})
    asked = (-(2**63), -1, 5, 6, 2**63 - 1)
    assert [found.trials(hashed) for hashed in asked] == [[7], [], [3, 7], [], [99999999]]
    assert table(tmp_path / "none", {}).trials(5) == []


HASHED = st.dictionaries(st.integers(1, 20), st.lists(st.integers(-3, 3), unique=True, max_size=4), max_size=9)


@given(before=HASHED, more=HASHED)
def test_an_update_is_as_if_written_at_once(before: dict[int, list[int]], more: dict[int, list[int]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        updated = table(folder / "two", more, table(folder / "one", before))
        whole = table(folder / "whole", before | more)
        assert updated.arrays["hashes"].tolist() == whole.arrays["hashes"].tolist()
        assert [updated.trials(hashed) for hashed in range(-3, 4)] == [whole.trials(hashed) for hashed in range(-3, 4)]


# -- the records decide ------------------------------------------------------------------------------------------------


def test_a_trial_that_only_has_the_hash_is_no_carrier(tmp_path: Path) -> None:
    records = [record(1, KEY.value), record(2, KEY.value), record(3, "OTHER-1234")]
    hashed = table(tmp_path / "made", {1: [KEY.hashed], 2: [KEY.hashed], 3: [KEY.hashed], 4: [KEY.hashed]})
    carriers = IndexedCarriers(hashed, reader([], *records))
    assert carriers.of(KEY) == [Carrier(f"NCT0000000{number}", None, background=False) for number in (1, 2)]
    assert (carriers.count(KEY), carriers.keys("NCT00000004")) == (2, [])
    assert Sharing(carriers).kin("NCT00000001") == [SAME]


@pytest.mark.parametrize("many", [MOST_CARRIERS, MOST_CARRIERS + 1, 300])
def test_many_carriers_are_counted_and_not_read(tmp_path: Path, many: int) -> None:
    records = [record(number, KEY.value) for number in range(1, many + 1)]
    read: list[str] = []
    hashed = table(tmp_path / "made", {number: [KEY.hashed] for number in range(1, many + 1)})
    found = Sharing(IndexedCarriers(hashed, reader(read, *records)))
    kin = [shared.other for shared in found.kin("NCT00000001")]
    assert kin == ([] if many > MOST_CARRIERS else [f"NCT0000000{number}" for number in range(2, many + 1)])
    assert found.unfollowed("NCT00000001") == ([(KEY, many)] if many > MOST_CARRIERS else [])
    assert len(read) == (1 if many > MOST_CARRIERS else many)


def test_an_index_that_lacks_a_key_is_told(tmp_path: Path) -> None:
    carriers = IndexedCarriers(table(tmp_path / "made", {2: [KEY.hashed]}), reader([], record(1, KEY.value)))
    with pytest.raises(IndexOutdated, match="before the record of NCT00000001"):
        carriers.keys("NCT00000001")


# -- of an index -------------------------------------------------------------------------------------------------------


def test_the_index_says_what_all_records_say(cache: Cache) -> None:
    read = Sharing(ReadCarriers(RECORDS.values()))
    with sharing(cache) as found:
        assert told(found) == told(read)
        assert found.kin("NCT00000001") == [SAME]
        assert len(found.kin("NCT00000006")) == 7 + 4
        assert found.unfollowed("NCT00000011") == [(SharedKey("shared_id", "NINE-99999"), 9)]


def test_an_update_knows_new_keys_and_forgets_old_ones(cache: Cache) -> None:
    changed = record(2, "NINE-99999", p7="RESULT"), record(60, "ABC-123456")
    keep(cache, *changed)
    assert brought_up(cache)[0].updates == 1
    with sharing(cache) as found:
        assert told(found) == told(Sharing(ReadCarriers((RECORDS | {2: changed[0], 60: changed[1]}).values())))
        assert [(one.other, one.key.value) for one in found.kin("NCT00000001")] == [
            ("NCT00000060", "ABC-123456"),
            ("NCT00000002", "7"),
        ]
        assert found.unfollowed("NCT00000002") == [(SharedKey("shared_id", "NINE-99999"), 10)]


def test_a_gone_trial_carries_nothing(cache: Cache) -> None:
    with Store.writing(cache) as store, store.transaction():
        for number in (2, 11):
            store.mark_gone(f"NCT{number:08d}", None)
    assert not is_indexed(cache)
    assert brought_up(cache)[0].updates == 1
    with sharing(cache) as found:
        assert told(found) == told(Sharing(ReadCarriers(one for n, one in RECORDS.items() if n not in {2, 11})))
        assert found.kin("NCT00000001") == found.kin("NCT00000002") == []
        assert len(found.kin("NCT00000012")) == 7  # nine carried it


def test_an_index_behind_the_records_is_not_asked(cache: Cache) -> None:
    assert is_indexed(cache)
    keep(cache, record(61, "ABC-123456"))
    assert not is_indexed(cache)
    brought_up(cache)
    assert is_indexed(cache)


@pytest.mark.parametrize("what", ["missing", "cut", "no numbers", "no index"])
def test_a_damaged_index_is_not_asked(cache: Cache, what: str) -> None:
    (path,) = cache.index.glob(f"generation-*/{CARRIERS}/arrays")
    if what == "missing":
        path.unlink()
    elif what == "cut":
        path.write_bytes(path.read_bytes()[:-8])
    elif what == "no numbers":
        path.write_bytes(b"")
    elif what == "no index":
        (cache.index / "manifest.json").unlink()
    assert not is_indexed(cache)
