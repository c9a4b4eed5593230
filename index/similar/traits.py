"""Pure: what of a trial's design is no text → words for it, which the vectors alone have and no search finds.

Numbers become steps: two trials of 40 and of 60 participants are as large as each other, of 40 and of 4,000 are not.
"""

from bisect import bisect_right

from index.document import Document, age_groups
from index.similar.groups import NUMBER_OF_GROUP

GROUP = NUMBER_OF_GROUP["design"]  # that they are counted in
MANY_ARMS = 4
_SIZES = (30, 100, 300, 1000, 10_000)  # participants from which the next step begins


def traits(document: Document) -> tuple[str, ...]:
    """Words with a space in them, which no term of a text has."""
    phases = (phase.replace("PHASE", " phase ").strip(" _").lower() for phase in document.values["phase"])
    return (
        *("no phase" if phase == "na" else phase.replace("_", "") for phase in phases),
        *_arms(document.arms),
        *(() if document.enrollment is None else (_size(document.enrollment),)),
        *(f"takes {group.lower().replace('_', ' ')}" for group in _ages(document)),
    )


def _arms(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"{MANY_ARMS} arms or more",) if count >= MANY_ARMS else (f"{count} arm{'s' if count > 1 else ''}",)


def _size(participants: int) -> str:
    step = bisect_right(_SIZES, participants)
    if step == len(_SIZES):
        return f"{_SIZES[-1]:,} participants or more"
    return f"below {_SIZES[step]:,} participants"


def _ages(document: Document) -> tuple[str, ...]:
    """Age groups, where a trial says anything of ages: without bounds it is in all, and says nothing."""
    return () if document.ages == (None, None) else age_groups(*document.ages)
