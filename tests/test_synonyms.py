"""Learned by hand-made trials, so that each threshold is seen to hold back what it is for."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from crawler.normalise import normalise
from crawler.record import RawRecord
from index.analysis import terms
from index.document import document
from index.inverted import Inverter
from index.learning import Learner, write_synonyms
from index.phrases import Phrases
from index.schema import CONDITION, INTERVENTION
from index.synonyms import Learned, Phrase, Synonyms
from tests.records import raw


def sick(number: int, conditions: list[str], meshes: list[str], title: str = "A trial") -> RawRecord:
    return raw(
        f"NCT{number:08d}",
        identificationModule={"briefTitle": title},
        conditionsModule={"conditions": conditions},
        derived={"conditionBrowseModule": {"meshes": [{"id": "D1", "term": term} for term in meshes]}},
    )


def treated(number: int, *interventions: tuple[str, list[str]], title: str = "A trial") -> RawRecord:
    given = [{"type": "DRUG", "name": name, "otherNames": others} for name, others in interventions]
    return raw(
        f"NCT{number:08d}",
        identificationModule={"briefTitle": title},
        armsInterventionsModule={"interventions": given},
    )


def inverted(records: list[RawRecord]) -> Phrases:
    inverter = Inverter()
    for record in records:
        inverter.add(document(normalise(record), record))
    with TemporaryDirectory() as folder:  # what is mapped stays readable
        phrases = Phrases(Path(folder))
        phrases.add(inverter.finish())
    return phrases


def learned(records: list[RawRecord]) -> Learned:
    learner = Learner()
    for record in records:
        learner.add(normalise(record))
    return learner.finish(inverted(records).rows)


def told(records: list[RawRecord], area: str) -> dict[str, list[str]]:
    return {form: [phrase.text for phrase in phrases] for form, phrases in learned(records)[area].items()}


HEART_ATTACKS = [sick(number, ["Heart Attack"], ["Myocardial Infarction"]) for number in range(1, 4)]
ANOTHER = sick(9, ["MI"], ["Myocardial Infarction"])


def test_a_condition_is_called_by_the_term_that_its_trials_carry() -> None:
    assert told([*HEART_ATTACKS, ANOTHER], CONDITION) == {"heart attack": ["Myocardial Infarction"]}


def test_a_term_that_would_find_nothing_more_is_not_looked_for() -> None:
    assert told(HEART_ATTACKS, CONDITION) == {}


def test_two_trials_bear_nothing_out() -> None:
    assert told([*HEART_ATTACKS[:2], ANOTHER], CONDITION) == {}


def test_four_of_five_is_nearly_always_and_three_of_four_is_not() -> None:
    fourth = sick(4, ["Heart attacks"], ["Myocardial Infarction"])
    doubt = sick(5, ["Heart Attack"], ["Angina Pectoris"])
    assert told([*HEART_ATTACKS, doubt, ANOTHER], CONDITION) == {}
    assert told([*HEART_ATTACKS, fourth, doubt, ANOTHER], CONDITION) == {"heart attack": ["Myocardial Infarction"]}


def test_a_term_of_which_most_trials_are_something_else_is_broader() -> None:
    others = [sick(number, [f"Kind {number}"], ["Myocardial Infarction"]) for number in range(10, 13)]
    assert told([*HEART_ATTACKS, *others], CONDITION) == {"heart attack": ["Myocardial Infarction"]}  # half: 3 of 6
    assert told([*HEART_ATTACKS, *others, ANOTHER], CONDITION) == {}  # 3 of 7


def test_what_a_title_writes_counts_as_well() -> None:
    others = [sick(number, [], ["Myocardial Infarction"], "After heart attacks") for number in range(10, 15)]
    assert told([*HEART_ATTACKS, *others, ANOTHER], CONDITION) == {"heart attack": ["Myocardial Infarction"]}


def test_of_several_conditions_and_several_terms_nobody_can_tell_which_is_whose() -> None:
    listed = [sick(number, ["Heart Attack", "Stroke"], ["Myocardial Infarction", "Stroke"]) for number in range(1, 9)]
    assert told([*listed, ANOTHER], CONDITION) == {}


def test_a_condition_that_says_more_than_the_term_is_narrower() -> None:
    late = [sick(number, ["Late Melanoma"], ["Melanoma"]) for number in range(1, 4)]
    assert told([*late, sick(4, [], ["Melanoma"])], CONDITION) == {}


def test_of_conditions_that_contain_each_other_the_shorter_is_called_so() -> None:
    both = [sick(number, ["Breast Cancer", "Stage IV Breast Cancer"], ["Breast Neoplasms"]) for number in range(1, 4)]
    assert told([*both, sick(4, [], ["Breast Neoplasms"])], CONDITION) == {"breast cancer": ["Breast Neoplasms"]}


def test_a_condition_that_is_a_term_itself_is_called_by_that_alone() -> None:
    terms_of_it = ["Retinal Diseases", "Anemia, Sickle Cell"]
    ill = [sick(number, ["Sickle Cell Anemia"], terms_of_it) for number in range(1, 4)]
    more = [sick(4, [], ["Retinal Diseases"]), sick(5, [], ["Anemia, Sickle Cell"])]
    assert told([*ill, *more], CONDITION) == {"sickl cell anemia": ["Anemia, Sickle Cell"]}


TAXOL = [treated(number, ("Paclitaxel", ["Taxol"])) for number in range(1, 5)]


def test_another_name_is_looked_for_and_looks_for_the_name() -> None:
    records = [*TAXOL, treated(5, ("Taxol", [])), treated(6, ("paclitaxel", []))]
    assert told(records, INTERVENTION) == {"paclitaxel": ["Taxol"], "taxol": ["Paclitaxel"]}


def test_a_direction_that_finds_nothing_more_is_left_out() -> None:
    assert told([*TAXOL, treated(6, ("paclitaxel", []))], INTERVENTION) == {"taxol": ["Paclitaxel"]}


def test_another_name_that_others_use_too_is_nobodys() -> None:
    others = [treated(number, ("Docetaxel", ["Taxol"])) for number in (7, 8)]
    assert told([*TAXOL, *others, treated(9, ("Paclitaxel", []))], INTERVENTION) == {}  # 4 of 6


def test_a_name_used_in_other_titles_is_not_its_own() -> None:
    others = [treated(number, title="Taxol for all") for number in (7, 8)]
    assert told([*TAXOL, *others], INTERVENTION) == {}


def test_a_dose_is_no_other_name() -> None:
    doses = [treated(number, ("Paclitaxel", ["Paclitaxel 80 mg"])) for number in range(1, 5)]
    assert told([*doses, treated(6, ("Paclitaxel", []))], INTERVENTION) == {}


def test_the_spelling_used_most_is_shown_and_eight_names_at_most() -> None:
    brands = [f"Brand{letter}x" for letter in "abcdefghijk"]
    spelled = [*brands, "TAXOL"]
    four = [treated(number, ("Paclitaxel", spelled)) for number in range(1, 5)]
    alone = [treated(10 + number, (brand, [])) for number, brand in enumerate([*brands, "Taxol"])]
    more = [treated(30, ("paclitaxel", ["Taxol"])), treated(31, ("Paclitaxel", ["Taxol"]))]
    names = told([*four, *alone, *more], INTERVENTION)["paclitaxel"]
    assert names == ["TAXOL", *brands[:7]]  # borne out by six trials, the others by four


def test_what_was_learned_is_read_as_it_was_written(tmp_path: Path) -> None:
    records = [*HEART_ATTACKS, ANOTHER, *(treated(20 + number, ("Paclitaxel", ["Taxol"])) for number in range(3))]
    records.append(treated(30, ("paclitaxel", [])))
    find = inverted(records).rows
    write_synonyms(tmp_path, learned(records), find)
    held = Synonyms(tmp_path)
    assert held.table(CONDITION) == {("heart", "attack"): [Phrase("Myocardial Infarction", ("myocardi", "infarct"))]}
    assert held.table(INTERVENTION) == {("taxol",): [Phrase("Paclitaxel", ("paclitaxel",))]}
    assert held.rows(CONDITION, ("myocardi", "infarct")).tolist() == [0, 1, 2, 3]
    assert held.rows(INTERVENTION, ("paclitaxel",)).tolist() == [4, 5, 6, 7]


def test_nothing_learned_is_written_too(tmp_path: Path) -> None:
    write_synonyms(tmp_path, learned([]), inverted([]).rows)
    assert Synonyms(tmp_path).table(CONDITION) == {}


@pytest.mark.parametrize(
    ("area", "phrase", "rows"),
    [
        (CONDITION, "heart attack", [0, 2]),
        (CONDITION, "attack heart", []),
        (CONDITION, "attack the heart", [1]),
        (CONDITION, "heart", [0, 1, 2]),
        (CONDITION, "attack sudden", []),  # of two values side by side
        (CONDITION, "nosuchword heart", []),
        (INTERVENTION, "heart attack", [2]),  # a title is in both areas, a condition in one
        ("Condition", "heart attack", [0]),
    ],
)
def test_phrases_are_found_as_an_engine_finds_them(area: str, phrase: str, rows: list[int]) -> None:
    records = [
        sick(1, ["Heart Attack", "Sudden Death"], []),
        sick(2, ["Attack the heart"], []),
        sick(3, [], [], "Heart attack in the young"),
    ]
    assert inverted(records).rows(area, tuple(terms(phrase))).tolist() == rows
