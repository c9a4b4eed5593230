"""Records for tests, written by hand around what a test is about."""

import json
from typing import Any

from crawler.record import RawRecord


def study(nct_id: str = "NCT00000001", **modules: dict[str, Any]) -> dict[str, Any]:
    """Make a record's JSON: an id, a title, a status, and the given modules of protocolSection, merged over them.

    `derived` is derivedSection, `top` goes to the top of the record.
    """
    protocol: dict[str, Any] = {
        "identificationModule": {"nctId": nct_id, "briefTitle": f"Trial {nct_id}"},
        "statusModule": {"overallStatus": "COMPLETED"},
    }
    derived = modules.pop("derived", {})
    top = modules.pop("top", {})
    for name, module in modules.items():
        protocol[name] = {**protocol.get(name, {}), **module}
    return {"protocolSection": protocol, "derivedSection": derived, **top}


def body(data: dict[str, Any]) -> bytes:
    """Write a record's JSON as bytes."""
    return json.dumps(data).encode()


def raw(nct_id: str = "NCT00000001", **modules: dict[str, Any]) -> RawRecord:
    """Make a raw record of `study`."""
    return RawRecord(body(study(nct_id, **modules)))
