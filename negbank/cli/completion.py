"""`negbank completion`."""

from __future__ import annotations

import os

import click
from click.shell_completion import BashComplete, CompletionItem, get_completion_class, split_arg_string

from negbank.cli.options import Name
from negbank.cli.screen import print_document

SHELLS = ("bash", "zsh", "fish")


class Bash(BashComplete):
    """Bash splits `arc@v2` and `--tier=near-miss` into three words each.

    The words are put together again. Bash replaces only what follows `=`, or `@` and what follows it.
    """

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one."""
        words: list[str] = []
        for word in [*self._typed(), ""][: int(os.environ["COMP_CWORD"]) + 1][1:]:
            if words and (word.startswith("@") or words[-1].endswith("@")):
                words[-1] += word
            elif not (words and words[-1].startswith("--") and word == "="):
                words.append(word)
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem) -> str:
        """The kind of a completion, and as much of it as Bash puts in."""
        value = str(item.value)
        if "@" in value and any(word.startswith("@") for word in self._typed()):
            value = value[value.index("@") :]
        return f"{item.type},{value}"

    def _typed(self) -> list[str]:
        return split_arg_string(os.environ["COMP_WORDS"])


@click.command()
@click.argument("shell", type=Name("shell", SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, tiers, sources, datasets, their versions and tags.

    \b
    Examples:
      eval "$(negbank completion bash)"            # in ~/.bashrc
      negbank completion fish > ~/.config/fish/completions/negbank.fish
    """
    from negbank.cli import COMPLETE_VARIABLE, cli

    kind = get_completion_class(shell)
    assert kind is not None
    print_document(kind(cli, {}, "negbank", COMPLETE_VARIABLE).source() + "\n")
