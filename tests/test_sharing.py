from collections.abc import Iterator
from typing import Any

import pytest

from crawler.links import SharedKey
from crawler.record import RawRecord
from crawler.sharing import MOST_CARRIERS, Carrier, Kinship, ReadCarriers, Shared, Sharing, kinship
from tests.records import raw

CLOSE, LOOSE = Kinship.CLOSE, Kinship.LOOSE
ACME, OTHER = "Acme", "Other"


def record(number: int, *ids: str, org: str | None = None, sponsor: str | None = None, **papers: str) -> RawRecord:
    """A record with secondary ids, an organization's id, a sponsor, and papers (`p1="RESULT"` is PMID 1)."""
    modules: dict[str, Any] = {
        "identificationModule": {"secondaryIdInfos": [{"id": text} for text in ids], "orgStudyIdInfo": {"id": org}},
        "referencesModule": {"references": [{"pmid": name[1:], "type": kind} for name, kind in papers.items()]},
    }
    if sponsor is not None:
        modules["sponsorCollaboratorsModule"] = {"leadSponsor": {"name": sponsor}}
    return raw(f"NCT{number:08d}", **modules)


@pytest.mark.parametrize(
    ("value", "sponsors", "near"),
    [
        ("2016-001234-12", (ACME, OTHER), CLOSE),
        ("U01AR042540", (ACME, OTHER), CLOSE),
        ("CT-101-002", (ACME, OTHER), CLOSE),  # NCT03694327 and NCT05440721
        ("98-012", (ACME, OTHER), None),  # two centers count so
        ("98-012", (ACME, ACME), CLOSE),
        ("98-012", (ACME, None), CLOSE),
        ("2020-001", (ACME, OTHER), None),
        ("NEURO-COVID-19", (ACME, OTHER), None),
        ("U10CA031946", (ACME, ACME), None),
        ("5P30CA016672", (ACME, ACME), None),
        ("NCRR-M01RR00042… of Acme", (ACME, ACME), None),
        ("P60 AR36308 NIAMS… of Acme", (ACME, ACME), None),
        ("U01 AR42540 NIAMS… of Acme", (ACME, ACME), CLOSE),
        ("GS-US-540… of Acme", (ACME, ACME), CLOSE),
        ("20-0006 ACTT… of Acme", (ACME, ACME), CLOSE),
        ("APHP200375… of Acme", (ACME, ACME), CLOSE),
        ("RECHMPL20… of Acme", (ACME, ACME), None),
        ("CHUBX 2020… of Acme", (ACME, ACME), None),
    ],
)
def test_an_id_of_a_study_makes_a_family_and_a_groups_does_not(
    value: str, sponsors: tuple[str | None, str | None], near: Kinship | None
) -> None:
    one, two = (Carrier(f"NCT0000000{number}", sponsor, background=False) for number, sponsor in enumerate(sponsors, 1))
    key = SharedKey("shared_id", value)
    assert kinship(key, one, two, 2) is near
    assert kinship(key, one, two, MOST_CARRIERS) is near
    assert kinship(key, one, two, MOST_CARRIERS + 1) is None


@pytest.mark.parametrize(
    ("backgrounds", "sponsors", "carriers", "near"),
    [
        ((False, False), (ACME, ACME), 2, CLOSE),
        ((False, False), (ACME, None), 5, CLOSE),
        ((False, False), (ACME, OTHER), 5, LOOSE),
        ((False, True), (ACME, ACME), 5, LOOSE),
        ((True, True), (ACME, ACME), 5, LOOSE),
        ((True, True), (ACME, OTHER), 2, LOOSE),
        ((True, True), (ACME, OTHER), 3, None),
        ((False, True), (ACME, OTHER), 3, None),
        ((False, False), (ACME, ACME), MOST_CARRIERS + 1, None),
    ],
)
def test_a_paper_of_their_results_is_nearer_than_what_they_build_on(
    backgrounds: tuple[bool, bool], sponsors: tuple[str | None, str | None], carriers: int, near: Kinship | None
) -> None:
    one, two = (Carrier("", sponsor, background) for sponsor, background in zip(sponsors, backgrounds, strict=True))
    assert kinship(SharedKey("shared_pmid", "123"), one, two, carriers) is near


def test_who_shares_what() -> None:
    carriers = ReadCarriers(
        [
            record(1, "2016-001234-12", org="ACME-123-1", sponsor=ACME, p7="RESULT", p8="BACKGROUND"),
            record(2, "2016-001234-12", org="ACME-123-2", sponsor=ACME, p7="DERIVED"),
            record(3, p8="BACKGROUND", p9="RESULT"),
            record(4),
        ]
    )
    sharing = Sharing(carriers)
    assert sharing.kin("NCT00000001") == [
        Shared("NCT00000002", SharedKey("shared_id", "2016-001234-12"), CLOSE, 0),
        Shared("NCT00000002", SharedKey("shared_id", "ACME-123… of Acme"), CLOSE, 0),
        Shared("NCT00000002", SharedKey("shared_pmid", "7"), CLOSE, 0),
        Shared("NCT00000003", SharedKey("shared_pmid", "8"), LOOSE, 2),
    ]
    assert [shared.other for shared in sharing.kin("NCT00000003")] == ["NCT00000001"]
    assert sharing.kin("NCT00000004") == sharing.kin("NCT99999999") == []


@pytest.mark.parametrize(
    ("one", "two", "evidence"),
    [
        ("RESULT", "RESULT", "both carry PMID 7"),
        ("RESULT", "BACKGROUND", "both carry PMID 7, as background to one"),
        ("BACKGROUND", "BACKGROUND", "both carry PMID 7, as background"),
    ],
)
def test_the_evidence_says_how_a_paper_is_cited(one: str, two: str, evidence: str) -> None:
    (shared,) = Sharing(ReadCarriers([record(1, p7=one), record(2, p7=two)])).kin("NCT00000001")
    assert shared.evidence == evidence


def test_what_many_carry_is_told_and_not_followed() -> None:
    sharing = Sharing(ReadCarriers(record(number, "ABC-123456") for number in range(1, 11)))
    assert sharing.kin("NCT00000001") == []
    assert sharing.unfollowed("NCT00000001") == [(SharedKey("shared_id", "ABC-123456"), 10)]


def test_each_record_read_is_told() -> None:
    told: list[int] = []

    def records() -> Iterator[RawRecord]:
        yield record(1)
        yield record(2)

    ReadCarriers(records(), told.append)
    assert told == [1, 1]
