import pytest

from crawler.as_of import StoreAsOf
from crawler.config import Cache
from crawler.errors import CacheEmpty, TrialUnknown, VersionUnknown
from crawler.record import RawRecord
from crawler.store import Store
from tests.past import MONDAY, TUESDAY, before_events, fetched, loaded, seen, set_gone, state
from tests.records import body

ONE, TWO = "NCT00000001", "NCT00000002"


def statuses(cache: Cache, day: int) -> dict[str, str]:
    """Status of each trial of a day, by its record of then; the digests' order is the records' own."""
    with StoreAsOf.as_of(cache, day) as store:
        records = list(store.records())
        assert list(store.current_versions()) == [record.nct_id for record in records]
        return {
            record.nct_id: str(record.text_at("protocolSection", "statusModule", "overallStatus")) for record in records
        }


def told(cache: Cache, kind: str, ident: str, about: str, day: str) -> None:
    with Store.writing(cache) as store, store.transaction():
        store.tell(kind, ident, about, None)
        store.db.execute(
            "UPDATE event SET seen_at = ? WHERE number = (SELECT max(number) FROM event)", (f"{day}T00:00:00Z",)
        )


def redirected(cache: Cache, day: str) -> None:
    """Make TWO another id of ONE."""
    with Store.writing(cache) as store, store.transaction():
        store.db.execute("INSERT INTO alias VALUES (?, ?, '301')", (TWO, ONE))
    told(cache, "alias", TWO, ONE, day)


@pytest.fixture
def two(cache: Cache) -> Cache:
    """A trial with three versions, the middle one of which came last; another one with one."""
    loaded(cache, state("2022-01-01", "RECRUITING"), state("2023-03", nct_id=TWO))
    loaded(cache, state("2024-01-01", "TERMINATED"), state("2023-01-01", "SUSPENDED"))
    return cache


def test_a_trial_is_there_from_its_oldest_version_on_in_the_version_of_the_day(two: Cache) -> None:
    days = (20211231, 20220101, 20230101, 20230301, 20240101, 29991231)
    assert [statuses(two, day) for day in days] == [
        {},
        {ONE: "RECRUITING"},
        {ONE: "SUSPENDED"},
        {ONE: "SUSPENDED", TWO: "RECRUITING"},
        {ONE: "TERMINATED", TWO: "RECRUITING"},
        {ONE: "TERMINATED", TWO: "RECRUITING"},
    ]


def test_as_of_today_it_is_the_store_itself(two: Cache) -> None:
    with StoreAsOf.as_of(two, 29991231) as then, Store.reading(two) as now:
        assert then.current_versions() == now.current_versions()
        assert [raw.body for raw in then.records()] == [raw.body for raw in now.records()]


def test_a_gone_trial_leaves_on_its_day_and_comes_back_on_another(two: Cache) -> None:
    set_gone(two, TWO, "2024-05-05")
    assert [list(statuses(two, day)) for day in (20240504, 20240505)] == [[ONE, TWO], [ONE]]
    set_gone(two, TWO, None)
    with Store.writing(two) as store, store.transaction():
        store.db.execute("UPDATE event SET seen_at = '2024-07-07T00:00:00Z' WHERE kind = 'back'")
    days = (20240504, 20240505, 20240706, 20240707)
    assert [list(statuses(two, day)) for day in days] == [[ONE, TWO], [ONE], [ONE], [ONE, TWO]]


def test_an_id_that_was_redirected_leaves_on_the_day_on_which_we_heard_of_it(two: Cache) -> None:
    redirected(two, "2024-05-05")
    assert [list(statuses(two, day)) for day in (20240504, 20240505)] == [[ONE, TWO], [ONE]]
    with StoreAsOf.as_of(two, 20240504) as before, StoreAsOf.as_of(two, 20240505) as after:
        assert (before.resolve(TWO), after.resolve(TWO), before.resolve(ONE)) == (TWO, ONE, ONE)


def test_a_cache_from_before_events_knows_the_day_of_the_gone(two: Cache) -> None:
    set_gone(two, TWO, "2024-05-05")
    before_events(two)
    assert [list(statuses(two, day)) for day in (20240504, 20240505)] == [[ONE, TWO], [ONE]]


def test_a_version_that_breaks_the_rules_is_left_out_while_it_is_the_newest(cache: Cache) -> None:
    soon = {"startDateStruct": {"date": "soon"}}
    broken = state("2023-01-01")
    broken.data["protocolSection"]["statusModule"] |= soon
    loaded(cache, state("2022-01-01", "RECRUITING"), RawRecord(body(broken.data)), state("2024-01-01", "COMPLETED"))
    assert [statuses(cache, day) for day in (20220101, 20230101, 20240101)] == [
        {ONE: "RECRUITING"}, {}, {ONE: "COMPLETED"}
    ]  # fmt: skip
    with StoreAsOf.as_of(cache, 20230101) as store:
        gone, problem = store.fate(ONE)
        assert (gone, "soon" in str(problem)) == (None, True)


def test_one_trial_is_told_as_all_of_them_are(two: Cache) -> None:
    set_gone(two, TWO, "2024-05-05")
    with StoreAsOf.as_of(two, 20240505) as store:
        assert (store.fate(ONE), store.fate(TWO)) == ((None, None), ("2024-05-05", None))
        assert store.raw(ONE).text_at("protocolSection", "statusModule", "overallStatus") == "TERMINATED"
        with pytest.raises(TrialUnknown):
            store.raw("NCT00000007")
    with StoreAsOf.as_of(two, 20220101) as store, pytest.raises(VersionUnknown, match="is of 2023-03;"):
        store.fate(store.resolve(TWO))


def test_links_are_those_of_the_records_of_the_day(cache: Cache) -> None:
    naming = {"briefSummary": f"Extension of {TWO}."}
    loaded(cache, state("2022-01-01", descriptionModule=naming), state("2022-01-01", nct_id=TWO))
    loaded(cache, state("2024-01-01"))
    for day, named in ((20220101, [(ONE, TWO, "mention")]), (20240101, [])):
        with StoreAsOf.as_of(cache, day) as store:
            assert store.links_of(TWO) == []
            store.raw(ONE)
            assert [link[:3] for link in store.links_of(TWO)] == named


def test_the_timestamp_is_the_newest_of_the_versions_of_the_day(cache: Cache) -> None:
    fetched(cache, state("2022-01-01"), timestamp=MONDAY)
    fetched(cache, state("2024-01-01", "COMPLETED"), timestamp=TUESDAY)
    for day, timestamp in ((20211231, None), (20220101, MONDAY), (20240101, TUESDAY)):
        with StoreAsOf.as_of(cache, day) as store:
            assert store.data_timestamp == timestamp


def test_whatever_comes_makes_another_number(two: Cache) -> None:
    def number() -> int:
        with StoreAsOf.as_of(two, 20220101) as store:
            return store.change

    numbers = [number(), number()]
    loaded(two, state("2021-01-01"))  # kept aside
    numbers.append(number())
    set_gone(two, TWO, "2024-05-05")
    numbers.append(number())
    assert (numbers[0] == numbers[1], len(set(numbers))) == (True, 3)


def test_a_day_without_trials_says_why(two: Cache) -> None:
    with StoreAsOf.as_of(two, 20001231) as store:
        assert store.why_empty() == "no trial was held here on 2000-12-31: the oldest version of any is of 2022-01-01."
    with StoreAsOf.as_of(two, 20240505) as store:
        assert store.why_empty() == "no trial was held here on 2024-05-05."


def test_a_version_without_a_newer_date_counts_from_the_day_on_which_it_was_seen(cache: Cache) -> None:
    fetched(cache, state("2022-01-01", "RECRUITING"))
    fetched(cache, state("2022-01-01", "SUSPENDED"))
    seen(cache, "2023-03-03", 2)
    assert [statuses(cache, day)[ONE] for day in (20230302, 20230303)] == ["RECRUITING", "SUSPENDED"]


def test_an_empty_cache_has_no_day(cache: Cache) -> None:
    with pytest.raises(CacheEmpty):
        StoreAsOf.as_of(cache, 20240505)
