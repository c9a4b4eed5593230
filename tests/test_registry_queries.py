"""Which studies the mirror answers with, over real HTTP; every list is read from the sample's records by hand."""

import httpx
import pytest

from tests.test_registry_api import LUPUS, SCLEROSIS, page, refusal, walk

pytest_plugins = ("tests.serving",)

RECRUITING = ["NCT04353609", "NCT04416100", "NCT04469114", "NCT06936215"]
NOT_YET = ["NCT04320277", "NCT04440592", "NCT04510467", "NCT05521087", "NCT05745714", "NCT05843643"]


def found(client: httpx.Client, **parameters: str) -> list[str]:
    """Every study of a query, in order of NCT id; the total is checked on the way."""
    pages = walk(client, **parameters, pageSize="1000", countTotal="true")
    ids = [nct_id for one in pages for nct_id in one.ids]
    assert pages[0].total_count == len(ids)
    return sorted(ids)


# -- areas -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "text", "ids"),
    [
        ("query.cond", "Systemic Sclerosis", SCLEROSIS),
        ("query.cond", "lupus", LUPUS),
        ("query.cond", "LUPUS erythematosus", LUPUS),
        ("query.cond", "sclerosis NOT scleroderma", ["NCT05300932", "NCT06583395", "NCT06936215"]),
        ("query.cond", "cluster AND episodic", ["NCT02397473", "NCT02797951"]),
        ("query.cond", "lupus OR (cluster headache)", sorted([*LUPUS, "NCT02397473", "NCT02797951", "NCT06583395"])),
        ("query.cond", "norovirus", []),
        ("query.intr", "galcanezumab", ["NCT02397473", "NCT02797951"]),
        (
            "query.intr",
            "Baricitinib",
            ["NCT04320277", "NCT04401579", "NCT04421027", "NCT04640168", "NCT05300932", "NCT06936215"],
        ),
        ("query.titles", "lupus", [nct_id for nct_id in LUPUS if nct_id != "NCT00005778"]),
        ("query.titles", '"digital ulcers"', ["NCT00463125"]),
        ("query.titles", '"ulcers digital"', []),
        ("query.titles", "ACCORD", ["NCT00000620"]),
        ("query.outc", "rodnan skin", ["NCT00501995", "NCT02339441", "NCT03274076", "NCT04440592"]),
        ("query.spons", "lilly", ["NCT02397473", "NCT02797951", "NCT04421027", "NCT05300932"]),
        (
            "query.spons",
            "johns hopkins",
            ["NCT00005675", "NCT00007267", "NCT00498615", "NCT00501995", "NCT05300932"],
        ),
        ("query.lead", "Eli Lilly and Company", ["NCT02397473", "NCT02797951", "NCT04421027"]),
        ("query.locn", "wuhan", ["NCT05300932"]),
        ("query.locn", "lille france", ["NCT02797951", "NCT04353609", "NCT05521087"]),
        ("query.term", "galcanezumab", ["NCT02397473", "NCT02797951"]),
        ("query.id", "U01AR042540", ["NCT00000419", "NCT00000420"]),
        ("query.id", "109507 OR ACCORD", ["NCT00000620", "NCT00463437"]),
        ("query.id", "109507 ACCORD", ["NCT00000620", "NCT00463437"]),
    ],
)
def test_each_parameter_looks_in_its_area(client: httpx.Client, parameter: str, text: str, ids: list[str]) -> None:
    assert found(client, **{parameter: text}) == ids


def test_parameters_hold_together(client: httpx.Client) -> None:
    assert found(client, query_cond="systemic sclerosis", query_intr="baricitinib") == ["NCT05300932", "NCT06936215"]
    assert found(client, query_cond="systemic sclerosis", query_intr="galcanezumab") == []


def test_without_a_question_all_studies_answer(client: httpx.Client) -> None:
    assert len(found(client)) == 51
    assert len(found(client, query_cond=" ", query_term="")) == 51


# -- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("NCT05300932", ["NCT05300932"]),
        (" nct05300932 ", ["NCT05300932"]),
        ("NCT00000401 NCT00000417", ["NCT00000401", "NCT00000417"]),
        ("NCT00000401,NCT00000417, NCT99999999", ["NCT00000401", "NCT00000417"]),
        ("NCT00182910", ["NCT00000620"]),
        ("NCT99999999", []),
    ],
)
@pytest.mark.parametrize("parameter", ["query.id", "query.term", "query.cond"])
def test_a_query_of_ids_alone_ignores_filters(client: httpx.Client, parameter: str, text: str, ids: list[str]) -> None:
    assert found(client, **{parameter: text}) == ids
    filters = {"filter.overallStatus": "SUSPENDED", "filter.advanced": "AREA[Phase]PHASE4", "filter.ids": "NCT00000596"}
    assert found(client, **{parameter: text}, **filters) == ids


def test_a_query_of_more_than_ids_does_not(client: httpx.Client) -> None:
    both = "NCT05300932 OR lupus"
    assert found(client, query_term=both, filter_ids="NCT05300932,NCT00000417") == ["NCT00000417", "NCT05300932"]
    assert found(client, query_term=both, filter_overallStatus="SUSPENDED") == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("NCT05300932", ["NCT05300932"]),
        ("NCT00000401,NCT00000417", ["NCT00000401", "NCT00000417"]),
        ("NCT00000401|nct00000417, NCT00000401", ["NCT00000401", "NCT00000417"]),
        ("NCT00182910,NCT00019045", ["NCT00000620", "NCT00001426"]),
        ("NCT00182910,NCT00000620", ["NCT00000620"]),
        ("NCT99999999,NCT05300932", ["NCT05300932"]),
        ("NCT99999999", []),
    ],
)
def test_filter_ids_takes_aliases_and_leaves_out_the_unknown(client: httpx.Client, text: str, ids: list[str]) -> None:
    assert found(client, filter_ids=text) == ids


def test_filter_ids_holds_together_with_a_query_and_comes_ten_a_page(client: httpx.Client) -> None:
    assert found(client, filter_ids="NCT00182910,NCT00000417,NCT00000401", query_cond="lupus") == ["NCT00000417"]
    assert len(page(client, filter_ids=",".join([*LUPUS, *SCLEROSIS])).studies) == 10


@pytest.mark.parametrize("bad", ["NCT00000000", "NCT123456789", "foo", "NCT0530093x"])
def test_one_malformed_id_refuses_the_whole_batch(client: httpx.Client, bad: str) -> None:
    assert refusal(client, filter_ids=f"NCT05300932,{bad},NCT00000401") == (
        400,
        f"`filter.ids` has an incorrect format: {bad}",
    )


# -- filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("RECRUITING", RECRUITING),
        ("NOT_YET_RECRUITING,RECRUITING", sorted([*RECRUITING, *NOT_YET])),
        ("WITHDRAWN|TERMINATED", ["NCT00000419", "NCT04412252", "NCT05440721"]),
        ("SUSPENDED", []),
    ],
)
def test_filter_by_status(client: httpx.Client, text: str, ids: list[str]) -> None:
    assert found(client, filter_overallStatus=text) == ids


def test_filters_hold_together_with_a_query(client: httpx.Client) -> None:
    assert found(client, query_cond="systemic sclerosis", filter_overallStatus="RECRUITING") == ["NCT06936215"]
    late = "AREA[StartDate]RANGE[2020-09,MAX]"
    assert found(client, filter_overallStatus="RECRUITING", filter_advanced=late) == ["NCT04469114", "NCT06936215"]


def test_a_status_that_there_is_not_is_refused(client: httpx.Client) -> None:
    assert refusal(client, filter_overallStatus="RECRUITING,OPEN") == (
        400,
        "`filter.overallStatus` has an unknown value: OPEN",
    )


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("AREA[LastUpdatePostDate]RANGE[2024-01-01,MAX]", ["NCT05300932", "NCT06583395", "NCT06936215"]),
        ("AREA[LastUpdatePostDate]RANGE[MIN,2007-12-31]", ["NCT00004786", "NCT00006133", "NCT00463125"]),
        ("AREA[LastUpdatePostDate]RANGE[2020-04-22,2020-04-22]", ["NCT04320277", "NCT04353609"]),
        ("AREA[LastUpdatePostDate]RANGE[2020-04-23,2020-05-07]", []),
        ("AREA[LastUpdatePostDate]RANGE[2020-04-23,2020-05-08]", ["NCT03274076"]),
        ("AREA[LastUpdatePostDate]MISSING", ["NCT00501995"]),
        ("AREA[StartDate]RANGE[MIN,1990]", ["NCT00000596"]),
        ("AREA[StartDate]RANGE[1999-07-01,1999-07-01]", ["NCT00000401"]),
        ("AREA[StartDate]RANGE[1999-07-02,1999-07-31]", []),
        ("AREA[StartDate]MISSING", ["NCT04323761"]),
        ("AREA[CompletionDate]RANGE[2027,MAX]", ["NCT05745714", "NCT05843643"]),
        ("AREA[EnrollmentCount]RANGE[10000,MAX]", ["NCT00000432", "NCT00000620", "NCT04353609"]),
        ("AREA[EnrollmentCount]RANGE[MIN,0]", ["NCT04412252", "NCT05440721"]),
        ("AREA[Phase]PHASE4", ["NCT05300932"]),
        ("AREA[OverallStatus]RECRUITING", RECRUITING),
        ("AREA[Phase]PHASE4 OR AREA[OverallStatus]WITHDRAWN", ["NCT04412252", "NCT05300932", "NCT05440721"]),
        ("AREA[Condition]scleroderma AND NOT AREA[StudyType]INTERVENTIONAL", []),
        ("", None),
    ],
)
def test_filter_advanced_takes_ranges_and_values(client: httpx.Client, text: str, ids: list[str] | None) -> None:
    assert found(client, filter_advanced=text) == (found(client) if ids is None else ids)


@pytest.mark.parametrize(
    "text",
    [
        "AREA[LastUpdatePostDate]RANGE[2024-13-01,MAX]",
        "AREA[LastUpdatePostDate]RANGE[2024,2023]",
        "AREA[LastUpdatePostDate]RANGE[2024]",
        "AREA[EnrollmentCount]RANGE[few,MAX]",
        "AREA[BriefTitle]RANGE[a,b]",
        "AREA[OverallStatus]OPEN",
    ],
)
def test_a_range_or_value_that_is_none_is_refused(client: httpx.Client, text: str) -> None:
    status, told = refusal(client, filter_advanced=text)
    assert status == 400
    assert told.startswith("Error parsing query in filter.advanced: ")


# -- order -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("LastUpdatePostDate", ["NCT05300932", "NCT06936215", "NCT06583395"], ["NCT00501995"]),
        ("LastUpdatePostDate:desc", ["NCT05300932", "NCT06936215", "NCT06583395"], ["NCT00501995"]),
        (
            "LastUpdatePostDate:asc",
            ["NCT00004786", "NCT00006133", "NCT00463125", "NCT00001473", "NCT00004567"],
            ["NCT06583395", "NCT06936215", "NCT05300932", "NCT00501995"],
        ),
        ("lastupdatepostdate:asc", ["NCT00004786"], ["NCT00501995"]),
        ("StartDate:asc", ["NCT00000596"], ["NCT05521087", "NCT04323761"]),
        ("CompletionDate", ["NCT05745714", "NCT05843643", "NCT05300932"], ["NCT00006133", "NCT04323761"]),
        ("EnrollmentCount", ["NCT04412252", "NCT05440721", "NCT00501995"], ["NCT00000596", "NCT04323761"]),
        ("EnrollmentCount:desc", ["NCT00000432", "NCT04353609", "NCT00000620"], ["NCT00000596", "NCT04323761"]),
        ("EnrollmentCount:asc,LastUpdatePostDate:desc", ["NCT05440721", "NCT04412252", "NCT00501995"], []),
        ("EnrollmentCount:asc|LastUpdatePostDate:asc", ["NCT04412252", "NCT05440721", "NCT00501995"], []),
    ],
)  # fmt: skip
def test_studies_come_sorted_and_what_lacks_a_value_comes_last(
    client: httpx.Client, sort: str, first: list[str], last: list[str]
) -> None:
    ids = [nct_id for one in walk(client, sort=sort, pageSize="20") for nct_id in one.ids]
    assert ids[: len(first)] == first
    assert ids[len(ids) - len(last) :] == last
    assert len(set(ids)) == len(ids) == 51


def test_a_second_key_orders_what_the_first_leaves_equal(client: httpx.Client) -> None:
    """Forty people each: NCT00463125 (updated 2007-04-20) and NCT00853788 (2012-02-17)."""
    forty = "AREA[EnrollmentCount]RANGE[40,40]"
    newest, oldest = (
        page(client, filter_advanced=forty, sort=f"EnrollmentCount,LastUpdatePostDate:{way}").ids
        for way in ("desc", "asc")
    )
    assert newest == ["NCT00853788", "NCT00463125"]
    assert oldest == ["NCT00463125", "NCT00853788"]


def test_relevance_can_be_asked_for_by_name(client: httpx.Client) -> None:
    by_name = page(client, query_cond="lupus", sort="@relevance").ids
    assert by_name == page(client, query_cond="lupus").ids
    assert sorted(by_name) == LUPUS


@pytest.mark.parametrize("sort", ["Foo", "LastUpdatePostDate:down", "BriefTitle", ":asc", "LastUpdatePostDate:asc:asc"])
def test_a_sort_that_there_is_not_is_refused(client: httpx.Client, sort: str) -> None:
    assert refusal(client, sort=sort) == (400, f"`sort` has an incorrect item: {sort}")


def test_two_keys_are_enough(client: httpx.Client) -> None:
    assert refusal(client, sort="StartDate,CompletionDate,EnrollmentCount") == (400, "`sort` takes two items at most")
