"""The registry's values and our keys as people read them: `NOT_YET_RECRUITING` is Not yet recruiting.

Only pages use these. URLs, JSON and the terminal keep the registry's own values.
"""

import re

from index.similar.facts import Fact

# Values whose words are not simply the value in lower case.
_VALUES = {
    "NA": "Not applicable",
    "PHASE1": "Phase 1",
    "PHASE2": "Phase 2",
    "PHASE3": "Phase 3",
    "PHASE4": "Phase 4",
    "EARLY_PHASE1": "Early phase 1",
    "NON_RANDOMIZED": "Non-randomized",
    "ACTIVE_NOT_RECRUITING": "Active, not recruiting",
    "NIH": "NIH",
    "FED": "U.S. federal agency",
    "OTHER_GOV": "Other government",
    "INDIV": "Individual",
    "AMBIG": "Ambiguous",
    "ALL": "All",
    "true": "Yes",
    "false": "No",
}
_NAMES = {
    "cond": "Condition",
    "intr": "Intervention",
    "title": "Title or acronym",
    "outc": "Outcome",
    "spons": "Sponsor",
    "loc": "Place",
    "elig": "Eligibility",
    "type": "Study type",
    "condition_mesh": "Condition (MeSH)",
    "sponsor": "Lead sponsor",
    "results": "Results posted",
    "accepts": "Takes",
    "start": "Start date",
    "completed": "Completion date",
    "updated": "Last update",
    "posted": "First posted",
    "ids": "NCT ids",
    "topic": "Title, conditions, interventions",
    "conditions": "Conditions and keywords",
    "eligibility": "Eligibility criteria",
    "text": "All text",
}
# Facts whose text is made of the registry's values.
_CODED = {"phase", "status", "study_type", "allocation", "masking", "primary_purpose", "intervention_type"}
_CODE = re.compile(r"\b(?!NCT\d)[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*\b")


def value_label(value: str) -> str:
    """Words for one of the registry's listed values; anything else comes back as it is."""
    if value in _VALUES:
        return _VALUES[value]
    return value.replace("_", " ").capitalize() if _CODE.fullmatch(value) else value


def name_label(name: str) -> str:
    """Words for the name of a filter, a facet, a sort key or a field group."""
    plain = name.replace("-", "_")
    return _NAMES.get(plain) or plain.replace("_", " ").capitalize()


def fact_label(fact: Fact) -> str:
    """Words for what two trials have in common."""
    text = fact.text.removeprefix("both: ")
    return _CODE.sub(lambda code: value_label(code[0]), text) if fact.kind in _CODED else text
