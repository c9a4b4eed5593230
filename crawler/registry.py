"""The registry's API v2: version, one study, studies by ids, pages of a query; and its history. Bodies stay bytes."""

from dataclasses import dataclass

import msgspec

from crawler.client import Client
from crawler.errors import BodyTooLarge, RequestRejected
from crawler.record import RawRecord

IDS_A_CALL = 200  # a longer address may be refused
LARGEST_PAGE = 1000
_NOT_FOUND = 404
_BAD_REQUEST = 400


class RegistryVersion(msgspec.Struct, frozen=True, rename="camel"):
    """`data_timestamp` is UTC without a zone; it moves about once a day."""

    data_timestamp: str
    api_version: str | None = None


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    studies: list[msgspec.Raw]
    next_page_token: str | None = None
    total_count: int | None = None


@dataclass(frozen=True)
class Page:
    """Studies of one answer; a token where there may be more (the next page may be empty).

    `total` is how many the query finds, where that was asked for.
    """

    records: list[RawRecord]
    token: str | None
    total: int | None = None


_VERSION = msgspec.json.Decoder(RegistryVersion)
_PAGE = msgspec.json.Decoder(_Page)


def _record(body: bytes) -> RawRecord:
    msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return RawRecord(body)


def _page(body: bytes) -> Page:
    page = _PAGE.decode(body)
    return Page([RawRecord(bytes(study)) for study in page.studies], page.next_page_token, page.total_count)


class Registry:
    """Calls to one registry."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self._client.calls

    def version(self) -> RegistryVersion:
        """Ask how new the data is."""
        version = self._client.get("/version", check=_VERSION.decode).value
        if version is None:
            raise TypeError(version)
        return version

    def study(self, nct_id: str) -> RawRecord | None:
        """Fetch one study, an alias's under its own id; None where the registry has none (404)."""
        try:
            return self._client.get(f"/studies/{nct_id}", check=_record).value
        except RequestRejected as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def studies(self, nct_ids: list[str], narrowed: dict[str, str] | None = None) -> list[RawRecord]:
        """Fetch studies by id, IDS_A_CALL at most; what is unknown or malformed is left out.

        `narrowed` has further parameters. One bad id may reject a batch (400), a batch may be too large: both are
        found by halving.
        """
        size = {"filter.ids": ",".join(nct_ids), "pageSize": str(max(len(nct_ids), 1))}
        parameters = {**size, **(narrowed or {})}
        try:
            return self._get_page(parameters).records
        except (RequestRejected, BodyTooLarge) as error:
            if isinstance(error, RequestRejected) and error.status != _BAD_REQUEST:
                raise
            if len(nct_ids) == 1:
                return []
            middle = len(nct_ids) // 2
            return [*self.studies(nct_ids[:middle], narrowed), *self.studies(nct_ids[middle:], narrowed)]

    def page(self, query: dict[str, str], token: str | None, size: int) -> Page:
        """Fetch one page of a query; one refused for its size is asked again with half of it, down to one."""
        parameters = {**query, "pageSize": str(size)}
        if token is not None:
            parameters["pageToken"] = token
        try:
            return self._get_page(parameters)
        except BodyTooLarge:
            if size == 1:
                raise
            return self.page(query, token, size // 2)

    def _get_page(self, parameters: dict[str, str]) -> Page:
        page = self._client.get("/studies", parameters, check=_page).value
        if page is None:
            raise TypeError(page)
        return page


# -- the history, which stands outside v2 ------------------------------------------------------------------------------


class PastVersion(msgspec.Struct, frozen=True):
    """A version that the registry lists; `version` counts from 0, `date` is the day it was submitted."""

    version: int
    date: str | None = None


class _Listing(msgspec.Struct, frozen=True):
    changes: list[PastVersion]


class _Study(msgspec.Struct, frozen=True):
    study: msgspec.Raw


_LISTING = msgspec.json.Decoder(_Listing)
_STUDY = msgspec.json.Decoder(_Study)


def history_base(base: str) -> str:
    """Return the base of the internal API that has the history, from that of v2."""
    return f"{base.rstrip('/').removesuffix('/v2')}/int"


class History:
    """Calls to a registry's internal, undocumented API; `client` asks at `history_base`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def versions(self, nct_id: str) -> list[PastVersion]:
        """List a trial's versions, the oldest first; some trials have none."""
        try:
            listing = self._client.get(f"/studies/{nct_id}/history", check=_LISTING.decode).value
        except RequestRejected as error:
            if error.status == _NOT_FOUND:
                return []
            raise
        return [] if listing is None else sorted(listing.changes, key=lambda past: past.version)

    def record(self, nct_id: str, version: int) -> RawRecord | None:
        """Fetch the record of one version; None where there is none (404)."""
        try:
            study = self._client.get(f"/studies/{nct_id}/history/{version}", check=_STUDY.decode).value
        except RequestRejected as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return None if study is None else RawRecord(bytes(study.study))
