"""`--unlike` on the bundled sample: what the seed lists was read in its record (baricitinib, cyclophosphamide)."""

from dataclasses import replace

import msgspec
import pytest

from index.search import Index
from index.similar.aspects import ASPECTS, Comparison
from index.similar.difference import names
from index.similar.facts import Fact
from index.similar.reasons import no_kin
from tests.naive import DOCUMENTS

SEED = "NCT05300932"
CARDS = {each.nct_id: each.card for each in DOCUMENTS}
CARD = replace(DOCUMENTS[0]).card


def test_a_name_is_a_set_of_terms_and_what_is_compared_with_is_none() -> None:
    card = msgspec.structs.replace(
        CARD,
        conditions=("Systemic Sclerosis", "Sclerosis, Systemic"),
        condition_mesh=("Scleroderma, Systemic",),
        interventions=("Placebo", "Baricitinib 4 MG", "Standard of care", "—"),
        intervention_mesh=(),
        sponsor=None,
    )
    assert names(card, "condition") == [frozenset({"system", "sclerosi"}), frozenset({"scleroderma", "system"})]
    assert names(card, "intervention") == [frozenset({"baricitinib", "4", "mg"})]
    assert names(card, "sponsor") == names(card, "outcomes") == []


def test_no_hit_lists_an_intervention_of_the_seed_s(sample_index: Index) -> None:
    trials = sample_index.similar([SEED], {}, 100, no_kin, Comparison(unlike="intervention"))
    assert len(trials) > 20
    for trial in trials:
        given = " ".join(CARDS[trial.nct_id].interventions).lower()
        assert given
        assert "baricitinib" not in given
        assert "cyclophosphamide" not in given
        assert trial.why is not None
        assert sum(trial.why.fields.values()) == pytest.approx(trial.score)
        assert not {"baricitinib", "cyclophosphamide"} & {term.term for term in trial.why.terms}
        (fact,) = (fact for fact in trial.why.facts if fact.kind == "intervention")
        assert fact.text.startswith("another: ")
    assert {"NCT03274076", "NCT04440592"} <= {trial.nct_id for trial in trials[:4]}


def test_another_condition_with_the_same_drug(sample_index: Index) -> None:
    trials = sample_index.similar([SEED], {}, 5, no_kin, Comparison("intervention", "condition"))
    assert "NCT04401579" in {trial.nct_id for trial in trials}
    for trial in trials:
        assert not any("systemic sclerosis" in name.lower() for name in CARDS[trial.nct_id].conditions)
        assert trial.why is not None
        assert "interventions" in trial.why.fields
        assert "conditions" not in trial.why.fields


@pytest.mark.parametrize("aspect", ASPECTS)
def test_scores_depend_on_no_limit(sample_index: Index, aspect: str) -> None:
    comparison = Comparison(unlike=aspect)
    trials = sample_index.similar([SEED], {}, 100, None, comparison)
    assert sample_index.similar([SEED], {}, 3, None, comparison) == trials[:3]
    assert trials == sorted(trials, key=lambda trial: (-trial.score, trial.nct_id))
    assert ASPECTS[aspect] not in Comparison(unlike=aspect).by


def test_another_sponsor_is_another_lead_and_no_collaborator(sample_index: Index) -> None:
    lead = CARDS["NCT04401579"].sponsor
    trials = sample_index.similar(["NCT04401579"], {}, 100, no_kin, Comparison(unlike="sponsor"))
    assert trials
    for trial in trials:
        assert CARDS[trial.nct_id].sponsor not in {None, lead}
        assert trial.why is not None
        assert [fact.hit for fact in trial.why.facts if fact.kind == "sponsor"] == [(CARDS[trial.nct_id].sponsor,)]
        assert Fact("sponsor", f"both: {lead}", (str(lead),), (str(lead),)) not in trial.why.facts


def test_of_several_trials_a_hit_differs_from_each(sample_index: Index) -> None:
    asked = [SEED, "NCT03274076"]  # tofacitinib
    trials = sample_index.similar(asked, {}, 100, None, Comparison(unlike="intervention"))
    given = [" ".join(CARDS[trial.nct_id].interventions).lower() for trial in trials]
    assert given
    assert not any(drug in text for text in given for drug in ("baricitinib", "tofacitinib", "cyclophosphamide"))
