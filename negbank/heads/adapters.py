"""Heads on a base model: LoRA adapters of peft within its layers, of which one or none is active at a time.

Several live side by side; the base stays the same object, and what is not active costs nothing but its memory.
"""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from peft.functional import delete_adapter, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from negbank.causal import Base
from negbank.errors import ModelError, TrainingError, UnknownNameError
from negbank.heads.card import head_card
from negbank.heads.layers import make_fast
from negbank.heads.settings import LoraSettings
from negbank.heads.writing import write_file

WEIGHTS_FILE: Final = "adapter_model.safetensors"
CONFIG_FILE: Final = "adapter_config.json"
ORIGIN_FILE: Final = "negbank.json"

_PREFIX: Final = "base_model.model."  # peft's name of the model that an adapter sits on
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


def heads_of(base: Base) -> list[str]:
    """The names of the heads that are on the base, sorted."""
    return sorted({name for layer in _layers(base) for name in layer.lora_A})


def parameters_of(base: Base, name: str) -> list[Tensor]:
    """The parameters of a head, in the model's order: A and B of each layer."""
    return [
        part[name].weight for layer in _layers(base) if name in layer.lora_A for part in (layer.lora_A, layer.lora_B)
    ]


def add_head(base: Base, name: str, lora: LoraSettings, seed: int) -> None:
    """Put a new head on the base, in the place of one of that name; it changes nothing yet, as its B is zero.

    Raises TrainingError for a name that no adapter can have, and for targets that the model has not.
    """
    if not _NAME.fullmatch(name):
        raise TrainingError(f"a head's name is of letters, digits, - and _, not {name!r}")
    _inject(base, name, _config(base, lora), seed)


def drop_head(base: Base, name: str) -> None:
    """Take a head off the base. Raises UnknownNameError where it is not there."""
    if name not in heads_of(base):
        raise UnknownNameError("head", name, heads_of(base))
    before = _state(base)
    delete_adapter(base.model, name, prefix="lora_", layer_cls=LoraLayer)
    base.model.peft_config.pop(name, None)
    _set_state(base, None if before == name else before)


@contextlib.contextmanager
def active(base: Base, name: str | None) -> Iterator[None]:
    """Within, the head of that name is active; None: the bare base. Raises UnknownNameError for no such head."""
    if name is not None and name not in heads_of(base):
        raise UnknownNameError("head", name, heads_of(base))
    before = _state(base)
    _set_state(base, name)
    try:
        yield
    finally:
        _set_state(base, before if before in heads_of(base) else None)


def save_head(base: Base, name: str, folder: Path, examples: int) -> None:
    """Write a head as a folder that peft reads, with a card and with the hash of the base that it belongs to."""
    weights = {_PREFIX + key: value.detach().cpu().contiguous() for key, value in state_of(base, name).items()}
    config = base.model.peft_config[name].to_dict() | {"inference_mode": True}
    ordered = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    origin = {
        "head": name, "base": base.info.name, "revision": base.info.revision, "weights": base.info.weights,
        "architecture": base.info.architecture, "examples": examples,
    }  # fmt: skip
    write_file(folder / WEIGHTS_FILE, save(weights, {"format": "pt"}))
    write_file(folder / CONFIG_FILE, (json.dumps(ordered, indent=2, sort_keys=True) + "\n").encode())
    write_file(folder / "README.md", head_card(name, base.info, examples).encode())
    write_file(folder / ORIGIN_FILE, (json.dumps(origin, indent=2) + "\n").encode())  # last: its presence means whole


def load_head(base: Base, name: str, folder: Path) -> None:
    """Put the head in `folder` on the base, in the place of one of that name.

    Raises ModelError where it was trained on another base, or is no head.
    """
    origin = _origin(folder)
    if origin.get("weights") != base.info.weights:
        raise ModelError(
            f"{folder} is a head of {origin.get('base')} (weights {str(origin.get('weights'))[:12]}), and the base "
            f"here is {base.info.name} (weights {base.info.weights[:12]}); load that base, or train a head on this one"
        )
    try:
        config = LoraConfig.from_pretrained(str(folder))
        weights = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise ModelError(f"the head in {folder} cannot be read: {error}; train it anew") from error
    config.inference_mode = False  # peft would else leave out what training needs; `active` freezes
    _inject(base, name, config, seed=0)
    try:
        set_state(base, name, {key.removeprefix(_PREFIX): value for key, value in weights.items()})
    except ModelError:
        drop_head(base, name)
        raise


def set_training(base: Base, name: str, trains: bool) -> None:
    """Have a head's parameters take gradients, and its dropout drop, or neither."""
    for layer in _layers(base):
        if name in layer.lora_A:
            layer.lora_A[name].requires_grad_(trains)
            layer.lora_B[name].requires_grad_(trains)
            layer.lora_dropout[name].train(trains)


def drops(base: Base, name: str) -> bool:
    """Whether a head has dropout."""
    return any(
        isinstance(layer.lora_dropout[name], torch.nn.Dropout) for layer in _layers(base) if name in layer.lora_A
    )


def cuda_devices(base: Base) -> list[torch.device]:
    """The device whose generator a draw on this base changes, besides the processor's."""
    return [base.device] if base.device.type == "cuda" else []


def state_of(base: Base, name: str) -> dict[str, Tensor]:
    """The tensors of a head by peft's names, without the head's own."""
    state: dict[str, Tensor] = get_peft_model_state_dict(base.model, adapter_name=name, save_embedding_layers=False)
    return state


def set_state(base: Base, name: str, state: dict[str, Tensor]) -> None:
    """Give a head the tensors of `state_of`. Raises ModelError where they are not of its shape."""
    expected = {key: tuple(value.shape) for key, value in state_of(base, name).items()}
    given = {key: tuple(value.shape) for key, value in state.items()}
    if expected != given:
        odd = next(iter(sorted(expected.items() ^ given.items())))
        raise ModelError(f"the head {name!r} does not fit this base, see {odd[0]} {odd[1]}; train a head on this base")
    set_peft_model_state_dict(base.model, state, adapter_name=name)


def _inject(base: Base, name: str, config: LoraConfig, seed: int) -> None:
    if name in heads_of(base):
        drop_head(base, name)
    before = _state(base)
    try:
        with warnings.catch_warnings(), torch.random.fork_rng(devices=cuda_devices(base)):
            torch.manual_seed(seed)
            warnings.simplefilter("ignore", UserWarning)  # that several heads are on one model is what is wanted
            inject_adapter_in_model(config, base.model, name)
    except ValueError as error:
        targets = ", ".join(sorted(config.target_modules or ()))
        raise TrainingError(
            f"{base.info.name} ({base.info.architecture}) takes no head on {targets}: {str(error).splitlines()[0]}"
        ) from error
    for layer in _layers(base):
        make_fast(layer)
        if name in layer.lora_A:
            # kept in fp32 on a model in bf16: steps of the optimizer are smaller than bf16 tells apart
            layer.lora_A[name].to(base.device, torch.float32)
            layer.lora_B[name].to(base.device, torch.float32)
            layer.lora_dropout[name].eval()
    _set_state(base, before)


def _config(base: Base, lora: LoraSettings) -> LoraConfig:
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        task_type="CAUSAL_LM",
        base_model_name_or_path=base.info.name,
        revision=base.info.revision,
    )


def _layers(base: Base) -> list[Any]:
    return [module for module in base.model.modules() if isinstance(module, LoraLayer)]


def _state(base: Base) -> str | None:
    """The head that is active, None where none is."""
    for layer in _layers(base):
        if not layer.disable_adapters:
            return next((name for name in layer.active_adapters if isinstance(name, str)), None)
    return None


def _set_state(base: Base, name: str | None) -> None:
    for layer in _layers(base):
        layer.enable_adapters(name is not None)
        layer.set_adapter([] if name is None else [name], inference_mode=True)


def _origin(folder: Path) -> dict[str, Any]:
    try:
        origin = json.loads((folder / ORIGIN_FILE).read_text())
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder} holds no {ORIGIN_FILE}, so it is no head that negbank has trained, or one that was not "
            "written to its end; give the folder of a point, such as RUN/point-512"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / ORIGIN_FILE} cannot be read: {error}; train the head anew") from error
    return origin if isinstance(origin, dict) else {}
