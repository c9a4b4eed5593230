"""A clock that jumps back between two refreshes: what is held, asked and told is as it would be without."""

import time
from datetime import UTC, datetime

import pytest

from crawler import database
from crawler.as_of import StoreAsOf
from crawler.config import Cache
from crawler.database import utc_now
from crawler.events import events, history
from crawler.store import Store
from crawler.verify import store_problems
from tests.refreshing import SECOND, World, Worlds, dated, ids, summary
from tests.test_refresh import NOTHING, marked, same

pytest_plugins = ("tests.serving", "tests.refreshing")


class Behind:
    """The clock of a machine whose battery is empty."""

    strftime = staticmethod(time.strftime)

    @staticmethod
    def gmtime() -> time.struct_time:
        """Tell a time of long ago."""
        return time.strptime("2001-02-03 04:05:06", "%Y-%m-%d %H:%M:%S")


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch, world: Worlds) -> World:
    """Mirror thirty trials; then the clock jumps back."""
    made = world(*(dated(number, "2026-07-01") for number in range(1, 31)))
    assert summary(made(whole=True)) == ({"new": 30}, [], None)
    monkeypatch.setattr(database, "time", Behind)
    return made


@pytest.mark.parametrize(
    ("not_before", "told"),
    [
        (None, "2001-02-03T04:05:06Z"),
        ("2026-08-20T09:00:06", "2026-08-20T09:00:06Z"),
        ("1999-08-20T09:00:06", "2001-02-03T04:05:06Z"),
        ("tomorrow", "2001-02-03T04:05:06Z"),
    ],
)
def test_nothing_is_seen_before_the_data_that_it_is_of(
    monkeypatch: pytest.MonkeyPatch, not_before: str | None, told: str
) -> None:
    monkeypatch.setattr(database, "time", Behind)
    assert utc_now(not_before) == told


def test_a_refresh_goes_on_as_if_nothing_had_been(behind: World, cache: Cache) -> None:
    assert summary(behind()) == NOTHING
    behind.publish(dated(7, "2026-08-20"), dated(31, "2026-08-20"), day=SECOND, gone=ids(9))
    assert summary(behind(sweep=True)) == ({"changed": 1, "new": 1, "gone": 1}, [], None)
    assert same(behind)
    assert marked(cache) == SECOND
    assert summary(behind()) == NOTHING
    assert list(store_problems(cache, {})) == []


def test_what_happened_is_told_by_the_days_of_the_data(behind: World, cache: Cache) -> None:
    behind.publish(dated(7, "2026-08-20", conditionsModule={"conditions": ["Gout"]}), day=SECOND, gone=ids(9))
    behind(sweep=True)
    with Store.reading(cache) as store:
        told = [(event.kind, event.nct_id, event.seen_at) for event in events(store, since="2026-08-20")]
        assert sorted(told) == [
            ("changed", ids(7)[0], "2026-08-20T09:00:06Z"),
            ("gone", ids(9)[0], "2026-08-20T09:00:06Z"),
        ]
        assert [version.last_update_posted for version in history(store, ids(7)[0])] == ["2026-07-01", "2026-08-20"]
    for day, held, posted in ((20260819, True, "2026-07-01"), (20260820, False, "2026-08-20")):
        with StoreAsOf.as_of(cache, day) as then:
            assert (ids(9)[0] in then.current_versions()) is held
            assert then.raw(ids(7)[0]).last_update_posted == posted


def test_the_clock_that_is_right_is_told() -> None:
    assert utc_now()[:10] == datetime.now(UTC).strftime("%Y-%m-%d")
