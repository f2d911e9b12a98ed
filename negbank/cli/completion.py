"""`negbank completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from negbank.cli.options import Name

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=Name("shell", SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, tiers, sources and datasets.

    \b
    Examples:
      eval "$(negbank completion bash)"            # in ~/.bashrc
      negbank completion fish > ~/.config/fish/completions/negbank.fish
    """
    from negbank.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "negbank", "_NEGBANK_COMPLETE").source())
