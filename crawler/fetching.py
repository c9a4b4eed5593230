"""Trials by their ids, for a refresh: in batches, then each that did not come by itself, which tells why."""

from collections.abc import Iterator, Sequence

from crawler.errors import BodyTooLarge, RecordInvalid, RedirectRefused, RegistryFailed, RequestRejected
from crawler.progress import Progress
from crawler.record import RawRecord, keyed
from crawler.registry import IDS_A_CALL, Registry


class Fetching:
    """Asks a registry for ids and keeps what comes; `data_timestamp` is of its data now."""

    def __init__(self, registry: Registry, progress: Progress, data_timestamp: str) -> None:
        self._registry = registry
        self._progress = progress
        self.data_timestamp = data_timestamp

    def fetch(self, nct_ids: Sequence[str]) -> None:
        """Settle each id: its record is kept, or it is gone, an alias, or failed with a reason."""
        for batch in batched(self._progress.unreached(nct_ids)):
            if len(batch) > 1:
                records = keyed(self.together(batch))[0]
                self._progress.keep_page([records[ident] for ident in batch if ident in records], self.data_timestamp)
            for ident in self._progress.unreached(batch):
                self.alone(ident)

    def together(self, nct_ids: list[str], narrowed: dict[str, str] | None = None) -> list[RawRecord]:
        """Fetch a batch; one that the server fails on comes by halves, without the record that is the cause."""
        try:
            return self._registry.studies(nct_ids, narrowed)
        except RegistryFailed as error:
            if not error.by_the_server:
                raise
            if len(nct_ids) == 1:
                return []
            middle = len(nct_ids) // 2
            return [*self.together(nct_ids[:middle], narrowed), *self.together(nct_ids[middle:], narrowed)]

    def alone(self, nct_id: str) -> None:
        """Ask for one id: 301 leads to another trial, and only 404 says that there is none."""
        try:
            raw = self._registry.study(nct_id)
            if raw is None:
                self._progress.lose(nct_id, self.data_timestamp)
            elif raw.nct_id == nct_id:
                self._progress.keep_page([raw], self.data_timestamp)
            else:
                self._progress.redirect(nct_id, raw, self.data_timestamp)
        except (RequestRejected, BodyTooLarge, RedirectRefused, RecordInvalid) as error:
            self._progress.fail(nct_id, str(error))
        except RegistryFailed as error:
            if not error.by_the_server:
                raise
            self._progress.fail(nct_id, str(error))


def batched(nct_ids: Sequence[str]) -> Iterator[list[str]]:
    """Yield ids in order, as many as one call takes."""
    for at in range(0, len(nct_ids), IDS_A_CALL):
        yield list(nct_ids[at : at + IDS_A_CALL])
