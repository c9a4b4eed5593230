import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from threading import Thread

import pytest

from crawler.as_of import StoreAsOf
from crawler.config import Cache
from crawler.store import Store
from index.as_of import KEPT_DAYS, Telling, open_as_of
from index.build import content_digest
from index.errors import DayUnbuildable, EngineUnknown
from index.manifest import read_manifest
from index.query.parse import parse
from index.search import SearchRequest, open_index
from index.similar.reasons import no_kin
from tests.indexes import brought_up
from tests.past import fetched, loaded, set_gone, state

ONE, TWO = "NCT00000001", "NCT00000002"
MUMPS, LUPUS = {"conditions": ["Mumps"]}, {"conditions": ["Lupus"]}


class Told:
    """What was told: trials of each build, `waiting`."""

    def __init__(self) -> None:
        self.said: list[int | str] = []
        self.telling = Telling(self._building, lambda: self.said.append("waiting"))

    @contextmanager
    def _building(self, trials: int) -> Iterator[Callable[[int], None]]:
        self.said.append(trials)
        yield lambda _more: None


def asked(cache: Cache, day: int, query: str = "mumps", engine: str = "auto", told: Told | None = None) -> list[str]:
    """Ids found as of a day."""
    telling = (told or Told()).telling
    with StoreAsOf.as_of(cache, day) as store, open_as_of(store, engine, telling) as index:
        page = index.search(SearchRequest(node=parse(query), facets=True))
        assert sum(count.count for count in page.facets["status"]) == page.total
        return sorted(hit.nct_id for hit in page.hits)


def days(cache: Cache) -> list[str]:
    return sorted(path.name for path in cache.past.iterdir())


@pytest.fixture
def two(cache: Cache) -> Cache:
    """Two trials of mumps, one of which became one of lupus; indexed as they are now."""
    loaded(cache, state("2022-01-01", conditionsModule=MUMPS), state("2023-01-01", nct_id=TWO, conditionsModule=MUMPS))
    loaded(cache, state("2024-01-01", conditionsModule=LUPUS))
    brought_up(cache)
    return cache


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_what_is_found_is_what_was_held(two: Cache, engine: str) -> None:
    brought_up(two, engine)
    assert [asked(two, day, engine=engine) for day in (20220101, 20230101, 20240101)] == [[ONE], [ONE, TWO], [TWO]]
    assert [asked(two, day, "lupus") for day in (20230101, 20240101)] == [[], [ONE]]
    assert read_manifest(two.past / "2023-01-01").engine == engine


def test_what_is_read_in_the_records_is_read_in_those_of_the_day(two: Cache) -> None:
    exact = "AREA[Condition]EXPANSION[None]mumps"
    assert [asked(two, day, exact) for day in (20230101, 20240101)] == [[ONE, TWO], [TWO]]


def test_an_index_of_a_day_is_built_once(two: Cache) -> None:
    told = Told()
    assert [asked(two, 20230601, told=told) for _ in range(2)] == [[ONE, TWO], [ONE, TWO]]
    assert told.said == [2]
    manifest = read_manifest(two.past / "2023-06-01")
    with StoreAsOf.as_of(two, 20230601) as store:
        assert (manifest.content, manifest.change) == (content_digest(store.current_versions()), store.change)


def test_a_day_since_which_nothing_changed_is_asked_of_todays_index(two: Cache) -> None:
    told = Told()
    assert asked(two, 20240101, told=told) == [TWO]
    assert (told.said, two.past.exists()) == ([], False)
    loaded(two, state("2025-01-01", nct_id=TWO, conditionsModule=LUPUS))
    assert (asked(two, 20240101, told=told), told.said) == ([TWO], [])  # behind, it is that day's all the more
    assert (asked(two, 20250101, told=told), told.said) == ([], [2])


def test_versions_that_come_later_renew_it_and_others_do_not(two: Cache) -> None:
    told = Told()
    asked(two, 20230601, told=told)
    loaded(two, state("2025-01-01", nct_id=TWO, conditionsModule=LUPUS))
    assert asked(two, 20230601, told=told) == [ONE, TWO]
    assert told.said == [2]
    with StoreAsOf.as_of(two, 20230601) as store:
        assert read_manifest(store.cache.index).change == store.change  # known to be as good as before
    loaded(two, state("2023-05-05", nct_id=TWO, conditionsModule=LUPUS))
    set_gone(two, ONE, "2023-06-01")
    assert (asked(two, 20230601, told=told), asked(two, 20230601, "lupus", told=told)) == ([], [TWO])
    assert told.said == [2, 1]


def test_another_cache_in_the_same_folder_is_another_index(two: Cache) -> None:
    told = Told()
    asked(two, 20230601, told=told)
    for path in two.folder.glob("trials.db*"):
        path.unlink()
    loaded(two, state("2022-01-01", conditionsModule=LUPUS), state("2023-01-01", nct_id=TWO, conditionsModule=MUMPS))
    loaded(two, state("2024-01-01", conditionsModule=LUPUS))
    assert asked(two, 20230601, told=told) == [TWO]
    assert told.said == [2, 2]


def test_a_day_before_all_is_empty_and_keeps_nothing(two: Cache) -> None:
    told = Told()
    assert asked(two, 20000101, told=told) == []
    assert (told.said, two.past.exists()) == ([], False)


def test_the_engine_is_the_one_asked_for_and_never_a_cluster(two: Cache) -> None:
    for engine, held in (("opensearch", "whoosh"), ("tantivy", "tantivy"), ("auto", "tantivy"), ("whoosh", "whoosh")):
        assert asked(two, 20230601, engine=engine) == [ONE, TWO]
        assert read_manifest(two.past / "2023-06-01").engine == held
    with pytest.raises(EngineUnknown):
        asked(two, 20230601, engine="grep")


def test_the_days_asked_about_last_are_kept(two: Cache) -> None:
    loaded(two, state("2025-01-01", nct_id=TWO))  # so that no day is today
    for number in range(1, KEPT_DAYS + 1):
        asked(two, 20230600 + number)
        os.utime(two.past / f"2023-06-{number:02d}" / "manifest.json", (number, number))
    (two.past / "2019-01-01" / "building-000001").mkdir(parents=True)  # what a kill leaves
    asked(two, 20230601)  # used again
    asked(two, 20230609)
    kept = ["2023-06-01", *(f"2023-06-{number:02d}" for number in range(3, KEPT_DAYS + 1)), "2023-06-09", "lock"]
    assert days(two) == kept


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["stop", "full"])
def test_a_build_broken_off_leaves_nothing_that_is_served(two: Cache, error: BaseException) -> None:
    @contextmanager
    def building(_trials: int) -> Iterator[Callable[[int], None]]:
        def fail(_more: int) -> None:
            raise error

        yield fail

    with StoreAsOf.as_of(two, 20230601) as store, ExitStack() as opened, pytest.raises(type(error)):
        opened.enter_context(open_as_of(store, "auto", Telling(building, lambda: None)))
    assert list((two.past / "2023-06-01").iterdir()) == []
    assert asked(two, 20230601) == [ONE, TWO]


@pytest.mark.parametrize("part", ["manifest.json", "columns"])
def test_a_damaged_one_is_built_anew(two: Cache, part: str) -> None:
    told = Told()
    asked(two, 20230601, told=told)
    found = [path for path in (two.past / "2023-06-01").rglob("*") if path.is_file() and part in str(path)]
    for path in found:
        path.write_bytes(b"{}")
    assert asked(two, 20230601, told=told) == [ONE, TWO]
    assert (bool(found), told.said) == (True, [2, 2])


def test_one_process_builds_at_a_time(two: Cache) -> None:
    told = Told()
    two.past.mkdir()
    found: list[list[str]] = []
    with (two.past / "lock").open("a") as handle:
        flock(handle, LOCK_EX)
        asking = Thread(target=lambda: found.append(asked(two, 20230601, told=told)))
        asking.start()
        while asking.is_alive() and told.said != ["waiting"]:
            asking.join(0.01)
    asking.join()
    assert (found, told.said) == ([[ONE, TWO]], ["waiting", 2])


def test_a_build_does_not_wait_for_a_writer(two: Cache) -> None:
    with Store.writing(two) as store, store.transaction():
        assert asked(two, 20230601) == [ONE, TWO]


def test_a_folder_that_can_t_be_written_has_what_is_there(two: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(two, 20230601)
    loaded(two, state("2025-01-01", nct_id=TWO))  # it holds the same still
    files = {path: path.read_bytes() for path in two.past.rglob("*") if path.is_file()}

    def refused(*_: object, **_more: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    monkeypatch.setattr(os, "utime", refused)
    told = Told()
    assert asked(two, 20230601, told=told) == [ONE, TWO]
    with pytest.raises(DayUnbuildable) as raised:
        asked(two, 20220101, told=told)
    assert str(raised.value) == (
        f"{two.folder} has no index as of 2022-01-01 and can't be written. "
        "Mend the permissions, or ask a copy of it with --cache."
    )
    monkeypatch.undo()
    assert told.said == []
    assert {path: path.read_bytes() for path in two.past.rglob("*") if path.is_file()} == files


def test_todays_index_stays_as_it_is(two: Cache) -> None:
    fetched(two)
    before = json.loads((two.index / "manifest.json").read_bytes())
    asked(two, 20230601)
    assert json.loads((two.index / "manifest.json").read_bytes()) == before
    assert brought_up(two)[1] is False


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_a_day_is_answered_as_by_a_cache_that_never_had_more(two: Cache, tmp_path: Path, engine: str) -> None:
    others = [state("2022-01-01", nct_id=f"NCT000001{n:02d}", conditionsModule=LUPUS) for n in range(12)]
    loaded(two, *others)
    loaded(two, *(state("2024-01-01", nct_id=other.nct_id, conditionsModule=MUMPS) for other in others))
    then = Cache(tmp_path / "then")
    loaded(then, state("2022-01-01", conditionsModule=MUMPS), state("2023-01-01", nct_id=TWO, conditionsModule=MUMPS))
    loaded(then, *others)
    brought_up(then, engine)
    request = SearchRequest(node=parse("mumps OR lupus"), facets=True, limit=20)
    with StoreAsOf.as_of(two, 20230101) as store, open_as_of(store, engine, Told().telling) as index:
        answers = index.search(request), index.similar([ONE], {}, 20, no_kin)
        assert [answers[0].total, answers[1][0].nct_id] == [14, TWO]
    with open_index(then.index) as index:
        assert (index.search(request), index.similar([ONE], {}, 20, no_kin)) == answers
