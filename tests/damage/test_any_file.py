"""Whatever happens to one file, verify finds it, nobody is given a wrong row, and putting the file back mends it.

NEGBANK_DAMAGE_STATES=10000 tries that many states; without it a few, so that the suite stays quick.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from damaged import READERS, build, files, may_vanish, restore, said, wrong
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import negbank
from negbank.errors import NegbankError

STATES = int(os.environ.get("NEGBANK_DAMAGE_STATES", "12"))
KINDS = ("flip", "flip", "cut", "grow", "remove", "swap", "replace")


class Sound:
    """A registry that nobody damages, its files, and what is said of it."""

    def __init__(self, root: Path) -> None:
        build(root)
        self.root, self.files, self.said = root, files(root), said(root, READERS)

    def __repr__(self) -> str:
        return f"Sound({str(self.root)!r})"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    sound = Sound(tmp_path_factory.mktemp("sound") / "r")
    assert refused(sound.said) == set()
    return sound


def damage(root: Path, names: list[str], kind: str, where: int, at: int, by: int) -> list[str]:
    """Do something to one file, or to two; the names of those that are other than they were."""
    name, other = names[where % len(names)], names[(where + 1 + at % (len(names) - 1)) % len(names)]
    path, data = root / name, bytearray((root / name).read_bytes())
    if kind == "flip":
        data[at % len(data)] ^= by
    elif kind == "cut":
        del data[at % len(data) :]
    elif kind == "grow":
        data.append(by)
    elif kind == "replace":
        data = bytearray((root / other).read_bytes())
    elif kind == "swap":
        path.write_bytes((root / other).read_bytes())
        (root / other).write_bytes(data)
        return [name, other]
    path.unlink() if kind == "remove" else path.write_bytes(data)
    return [name]


def is_another_tag(root: Path, name: str) -> bool:
    """Whether a tag's file says what a tag of an earlier commit would: another version, without the tag's own name."""
    return "/tags/" in name and (root / name).exists() and len((root / name).read_bytes()) <= 65


@settings(
    max_examples=STATES, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(0, 10**9), st.integers(1, 255),
    st.sets(st.sampled_from(sorted(READERS)), min_size=2, max_size=2),
)  # fmt: skip
def test_any_file(sound: Sound, kind: str, where: int, at: int, by: int, asked: set[str]) -> None:
    readers = {name: READERS[name] for name in ("ls", "log", *sorted(asked))}
    expected = {name: sound.said[name] for name in readers}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "r"
        shutil.copytree(sound.root, root)
        names = damage(root, sound.files, kind, where, at, by)
        changed = [name for name in names if differs(root / name, sound.root / name)]
        if not changed or (kind == "remove" and may_vanish(names[0])):
            return  # nothing happened, or what people do
        if all(is_another_tag(root, name) for name in changed):
            return
        assert finds(root), f"verify did not find {names}"
        found = said(root, readers)
        assert wrong(found, expected) == []
        for act in (lambda: negbank.gc(dry_run=True, registry=root), lambda: negbank.gc(registry=root)):
            with pytest.raises(NegbankError):
                act()
        with contextlib.suppress(NegbankError):
            negbank.verify(repair=True, registry=root)
        after = said(root, readers)
        assert wrong(after, expected) == []
        assert refused(after) <= refused(found), "the repair made it worse"
        restore(root, sound.root, names)
        assert not finds(root)
        assert said(root, readers) == expected, "putting the file back did not bring all back"
        negbank.gc(registry=root)
        assert not finds(root) and said(root, readers) == expected


def differs(path: Path, other: Path) -> bool:
    """Whether a file says something else; an editor may end what people write by hand with a line break."""
    by_hand = path.name == "registry.json" or path.parent.name in ("versions", "tags")
    end = b"\n" if by_hand else b""
    return not path.exists() or path.read_bytes().removesuffix(end) != other.read_bytes().removesuffix(end)


def refused(found: dict[str, Any]) -> set[str]:
    """The readers that gave an error."""
    return {name for name, value in found.items() if isinstance(value, NegbankError)}


def finds(root: Path) -> bool:
    """Whether verify says that something is wrong."""
    try:
        return not negbank.verify(registry=root).intact
    except NegbankError:
        return True
