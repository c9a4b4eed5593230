from dataclasses import replace

import pytest

from crawler.normalise import normalise
from index.document import document
from index.similar.groups import GROUPS
from index.similar.traits import GROUP, traits
from tests.records import raw

ARM = {"label": "A", "type": "EXPERIMENTAL"}
BARE = document(normalise(raw()), raw())


def test_what_is_no_text_of_a_design_becomes_words() -> None:
    record = raw(
        designModule={"phases": ["PHASE2", "PHASE3"], "enrollmentInfo": {"count": 60}},
        armsInterventionsModule={"armGroups": [ARM, ARM]},
        eligibilityModule={"minimumAge": "18 Years", "maximumAge": "64 Years"},
    )
    assert traits(document(normalise(record), record)) == (
        "phase 2",
        "phase 3",
        "2 arms",
        "below 100 participants",
        "takes adult",
    )


def test_a_record_that_says_nothing_has_none() -> None:
    assert traits(replace(BARE, values={"phase": ()}, enrollment=None, arms=0, ages=(None, None))) == ()


@pytest.mark.parametrize(
    ("phase", "word"), [("NA", "no phase"), ("EARLY_PHASE1", "early phase 1"), ("PHASE4", "phase 4")]
)
def test_phases_are_words(phase: str, word: str) -> None:
    assert traits(replace(BARE, values={"phase": (phase,)}, enrollment=None, arms=0, ages=(None, None))) == (word,)


@pytest.mark.parametrize(
    ("participants", "word"),
    [
        (0, "below 30 participants"),
        (29, "below 30 participants"),
        (30, "below 100 participants"),
        (999, "below 1,000 participants"),
        (1000, "below 10,000 participants"),
        (10_000, "10,000 participants or more"),
    ],
)
def test_sizes_are_steps(participants: int, word: str) -> None:
    bare = replace(BARE, values={"phase": ()}, arms=0, ages=(None, None), enrollment=participants)
    assert traits(bare) == (word,)


@pytest.mark.parametrize(("arms", "word"), [(1, "1 arm"), (3, "3 arms"), (4, "4 arms or more"), (9, "4 arms or more")])
def test_arms_are_counted_up_to_many(arms: int, word: str) -> None:
    assert traits(replace(BARE, values={"phase": ()}, enrollment=None, arms=arms, ages=(None, None))) == (word,)


def test_they_belong_to_a_group_that_the_whole_does_not_read() -> None:
    assert (GROUPS[GROUP].name, GROUPS[GROUP].weight) == ("design", 0.0)
