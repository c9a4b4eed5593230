import re

import pytest

from cli import COMMANDS
from tests.docs import README, help_of, sections

TEXT = README.read_text(encoding="utf-8")


def test_the_readme_has_every_commands_help_as_it_is() -> None:
    assert sections() in TEXT, "run `make docs`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_takes_cache(name: str) -> None:
    text = help_of(name)
    assert "--cache DIR" in text
    assert len(text.splitlines()) > 3


def test_every_dependency_has_its_sentence() -> None:
    project = (README.parent / "pyproject.toml").read_text(encoding="utf-8")
    block = project.partition("\ndependencies = [")[2].partition("]")[0]
    names = re.findall(r'"([A-Za-z0-9-]+)', block)
    assert len(names) > 10
    table = TEXT.partition("## What each dependency is for")[2]
    for name in names:
        assert re.search(rf"\b{re.escape(name)}\b", table, re.IGNORECASE), name


def test_the_commands_of_the_readmes_example_exist() -> None:
    shown = re.findall(r"^trialkin (\w+)", TEXT, re.MULTILINE)
    assert shown
    assert set(shown) <= set(COMMANDS)
