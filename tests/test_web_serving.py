"""Pages of a mirror that is not ready, and how all pages are served."""

import itertools
import shutil
from pathlib import Path

import httpx
import pytest

from crawler.config import Cache
from tests.records import study
from tests.web import add, copied, filled, page, web

pytest_plugins = ("tests.web",)


# -- a mirror that is not ready ----------------------------------------------------------------------------------------


def test_an_empty_cache_is_a_503_with_a_next_step(cache: Cache) -> None:
    with web(cache) as site:
        for url in ("/", "/search?q=lupus", "/trials/NCT05300932"):
            shown = page(site, url)
            assert shown.status == 503
            assert "holds no trials yet. Fetch some with `trialkin crawl NCT05300932`" in shown.text("pre")


def test_records_without_an_index_are_a_503_with_a_next_step(cache: Cache) -> None:
    add(cache, [study()])
    with web(cache) as site:
        shown = page(site, "/search")
        assert shown.status == 503
        assert "holds no index yet. Build it with `trialkin index`." in shown.text("pre")


def test_an_index_behind_its_records_is_told_on_every_page(sample_cache: Cache, tmp_path: Path) -> None:
    cache = copied(sample_cache, tmp_path / "behind")
    with web(cache) as site:
        assert not page(site, "/").all(".notice")
        add(cache, [study("NCT00000002")])
        for url in ("/", "/search", "/trials/NCT05300932", "/trials/NCT00000002"):
            shown = page(site, url)
            assert shown.status == 200
            assert "The index is behind the records" in shown.text(".notice")
        assert "the index does not have it yet; run `trialkin index`" in page(site, "/trials/NCT00000002").text("aside")


def test_an_index_that_goes_away_is_a_503_and_one_that_comes_back_is_used(sample_cache: Cache, tmp_path: Path) -> None:
    cache = copied(sample_cache, tmp_path / "away")
    with web(cache) as site:
        assert page(site, "/search").status == 200
        aside = cache.index.rename(tmp_path / "aside")
        assert page(site, "/search").status == 503
        (aside / "manifest.json").rename(tmp_path / "manifest.json")
        shutil.copytree(aside, cache.index)
        (cache.index / "manifest.json").write_text("{}", encoding="utf-8")
        damaged = page(site, "/search")
        assert damaged.status == 503
        assert "trialkin index --rebuild" in damaged.text("pre")
        (tmp_path / "manifest.json").replace(cache.index / "manifest.json")
        assert page(site, "/search").status == 200


def test_a_record_that_breaks_the_rules_is_told(tmp_path: Path) -> None:
    broken = study("NCT00000003", statusModule={"startDateStruct": {"date": "soon"}})
    cache = filled(tmp_path / "broken", [study(), broken])
    with web(cache) as site:
        shown = page(site, "/trials/NCT00000003")
        assert shown.status == 503
        assert "'soon' is no date" in shown.text("pre")


# -- how it is served --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["/", "/search?q=(", "/trials/NCT05300932", "/trials/NCT00182910", "/nowhere", "/static/style.css", "/api/search"],
)
def test_every_answer_carries_the_security_headers(sample_site: httpx.Client, url: str) -> None:
    headers = sample_site.get(url).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("url", ["/", "/search?q=lupus", "/trials/NCT05300932", "/static/style.css", "/api/search"])
def test_head_answers_as_get_without_the_body_and_nothing_else_is_taken(sample_site: httpx.Client, url: str) -> None:
    got, head = sample_site.get(url), sample_site.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = sample_site.request(method, url)
        assert refused.status_code == 405


def test_a_page_needs_nothing_from_elsewhere_and_no_script(sample_site: httpx.Client) -> None:
    for url in ("/", "/search?q=lupus", "/trials/NCT05300932"):
        shown = page(sample_site, url)
        assert not shown.all("script, [style], iframe")
        for node in shown.all("link"):
            assert sample_site.get(node.attributes["href"] or "").status_code == 200


@pytest.mark.parametrize(
    "url", ["/", "/search?q=lupus", "/search?q=nothinglikeit", "/search?q=(", "/trials/NCT00000620"]
)
def test_headings_go_down_one_step_at_a_time(sample_site: httpx.Client, url: str) -> None:
    shown = page(sample_site, url)
    levels = [int((node.tag or "h0")[1]) for node in shown.all("h1, h2, h3, h4, h5, h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
    assert shown.all("html")[0].attributes["lang"] == "en"
    assert len(shown.all("title")) == len(shown.all("main")) == 1
