"""The field groups whose cosines make a similarity, and what each weighs.

Chosen on the development truth (docs/decisions/0002-similarity.md): one bag of all text says how much two trials talk
alike, the short groups say what they are about, criteria say whom they take, at half weight since much of them is
boilerplate.
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
    """Fields whose terms are counted together; `weight` is the most that the group can give to a score."""

    name: str
    pieces: tuple[str, ...]
    weight: float

    @property
    def table(self) -> NDArray[np.bool_]:
        """Whether each field number belongs to the group."""
        table = np.zeros(len(TEXT_FIELDS), np.bool_)
        table[[NUMBER_OF_PIECE[piece] for piece in self.pieces]] = True
        return table


_PARTS = (
    ("summary", ("BriefTitle", "OfficialTitle", "Condition", "InterventionName", "BriefSummary"), 1.0),
    ("text", tuple(field.piece for field in TEXT_FIELDS if field.piece not in _NOT_TEXT), 1.0),
    ("conditions", ("Condition", "Keyword"), 1.0),
    ("mesh", ("ConditionMeshTerm", "InterventionMeshTerm"), 1.0),
    ("eligibility", ("EligibilityCriteria",), 0.5),
)
_TOTAL = sum(weight for _, _, weight in _PARTS)

GROUPS: tuple[Group, ...] = tuple(Group(name, pieces, weight / _TOTAL) for name, pieces, weight in _PARTS)
