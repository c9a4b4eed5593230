import json
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.fields import Field, fields, unknown_fields
from crawler.record import RawRecord
from tests.conftest import SAMPLE, SHARED
from tests.records import study


def test_every_path_of_the_bundled_sample_is_known() -> None:
    lines = SAMPLE.read_bytes().splitlines()
    assert len(lines) == 51
    assert {path for line in lines for path in RawRecord(line).unknown_fields} == set()


def test_a_known_record_has_no_unknown_field() -> None:
    known = study(
        designModule={"phases": ["PHASE1"], "enrollmentInfo": {"count": 1}},
        contactsLocationsModule={"locations": [{"city": "Oslo", "geoPoint": {"lat": 59.9, "lon": 10.7}}]},
        derived={"miscInfoModule": {"versionHolder": "2026-08-19"}},
        top={"hasResults": False},
    )
    assert unknown_fields(known) == []


@pytest.mark.parametrize(
    ("record", "unknown"),
    [
        ({"mystery": 1}, ["mystery"]),
        ({"mystery": None, "enigma": []}, ["enigma", "mystery"]),
        # A whole unknown branch is told by its top.
        ({"mystery": {"deep": {"deeper": 1}, "deep2": [{"x": 1}]}}, ["mystery"]),
        ({"protocolSection": {"moodModule": {"mood": "good"}}}, ["protocolSection.moodModule"]),
        (
            {"protocolSection": {"designModule": {"designInfo": {"maskingInfo": {"colour": "red"}}}}},
            ["protocolSection.designModule.designInfo.maskingInfo.colour"],
        ),
        # Lists leave no mark in a path, and a path stands once however many items have it.
        (
            {"protocolSection": {"contactsLocationsModule": {"locations": [{"room": 1}, {"zip": "1"}, {"room": 2}]}}},
            ["protocolSection.contactsLocationsModule.locations.room"],
        ),
        (
            {"protocolSection": {"contactsLocationsModule": {"locations": [{"contacts": [{"fax": "1"}]}]}}},
            ["protocolSection.contactsLocationsModule.locations.contacts.fax"],
        ),
        (
            {"protocolSection": {"conditionsModule": {"conditions": [["x"], [{"odd": 1}]]}}},
            [
                "protocolSection.conditionsModule.conditions.odd",
            ],
        ),
        # Something below a value that has nothing below it.
        ({"hasResults": {"since": "2020"}}, ["hasResults.since"]),
        (
            {"protocolSection": {"conditionsModule": {"conditions": ["x", {"odd": 1}]}}},
            [
                "protocolSection.conditionsModule.conditions.odd",
            ],
        ),
        # Beside values that no record has there: an object for a list, a list for an object, a number beyond all.
        ({"protocolSection": {"designModule": [{"mood": 10**40}]}}, ["protocolSection.designModule.mood"]),
        (
            {"protocolSection": {"contactsLocationsModule": {"locations": {"room": 1}}}},
            ["protocolSection.contactsLocationsModule.locations.room"],
        ),
        ({"protocolSection": "x", "mystery": 1}, ["mystery"]),
        # Names are told apart by case.
        ({"HasResults": True}, ["HasResults"]),
        # A name that is known elsewhere is not known here.
        ({"protocolSection": {"briefTitle": "x"}}, ["protocolSection.briefTitle"]),
        (
            {"zzz": 1, "protocolSection": {"statusModule": {"mood": 1}, "abc": 1}},
            ["protocolSection.abc", "protocolSection.statusModule.mood", "zzz"],
        ),
    ],
)
def test_unknown_paths_are_told_sorted_and_once(record: dict[str, Any], unknown: list[str]) -> None:
    assert unknown_fields(record) == unknown


@pytest.mark.parametrize("value", [{}, [], None, 1, "text", [1, "x", None]])
def test_what_has_no_names_has_no_unknown_ones(value: object) -> None:
    assert unknown_fields(value) == []


def test_the_list_has_paths_pieces_types_and_enums() -> None:
    by_path = {field.path: field for field in fields()}
    assert len(by_path) == len(fields())
    assert list(by_path) == sorted(by_path)
    status, ident = "protocolSection.statusModule.overallStatus", "protocolSection.identificationModule.nctId"
    assert by_path[status] == Field(status, "OverallStatus", "Status", enum=True)
    assert by_path[ident] == Field(ident, "NCTId", "text", enum=False)


def _paths(nodes: list[dict[str, Any]], above: str = "") -> Iterator[str]:
    for node in nodes:
        yield above + node["name"]
        yield from _paths(node.get("children", []), f"{above}{node['name']}.")


@pytest.mark.shared
def test_every_field_of_the_registrys_metadata_is_known() -> None:
    metadata = json.loads((SHARED / "api" / "studies-metadata.json").read_text(encoding="utf-8"))
    paths = set(_paths(metadata))
    assert len(paths) > 400
    assert paths - {field.path for field in fields()} == set()


@pytest.mark.shared
def test_the_registrys_recorded_answers_hold_nothing_unknown() -> None:
    answers = [json.loads(path.read_bytes()) for path in (SHARED / "api" / "samples").glob("get_*.json")]
    assert len(answers) == 3
    assert [unknown_fields(answer) for answer in answers] == [[], [], []]
