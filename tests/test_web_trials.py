"""Expected values were read in crawler/sample/studies.jsonl, not with the code under test."""

from pathlib import Path

import httpx
import pytest

from crawler.config import Cache
from crawler.store import Store
from index.build import update
from tests.web import copied, page, squeezed, web

pytest_plugins = ("tests.web",)


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
    assert shown.section("Sites 2").endswith(
        "China 2 Department of RheumatologyTongji Hospital, Wuhan, Hubei Tongji Hospital, Wuhan, Hubei"
    )
    assert shown.links("a")["NCT05300932 at ClinicalTrials.gov"] == "https://clinicaltrials.gov/study/NCT05300932"
    assert "Read from a file: no registry date" in shown.section("The record")


def test_criteria_are_read_as_lists(sample_site: httpx.Client) -> None:
    shown = page(sample_site, "/trials/NCT05300932")
    assert shown.texts(".heading") == ["Inclusion Criteria:", "Exclusion Criteria:"]
    first, second = shown.all("ul.points")
    assert (len(first.css("li")), len(second.css("li"))) == (3, 5)
    assert (
        squeezed(second.css("li")[1].text())
        == "Forced vital capacity at or under half of predicted, or DLCO at or under 40 %"
    )


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
        assert [squeezed(part.text()) for part in told.css(".number")] == [
            f"{part:.3f}" for part in hit["why"]["fields"].values()
        ]
        widths = [float(bar.attributes["width"] or 0) for bar in told.css(".score rect:not(.rail)")]
        assert sum(widths) == pytest.approx(100 * hit["score"], abs=0.05)
        assert hit["why"]["terms"][0]["term"] in squeezed(told.css(".shared")[0].text())
    assert "Both, condition: Systemic Sclerosis" in shown.texts(".relatives .shared")


def test_relatives_are_compared_by_what_is_chosen(sample_site: httpx.Client) -> None:
    whole = page(sample_site, "/trials/NCT05300932")
    assert whole.links(".by a") == {
        "Whole": "/trials/NCT05300932#alike",
        "Condition": "/trials/NCT05300932?by=condition#alike",
        "Intervention": "/trials/NCT05300932?by=intervention#alike",
        "Design": "/trials/NCT05300932?by=design#alike",
        "Eligibility": "/trials/NCT05300932?by=eligibility#alike",
        "Outcomes": "/trials/NCT05300932?by=outcomes#alike",
        "Sponsor": "/trials/NCT05300932?by=sponsor#alike",
    }
    assert whole.text(".by [aria-current]") == "Whole"
    chosen = page(sample_site, "/trials/NCT05300932?by=intervention")
    assert chosen.text(".by [aria-current]") == "Intervention"
    answer = sample_site.get("/api/similar/NCT05300932?by=intervention").json()
    assert chosen.texts(".relatives .id") == [hit["nct_id"] for hit in answer["hits"]]
    assert chosen.links("aside p a")["As JSON"] == "/api/similar/NCT05300932?by=intervention&why=true"
    assert page(sample_site, "/trials/NCT05300932?by=drug").text("h1") == "That can’t be read"


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
