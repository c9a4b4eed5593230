import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.fields import fields
from serve.projection import NameUnknown, paths, project
from tests.conftest import SAMPLE

RECORD: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial", "orgStudyIdInfo": {"id": "X-1"}},
        "designModule": {"phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 0, "type": "ACTUAL"}},
        "contactsLocationsModule": {
            "locations": [
                {"facility": "A", "city": "Oslo", "geoPoint": {"lat": 59.9, "lon": 10.7}},
                {"facility": "B"},
                {"city": "Rome", "country": "Italy"},
            ]
        },
    },
    "hasResults": False,
}
SECTION = "protocolSection"
RECORDS: list[dict[str, Any]] = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
NAMES = [field.piece for field in fields() if field.piece]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("NCTId", "protocolSection.identificationModule.nctId"),
        ("nctid", "protocolSection.identificationModule.nctId"),
        ("protocolSection.identificationModule.nctId", "protocolSection.identificationModule.nctId"),
        ("BriefTitle", "protocolSection.identificationModule.briefTitle"),
        ("Condition", "protocolSection.conditionsModule.conditions"),
        ("LocationCity", "protocolSection.contactsLocationsModule.locations.city"),
        ("LastUpdatePostDate", "protocolSection.statusModule.lastUpdatePostDateStruct.date"),
        ("IdentificationModule", "protocolSection.identificationModule"),
        ("ProtocolSection", "protocolSection"),
        ("HasResults", "hasResults"),
    ],
)
def test_a_name_stands_for_its_path(name: str, path: str) -> None:
    assert paths([name]) == [tuple(path.split("."))]


def test_names_keep_their_order() -> None:
    assert paths(["HasResults", "ProtocolSection", "HasResults"]) == [("hasResults",), (SECTION,), ("hasResults",)]
    assert paths([]) == []


@pytest.mark.parametrize("name", ["", "Foo", "nct_id", "NCTId ", "protocolSection.nctId", "protocolSection."])
def test_another_name_is_unknown(name: str) -> None:
    with pytest.raises(NameUnknown, match=f"^{name}$"):
        paths(["NCTId", name])


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["NCTId"], {SECTION: {"identificationModule": {"nctId": "NCT00000001"}}}),
        (["HasResults"], {"hasResults": False}),
        (["Phase"], {SECTION: {"designModule": {"phases": ["PHASE1", "PHASE2"]}}}),
        (["EnrollmentCount"], {SECTION: {"designModule": {"enrollmentInfo": {"count": 0}}}}),
        (["IdentificationModule"], {SECTION: {"identificationModule": RECORD[SECTION]["identificationModule"]}}),
        (["ProtocolSection"], {SECTION: RECORD[SECTION]}),
        (["ProtocolSection", "NCTId"], {SECTION: RECORD[SECTION]}),
        (["NCTId", "ProtocolSection"], {SECTION: RECORD[SECTION]}),
        (["NCTId", "OrgStudyId", "IdentificationModule", "BriefTitle"], {
            SECTION: {"identificationModule": RECORD[SECTION]["identificationModule"]}
        }),
        (["LocationCity"], {
            SECTION: {"contactsLocationsModule": {"locations": [{"city": "Oslo"}, {}, {"city": "Rome"}]}}
        }),
        (["LocationGeoPoint", "LocationFacility"], {
            SECTION: {
                "contactsLocationsModule": {
                    "locations": [{"facility": "A", "geoPoint": {"lat": 59.9, "lon": 10.7}}, {"facility": "B"}, {}]
                }
            }
        }),
        (["DerivedSection"], {}),
    ],
)  # fmt: skip
def test_what_lies_on_the_paths_is_kept_in_the_records_shape(names: list[str], kept: dict[str, Any]) -> None:
    before = copy.deepcopy(RECORD)
    assert project(RECORD, paths(names)) == kept
    assert before == RECORD


def test_the_order_is_the_records_own() -> None:
    kept = project(RECORD, paths(["HasResults", "Phase", "BriefTitle", "NCTId"]))
    assert list(kept) == [SECTION, "hasResults"]
    assert list(kept[SECTION]) == ["identificationModule", "designModule"]
    assert list(kept[SECTION]["identificationModule"]) == ["nctId", "briefTitle"]


def test_what_a_record_lacks_is_not_made_up() -> None:
    assert list(leaves(project(RECORD, paths(["WhyStopped", "ConditionMeshTerm", "Acronym", "LocationZip"])))) == []


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value of a record with its path, lists leaving no mark."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


def below(path: str, wanted: list[tuple[str, ...]]) -> bool:
    return any(path == ".".join(names) or path.startswith(".".join(names) + ".") for names in wanted)


@given(st.sampled_from(RECORDS), st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))
def test_of_any_record_exactly_the_values_below_the_paths_are_kept(record: dict[str, Any], names: list[str]) -> None:
    wanted = paths(names)
    kept = project(record, wanted)
    assert list(leaves(kept)) == [(path, value) for path, value in leaves(record) if below(path, wanted)]
    assert project(kept, wanted) == kept


def test_the_sections_of_a_record_are_the_record() -> None:
    sections = paths(["ProtocolSection", "DerivedSection", "HasResults"])
    assert all(project(record, sections) == record for record in RECORDS)
