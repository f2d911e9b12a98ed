"""`checkout` and `card`: a version as a folder, and as a text."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from negbank.cards import Card, CardFile
from negbank.cards import card as write_card
from negbank.checkout_folder import Writer, write_folder
from negbank.commands.card_facts import card_facts
from negbank.commands.registry import Place, open_registry
from negbank.errors import RegistryError, UnknownNameError
from negbank.folders import real_path
from negbank.records import columns_of
from negbank.registry import Part, Registry, Version
from negbank.registry.disk import scratch_folder
from negbank.registry.rows import BATCH, sharded, shared_schema, write_table

FORMATS = ("hub", "parquet", "jsonl")
"""`hub`: a folder that `datasets.load_dataset` reads by tier, with its card; the others: a file a tier and split."""


def checkout(
    reference: str, folder: str | Path, *, replace: bool = False, format: str = "hub", registry: Place = None
) -> Version:
    """Write a version to `folder` and give it back; as the Hub lays it out, or a plain file a tier and split.

    `data/<tier>/<split>-00000-of-00001.parquet` and so on, and a README with one configuration a tier and one for all.
    The folder appears whole or not at all. With `replace`, the files of a checkout that is there are replaced, and all
    else in it stays. Raises RegistryError for any other folder that is not empty, and for one inside the registry.
    """
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    place = open_registry(registry)
    version = place.resolve(reference)
    if real_path(folder).is_relative_to(real_path(place.place)):
        raise RegistryError(f"{folder} lies in the registry {place.place}; name a folder elsewhere")
    parts = version.manifest.parts
    files: dict[str, bytes | Writer]
    if format == "hub":
        write_hub_folder(place, version, Path(folder), place.remote(version.manifest.dataset).get("repo"), replace)
        return version
    if format == "parquet":
        files = {f"{p.tier}-{p.split}.parquet": partial(_parquet, place, p) for p in parts}
    else:
        files = {f"{p.tier}-{p.split}.jsonl": partial(_jsonl, place, p) for p in parts}
    write_folder(Path(folder).absolute(), files, _marker(version), replace)
    return version


def write_hub_folder(
    registry: Registry, version: Version, folder: Path, repo: str | None, replace: bool = False
) -> None:
    """Write a version to `folder` as the Hub lays it out; its card says that it is loaded from `repo`, where given."""
    write_folder(folder.absolute(), _hub_files(registry, version, repo), _marker(version), replace)


def _marker(version: Version) -> dict[str, str]:
    """What a folder is a checkout of."""
    manifest = version.manifest
    return {"dataset": manifest.dataset, "version": f"v{manifest.number}", "manifest": version.name}


def card(reference: str, *, registry: Place = None) -> Card:
    """The card of a version: the README of its folder, and the plots that it shows."""
    place = open_registry(registry)
    version = place.resolve(reference)
    with scratch_folder() as folder:  # the card names the data files and their sizes
        checkout(str(version), folder, registry=place)
        plots = {str(p.relative_to(folder)): p.read_bytes() for p in sorted((folder / "plots").glob("*"))}
        return Card((folder / "README.md").read_text(encoding="utf-8"), plots)


def data_files(folder: Path, part: Part) -> list[Path]:
    """The files of a folder in the Hub's layout that hold the rows of a part."""
    return sorted((folder / "data" / part.tier).glob(f"{part.split}-*-of-*.parquet"))


def _hub_files(registry: Registry, version: Version, repo: str | None) -> dict[str, bytes | Writer]:
    """Every file of the Hub's layout: the card comes last, as it names the data files and their sizes."""
    data: list[CardFile] = []
    files: dict[str, bytes | Writer] = {}
    for part in version.manifest.parts:
        files[f"data/{part.tier}/{part.split}"] = partial(_shards, registry, part, data)
    for name, manifest in registry.manifests(version).items():
        files[f".negbank/manifests/{name}.json"] = manifest

    for name, text in registry.validations(version).items():
        files[f".negbank/validations/{name}.json"] = text.encode()

    def write_readme(path: Path) -> None:
        written = write_card(card_facts(registry, version, tuple(data), repo))
        path.write_text(written.text, encoding="utf-8")
        for name, plot in written.files.items():
            (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
            (path.parent / name).write_bytes(plot)

    files["README.md"] = write_readme
    return files


def _shards(registry: Registry, part: Part, written: list[CardFile], path: Path) -> None:
    """Write the rows of a part as `<path>-00000-of-00002.parquet` and so on, and tell what was written."""
    shards: list[tuple[Path, int]] = []
    columns = columns_of(part.tier)
    for number, frame in enumerate(sharded(registry.batches(part), columns)):
        file = path.with_name(f"{path.name}-{number:05}.part")
        # in Arrow's form only while they are written, and one file at a time: two take 50 MB more
        tables = (some.to_arrow() for some in frame.iter_slices(BATCH))
        shards.append((file, write_table(file, shared_schema(columns), tables, shared=True)))
    for number, (file, rows) in enumerate(shards):
        final = file.rename(path.with_name(f"{path.name}-{number:05}-of-{len(shards):05}.parquet"))
        written.append(CardFile(f"data/{part.tier}/{final.name}", part.tier, part.split, rows, final.stat().st_size))


def _parquet(registry: Registry, part: Part, path: Path) -> None:
    schema = shared_schema(columns_of(part.tier))
    write_table(path, schema, (frame.to_arrow() for frame in registry.batches(part)), shared=True)


def _jsonl(registry: Registry, part: Part, path: Path) -> None:
    with path.open("wb") as file:
        for frame in registry.batches(part):
            frame.write_ndjson(file)
