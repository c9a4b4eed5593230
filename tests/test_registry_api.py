"""The mirror over real HTTP; totals are counted by hand in the sample's records."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from crawler.config import Cache
from crawler.store import Store
from tests.conftest import SAMPLE
from tests.records import raw, study
from tests.serving import fill, sample_bodies, served

pytest_plugins = ("tests.serving",)

LUPUS = ["NCT00000417", "NCT00000419", "NCT00000420", "NCT00005778", "NCT00006133", "NCT05843643"]
# "systemic" is looked for by its stem: NCT06583395 has a sclerosis and "Nervous System Diseases".
SCLEROSIS = [
    *("NCT00004786", "NCT00007267", "NCT00463125", "NCT00501995", "NCT00853788", "NCT02339441", "NCT03274076"),
    *("NCT04335279", "NCT04440592", "NCT05300932", "NCT06583395", "NCT06936215"),
]


class PageOfStudies(msgspec.Struct, rename="camel"):
    """An answer of `/studies` with its studies' bytes as they came."""

    studies: list[msgspec.Raw]
    next_page_token: str | None = None
    total_count: int | None = None

    @property
    def bodies(self) -> list[bytes]:
        return [bytes(body) for body in self.studies]

    @property
    def ids(self) -> list[str]:
        return [json.loads(body)["protocolSection"]["identificationModule"]["nctId"] for body in self.bodies]


def page(client: httpx.Client, **parameters: str) -> PageOfStudies:
    """Ask for a page; `_` in a name stands for a dot."""
    named = {name.replace("_", "."): text for name, text in parameters.items()}
    answer = client.get("/studies", params=named)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.content, type=PageOfStudies)


def walk(client: httpx.Client, **parameters: str) -> list[PageOfStudies]:
    pages = [page(client, **parameters)]
    while (token := pages[-1].next_page_token) is not None:
        pages.append(page(client, **parameters, pageToken=token))
    return pages


def refusal(client: httpx.Client, path: str = "/studies", **parameters: str) -> tuple[int, str]:
    answer = client.get(path, params={name.replace("_", "."): text for name, text in parameters.items()})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.status_code, answer.text


# -- version ---------------------------------------------------------------------------------------------------------


def test_version_tells_the_datas_timestamp(cache: Cache) -> None:
    fill(cache, [study()], "2026-08-19T09:00:06")
    with served(cache) as registry:
        told = httpx.get(f"{registry.base}/version")
    assert told.json() == {"apiVersion": "2.0.5", "dataTimestamp": "2026-08-19T09:00:06"}
    assert told.headers["x-served-by"].endswith("(a mirror, not the registry)")


def test_data_from_files_is_as_old_as_its_index(client: httpx.Client) -> None:
    stamp = client.get("/version").json()["dataTimestamp"]
    assert len(stamp) == len("2026-08-19T09:00:06")
    assert not stamp.endswith("Z")


# -- one study -------------------------------------------------------------------------------------------------------


def test_every_study_leaves_byte_for_byte(client: httpx.Client) -> None:
    held = sample_bodies(SAMPLE)
    assert len(held) == 51
    for nct_id, body in held.items():
        answer = client.get(f"/studies/{nct_id}")
        assert (answer.status_code, answer.content) == (200, body)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("written", ["nct05300932", "NcT05300932", "NCT5300932", "NCT0005300932"])
def test_an_id_may_be_written_in_other_ways(client: httpx.Client, written: str) -> None:
    assert client.get(f"/studies/{written}").content == sample_bodies(SAMPLE)["NCT05300932"]


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("NCT00182910", "/api/v2/studies/NCT00000620"),
        ("nct00182910", "/api/v2/studies/NCT00000620"),
        ("NCT182910", "/api/v2/studies/NCT00000620"),
        ("NCT00019045?fields=NCTId&x=NCT00019045", "/api/v2/studies/NCT00001426?fields=NCTId&x=NCT00019045"),
    ],
)
def test_an_alias_leads_to_its_study(client: httpx.Client, asked: str, location: str) -> None:
    answer = client.get(f"/studies/{asked}")
    assert answer.status_code == 301
    assert httpx.URL(answer.headers["location"]).raw_path.decode() == location


def test_an_id_that_is_not_here_is_told_in_plain_text(client: httpx.Client) -> None:
    assert refusal(client, "/studies/NCT99999999") == (404, "NCT number NCT99999999 not found")


@pytest.mark.parametrize("asked", ["NCT00000000", "NCT", "NCT123456789", "05300932", "metadata", "NCT05300932x"])
def test_what_is_no_id_is_refused_in_plain_text(client: httpx.Client, asked: str) -> None:
    assert refusal(client, f"/studies/{asked}") == (400, f"NCT number {asked} is incorrect")


def test_parts_of_a_study(client: httpx.Client) -> None:
    answer = client.get("/studies/NCT05300932", params={"fields": "NCTId|EnrollmentCount,Phase"})
    assert answer.json() == {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT05300932"},
            "designModule": {"phases": ["PHASE4"], "enrollmentInfo": {"count": 60}},
        }
    }
    assert refusal(client, "/studies/NCT05300932", fields="NCTId,Foo")[0] == 500


# -- etag ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["{}", '"x", {}', "W/{}", "{}, W/{}"])
def test_what_was_seen_is_not_sent_again(client: httpx.Client, sent: str) -> None:
    first = client.get("/studies/NCT05300932")
    etag = first.headers["etag"]
    again = client.get("/studies/NCT05300932", headers={"If-None-Match": sent.replace("{}", etag)})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("sent", ['"x"', "", "nonsense"])
def test_another_etag_brings_the_study(client: httpx.Client, sent: str) -> None:
    answer = client.get("/studies/NCT05300932", headers={"If-None-Match": sent})
    assert (answer.status_code, answer.content) == (200, sample_bodies(SAMPLE)["NCT05300932"])


def test_an_etag_is_one_records(client: httpx.Client) -> None:
    etags = {client.get(f"/studies/{nct_id}").headers["etag"] for nct_id in LUPUS}
    assert len(etags) == len(LUPUS)


def test_an_etag_changes_with_its_record(cache: Cache) -> None:
    fill(cache, [study("NCT00000001"), study("NCT00000002")], "2026-01-01T00:00:00")
    with served(cache) as registry, httpx.Client(base_url=registry.base) as client:
        before = {n: client.get(f"/studies/NCT0000000{n}").headers["etag"] for n in (1, 2)}
        fill(cache, [study("NCT00000001", identificationModule={"acronym": "NEW"})], "2026-01-02T00:00:00")
        after = {n: client.get(f"/studies/NCT0000000{n}").headers["etag"] for n in (1, 2)}
    assert before[1] != after[1]
    assert before[2] == after[2]


# -- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 17, 50, 51, 52, 1000])
def test_pages_walk_all_studies_byte_for_byte_and_each_once(client: httpx.Client, size: int) -> None:
    pages = walk(client, pageSize=str(size))
    held = sample_bodies(SAMPLE)
    ids = [nct_id for one in pages for nct_id in one.ids]
    assert sorted(ids) == sorted(held)
    assert [body for one in pages for body in one.bodies] == [held[nct_id] for nct_id in ids]
    full, rest = divmod(51, size)
    assert [len(one.studies) for one in pages] == [size] * full + [rest]


def test_a_full_last_page_is_followed_by_an_empty_one(client: httpx.Client) -> None:
    last, empty = walk(client, query_cond="lupus", pageSize="6")
    assert sorted(last.ids) == LUPUS
    assert (empty.studies, empty.next_page_token) == ([], None)


@pytest.mark.parametrize(("size", "count"), [("", 10), ("0", 10), ("00", 10), ("3", 3), ("1000", 51), ("1001", 51)])
def test_a_page_has_ten_studies_unless_another_size_is_asked_for(client: httpx.Client, size: str, count: int) -> None:
    assert len(page(client, pageSize=size).studies) == count


def test_a_page_has_a_thousand_studies_at_most(cache: Cache) -> None:
    fill(cache, [study(f"NCT{number:08d}") for number in range(1, 1002)], "2026-01-01T00:00:00")
    with served(cache) as registry, httpx.Client(base_url=registry.base) as client:
        pages = walk(client, pageSize="5000", fields="NCTId")
    assert [len(one.studies) for one in pages] == [1000, 1]


@pytest.mark.parametrize("size", ["-1", "ten", "1.5", "1e3", "²", "+5", " 5", "9" * 5000])
def test_a_page_size_that_is_none_is_refused(client: httpx.Client, size: str) -> None:
    assert refusal(client, pageSize=size) == (400, f"`pageSize` has an incorrect value: {size}")


@pytest.mark.parametrize(("asked", "told"), [("true", 6), ("True", 6), ("false", None), ("", None), ("1", None)])
def test_the_total_is_told_on_the_first_page_where_it_is_asked_for(
    client: httpx.Client, asked: str, told: int | None
) -> None:
    pages = walk(client, query_cond="lupus", pageSize="3", countTotal=asked)
    assert [one.total_count for one in pages] == [told, None, None]
    assert page(client, query_cond="lupus").total_count is None


# -- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"query_cond": "sclerosis"},
        {"query_term": "lupus"},
        {"fields": "NCTId"},
        {"sort": "StartDate"},
        {"filter_overallStatus": "COMPLETED"},
        {"format": "json"},
    ],
)
def test_a_token_belongs_to_its_parameters(client: httpx.Client, other: dict[str, str]) -> None:
    token = page(client, query_cond="lupus", pageSize="3").next_page_token or ""
    status, text = refusal(client, **{"query_cond": "lupus", "pageSize": "3", "pageToken": token, **other})
    assert (status, text) == (400, "`pageToken` belongs to other parameters")


def test_size_and_total_may_change_between_pages(client: httpx.Client) -> None:
    first = page(client, query_cond="lupus", pageSize="2", countTotal="true")
    rest = page(client, query_cond="lupus", pageSize="100", pageToken=first.next_page_token or "")
    assert sorted(first.ids + rest.ids) == LUPUS


@pytest.mark.parametrize(
    "token", ["", "x", "é", "NF0g5JGBlPMuwQY1", base64.urlsafe_b64encode(b'["a"]').decode(), "=" * 10, "%%%"]
)
def test_a_token_of_somebody_elses_is_refused(client: httpx.Client, token: str) -> None:
    assert refusal(client, pageToken=token) == (400, "`pageToken` is not one of this registry's")


def test_a_token_dies_with_the_data(cache: Cache) -> None:
    records: list[dict[str, Any]] = [study(f"NCT0000000{number}") for number in range(1, 6)]
    fill(cache, records, "2026-01-01T09:00:00")
    with served(cache) as registry, httpx.Client(base_url=registry.base) as client:
        token = page(client, pageSize="2").next_page_token or ""
        assert page(client, pageSize="2", pageToken=token).ids == ["NCT00000003", "NCT00000004"]
        fill(cache, [study("NCT00000006")], "2026-01-02T09:00:00")
        assert client.get("/version").json()["dataTimestamp"] == "2026-01-02T09:00:00"
        assert refusal(client, pageSize="2", pageToken=token) == (
            400,
            "`pageToken` belongs to data that was replaced since",
        )
        assert [nct_id for one in walk(client, pageSize="2") for nct_id in one.ids] == [
            f"NCT0000000{number}" for number in range(1, 7)
        ]


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["filter.phase", "foo", "pagesize", "PageSize", "query", "query.condition", "filter.id"]
)
def test_a_parameter_that_it_does_not_know_is_refused_in_the_registrys_words(client: httpx.Client, name: str) -> None:
    assert refusal(client, **{name: "x"}) == (400, f"`{name}` is unknown parameter")


@pytest.mark.parametrize(
    "name", ["query.patient", "filter.geo", "filter.synonyms", "aggFilters", "postFilter.overallStatus"]
)
def test_a_parameter_of_the_registrys_that_it_does_not_answer_is_not_left_out(client: httpx.Client, name: str) -> None:
    status, text = refusal(client, **{name: "x"})
    assert status == 400
    assert name in text


@pytest.mark.parametrize("wanted", [{"format": "csv"}, {"markupFormat": "legacy"}])
def test_formats_that_it_does_not_write_are_refused(client: httpx.Client, wanted: dict[str, str]) -> None:
    assert refusal(client, **wanted)[0] == 400
    assert page(client, format="json", markupFormat="markdown", query_cond="lupus").studies


@pytest.mark.parametrize("name", ["query.cond", "query.term", "query.id", "filter.advanced"])
@pytest.mark.parametrize(
    "text", ["(lupus", "lupus)", "a AND OR b", "AREA[Foo]x", "AREA[StartDate]RANGE[x,MAX]", '"a', ","]
)
def test_a_query_that_can_not_be_read_is_refused_with_its_place(client: httpx.Client, name: str, text: str) -> None:
    status, told = refusal(client, **{name: text})
    assert status == 400
    assert told.startswith(f"Error parsing query in {name}: ")


@pytest.mark.parametrize("names", ["Foo", "NCTId,Foo", "nct_id", "NCTId|Foo"])
def test_a_wrong_name_in_fields_is_a_server_error_as_the_registrys_is(client: httpx.Client, names: str) -> None:
    assert refusal(client, fields=names)[0] == 500


def test_parts_of_studies(client: httpx.Client) -> None:
    (body,) = page(client, query_id="NCT00000432", fields="NCTId,BriefTitle|SecondaryId").bodies
    assert body == (
        b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000432","secondaryIdInfos":[{"id":"P60AR036308"}],'
        b'"briefTitle":"Lyme Disease Prevention Program"}}}'
    )


def test_a_page_shows_the_records_that_were_matched_while_the_index_is_behind(tmp_path: Path) -> None:
    behind = Cache(tmp_path / "behind")
    titled = [study(f"NCT{number:08d}", identificationModule={"briefTitle": "red"}) for number in (1, 2)]
    fill(behind, titled, "2026-08-19T09:00:06")
    with Store.writing(behind) as store, store.transaction():
        store.keep(raw("NCT00000001", identificationModule={"briefTitle": "blue"}), None)
    with served(behind) as registry, httpx.Client(base_url=registry.base) as asked:
        page = asked.get("/studies", params={"query.term": "red", "fields": "BriefTitle", "countTotal": "true"}).json()
        alone = asked.get("/studies/NCT00000001", params={"fields": "BriefTitle"}).json()
    titles = [found["protocolSection"]["identificationModule"]["briefTitle"] for found in page["studies"]]
    assert (page["totalCount"], titles) == (2, ["red", "red"])
    assert alone["protocolSection"]["identificationModule"]["briefTitle"] == "blue"
