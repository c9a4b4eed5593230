"""What lies in a folder of vectors: which parts, and beside them the frequencies and the vocabulary of all."""

from pathlib import Path

import msgspec

from index.mapped import Folder

CONTENTS, FREQUENCY, VOCABULARY = "contents.json", "frequency", "vocabulary"


class Contents(msgspec.Struct, frozen=True):
    """What a folder of vectors has. `rows` were counted for the statistics; parts by name, oldest first."""

    rows: int
    parts: list[str]

    @classmethod
    def read(cls, folder: Path | Folder) -> "Contents":
        """Read it; OSError or ValueError where it can't be."""
        return msgspec.json.decode((folder / CONTENTS).read_bytes(), type=cls)

    def write(self, folder: Path) -> None:
        """Write it."""
        (folder / CONTENTS).write_bytes(msgspec.json.encode(self))
