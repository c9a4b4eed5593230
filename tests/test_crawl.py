"""Crawls of the bundled sample over real HTTP; what is reached and why is worked out by hand from its records."""

import httpx
import pytest

from crawler.crawl import Failed
from crawler.store import Store
from tests import faults
from tests.conftest import SAMPLE
from tests.crawling import Crawler, Own, because, bodies, mentions, places, reached, told, whole
from tests.records import body, study
from tests.serving import sample_bodies

pytest_plugins = ("tests.serving", "tests.crawling")

SEED = "NCT05300932"  # condition Systemic Sclerosis, drugs Baricitinib and Cyclophosphamide
BOTH = "query.cond=Systemic Sclerosis query.intr=(Baricitinib) OR (Cyclophosphamide)"
COND = "query.cond=Systemic Sclerosis"
INTR = "query.intr=(Baricitinib) OR (Cyclophosphamide)"
SCLEROSIS = {
    *("NCT00004786", "NCT00007267", "NCT00463125", "NCT00501995", "NCT00853788", "NCT02339441", "NCT03274076"),
    *("NCT04335279", "NCT04440592", "NCT06583395", "NCT06936215"),
}
BARICITINIB = {"NCT04320277", "NCT04401579", "NCT04421027", "NCT04640168", "NCT06936215"}
CYCLOPHOSPHAMIDE = {
    *("NCT00000596", "NCT00001426", "NCT00001473", "NCT00004563", "NCT00005778", "NCT00501995", "NCT02339441"),
    "NCT05745714",
}
NOT_FOUND = "the registry has no record of it (404)"


# -- what is reached, and why ----------------------------------------------------------------------------------------


def test_a_seed_leads_to_what_the_registry_finds_like_it(crawler: Crawler) -> None:
    report = crawler(SEED)
    found = SCLEROSIS | BARICITINIB | CYCLOPHOSPHAMIDE
    assert reached(report)[0] == (SEED, 0)
    assert set(reached(report)[1:]) == {(nct_id, 1) for nct_id in found}
    assert (report.fetched, report.unchanged, len(report.reached)) == (22, 0, 22)
    assert (report.failed, report.left) == ([], {"limit": 0, "depth": 0})
    assert (report.stopped, report.partly_failed) == (None, False)


def test_every_trial_says_by_which_link_from_which_trial_on_what_evidence(
    crawler: Crawler, client: httpx.Client
) -> None:
    orders = [places(client, asked) for asked in (BOTH, COND, INTR)]
    report = crawler(SEED)
    stem = "both carry id 20-0006 ACTT… of National Institute of Allergy and Infectious Diseases (NIAID)"
    sisters = {"NCT04401579": "NCT04640168", "NCT04640168": "NCT04401579"}
    for nct_id, depth in reached(report)[1:]:
        shared = [("shared_id", sisters[nct_id], stem)] if nct_id in sisters else []
        neighbour = sorted(("neighbour", SEED, order[nct_id]) for order in orders if nct_id in order)
        assert because(report, nct_id) == [*shared, *neighbour]
        assert depth == 1
    assert because(report, SEED) == [("seed", None, f"asked for as {SEED}")]


def test_what_is_stored_is_the_registrys_bytes(crawler: Crawler) -> None:
    report = crawler(SEED)
    held = sample_bodies(SAMPLE)
    assert bodies(crawler.cache) == {nct_id: held[nct_id] for nct_id, _ in reached(report)}


def test_named_comes_before_shared_before_neighbours_and_these_closest_first(crawler: Crawler) -> None:
    """NCT04431453, remdesivir in COVID-19, names its expanded access; ACTT-2 and ACTT-4 share their number's stem."""
    crawler.closeness = told(NCT04640168=0.4, NCT04412252=0.9, NCT04362137=0.9, NCT04416100=0.3, NCT04401579=0.2)
    report = crawler("NCT04431453")
    assert reached(report) == [
        ("NCT04431453", 0),
        ("NCT04323761", 1),  # named
        ("NCT04362137", 1),  # .9
        ("NCT04412252", 1),  # .9
        ("NCT04640168", 1),  # .4
        ("NCT04401579", 1),  # .2, but the sister of the one before
        ("NCT04416100", 1),  # .3
        *((nct_id, 1) for nct_id in ("NCT04320277", "NCT04335279", "NCT04353609", "NCT04421027", "NCT04469114")),
    ]
    assert because(report, "NCT04323761")[:2] == [
        ("expanded_access", "NCT04431453", "expanded access to the treatment under NCT04323761"),
        ("shared_id", "NCT04431453", "both carry id GS-US-540… of Gilead Sciences"),
    ]


def test_a_sister_says_all_that_it_shares(crawler: Crawler) -> None:
    report = crawler("NCT00000419")
    own_papers = ("10568898", "10568907", "11123033", "9259444", "9458619")
    assert reached(report)[:2] == [("NCT00000419", 0), ("NCT00000420", 1)]
    assert because(report, "NCT00000420")[:-1] == [
        ("shared_id", "NCT00000419", "both carry id U01 AR42540 NIAMS… of NYU Langone Health"),
        ("shared_id", "NCT00000419", "both carry id U01AR042540"),
        *(("shared_pmid", "NCT00000419", f"both carry PMID {paper}") for paper in own_papers),
    ]
    kind, source, evidence = because(report, "NCT00000420")[-1]
    assert (kind, source) == ("neighbour", "NCT00000419")
    assert evidence.startswith("query.cond=Systemic Lupus Erythematosus, place ")


@pytest.mark.parametrize(
    ("seed", "target", "evidence"),
    [
        (
            "NCT05440721",
            "NCT04857515",
            "why stopped: The company's plans changed, and what NCT04857515 taught was thought enough.",
        ),
        (
            "NCT02797951",
            "NCT02397473",
            (
                "brief summary: People with cluster headache who finished NCT02397473 or NCT02438826 may roll over "
                "into this open study and take galcanezumab for up to four years."
            ),
        ),
    ],
)
def test_a_mention_brings_its_sentence(crawler: Crawler, seed: str, target: str, evidence: str) -> None:
    report = crawler(seed)
    assert reached(report)[:2] == [(seed, 0), (target, 1)]
    assert because(report, target)[0] == ("mention", seed, evidence)


@pytest.mark.parametrize(
    ("seed", "lacking"),
    [
        ("NCT02797951", "NCT02438826"),
        ("NCT05521087", "NCT04811560"),
        ("NCT00461448", "NCT00399282"),
        ("NCT00463437", "NCT00334334"),
    ],
)
def test_a_mentioned_id_that_the_registry_lacks_is_told_and_fails_nothing(
    crawler: Crawler, seed: str, lacking: str
) -> None:
    report = crawler(seed)
    assert report.failed == [Failed(lacking, NOT_FOUND)]
    assert (report.stopped, report.partly_failed) == (None, False)
    assert (seed, 0) in reached(report)


# -- seeds -----------------------------------------------------------------------------------------------------------


def test_a_seed_that_the_registry_lacks_fails_and_the_others_go_on(crawler: Crawler) -> None:
    report = crawler("NCT99999999", "NCT05440721")
    assert report.failed == [Failed("NCT99999999", NOT_FOUND)]
    assert (report.partly_failed, report.stopped) == (True, None)
    assert reached(report) == [("NCT05440721", 0), ("NCT04857515", 1)]


def test_a_seed_alone_that_the_registry_lacks_leaves_nothing(crawler: Crawler) -> None:
    report = crawler("NCT99999999")
    assert (report.reached, report.partly_failed, report.fetched) == ([], True, 0)
    assert bodies(crawler.cache) == {}


def test_seeds_come_first_whatever_they_name(crawler: Crawler) -> None:
    report = crawler("NCT05440721", "NCT02797951", SEED, depth=1)
    assert reached(report)[:5] == [
        *(("NCT02797951", 0), ("NCT05300932", 0), ("NCT05440721", 0)),
        *(("NCT02397473", 1), ("NCT04857515", 1)),
    ]


def test_only_seeds_have_neighbours(own: Own) -> None:
    """What a seed names is no seed: its neighbours would be two links away."""
    gout, lupus = ({"conditions": [name]} for name in ("Gout", "Lupus"))
    crawler = own(
        mentions("NCT00000001", "NCT00000002", conditionsModule=gout),
        study("NCT00000002", conditionsModule=lupus),
        study("NCT00000003", conditionsModule=lupus),
        study("NCT00000004", conditionsModule=gout),
    )
    report = crawler("NCT00000001")
    assert reached(report) == [("NCT00000001", 0), ("NCT00000002", 1), ("NCT00000004", 1)]
    assert [url for url in crawler.registry.script.urls if "query." in url] == [
        "/api/v2/studies?query.cond=Gout&sort=@relevance&pageSize=200"
    ]


# -- aliases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "calls"),
    [(("NCT00182910",), 3), (("NCT00182910", "NCT00019045"), 2), (("NCT00182910", "NCT00000620"), 2)],
)
def test_an_alias_is_kept_under_its_own_id(crawler: Crawler, seeds: tuple[str, ...], calls: int) -> None:
    own_ids = {"NCT00182910": "NCT00000620", "NCT00019045": "NCT00001426"}
    report = crawler(*seeds, depth=0)
    assert sorted(reached(report)) == sorted({(own_ids.get(seed, seed), 0) for seed in seeds})
    links = [
        ("seed", None, f"asked for as {seed}") for seed in sorted(seeds) if "NCT00000620" in {seed, own_ids.get(seed)}
    ]
    alias = ("alias", "NCT00000620", "NCT00182910 is an obsolete id of it")
    assert because(report, "NCT00000620") == [*links, alias]
    assert (report.failed, report.calls) == ([], calls)


def test_a_record_that_names_an_alias_leads_to_the_trial(own: Own) -> None:
    crawler = own(
        mentions("NCT00000001", "NCT00000009"),
        study("NCT00000002", identificationModule={"nctIdAliases": ["NCT00000009"]}),
    )
    report = crawler("NCT00000001")
    assert reached(report) == [("NCT00000001", 0), ("NCT00000002", 1)]
    assert because(report, "NCT00000002") == [
        ("mention", "NCT00000001", "brief summary: After NCT00000009"),
        ("alias", "NCT00000002", "NCT00000009 is an obsolete id of it"),
    ]
    with Store.reading(crawler.cache) as store:
        assert store.resolve("NCT00000009") == "NCT00000002"


def test_an_alias_that_no_record_lists_is_known_from_its_redirect(own: Own) -> None:
    crawler = own(mentions("NCT00000001", "NCT00000009"), study("NCT00000002"))
    crawler.registry.script.always(faults.asking(path="/NCT00000009"), faults.redirect("/api/v2/studies/NCT00000002"))
    report = crawler("NCT00000001")
    assert reached(report) == [("NCT00000001", 0), ("NCT00000002", 1)]
    assert because(report, "NCT00000002")[1] == ("alias", "NCT00000002", "NCT00000009 is an obsolete id of it")
    with Store.reading(crawler.cache) as store:
        assert store.resolve("NCT00000009") == "NCT00000002"


def test_an_id_with_a_record_of_its_own_is_that_trial_whatever_another_lists(own: Own) -> None:
    crawler = own(
        study("NCT00000001", identificationModule={"nctIdAliases": ["NCT00000003"]}),
        study("NCT00000003"),
        study("NCT00000004", identificationModule={"nctIdAliases": ["NCT00000003"]}),
    )
    report = crawler("NCT00000001", "NCT00000003", "NCT00000004")
    assert reached(report) == [("NCT00000001", 0), ("NCT00000003", 0), ("NCT00000004", 0)]


# -- odd records -----------------------------------------------------------------------------------------------------


def test_a_record_of_wrong_types_among_the_hits_is_kept_with_its_problem(crawler: Crawler) -> None:
    odd = body(study("NCT00000777", conditionsModule={"conditions": "Gout"}))
    crawler.registry.script.once(faults.any_page, faults.with_studies(odd))
    report = crawler("NCT05440721")
    assert reached(report) == [("NCT05440721", 0), ("NCT04857515", 1), ("NCT00000777", 1)]
    assert (report.failed, report.partly_failed) == ([], False)
    with Store.reading(crawler.cache) as store:
        assert store.raw("NCT00000777").body == odd
        ((nct_id, problem),) = store.problems()
    assert nct_id == "NCT00000777"
    assert "conditionsModule.conditions" in problem


@pytest.mark.parametrize(("seeds", "depth"), [(("NCT00000001",), 1), (("NCT00000002", "NCT00000001"), 0)])
def test_a_named_record_of_wrong_types_is_kept_and_leads_nowhere(own: Own, seeds: tuple[str, ...], depth: int) -> None:
    odd = mentions("NCT00000002", "NCT00000003", conditionsModule={"conditions": 5})
    crawler = own(mentions("NCT00000001", "NCT00000002"), study("NCT00000003"))
    crawler.registry.script.always(faults.asking(path="/studies/NCT00000002"), faults.answer(200, body(odd)))
    report = crawler(*seeds)
    assert sorted(reached(report)) == [("NCT00000001", 0), ("NCT00000002", depth)]
    assert bodies(crawler.cache)["NCT00000002"] == body(odd)


@pytest.mark.parametrize("odd", [b"5", b"null", b"[]", b"{}", b'{"protocolSection":{}}', body(study("NCT00000000"))])
def test_a_hit_without_an_id_is_told_and_the_others_are_taken(crawler: Crawler, odd: bytes) -> None:
    crawler.registry.script.once(faults.any_page, faults.with_studies(odd))
    report = crawler("NCT05440721")
    assert reached(report) == [("NCT05440721", 0), ("NCT04857515", 1)]
    (failed,) = report.failed
    assert failed.nct_id is None
    assert failed.reason.startswith("query.cond=(Nicotine Addiction) OR ")


# -- again -----------------------------------------------------------------------------------------------------------


def test_the_same_crawl_again_gives_the_same_and_finds_nothing_changed(crawler: Crawler) -> None:
    first, again = crawler(SEED), crawler(SEED)
    assert whole(again) == whole(first)
    assert (first.fetched, first.unchanged, again.fetched, again.unchanged) == (22, 0, 0, 22)
    assert again.run == first.run + 1
    assert again.calls == first.calls


def test_an_ended_run_leaves_no_notes(crawler: Crawler) -> None:
    report = crawler(SEED)
    with Store.reading(crawler.cache) as store:
        left = store.db.execute(
            "SELECT 1 FROM answer UNION ALL SELECT 1 FROM candidate UNION ALL SELECT 1 FROM reached"
        )
        assert left.fetchall() == []
        run = store.db.execute("SELECT number, data_timestamp, ended_at IS NULL FROM run").fetchall()
        assert store.data_timestamp == report.data_timestamp
    assert run == [(report.run, report.data_timestamp, 0)]
