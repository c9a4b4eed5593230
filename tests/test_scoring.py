"""BM25 as it is defined, worked out by hand (k1 1.2, b .75).

idf = ln(1 + (N - n + .5) / (n + .5)); norm = k1 × (1 - b + b × length / mean length);
score = idf × count × (k1 + 1) / (count + norm). N rows, n of them with the term in the field; the mean is over rows
that have the field.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crawler.normalise import normalise
from index.document import document
from index.inverted import InvertedFile, Inverter
from index.schema import AREAS, NUMBER_OF_PIECE, TEXT_FIELDS, pieces_of
from index.scoring import Statistics, area_postings, bm25
from tests.records import raw


def inverted(*rows: dict[str, str]) -> InvertedFile:
    """Rows of texts by field name; several values of a field are parted by `|`."""
    record = raw()
    blank = document(normalise(record), record)
    inverter = Inverter()
    for row in rows:
        texts = [(NUMBER_OF_PIECE[piece], part) for piece, text in row.items() for part in text.split("|")]
        inverter.add(replace(blank, texts=sorted(texts, key=lambda text: text[0])))
    return inverter.finish()


def entry_scores(found: InvertedFile) -> dict[tuple[str, int, str], float]:
    names = [field.piece for field in TEXT_FIELDS]
    places = zip(found.term.tolist(), found.row.tolist(), found.field.tolist(), strict=True)
    keys = [(found.terms[term], row, names[field]) for term, row, field in places]
    return dict(zip(keys, bm25(found, Statistics.of(found)).tolist(), strict=True))


def area_scores(found: InvertedFile, area: str, term: str) -> dict[int, float]:
    postings = area_postings(found, Statistics.of(found))[area]
    mine = postings.term == found.terms.index(term)
    return dict(zip(postings.row[mine].tolist(), postings.weight[mine].tolist(), strict=True))


def test_bm25_of_three_titles() -> None:
    found = entry_scores(
        inverted({"BriefTitle": "lupus"}, {"BriefTitle": "lupus lupus arthritis"}, {"BriefTitle": "asthma"})
    )
    # lupus: ln(1 + 1.5/2.5) = .470004; arthritis and asthma: ln(1 + 2.5/1.5) = .980829; mean length 5/3
    assert found == {
        ("lupus", 0, "BriefTitle"): pytest.approx(0.470004 * 1 * 2.2 / (1 + 0.84), rel=1e-5),
        ("lupus", 1, "BriefTitle"): pytest.approx(0.470004 * 2 * 2.2 / (2 + 1.92), rel=1e-5),
        ("arthriti", 1, "BriefTitle"): pytest.approx(0.980829 * 1 * 2.2 / (1 + 1.92), rel=1e-5),
        ("asthma", 2, "BriefTitle"): pytest.approx(0.980829 * 1 * 2.2 / (1 + 0.84), rel=1e-5),
    }


def test_each_field_is_a_collection_of_its_own() -> None:
    found = entry_scores(
        inverted({"BriefTitle": "lupus", "Condition": "lupus|lupus nephritis"}, {"BriefTitle": "lupus"}, {})
    )
    # Titles: n = 2 of 3, each as long as the mean. Conditions: n = 1 of 3, one row of 3 words.
    assert found["lupus", 0, "BriefTitle"] == pytest.approx(0.470004 * 2.2 / 2.2, rel=1e-5)
    assert found["lupus", 0, "Condition"] == pytest.approx(0.980829 * 2 * 2.2 / (2 + 1.2), rel=1e-5)
    assert found["nephriti", 0, "Condition"] == pytest.approx(0.980829 * 2.2 / 2.2, rel=1e-5)


def test_an_area_takes_the_best_of_its_fields_by_weight() -> None:
    # one row of two has the term in each field: idf ln(1 + 1.5/1.5) = .693147, and where it stands once in a field
    # of mean length the score is that; twice it is .693147 * 4.4 / 3.2 = .953077
    once = inverted({"BriefTitle": "lupus", "Acronym": "lupus", "OfficialTitle": "lupus"}, {})
    assert area_scores(once, "TitleSearch", "lupus") == {0: pytest.approx(1.0 * 0.693147, rel=1e-5)}
    assert area_scores(once, "ConditionSearch", "lupus") == {0: pytest.approx(0.60 * 0.693147, rel=1e-5)}
    twice = inverted({"BriefTitle": "lupus", "Acronym": "lupus", "OfficialTitle": "x lupus lupus"}, {})
    assert area_scores(twice, "TitleSearch", "lupus") == {0: pytest.approx(0.80 * 0.953077, rel=1e-5)}
    assert area_scores(twice, "ConditionSearch", "lupus") == {0: pytest.approx(0.55 * 0.953077, rel=1e-5)}
    assert area_scores(twice, "BasicSearch", "lupus") == {0: pytest.approx(0.85 * 0.953077, rel=1e-5)}
    assert area_scores(twice, "SponsorSearch", "lupus") == {}


def test_postings_are_sorted_by_term_and_row_each_pair_once() -> None:
    found = inverted({"BriefTitle": "b a", "Condition": "a"}, {"Condition": "a b|c"}, {"Keyword": "c"})
    for postings in area_postings(found, Statistics.of(found)).values():
        pairs = list(zip(postings.term.tolist(), postings.row.tolist(), strict=True))
        assert pairs == sorted(set(pairs))
        assert np.all(postings.weight > 0)


def test_a_longer_field_counts_less_and_a_rarer_word_more() -> None:
    found = entry_scores(inverted({"BriefTitle": "a b"}, {"BriefTitle": "a c d e"}, {"BriefTitle": "x"}))
    assert found["a", 0, "BriefTitle"] > found["a", 1, "BriefTitle"]
    assert found["b", 0, "BriefTitle"] > found["a", 0, "BriefTitle"]


def test_nothing_has_no_scores() -> None:
    nothing = inverted({})
    scored = area_postings(nothing, Statistics.of(nothing))
    assert {area: postings.term.size for area, postings in scored.items()} == dict.fromkeys(AREAS, 0)


def test_statistics_kept_score_other_documents_as_their_own(tmp_path: Path) -> None:
    whole = inverted({"BriefTitle": "lupus"}, {"BriefTitle": "lupus lupus arthritis"}, {"BriefTitle": "asthma"})
    Statistics.of(whole).write(tmp_path)
    part = inverted({"BriefTitle": "arthritis lupus lupus"})
    scores = dict(zip(part.terms, bm25(part, Statistics.read(tmp_path)).tolist(), strict=True))
    assert scores == {
        "lupus": pytest.approx(0.470004 * 2 * 2.2 / (2 + 1.92), rel=1e-5),
        "arthriti": pytest.approx(0.980829 * 1 * 2.2 / (1 + 1.92), rel=1e-5),
    }


def test_a_word_that_the_statistics_never_saw_is_the_rarest(tmp_path: Path) -> None:
    Statistics.of(inverted({"BriefTitle": "lupus"})).write(tmp_path)
    part = inverted({"BriefTitle": "mumps"})
    # ln(1 + 1.5/0.5) = 1.386294; mean length 1
    assert bm25(part, Statistics.read(tmp_path)).tolist() == [pytest.approx(1.386294 * 2.2 / 2.2, rel=1e-5)]


# The registry's table of areas (REGISTRY.md), again by hand.
AREA_WEIGHTS = {
    "ConditionSearch": {
        "Condition": 0.95, "BriefTitle": 0.60, "OfficialTitle": 0.55, "ConditionMeshTerm": 0.50,
        "ConditionAncestorTerm": 0.40, "Keyword": 0.30, "NCTId": 0.20,
    },
    "InterventionSearch": {
        "InterventionName": 0.95, "InterventionType": 0.85, "ArmGroupType": 0.85, "InterventionOtherName": 0.75,
        "BriefTitle": 0.65, "OfficialTitle": 0.60, "ArmGroupLabel": 0.50, "InterventionMeshTerm": 0.50,
        "Keyword": 0.50, "InterventionAncestorTerm": 0.40, "InterventionDescription": 0.40, "ArmGroupDescription": 0.40,
    },
    "TitleSearch": {"Acronym": 1.0, "BriefTitle": 0.95, "OfficialTitle": 0.80},
    "OutcomeSearch": {
        "PrimaryOutcomeMeasure": 0.90, "SecondaryOutcomeMeasure": 0.80, "PrimaryOutcomeDescription": 0.60,
        "SecondaryOutcomeDescription": 0.50, "OtherOutcomeMeasure": 0.40, "OtherOutcomeDescription": 0.30,
    },
    "SponsorSearch": {"LeadSponsorName": 1.0, "CollaboratorName": 0.90, "OrgFullName": 0.60},
    "LocationSearch": {
        "LocationCity": 0.95, "LocationState": 0.95, "LocationCountry": 0.95, "LocationFacility": 0.95,
        "LocationZip": 0.35,
    },
    "IdSearch": {"NCTId": 1.0, "NCTIdAlias": 0.90, "Acronym": 0.85, "OrgStudyId": 0.80, "SecondaryId": 0.75},
}  # fmt: skip


@pytest.mark.parametrize(("area", "weights"), AREA_WEIGHTS.items())
def test_areas_and_weights_are_the_registry_s(area: str, weights: dict[str, float]) -> None:
    assert {TEXT_FIELDS[number].piece: weight for number, weight in pieces_of(area).items()} == weights


def test_no_area_is_called_as_a_field_is() -> None:
    assert {*AREAS}.isdisjoint(NUMBER_OF_PIECE)


def test_the_basic_area_looks_in_all_57_fields_ids_and_titles_highest() -> None:
    basic = {TEXT_FIELDS[number].piece: weight for number, weight in pieces_of("BasicSearch").items()}
    assert len(basic) == 57
    best = sorted(basic, key=lambda piece: -basic[piece])[:4]
    assert set(best) == {"NCTId", "Acronym", "BriefTitle", "OfficialTitle"}
