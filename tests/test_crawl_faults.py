"""A registry's bad days: the same trials as on a good one, or a sentence that says why not, and then the same."""

from dataclasses import replace

import pytest

from crawler.config import Cache
from crawler.crawl import Report
from crawler.ledger import Answer, Ledger
from crawler.store import Store
from crawler.verify import store_problems
from tests import faults
from tests.conftest import SAMPLE
from tests.crawling import CROWD, HUB, Crawler, Own, bodies, flat, member, mentions, reached, whole
from tests.faults import Fault
from tests.records import raw, study
from tests.serving import Clock, Served, fill, sample_bodies

pytest_plugins = ("tests.serving", "tests.crawling")

SEEDS = ("NCT05300932", "NCT02797951")  # six queries, a mention that is there and one that is not
PASSING = {
    "429": [faults.too_many(), faults.too_many()],
    "429 with a time": [faults.too_many("3"), faults.too_many("0")],
    "500 twice": [faults.answer(500), faults.answer(500)],
    "502, 503, 504": [faults.answer(status) for status in (502, 503, 504)],
    "503 and 500 by turns": [faults.answer(status) for status in (503, 500, 503, 500)],
    "cut short": [faults.cut_short(), faults.cut_short(0), faults.cut_short(0.99)],
    "half the JSON": [faults.cut_json(), faults.cut_json(0)],
    "a proxy's page": [faults.html()],
    "brackets without end": [faults.answer(200, b"[" * 100_000)],
}
LASTING = {
    "403": (faults.refused(), "refused this client (403, sent as 'trialkin/"),
    "503 for good": (faults.answer(503), "gave no good answer: 503: no reason given. What was fetched is kept"),
    "a proxy for good": (faults.html(), "gave no good answer: a broken body ("),
    "cut short for good": (faults.cut_short(), "gave no good answer: the connection broke ("),
    "another site": (faults.redirect("https://example.org/"), "redirects to 'https://example.org/', which is another"),
    "a circle": (faults.redirect("?"), "which is another site or a circle; it was not followed."),
}


Good = tuple[tuple[object, ...], dict[str, bytes]]


def clean(crawler: Crawler, cache: Cache, *seeds: str, limit: int = 200) -> Good:
    """What a crawl gives on a good day: the report and the bytes stored."""
    other = replace(crawler, cache=Cache(cache.folder.with_name("clean")))
    told = whole(other(*seeds, limit=limit)), bodies(other.cache)
    crawler.registry.script.clear()
    return told


@pytest.fixture(scope="module")
def good(sample_served: Served, tmp_path_factory: pytest.TempPathFactory) -> Good:
    cache = Cache(tmp_path_factory.mktemp("good") / "cache")
    return clean(Crawler(sample_served, cache, flat), cache, *SEEDS)


@pytest.fixture(scope="module")
def good_crowd(_crowd_served: Served, tmp_path_factory: pytest.TempPathFactory) -> Good:
    cache = Cache(tmp_path_factory.mktemp("good") / "crowd")
    return clean(Crawler(_crowd_served, cache, flat), cache, HUB, CROWD[0], limit=320)


def sound(cache: Cache) -> bool:
    return list(store_problems(cache, {})) == []


@pytest.fixture
def crawls(crawler: Crawler) -> Crawler:
    crawler.closeness = flat
    return crawler


# -- what passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_changes_nothing(crawls: Crawler, cache: Cache, good: Good, name: str) -> None:
    for request in (1, 2, 4, 8):
        crawls.registry.script.once(faults.number(request), *PASSING[name][:1])
    crawls.registry.script.once(faults.any_ids, *PASSING[name])
    crawls.registry.script.once(faults.any_page, *PASSING[name])
    report = crawls(*SEEDS)
    assert whole(report) == good[0]
    assert bodies(cache) == good[1]
    assert report.calls > 10
    assert sound(cache)


def test_a_page_that_drips_is_asked_for_again(crawls: Crawler, cache: Cache, clock: Clock, good: Good) -> None:
    clock.tick_seconds = 1.0  # whenever a piece arrives
    crawls.registry.script.once(faults.any_page, faults.drip(0.005, drops=400))
    report = replace(crawls, deadline_seconds=80.0)(*SEEDS)
    assert whole(report) == good[0]
    assert bodies(cache) == good[1]
    assert report.calls == 11


def test_a_retry_after_is_waited_for(crawls: Crawler) -> None:
    crawls.registry.script.once(faults.any_page, *PASSING["429 with a time"])
    assert crawls(*SEEDS).stopped is None
    assert crawls.waits == [3.0, 0.0]


def test_an_unknown_id_may_reject_its_batch(crawls: Crawler, cache: Cache) -> None:
    good = clean(crawls, cache, "NCT02797951", "NCT05440721")
    faults.reject_unknown(crawls.registry.script, sample_bodies(SAMPLE))
    assert whole(crawls("NCT02797951", "NCT05440721")) == good[0]
    assert bodies(cache) == good[1]


def test_a_batch_that_the_server_fails_on_is_asked_for_one_by_one(crawls: Crawler, cache: Cache, good: Good) -> None:
    crawls.registry.script.always(faults.any_ids, faults.answer(500))
    assert whole(crawls(*SEEDS)) == good[0]
    assert bodies(cache) == good[1]
    assert len([call for call in crawls.registry.script.calls if call.ids]) == 6  # two batches, each three times


@pytest.mark.parametrize("fault", [faults.oversized(1 << 21), faults.gzip_bomb(1 << 21)])
def test_pages_and_batches_too_large_come_in_smaller_ones(crowd: Served, cache: Cache, fault: Fault) -> None:
    crawls = Crawler(crowd, cache, flat)
    good = clean(crawls, cache, HUB, CROWD[200])
    crowd.script.always(faults.page_over(60), fault)
    assert whole(crawls(HUB, CROWD[200])) == good[0]
    assert bodies(cache) == good[1]


def test_an_empty_last_page_ends_a_walk(own: Own) -> None:
    crawls = own(*map(member, CROWD[:200]))  # the first page is full, and nothing follows
    report = crawls(CROWD[0], limit=300)
    assert len(report.reached) == 200
    assert [call.query.get("pageToken") is None for call in crawls.registry.script.calls] == [True] * 5 + [False]


def test_a_walk_goes_on_after_a_short_page_with_a_token(crowd: Served, cache: Cache) -> None:
    def shortened(page: bytes) -> bytes:
        return b'{"studies":[]' + page[page.rindex(b"]") + 1 :]

    crowd.script.once(faults.asking(query_cond="Scleroderma", pageSize="200"), faults.rewrite(shortened))
    report = Crawler(crowd, cache, flat)(CROWD[0], limit=320)
    assert crowd.script.calls[-1].query.get("pageToken")
    assert {nct_id for nct_id, _ in reached(report)} >= set(CROWD[200:])


# -- what does not pass: stopped, told, resumed ----------------------------------------------------------------------


def resumed(crawls: Crawler, stopped: Report, *seeds: str, limit: int = 200) -> Report:
    """The same command on a day when all is well."""
    asked = set(crawls.registry.script.urls)
    count = len(crawls.registry.script.calls)
    crawls.registry.script.mend()
    report = crawls(*seeds, limit=limit)
    later = crawls.registry.script.calls[count:]
    twice = [call for call in later if call.url in asked and not call.path.endswith("/version")]
    assert len(twice) <= 1, "only what was in hand when it broke is asked again"
    assert report.run == stopped.run
    assert report.fetched == len(report.reached)  # it counts the whole run
    return report


@pytest.mark.parametrize("name", LASTING)
@pytest.mark.parametrize("request_number", [1, 2, 3, 6])
def test_what_lasts_stops_with_a_sentence_and_the_same_command_ends_it(
    crawls: Crawler, cache: Cache, good: Good, name: str, request_number: int
) -> None:
    fault, sentence = LASTING[name]
    crawls.registry.script.always(faults.onward(request_number), fault)
    stopped = crawls(*SEEDS)
    assert sentence in (stopped.stopped or "")
    kept = {nct_id for nct_id, _ in reached(stopped)}
    assert set(bodies(cache)) == kept  # what was fetched is kept
    assert kept >= (set(SEEDS) if request_number > 3 else set())
    assert sound(cache)
    report = resumed(crawls, stopped, *SEEDS)
    assert whole(report) == good[0]
    assert bodies(cache) == good[1]
    assert sound(cache)


@pytest.mark.parametrize("request_number", range(1, 13))
def test_broken_off_after_any_request_a_run_ends_the_same(
    crowd: Served, cache: Cache, good_crowd: Good, request_number: int
) -> None:
    """The version; two seeds; what one names and, one by one, what is not there; four queries, one of two pages: 11."""
    crawls = Crawler(crowd, cache, flat)
    crowd.script.always(faults.onward(request_number), faults.refused())
    stopped = crawls(HUB, CROWD[0], limit=320)
    assert (stopped.stopped is None) == (request_number == 12)
    if stopped.stopped is not None:
        report = resumed(crawls, stopped, HUB, CROWD[0], limit=320)
        assert whole(report) == good_crowd[0]
        assert stopped.calls == request_number
        assert report.calls == 11 - (request_number - 1) + (request_number > 1)  # the version is asked in each session
    assert bodies(cache) == good_crowd[1]


def test_a_run_may_break_off_again_and_again(crawls: Crawler, cache: Cache, good: Good) -> None:
    sessions = 0
    stopped: str | None = "not begun"
    while stopped is not None:
        crawls.registry.script.clear()
        crawls.registry.script.always(faults.onward(3), faults.refused())  # the version and one more a session
        report = crawls(*SEEDS)
        stopped, sessions = report.stopped, sessions + 1
    assert whole(report) == good[0]
    assert bodies(cache) == good[1]
    assert sessions == good_calls(crawls, cache) - 1


def good_calls(crawls: Crawler, cache: Cache) -> int:
    crawls.registry.script.clear()
    return replace(crawls, cache=Cache(cache.folder.with_name("count")))(*SEEDS).calls


def test_another_command_between_does_not_disturb_a_broken_one(crawls: Crawler, cache: Cache, good: Good) -> None:
    crawls.registry.script.once(faults.number(5), faults.refused())
    stopped = crawls(*SEEDS)
    other = crawls("NCT00000419")
    assert (other.stopped, other.run) == (None, stopped.run + 1)
    report = crawls(*SEEDS)
    assert report.run == stopped.run
    assert whole(report)[1:] == good[0][1:]
    assert reached(report) == [(nct_id, depth) for nct_id, depth in reached(report) if nct_id in good[1]]
    assert set(bodies(cache)) == good[1].keys() | {nct_id for nct_id, _ in reached(other)}


def test_nobody_there_is_told_and_nothing_is_kept(crawls: Crawler, cache: Cache) -> None:
    gone = replace(crawls, registry=replace(crawls.registry, base="http://127.0.0.1:9/api/v2"))
    report = gone(*SEEDS)
    assert "gave no good answer: no connection (" in (report.stopped or "")
    assert (report.reached, report.fetched) == ([], 0)
    assert bodies(cache) == {}


# -- a request that fails for good -----------------------------------------------------------------------------------


def test_a_page_that_the_server_fails_on_is_told_and_the_next_run_has_it(crawls: Crawler, cache: Cache) -> None:
    good = clean(crawls, cache, "NCT05300932")
    crawls.registry.script.always(faults.asking(query_cond="Systemic", query_intr="Baricitinib"), faults.answer(500))
    report = crawls("NCT05300932")
    (failed,) = report.failed
    assert failed.nct_id is None
    assert failed.reason.startswith("query.cond=Systemic Sclerosis query.intr=(Baricitinib) OR (Cyclophosphamide): ")
    assert "gave no good answer: 500" in failed.reason
    assert (report.stopped, report.partly_failed) == (None, True)
    crawls.registry.script.mend()
    assert whole(crawls("NCT05300932")) == good[0]
    assert bodies(cache) == good[1]


def test_a_seed_that_the_server_fails_on_fails_and_the_next_run_has_it(crawls: Crawler) -> None:
    crawls.registry.script.always(faults.asking(path="/studies/NCT05440721"), faults.answer(500))
    report = crawls("NCT05440721")
    assert (report.reached, report.stopped, report.partly_failed) == ([], None, True)
    assert "gave no good answer: 500" in report.failed[0].reason
    crawls.registry.script.mend()
    assert len(crawls("NCT05440721").reached) == 2


def test_a_study_too_large_by_itself_is_told(crawls: Crawler) -> None:
    crawls.registry.script.always(faults.asking(path="/studies/NCT04857515"), faults.oversized(1 << 21))
    report = crawls("NCT05440721", depth=1)
    assert [failed.nct_id for failed in report.failed] == ["NCT04857515"]
    assert "sent more than 1 MB" in report.failed[0].reason


# -- tokens that die -------------------------------------------------------------------------------------------------


def test_a_token_that_died_makes_the_walk_begin_again(crowd: Served, cache: Cache) -> None:
    crawls = Crawler(crowd, cache, flat)
    good = clean(crawls, cache, CROWD[0], limit=320)
    crowd.script.once(faults.later_page, faults.dead_token())
    report = crawls(CROWD[0], limit=320)
    assert whole(report) == good[0]
    assert bodies(cache) == good[1]
    assert report.calls == 6 + 2  # the dead one, and the first page again


def test_tokens_that_all_die_end_the_walk_with_a_word(crowd: Served, cache: Cache) -> None:
    crowd.script.always(faults.later_page, faults.dead_token())
    report = Crawler(crowd, cache, flat)(CROWD[0], limit=320)
    assert len(report.reached) == 204
    assert report.calls == 6 + 2
    (failed,) = report.failed
    assert failed.reason.startswith("query.cond=Scleroderma: ")
    assert "answered 400: `pageToken` is incorrect" in failed.reason
    assert report.partly_failed is True


def test_tokens_that_die_on_the_way_back_end_the_walk_with_a_word(crowd: Served, cache: Cache) -> None:
    """Seven pages of fifty: the second is had, the third refused, and the second again when the walk begins anew."""
    crowd.script.always(faults.page_over(60), faults.oversized(1 << 21))
    crowd.script.always(
        lambda call: faults.later_page(call) and sum(map(faults.later_page, crowd.script.calls)) > 3,
        faults.dead_token(),
    )
    report = Crawler(crowd, cache, flat)(CROWD[0], limit=320)
    (failed,) = report.failed
    assert failed.reason.startswith("query.cond=Scleroderma: ")
    assert "answered 400: `pageToken` is incorrect" in failed.reason
    assert len([nct_id for nct_id, _ in reached(report) if nct_id in CROWD[:100]]) == 100


def test_data_that_changes_between_break_and_resume_ends_well(own: Own) -> None:
    crawls = own(*map(member, CROWD[:220]))
    source = crawls.registry.cache
    crawls.registry.script.once(faults.later_page, faults.refused())
    stopped = crawls(CROWD[0], limit=230)
    assert len(stopped.reached) == 201  # a page of 200, and one more that the drug finds
    newer = member(CROWD[5]) | {"hasResults": True}
    fill(source, [newer, member(CROWD[220]), *(study(f"NCT{n:08d}") for n in range(400, 405))], "2026-08-20T09:00:06")
    report = crawls(CROWD[0], limit=230)
    assert (report.stopped, report.failed, report.run) == (None, [], stopped.run)
    assert sorted(nct_id for nct_id, _ in reached(report)) == CROWD[:221]
    assert list(bodies(crawls.cache)) == CROWD[:221]
    assert sound(crawls.cache)


def test_the_first_body_of_a_trial_stands_for_the_whole_run(cache: Cache) -> None:
    first, later = raw("NCT00000001"), raw("NCT00000001", identificationModule={"acronym": "NEW"})
    with Store.writing(cache) as store:
        ledger = Ledger.open(store, "a command")
        for request, record in (("one", first), ("two", later)):
            ledger.hear(request, Answer(["NCT00000001"]), [record])
        for goes_on in (ledger, Ledger.open(store, "a command")):
            found = goes_on.record("NCT00000001")
            assert found is not None
            assert found.body == first.body
        assert Ledger.open(store, "another command").record("NCT00000001") is None


def test_a_run_that_goes_on_is_as_old_as_its_oldest_record(own: Own) -> None:
    """Its next refresh asks what changed since: a later day would leave out what changed between."""
    crawls = own(mentions("NCT00000001", "NCT00000002"), study("NCT00000002"))
    crawls.registry.script.once(faults.asking(path="/studies/NCT00000002"), faults.refused())
    assert crawls("NCT00000001").data_timestamp == "2026-08-19T09:00:06"
    fill(crawls.registry.cache, [], "2026-09-19T09:00:06")
    report = crawls("NCT00000001")
    assert (len(report.reached), report.data_timestamp) == (2, "2026-08-19T09:00:06")
    assert crawls("NCT00000001").data_timestamp == "2026-09-19T09:00:06"
    with Store.reading(crawls.cache) as store:
        assert store.data_timestamp == "2026-09-19T09:00:06"


def test_a_mirror_that_can_t_sort_by_relevance_is_asked_for_its_own_order(crawls: Crawler, good: Good) -> None:
    unsorted = faults.answer(400, b"`sort` has an incorrect item: @relevance")
    crawls.registry.script.always(faults.asking(sort="@relevance"), unsorted)
    told = whole(crawls(*SEEDS))
    assert (told, bodies(crawls.cache)) == good
    assert sum("sort=" in url for url in crawls.registry.script.urls) == 6  # once for each query
