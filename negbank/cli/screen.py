r"""What a command prints: the only module that writes to standard output and standard error.

`say` prints one line for a person. Whatever is in it, a dataset's text, a message or a file's name, is made visible
first: no control character, no line break and nothing that turns the direction of writing gets through, so that only
our own styles reach a terminal. Tables are drawn in `tables`, progress bars in `bars`; a test sees to it that nothing
else prints.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import click

from negbank.text.display import FIELD_LIMIT, cut, visible, visible_lines

ERROR_LIMIT = 5 * FIELD_LIMIT
"""Characters of an error message that are shown."""


def say(text: object = "", *, err: bool = False, nl: bool = True, **style: Any) -> None:
    """Print one line for a person, without a line break where `nl` is not set; `style` is click's: `fg`, `bold`."""
    _say(cut(str(text)), err=err, nl=nl, **style)


def say_field(label: str, text: object, **style: Any) -> None:
    """Print a text of several lines beside its label, each line below the first."""
    for number, line in enumerate(cut(str(text)).split("\n")):
        say(f"  {'' if number else label:<10}", nl=False)
        _say(line, **style)


def say_error(message: str) -> None:
    """Print what went wrong on standard error; further lines of the message are indented, so none looks like ours."""
    say("Error: ", err=True, nl=False, fg="red", bold=True)
    first, *rest = cut(message, ERROR_LIMIT).split("\n")
    _say(first, err=True)
    for line in rest:
        _say(f"  {line.removeprefix('  ')}", err=True)


def say_usage_error(error: click.UsageError) -> None:
    """Print how the command is used, and what was wrong."""
    if error.ctx is not None:
        for line in error.ctx.get_usage().split("\n"):
            say(line, err=True)
        say(f"Try '{error.ctx.command_path} {error.ctx.help_option_names[0]}' for help.", err=True)
        say(err=True)
    say_error(error.format_message())


def say_damaged(problems: Iterable[str]) -> int:
    """Say on standard error what of a registry cannot be read; the exit code that a command has then."""
    code = 0
    for problem in problems:
        say("Damaged: ", nl=False, err=True, fg="red", bold=True)
        say(problem, err=True)
        code = 1
    return code


def print_json(value: Any) -> None:
    """Print one JSON object on a line, in ASCII."""
    click.echo(json.dumps(value))


def print_json_text(text: str) -> None:
    r"""Print JSON that is written already: what would drive a terminal, or does not fit the encoding, as `\u202e`."""
    safe = visible(text, keep="\n", written=_json_escape)
    if not is_unicode(sys.stdout):
        safe = re.sub(r"[^\x00-\x7f]", lambda found: _json_escape(found.group()), safe)
    click.echo(safe, nl=not safe.endswith("\n"))


def print_document(text: str) -> None:
    """Print a document: as it is, in UTF-8, to a file or a program; made visible on a terminal and in a text stream."""
    if sys.stdout.isatty() or not hasattr(sys.stdout, "buffer"):
        click.echo(fitting(visible_lines(text), sys.stdout), nl=False)
    else:
        click.echo(text.encode(), nl=False)


def confirm(question: str) -> bool:
    """The answer to a question on the terminal. Raises UsageError where there is none to ask on."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; say --yes to remove it without being asked")
    return click.confirm(fitting(visible(question), sys.stderr), err=True)


def colours() -> bool | None:
    """False under NO_COLOR and on a terminal that knows none; None leaves it to whether there is a terminal."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def fitting(text: str, stream: TextIO) -> str:
    """`text` in characters that the stream's encoding has; others are written out."""
    return text if is_unicode(stream) else text.encode(_encoding(stream), "backslashreplace").decode(_encoding(stream))


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream can write every character."""
    return _encoding(stream).startswith("utf")


def _encoding(stream: TextIO) -> str:
    return (stream.encoding or "utf-8").lower()


def _say(text: str, *, err: bool = False, nl: bool = True, **style: Any) -> None:
    shown = fitting(visible(text), sys.stderr if err else sys.stdout)
    click.echo(click.style(shown, **style) if style else shown, err=err, nl=nl, color=colours())


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]
