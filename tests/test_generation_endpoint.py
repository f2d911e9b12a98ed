"""Chains from a server over a real socket: what it refuses, loses, delays and answers with instead."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openai_server import OpenAIServer

from negbank.errors import GenerationError, NegbankError
from negbank.generation import Endpoint, EndpointSampler, GenerateSettings, Patience, collect, default_file
from negbank.reasoning.formats import read_trajectories

KEY = "sk-not-to-be-seen-0123456789"
PATIENT = Patience(timeout_s=30.0, attempts=4, backoff_s=0.01, longest_wait_s=2.0)
SHORT = replace(PATIENT, timeout_s=1.5)
"""For a server that is too slow: still long enough for one that is not, on a busy machine."""
SLOW = ("slow", "drip")
QUESTIONS = pl.DataFrame(
    {"question_id": [f"q{n}" for n in range(6)], "question": [f"How much is {n} + {n}? {{x}}" for n in range(6)]}
)
SETTINGS = GenerateSettings(samples=2, temperature=0.7, top_p=0.9, max_tokens=50, seed=3)

ONE = GenerateSettings(samples=1)


def reply(body: dict[str, Any]) -> str:
    return f" By adding, seed {body['seed']}.\n#### {len(body['messages'][0]['content'])}\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    for name in ("NEGBANK_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with OpenAIServer(reply) as running:
        yield running


def sampler(
    server: OpenAIServer, patience: Patience = PATIENT, workers: int = 3, model: str = "tester"
) -> EndpointSampler:
    return EndpointSampler(Endpoint(server.url, patience), model, SETTINGS, workers)


def run(server: OpenAIServer, file: Path, **given: Any) -> int:
    return collect(QUESTIONS, sampler(server, **given), SETTINGS, file).sampled


def test_every_chain_is_asked_for_and_kept(server: OpenAIServer, tmp_path: Path) -> None:
    file = tmp_path / "chains.jsonl"
    assert run(server, file) == 12 and len(server.requests) == 12
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["question_id"], line["sample"]) for line in lines] == [(f"q{n}", s) for n in range(6) for s in (0, 1)]
    first = lines[0]
    assert first["chain"].startswith("By adding")
    assert first["provenance"] | {"prompt": "", "prompt_sha256": ""} == {
        "model": "tester", "endpoint": server.url, "temperature": 0.7, "top_p": 0.9, "max_tokens": 50,
        "prompt": "", "prompt_sha256": "", "revision": "fp_1", "served_model": "tester-2026",
        "seed": first["provenance"]["seed"], "tokens": 6, "finished": True,
    }  # fmt: skip
    assert len({line["provenance"]["seed"] for line in lines}) == 12
    asked = {body["seed"]: body for body in server.requests}[first["provenance"]["seed"]]
    assert asked["messages"] == [
        {"role": "user", "content": first["provenance"]["prompt"].replace("{question}", "How much is 0 + 0? {x}")}
    ]
    assert (asked["temperature"], asked["top_p"], asked["max_tokens"], asked["n"]) == (0.7, 0.9, 50, 1)
    chains = list(read_trajectories(file))
    assert [chain.question for chain in chains] == [line["question"] for line in lines]
    assert {getattr(chain, "model", None) for chain in chains} == {"tester"}
    assert [json.loads(getattr(chain, "provenance", "null")) for chain in chains] == [x["provenance"] for x in lines]
    assert run(server, file) == 0 and len(server.requests) == 12


def test_several_are_asked_at_once_and_no_more_than_said(server: OpenAIServer, tmp_path: Path) -> None:
    barrier = threading.Barrier(3, timeout=10)  # an answer is given only when three wait for one

    def together(body: dict[str, Any]) -> str:
        barrier.wait()
        return reply(body)

    server.reply = together
    run(server, tmp_path / "c.jsonl", patience=Patience(timeout_s=20), workers=3)
    assert server.most_at_once == 3


@pytest.mark.parametrize("modes", [["500", "503", "ok"], ["429:0.05", "ok"], ["cut", "close", "ok"], ["slow", "ok"]])
def test_what_passes_is_asked_again(server: OpenAIServer, tmp_path: Path, modes: list[str]) -> None:
    server.modes = list(modes)
    assert run(server, tmp_path / "c.jsonl", patience=SHORT if "slow" in modes else PATIENT, workers=1) == 12
    assert len(server.requests) == 12 + len(modes) - 1


def test_retry_after_is_waited_for(server: OpenAIServer, tmp_path: Path) -> None:
    server.modes, began = ["429:0.7", "ok"], time.monotonic()
    run(server, tmp_path / "c.jsonl", workers=1)
    assert time.monotonic() - began > 0.7
    server.modes = ["429:Wed, 21 Oct 2015 07:28:00 GMT", "ok"]  # long ago
    assert run(server, tmp_path / "d.jsonl", workers=1) == 12


FAILURES = {
    "429": r"answered 429 \(later, please\); given up after 4 attempts",
    "429:600": "asks to come back in 600 s",
    "500": "answered 500",
    "slow": r"no answer within 1.5 s.*given up after 2 attempts",
    "drip": "no answer within 1.5 s",
    "close": "the connection broke",
    "cut": "the connection broke",
    "html": "answers with something else \\(text/html: <!doctype html>.*OpenAI-compatible",
    "text": "answers with something else",
    "list": "answers with a JSON list",
    "empty": "the answer has no choices",
    "no-message": "has no message",
    "redirect": r"leads elsewhere \(307\): http://elsewhere.example/v1",
    "400": r"refuses the request \(400\): later, please",
}


@pytest.mark.parametrize("mode", FAILURES)
def test_what_does_not_pass_is_an_error_and_what_is_done_is_kept(
    server: OpenAIServer, tmp_path: Path, mode: str
) -> None:
    file = tmp_path / "c.jsonl"
    server.modes = ["ok"] * 4 + [mode]
    with pytest.raises(GenerationError, match=FAILURES[mode]):
        run(server, file, patience=SHORT if mode in SLOW else PATIENT, workers=1)
    assert len(file.read_text().splitlines()) == 4
    server.modes = ["ok"]
    assert run(server, file) == 8
    assert len(file.read_text().splitlines()) == 12


def test_what_does_not_fit_into_the_context_is_left_out(server: OpenAIServer, tmp_path: Path) -> None:
    server.modes = ["ok", "too-long", "ok"]
    found = collect(QUESTIONS, sampler(server, workers=1), SETTINGS, tmp_path / "c.jsonl")
    assert (found.chains, found.left_out) == (11, (QUESTIONS["question"][0],))
    assert run(server, tmp_path / "c.jsonl") == 1  # it is asked for again, as the server may be another by then


def test_answers_under_way_are_kept_when_another_fails(server: OpenAIServer, tmp_path: Path) -> None:
    arrived = threading.Barrier(3, timeout=10)

    def reply_or_fail(body: dict[str, Any]) -> str:
        if arrived.wait() == 0:
            raise ConnectionAbortedError  # the handler ends, the connection with it
        time.sleep(0.2)
        return reply(body)

    server.reply = reply_or_fail
    with pytest.raises(GenerationError, match="the connection broke"):
        run(server, tmp_path / "c.jsonl", patience=Patience(timeout_s=5, attempts=1), workers=3)
    assert len((tmp_path / "c.jsonl").read_text().splitlines()) == 2


def test_a_server_that_is_down(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    down = EndpointSampler(Endpoint(f"http://127.0.0.1:{port}/v1", PATIENT), "m", SETTINGS)
    with pytest.raises(GenerationError, match="nothing answers there; is the server running"):
        collect(QUESTIONS, down, ONE, tmp_path / "c.jsonl")


def test_an_answer_without_text_or_cut_is_kept_as_such(server: OpenAIServer, tmp_path: Path) -> None:
    server.modes = ["null-content", "length", "ok"]
    found = collect(QUESTIONS, sampler(server, workers=1), SETTINGS, tmp_path / "c.jsonl")
    lines = [json.loads(line) for line in found.path.read_text().splitlines()]
    assert [line["chain"] == "" for line in lines[:3]] == [True, False, False]
    assert [line["provenance"]["finished"] for line in lines[:3]] == [True, False, True] and found.cut == 1


def test_a_key_goes_to_the_server_and_nowhere_else(
    server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = KEY
    with pytest.raises(GenerationError, match=r"asks for a key \(401.*NEGBANK_API_KEY"):
        run(server, tmp_path / "c.jsonl")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(
        GenerationError, match=r"asks for a key.*OPENAI_API_KEY is sent to https://api.openai.com alone"
    ):
        run(server, tmp_path / "c.jsonl")
    assert server.headers and not any("authorization" in headers for headers in server.headers)
    monkeypatch.setenv("NEGBANK_API_KEY", KEY + "x")
    with pytest.raises(GenerationError, match="does not accept the key") as wrong:
        run(server, tmp_path / "c.jsonl")
    assert KEY not in str(wrong.value) and "<key>" in str(wrong.value)
    monkeypatch.setenv("NEGBANK_API_KEY", f" {KEY}\n")  # it goes first
    assert run(server, tmp_path / "c.jsonl") == 12
    assert {headers["authorization"] for headers in server.headers[-12:]} == {f"Bearer {KEY}"}
    asker = sampler(server)
    held = [(tmp_path / "c.jsonl").read_text(), repr(asker.endpoint), str(vars(asker)), json.dumps(asker.provenance())]
    assert not any(KEY in text for text in held)
    monkeypatch.setenv("NEGBANK_API_KEY", f"{KEY}\nX-Evil: 1")
    with pytest.raises(GenerationError, match="characters that no key has") as odd:
        sampler(server)
    assert KEY not in str(odd.value)


@pytest.mark.parametrize(
    ("url", "is_openai"),
    [
        ("https://api.openai.com/v1", True),
        ("https://API.openai.com:443/v1/", True),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com.example/v1", False),
        ("https://example/api.openai.com/v1", False),
        ("http://localhost:8000/v1", False),
    ],
)
def test_openais_key_is_for_openai_alone(url: str, is_openai: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEGBANK_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert Endpoint(url).key == (KEY if is_openai else None)
    monkeypatch.setenv("NEGBANK_API_KEY", "ours")
    assert Endpoint(url).key == "ours"


def test_no_password_of_the_user_is_sent(server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # this machine's own server may be asked all the same
    assert run(server, tmp_path / "c.jsonl") == 12
    assert not any("authorization" in headers for headers in server.headers)


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://x/v1", "http://", "http://h:port/v1", "http://[::1", f"http://u:{KEY}@h/v1",
     f"http://h/v1?key={KEY}"],
)  # fmt: skip
def test_a_url_that_is_none_or_holds_a_key(url: str) -> None:
    with pytest.raises(GenerationError, match=r"NEGBANK_API_KEY|http://localhost:8000/v1") as error:
        Endpoint(url)
    assert KEY not in str(error.value)


def test_the_whole_path_may_be_given(server: OpenAIServer, tmp_path: Path) -> None:
    asked = EndpointSampler(Endpoint(server.url + "/chat/completions/", PATIENT), "tester", SETTINGS)
    assert asked.endpoint.url == server.url
    assert collect(QUESTIONS, asked, ONE, tmp_path / "c.jsonl").chains == 6


def test_a_model_or_page_that_is_not_there(server: OpenAIServer, tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match=r"404: The model 'other' does not exist.*check the model's name"):
        run(server, tmp_path / "c.jsonl", model="other")
    elsewhere = EndpointSampler(Endpoint(server.url.removesuffix("/v1"), PATIENT), "tester", SETTINGS)
    with pytest.raises(GenerationError, match=r"no such page.*often ends in /v1"):
        collect(QUESTIONS, elsewhere, ONE, tmp_path / "d.jsonl")


def test_the_default_file_is_named_by_all_that_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path))
    monkeypatch.setenv("NEGBANK_API_KEY", KEY)
    here = EndpointSampler(Endpoint("http://h/v1"), "m", SETTINGS)
    monkeypatch.setenv("NEGBANK_API_KEY", "another")
    same = EndpointSampler(Endpoint("http://h/v1/"), "m", SETTINGS, workers=1)
    hotter = EndpointSampler(Endpoint("http://h/v1"), "m", GenerateSettings(temperature=0.9))
    names = [default_file("r1", here, SETTINGS, QUESTIONS), default_file("r2", here, SETTINGS, QUESTIONS)]
    names += [
        default_file("r1", here, replace(SETTINGS, samples=5), QUESTIONS),
        default_file("r1", here, replace(SETTINGS, seed=1), QUESTIONS),
    ]
    names += [default_file("r1", hotter, SETTINGS, QUESTIONS)]
    assert len(set(names)) == 5 and names[0].parent == tmp_path / "chains"
    assert default_file("r1", same, SETTINGS, QUESTIONS) == names[0]


def test_splits_of_one_revision_have_files_of_their_own(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path))
    train, test = QUESTIONS.head(4), QUESTIONS.tail(2)
    for split, sampled in ((train, 8), (test, 4), (train, 0), (test.reverse(), 0)):
        asker = sampler(server)
        assert collect(split, asker, SETTINGS, default_file("r1", asker, SETTINGS, split)).sampled == sampled
    assert len(list((tmp_path / "chains").iterdir())) == 2


def test_settings_that_mean_nothing() -> None:
    for wrong in ({"samples": 0}, {"prompt": "no place"}, {"prompt": "{question} {question}"}, {"temperature": -1.0},
                  {"top_p": 0.0}, {"max_tokens": 0}):  # fmt: skip
        with pytest.raises(NegbankError):
            GenerateSettings(**wrong)  # type: ignore[arg-type]
