"""The JSON endpoints answer what the command line's --json does; totals were counted in the raw sample."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crawler.config import Cache
from crawler.store import Store
from index.build import update
from tests.records import study
from tests.running import Shell
from tests.web import add, copied, filled, web

pytest_plugins = ("tests.web",)


def answered(client: httpx.Client, url: str, status: int = 200) -> Any:  # noqa: ANN401 - JSON
    answer = client.get(url)
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code == status
    return json.loads(answer.content)


@pytest.mark.parametrize(
    ("words", "url"),
    [
        (["lupus"], "/api/search?q=lupus"),
        ([], "/api/search"),
        (["lupus", "--facets", "--limit", "0"], "/api/search?q=lupus&facets=true&limit=0"),
        (["--phase", "2", "--phase", "3", "--sort", "start:asc"], "/api/search?phase=2&phase=3&sort=start:asc"),
        (["covid", "--no-results", "--offset", "2"], "/api/search?q=covid&results=false&offset=2"),
        (["--sponsor-class", "NIH", "--age", "10"], "/api/search?sponsor-class=NIH&age=10"),
        (["--cond", "lupus", "--start", "2000..2012"], "/api/search?cond=lupus&start=2000..2012"),
        (["--outc", "skin", "--enrollment", "..500"], "/api/search?outc=skin&enrollment=..500"),
        (["--country", "Korea, Republic of", "--accepts", "female"], "/api/search?country=South+Korea&accepts=FEMALE"),
        (["no such words"], "/api/search?q=no+such+words"),
    ],
)  # fmt: skip
def test_search_answers_as_the_command_line(
    sample_site: httpx.Client, sample_cache: Cache, trialkin: Shell, words: list[str], url: str
) -> None:
    ran = trialkin("search", *words, "--json", "--cache", str(sample_cache.folder))
    assert answered(sample_site, url) == ran.json


@pytest.mark.parametrize(
    ("words", "url"),
    [
        ([], "/api/similar/NCT05300932"),
        (["--why"], "/api/similar/NCT05300932?why=true"),
        (["--phase", "3", "--limit", "3"], "/api/similar/nct5300932?phase=3&limit=3"),
        (["--by", "design", "--why"], "/api/similar/NCT05300932?by=design&why=true"),
        (["--unlike", "sponsor", "--diverse"], "/api/similar/NCT05300932?unlike=sponsor&diverse=true"),
    ],
)
def test_similar_answers_as_the_command_line(
    sample_site: httpx.Client, sample_cache: Cache, trialkin: Shell, words: list[str], url: str
) -> None:
    ran = trialkin("similar", "NCT05300932", *words, "--json", "--cache", str(sample_cache.folder))
    assert answered(sample_site, url) == ran.json


@pytest.mark.parametrize("nct_id", ["NCT05300932", "NCT00000620", "NCT00182910", "nct00182910"])
def test_a_trial_answers_as_the_command_line(
    sample_site: httpx.Client, sample_cache: Cache, trialkin: Shell, nct_id: str
) -> None:
    ran = trialkin("show", nct_id, "--json", "--cache", str(sample_cache.folder))
    assert answered(sample_site, f"/api/trials/{nct_id}") == ran.json


def test_an_alias_says_what_was_asked(sample_site: httpx.Client) -> None:
    told = answered(sample_site, "/api/trials/NCT00182910")
    assert (told["nct_id"], told["asked"], told["aliases"]) == ("NCT00000620", "NCT00182910", ["NCT00182910"])


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ("", 51),
        ("q=lupus", 8),
        ("phase=3", 22),
        ("status=RECRUITING", 4),
        ("status=recruiting&status=not+yet+recruiting", 10),
        ("ids=NCT05300932,nct00000401+NCT99999999", 2),
        ("ids=NCT05300932&ids=NCT00000401", 2),
        ("country=turkey", 2),
        ("sponsor=tongji+hospital", 1),
        ("sponsor_class=NIH&sponsor-class=FED", 13),
        ("results=true&results=false", 51),
        ("q=&phase=+&cond=", 51),
    ],
)
def test_totals_are_those_of_the_raw_records(sample_site: httpx.Client, asked: str, total: int) -> None:
    assert answered(sample_site, f"/api/search?{asked}&limit=0")["total"] == total


def test_results_split_the_whole(sample_site: httpx.Client) -> None:
    totals = [answered(sample_site, f"/api/search?results={told}")["total"] for told in ("true", "no", "1", "FALSE")]
    assert totals[0] == totals[2]
    assert totals[1] == totals[3]
    assert sum(totals) == 2 * 51


@pytest.mark.parametrize(
    ("url", "status", "told"),
    [
        ("/api/search?q=(", 400, "the query can't be read: expected a word, a phrase or an area\n  (\n   ^"),
        ("/api/search?phase=9", 400, "--phase has no value '9'"),
        ("/api/search?limit=1001", 400, "limit: '1001' can't be read; write a whole number from 0 to 1000."),
        ("/api/search?facets=perhaps", 400, "facets has no value 'perhaps'"),
        ("/api/search?filter=x", 400, "'filter' in the address is no filter"),
        ("/api/similar/NCT05300932?fase=3", 400, "did you mean phase?"),
        ("/api/similar/NCT05300932?by=sponsor&unlike=sponsor", 400, "can't be alike by sponsor and unlike in sponsor"),
        ("/api/similar/NCT05300932?by=drug", 400, "--by has no value 'drug'"),
        ("/api/similar/NCT05300932?why=because", 400, "why has no value 'because'"),
        ("/api/similar/x", 400, "'x' is no NCT id"),
        ("/api/similar/NCT99999999", 404, "`trialkin crawl NCT99999999` fetches it."),
        ("/api/trials/x", 400, "'x' is no NCT id"),
        ("/api/trials/NCT99999999", 404, "NCT99999999 is not in this cache"),
        ("/api/nothing", 404, "There is nothing at this address."),
        ("/api/", 404, "There is nothing at this address."),
    ],
)
def test_a_mistake_is_an_object_with_its_sentence(sample_site: httpx.Client, url: str, status: int, told: str) -> None:
    answer = answered(sample_site, url, status)
    assert list(answer) == ["error"]
    assert told in answer["error"]


def test_other_methods_are_refused_in_json(sample_site: httpx.Client) -> None:
    answer = sample_site.post("/api/search")
    assert (answer.status_code, list(answer.json())) == (405, ["error"])


def test_the_registrys_own_api_stands_beside_it(sample_site: httpx.Client) -> None:
    assert sample_site.get("/api/v2/version").json()["apiVersion"] == "2.0.5"
    refused = sample_site.get("/api/v2/studies/NCT99999999")
    assert (refused.status_code, refused.text) == (404, "NCT number NCT99999999 not found")
    assert refused.headers["content-type"].startswith("text/plain")


def test_a_trials_history_is_one_list(sample_site: httpx.Client) -> None:
    told = answered(sample_site, "/api/trials/NCT00182910/history")
    assert (told["nct_id"], len(told["versions"])) == ("NCT00000620", 1)
    assert told["versions"][0]["fields"] == []


# -- a mirror that is not ready ----------------------------------------------------------------------------------------


def test_an_empty_cache_is_a_503(cache: Cache) -> None:
    with web(cache) as client:
        for url in ("/api/search", "/api/similar/NCT05300932", "/api/trials/NCT05300932"):
            assert "holds no trials yet" in answered(client, url, 503)["error"]


@pytest.fixture(scope="module")
def uneven_site(sample_cache: Cache, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The sample with one trial gone and indexed so, then one more that the index does not have."""
    cache = copied(sample_cache, tmp_path_factory.mktemp("uneven") / "cache")
    with Store.writing(cache) as store:
        with store.transaction():
            store.db.execute("UPDATE trial SET gone = '2026-08-19' WHERE nct_id = 'NCT00000401'")
        update(store, "auto", lambda _more: None, rebuild=True)
    add(cache, [study("NCT00000002")])
    with web(cache) as client:
        yield client


def test_a_trial_that_the_index_lacks_is_a_503_for_similar(uneven_site: httpx.Client) -> None:
    assert answered(uneven_site, "/api/trials/NCT00000002")["brief_title"] == "Trial NCT00000002"
    assert "run `trialkin index`" in answered(uneven_site, "/api/similar/NCT00000002", 503)["error"]


def test_a_gone_trial_is_shown_and_is_a_404_for_similar(uneven_site: httpx.Client) -> None:
    assert answered(uneven_site, "/api/trials/NCT00000401")["gone"] == "2026-08-19"
    assert "gone from the registry since 2026-08-19" in answered(uneven_site, "/api/similar/NCT00000401", 404)["error"]
    assert answered(uneven_site, "/api/search")["total"] == 50


def test_hostile_text_stays_json(tmp_path: Path) -> None:
    title = "Evil </script><script>alert(1)</script> \u0007\u202e"
    cache = filled(tmp_path / "hostile", [study(identificationModule={"briefTitle": title})])
    with web(cache) as client:
        answer = client.get("/api/search?q=evil")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["hits"][0]["title"] == title
        assert "\u0007" not in answer.text
