from collections.abc import Iterator

import httpx
import pytest

from crawler.client import Client
from crawler.config import Cache
from crawler.events import events
from crawler.past import Past, fetch_past
from crawler.record import RawRecord
from crawler.registry import History, PastVersion, history_base
from crawler.store import Store
from crawler.versions import states
from index.build import update
from tests.faults import answer, html
from tests.past import MONDAY, TUESDAY, fetched, state
from tests.records import body
from tests.running import Shell
from tests.serving import Served, served

ONE = "NCT00000001"
DAYS = ("2020-01-01", "2021-01-01", "2022-01-01", "2024-01-01")
STATUSES = ("NOT_YET_RECRUITING", "RECRUITING", "SUSPENDED", "TERMINATED")


def submitted(day: str, status: str) -> RawRecord:
    """A record that was submitted on a day and posted on the same."""
    record = state(day, status)
    record.data["protocolSection"]["statusModule"]["lastUpdateSubmitDate"] = day
    return RawRecord(body(record.data))


RECORDS = [submitted(day, status) for day, status in zip(DAYS, STATUSES, strict=True)]


@pytest.fixture
def registry(cache: Cache) -> Iterator[Served]:
    """A registry that had four versions of a trial."""
    theirs = Cache(cache.folder.with_name("theirs"))
    for record in RECORDS:
        fetched(theirs, record)
    with Store.writing(theirs) as store:
        update(store, "auto", lambda _more: None)
    with served(theirs) as registry:
        yield registry


def fetch(cache: Cache, registry: Served) -> Past:
    base = history_base(registry.base)
    with Client(base, pace_seconds=0) as client, Store.writing(cache) as store:
        return fetch_past(store, History(client), ONE, TUESDAY, lambda _more: None)


def held(cache: Cache) -> list[tuple[str, str | None, bool]]:
    with Store.reading(cache) as store:
        return [(found.since, found.version.data_timestamp, found.held) for found in states(store, ONE)]


def test_the_base_of_the_history_stands_beside_that_of_v2() -> None:
    assert history_base("https://clinicaltrials.gov/api/v2/") == "https://clinicaltrials.gov/api/int"


def test_a_mirror_answers_the_history_from_its_versions(registry: Served) -> None:
    base = f"{history_base(registry.base)}/studies/{ONE}/history"
    listed = httpx.get(base).json()
    assert listed == {
        "changes": [
            {"version": number, "date": day, "status": status}
            for number, (day, status) in enumerate(zip(DAYS, STATUSES, strict=True))
        ]
    }
    second = httpx.get(f"{base}/1")
    assert second.json() == {"studyVersion": 1, "study": RECORDS[1].data}
    assert [httpx.get(address).status_code for address in (f"{base}/4", base.replace(ONE, "NCT00000002"))] == [404, 404]


def test_versions_from_before_come_once_and_are_no_news(cache: Cache, registry: Served) -> None:
    fetched(cache, RECORDS[-1])
    assert fetch(cache, registry) == Past(listed=4, kept=3)
    expected = [*((day, TUESDAY, False) for day in DAYS[:3]), ("2024-01-01", MONDAY, True)]
    assert held(cache) == expected
    assert fetch(cache, registry) == Past(listed=4)
    assert held(cache) == expected
    with Store.reading(cache) as store:
        assert list(events(store)) == []
        assert store.trial(ONE).status == "TERMINATED"


def test_only_what_is_missing_is_asked_for(cache: Cache, registry: Served) -> None:
    fetched(cache, RECORDS[1])
    fetched(cache, RECORDS[3])
    asked: list[int] = []
    base = history_base(registry.base)
    with Client(base, pace_seconds=0) as client, Store.writing(cache) as store:
        past = fetch_past(store, History(client), ONE, None, asked.append)
        assert client.calls == 3
    assert (past, len(asked)) == (Past(listed=4, kept=2), 2)
    assert [day for day, _, _ in held(cache)] == list(DAYS)


def test_versions_of_one_day_are_told_apart_by_their_number(cache: Cache) -> None:
    theirs = Cache(cache.folder.with_name("theirs"))
    same = [submitted("2024-01-01", status) for status in STATUSES[:3]]
    for record in same:
        fetched(theirs, record)
    with Store.writing(theirs) as store:
        update(store, "auto", lambda _more: None)
    fetched(cache, same[-1])
    with served(theirs) as registry:
        assert fetch(cache, registry) == Past(listed=3, kept=2)
        assert fetch(cache, registry) == Past(listed=3)


def test_what_the_registry_has_since_ours_is_not_of_before(cache: Cache, registry: Served) -> None:
    fetched(cache, RECORDS[1])
    assert fetch(cache, registry) == Past(listed=4, kept=1)
    assert [day for day, _, _ in held(cache)] == list(DAYS[:2])


def test_a_trial_without_a_history_has_an_empty_one(registry: Served) -> None:
    with Client(history_base(registry.base), pace_seconds=0) as client:
        assert History(client).versions("NCT00000009") == []
        assert History(client).record(ONE, 9) is None
        assert History(client).versions(ONE)[0] == PastVersion(0, "2020-01-01")


def test_the_command_fetches_then_tells(trialkin: Shell, cache: Cache, registry: Served) -> None:
    fetched(cache, RECORDS[-1])
    ask = ("--fetch", "--registry", registry.base, "--pace", "0", "--json", "--cache", str(cache.folder))
    ran = trialkin("history", ONE, *ask)
    assert (ran.code, ran.err) == (0, "trialkin: the registry lists 4 versions; 3 were new here.\n")
    assert [(told["version"], told["last_update_posted"]) for told in ran.lines] == list(enumerate(DAYS, 1))
    assert ran.lines[-1]["fields"] == [{"field": "status", "from": "SUSPENDED", "to": "TERMINATED"}]
    assert trialkin("verify", "--json", "--cache", str(cache.folder)).json["checked"]["versions"] == 4


def test_a_version_that_cannot_be_had_is_told_and_the_others_come(
    trialkin: Shell, cache: Cache, registry: Served
) -> None:
    fetched(cache, RECORDS[-1])
    registry.script.once(lambda call: call.path.endswith("/history"), html())
    registry.script.always(lambda call: call.path.endswith("/history/0"), answer(400, b"no such thing"))
    registry.script.always(lambda call: call.path.endswith("/history/1"), answer(404))
    registry.script.always(lambda call: call.path.endswith("/history/2"), answer(200, b'{"study":{}}'))
    ask = ("--fetch", "--registry", registry.base, "--pace", "0", "--json", "--cache", str(cache.folder))
    ran = trialkin("history", ONE, *ask)
    assert (ran.code, len(ran.lines)) == (1, 1)
    said = ran.err.splitlines()
    assert said[0] == "trialkin: the registry lists 4 versions; 0 were new here."
    assert said[1].endswith("answered 400: no such thing")
    assert said[2] == f"trialkin: version 1 of {ONE}: the registry has no record of it"
    assert said[3].endswith("no NCT id at protocolSection.identificationModule.nctId")


def test_another_registrys_cache_is_refused(trialkin: Shell, cache: Cache, registry: Served) -> None:
    fetched(cache, RECORDS[-1])
    with Store.writing(cache) as store:
        store.claim_registry("https://other.example/api/v2", "crawled")
    ran = trialkin("history", ONE, "--fetch", "--registry", registry.base, "--cache", str(cache.folder))
    assert (ran.code, ran.out) == (1, "")
    assert "https://other.example/api/v2" in ran.err


def test_what_is_not_held_is_not_fetched(trialkin: Shell, cache: Cache) -> None:
    ran = trialkin("history", ONE, "--fetch", "--cache", str(cache.folder))
    assert (ran.code, ran.out) == (1, "")
    assert "holds no trials yet" in ran.err
