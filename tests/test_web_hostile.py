"""What is foreign stays inert: a record, and an address, full of markup and control characters."""

from collections.abc import Iterator

import httpx
import pytest

from tests.records import study
from tests.web import filled, page, web

pytest_plugins = ("tests.web",)


SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
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
        "/", "/search", "/search?q=evil", f"/search?q=evil&sponsor={IMAGE}", f"/search?q=%22{SCRIPT}",
        f"/search?{IMAGE}=1", f"/search?country={SCRIPT}", "/trials/NCT00000666", "/trials/NCT00000667",
        f"/trials/{IMAGE}", f"/{SCRIPT}",
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
