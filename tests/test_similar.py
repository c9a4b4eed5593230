from collections.abc import Iterable, Iterator
from math import log, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from crawler.config import Cache
from crawler.record import RawRecord
from index.analysis import terms, words
from index.inverted import Inverter
from index.likeness import SimilarTrial
from index.query.filters import filters
from index.search import Index, SearchRequest
from index.similar.aspects import WHOLE, factors
from index.similar.facts import Fact
from index.similar.groups import GROUPS
from index.similar.reasons import no_kin
from index.similar.weights import vectors
from tests.indexes import indexed
from tests.naive import DOCUMENTS, naive_scores
from tests.records import raw

# Weights are kept in 16 bits, rounded down: each is up to a thousandth low, a product of two up to two.
FLOAT16 = 2e-3
SEED = "NCT05300932"


NCT_IDS = [each.nct_id for each in DOCUMENTS]


def ranked(index: Index, *nct_ids: str, limit: int = 100) -> list[SimilarTrial]:
    return index.similar(list(nct_ids), {}, limit, None)


def scores(index: Index, *nct_ids: str, limit: int = 100) -> dict[str, float]:
    return {trial.nct_id: trial.score for trial in ranked(index, *nct_ids, limit=limit)}


# -- the score is what it is said to be ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def brute_force() -> NDArray[np.float64]:
    """Dot products of all pairs of the sample's vectors."""
    inverter = Inverter()
    for each in DOCUMENTS:
        inverter.add(each)
    made = vectors(inverter.finish())
    dense = np.zeros((made.rows, made.columns))
    dense[made.row, made.column] = made.weight
    dense *= np.sqrt(factors(WHOLE))[np.arange(made.columns) % len(GROUPS)]
    product: NDArray[np.float64] = dense @ dense.T
    return product


def test_a_dot_product_is_the_weighted_sum_of_the_groups_products(brute_force: NDArray[np.float64]) -> None:
    # titles, conditions and interventions; all text; conditions, keywords and their MeSH terms; criteria
    eighths = {"topic": 2, "text": 3, "conditions": 2, "eligibility": 1}
    assert {group.name: group.weight for group in GROUPS if group.weight} == {
        name: pytest.approx(weight / 8) for name, weight in eighths.items()
    }
    assert brute_force == pytest.approx(naive_scores(DOCUMENTS), abs=1e-6)


@pytest.mark.parametrize("nct_id", NCT_IDS)
def test_every_score_is_exact_and_nobody_is_left_out(
    sample_index: Index, brute_force: NDArray[np.float64], nct_id: str
) -> None:
    row = NCT_IDS.index(nct_id)
    expected = {NCT_IDS[other]: score for other, score in enumerate(brute_force[row]) if other != row and score > 0}
    found = scores(sample_index, nct_id)
    assert found == {other: pytest.approx(score, rel=FLOAT16, abs=1e-6) for other, score in expected.items()}
    assert list(found) == sorted(found, key=lambda other: (-found[other], other))
    assert all(0 < score < 2 for score in found.values())
    assert nct_id not in found


def test_the_seed_s_relatives_are_its_nearest(sample_index: Index) -> None:
    nearest = list(scores(sample_index, SEED, limit=10))
    assert {"NCT06936215", "NCT04440592", "NCT03274076", "NCT02339441"} < set(nearest[:5])
    assert "NCT00853788" in nearest


# -- what changes no score -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 1, 5, 49])
def test_a_limit_cuts_and_changes_nothing(sample_index: Index, limit: int) -> None:
    assert ranked(sample_index, SEED, limit=limit) == ranked(sample_index, SEED)[:limit]


def test_of_many_trials_the_likeliest_are_scored(sample_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {nct_id: scores(sample_index, nct_id) for nct_id in NCT_IDS}
    monkeypatch.setattr("index.similar.matrix.SAMPLE", 6)
    missed = 0
    for nct_id in NCT_IDS:
        pooled = scores(sample_index, nct_id, limit=3)
        assert len(pooled) == 3
        assert pooled.items() <= whole[nct_id].items()
        missed += len(set(list(whole[nct_id])[:3]) - set(pooled))
    assert missed <= 3  # of 153: six rows tell well how many more to score


@pytest.mark.parametrize(
    "flags",
    [
        {"phase": ["3"]},
        {"status": ["recruiting", "not yet recruiting"]},
        {"cond": ["sclerosis"]},
        {"country": ["France"]},
        {"start": ["2020.."]},
    ],
)
def test_filters_choose_and_change_no_score(sample_index: Index, flags: dict[str, list[str]]) -> None:
    made = filters(flags, results=None, ids=None)
    _, left = sample_index.matching(SearchRequest(filters=made, limit=100))
    chosen = sample_index.similar([SEED], made, 100, None)
    assert chosen
    assert chosen == [trial for trial in ranked(sample_index, SEED) if trial.nct_id in left]


# -- several ids, twins, trials of few words -------------------------------------------------------------------------


def test_several_ids_are_scored_by_the_mean_and_left_out(sample_index: Index) -> None:
    asked = [SEED, "NCT00000417", "NCT04401579"]
    parts = [scores(sample_index, nct_id) for nct_id in asked]
    expected = {nct_id: sum(part.get(nct_id, 0.0) for part in parts) / 3 for nct_id in NCT_IDS if nct_id not in asked}
    assert scores(sample_index, *asked) == {
        nct_id: pytest.approx(score, rel=1e-6, abs=1e-9) for nct_id, score in expected.items()
    }


def told(nct_id: str, title: str, condition: str, **more: str) -> RawRecord:
    return raw(
        nct_id,
        identificationModule={"briefTitle": title},
        conditionsModule={"conditions": [condition]},
        descriptionModule=more,
    )


@pytest.fixture
def few(cache: Cache) -> Iterator[Index]:
    """Twins, a cousin, a stranger, one whose words are all its own, and one without any."""
    twin = {"title": "Baricitinib in scleroderma", "condition": "Scleroderma", "briefSummary": "Tablets daily"}
    with indexed(
        cache,
        told("NCT00000040", **twin),
        told("NCT00000020", **twin),
        told("NCT00000030", **twin),
        told("NCT00000050", "Methotrexate in scleroderma", "Scleroderma"),
        told("NCT00000060", "Vaccine against mumps", "Mumps", briefSummary="Tablets never"),
        told("NCT00000070", "Zzz", "Zzz"),
        RawRecord(b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000010"}}}'),
    ) as index:
        yield index


def test_twins_score_alike_and_stand_by_id(few: Index) -> None:
    found = scores(few, "NCT00000030")
    assert list(found)[:2] == ["NCT00000020", "NCT00000040"]
    assert found["NCT00000020"] == found["NCT00000040"]
    # baricitinib and daily are in three trials of seven, scleroderma (which a twin says twice) and tablets in four
    barely, often = log(8 / 3.5), log(8 / 4.5)
    expected = (
        part(1 / 4, 3, [barely, (1 + log(2)) * often])
        + part(3 / 8, 7, [barely, (1 + log(2)) * often, often, barely])
        + part(1 / 4, 2, [often])
    )
    assert found["NCT00000020"] == pytest.approx(expected, rel=FLOAT16)
    assert found["NCT00000020"] <= expected


def part(weight: float, typical: float, words: list[float]) -> float:
    """What a group gives to the score of twins among seven trials."""
    length = sqrt(sum(word**2 for word in words))
    return weight * (length / (length / 2 + typical * log(8) / 2)) ** 2


def test_who_shares_no_word_is_left_out(few: Index) -> None:
    assert scores(few, "NCT00000070") == {}
    assert "NCT00000070" not in scores(few, "NCT00000030")


def test_a_trial_without_words_is_like_none_and_none_like_it(few: Index) -> None:
    assert scores(few, "NCT00000010") == {}
    assert "NCT00000010" not in scores(few, "NCT00000020")
    # beside another it halves that one's scores
    alone, beside = scores(few, "NCT00000050"), scores(few, "NCT00000050", "NCT00000010")
    assert beside == {nct_id: pytest.approx(score / 2) for nct_id, score in alone.items()}


def test_words_that_all_trials_have_count_for_nothing(cache: Cache) -> None:
    with indexed(cache, *(told(f"NCT0000000{n}", "Same", "Same") for n in range(1, 4))) as index:
        assert scores(index, "NCT00000001") == {}


# -- reasons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nct_ids", [[SEED], ["NCT00000417"], [SEED, "NCT00000417"]], ids=len)
def test_parts_sum_to_the_score_and_shares_to_no_more_than_all(sample_index: Index, nct_ids: list[str]) -> None:
    trials = sample_index.similar(nct_ids, {}, 100, no_kin)
    assert [(trial.nct_id, trial.score) for trial in trials] == list(scores(sample_index, *nct_ids).items())
    for trial in trials:
        assert trial.why is not None
        assert list(trial.why.fields) == ["topic", "text", "conditions", "eligibility"]
        assert sum(trial.why.fields.values()) == pytest.approx(trial.score)
        shares = [term.share for term in trial.why.terms]
        assert shares == sorted(shares, reverse=True)
        assert all(0 <= share <= 1 for share in shares)
        assert 0 < sum(shares) <= 1 + 1e-9
        assert len(shares) <= 10


def test_terms_told_are_words_of_both_as_people_write_them(sample_index: Index) -> None:
    texts = {each.nct_id: " ".join(text for _, text in each.texts) for each in DOCUMENTS}
    for trial in sample_index.similar([SEED], {}, 10, no_kin):
        assert trial.why is not None
        stems = {stem for term in trial.why.terms for stem in terms(term.term)}
        assert stems <= set(terms(texts[SEED])) & set(terms(texts[trial.nct_id]))
        assert all(term.term in texts_folded(texts.values()) for term in trial.why.terms)


def texts_folded(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in words(text)}


def test_what_the_nearest_shares_most_is_what_both_are_about(sample_index: Index) -> None:
    nearest = {trial.nct_id: trial for trial in sample_index.similar([SEED], {}, 10, no_kin)}
    why = nearest["NCT06936215"].why
    assert why is not None
    assert "baricitinib" in {term.term for term in why.terms[:3]}


def test_all_shares_of_a_pair_with_few_terms_are_the_whole(few: Index) -> None:
    trials = {trial.nct_id: trial for trial in few.similar(["NCT00000030"], {}, 10, no_kin)}
    why = trials["NCT00000060"].why
    assert why is not None
    # one word in common, in the summaries, which are in the bag of all text alone
    assert [(term.term, term.field) for term in why.terms] == [("tablets", "text")]
    assert sum(term.share for term in why.terms) == pytest.approx(1)
    assert {name for name, part in why.fields.items() if part} == {"text"}


def test_no_reasons_unless_asked(sample_index: Index) -> None:
    assert {trial.why for trial in ranked(sample_index, SEED)} == {None}


def test_a_hit_s_facts_are_those_shared_with_any_of_the_trials_asked_about(sample_index: Index) -> None:
    asked = [SEED, "NCT04440592"]  # PHASE4 and PHASE2, China and no site
    linked = Fact("link", "NCT03274076 names NCT04440592: see also")
    trials = {
        trial.nct_id: trial
        for trial in sample_index.similar(asked, {}, 10, lambda _asked, _hits: {"NCT03274076": [linked]})
    }
    why = trials["NCT03274076"].why
    assert why is not None
    facts = {fact.kind: fact for fact in why.facts}
    assert why.facts[0] == linked
    assert "Systemic Sclerosis" in facts["condition"].both
    assert facts["phase"] == Fact("phase", "both: PHASE2", ("PHASE4", "PHASE2"), ("PHASE1", "PHASE2"))
    assert len(facts) == len(why.facts)
