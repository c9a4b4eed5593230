import json
from typing import Any

import pytest

from crawler.errors import RecordInvalid
from crawler.record import RawRecord
from tests.records import body, raw, study

FULL: dict[str, Any] = study(
    "NCT00000001",
    conditionsModule={"conditions": ["Scleroderma", "Lupus"]},
    designModule={"phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 30, "type": "ACTUAL"}},
    contactsLocationsModule={"locations": [{"city": "Wien", "geoPoint": {"lat": 48.2, "lon": 16.0}}]},
    eligibilityModule={"healthyVolunteers": True},
    derived={"miscInfoModule": {"versionHolder": "2026-08-19", "submissionTracking": {"firstMcpInfo": {}}}},
    top={"hasResults": False},
)


def content(text: bytes) -> bytes:
    return RawRecord(text).content_hash


def edited(old: str, new: str) -> bytes:
    text = json.dumps(FULL)
    assert text.count(old) == 1
    return text.replace(old, new).encode()


@pytest.mark.parametrize(
    "same",
    [
        edited("2026-08-19", "2026-08-20"),
        edited('"versionHolder": "2026-08-19", ', ""),
        edited('"versionHolder": "2026-08-19"', '"versionHolder": {"any": ["thing"]}'),
        edited('"count": 30', '"count": 30.0'),
        edited('"count": 30', '"count": 3e1'),
        edited('"lon": 16.0', '"lon": 16'),
        edited('"lat": 48.2', '"lat": 48.20'),
        edited('"Wien"', '"Wi\\u0065n"'),
        json.dumps(FULL, sort_keys=True).encode(),
        json.dumps(FULL, indent=2).encode(),
        json.dumps(dict(reversed(FULL.items()))).encode(),
        b"  " + body(FULL) + b"\r\n",
    ],
)
def test_the_same_content_in_other_bytes_is_the_same_version(same: bytes) -> None:
    assert same != body(FULL)
    assert content(same) == content(body(FULL))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Scleroderma", "Lupus"', '"Lupus", "Scleroderma"'),
        ('"Scleroderma"', '"scleroderma"'),
        ('"Scleroderma"', '"Scleroderma "'),
        ('["PHASE1", "PHASE2"]', '["PHASE1"]'),
        ('["PHASE1", "PHASE2"]', '["PHASE1", "PHASE2", "PHASE2"]'),
        ('"count": 30', '"count": 31'),
        ('"count": 30', '"count": "30"'),
        ('"count": 30', '"count": null'),
        ('"count": 30, ', ""),
        ('"lat": 48.2', '"lat": 48.2000001'),
        ('"Wien"', '""'),
        ('"healthyVolunteers": true', '"healthyVolunteers": 1'),
        ('"hasResults": false', '"hasResults": null'),
        (', "hasResults": false', ""),
        ('"hasResults": false', '"hasResults": false, "mystery": 1'),
        ('"firstMcpInfo": {}', '"firstMcpInfo": []'),
        (', "submissionTracking": {"firstMcpInfo": {}}', ""),
        ('"miscInfoModule"', '"miscInfoModul"'),
        # Only the version holder in its own place is left out.
        ('"hasResults": false', '"hasResults": false, "versionHolder": "2026-08-19"'),
    ],
)
def test_any_other_change_is_another_version(old: str, new: str) -> None:
    assert content(edited(old, new)) != content(body(FULL))


@pytest.mark.parametrize("holder", [[], "text", None, 5])
def test_a_misc_module_of_another_shape_has_a_hash_too(holder: object) -> None:
    strange = {**FULL, "derivedSection": {"miscInfoModule": holder}}
    assert content(body(strange)) != content(body(FULL))
    assert content(body({**FULL, "derivedSection": holder})) != content(body(strange))


def test_bytes_stay_as_they_came() -> None:
    text = b'{"protocolSection" : {"identificationModule":{"nctId":"nct5300932"}} }\n'
    record = RawRecord(text)
    assert record.nct_id == "NCT05300932"
    assert record.data == {"protocolSection": {"identificationModule": {"nctId": "nct5300932"}}}
    assert record.body == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON: "),
        (b"<!doctype html><title>Not found</title>", "not JSON: "),
        (b'{"protocolSection": {"identificationModule": {"nctId": "NCT000', "not JSON: "),
        (b'{"protocolSection": {}} {"protocolSection": {}}', "not JSON: "),
        (b'{"protocolSection": "\xff\xfe"}', "not JSON: "),
        (b'{"count": NaN}', "not JSON: "),
        (b"[" * 100_000, "not JSON: "),
        (b"[]", "expected an object, got list"),
        (b'[{"protocolSection": {}}]', "expected an object, got list"),
        (b'"NCT05300932"', "expected an object, got str"),
        (b"17", "expected an object, got int"),
        (b"null", "expected an object, got NoneType"),
    ],
)
def test_what_is_no_json_object_is_refused(text: bytes, reason: str) -> None:
    for view in ("data", "nct_id", "content_hash", "study", "unknown_fields"):
        with pytest.raises(RecordInvalid) as refused:
            getattr(RawRecord(text), view)
        assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"protocolSection": None},
        {"protocolSection": []},
        {"protocolSection": {"identificationModule": {}}},
        {"protocolSection": {"identificationModule": "NCT05300932"}},
        {"protocolSection": {"identificationModule": {"nctId": None}}},
        {"protocolSection": {"identificationModule": {"nctId": 5300932}}},
        {"protocolSection": {"identificationModule": {"nctId": "NCT00000000"}}},
        {"protocolSection": {"identificationModule": {"nctId": "NCT153009321"}}},
        {"nctId": "NCT05300932"},
    ],
)
def test_a_record_without_an_id_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(RecordInvalid, match=r"^no NCT id at protocolSection\.identificationModule\.nctId$"):
        _ = RawRecord(body(data)).nct_id


@pytest.mark.parametrize(
    ("record", "expected", "place"),
    [
        (raw(identificationModule={"briefTitle": 5}), "str", "identificationModule.briefTitle"),
        (raw(identificationModule={"briefTitle": ["x"]}), "str", "identificationModule.briefTitle"),
        (raw(identificationModule={"nctIdAliases": "NCT00000002"}), "array", "identificationModule.nctIdAliases"),
        (raw(conditionsModule={"conditions": ["ok", None]}), "str", "conditionsModule.conditions[1]"),
        (raw(conditionsModule={"keywords": {"a": "b"}}), "array", "conditionsModule.keywords"),
        (raw(designModule={"enrollmentInfo": {"count": "30"}}), "int", "designModule.enrollmentInfo.count"),
        (raw(designModule={"enrollmentInfo": {"count": 30.5}}), "int", "designModule.enrollmentInfo.count"),
        (raw(designModule={"enrollmentInfo": {"count": True}}), "int", "designModule.enrollmentInfo.count"),
        (raw(designModule={"enrollmentInfo": 30}), "object", "designModule.enrollmentInfo"),
        (raw(eligibilityModule={"healthyVolunteers": "true"}), "bool", "eligibilityModule.healthyVolunteers"),
        (raw(eligibilityModule={"minimumAge": 18}), "str", "eligibilityModule.minimumAge"),
        (
            raw(contactsLocationsModule={"locations": [{"geoPoint": {"lat": "48"}}]}),
            "float",
            "contactsLocationsModule.locations[0].geoPoint.lat",
        ),
        (raw(statusModule={"startDateStruct": "2022-03"}), "object", "statusModule.startDateStruct"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_place(record: RawRecord, expected: str, place: str) -> None:
    assert record.nct_id == "NCT00000001"  # it is kept under its id all the same
    with pytest.raises(RecordInvalid) as refused:
        _ = record.study
    assert refused.value.reason.startswith(f"Expected `{expected}")
    assert refused.value.reason.endswith(f" - at `$.protocolSection.{place}`")


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert RawRecord(edited('"count": 30', '"count": 30.0')).study == RawRecord(body(FULL)).study
    point = RawRecord(edited('"lon": 16.0', '"lon": 16')).study.protocol_section.contacts_locations_module.locations
    assert point is not None
    assert point[0].geo_point is not None
    assert (point[0].geo_point.lat, point[0].geo_point.lon) == (48.2, 16.0)


def test_unknown_fields_are_told_and_stop_nothing() -> None:
    record = raw(designModule={"mood": "good"}, top={"mystery": {"a": 1}})
    assert record.unknown_fields == ("mystery", "protocolSection.designModule.mood")
    assert record.study.protocol_section.identification_module.nct_id == "NCT00000001"


@pytest.mark.parametrize(
    ("status", "day"),
    [
        ({"lastUpdatePostDateStruct": {"date": "2026-08-19", "type": "ACTUAL"}}, "2026-08-19"),
        ({"lastUpdatePostDateStruct": {"date": "2026-08"}}, "2026-08"),
        ({"lastUpdatePostDateStruct": {"date": "yesterday"}}, None),
        ({"lastUpdatePostDateStruct": {"date": 20260819}}, None),
        ({"lastUpdatePostDateStruct": {}}, None),
        ({"lastUpdatePostDateStruct": None}, None),
        ({}, None),
        ("RECRUITING", None),
    ],
)
def test_the_day_of_update_is_read_alone_and_from_what_was_parsed(status: object, day: str | None) -> None:
    text = body({"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}, "statusModule": status}})
    assert RawRecord(text).last_update_posted == day
    parsed = RawRecord(text)
    assert (parsed.nct_id, parsed.last_update_posted) == ("NCT00000001", day)


def test_what_was_let_go_is_parsed_again() -> None:
    record = RawRecord(body(FULL))
    before = (record.nct_id, record.data, record.study, record.content_hash, record.unknown_fields)
    record.release()
    assert vars(record) == {"body": body(FULL)}
    assert (record.nct_id, record.data, record.study, record.content_hash, record.unknown_fields) == before
