# Two commands: `make demo` and `make test`. Both install what they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV := uv
RUN := $(UV) run --locked --all-extras
LLM := .cache/llm
MODEL := .cache/models/all-MiniLM-L6-v2/manifest.json

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: ## Install uv, the locked environment and the embedding model
	@command -v $(UV) >/dev/null || python3 -m pip install --quiet --user uv || python3 -m pip install --quiet uv
	@PATH="$$HOME/.local/bin:$$PATH" $(UV) sync --locked --all-extras --compile-bytecode --quiet
	@.venv/bin/python -m compileall -q sidecar connectors # a start in a second, also where Python may not write bytecode
	@test -f $(MODEL) || PATH="$$HOME/.local/bin:$$PATH" $(RUN) crm-sidecar model build

demo: setup ## The main job on two simulated CRMs (KEEP=1 stays up, JSON=1 ends with one JSON object)
	@PATH="$$HOME/.local/bin:$$PATH" $(RUN) crm-sidecar demo $(if $(KEEP),--keep) $(if $(JSON),--json)

browser: # Debian's Chromium, for the panel's tests
	@command -v chromium >/dev/null || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null)

node: # the official Node client, for the sandbox's tests
	@test -d tests/contract/node/node_modules || npm ci --prefix tests/contract/node --silent --no-audit --no-fund

test: setup browser node ## All tests, two files at a time
	@PATH="$$HOME/.local/bin:$$PATH" $(RUN) pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup ## Style, types, import contract
	@PATH="$$HOME/.local/bin:$$PATH"; $(RUN) ruff check && $(RUN) ruff format --check && $(RUN) mypy && $(RUN) lint-imports

bench: setup browser ## Speed beside the peers, in the same run
	@PATH="$$HOME/.local/bin:$$PATH" $(RUN) python -m bench

eval: setup browser ## How good the drafts are, beside lead, longest, LexRank and an oracle
	@PATH="$$HOME/.local/bin:$$PATH" $(RUN) python -m bench.eval

e2e: setup ## The reasoner against a real llama.cpp server, which is built once (five minutes)
	@PATH="$$HOME/.local/bin:$$PATH"; test -x $(LLM)/bin/python || $(UV) venv --quiet --python 3.11 $(LLM)
	@PATH="$$HOME/.local/bin:$$PATH"; $(UV) export --locked --only-group llm --quiet | $(UV) pip install --quiet --python $(LLM) -r -
	@PATH="$$HOME/.local/bin:$$PATH" CRM_SIDECAR_LLM_PYTHON=$(CURDIR)/$(LLM)/bin/python $(RUN) pytest tests/e2e

openapi: setup ## Write docs/openapi.yaml
	@PATH="$$HOME/.local/bin:$$PATH" $(RUN) crm-sidecar openapi > docs/openapi.yaml

.PHONY: help setup demo browser node test lint bench eval e2e openapi
