"""Documents put aside on disk, batch by batch, until what their features are made of is all counted."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

Sources = Sequence[tuple[str, bytes]]  # NCT id, document in JSON


class Spool:
    """A folder of batches, in their order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._batches: list[Path] = []
        self.nct_ids: list[str] = []
        folder.mkdir(parents=True)

    def add(self, sources: Sources) -> Path:
        """Put the next documents aside; a path of the batch's own, to which a suffix may be added."""
        batch = self._folder / f"{len(self._batches):06d}"
        batch.write_bytes(msgspec.msgpack.encode(sources))
        self._batches.append(batch)
        self.nct_ids += [nct_id for nct_id, _ in sources]
        return batch

    def __iter__(self) -> Iterator[tuple[Path, Sources]]:
        for batch in self._batches:
            yield batch, msgspec.msgpack.decode(batch.read_bytes(), type=list[tuple[str, bytes]])

    def remove(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self._folder)
