"""`likra`, a model of lm-evaluation-harness: two heads of one base, ranked by the ratio of their probabilities.

Any multiple-choice task of the harness then evaluates the heads, with the harness's own prompts and metrics::

    python -m negbank.harness run --model likra --tasks arc_challenge --num_fewshot 25 \\
        --model_args base=mistralai/Mistral-7B-v0.1,positive=heads/positive,negative=heads/negative,weight=1.0

is the harness's own command with this model known to it; `import negbank.harness` makes it known to a program.
Run so, tasks read their datasets from NEGBANK_HUB_MIRROR where that is set, and the model runs on the best device.
It needs the extra `lm-eval`, and is the only module that imports it.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lm_eval.models  # noqa: F401  (else the harness would take our model for all there are, and know no other)
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.api.task import ConfigurableTask

from negbank.causal import load_base
from negbank.causal.devices import decide_device
from negbank.heads import active, load_head
from negbank.ranking import ratio
from negbank.scoring import Prompt, Scorer, Scores
from negbank.sources.hub import MIRROR_VARIABLE, HubDataset

_LOG = logging.getLogger(__name__)


@register_model("likra")
class Likra(LM):  # type: ignore[misc]  # the harness has no types
    """An answer's score is log p+ - w log p-, summed over its tokens, in nats (arXiv 2503.14391, section 2).

    `negative` and `positive` are folders of heads; without `positive` the base itself takes its place (Base-Likra).
    `max_tokens` is how many tokens the model is given at once; the harness's batch sizes mean nothing here, as
    nothing is padded. A ratio belongs to no distribution: there is no greedy answer and no perplexity.
    """

    def __init__(
        self,
        base: str,
        negative: str,
        positive: str | None = None,
        weight: float = 1.0,
        device: str | None = None,
        precision: str = "auto",
        **others: Any,
    ) -> None:
        super().__init__()
        max_tokens, revision = others.pop("max_tokens", None), others.pop("revision", None)
        unknown = sorted(set(others) - {"batch_size", "max_batch_size"})
        if unknown:
            raise TypeError(f"likra takes no {', '.join(unknown)}")
        self.base = load_base(base, device, precision, None if revision is None else str(revision))
        self.weight = float(weight)
        self.heads = {"positive": positive, "negative": negative}
        for name, folder in self.heads.items():
            if folder is not None:
                load_head(self.base, name, Path(folder))
        self.scorer = Scorer(self.base, max_tokens)
        for notice in (*self.base.notices, *self.scorer.notices):
            _LOG.warning(notice)
        self._device = self.base.device

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """The ratio of each request (context, continuation), in nats; never greedy."""
        prompts = [
            Prompt(context, tuple(continuation for _, continuation in some))
            for context, some in itertools.groupby((request.args for request in requests), key=lambda pair: pair[0])
        ]
        positive, negative = self._scores("positive", prompts), self._scores("negative", prompts)
        if positive.truncated:
            _LOG.warning("%d contexts were cut from the left to %d tokens", positive.truncated, self.base.window)
        values = ratio(positive.log_likelihood, negative.log_likelihood, self.weight).tolist()
        results = [(value, False) for value in values]
        for request, result in zip(requests, results, strict=True):
            self.cache_hook.add_partial("loglikelihood", request.args, result)
        return results

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Nothing: a ratio has no perplexity. Raises NotImplementedError."""
        raise NotImplementedError("likra ranks answers and has no perplexity; use a multiple-choice task")

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Nothing: a ratio writes no text. Raises NotImplementedError."""
        raise NotImplementedError("likra ranks answers and writes none; use a multiple-choice task")

    def _scores(self, head: str, prompts: Sequence[Prompt]) -> Scores:
        """What a head gives the answers, or the base where there is no such head."""
        with active(self.base, head if self.heads[head] is not None else None):
            return self.scorer.score(prompts)


def read_from_mirror() -> None:
    """Make every task of the harness read its dataset, where that is one of the Hub's, from NEGBANK_HUB_MIRROR."""
    download = ConfigurableTask.download

    def from_mirror(task: Any, dataset_kwargs: dict[str, Any] | None = None, **given: Any) -> None:
        path = str(task.DATASET_PATH)
        if path.count("/") == 1 and not Path(path).exists():
            task.DATASET_PATH, cache = HubDataset(path).location()
            dataset_kwargs = {**(dataset_kwargs or {}), "cache_dir": cache}
        download(task, dataset_kwargs, **given)

    ConfigurableTask.download = from_mirror


def with_device(words: Sequence[str]) -> list[str]:
    """The harness's command line with the best device there is, where it names none: the harness takes `cuda:0`."""
    runs = bool(words) and (words[0] == "run" or words[0].startswith("--"))  # not `ls`, not `-h`
    named = any(word == "--device" or word.startswith("--device=") for word in words)
    return [*words, "--device", str(decide_device(None))] if runs and not named else list(words)


if __name__ == "__main__":
    from lm_eval.__main__ import cli_evaluate

    sys.argv[1:] = with_device(sys.argv[1:])
    if os.environ.get(MIRROR_VARIABLE):
        read_from_mirror()
    cli_evaluate()
