"""Hard links: a new generation shares the files of the last one that it doesn't change."""

import shutil
from pathlib import Path


def link(source: Path, target: Path) -> None:
    """Hard-link a file; FileNotFoundError where it is missing.

    A file that is shared must never be written again: whoever changes one replaces it. A file system without hard
    links gets a copy.
    """
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def link_tree(source: Path, target: Path) -> None:
    """Hard-link every file below a folder into another one, which is made where it is missing."""
    for path in sorted(source.rglob("*")):
        other = target / path.relative_to(source)
        if path.is_dir():
            other.mkdir(parents=True, exist_ok=True)
        else:
            other.parent.mkdir(parents=True, exist_ok=True)
            link(path, other)
