"""What names lead to: each version is read by its name, and must be the one that it is called.

One that cannot be read says so and stops none of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from negbank.errors import RegistryError
from negbank.registry.contents import Contents, Layer
from negbank.registry.manifest import Manifest, Version
from negbank.registry.names import is_hash
from negbank.registry.store import Store
from negbank.registry.unnamed import name_path
from negbank.terms import ALL_TIERS
from negbank.text.display import short


@dataclass(frozen=True)
class DatasetSummary:
    """One dataset as `negbank ls` lists it: its newest version, with rows by tier and bytes of all versions.

    `problem` is what is wrong where a version cannot be read; of a newest one that is so, the rest is blank.
    """

    dataset: str
    version: int
    versions: int
    created: str
    message: str
    tiers: Mapping[str, int]
    bytes: int
    problem: str | None = None


def read_version(store: Store, dataset: str, number: int, name: str) -> Version:
    """The version of that number, whose manifest should be `name`. Raises RegistryError where it is not."""
    version = _read(store, f"{dataset}@v{number}", name)
    if (version.manifest.dataset, version.manifest.number) != (dataset, number):
        raise RegistryError(f"{dataset}@v{number} names the manifest of {version}: its file was changed")
    return version


def read_tagged(store: Store, dataset: str, tag: str, name: str, refs: Mapping[tuple[str, int], str]) -> Version:
    """The version that a tag names by its manifest, `name`. Raises RegistryError where it is none of `refs`."""
    version = _read(store, f"{dataset}@{tag}", name)
    if version.manifest.dataset != dataset or refs.get((dataset, version.manifest.number)) != name:
        raise RegistryError(f"{dataset}@{tag} names {version}, which is no version of {dataset} here")
    return version


def _read(store: Store, reference: str, name: str) -> Version:
    if not name:
        raise RegistryError(f"the file that names {reference} is empty, or cannot be read; see negbank verify")
    if not is_hash(name):
        raise RegistryError(f"{reference} names {short(name, 30)}, which is no manifest; see negbank verify")
    try:
        return Version(Manifest.from_json(store.blobs.get("manifests", name)), name)
    except RegistryError as error:
        raise type(error)(f"{reference}: {error}") from error


def gap(store: Store, version: Version, refs: Mapping[tuple[str, int], str]) -> str | None:
    """What is wrong with the name of the version before: the manifest that a version came from must bear it.

    None where nothing is, and where the history came from elsewhere without that manifest.
    """
    manifest = version.manifest
    known = refs.get((manifest.dataset, manifest.number - 1))
    if manifest.parent is None or known == manifest.parent or (known is not None and not is_hash(known)):
        return None  # what is no name at all is said where it is read
    if known is not None:
        return f"{version} came from another version than this one, {short(known, 30)}"
    if store.blobs.exists("manifests", manifest.parent):
        where = name_path(manifest.dataset, manifest.number - 1)
        return f"its name is missing; the manifest is here still: write {manifest.parent} into {where}"
    return None


def numbers_of(refs: Mapping[tuple[str, int], str]) -> dict[str, list[int]]:
    """Every dataset with the numbers of its versions, in order."""
    found: dict[str, list[int]] = {}
    for dataset, number in sorted(refs):
        found.setdefault(dataset, []).append(number)
    return found


def datasets(store: Store) -> list[DatasetSummary]:
    """Every dataset with its newest version, by name."""
    refs = store.refs.versions()
    return [_summary(store, dataset, numbers, refs) for dataset, numbers in numbers_of(refs).items()]


def _summary(store: Store, dataset: str, numbers: Sequence[int], refs: Mapping[tuple[str, int], str]) -> DatasetSummary:
    versions, problems = {}, []
    for number in reversed(numbers):
        try:
            versions[number] = read_version(store, dataset, number, refs[dataset, number])
            if said := gap(store, versions[number], refs):
                problems.append(f"{dataset}@v{number - 1}: {said}")
        except RegistryError as error:
            problems.append(str(error))
    contents, layers = Contents(store.blobs), set[Layer]()
    for digest in {part.content for version in versions.values() for part in version.manifest.parts}:
        try:
            content = contents.find(digest)
            layers.update(content.layers if content else ())
        except RegistryError as error:
            problems.append(str(error))
    newest = versions.get(numbers[-1])
    created, message = (newest.manifest.created, newest.manifest.message) if newest else ("", "")
    return DatasetSummary(
        dataset, numbers[-1], len(numbers), created, message, _in_order(newest.tiers if newest else {}),
        sum(layer.bytes for layer in layers), problems[0] if problems else None,
    )  # fmt: skip


def _in_order(tiers: Mapping[str, int]) -> dict[str, int]:
    """`tiers` from the most plausible to the least."""
    places = {tier: place for place, tier in enumerate(ALL_TIERS)}
    return dict(sorted(tiers.items(), key=lambda item: (places.get(item[0], len(ALL_TIERS)), item[0])))
