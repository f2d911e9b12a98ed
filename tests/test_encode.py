"""Encoding against SentenceTransformer.encode itself, and the cache against what can befall a file."""

from __future__ import annotations

import hashlib
import importlib.util
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from negbank.encode import SentenceEncoder, embed, find_model, hash_weights, load_encoder
from negbank.encode.vector_cache import Batch, VectorCache
from negbank.errors import EncoderError, NegbankError, StorageError, UnknownNameError, VectorError
from negbank.records import FloatArray, no_progress

WORDS = "planets orbit the sun because of gravity a magnet attracts iron and steel but not wood water boils".split()
TEXTS = [" ".join(WORDS[i : i + n]) for n in (1, 2, 3, 5, 8, 13) for i in range(len(WORDS) - n)]
openvino = pytest.mark.skipif(not importlib.util.find_spec("openvino"), reason="the extra `openvino` is not installed")


@dataclass
class FakeEncoder:
    """An encoder without a model: a text's vector comes from its hash. It counts what it is asked for."""

    fingerprint: str = "f" * 64
    batch: int = 10
    name: str = "fake"
    weights_hash: str = "0" * 64
    asked: list[str] = field(default_factory=list)

    def stream(self, texts: Sequence[str]) -> Generator[Batch]:
        for start in range(0, len(texts), self.batch):
            some = texts[start : start + self.batch]
            self.asked += some
            yield np.arange(start, start + len(some)), np.stack([vector_of(text) for text in some])


def vector_of(text: str) -> FloatArray:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "vectors")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model that is unlike the default one: CLS pooling, a dense layer, a prompt, 12 tokens, no Normalize."""
    return make_model(tmp_path_factory.mktemp("tiny") / "model", seed=0)


def make_model(folder: Path, seed: int) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    base = folder.with_name(folder.name + "-base")
    base.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ":", "text", *dict.fromkeys(WORDS)]
    (base / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=32, initializer_range=0.5,
    )  # fmt: skip
    BertModel(config).save_pretrained(base)
    BertTokenizer(str(base / "vocab.txt")).save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=12)
    modules = [transformer, Pooling(48, pooling_mode="cls"), Dense(48, 16)]
    model = SentenceTransformer(modules=modules, device="cpu", prompts={"it": "text: "}, default_prompt_name="it")
    model.save(str(folder))
    return folder


def peer_vectors(folder: Path, texts: list[str]) -> FloatArray:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    vectors: FloatArray = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    return vectors


def model_folder() -> Path:
    return find_model("all-MiniLM-L6-v2")


# --- the same vectors as the peer


def test_a_model_unlike_the_default_gives_the_peers_vectors(tiny: Path, cache: VectorCache) -> None:
    vectors = embed(TEXTS, load_encoder(str(tiny), device="cpu", precision="fp32"), cache)
    assert vectors.matrix.shape == (len(set(TEXTS)), 16)
    np.testing.assert_allclose(vectors.of(TEXTS), peer_vectors(tiny, TEXTS), atol=1e-5)


@pytest.mark.model
def test_the_default_model_gives_the_peers_vectors(cache: VectorCache) -> None:
    texts = [*TEXTS[:60], "", " ", "ß 水 🚀", "gravity " * 400]
    vectors = embed(texts, load_encoder(device="cpu", precision="fp32"), cache)
    np.testing.assert_allclose(vectors.of(texts), peer_vectors(model_folder(), texts), atol=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("backend", ["torch", pytest.param("openvino", marks=openvino)])
def test_bf16_is_near_fp32(cache: VectorCache, backend: str) -> None:
    texts = TEXTS[::4]
    theirs = peer_vectors(model_folder(), texts)
    ours = embed(texts, load_encoder(device="cpu", backend=backend, precision="bf16"), cache).of(texts)
    assert (ours * theirs).sum(axis=1).min() >= 0.9998


@openvino
def test_openvino_gives_the_peers_vectors(tiny: Path, cache: VectorCache) -> None:
    encoder = load_encoder(str(tiny), backend="openvino", precision="fp32")
    np.testing.assert_allclose(embed(TEXTS, encoder, cache).of(TEXTS), peer_vectors(tiny, TEXTS), atol=1e-5)


@pytest.mark.gpu
@pytest.mark.model
def test_cuda_gives_the_peers_vectors(cache: VectorCache) -> None:
    theirs = peer_vectors(model_folder(), TEXTS)
    for precision, least in (("fp32", 0.99999), ("auto", 0.9998)):
        ours = embed(TEXTS, load_encoder(device="cuda", precision=precision), cache).of(TEXTS)
        assert (ours * theirs).sum(axis=1).min() >= least


# --- the same inputs, the same bytes


def encoded(encoder: SentenceEncoder, texts: list[str]) -> dict[str, bytes]:
    return {
        texts[r]: v.tobytes() for rows, vectors in encoder.stream(texts) for r, v in zip(rows, vectors, strict=True)
    }


@pytest.mark.model
def test_a_texts_bytes_do_not_depend_on_its_company() -> None:
    encoder = load_encoder(device="cpu", precision="fp32")
    together = encoded(encoder, TEXTS)
    assert encoded(encoder, TEXTS[::-1]) == together
    for text in (TEXTS[0], TEXTS[30], TEXTS[-1]):
        assert encoded(encoder, [text]) == {text: together[text]}


def test_torchs_threads_are_put_back(tiny: Path) -> None:
    import torch

    before = torch.get_num_threads()
    encoded(load_encoder(str(tiny), device="cpu"), TEXTS[:20])
    assert torch.get_num_threads() == before


# --- what an encoder is known by


def test_models_of_one_name_with_other_weights_share_nothing(tmp_path: Path, cache: VectorCache) -> None:
    one, two = make_model(tmp_path / "a" / "model", seed=1), make_model(tmp_path / "b" / "model", seed=2)
    first, second = (load_encoder(str(folder), device="cpu", precision="fp32") for folder in (one, two))
    assert first.weights_hash != second.weights_hash and first.fingerprint != second.fingerprint
    text = "water boils"
    assert abs(embed([text], first, cache).matrix @ embed([text], second, cache).matrix.T) < 0.9
    np.testing.assert_allclose(embed([text], second, cache).matrix, peer_vectors(two, [text]), atol=1e-5)


def test_the_hash_covers_what_decides_and_nothing_else(tiny: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny, tmp_path / "elsewhere"))
    assert hash_weights(copy) == hash_weights(tiny)
    (copy / "README.md").write_text("other words")
    (copy / ".cache").mkdir()
    (copy / ".cache" / "lock").touch()
    assert hash_weights(copy) == hash_weights(tiny)
    pooling = copy / "1_Pooling" / "config.json"
    pooling.write_text(pooling.read_text().replace("cls", "mean"))
    assert hash_weights(copy) != hash_weights(tiny)


def test_precision_and_backend_have_caches_of_their_own(tiny: Path) -> None:
    plain = load_encoder(str(tiny), device="cpu", precision="fp32")
    half = load_encoder(str(tiny), device="cpu", precision="bf16")
    assert plain.weights_hash == half.weights_hash and plain.fingerprint != half.fingerprint


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model", seed=0)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderError, match=r"pytorch_model\.bin is a pickle"):
        load_encoder(str(folder))


def test_code_in_a_models_folder_is_not_run(tmp_path: Path, cache: VectorCache) -> None:
    folder = make_model(tmp_path / "model", seed=0)
    (folder / "mine.py").write_text("raise SystemExit('run')")
    modules = folder / "modules.json"
    modules.write_text(modules.read_text().replace("sentence_transformers.base.modules.dense.Dense", "mine.Dense"))
    assert "mine.Dense" in modules.read_text()
    with pytest.raises(EncoderError, match="cannot be loaded"):
        embed(["water"], load_encoder(str(folder), device="cpu"), cache)


@pytest.mark.parametrize(
    ("name", "message"),
    [("all-mpnet-base-v2", "offline"), ("some/thing", "offline"), ("./no/such", "no folder"), ("/no", "no folder")],
)  # fmt: skip
def test_a_model_that_is_not_here(name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderError, match=message):
        load_encoder(name)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no \*\.safetensors"):
        load_encoder(str(tmp_path))


def test_settings_that_are_not_there(tiny: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bf16'"):
        load_encoder(str(tiny), precision="bf61")
    with pytest.raises(UnknownNameError, match="backend"):
        load_encoder(str(tiny), backend="onnx")
    with pytest.raises(EncoderError, match="not on 'tpu'"):
        load_encoder(str(tiny), device="tpu")


# --- vectors that are none


def test_broken_weights_name_the_text(tmp_path: Path, cache: VectorCache) -> None:
    from safetensors.numpy import load_file, save_file

    weights = make_model(tmp_path / "model", seed=0) / "model.safetensors"
    tensors = load_file(weights)
    tensors["embeddings.LayerNorm.weight"][:] = np.nan
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(VectorError, match="water boils"):
        embed(["water boils"], load_encoder(str(weights.parent), device="cpu"), cache)


def test_half_a_character_is_refused(cache: VectorCache) -> None:
    with pytest.raises(VectorError, match="no Unicode"):
        embed(["fine", "half \ud83d"], FakeEncoder(), cache)


def test_no_texts(cache: VectorCache) -> None:
    assert len(embed([], FakeEncoder(), cache).row) == 0


# --- the cache


def test_only_what_is_missing_is_encoded(cache: VectorCache) -> None:
    encoder = FakeEncoder()
    embed(["a", "b", "a"], encoder, cache)
    vectors = embed(["c", "b", "a"], encoder, cache)
    assert sorted(encoder.asked) == ["a", "b", "c"]
    np.testing.assert_array_equal(vectors.of(["a", "b", "c"]), [vector_of("a"), vector_of("b"), vector_of("c")])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(st.text()), second=st.lists(st.text()))
def test_what_was_kept_never_changes_a_vector(first: list[str], second: list[str], tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / hashlib.sha256(repr((first, second)).encode()).hexdigest())
    embed(first, FakeEncoder(batch=3), cache)
    vectors = embed(second, FakeEncoder(batch=2), cache)
    for text in second:
        np.testing.assert_array_equal(vectors.of([text])[0], vector_of(text))


def test_an_interrupted_run_goes_on_where_it_was(cache: VectorCache) -> None:
    texts = [f"text {i}" for i in range(100)]

    def interrupt(stage: str, done: int, total: int) -> None:
        if done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed(texts, FakeEncoder(), cache, interrupt)
    again = FakeEncoder()
    embed(texts, again, cache)
    assert again.asked == texts[50:]


def test_what_progress_raises_is_not_blamed_on_the_cache(cache: VectorCache) -> None:
    def broken(stage: str, done: int, total: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        embed(["a"], FakeEncoder(), cache, broken)


def test_an_interrupted_model_drops_what_has_not_begun(tiny: Path, cache: VectorCache) -> None:
    texts = [f"{a} {b} {c}" for a in WORDS for b in WORDS for c in WORDS]
    encoder, seen = load_encoder(str(tiny), device="cpu"), []

    def interrupt(stage: str, done: int, total: int) -> None:
        seen.append(done)
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed(texts, encoder, cache, interrupt)
    with cache.open(encoder.fingerprint) as kept:
        assert 0 < len(kept.read(texts)[0]) == seen[-1] < len(set(texts))


def test_progress_starts_with_what_is_kept_and_ends_at_the_total(cache: VectorCache) -> None:
    calls: list[tuple[str, int, int]] = []
    embed(["a", "b"], FakeEncoder(), cache)
    embed([*"abcdefghijklmnopqrst"], FakeEncoder(batch=5), cache, lambda *call: calls.append(call))
    assert calls == [("encode", done, 20) for done in (2, 7, 12, 17, 20)]


@pytest.mark.parametrize("content", [b"not a database, and long enough to be read as the header of one" * 20, None])
def test_a_damaged_file_is_named(cache: VectorCache, content: bytes | None) -> None:
    encoder = FakeEncoder()
    embed([str(i) for i in range(500)], encoder, cache)
    path = cache.path(encoder.fingerprint)
    path.write_bytes(content or path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(EncoderError, match=r"damaged .* delete the file") as caught:
        embed([str(i) for i in range(500)], encoder, cache)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("blob", [b"", b"123", np.full(8, np.nan, "<f4").tobytes(), np.full(8, 3, "<f4").tobytes()])
def test_a_damaged_vector_is_not_given_out(cache: VectorCache, blob: bytes) -> None:
    encoder = FakeEncoder()
    embed(["a", "b"], encoder, cache)
    connection = sqlite3.connect(cache.path(encoder.fingerprint))
    with connection:
        connection.execute("UPDATE vectors SET vector = ? WHERE rowid = 1", (blob,))
    connection.close()
    with pytest.raises(EncoderError, match="damaged"):
        embed(["a", "b"], encoder, cache)


def test_a_full_disk_is_a_storage_error(cache: VectorCache) -> None:
    with cache.open("f" * 64) as kept:
        kept._file._connection.execute("PRAGMA max_page_count = 4")
        texts = [f"text {i}" for i in range(1000)]
        with pytest.raises(StorageError, match="full"):
            kept.write(texts, np.stack([vector_of(text) for text in texts]))
        assert len(kept.read(texts)[0]) == 0


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="NEGBANK_CACHE"):
        embed(["a"], FakeEncoder(), VectorCache(tmp_path / "file"))
    if os.geteuid() != 0:  # root may write everywhere
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        with pytest.raises(StorageError, match="NEGBANK_CACHE"):
            embed(["a"], FakeEncoder(), VectorCache(locked))


def test_a_later_layout_is_refused(cache: VectorCache) -> None:
    embed(["a"], FakeEncoder(), cache)
    connection = sqlite3.connect(cache.path(FakeEncoder().fingerprint))
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(EncoderError, match="layout 9"):
        embed(["a"], FakeEncoder(), cache)


def write_many(folder: Path, texts: list[str]) -> None:
    with VectorCache(folder).open("f" * 64) as kept:
        for text in texts:
            kept.write([text], vector_of(text)[None])


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    texts = [f"text {i}" for i in range(150)]
    sides = [spawn.Process(target=write_many, args=(tmp_path, some)) for some in (texts[:100], texts[50:])]
    for side in sides:
        side.start()
    for side in sides:
        side.join()
    assert [side.exitcode for side in sides] == [0, 0]
    with VectorCache(tmp_path).open("f" * 64) as kept:
        rows, vectors = kept.read(texts)
    assert sorted(rows) == list(range(150))
    np.testing.assert_array_equal(vectors[np.argsort(rows)], np.stack([vector_of(text) for text in texts]))


def test_a_warm_cache_needs_no_torch(tiny: Path, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors")
    embed(TEXTS, load_encoder(str(tiny), device="cpu", precision="fp32"), cache)
    code = (
        "import sys; from pathlib import Path\n"
        "from negbank.encode import embed, load_encoder; from negbank.encode.vector_cache import VectorCache\n"
        "encoder = load_encoder(sys.argv[1], device='cpu', precision='fp32')\n"
        "vectors = embed(['planets orbit'], encoder, VectorCache(Path(sys.argv[2])))\n"
        "assert vectors.matrix.shape == (1, 16)\n"
        "sys.exit(str({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules) or '') or 0)"
    )
    words: list[Any] = [sys.executable, "-c", code, tiny, cache.folder]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_default_cache_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path / "here"))
    embed(["a"], FakeEncoder(), progress=no_progress)
    assert VectorCache().path(FakeEncoder().fingerprint).is_relative_to(tmp_path / "here")
    assert VectorCache().path(FakeEncoder().fingerprint).exists()


def test_every_refusal_is_of_the_tree() -> None:
    assert all(issubclass(error, NegbankError) for error in (EncoderError, StorageError, VectorError))
