import re
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.compression import TRAINING_RECORDS
from crawler.config import Cache
from crawler.errors import (
    RecordInvalid,
    RegistryDiffers,
    TrialUnknown,
)
from crawler.record import RawRecord
from crawler.store import Store
from tests.records import body, raw, study

MONDAY, TUESDAY = "2026-08-17T09:00:05", "2026-08-18T09:00:06"


@pytest.fixture
def store(cache: Cache) -> Iterator[Store]:
    """A store that is open for writing."""
    with Store.writing(cache) as store:
        yield store


def keep(store: Store, *records: RawRecord, timestamp: str | None = None) -> list[str]:
    with store.transaction():
        return [store.keep(record, timestamp) for record in records]


def titled(nct_id: str, title: str, **modules: dict[str, Any]) -> RawRecord:
    return raw(nct_id, identificationModule={"briefTitle": title}, **modules)


def aliased(nct_id: str, *aliases: str) -> RawRecord:
    return raw(nct_id, identificationModule={"nctIdAliases": list(aliases)})


def mark_gone(store: Store, nct_id: str) -> None:
    with store.transaction():
        store.db.execute("UPDATE trial SET gone = '2026-08-19' WHERE nct_id = ?", (nct_id,))


def living(store: Store) -> list[str]:
    """Ids that an index should have, told the same by both ways to ask."""
    ids = list(store.current_versions())
    assert [record.nct_id for record in store.records()] == ids
    return ids


# -- versions ----------------------------------------------------------------------------------------------------------


def current(store: Store) -> dict[str, int]:
    """The number of each trial's current version."""
    return dict(store.db.execute("SELECT nct_id, version FROM trial ORDER BY 1").fetchall())


def test_each_content_is_a_version_and_the_last_fetched_is_current(store: Store) -> None:
    one, two = titled("NCT00000001", "one"), titled("NCT00000001", "two")
    assert keep(store, one, timestamp=MONDAY) == ["new"]
    assert keep(store, one, timestamp=TUESDAY) == ["unchanged"]
    assert keep(store, two, timestamp=TUESDAY) == ["changed"]
    assert store.raw("NCT00000001").body == two.body
    assert keep(store, one) == ["changed"]  # back to what it was: a version again
    assert store.raw("NCT00000001").body == one.body
    assert current(store) == {"NCT00000001": 3}
    told = store.db.execute("SELECT number, data_timestamp, size FROM version ORDER BY number").fetchall()
    assert told == [(1, MONDAY, len(one.body)), (2, TUESDAY, len(two.body)), (3, None, len(one.body))]


def test_when_a_record_was_fetched_is_told(store: Store) -> None:
    keep(store, raw("NCT00000001"), timestamp=MONDAY)
    keep(store, raw("NCT00000002"))
    assert store.timestamp_of("NCT00000001") == MONDAY
    assert store.timestamp_of("NCT00000002") is None
    with pytest.raises(TrialUnknown):
        store.timestamp_of("NCT00000003")
    (seen,) = store.db.execute("SELECT DISTINCT seen_at FROM version").fetchone()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", seen)


def test_the_digest_changes_with_the_record(store: Store) -> None:
    keep(store, titled("NCT00000001", "one"))
    first = store.digest("NCT00000001")
    keep(store, titled("NCT00000001", "one"))
    assert store.digest("NCT00000001") == first
    keep(store, titled("NCT00000001", "two"))
    assert store.digest("NCT00000001") != first


def test_a_registry_that_goes_back_in_time_is_believed_and_a_file_is_not(store: Store) -> None:
    def dated(day: str) -> RawRecord:
        return raw("NCT00000001", statusModule={"lastUpdatePostDateStruct": {"date": day}})

    keep(store, dated("2021"))
    with store.transaction():
        assert store.keep(dated("2020"), None, newest_wins=True) == "older"
    assert store.trial("NCT00000001").last_update_posted == "2021"
    assert keep(store, dated("2019"), timestamp=MONDAY) == ["changed"]
    assert store.trial("NCT00000001").last_update_posted == "2019"


def test_a_record_without_an_id_is_refused_and_nothing_kept(store: Store) -> None:
    with pytest.raises(RecordInvalid, match="no NCT id"):
        keep(store, raw("NCT00000001"), RawRecord(b"{}"))
    assert store.counts() == {"trials": 0, "gone": 0, "versions": 0, "problems": 0}


def test_a_record_that_breaks_the_rules_is_kept_with_its_reason(store: Store) -> None:
    bad = raw("NCT00000001", eligibilityModule={"minimumAge": "old"}, top={"mystery": 1})
    assert keep(store, bad, raw("NCT00000002")) == ["new", "new"]
    reason = "protocolSection.eligibilityModule.minimumAge: 'old' is no age"
    assert store.problems() == [("NCT00000001", reason)]
    assert store.fate("NCT00000001") == (None, reason)
    assert store.fate("NCT00000002") == (None, None)
    assert store.raw("NCT00000001").body == bad.body
    assert store.unknown_fields() == {"mystery": 1}
    with pytest.raises(RecordInvalid, match=re.escape(reason)):
        store.trial("NCT00000001")
    assert living(store) == ["NCT00000002"]
    assert keep(store, raw("NCT00000001")) == ["changed"]
    assert (store.problems(), store.unknown_fields()) == ([], {})


def test_trials_come_in_order_of_their_ids(store: Store) -> None:
    keep(store, raw("NCT00000010"), raw("NCT00000002"), raw("NCT00000001"))
    assert living(store) == ["NCT00000001", "NCT00000002", "NCT00000010"]


def test_what_is_derived_follows_the_current_record(store: Store) -> None:
    first = titled("NCT00000001", "Extension of NCT00000009", top={"mystery": 1, "enigma": 2})
    keep(store, first, raw("NCT00000002", top={"mystery": 1}))
    assert store.links_of("NCT00000009") == [
        ("NCT00000001", "NCT00000009", "mention", "brief title: Extension of NCT00000009")
    ]
    assert store.unknown_fields() == {"mystery": 2, "enigma": 1}
    keep(store, titled("NCT00000001", "Extension of NCT00000008"))
    assert store.links_of("NCT00000009") == []
    assert [link[1] for link in store.links_of("NCT00000001")] == ["NCT00000008"]
    assert store.unknown_fields() == {"mystery": 1}


@pytest.mark.parametrize("ident", ["NCT00000009", ""])
def test_an_id_that_is_not_here_is_told(store: Store, ident: str) -> None:
    for ask in (store.raw, store.trial, store.resolve):
        with pytest.raises(TrialUnknown) as unknown:
            ask(ident)
        assert str(unknown.value) == f"{ident} is not in this cache; `trialkin crawl {ident}` fetches it."


# -- aliases -----------------------------------------------------------------------------------------------------------


def test_an_alias_leads_to_the_trial_that_lists_it(store: Store) -> None:
    keep(store, aliased("NCT00000001", "NCT00000008", "NCT00000009"))
    assert store.resolve("NCT00000001") == "NCT00000001"
    assert store.resolve("NCT00000008") == "NCT00000001"
    assert store.resolve("NCT00000009") == "NCT00000001"


def test_an_alias_that_is_listed_no_more_leads_nowhere(store: Store) -> None:
    keep(store, aliased("NCT00000001", "NCT00000008", "NCT00000009"))
    keep(store, aliased("NCT00000001", "NCT00000009"))
    assert store.resolve("NCT00000009") == "NCT00000001"
    with pytest.raises(TrialUnknown):
        store.resolve("NCT00000008")


@pytest.mark.parametrize("own_first", [True, False])
def test_a_record_of_its_own_wins_until_the_registry_answers_301(store: Store, *, own_first: bool) -> None:
    records = [raw("NCT00000009"), aliased("NCT00000001", "NCT00000009")]
    keep(store, *(records if own_first else records[::-1]))
    assert store.resolve("NCT00000009") == "NCT00000009"
    assert living(store) == ["NCT00000001", "NCT00000009"]
    change = store.change
    with store.transaction():
        store.tell_alias("NCT00000009", "NCT00000001")
    assert store.resolve("NCT00000009") == "NCT00000001"
    assert living(store) == ["NCT00000001"]
    assert store.change > change  # an index that has it is behind now
    change = store.change
    with store.transaction():
        store.tell_alias("NCT00000009", "NCT00000001")
    assert store.change == change


def test_a_301_outlives_what_a_record_lists(store: Store) -> None:
    with store.transaction():
        store.tell_alias("NCT00000009", "NCT00000001")
    with pytest.raises(TrialUnknown):
        store.resolve("NCT00000009")  # what it leads to isn't here yet
    keep(store, aliased("NCT00000001", "NCT00000009"), raw("NCT00000002"))
    keep(store, raw("NCT00000001"))
    assert store.resolve("NCT00000009") == "NCT00000001"
    keep(store, aliased("NCT00000002", "NCT00000009"))
    assert store.resolve("NCT00000009") == "NCT00000001"
    with store.transaction():
        store.tell_alias("NCT00000009", "NCT00000002")
    assert store.resolve("NCT00000009") == "NCT00000002"


# -- gone --------------------------------------------------------------------------------------------------------------


def test_a_gone_trial_leaves_the_index_and_stays_to_be_shown(store: Store) -> None:
    keep(store, raw("NCT00000001"), raw("NCT00000002"))
    mark_gone(store, "NCT00000001")
    assert living(store) == ["NCT00000002"]
    assert store.resolve("NCT00000001") == "NCT00000001"
    assert store.trial("NCT00000001").gone == "2026-08-19"
    assert store.trial("NCT00000002").gone is None
    assert store.fate("NCT00000001") == ("2026-08-19", None)
    assert store.counts() == {"trials": 1, "gone": 1, "versions": 2, "problems": 0}


@pytest.mark.parametrize(("title", "versions"), [("T", [1, 1]), ("another", [2, 1])])
def test_a_gone_trial_that_is_fetched_again_lives(store: Store, title: str, versions: list[int]) -> None:
    keep(store, titled("NCT00000001", "T"), raw("NCT00000002"))
    mark_gone(store, "NCT00000001")
    change = store.change
    assert keep(store, titled("NCT00000001", title)) == ["changed"]
    assert store.change > change
    assert store.trial("NCT00000001").gone is None
    assert current(store) == dict(zip(["NCT00000001", "NCT00000002"], versions, strict=True))
    assert list(store.current_versions()) == ["NCT00000001", "NCT00000002"]


def test_an_older_file_revives_nothing(store: Store) -> None:
    keep(store, raw("NCT00000001", statusModule={"lastUpdatePostDateStruct": {"date": "2021"}}))
    mark_gone(store, "NCT00000001")
    older = raw("NCT00000001", statusModule={"lastUpdatePostDateStruct": {"date": "2020"}})
    with store.transaction():
        assert store.keep(older, None, newest_wins=True) == "older"
    assert store.fate("NCT00000001") == ("2026-08-19", None)


# -- the change number, the registry -----------------------------------------------------------------------------------


def test_the_change_number_grows_with_every_change_and_with_nothing_else(store: Store) -> None:
    numbers = [store.change]
    for record in (raw("NCT00000001"), raw("NCT00000002"), titled("NCT00000001", "new title")):
        keep(store, record)
        numbers.append(store.change)
    assert numbers == sorted(set(numbers))
    keep(store, titled("NCT00000001", "new title"), raw("NCT00000002"))
    keep(store, raw("NCT00000003", statusModule={"lastUpdatePostDateStruct": {"date": "2021"}}))
    change = store.change
    with store.transaction():
        older = raw("NCT00000003", statusModule={"lastUpdatePostDateStruct": {"date": "2020"}})
        assert store.keep(older, None, newest_wins=True) == "older"
        assert store.keep(older, None, newest_wins=True) == "unchanged"
    assert store.change == change


def test_a_cache_belongs_to_one_registry(cache: Cache) -> None:
    with Store.writing(cache) as store:
        store.claim_registry("https://clinicaltrials.gov/api/v2", "crawled")
        store.claim_registry("https://clinicaltrials.gov/api/v2", "mirrored")
    with Store.writing(cache) as store:
        with pytest.raises(RegistryDiffers) as differs:
            store.claim_registry("http://127.0.0.1:8000/api/v2", "crawled")
        assert str(differs.value) == (
            "this cache was fetched from https://clinicaltrials.gov/api/v2, not from http://127.0.0.1:8000/api/v2. "
            "Use another --cache for that registry."
        )
        assert store.meta("registry") == "https://clinicaltrials.gov/api/v2"
        assert store.meta("scope") == "crawled"
        assert store.meta("nonsense") is None


# -- transactions ------------------------------------------------------------------------------------------------------


class Interrupted(Exception):
    """Something that happens in the middle of a page."""


def page(first: int, count: int) -> list[RawRecord]:
    return [titled(f"NCT{first + number:08d}", f"trial {number * 7919}") for number in range(count)]


def keep_and_fail(store: Store, records: list[RawRecord]) -> None:
    with store.transaction():
        store.train_dictionary([record.body for record in records])
        assert (store.codec.newest == 1) is (len(records) >= TRAINING_RECORDS)
        for record in records:
            store.keep(record, MONDAY)
        store.set_meta("data_timestamp", MONDAY)
        raise Interrupted


def test_a_page_that_fails_is_lost_alone(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, *page(1, 3))
        change = store.change
        with pytest.raises(Interrupted):
            keep_and_fail(store, page(4, 3))
        assert (store.change, store.data_timestamp) == (change, None)
        keep(store, *page(7, 3))
    with Store.reading(cache) as store:
        assert living(store) == [f"NCT0000000{number}" for number in (1, 2, 3, 7, 8, 9)]


def test_a_dictionary_that_a_failed_page_trained_is_not_used(cache: Cache) -> None:
    records = page(1, TRAINING_RECORDS)
    with Store.writing(cache) as store:
        with pytest.raises(Interrupted):
            keep_and_fail(store, records)
        keep(store, *records)
        assert store.codec.newest == 0
    with Store.reading(cache) as store:
        assert [record.body for record in store.records()] == [record.body for record in records]


def test_other_readers_see_a_page_when_it_is_whole(cache: Cache) -> None:
    with Store.writing(cache) as store, Store.reading(cache) as reader:
        with store.transaction():
            store.keep(raw("NCT00000001"), None)
            assert reader.counts()["trials"] == 0
        assert reader.counts()["trials"] == 1


# -- the dictionary ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "numbers"), [(TRAINING_RECORDS - 1, {0}), (TRAINING_RECORDS, {1})])
def test_a_dictionary_is_trained_once_there_are_records_enough(cache: Cache, count: int, numbers: set[int]) -> None:
    before, records, after = page(1, 3), page(10, count), page(1000, 3)
    with Store.writing(cache) as store:
        keep(store, *before)
        with store.transaction():
            store.train_dictionary([record.body for record in records])
            for record in records:
                store.keep(record, None)
        with store.transaction():
            store.train_dictionary([record.body for record in records])  # a second time nothing comes of it
    with Store.writing(cache) as store:
        keep(store, *after)
    with Store.reading(cache) as store:
        assert [record.body for record in store.records()] == [record.body for record in before + records + after]
        used = dict(store.db.execute("SELECT nct_id, dictionary FROM version").fetchall())
        assert {used[record.nct_id] for record in before} == {0}
        assert {used[record.nct_id] for record in records + after} == numbers
        assert store.db.execute("SELECT count(*) FROM dictionary").fetchone() == (len(numbers - {0}),)


@pytest.mark.parametrize(
    "text",
    [
        b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000001"}}}',
        b'  {"protocolSection" :\r\n{"identificationModule":{"nctId":" nct1 "}}}\n\n',
        '{"protocolSection":{"identificationModule":{"nctId":"NCT00000001","briefTitle":"Türkiye ☃"}}}'.encode(),
        body(study("NCT00000001", descriptionModule={"detailedDescription": "long " * 200_000})),
    ],
)
def test_bodies_come_back_byte_for_byte(store: Store, text: bytes) -> None:
    keep(store, RawRecord(text))
    assert store.raw("NCT00000001").body == text


def test_a_version_is_read_by_its_digest_and_else_the_current_one(cache: Cache) -> None:
    first, second = raw("NCT00000001", top={"a": 1}), raw("NCT00000001", top={"a": 2})
    with Store.writing(cache) as store, store.transaction():
        store.keep(first, None)
        digest = store.digest("NCT00000001")
        store.keep(second, None)
        assert store.raw_as("NCT00000001", digest[:16]).body == first.body
        assert store.raw_as("NCT00000001", bytes(16)).body == store.raw_as("NCT00000001", b"").body == second.body
        with pytest.raises(TrialUnknown):
            store.raw_as("NCT00000002", digest)
