"""Expected values were read in crawler/sample/studies.jsonl, not with the code under test."""

import os
import shutil
import time
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborNode

from crawler.config import Cache
from crawler.store import Store
from index.build import update
from tests.records import study
from tests.web import Page, add, asks, copied, filled, page, web

pytest_plugins = ("tests.web",)

def ids(found: Page) -> list[str]:
    return found.texts(".hits .id")


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
        assert ids(found), query


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
    assert [squeezed(mark) for mark in hit.css(".conditions mark")] == []


def squeezed(node: LexborNode) -> str:
    return " ".join(node.text().split())


def test_without_a_query_the_newest_update_comes_first(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?status=recruiting")
    # Updates posted 2025-04-20, 2020-09-23, 2020-06-04, 2020-04-22.
    assert ids(found) == ["NCT06936215", "NCT04469114", "NCT04416100", "NCT04353609"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("start", "NCT06936215"), ("start:asc", "NCT04353609"), ("enrollment", "NCT04353609"), ("enrollment:asc", "NCT06936215")],
)
def test_hits_are_sorted_as_asked(sample_site: httpx.Client, sort: str, first: str) -> None:
    # Starts 2020-04-18, 2020-04-29, 2020-09-16, 2024-01-01 with 13,770, 130, 260 and 24 participants.
    assert ids(page(sample_site, f"/search?status=recruiting&sort={sort}"))[0] == first


def test_the_sort_in_force_is_marked_and_turns_round(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=lupus&sort=start&offset=0")
    assert found.texts(".sorts a[aria-current]") == ["Start date, newest first"]
    links = found.links(".sorts a")
    assert asks(links["Start date, newest first"]) == [("q", "lupus"), ("sort", "start:asc")]
    assert asks(links["Enrollment"]) == [("q", "lupus"), ("sort", "enrollment")]
    assert asks(links["Relevance"]) == [("q", "lupus")]


def test_pages_of_twenty_lead_to_each_other(sample_site: httpx.Client) -> None:
    first = page(sample_site, "/search")
    assert (first.text("#total"), len(ids(first))) == ("51 trials", 20)
    assert list(first.links(".pager a")) == ["Next", "Last"]
    second = page(sample_site, first.links(".pager a")["Next"])
    assert second.text(".pager span") == "21–40 of 51"
    last = page(sample_site, second.links(".pager a")["Next"])
    assert last.text(".pager span") == "41–51 of 51"
    assert list(last.links(".pager a")) == ["First", "Previous"]
    assert first.links(".pager a")["Last"] == second.links(".pager a")["Next"]
    assert page(sample_site, last.links(".pager a")["First"]).html == first.html
    seen = ids(first) + ids(second) + ids(last)
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
    assert [hit["nct_id"] for hit in answer["hits"]] == ids(found)
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
    assert set(ids(two)) == {"NCT04469114", "NCT06936215"}
    back = two.facet_links("Phase")["Phase 2"]
    assert asks(back) == [("status", "recruiting"), ("phase", "PHASE3")]
    assert ids(page(sample_site, back)) == ["NCT06936215"]


@pytest.mark.parametrize("written", ["3", "PHASE3", "phase 3", "Phase3"])
def test_a_value_is_known_however_it_was_written(sample_site: httpx.Client, written: str) -> None:
    found = page(sample_site, str(httpx.URL("/search", params={"phase": written, "country": "Korea, Republic of"})))
    assert found.chosen("Phase") == ["Phase 3"]
    assert found.chosen("Country") == ["South Korea"]
    assert asks(found.facet_links("Country")["South Korea"]) == [("phase", written)]


def test_active_filters_are_chips_that_take_themselves_away(sample_site: httpx.Client) -> None:
    found = page(sample_site, "/search?q=covid&phase=2&sponsor-class=INDUSTRY&cond=covid&enrollment=10..&accepts=female")
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


# -- one trial ---------------------------------------------------------------------------------------------------------


def test_a_trial_page_tells_what_the_record_does(sample_site: httpx.Client) -> None:
    shown = page(sample_site, "/trials/NCT05300932")
    assert shown.text("h1") == "A Study Evaluating the Efficacy and Safety of Baricitinib in Systemic Sclerosis"
    assert shown.text("article > .facts").startswith("NCT05300932 Active, not recruiting Phase 4")
    assert shown.sheet == {
        "Design": "Interventional · Non-randomized · Parallel · Treatment · masking: none",
        "Enrollment": "60 estimated",
        "Start": "2022-03-08 actual",
        "Completion": "2026-11-12 estimated",
        "Last update posted": "2026-01-27",
        "Sponsor": "Tongji Hospital class: Other",
        "Collaborators": "Union Hospital, Tongji Medical College, Huazhong University of Science and Technology; "
        "Renmin Hospital of Wuhan University; Eli Lilly and Company; Johns Hopkins University",
        "Other ids": "TJ-SSc202203",
        "Ages": "18 Years and over",
        "Sex": "All",
        "Healthy volunteers": "No",
    }
    assert "400 mg into a vein every 2 weeks for 24 weeks" in shown.section("Interventions")
    assert "Baricitinib 4mg" in shown.section("Arms")
    assert shown.section("Sites 2").endswith("China 2 Department of RheumatologyTongji Hospital, Wuhan, Hubei Tongji Hospital, Wuhan, Hubei")
    assert shown.links("a")["NCT05300932 at ClinicalTrials.gov"] == "https://clinicaltrials.gov/study/NCT05300932"
    assert "Read from a file: no registry date" in shown.section("The record")


def test_criteria_are_read_as_lists(sample_site: httpx.Client) -> None:
    shown = page(sample_site, "/trials/NCT05300932")
    assert shown.texts(".heading") == ["Inclusion Criteria:", "Exclusion Criteria:"]
    first, second = shown.all("ul.points")
    assert (len(first.css("li")), len(second.css("li"))) == (3, 5)
    assert squeezed(second.css("li")[1]) == "Forced vital capacity at or under half of predicted, or DLCO at or under 40 %"


def test_papers_lead_to_pubmed_and_outcomes_stand_by_kind(sample_site: httpx.Client) -> None:
    shown = page(sample_site, "/trials/NCT00000620")
    papers = shown.links(".references a")
    assert len(papers) == 11
    assert papers["PMID 18539917"] == "https://pubmed.ncbi.nlm.nih.gov/18539917/"
    assert all(node.attributes["rel"] == "noopener nofollow" for node in shown.all(".references a"))
    outcomes = shown.section("Outcomes")
    assert outcomes.startswith("Outcomes Primary 3 Heart attack, stroke or heart death, sugar trial 4.9 years")
    assert "Secondary 2 Deaths, sugar trial 4.9 years" in outcomes
    assert "United States 4" in shown.section("Sites 5")
    assert "NCT00182910, 123, N01HC95178" in shown.sheet["Other ids"]


def test_trials_that_a_record_names_are_linked_from_both_sides(sample_site: httpx.Client) -> None:
    # The record of NCT05440721 says why it stopped: "… what NCT04857515 taught was thought enough."
    naming = page(sample_site, "/trials/NCT05440721")
    assert naming.links(".kin a") == {"NCT04857515": "/trials/NCT04857515"}
    assert "Names NCT04857515 Clinical Learning Study for a Mobile Smoking Cessation Program" in naming.text(".kin")
    assert "why stopped: The company's plans changed" in naming.text(".kin")
    named = page(sample_site, "/trials/NCT04857515")
    assert named.links(".kin a") == {"NCT05440721": "/trials/NCT05440721"}
    assert "Named by NCT05440721" in named.text(".kin")
    elsewhere = page(sample_site, "/trials/NCT02797951")
    assert "NCT02438826 not here; trialkin crawl NCT02438826 fetches it" in elsewhere.text(".kin")


def test_an_alias_leads_to_the_trials_own_page(sample_site: httpx.Client) -> None:
    answer = sample_site.get("/trials/NCT00182910")
    assert (answer.status_code, answer.headers["location"]) == (301, "/trials/NCT00000620")
    assert not page(sample_site, "/trials/NCT00000620").all(".kin")  # its own alias is no relative


@pytest.mark.parametrize("written", ["nct05300932", "NCT5300932", "%20NCT05300932%20"])
def test_another_spelling_leads_there_too(sample_site: httpx.Client, written: str) -> None:
    answer = sample_site.get(f"/trials/{written}")
    assert (answer.status_code, answer.headers["location"]) == (301, "/trials/NCT05300932")


def test_beside_it_stand_the_ten_most_alike_with_reasons(sample_site: httpx.Client) -> None:
    shown = page(sample_site, "/trials/NCT05300932")
    answer = sample_site.get("/api/similar/NCT05300932?why=true").json()
    assert shown.texts(".relatives .id") == [hit["nct_id"] for hit in answer["hits"]]
    assert len(answer["hits"]) == 10
    assert shown.texts(".score > span") == [f"Score {hit['score']:.3f}" for hit in answer["hits"]]
    for told, hit in zip(shown.all(".relatives > li"), answer["hits"], strict=True):
        assert [link.attributes["href"] for link in told.css("h3 a")] == [f"/trials/{hit['nct_id']}"]
        assert [squeezed(part) for part in told.css(".number")] == [f"{part:.3f}" for part in hit["why"]["fields"].values()]
        widths = [float(bar.attributes["width"] or 0) for bar in told.css(".score rect:not(.rail)")]
        assert sum(widths) == pytest.approx(100 * hit["score"], abs=0.05)
        assert hit["why"]["terms"][0]["term"] in squeezed(told.css(".shared")[0])
    assert "Both, condition: Systemic Sclerosis" in shown.texts(".relatives .shared")


def test_a_gone_trial_says_so_and_has_no_relatives(sample_cache: Cache, tmp_path: Path) -> None:
    cache = copied(sample_cache, tmp_path / "gone")
    with Store.writing(cache) as store:
        with store.transaction():
            store.db.execute("UPDATE trial SET gone = '2026-08-19' WHERE nct_id = 'NCT05300932'")
        update(store, "auto", lambda _more: None, rebuild=True)
    with web(cache) as site:
        shown = page(site, "/trials/NCT05300932")
        assert shown.status == 200
        assert "This trial has been gone from the registry since 2026-08-19." in shown.text(".notice")
        assert "it has been" not in shown.text("aside")
        assert "gone from the registry since 2026-08-19" in shown.text("aside")
        assert page(site, "/search?q=id:NCT05300932").text("#total") == "0 trials"


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
        os.replace(tmp_path / "manifest.json", cache.index / "manifest.json")
        assert page(site, "/search").status == 200


def test_a_record_that_breaks_the_rules_is_told(tmp_path: Path) -> None:
    broken = study("NCT00000003", statusModule={"startDateStruct": {"date": "soon"}})
    cache = filled(tmp_path / "broken", [study(), broken])
    with web(cache) as site:
        shown = page(site, "/trials/NCT00000003")
        assert shown.status == 503
        assert "'soon' is no date" in shown.text("pre")


# -- what is foreign stays inert ---------------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> httpx.Client:
    record = study(
        "NCT00000666",
        identificationModule={
            "briefTitle": f"Evil {SCRIPT} \u202etitle\u0007\u001b[31m {{{{ 7 * 7 }}}}",
            "officialTitle": IMAGE,
            "orgStudyIdInfo": {"id": IMAGE},
        },
        statusModule={"overallStatus": "COMPLETED", "whyStopped": SCRIPT},
        sponsorCollaboratorsModule={"leadSponsor": {"name": f"O'Neil & {IMAGE}", "class": "OTHER"}},
        descriptionModule={"briefSummary": f"{SCRIPT} evil\n\n* {IMAGE}\n  1. {SCRIPT}", "detailedDescription": IMAGE},
        conditionsModule={"conditions": [f"evil {IMAGE}", '"quoted" & <b>bold</b>'], "keywords": [SCRIPT]},
        armsInterventionsModule={
            "armGroups": [{"label": SCRIPT, "description": IMAGE}],
            "interventions": [{"type": "DRUG", "name": f"evil {SCRIPT}", "otherNames": [IMAGE]}],
        },
        outcomesModule={"primaryOutcomes": [{"measure": IMAGE, "timeFrame": SCRIPT}]},
        eligibilityModule={"eligibilityCriteria": f"Inclusion Criteria:\n\n* {SCRIPT}"},
        contactsLocationsModule={"locations": [{"facility": SCRIPT, "city": IMAGE, "country": SCRIPT}]},
        referencesModule={
            "references": [{"pmid": "1/../../evil", "citation": SCRIPT}, {"pmid": "١٢٣", "citation": "x"}],
            "seeAlsoLinks": [
                {"label": "script", "url": "javascript:alert(1)"},
                {"label": "spaced", "url": " java\nscript:alert(1)"},
                {"label": "data", "url": "data:text/html,<script>alert(1)</script>"},
                {"label": "no host", "url": "http:///x"},
                {"label": "bad", "url": "http://[::1"},
                {"label": "quoted", "url": 'https://example.org/"onmouseover="alert(1)'},
                {"label": "good", "url": "https://example.org/a?b=1&c=2"},
                {"url": "javascript:alert(2)"},
            ],
        },
    )
    other = study("NCT00000667", conditionsModule={"conditions": [f"evil {IMAGE}"]})
    cache = filled(tmp_path_factory.mktemp("hostile") / "cache", [record, other])
    with web(cache) as client:
        yield client


@pytest.mark.parametrize(
    "url",
    [
        "/", "/search", "/search?q=evil", f"/search?q=evil&sponsor={IMAGE}", f"/search?q=%22{SCRIPT}", f"/search?{IMAGE}=1",
        f"/search?country={SCRIPT}", "/trials/NCT00000666", "/trials/NCT00000667", f"/trials/{IMAGE}", f"/{SCRIPT}",
        "/search?q=%00%1b%E2%80%AEx&cond=%22%3E%3Cb%3E", f"/search?sort={SCRIPT}", f"/search?offset={IMAGE}",
    ],
)  # fmt: skip
def test_nothing_foreign_becomes_markup_or_steers(hostile_site: httpx.Client, url: str) -> None:
    shown = page(hostile_site, url)
    assert not shown.all("script, img, b, iframe, object, [onerror], [onmouseover], [style]")
    for link in shown.all("[href], [src], [action]"):
        address = link.attributes.get("href") or link.attributes.get("src") or link.attributes.get("action") or ""
        assert address.startswith(("/", "#", "https://")), address
    assert not {letter for letter in shown.html if ord(letter) < 32 and letter != "\n"}
    assert "\u202e" not in shown.html
    assert "49" not in shown.text("main h1") if shown.all("main h1") else True


def test_hostile_text_is_shown_as_it_is(hostile_site: httpx.Client) -> None:
    shown = page(hostile_site, "/trials/NCT00000666")
    assert shown.text("h1") == f"Evil {SCRIPT} title [31m {{{{ 7 * 7 }}}}"
    assert IMAGE in shown.text("article")
    assert shown.links("dd a")[f"O'Neil & {IMAGE}"].startswith("/search?sponsor=O%27Neil")
    marked = page(hostile_site, "/search?q=evil")
    assert f"Evil {SCRIPT}" in " ".join(marked.texts(".hits h3"))
    assert {mark.text() for mark in marked.all("mark")} == {"Evil", "evil"}


def test_only_web_addresses_are_linked(hostile_site: httpx.Client) -> None:
    shown = page(hostile_site, "/trials/NCT00000666")
    outward = {link.attributes["href"]: link.attributes["rel"] for link in shown.all("a[href^='http']")}
    assert outward == {
        "https://clinicaltrials.gov/study/NCT00000666": "noopener",
        "https://example.org/a?b=1&c=2": "noopener nofollow",
        'https://example.org/"onmouseover="alert(1)': "noopener nofollow",
    }
    assert "script: javascript:alert(1)" in shown.section("Web pages it names")
    assert "PMID 1/../../evil" in shown.section("References")


def test_every_link_of_a_hostile_trial_can_be_followed(hostile_site: httpx.Client) -> None:
    shown = page(hostile_site, "/trials/NCT00000666")
    for url in {link.attributes["href"] or "" for link in shown.all("a[href^='/']")}:
        assert hostile_site.get(url).status_code == 200, url


# -- how it is served --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["/", "/search?q=(", "/trials/NCT05300932", "/trials/NCT00182910", "/nowhere", "/static/style.css", "/api/search"]
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


@pytest.mark.parametrize("url", ["/", "/search?q=lupus", "/search?q=nothinglikeit", "/search?q=(", "/trials/NCT00000620"])
def test_headings_go_down_one_step_at_a_time(sample_site: httpx.Client, url: str) -> None:
    shown = page(sample_site, url)
    levels = [int((node.tag or "h0")[1]) for node in shown.all("h1, h2, h3, h4, h5, h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in zip(levels, levels[1:], strict=False))
    assert shown.all("html")[0].attributes["lang"] == "en"
    assert len(shown.all("title")) == len(shown.all("main")) == 1


@pytest.mark.parametrize("url", ["/", "/search", "/search?q=sclerosis+OR+covid", "/trials/NCT05300932"])
def test_a_page_is_fast(sample_site: httpx.Client, url: str) -> None:
    def milliseconds() -> float:
        began = time.perf_counter()
        sample_site.get(url)
        return 1000 * (time.perf_counter() - began)

    sample_site.get(url)
    assert min(milliseconds() for _ in range(5)) < 50
