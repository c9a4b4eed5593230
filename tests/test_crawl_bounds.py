"""How far a crawl goes, what it takes from pages and queries, and how few calls it needs; over real HTTP."""

import httpx
import pytest

from crawler.config import Cache
from crawler.crawl import Failed
from crawler.pages import listed_ids
from tests import faults
from tests.conftest import ROOT
from tests.crawling import CROWD, HUB, Crawler, Own, because, bodies, flat, mentions, places, reached
from tests.records import study
from tests.serving import Served
from tests.test_crawl import BARICITINIB, CYCLOPHOSPHAMIDE, NOT_FOUND, SCLEROSIS, SEED

pytest_plugins = ("tests.serving", "tests.crawling")


# -- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "ids", "left"),
    [
        (0, [1], 2),
        (1, [1, 2, 3], 1),
        (2, [1, 2, 3, 4], 1),
        (3, [1, 2, 3, 4, 5], 0),
        (9, [1, 2, 3, 4, 5], 0),
    ],
)
def test_depth_counts_links_from_a_seed(own: Own, depth: int, ids: list[int], left: int) -> None:
    chain = {1: [2, 3], 2: [4], 3: [4, 1], 4: [5, 1], 5: [2]}
    crawler = own(*[mentions(f"NCT{a:08d}", *[f"NCT{b:08d}" for b in named]) for a, named in chain.items()])
    report = crawler("NCT00000001", depth=depth)
    depths = {1: 0, 2: 1, 3: 1, 4: 2, 5: 3}
    assert reached(report) == [(f"NCT{number:08d}", depths[number]) for number in ids]
    assert report.left == {"limit": 0, "depth": left}
    if depth >= 2:
        assert [source for _, source, _ in because(report, "NCT00000004")] == ["NCT00000002", "NCT00000003"]


def test_depth_nothing_is_the_seeds_alone_in_two_calls(crawler: Crawler) -> None:
    report = crawler("NCT02797951", depth=0)
    assert reached(report) == [("NCT02797951", 0)]
    assert report.left == {"limit": 0, "depth": 2}
    assert crawler.registry.script.urls == ["/api/v2/version", "/api/v2/studies/NCT02797951"]


@pytest.mark.parametrize("limit", [1, 2, 5, 21, 22, 200])
def test_the_limit_counts_trials_kept_and_what_it_cut_is_told(crawler: Crawler, limit: int) -> None:
    crawler.closeness = flat
    everything = sorted(SCLEROSIS | BARICITINIB | CYCLOPHOSPHAMIDE)
    everything.remove("NCT04640168")
    everything.insert(everything.index("NCT04401579") + 1, "NCT04640168")  # the sister comes at once
    report = crawler(SEED, limit=limit)
    assert [nct_id for nct_id, _ in reached(report)] == [SEED, *everything][:limit]
    assert report.left == {"limit": max(22 - limit, 0), "depth": 0}
    assert set(bodies(crawler.cache)) == {nct_id for nct_id, _ in reached(report)}


def test_more_seeds_than_the_limit_are_left(crawler: Crawler) -> None:
    report = crawler("NCT05440721", SEED, "NCT00000419", limit=2)
    assert reached(report) == [("NCT00000419", 0), (SEED, 0)]
    assert report.left["limit"] >= 1


# -- web pages and queries -------------------------------------------------------------------------------------------


def test_what_a_page_lists_is_named_with_its_heading_and_address(crawler: Crawler) -> None:
    page = ROOT / "tests" / "fixtures" / "related.html"
    listed = tuple((str(page), item.nct_id, item.heading) for item in listed_ids(page.read_bytes()))
    crawler.closeness = flat
    report = crawler(SEED, listed=listed, limit=9)
    related = ("NCT00853788", "NCT02339441", "NCT03274076", "NCT04440592", "NCT06936215")
    assert reached(report) == [
        (SEED, 0),
        *((nct_id, 1) for nct_id in sorted(["NCT00004563", *related])),
        *(("NCT00000596", 1), ("NCT00001426", 1)),
    ]
    for nct_id in related:
        assert because(report, nct_id)[0] == ("page", str(page), "listed under 'Related Clinical Trials'")
    assert because(report, "NCT00004563")[0] == ("page", str(page), "listed under 'Detailed Description'")
    assert report.calls == 5  # the page's trials come with the seed


def test_a_page_alone_is_a_beginning(crawler: Crawler) -> None:
    report = crawler(listed=(("https://example.org", "NCT05440721", ""), ("https://example.org", "NCT99999999", "")))
    assert reached(report) == [("NCT05440721", 1), ("NCT04857515", 2)]
    assert because(report, "NCT05440721") == [("page", "https://example.org", "listed")]
    assert report.failed == [Failed("NCT99999999", NOT_FOUND)]
    assert report.partly_failed is False


def test_what_a_page_lists_comes_before_what_is_further_away(own: Own) -> None:
    crawler = own(
        mentions("NCT00000001", "NCT00000002"),
        mentions("NCT00000002", "NCT00000003"),
        study("NCT00000003"),
        study("NCT00000004"),
    )
    report = crawler("NCT00000001", listed=(("page.html", "NCT00000004", "Related"),))
    assert [nct_id for nct_id, _ in reached(report)] == ["NCT00000001", "NCT00000004", "NCT00000002", "NCT00000003"]


def test_a_query_is_asked_as_it_was_written(crawler: Crawler, client: httpx.Client) -> None:
    asked = "query.term=galcanezumab AND AREA[Phase]PHASE3"
    order = places(client, asked)
    report = crawler(queries=("galcanezumab AND AREA[Phase]PHASE3",))
    assert sorted(order) == ["NCT02397473", "NCT02797951"]
    assert reached(report) == [(nct_id, 1) for nct_id in order]
    for nct_id, evidence in order.items():
        assert ("neighbour", None, evidence) in because(report, nct_id)


def test_a_query_alone_is_followed_in_the_registrys_order(crawler: Crawler, client: httpx.Client) -> None:
    order = list(places(client, "query.term=scleroderma"))
    assert order != sorted(order)
    assert [nct_id for nct_id, _ in reached(crawler(queries=("scleroderma",), limit=5))] == order[:5]


def test_a_query_that_the_registry_rejects_is_told_and_fails(crawler: Crawler) -> None:
    report = crawler("NCT05440721", queries=("AREA[Foo]x",))
    (failed,) = report.failed
    assert failed.nct_id is None
    assert failed.reason.startswith("query.term=AREA[Foo]x: ")
    assert "answered 400: Error parsing query in query.term: " in failed.reason
    assert (report.partly_failed, report.stopped) == (True, None)
    assert reached(report) == [("NCT05440721", 0), ("NCT04857515", 1)]


# -- thrift ----------------------------------------------------------------------------------------------------------


def test_whole_pages_are_used_and_nothing_is_fetched_twice(crawler: Crawler) -> None:
    report = crawler(SEED)
    urls = crawler.registry.script.urls
    assert report.calls == len(urls) == 5
    assert urls[:2] == ["/api/v2/version", f"/api/v2/studies/{SEED}"]
    assert [call.query["pageSize"] for call in crawler.registry.script.calls[2:]] == ["200"] * 3


@pytest.mark.parametrize(("limit", "calls"), [(50, 5), (200, 5), (204, 5), (205, 6), (300, 6), (400, 6)])
def test_calls_hardly_grow_with_the_trials(crowd: Served, cache: Cache, limit: int, calls: int) -> None:
    """Three queries of the seed: one has 320 hits, 200 a page; the others find 4 more that lie beyond these."""
    report = Crawler(crowd, cache, flat)(CROWD[0], limit=limit)
    assert len(report.reached) == min(limit, 320)
    assert report.calls == calls
    assert len(bodies(cache)) == min(limit, 320)


def test_what_is_known_by_name_comes_in_batches(crowd: Served, cache: Cache) -> None:
    report = Crawler(crowd, cache, flat)(HUB, depth=1)
    assert reached(report) == [(HUB, 0), *((nct_id, 1) for nct_id in CROWD[1:151])]
    assert [len(call.ids) for call in crowd.script.calls] == [0, 0, 153, 0, 0, 0, 0]
    assert [failed.nct_id for failed in report.failed] == ["NCT00002001", "NCT00002002", "NCT00002003"]
    assert report.partly_failed is False


def test_five_hundred_seeds_come_in_three_batches_and_ask_few_queries(crowd: Served, cache: Cache) -> None:
    seeds = [*CROWD, HUB, *(f"NCT{number:08d}" for number in range(5001, 5004))]
    report = Crawler(crowd, cache, flat)(*seeds, limit=1000)
    assert len(report.reached) == 321
    assert [len(call.ids) for call in crowd.script.calls if call.ids][:2] == [200, 124]
    assert len([call for call in crowd.script.calls if faults.any_page(call)]) <= 15
    assert report.partly_failed is True
