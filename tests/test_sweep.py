"""A sweep: deletions, aliases, merges, what came back; and lists that can't be whole."""

import pytest

from crawler.config import Cache
from crawler.store import Store
from tests import faults
from tests.refreshing import FIRST, SECOND, THIRD, World, Worlds, dated, ids, living, summary
from tests.test_refresh import NOTHING, marked

pytest_plugins = ("tests.serving", "tests.refreshing")


@pytest.fixture
def mirror(world: Worlds) -> World:
    made = world(*(dated(number, "2026-07-01") for number in range(1, 31)))
    made(whole=True)
    return made


def fates(cache: Cache, ident: str | None = None) -> list[tuple[str, str, str | None, str | None]]:
    with Store.reading(cache) as store:
        return store.select(
            "SELECT nct_id, kind, data_timestamp, iif(kind = 'alias', about, NULL) FROM event "
            "WHERE kind IN ('gone', 'back', 'alias') AND (?1 IS NULL OR nct_id = ?1) ORDER BY number",
            (ident,),
        )


def paths(world: World) -> list[str]:
    return [call.path.removeprefix("/api/v2") for call in world.script.calls]


def test_a_sweep_lists_ids_and_days_and_no_more(mirror: World) -> None:
    assert summary(mirror(sweep=True)) == NOTHING
    assert paths(mirror) == ["/version", "/studies"]
    assert mirror.script.calls[1].query == {
        "sort": "LastUpdatePostDate:asc",
        "fields": "NCTId,LastUpdatePostDate",
        "countTotal": "true",
        "pageSize": "1000",
    }


def test_what_differs_is_fetched_though_it_was_posted_long_ago(mirror: World) -> None:
    mirror.publish(dated(3, "2026-07-02"), dated(77, "2019-01-01"), day=SECOND)
    assert summary(mirror(sweep=True)) == ({"changed": 1, "new": 1}, [], None)
    assert [call.ids for call in mirror.script.calls[2:]] == [ids(3, 77)]
    assert living(mirror.cache) == living(mirror.registry.cache)
    assert marked(mirror.cache) == SECOND
    assert summary(mirror()) == NOTHING


def test_the_missing_are_asked_for_one_by_one(mirror: World) -> None:
    gone, old, new = ids(4, 5, 6)
    mirror.publish(day=SECOND, gone=[gone], aliases={old: new})
    assert summary(mirror(sweep=True)) == ({"gone": 1, "alias": 1, "unchanged": 1}, [], None)
    assert paths(mirror)[2:] == [f"/studies/{gone}", f"/studies/{old}", f"/studies/{new}"]
    assert set(living(mirror.cache)) == set(ids(*range(1, 31))) - {gone, old}
    with Store.reading(mirror.cache) as store:
        assert (store.resolve(old), store.resolve(gone)) == (new, gone)
        assert store.select("SELECT about FROM event WHERE nct_id = ? AND kind = 'gone'", (gone,)) == [
            (store.fate(gone)[0],)
        ]
        assert store.counts()["gone"] == 1
    assert fates(mirror.cache) == [(gone, "gone", SECOND, None), (old, "alias", SECOND, new)]
    assert summary(mirror(sweep=True)) == NOTHING
    assert fates(mirror.cache, old) == [(old, "alias", SECOND, new)]


def test_what_comes_back_is_back(mirror: World) -> None:
    gone, old, new = ids(4, 5, 6)
    mirror.publish(day=SECOND, gone=[gone], aliases={old: new})
    mirror(sweep=True)
    mirror.restore(gone, THIRD)
    mirror.restore(old, THIRD)
    assert summary(mirror(sweep=True)) == ({"changed": 2}, [], None)
    assert list(living(mirror.cache)) == ids(*range(1, 31))
    assert fates(mirror.cache)[2:] == [(gone, "back", THIRD, None), (old, "back", THIRD, None)]
    with Store.reading(mirror.cache) as store:
        assert (store.resolve(old), store.fate(gone)) == (old, (None, None))


def test_what_comes_back_with_another_content_is_back_too(mirror: World) -> None:
    mirror.publish(day=SECOND, gone=ids(4))
    mirror(sweep=True)
    mirror.publish(dated(4, "2026-08-21"), day=THIRD)
    assert mirror().counts["changed"] == 1
    assert [kind for _, kind, _, _ in fates(mirror.cache)] == ["gone", "back"]


def test_a_merge_into_a_trial_not_held_takes_it_in(world: Worlds) -> None:
    made = world(*(dated(number) for number in range(1, 6)))
    made.crawl(*ids(1, 2))
    made.publish(day=SECOND, aliases={ids(2)[0]: ids(5)[0]})
    assert summary(made(sweep=True)) == ({"alias": 1, "new": 1}, [], None)
    assert list(living(made.cache)) == ids(1, 5)


def test_a_crawled_cache_is_swept_in_batches_and_takes_no_strangers(world: Worlds) -> None:
    made = world(*(dated(number) for number in range(1, 301)))
    made.crawl(*ids(*range(1, 251)), limit=300)
    made.publish(dated(2, "2020-01-01"), dated(7, "2026-08-20"), dated(999), day=SECOND, gone=ids(8))
    assert summary(made(sweep=True)) == ({"changed": 1, "gone": 1}, [], None)
    listed, rest, changed, alone = made.script.calls[1:]
    assert [len(listed.ids), len(rest.ids), changed.path[-11:], alone.path[-11:]] == [200, 50, *ids(7, 8)]
    assert listed.query["fields"] == "NCTId,LastUpdatePostDate"
    assert len(living(made.cache)) == 249
    made.restore(ids(8)[0], THIRD)
    assert made(sweep=True).counts["changed"] == 1
    assert len(living(made.cache)) == 250


def test_one_bad_id_rejects_a_batch_and_is_found_by_halving(world: Worlds) -> None:
    made = world(*(dated(number) for number in range(1, 31)))
    made.crawl(*ids(*range(1, 31)))
    made.publish(day=SECOND, gone=ids(9))
    faults.reject_unknown(made.script, set(ids(*range(1, 31))) - set(ids(9)))
    assert summary(made(sweep=True)) == ({"gone": 1}, [], None)
    assert len(living(made.cache)) == 29


# -- a trial that is asked for and not to be had -----------------------------------------------------------------------


def test_only_a_404_says_that_a_trial_is_gone(mirror: World) -> None:
    mirror.publish(day=SECOND, gone=ids(1, 2, 3, 4))
    path = "/studies/{}".format
    mirror.script.always(faults.asking(path=path(ids(1)[0])), faults.answer(500))
    mirror.script.always(faults.asking(path=path(ids(2)[0])), faults.answer(400, b"what?"))
    mirror.script.always(faults.asking(path=path(ids(3)[0])), faults.answer(200, b'{"protocolSection":{}}'))
    report = mirror(sweep=True)
    assert summary(report) == ({"gone": 1}, ids(1, 2, 3), None)
    assert [failed.reason.split(": ")[-1] for failed in report.failed][1:] == [
        "what?",
        "no NCT id at protocolSection.identificationModule.nctId",
    ]
    assert len(living(mirror.cache)) == 29
    mirror.script.mend()
    assert summary(mirror()) == ({"gone": 3}, [], None)  # left undone: asked for though nothing is new
    assert summary(mirror()) == NOTHING


def test_aliases_in_a_circle_fail_by_themselves(mirror: World) -> None:
    one, two = ids(1, 2)
    mirror.publish(day=SECOND, gone=[one, two, ids(3)[0]])
    for here, there in ((one, two), (two, one)):
        mirror.script.always(
            faults.asking(path=f"/studies/{here}"), faults.answer(301, location=f"/api/v2/studies/{there}")
        )
    report = mirror(sweep=True)
    assert summary(report) == ({"gone": 1}, [one, two], None)
    assert "which is another site or a circle" in report.failed[0].reason
    assert {one, two} <= set(living(mirror.cache))


# -- lists that can't be whole -----------------------------------------------------------------------------------------


@pytest.fixture
def thousand(world: Worlds) -> World:
    made = world(*(dated(number, f"2026-07-{1 + number % 28:02d}") for number in range(1, 1201)))
    made(whole=True)
    return made


def test_a_list_that_shrank_by_more_than_a_hundredth_changes_nothing(thousand: World) -> None:
    thousand.publish(dated(5, "2026-08-20"), day=SECOND, gone=ids(*range(101, 114)))
    held = living(thousand.cache)
    report = thousand(sweep=True)
    assert report.stopped == (
        "the registry's list lacks 13 of the 1,200 trials held. Nothing was concluded from it; "
        "if they are meant to be gone, run `trialkin refresh --sweep --trust`."
    )
    assert (living(thousand.cache), marked(thousand.cache), fates(thousand.cache)) == (held, FIRST, [])
    assert summary(thousand(sweep=True, trusted=True)) == ({"changed": 1, "gone": 13}, [], None)
    assert marked(thousand.cache) == SECOND


def test_a_hundredth_may_go(thousand: World) -> None:
    thousand.publish(day=SECOND, gone=ids(*range(101, 113)))
    assert summary(thousand(sweep=True)) == ({"gone": 12}, [], None)


def test_a_crawled_cache_has_the_same_floor(world: Worlds) -> None:
    made = world(*(dated(number) for number in range(1, 1001)))
    made.crawl(*ids(*range(1, 1001)), limit=1000)
    made.publish(day=SECOND, gone=ids(*range(1, 12)))
    assert "lacks 11 of the 1,000 trials held" in (made(sweep=True).stopped or "")
    assert len(living(made.cache)) == 1000


def test_a_list_shorter_than_promised_is_not_compared(thousand: World) -> None:
    thousand.script.once(faults.later_page, faults.empty_page())
    report = thousand(sweep=True)
    assert "promised 1,200 trials and sent 1,000" in (report.stopped or "")
    assert (paths(thousand), len(living(thousand.cache))) == (["/version", "/studies", "/studies"], 1200)


# -- broken off --------------------------------------------------------------------------------------------------------


def prepared(world: World) -> None:
    changes = [dated(number, "2026-08-20") for number in range(1, 251)]
    world.publish(*changes, day=SECOND, gone=ids(500, 501), aliases={ids(502)[0]: ids(503)[0]})


@pytest.mark.parametrize("request_number", range(1, 11))
def test_broken_off_after_any_request_a_sweep_ends_the_same(thousand: World, request_number: int) -> None:
    """The version; two pages of the list; two batches; two that are gone; an alias and its trial: nine."""
    prepared(thousand)
    thousand.script.always(faults.onward(request_number), faults.refused())
    stopped = thousand(sweep=True)
    assert (stopped.stopped is None) == (request_number == 10)
    if stopped.stopped is not None:
        again = request_number == 9  # the alias is asked for again with its trial
        thousand.script.mend()
        report = thousand(sweep=True)
        assert summary(report) == ({"alias": 1, "changed": 250, "gone": 2, "unchanged": 1}, [], None)
        assert len(thousand.script.calls) == 1 + (9 - max(1, request_number - 1)) + again
        assert report.run == stopped.run
    assert living(thousand.cache) == living(thousand.registry.cache)
    assert [kind for _, kind, _, _ in fates(thousand.cache)] == ["gone", "gone", "alias"]
    assert marked(thousand.cache) == SECOND
