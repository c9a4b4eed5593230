"""Comparing by one aspect, on the bundled sample; expected trials were read in the raw records."""

import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from index.errors import ValueUnknown
from index.query.tree import Words
from index.schema import AREAS
from index.search import Index, SearchRequest
from index.similar.aspects import ASPECTS, AspectsContradict, Comparison, factors
from index.similar.groups import GROUPS
from index.similar.reasons import no_kin
from tests.indexes import indexed
from tests.records import raw

SEED = "NCT05300932"
OF_THE_SEED_S_DRUGS = {"NCT00501995", "NCT00004563", "NCT06936215", "NCT02339441"}


@pytest.mark.parametrize("aspect", ASPECTS)
def test_an_aspect_is_three_quarters_its_own_and_a_quarter_the_whole(aspect: str) -> None:
    factor = factors(aspect)
    weighed = {group.name: factor[at] * (group.weight or 1) for at, group in enumerate(GROUPS)}
    expected = {group.name: group.weight / 4 for group in GROUPS}
    expected[ASPECTS[aspect]] += 0.75
    assert weighed == pytest.approx(expected)


def test_the_whole_reads_what_has_a_weight() -> None:
    assert factors("whole").tolist() == [float(group.weight > 0) for group in GROUPS]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_parts_sum_to_the_score_and_scores_depend_on_no_limit(sample_index: Index, aspect: str) -> None:
    comparison = Comparison(aspect)
    trials = sample_index.similar([SEED], {}, 100, no_kin, comparison)
    for trial in trials:
        assert trial.why is not None
        assert ASPECTS[aspect] in trial.why.fields
        assert sum(trial.why.fields.values()) == pytest.approx(trial.score)
    few = sample_index.similar([SEED], {}, 3, no_kin, comparison)
    assert few == trials[:3]
    assert [trial.score for trial in trials] == sorted((trial.score for trial in trials), reverse=True)


def test_by_intervention_the_trials_of_the_same_drug_come_first(sample_index: Index) -> None:
    first = sample_index.similar([SEED], {}, 4, None, Comparison("intervention"))
    assert {trial.nct_id for trial in first} == OF_THE_SEED_S_DRUGS


def test_by_design_the_phase_counts(cache: Cache) -> None:
    def of_phase(number: int, phase: str) -> RawRecord:
        return raw(f"NCT{number:08d}", designModule={"phases": [phase], "studyType": "INTERVENTIONAL"})

    phases = ("PHASE3", "PHASE2", "PHASE3", "PHASE1", "NA")
    with indexed(cache, *(of_phase(number, phase) for number, phase in enumerate(phases, 1))) as index:
        whole = index.similar(["NCT00000001"], {}, 10, None)
        nearest, *_ = index.similar(["NCT00000001"], {}, 10, no_kin, Comparison("design"))
    assert len({trial.score for trial in whole}) == 1
    assert nearest.nct_id == "NCT00000003"
    assert nearest.why is not None
    assert nearest.why.terms[0].term == "phase 3"


def test_no_search_finds_what_the_vectors_alone_have(sample_index: Index) -> None:
    for area in AREAS:
        assert sample_index.search(SearchRequest(node=Words(("phase 4",), area))).total == 0


@pytest.mark.parametrize(
    ("by", "unlike", "read"),
    [
        (None, None, Comparison()),
        ("whole", None, Comparison()),
        (" Condition ", "INTERVENTION", Comparison("condition", "intervention")),
        (None, "sponsor", Comparison("whole", "sponsor")),
    ],
)
def test_words_are_read_in_any_case(by: str | None, unlike: str | None, read: Comparison) -> None:
    assert Comparison.read(by, unlike, diverse=False) == read


def test_another_word_is_a_mistake_that_names_the_words() -> None:
    with pytest.raises(ValueUnknown, match="--by has no value 'drug'"):
        Comparison.read("drug", None, diverse=False)
    with pytest.raises(ValueUnknown, match="--unlike has no value 'whole'"):
        Comparison.read(None, "whole", diverse=False)
    with pytest.raises(AspectsContradict, match="can't be alike by sponsor and unlike in sponsor"):
        Comparison.read("sponsor", "sponsor", diverse=False)
