# Everything runs in .venv, which is made from pyproject.toml and constraints.txt alone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# where torch comes from; a machine without a GPU saves gigabytes with TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
HUB    := $(wildcard ../shared/hub)
ifneq ($(HUB),)
export NEGBANK_HUB_MIRROR ?= $(abspath $(HUB))
endif

.PHONY: help setup demo test check format bench clean
help:            ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 12

setup: $(STAMP)  ## make the environment
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,offline]'
	@touch $@

demo: setup      ## mine the bundled sample, show rows and counts, load it back
	$(BIN)/python docs/demo.py

test: setup      ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup     ## formatter, linter, strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup    ## let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup     ## every benchmark against its peers (two hours on two cores)
	$(BIN)/python -m benchmarks.encoding
	$(BIN)/python -m benchmarks.mining
	$(BIN)/python -m benchmarks.neighbors
	$(BIN)/python -m benchmarks.plausibility
	$(BIN)/python -m benchmarks.cosine_rule ../shared/data
	$(BIN)/python -m benchmarks.cli
	$(BIN)/python -m benchmarks.guards --pairs ../shared/data/answer-pairs/pairs.jsonl --table
	$(BIN)/python -m benchmarks.tricky_chains --chains ../shared/data/tricky-chains/chains.jsonl
	$(BIN)/python -m benchmarks.registry
	$(BIN)/python -m benchmarks.registry_crash
	$(BIN)/python -m benchmarks.push
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.curve
	$(BIN)/python -m benchmarks.reasoning
	$(BIN)/python -m benchmarks.chains
	$(BIN)/python -m benchmarks.glow
	$(BIN)/python -m benchmarks.world --seed 401 --runs 1 --note fresh
	$(BIN)/python -m benchmarks.tuning --seed 301 --note fresh
	$(BIN)/python -m benchmarks.table

clean:           ## remove the environment and what tools left
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-negatives
