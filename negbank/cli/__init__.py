"""The command line: click, and only click. Each command calls the function of its name in `negbank`."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from negbank import __version__
from negbank.cli import screen, streams
from negbank.cli.options import refuse_empty
from negbank.errors import NegbankError, OutputError
from negbank.folders import CACHE_VARIABLE, REFS_VARIABLE, REGISTRY_VARIABLE, keep_libraries_out
from negbank.text.display import cut, visible

COMMANDS = {
    "sources": "negbank.cli.sources",
    "inspect": "negbank.cli.inspect",
    "mine": "negbank.cli.mine",
    "label": "negbank.cli.label",
    "add": "negbank.cli.add",
    "ls": "negbank.cli.registry",
    "log": "negbank.cli.history",
    "show": "negbank.cli.registry",
    "diff": "negbank.cli.history",
    "sql": "negbank.cli.registry",
    "tag": "negbank.cli.history",
    "revert": "negbank.cli.history",
    "rm": "negbank.cli.history",
    "gc": "negbank.cli.upkeep",
    "verify": "negbank.cli.upkeep",
    "checkout": "negbank.cli.registry",
    "export": "negbank.cli.export",
    "benchmark": "negbank.cli.benchmark",
    "score": "negbank.cli.benchmark",
    "recipes": "negbank.cli.benchmark",
    "card": "negbank.cli.share",
    "push": "negbank.cli.share",
    "pull": "negbank.cli.share",
    "completion": "negbank.cli.completion",
}
"""Where each command is, in the order of `negbank --help`."""

EXIT_INTERRUPTED = 130
COMPLETE_VARIABLE = "_NEGBANK_COMPLETE"
"""Set by the script of `negbank completion` when the shell asks for completions."""

_INTERRUPTED = "The registry is as it was; run the same command again to go on."


class Commands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the way that data takes."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        for option in command.params:
            if option.name != "message":  # whose default is empty
                option.callback = refuse_empty
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words name; the nearest one is suggested where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from negbank.errors import nearest_hint

            raise click.UsageError(f"No such command {args[0]!r}{nearest_hint(args[0], COMMANDS)}", ctx) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="negbank")
def cli() -> None:
    """Datasets of wrong answers: mine them by plausibility, guard, label and version them.

    \b
    Examples:
      negbank mine demo                            # a bundled sample: needs no network
      negbank mine arc --tier near-miss            # -> dataset `arc`, version v1
      negbank show arc --tier near-miss -n 5
      negbank checkout arc ./arc-negatives         # a folder that load_dataset reads
      negbank benchmark arc --likra                # what a model learns from it
      negbank push arc --to org/arc-negatives      # to the Hugging Face Hub
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error, 2 wrong usage, 130 interrupted."""
    # a command makes many objects that live as long as it does; looking through them for garbage takes 8% of `mine`
    gc.set_threshold(50_000, 20, 100)
    streams.prepare()
    keep_libraries_out()
    try:
        code = run(args)
    except Exception:  # a bug: its traceback may quote data, too
        for line in traceback.format_exc().splitlines():
            screen.say(line, err=True)
        code = 1
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """The exit code of one command line. With `--json` an error is a JSON object on standard output."""
    words = sys.argv[1:] if args is None else args
    options = words[: words.index("--")] if "--" in words else words
    fail = _fail_as_json if "--json" in options else _fail
    if COMPLETE_VARIABLE in os.environ:
        _use_our_bash_completion()
    try:
        _refuse_other_bytes(words)
        result: Any = cli.main(args=args, prog_name="negbank", standalone_mode=False, color=screen.colours())
        return result if isinstance(result, int) else 0
    except OutputError as error:  # reader_left: `negbank show arc | head -1`
        return 0 if error.reader_left else _fail(error, 1)
    except NegbankError as error:
        return fail(error, 1)
    except click.ClickException as error:
        return fail(error, error.exit_code)
    except ValueError as error:
        if "embedded null byte" not in str(error):  # which no shell can give, but a program that calls `run` can
            raise
        return fail(click.UsageError("a path has a zero byte"), 2)
    except OSError as error:  # the machine's refusal, which nothing nearer has put into words
        what = f"{cut(str(error.filename), 200)}: {error.strerror}" if error.filename else str(error)
        return fail(NegbankError(what), 1)
    except (KeyboardInterrupt, click.Abort):
        return fail(click.ClickException(f"Interrupted. {_INTERRUPTED}"), EXIT_INTERRUPTED)


def _refuse_other_bytes(words: Sequence[str]) -> None:
    """Raise UsageError for a word that is not UTF-8: no version could record it, and no message show it.

    The same goes for the places that the environment names, and for the current folder. Raises NegbankError where that
    has been removed.
    """
    try:
        here = str(Path.cwd())
    except FileNotFoundError as error:
        raise NegbankError("the current folder has been removed; go to another one (cd) and try again") from error
    places = {f"argument {number}": word for number, word in enumerate(words, 1)}
    places |= {name: os.environ.get(name, "") for name in (REGISTRY_VARIABLE, REFS_VARIABLE, CACHE_VARIABLE)}
    for what, word in {**places, "the current folder": here}.items():
        if not word.isascii() and any("\ud800" <= character <= "\udfff" for character in word):
            raise click.UsageError(
                f"{what} has bytes that are not UTF-8: {visible(word)}; use a UTF-8 name, and a UTF-8 locale "
                "(export LC_ALL=C.UTF-8)"
            )


def _fail(error: NegbankError | click.ClickException, code: int) -> int:
    """Say on standard error what went wrong; `code` comes back."""
    if code == EXIT_INTERRUPTED:
        screen.say(error, err=True)
    elif isinstance(error, click.UsageError):
        screen.say_usage_error(error)
    else:
        screen.say_error(error.format_message() if isinstance(error, click.ClickException) else str(error))
    return code


def _fail_as_json(error: NegbankError | click.ClickException, code: int) -> int:
    """Print what went wrong as JSON on standard output; `code` comes back."""
    hint: str | None
    if code == EXIT_INTERRUPTED:
        kind, message, hint = "Interrupted", "Interrupted.", _INTERRUPTED
    elif isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        kind, message = type(error).__name__, error.format_message()
        hint = f"See {context.command_path} --help" if context else None
    else:
        kind, message, hint = type(error).__name__, str(error), error.hint
    try:
        screen.print_json({"error": {"type": kind, "message": message, "hint": hint}})
    except OutputError:
        return _fail(error, code)
    return code


def _use_our_bash_completion() -> None:
    """Answer the shell with the class that `negbank completion bash` wrote its script for."""
    from click.shell_completion import add_completion_class

    from negbank.cli.completion import Bash

    add_completion_class(Bash)
