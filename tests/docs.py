"""The README's help, written from the commands themselves: `python -m tests.docs` brings it up to date."""

from pathlib import Path

from click.testing import CliRunner

from cli import COMMANDS, trialkin

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- help -->\n", "<!-- /help -->"


def help_of(*words: str) -> str:
    """What `trialkin … --help` prints in a terminal of 100 columns."""
    result = CliRunner().invoke(trialkin, [*words, "--help"], prog_name="trialkin", terminal_width=100)
    return result.output.rstrip()


def sections() -> str:
    """Every command's help as Markdown."""
    parts = [f"```text\n{help_of()}\n```\n"]
    parts += [f"### {name}\n\n```text\n{help_of(name)}\n```\n" for name in COMMANDS]
    return "\n".join(parts)


def main() -> None:
    """Write the help into the README."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{sections()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
