"""`negbank gc` and `negbank verify`."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from negbank.cli.options import json_option, registry_option, size_text
from negbank.cli.progress import reporter
from negbank.cli.screen import print_json, say
from negbank.folders import RegistryPlace
from negbank.terms import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from negbank.registry import Loss, Saved, Unnamed

KINDS = {"objects": "object", "contents": "content", "manifests": "manifest", "tmp": "leftover"}
"""What one file of each folder of a registry is called."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Count, and remove nothing.")
@click.option("--unnamed", is_flag=True, help="Remove versions that have lost their names, too.")
@registry_option
@json_option
def gc(dry_run: bool, unnamed: bool, registry: RegistryPlace, as_json: bool) -> None:
    """Give back the space of what no version and no tag needs.

    A version whose name was deleted, or has not been copied yet, stays until --unnamed says that it may go.

    \b
    Examples:
      negbank gc --dry-run
      negbank gc
    """
    import negbank

    found = negbank.gc(dry_run=dry_run, unnamed=unnamed, registry=registry)
    if as_json:
        print_json({**asdict(found), "dry_run": dry_run})
        return
    files = sum(found.files.values())
    said = "would be removed" if dry_run else ("was removed" if files == 1 else "were removed")
    listed = ", ".join(counted(count, KINDS[folder]) for folder, count in found.files.items() if count)
    say(f"{counted(files, 'file')} ({size_text(found.bytes)}) {said}{': ' + listed if listed else ''}.")
    _print_unnamed(found.unnamed)


@click.command()
@click.option("--repair", is_flag=True, help="Make broken rows whole from what is here, or where they were pushed.")
@registry_option
@json_option
def verify(repair: bool, registry: RegistryPlace, as_json: bool) -> int:
    """Read every file of the registry, and say what is wrong; exit code 1 where something is.

    --repair deletes nothing: what it replaces is kept in the registry's quarantine/ folder, and so are the rows that
    can still be read where not all of them can be had.

    \b
    Examples:
      negbank verify
      negbank verify --repair
    """
    import negbank

    with reporter() as progress:
        result = negbank.verify(repair=repair, registry=registry, progress=progress)
    if as_json:
        print_json(result.to_dict())
        return 0 if result.intact else 1
    found = result.found
    for problem in found.problems:
        say(f"{problem.kind}: ", fg="red", nl=False)
        say(f"{problem.where}: {problem.detail}")
    if result.repaired:
        say(f"Whole again: {counted(len(result.repaired), 'part')} of versions.")
    for loss in found.lost:
        _print_loss(loss, next((saved for saved in result.saved if saved.loss.content == loss.content), None))
    if found.absent:
        parts = "1 part of a version was" if len(found.absent) == 1 else f"{len(found.absent)} parts of versions were"
        say(f"{parts} never fetched here; negbank verify --repair fetches what was pushed.")
    _print_unnamed(found.unnamed)
    read = (
        f"{counted(found.versions, 'version')}, {counted(found.objects, 'object')}, {size_text(found.bytes)} "
        f"in {found.elapsed_s:.1f} s"
    )
    if result.intact:
        say(f"Intact: {read}.", bold=True)
        return 0
    remedy = " Try negbank verify --repair." if found.lost and not repair else ""
    if repair:
        remedy = " What is left cannot be mended from here: do as it says, or copy the files back from a backup."
    say(f"{counted(len(found.problems), 'problem')} in {read}.{remedy}", bold=True)
    return 1


def _print_unnamed(found: Iterable[Unnamed]) -> None:
    """Versions that stay although nothing names them, and how to have each back."""
    for own in found:
        say("no name: ", fg="yellow", nl=False)
        say(
            f"{own.version}: write {own.manifest} into {own.path} of the registry to have it back; "
            "negbank gc --unnamed removes it"
        )


def _print_loss(loss: Loss, saved: Saved | None) -> None:
    """Which rows cannot be read, and after a repair how to get back those that can."""
    say("lost: ", fg="red", nl=False)
    say(f"{', '.join(loss.versions)} {loss.tier} ({loss.split}): {counted(loss.rows, 'row')}", nl=saved is None)
    if saved and saved.path:
        own = f"{loss.versions[-1].partition('@')[0]}-saved"  # nothing is put upon a version that may be sound
        add = f"negbank add {shlex.quote(saved.path)} --dataset {own}"
        say(f"; {saved.rows:,} of them can still be read: {add}")
    elif saved:
        say("; none of them can be read here or fetched. Copy the file back from a backup, if there is one")
