"""The field groups that a similarity is made of, and what each weighs (docs/decisions/0006-ranking.md).

What a trial is about (`topic`, `conditions`), how much two trials talk alike (`text`) and whom they take
(`eligibility`, at half weight since much of it is boilerplate) make the whole; the other groups are read where somebody
asks by one aspect alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.schema import NUMBER_OF_PIECE, TEXT_FIELDS

# Names and places say who runs a trial and where, which is no likeness of trials.
_NOT_TEXT = (
    "NCTId",
    "NCTIdAlias",
    "OrgStudyId",
    "SecondaryId",
    "LocationCity",
    "LocationState",
    "LocationCountry",
    "LocationFacility",
    "LocationZip",
    "LocationContactName",
    "OverallOfficialName",
    "OverallOfficialAffiliation",
    "CentralContactName",
    "ResponsiblePartyInvestigatorFullName",
    "ResponsiblePartyInvestigatorTitle",
    "ResponsiblePartyInvestigatorAffiliation",
    "ResponsiblePartyOldNameTitle",
    "ResponsiblePartyOldOrganization",
)


@dataclass(frozen=True)
class Group:
    """Fields whose terms are counted together.

    `weight` is the group's share of the whole, 0 where it is read by its aspect alone; `typical` the length of a usual
    vector of it, in units of ln(1 + rows), which is what a term that one trial alone has weighs.
    """

    name: str
    pieces: tuple[str, ...]
    weight: float
    typical: float

    @property
    def table(self) -> NDArray[np.bool_]:
        """Whether each field number belongs to the group."""
        table = np.zeros(len(TEXT_FIELDS), np.bool_)
        table[[NUMBER_OF_PIECE[piece] for piece in self.pieces]] = True
        return table


_TITLES = ("BriefTitle", "OfficialTitle")
_TEXT = tuple(field.piece for field in TEXT_FIELDS if field.piece not in _NOT_TEXT)
_OUTCOMES = ("PrimaryOutcomeMeasure", "SecondaryOutcomeMeasure", "OtherOutcomeMeasure")
_DESIGN = ("StudyType", *(piece for piece in NUMBER_OF_PIECE if piece.startswith("Design")), "ArmGroupType")
# Typical lengths are the means of 11,814 real records (`python -m tests.bench.ranking` prints them; the design's with
# the traits that are no text).
_PARTS = (
    ("topic", (*_TITLES, "Condition", "InterventionName"), 1.0, 3.0),
    ("text", _TEXT, 1.5, 7.0),
    ("conditions", ("Condition", "Keyword", "ConditionMeshTerm"), 1.0, 2.0),
    ("eligibility", ("EligibilityCriteria",), 0.5, 3.5),
    ("interventions", ("InterventionName", "InterventionOtherName", "InterventionMeshTerm"), 0.0, 1.8),
    ("outcomes", _OUTCOMES, 0.0, 2.8),
    ("design", _DESIGN, 0.0, 0.5),
    ("sponsor", ("LeadSponsorName", "CollaboratorName", "OrgFullName"), 0.0, 1.6),
)
_TOTAL = sum(weight for _, _, weight, _ in _PARTS)

GROUPS: tuple[Group, ...] = tuple(
    Group(name, pieces, weight / _TOTAL, typical) for name, pieces, weight, typical in _PARTS
)
NUMBER_OF_GROUP = {group.name: number for number, group in enumerate(GROUPS)}
