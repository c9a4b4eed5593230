from collections.abc import Iterator

import pytest

from crawler.client import Client
from crawler.errors import BodyTooLarge, RegistryFailed, RequestRejected
from crawler.record import RawRecord
from crawler.registry import IDS_A_CALL, LARGEST_PAGE, Page, Registry
from tests import faults
from tests.conftest import SAMPLE
from tests.faults import Fault
from tests.serving import Served, sample_bodies

pytest_plugins = ("tests.serving",)

LIMIT = 400_000  # bytes; the whole sample is 213 thousand
LUPUS = ["NCT00000417", "NCT00000419", "NCT00000420", "NCT00005778", "NCT00006133", "NCT05843643"]
TOO_LARGE = faults.oversized(LIMIT + 1)


@pytest.fixture
def asked(registry: Served) -> Iterator[Registry]:
    with Client(registry.base, pace_seconds=0, body_limit_bytes=LIMIT) as client:
        yield Registry(client)


def ids(records: list[RawRecord]) -> list[str]:
    return sorted(raw.nct_id for raw in records)


def page_sizes(registry: Served) -> list[int]:
    return [int(call.query["pageSize"]) for call in registry.script.calls]


def test_the_bounds_are_the_registrys_own() -> None:
    assert (IDS_A_CALL, LARGEST_PAGE) == (200, 1000)


def test_version_tells_how_new_the_data_is(registry: Served, asked: Registry) -> None:
    registry.script.once(
        faults.every, faults.answer(200, b'{"apiVersion":"2.0.5","dataTimestamp":"2026-08-19T09:00:06"}')
    )
    version = asked.version()
    assert (version.api_version, version.data_timestamp) == ("2.0.5", "2026-08-19T09:00:06")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"dataTimestamp":7}', b'{"dataTimestamp":null}'])
def test_a_version_without_a_timestamp_is_a_broken_body(registry: Served, asked: Registry, body: bytes) -> None:
    registry.script.once(faults.every, faults.answer(200, body))
    assert asked.version().api_version == "2.0.5"
    assert asked.calls == 2


# -- one study -------------------------------------------------------------------------------------------------------


def test_a_study_is_the_registrys_bytes(asked: Registry) -> None:
    record = asked.study("NCT05300932")
    assert record is not None
    assert record.body == sample_bodies(SAMPLE)["NCT05300932"]


def test_an_alias_is_followed_to_the_study_under_its_own_id(registry: Served, asked: Registry) -> None:
    record = asked.study("NCT00182910")
    assert record is not None
    assert record.nct_id == "NCT00000620"
    assert registry.script.urls == ["/api/v2/studies/NCT00182910", "/api/v2/studies/NCT00000620"]


def test_a_study_that_is_not_there_is_none(asked: Registry) -> None:
    assert asked.study("NCT99999999") is None
    assert asked.calls == 1


def test_a_study_asked_for_wrongly_is_rejected(asked: Registry) -> None:
    with pytest.raises(RequestRejected, match="400"):
        asked.study("NCT00000000")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"NCT05300932"', b"{"])
def test_a_study_that_is_no_object_is_a_broken_body(registry: Served, asked: Registry, body: bytes) -> None:
    registry.script.once(faults.every, faults.answer(200, body))
    record = asked.study("NCT05300932")
    assert record is not None
    assert record.nct_id == "NCT05300932"


# -- studies by ids --------------------------------------------------------------------------------------------------


def test_studies_come_in_one_call_as_the_registrys_bytes(registry: Served, asked: Registry) -> None:
    records = asked.studies(LUPUS)
    held = sample_bodies(SAMPLE)
    assert {raw.nct_id: raw.body for raw in records} == {nct_id: held[nct_id] for nct_id in LUPUS}
    (call,) = registry.script.calls
    assert call.query == {"filter.ids": ",".join(LUPUS), "pageSize": "6"}


def test_an_alias_comes_under_its_own_id_and_the_unknown_is_left_out(asked: Registry) -> None:
    assert ids(asked.studies(["NCT00182910", "NCT05300932", "NCT99999999"])) == ["NCT00000620", "NCT05300932"]
    assert asked.calls == 1


def test_a_malformed_id_is_found_by_halving(registry: Served, asked: Registry) -> None:
    assert ids(asked.studies([*LUPUS, "NCT00000000", "NCT05300932"])) == sorted([*LUPUS, "NCT05300932"])
    assert [len(call.ids) for call in registry.script.calls] == [8, 4, 4, 2, 2, 1, 1]


def test_an_unknown_id_may_reject_the_batch_too(registry: Served, asked: Registry) -> None:
    faults.reject_unknown(registry.script, sample_bodies(SAMPLE))
    wanted = ["NCT99999999", *LUPUS[:3], "NCT99999998"]
    assert ids(asked.studies(wanted)) == LUPUS[:3]
    assert [len(call.ids) for call in registry.script.calls] == [5, 2, 1, 1, 3, 1, 2, 1, 1]


def test_nothing_but_bad_ids_is_nothing(asked: Registry) -> None:
    assert asked.studies(["NCT00000000", "nonsense", "NCT1234567890"]) == []
    assert asked.calls == 5


def test_a_batch_too_large_is_halved(registry: Served, asked: Registry) -> None:
    registry.script.always(lambda call: len(call.ids) > 2, TOO_LARGE)
    assert ids(asked.studies(LUPUS)) == LUPUS
    assert [len(call.ids) for call in registry.script.calls] == [6, 3, 1, 2, 3, 1, 2]


def test_a_study_too_large_by_itself_is_left_out(registry: Served, asked: Registry) -> None:
    registry.script.always(faults.naming(LUPUS[2]), TOO_LARGE)
    assert ids(asked.studies(LUPUS)) == [*LUPUS[:2], *LUPUS[3:]]


@pytest.mark.parametrize(("status", "calls"), [(404, 1), (414, 1), (500, 3)])
def test_other_refusals_of_a_batch_are_no_matter_of_its_ids(
    registry: Served, asked: Registry, status: int, calls: int
) -> None:
    registry.script.always(faults.any_ids, faults.answer(status))
    with pytest.raises((RequestRejected, RegistryFailed), match=str(status)):
        asked.studies(LUPUS)
    assert asked.calls == calls


# -- pages -----------------------------------------------------------------------------------------------------------


def walk(asked: Registry, query: dict[str, str], size: int) -> list[Page]:
    pages = [asked.page(query, None, size)]
    while pages[-1].token is not None:
        pages.append(asked.page(query, pages[-1].token, size))
    return pages


def test_pages_follow_their_tokens_to_an_empty_last_one(registry: Served, asked: Registry) -> None:
    pages = walk(asked, {"query.cond": "lupus"}, 3)
    assert [len(page.records) for page in pages] == [3, 3, 0]
    assert ids([raw for page in pages for raw in page.records]) == LUPUS
    assert {call.query["query.cond"] for call in registry.script.calls} == {"lupus"}
    assert page_sizes(registry) == [3, 3, 3]


def test_a_short_page_without_a_token_is_the_last(asked: Registry) -> None:
    (page,) = walk(asked, {"query.cond": "lupus"}, 10)
    assert len(page.records) == 6
    held = sample_bodies(SAMPLE)
    assert all(raw.body == held[raw.nct_id] for raw in page.records)


def test_a_page_too_large_is_asked_again_with_half_the_size_down_to_one(registry: Served, asked: Registry) -> None:
    registry.script.always(faults.page_over(1), TOO_LARGE)
    page = asked.page({"query.cond": "lupus"}, None, 100)
    assert page_sizes(registry) == [100, 50, 25, 12, 6, 3, 1]
    assert len(page.records) == 1
    assert page.token is not None


def test_a_single_study_too_large_for_a_page_is_an_error(registry: Served, asked: Registry) -> None:
    registry.script.always(faults.every, TOO_LARGE)
    with pytest.raises(BodyTooLarge):
        asked.page({"query.cond": "lupus"}, None, 4)
    assert page_sizes(registry) == [4, 2, 1]


def test_halved_pages_still_walk_all(registry: Served, asked: Registry) -> None:
    registry.script.always(faults.page_over(2), TOO_LARGE)
    pages = walk(asked, {"query.cond": "lupus"}, 4)
    assert [len(page.records) for page in pages] == [2, 2, 2, 0]
    assert ids([raw for page in pages for raw in page.records]) == LUPUS
    assert page_sizes(registry) == [4, 2] * 4
    tokens: list[str | None] = [call.query.get("pageToken") for call in registry.script.calls]
    assert tokens[::2] == tokens[1::2] == [None, *(page.token for page in pages[:-1])]


def test_a_large_page_is_taken_in_one_call(registry: Served, asked: Registry) -> None:
    page = asked.page({"query.term": "AREA[StudyType]INTERVENTIONAL"}, None, LARGEST_PAGE)
    assert page.token is None
    assert len(page.records) == 42  # the sample's 51 but 8 observational ones and an expanded access
    assert page_sizes(registry) == [1000]


@pytest.mark.parametrize("fault", [faults.dead_token(), faults.answer(404)])
def test_a_token_that_died_is_the_callers_to_know(registry: Served, asked: Registry, fault: Fault) -> None:
    registry.script.always(faults.later_page, fault)
    page = asked.page({"query.cond": "lupus"}, None, 3)
    with pytest.raises(RequestRejected):
        asked.page({"query.cond": "lupus"}, page.token, 3)
    assert asked.calls == 2


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"studies":{}}', b'{"studies":null}', b'{"studies":[{]}'])
def test_a_page_of_another_shape_is_a_broken_body(registry: Served, asked: Registry, body: bytes) -> None:
    registry.script.once(faults.every, faults.answer(200, body))
    assert len(asked.page({"query.cond": "lupus"}, None, 10).records) == 6
    assert asked.calls == 2
