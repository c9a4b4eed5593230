"""Expected values were read in crawler/sample/studies.jsonl, not with the code under test."""

from pathlib import Path

import httpx
import pytest

from crawler.config import Cache
from crawler.store import Store
from index.build import update
from tests.web import asks, copied, hit_ids, page, web

pytest_plugins = ("tests.web",)


# -- the first page ----------------------------------------------------------------------------------------------------


def test_the_first_page_has_a_form_what_is_here_and_examples_that_find_something(sample_site: httpx.Client) -> None:
    home = page(sample_site, "/")
    assert home.status == 200
    assert [form.attributes["action"] for form in home.all("form")] == ["/search"]
    assert "cond:" in home.text("#hint")
    lead = home.text(".lead")
    assert lead.startswith("51 trials, read from files (no registry date).")
    assert "no endorsement" in lead
    examples = home.links(".examples a")
    assert len(examples) == 4
    for query, url in examples.items():
        found = page(sample_site, url)
        assert found.all("#q")[0].attributes["value"] == query
        assert hit_ids(found), query


def test_the_first_page_tells_the_registrys_date_and_address(sample_cache: Cache, tmp_path: Path) -> None:
    cache = copied(sample_cache, tmp_path / "dated")
    with Store.writing(cache) as store:
        with store.transaction():
            store.set_meta("data_timestamp", "2026-08-19T09:00:06")
        store.claim_registry("https://clinicaltrials.gov/api/v2", "crawled")
        update(store, "auto", lambda _more: None, rebuild=True)
    with web(cache) as site:
        lead = page(site, "/").text(".lead")
    assert "51 trials, data of 2026-08-19 09:00:06, from https://clinicaltrials.gov/api/v2." in lead


def test_the_first_page_of_a_mirror_that_was_broken_off_has_no_date_yet(sample_cache: Cache, tmp_path: Path) -> None:
    cache = copied(sample_cache, tmp_path / "begun")
    with Store.writing(cache) as store:
        store.claim_registry("https://clinicaltrials.gov/api/v2", "mirrored")
    with web(cache) as site:
        lead = page(site, "/").text(".lead")
    assert "51 trials, without a date yet, from https://clinicaltrials.gov/api/v2." in lead


def test_what_is_here_is_counted_and_leads_there(sample_site: httpx.Client) -> None:
    home = page(sample_site, "/")
    recruiting = home.links(".overview a")["Recruiting"]
    assert asks(recruiting) == [("status", "RECRUITING")]
    assert page(sample_site, recruiting).text("#total") == "4 trials"


# -- search ------------------------------------------------------------------------------------------------------------


def test_a_hit_shows_id_title_status_phases_and_conditions(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=id:NCT03274076")
    assert found.text("#total") == "1 trial"
    assert found.text(".hits h3") == "Evaluation of Tofacitinib in Early Diffuse Cutaneous Systemic Sclerosis (dcSSc)"
    assert found.text(".hits .facts") == "NCT03274076 Completed Phase 1 Phase 2"
    assert found.text(".hits .conditions") == "Systemic Sclerosis; Scleroderma"
    assert found.links(".hits h3 a").popitem()[1] == "/trials/NCT03274076"


def test_words_asked_for_are_marked_where_they_stand(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=tofacitinib&phase=1")
    (hit,) = found.all(".hits > li")
    title = hit.css("h3 a")[0]
    assert [mark.text() for mark in title.css("mark")] == ["Tofacitinib"]
    assert [mark.text() for mark in hit.css(".conditions mark")] == []


def test_without_a_query_the_newest_update_comes_first(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?status=recruiting")
    # Updates posted 2025-04-20, 2020-09-23, 2020-06-04, 2020-04-22.
    assert hit_ids(found) == ["NCT06936215", "NCT04469114", "NCT04416100", "NCT04353609"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("start", "NCT06936215"),
        ("start:asc", "NCT04353609"),
        ("enrollment", "NCT04353609"),
        ("enrollment:asc", "NCT06936215"),
    ],
)
def test_hits_are_sorted_as_asked(sample_site: httpx.Client, sort: str, first: str) -> None:
    # Starts 2020-04-18, 2020-04-29, 2020-09-16, 2024-01-01 with 13,770, 130, 260 and 24 participants.
    assert hit_ids(page(sample_site, f"/search?status=recruiting&sort={sort}"))[0] == first


def test_the_sort_in_force_is_marked_and_turns_round(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=lupus&sort=start&offset=0")
    assert found.texts(".sorts a[aria-current]") == ["Start date, newest first"]
    links = found.links(".sorts a")
    assert asks(links["Start date, newest first"]) == [("q", "lupus"), ("sort", "start:asc")]
    assert asks(links["Enrollment"]) == [("q", "lupus"), ("sort", "enrollment")]
    assert asks(links["Relevance"]) == [("q", "lupus")]


def test_pages_of_twenty_lead_to_each_other(sample_site: httpx.Client) -> None:
    first = page(sample_site, "/search")
    assert (first.text("#total"), len(hit_ids(first))) == ("51 trials", 20)
    assert list(first.links(".pager a")) == ["Next", "Last"]
    second = page(sample_site, first.links(".pager a")["Next"])
    assert second.text(".pager span") == "21–40 of 51"
    last = page(sample_site, second.links(".pager a")["Next"])
    assert last.text(".pager span") == "41–51 of 51"
    assert list(last.links(".pager a")) == ["First", "Previous"]
    assert first.links(".pager a")["Last"] == second.links(".pager a")["Next"]
    assert page(sample_site, last.links(".pager a")["First"]).html == first.html
    seen = hit_ids(first) + hit_ids(second) + hit_ids(last)
    assert len(set(seen)) == 51


def test_beyond_the_last_hit_is_said_and_leads_back(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=lupus&offset=999999999")
    assert (found.status, found.text("#total")) == (200, "8 trials")
    assert asks(found.links(".nothing a")["Back to the first"]) == [("q", "lupus")]


def test_no_hits_says_so_with_a_next_step(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=lupus&country=Chna&phase=3")
    assert (found.status, found.text("#total")) == (200, "0 trials")
    assert found.text(".nothing") == "Nothing here matches all of this."
    assert "No trial here has country “Chna”; the nearest is “China”." in found.text("main")
    assert "trialkin crawl --query" in found.text("main")


def test_the_json_link_asks_the_same(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?status=recruiting&phase=2&phase=3&sort=start")
    answer = sample_site.get(found.links("a")["This page as JSON"]).json()
    assert answer["total"] == len(answer["hits"])
    assert [hit["nct_id"] for hit in answer["hits"]] == hit_ids(found)
    assert {"value": "PHASE2", "count": 1} in answer["facets"]["phase"]


# -- facets and filters ------------------------------------------------------------------------------------------------


def test_facets_count_and_do_not_shrink_by_their_own_filter(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?status=RECRUITING&phase=PHASE2")
    assert found.text("#total") == "1 trial"
    # Of the four that recruit, one is in phase 2, one in phase 3, and two name no phase.
    assert found.facet("Phase") == {"Phase 2": 1, "Phase 3": 1, "None given": 2}
    # Of the sixteen in phase 2.
    assert found.facet("Status") == {
        "Completed": 10, "Not yet recruiting": 3, "Recruiting": 1, "Unknown": 1, "Withdrawn": 1,
    }  # fmt: skip
    assert found.facet("Results posted") == {"No": 1}


def test_a_facet_value_adds_itself_and_then_takes_itself_away(sample_site: httpx.Client) -> None:
    one = page(sample_site, "/search?status=recruiting&phase=2&offset=0")
    assert one.chosen("Phase") == ["Phase 2"]
    two = page(sample_site, one.facet_links("Phase")["Phase 3"])
    assert two.text("#total") == "2 trials"
    assert set(two.chosen("Phase")) == {"Phase 2", "Phase 3"}
    assert set(hit_ids(two)) == {"NCT04469114", "NCT06936215"}
    back = two.facet_links("Phase")["Phase 2"]
    assert asks(back) == [("status", "recruiting"), ("phase", "PHASE3")]
    assert hit_ids(page(sample_site, back)) == ["NCT06936215"]


@pytest.mark.parametrize("written", ["3", "PHASE3", "phase 3", "Phase3"])
def test_a_value_is_known_however_it_was_written(sample_site: httpx.Client, written: str) -> None:
    found = page(sample_site, str(httpx.URL("/search", params={"phase": written, "country": "Korea, Republic of"})))
    assert found.chosen("Phase") == ["Phase 3"]
    assert found.chosen("Country") == ["South Korea"]
    assert asks(found.facet_links("Country")["South Korea"]) == [("phase", written)]


def test_active_filters_are_chips_that_take_themselves_away(sample_site: httpx.Client) -> None:
    found = page(
        sample_site, "/search?q=covid&phase=2&sponsor-class=INDUSTRY&cond=covid&enrollment=10..&accepts=female"
    )
    chips = found.links(".chips a")
    assert list(chips) == [
        "Phase: Phase 2", "Sponsor class: Industry", "Condition: covid", "Enrollment: 10..", "Takes: female",
    ]  # fmt: skip
    assert asks(chips["Condition: covid"]) == [
        ("q", "covid"), ("phase", "2"), ("sponsor-class", "INDUSTRY"), ("enrollment", "10.."), ("accepts", "female"),
    ]  # fmt: skip
    assert asks(found.links(".clear a")["Remove all filters"]) == [("q", "covid")]


def test_the_form_keeps_the_filters_it_does_not_show(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=covid&phase=2&phase=3&country=Mexico&cond=covid&sort=start&offset=0")
    fields = {(node.attributes["name"], node.attributes.get("value")) for node in found.all("form.search input")}
    kept = {("phase", "2"), ("phase", "3"), ("country", "Mexico"), ("sort", "start"), ("q", "covid"), ("cond", "covid")}
    assert kept <= fields
    assert not any(name == "offset" for name, _ in fields)


def test_every_field_of_the_form_has_a_label(sample_site: httpx.Client) -> None:
    for url in ("/", "/search?cond=lupus&cond=sclerosis&age=40", "/trials/NCT05300932", "/nowhere"):
        shown = page(sample_site, url)
        labelled = {node.attributes["for"] for node in shown.all("label")}
        fields = [node for node in shown.all("input, select") if node.attributes.get("type") != "hidden"]
        assert fields
        assert {node.attributes["id"] for node in fields} == labelled
        assert len({node.attributes["id"] for node in shown.all("[id]")}) == len(shown.all("[id]"))


# -- mistakes ----------------------------------------------------------------------------------------------------------


def test_a_query_mistake_is_pointed_at_and_what_was_typed_stays(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=lupus+AND+%28phase%3A3&phase=2&cond=skin")
    assert found.status == 400
    (told,) = found.all("pre")
    assert told.text() == (
        "the query can't be read: expected a closing bracket for the one at character 11\n"
        "  lupus AND (phase:3\n"
        "                    ^"
    )
    assert found.all("#q")[0].attributes["value"] == "lupus AND (phase:3"
    assert found.all("#f-cond")[0].attributes["value"] == "skin"
    assert list(found.links(".chips a")) == ["Phase: Phase 2", "Condition: skin"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("phase=9", "--phase has no value '9'"),
        ("status=recuiting", "did you mean RECRUITING?"),
        ("start=2022..2020", "the earlier one first"),
        ("enrollment=many", "--enrollment: 'many' can't be read"),
        ("age=old", "an age in years"),
        ("accepts=dogs", "--accepts has no value 'dogs'"),
        ("results=maybe", "results has no value 'maybe'"),
        ("ids=NCT1,foo", "'foo' is no NCT id"),
        ("sort=strat", "did you mean start?"),
        ("offset=-1", "offset: '-1' can't be read; write a whole number from 0."),
        ("offset=1e3", "offset: '1e3' can't be read"),
        ("offset=99999999999999999999", "can't be read"),
        ("offset=²", "can't be read"),
        ("fase=3", "'fase' in the address is no filter; did you mean phase?"),
        ("cond=%22open", "expected a closing quotation mark"),
    ],
)
def test_a_filter_mistake_is_a_400_with_its_sentence(sample_site: httpx.Client, asked: str, told: str) -> None:
    found = page(sample_site, f"/search?q=lupus&{asked}")
    assert found.status == 400
    assert told in found.text("pre")
    assert found.all("#q")[0].attributes["value"] == "lupus"


@pytest.mark.parametrize(
    ("url", "status", "told"),
    [
        ("/trials/NCT99999999", 404, "NCT99999999 is not in this cache; `trialkin crawl NCT99999999` fetches it."),
        ("/trials/lupus", 400, "'lupus' is no NCT id"),
        ("/trials/NCT00000000", 400, "is no NCT id"),
        ("/nowhere", 404, "There is nothing at this address."),
        ("/static/../pages.py", 404, "There is nothing at this address."),
        ("/static/%2e%2e/pages.py", 404, "There is nothing at this address."),
    ],
)
def test_what_is_not_here_is_said(sample_site: httpx.Client, url: str, status: int, told: str) -> None:
    found = page(sample_site, url)
    assert found.status == status
    assert told in found.text("pre")
