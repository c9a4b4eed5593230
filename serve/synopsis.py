"""Pure: the text of a protocol synopsis → a record in the registry's shape, by the headings that synopses have.

A heading is a line of Markdown (`## Title`, `**Title**`), a line that ends in a colon, or what stands before a colon;
a number before it says nothing. Text under no heading that is known is read too, as description.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

TITLE, SUMMARY, DESCRIPTION = "BriefTitle", "BriefSummary", "DetailedDescription"
_CONDITION, _INTERVENTION, _KEYWORD = "Condition", "InterventionName", "Keyword"
_CRITERIA, _PHASE, _ENROLLMENT, _DESIGN, _AGES = "EligibilityCriteria", "Phase", "EnrollmentCount", "DesignInfo", "Ages"
_PRIMARY, _SECONDARY, _OTHER = "PrimaryOutcomeMeasure", "SecondaryOutcomeMeasure", "OtherOutcomeMeasure"
_SPONSOR, _COLLABORATOR, _OFFICIAL = "LeadSponsorName", "CollaboratorName", "OfficialTitle"
_WORDS = {
    TITLE: "title|brief title|short title|study title|trial title|protocol title",
    _OFFICIAL: "official title|full title|scientific title",
    _CONDITION: "conditions?|indications?|diseases?|condition or disease|conditions? studied|medical conditions?"
    "|target disease|diagnosis",
    _KEYWORD: "keywords?|key words",
    _INTERVENTION: "interventions?|drugs?|study drugs?|treatments?|study treatments?|study interventions?|devices?"
    "|(?:investigational|study|test) (?:medicinal )?products?|imps?|comparators?|investigational drugs?|study arms?"
    "|treatment arms?|procedures?",
    SUMMARY: "summary|brief summary|synopsis|objectives?|study objectives?|primary objectives?|purpose|aims?"
    "|study description|description|rationale|background|introduction|hypothes[ie]s|secondary objectives?",
    _CRITERIA: "eligibility|eligibility criteria|(?:key |main )?inclusion(?: criteria)?"
    "|(?:key |main )?exclusion(?: criteria)?|inclusion (?:and|/) exclusion criteria|(?:study |target )?population"
    "|selection criteria|patients|participants",
    _PRIMARY: "primary (?:efficacy )?(?:outcomes?|end ?points?|outcome measures?)|outcomes?|end ?points?"
    "|outcome measures?",
    _SECONDARY: "(?:key )?secondary (?:efficacy )?(?:outcomes?|end ?points?|outcome measures?)",
    _OTHER: "(?:other|exploratory|tertiary|safety) (?:outcomes?|end ?points?|outcome measures?)",
    _SPONSOR: "sponsors?|lead sponsor|sponsor name",
    _COLLABORATOR: "collaborators?|co-?sponsors?|funders?|funding",
    _DESIGN: "design|study design|trial design|study type|methodology",
    _PHASE: "phase|study phase|trial phase|development phase|clinical phase",
    _ENROLLMENT: "sample size|enrol?lment|planned enrol?lment|number of (?:subjects|participants|patients)",
    _AGES: "ages?|age range",
}
_FIELD_OF = [(re.compile(words), field) for field, words in _WORDS.items()]
_LINE = re.compile(
    r"\s*(?P<mark>#{1,6}\s+)?(?:\d+(?:\.\d+)*[.)]?\s+)?(?P<bold>\*\*|__)?(?P<name>[A-Za-z][A-Za-z /&()-]{1,60}?)\s*"
    r"(?P<end>:\s*(?:\*\*|__)?|(?:\*\*|__)\s*:?|$)\s*(?P<rest>.*)"
)
_BULLET = re.compile(r"^\s*(?:[-*•·–]|\d+[.)]|[a-z][.)])\s+")
_PARTED = re.compile(r"\s*(?:;|,(?!\d)|\bversus\b|\bvs\.?(?=\s))\s*", re.IGNORECASE)
_LONG_NAME = 12  # words: a longer line is a sentence, which a comma doesn't part
_PHASE_NUMBER = r"(?:[1-4]|i{1,3}|iv)[ab]?"
_PHASES = re.compile(
    rf"\b(early )?phase\s*({_PHASE_NUMBER})(?:\s*(?:/|-|and)\s*(?:phase\s*)?({_PHASE_NUMBER}))?\b", re.IGNORECASE
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_NUMBER = re.compile(r"\d[\d,]*")


@dataclass(frozen=True)
class Synopsis:
    """A text as it was read: a record of the registry's shape, the headings found and the field that each is."""

    record: dict[str, Any]
    headings: list[tuple[str, str]]


def read(text: str) -> Synopsis:
    """Read a text; without headings its first line is the title and the rest the summary."""
    parts, headings = _parts(text)
    before = parts.pop("", [])
    if TITLE not in parts and _OFFICIAL not in parts and before:
        parts[TITLE] = [re.sub(r"^[#*_\s]+|[*_\s]+$", "", before.pop(0))]
    if before:
        parts[SUMMARY] = [*before, *parts.get(SUMMARY, [])]
    return Synopsis({"protocolSection": _modules(parts)}, headings)


def _parts(text: str) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Lines by field, those before the first heading under none; the headings."""
    parts: dict[str, list[str]] = defaultdict(list)
    headings: list[tuple[str, str]] = []
    field = ""
    for line in filter(str.strip, text.splitlines()):
        found = _LINE.fullmatch(line)
        named = None if found is None else _field(found)
        if found is None or named is None:
            parts[field].append(line.strip())
            continue
        if named == DESCRIPTION or not (found["mark"] and found["rest"]):
            field = named
        headings.append((found["name"].strip(), named))
        if named == _CRITERIA:
            parts[field].append(f"{found['name'].strip()}:")
        if found["rest"]:
            parts[field].append(found["rest"])
    return dict(parts), headings


def _field(found: re.Match[str]) -> str | None:
    """Field of a heading; another Markdown heading begins a description, anything else is no heading."""
    name = " ".join(found["name"].lower().split())
    marked = bool(found["mark"] or found["bold"] or found["end"])
    known = next((field for words, field in _FIELD_OF if words.fullmatch(name)), None)
    if known is not None and (marked or not found["rest"]):
        return known
    return DESCRIPTION if found["mark"] and not found["rest"] and found["end"] == "" and not _is_title(found) else None


def _is_title(found: re.Match[str]) -> bool:
    """Tell the one heading of the first order, which names the whole."""
    return (found["mark"] or "").strip() == "#"


def _modules(parts: dict[str, list[str]]) -> dict[str, Any]:
    """The registry's modules of a record."""
    design = " ".join((*parts.get(_DESIGN, []), *parts.get(_PHASE, [])))
    said = {field: "\n".join(lines) for field, lines in parts.items()}
    titles = [said[field] for field in (TITLE, _OFFICIAL) if field in said]
    told = said.get(DESCRIPTION, "").splitlines() + ([said[_DESIGN]] if _DESIGN in said else [])
    modules: dict[str, Any] = {
        "identificationModule": _given(briefTitle=said.get(TITLE), officialTitle=said.get(_OFFICIAL)),
        "sponsorCollaboratorsModule": _given(
            leadSponsor=_given(name=said.get(_SPONSOR)), collaborators=_named("name", parts.get(_COLLABORATOR, []))
        ),
        "descriptionModule": _given(briefSummary=said.get(SUMMARY), detailedDescription="\n".join(told)),
        "conditionsModule": _given(
            conditions=_items(parts.get(_CONDITION, [])), keywords=_items(parts.get(_KEYWORD, []))
        ),
        "designModule": _design(design, " ".join((design, *titles)), said.get(_ENROLLMENT)),
        "armsInterventionsModule": _given(interventions=_named("name", parts.get(_INTERVENTION, []))),
        "outcomesModule": _given(
            primaryOutcomes=_measures(parts.get(_PRIMARY, [])),
            secondaryOutcomes=_measures(parts.get(_SECONDARY, [])),
            otherOutcomes=_measures(parts.get(_OTHER, [])),
        ),
        "eligibilityModule": _given(eligibilityCriteria=said.get(_CRITERIA), **_ages(said.get(_AGES, ""))),
    }
    return {name: module for name, module in modules.items() if module}


def _given(**values: object) -> dict[str, Any]:
    """What has a value."""
    return {name: value for name, value in values.items() if value}


def _bare(lines: list[str]) -> list[str]:
    return [_BULLET.sub("", line).strip() for line in lines]


def _items(lines: list[str]) -> list[str]:
    """Items of a list written by lines, or by commas within one."""
    items: list[str] = []
    for line in _bare(lines):
        parted = len(line.split()) <= _LONG_NAME or ";" in line
        items += _PARTED.split(line) if parted else [line]
    return list(dict.fromkeys(item.strip(" .") for item in items if item.strip(" .")))


def _named(key: str, lines: list[str]) -> list[dict[str, str]]:
    return [{key: item} for item in _items(lines)]


def _measures(lines: list[str]) -> list[dict[str, str]]:
    return [{"measure": line} for line in _bare(lines) if line]


def _design(design: str, everywhere: str, enrollment: str | None) -> dict[str, Any]:
    """What the words of a design say in the registry's values."""
    found = {
        name: next((value for words, value in choices if re.search(words, design, re.IGNORECASE)), None)
        for name, choices in _CHOICES.items()
    }
    masking = found.pop("masking")
    study_type = found.pop("studyType")
    number = _NUMBER.search(enrollment or "")
    return _given(
        studyType=study_type,
        phases=_phases(everywhere),
        designInfo=_given(**found, maskingInfo=_given(masking=masking)),
        enrollmentInfo=_given(count=0 if number is None else int(number[0].replace(",", ""))),
    )


_CHOICES = {
    "studyType": (
        (r"observational|cohort|registry|case.control", "OBSERVATIONAL"),
        (r"randomi[sz]|interventional|open|blind|arm", "INTERVENTIONAL"),
    ),
    "allocation": ((r"non.?randomi[sz]ed", "NON_RANDOMIZED"), (r"randomi[sz]ed", "RANDOMIZED")),
    "interventionModel": (
        (r"cross.?over", "CROSSOVER"),
        (r"factorial", "FACTORIAL"),
        (r"single.?(?:arm|group)", "SINGLE_GROUP"),
        (r"sequential", "SEQUENTIAL"),
        (r"parallel|two.?arm|three.?arm", "PARALLEL"),
    ),
    "masking": (
        (r"open.?label", "NONE"),
        (r"double.?(?:blind|mask)", "DOUBLE"),
        (r"single.?(?:blind|mask)", "SINGLE"),
        (r"triple.?(?:blind|mask)", "TRIPLE"),
        (r"quadruple.?(?:blind|mask)", "QUADRUPLE"),
    ),
}


def _phases(text: str) -> list[str]:
    phases: list[str] = []
    for found in _PHASES.finditer(text):
        numbers = (number.lower().rstrip("ab") for number in found.groups()[1:] if number)
        early = "EARLY_" if found[1] else ""
        phases += [f"{early}PHASE{_ROMAN.get(number, number)}" for number in numbers]
    return list(dict.fromkeys(phases))


def _ages(text: str) -> dict[str, str]:
    numbers = re.findall(r"\d{1,3}", text)[:2]
    names = ("minimumAge", "maximumAge")
    return {name: f"{int(number)} Years" for name, number in zip(names, numbers, strict=False)}
