from typing import Any

import pytest

from crawler.links import EVIDENCE_CHARACTERS, KINDS, RANK, Link, SharedKey, named, shared_keys
from crawler.normalise import normalise
from crawler.trial import Trial
from tests.records import raw


def trial(**modules: dict[str, Any]) -> Trial:
    return normalise(raw("NCT00000001", **modules))


def mentioned(text: str) -> list[Link]:
    return named(trial(descriptionModule={"briefSummary": text}))


@pytest.mark.parametrize(
    ("modules", "link"),
    [
        (
            {"identificationModule": {"nctIdAliases": ["NCT00000009"]}},
            Link("NCT00000009", "alias", "NCT00000001 lists NCT00000009 as an obsolete id"),
        ),
        (
            {"statusModule": {"expandedAccessInfo": {"hasExpandedAccess": True, "nctId": "nct00000009 "}}},
            Link("NCT00000009", "expanded_access", "expanded access to the treatment under NCT00000009"),
        ),
        (
            {"identificationModule": {"secondaryIdInfos": [{"id": "NCT00000009", "type": "REGISTRY"}]}},
            Link("NCT00000009", "secondary_id", "secondary id NCT00000009"),
        ),
        (
            {"identificationModule": {"secondaryIdInfos": [{"id": "see NCT 00000009 (parent)"}]}},
            Link("NCT00000009", "secondary_id", "secondary id see NCT 00000009 (parent)"),
        ),
        (
            {"identificationModule": {"orgStudyIdInfo": {"id": "ACME-7 / NCT00000009"}}},
            Link("NCT00000009", "secondary_id", "organization's study id ACME-7 / NCT00000009"),
        ),
        (
            {"identificationModule": {"briefTitle": "Roll-over of NCT00000009"}},
            Link("NCT00000009", "mention", "brief title: Roll-over of NCT00000009"),
        ),
        (
            {"identificationModule": {"officialTitle": "Extension of NCT00000009"}},
            Link("NCT00000009", "mention", "official title: Extension of NCT00000009"),
        ),
        (
            {"descriptionModule": {"briefSummary": "After NCT00000009."}},
            Link("NCT00000009", "mention", "brief summary: After NCT00000009."),
        ),
        (
            {"descriptionModule": {"detailedDescription": "After NCT00000009."}},
            Link("NCT00000009", "mention", "detailed description: After NCT00000009."),
        ),
        (
            {"eligibilityModule": {"eligibilityCriteria": "Inclusion:\n\n* Took part in NCT00000009\n* Adult"}},
            Link("NCT00000009", "mention", "eligibility criteria: * Took part in NCT00000009"),
        ),
        (
            {"statusModule": {"whyStopped": "NCT00000009 took over"}},
            Link("NCT00000009", "mention", "why stopped: NCT00000009 took over"),
        ),
        (
            {"armsInterventionsModule": {"armGroups": [{"label": "A"}, {"description": "from NCT00000009"}]}},
            Link("NCT00000009", "mention", "arm: from NCT00000009"),
        ),
        (
            {"armsInterventionsModule": {"interventions": [{"description": "as in NCT00000009"}]}},
            Link("NCT00000009", "mention", "intervention: as in NCT00000009"),
        ),
        (
            {"outcomesModule": {"primaryOutcomes": [{"measure": "As NCT00000009"}]}},
            Link("NCT00000009", "mention", "outcome: As NCT00000009"),
        ),
        (
            {"outcomesModule": {"secondaryOutcomes": [{"measure": "Pain", "description": "as in NCT00000009"}]}},
            Link("NCT00000009", "mention", "outcome: Pain as in NCT00000009"),
        ),
        (
            {"outcomesModule": {"otherOutcomes": [{"timeFrame": "Month 1 (core study/NCT00000009)"}]}},
            Link("NCT00000009", "mention", "outcome: Month 1 (core study/NCT00000009)"),
        ),
        (
            {"referencesModule": {"seeAlsoLinks": [{"url": "https://clinicaltrials.gov/study/NCT00000009"}]}},
            Link("NCT00000009", "mention", "link: https://clinicaltrials.gov/study/NCT00000009"),
        ),
        (
            {"referencesModule": {"references": [{"citation": "Lund A. NCT00000009 at a year. 2020."}]}},
            Link("NCT00000009", "mention", "reference: NCT00000009 at a year."),
        ),
    ],
)
def test_each_place_that_names_a_trial_gives_its_kind_and_evidence(
    modules: dict[str, dict[str, Any]], link: Link
) -> None:
    assert named(trial(**modules)) == [link]


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Nothing here. People of NCT00000009 may join! More follows.", "People of NCT00000009 may join!"),
        ("First; then NCT00000009; last.", "then NCT00000009;"),
        ("Is it? NCT00000009 says so", "NCT00000009 says so"),
        ("NCT00000009 began it. The rest is ours.", "NCT00000009 began it."),
        ("one line\n\n* people of   NCT00000009\n* others", "* people of NCT00000009"),
        ("Dose of 0.5 mg as in NCT00000009. End.", "Dose of 0.5 mg as in NCT00000009."),
    ],
)
def test_a_mention_brings_its_sentence(text: str, evidence: str) -> None:
    assert mentioned(text) == [Link("NCT00000009", "mention", f"brief summary: {evidence}")]


@pytest.mark.parametrize("before", [0, 140, 160, 1000])
def test_a_sentence_without_an_end_is_cut_around_the_mention(before: int) -> None:
    (link,) = mentioned("x" * before + " NCT00000009 " + "y" * 1000)
    shown = link.evidence.removeprefix("brief summary: ")
    assert "NCT00000009" in shown
    assert len(shown) <= EVIDENCE_CHARACTERS
    assert "x" * min(before, 140) in shown


@pytest.mark.parametrize(
    "text",
    [
        "This is NCT00000001, as everybody knows",
        "NCT00000000",
        "NCT0000000",
        "NCT123456789",
        "NCTID 00000009",
        "XNCT00000009",
        "a trial without a number",
    ],
)
def test_itself_and_what_is_no_id_is_no_link(text: str) -> None:
    assert mentioned(text) == []
    assert named(trial(identificationModule={"secondaryIdInfos": [{"id": text}, {"type": "OTHER"}]})) == []
    assert named(trial(identificationModule={"orgStudyIdInfo": {"id": text}})) == []
    assert named(trial(statusModule={"expandedAccessInfo": {"nctId": text}})) == []


def test_a_trial_that_lists_itself_as_an_alias_links_nowhere() -> None:
    assert named(trial(identificationModule={"nctIdAliases": ["NCT00000001"]})) == []


def test_a_target_and_kind_stand_once_with_the_first_evidence() -> None:
    found = named(
        trial(
            identificationModule={"officialTitle": "Extension of NCT00000009"},
            descriptionModule={"briefSummary": "Again NCT00000009.", "detailedDescription": "And nct00000009."},
        )
    )
    assert found == [Link("NCT00000009", "mention", "official title: Extension of NCT00000009")]


def test_what_is_stated_beats_what_is_mentioned() -> None:
    found = named(
        trial(
            identificationModule={"secondaryIdInfos": [{"id": "NCT00000009"}]},
            descriptionModule={"briefSummary": "An extension of NCT00000009 and NCT00000008."},
        )
    )
    assert found == [
        Link("NCT00000009", "secondary_id", "secondary id NCT00000009"),
        Link("NCT00000008", "mention", "brief summary: An extension of NCT00000009 and NCT00000008."),
    ]


def test_a_trial_may_be_stated_in_two_ways() -> None:
    found = named(
        trial(
            identificationModule={"nctIdAliases": ["NCT00000009"], "secondaryIdInfos": [{"id": "NCT00000009"}]},
            statusModule={"expandedAccessInfo": {"nctId": "NCT00000009"}},
        )
    )
    assert [link.kind for link in found] == ["expanded_access", "secondary_id", "alias"]


def test_links_come_best_first_then_by_id() -> None:
    found = named(
        trial(
            identificationModule={
                "nctIdAliases": ["NCT00000003", "NCT00000002"],
                "secondaryIdInfos": [{"id": "NCT00000005"}, {"id": "NCT00000004"}],
            },
            statusModule={"expandedAccessInfo": {"nctId": "NCT00000008"}},
            descriptionModule={"briefSummary": "NCT00000007 and NCT00000006"},
        )
    )
    assert [(link.kind, link.target[-1]) for link in found] == [
        ("expanded_access", "8"),
        ("secondary_id", "4"),
        ("secondary_id", "5"),
        ("mention", "6"),
        ("mention", "7"),
        ("alias", "2"),
        ("alias", "3"),
    ]


def test_the_kinds_are_those_of_the_command_line() -> None:
    documented = "seed page neighbour mention secondary_id shared_id shared_pmid alias expanded_access"
    assert sorted(KINDS) == sorted(documented.split())
    assert RANK["seed"] == 0
    # What a record names comes before what merely resembles.
    assert RANK["neighbour"] == max(RANK.values())


# -- what two records may have in common -------------------------------------------------------------------------------


def keys(**identification: object) -> set[tuple[str, str]]:
    found = shared_keys(trial(identificationModule=identification))
    return {(key.kind, key.value) for key in found}


def test_a_key_has_the_same_hash_in_every_process() -> None:
    # `printf 'shared_pmid\n7' | b2sum -l 64`, its bytes from the last to the first
    assert SharedKey("shared_pmid", "7").hashed == 0x035648094DBC70FC
    assert SharedKey("shared_id", "ABC-123456").hashed == 0x9C9D67CF9416D94D - 2**64
    assert SharedKey("shared_id", "\ud800").hashed != SharedKey("shared_pmid", "\ud800").hashed  # half a pair


def test_ids_and_papers_are_shared_keys() -> None:
    record = trial(
        identificationModule={
            "orgStudyIdInfo": {"id": " u01ar045444 "},
            "secondaryIdInfos": [{"id": "2016-001234-12"}, {"id": "U01AR045444"}, {"id": "2004/123"}],
        },
        referencesModule={"references": [{"pmid": "123"}, {"pmid": "123", "type": "RESULT"}, {"citation": "book"}]},
    )
    assert shared_keys(record) == {
        SharedKey("shared_id", "U01AR045444"),
        SharedKey("shared_id", "2016-001234-12"),
        SharedKey("shared_id", "2004/123"),
        SharedKey("shared_pmid", "123"),
    }


def test_the_evidence_of_a_shared_key_says_what_both_carry() -> None:
    assert SharedKey("shared_pmid", "123").evidence == "both carry PMID 123"
    assert SharedKey("shared_id", "U01AR045444").evidence == "both carry id U01AR045444"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "     ",
        "2016",
        "P01",
        "12345",  # five digits are shared by chance
        "NCT00000009",  # a link of its own
        " nct00000009 ",
        "UNKNOWN",  # no digit
        "not applicable",
    ],
)
def test_what_is_shared_by_chance_is_no_key(text: str) -> None:
    assert keys(orgStudyIdInfo={"id": text}, secondaryIdInfos=[{"id": text}, {"type": "OTHER"}]) == set()


def stem(org_id: str | None, sponsor: str | None = "Acme") -> set[str]:
    """Keys of a study id that are more than the id itself."""
    record = trial(
        identificationModule={"orgStudyIdInfo": {"id": org_id}},
        sponsorCollaboratorsModule={"leadSponsor": {"name": sponsor}},
    )
    return {key.value for key in shared_keys(record)} - {(org_id or "").strip().upper()}


@pytest.mark.parametrize(
    ("org_id", "value"),
    [
        ("SNDX-5613-0705", "SNDX-5613… of Acme"),
        ("sndx-5613-0706", "SNDX-5613… of Acme"),
        ("2016/1234_B", "2016/1234… of Acme"),
        ("AB1234 02", "AB1234… of Acme"),
        ("CA209.067", None),  # five characters before the last part
        ("CA2090.67", "CA2090… of Acme"),
        ("ABCDEF-1", None),  # no digit before the last part
        ("AB1234", None),
        ("AB1234-56789", None),  # five characters are a number of their own
        ("AB1234-", None),
        (None, None),
    ],
)
def test_a_study_id_without_its_last_part_is_a_stem(org_id: str | None, value: str | None) -> None:
    assert stem(org_id) == (set() if value is None else {value})


def test_a_stem_is_shared_within_a_sponsor_only() -> None:
    assert stem("AB1234-01") == stem("AB1234-02")
    assert stem("AB1234-01", "Acme") & stem("AB1234-02", "Other") == set()
    assert stem("AB1234-01", None) == set()
