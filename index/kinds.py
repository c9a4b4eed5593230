"""What lies in a generation beside its engine: the files of each folder, the arrays of each file.

Here alone, so that a folder can be opened, and looked over, without what reads it.
"""

from pathlib import Path

from index.mapped import Folder, Kinds
from index.schema import DATES, FILTERED
from index.similar.contents import CONTENTS, FREQUENCY, VOCABULARY, Contents

ARRAYS, VALUES = "arrays", "values.json"
SYNONYMS, SYNONYM_ROWS, NAMES, DICTIONARY = "synonyms.json", "synonyms.rows", "names.json", "dictionary.json"

BYTE, SHORT, INT, LONG, HALF, FLOAT, DOUBLE = "B", "H", "i", "q", "e", "f", "d"

SINGLE_KINDS: Kinds = {  # columns of a value a row, or as many as `columns` says
    "numbers": LONG,
    "digests": BYTE,
    **dict.fromkeys(DATES, INT),
    "enrollment": LONG,
    "ages": DOUBLE,
}
COLUMN_KINDS: Kinds = {**SINGLE_KINDS, **{f"{key}.{part}": INT for key in FILTERED for part in ("rows", "codes")}}
SHARING_KINDS: Kinds = {"hashes": LONG, "trials": INT}
SITE_KINDS: Kinds = {"row": INT, "latitude": DOUBLE, "longitude": DOUBLE, "begins": LONG, "texts": BYTE}
PART_KINDS: Kinds = {
    "numbers": LONG,
    "row_begins": LONG,
    "row_columns": INT,
    "row_weights": HALF,
    "columns": INT,
    "column_begins": LONG,
    "column_scales": FLOAT,
    "column_rows": SHORT,
    "column_steps": BYTE,
}
VOCABULARY_KINDS: Kinds = {"terms": BYTE, "surfaces": BYTE, "begins": LONG}
FREQUENCY_KINDS: Kinds = {"rows": INT}  # that use each column
SYNONYM_KINDS: Kinds = {"rows": INT, "begins": LONG}


def site_folder(path: Path) -> Folder:
    """Open a generation's sites."""
    return Folder(path, {ARRAYS: SITE_KINDS})


def word_folder(path: Path) -> Folder:
    """Open what a generation learned of words and names."""
    return Folder(path, {SYNONYMS: None, SYNONYM_ROWS: SYNONYM_KINDS, NAMES: None, DICTIONARY: None})


def vector_folder(path: Path) -> Folder:
    """Open a generation's vectors."""
    parts = dict.fromkeys(Contents.read(path).parts, PART_KINDS)
    return Folder(path, {CONTENTS: None, FREQUENCY: FREQUENCY_KINDS, VOCABULARY: VOCABULARY_KINDS, **parts})
