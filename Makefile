# `make` alone lists what there is. Needs Python 3.11 or newer, and a network the first time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What decides which packages belong in the virtual environment: it is made again when one of these changes.
REQUIREMENTS := pyproject.toml constraints.txt $(wildcard shared/requirements.txt services/*/requirements.txt cli/requirements.txt)
SOURCES := cli services shared tests $(wildcard benchmarks)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.ready ## Run a whole hub here: servers, APIs, workers, a demo (ARGS="--workers 4" for options)
	@exec $(BIN)/message-hub run $(ARGS)

.PHONY: test
test: $(VENV)/.ready ## Run everything that CI runs: style, types, layers, tests (ARGS="-k recall" for fewer tests)
	@failed=""; \
	step() { echo "== $$*"; "$$@" || failed="$$failed\n  $$*"; }; \
	step $(BIN)/ruff check .; \
	step $(BIN)/ruff format --check .; \
	step $(BIN)/mypy; \
	step $(BIN)/lint-imports; \
	if [ -n "$$failed" ]; then printf "\nThese failed (see above):$$failed\n\n"; fi; \
	echo "== $(BIN)/pytest -n 2 $(ARGS)"; \
	$(BIN)/pytest -n 2 $(ARGS) && [ -z "$$failed" ]

.PHONY: bench
bench: $(VENV)/.ready ## Measure the hub against its limits (SIZE=full for a million recipients)
	$(BIN)/python -m benchmarks.run --size $(or $(SIZE),quick)

.PHONY: openapi
openapi: $(VENV)/.ready ## Write docs/openapi anew after a change of an API
	$(BIN)/python -m cli.openapi docs/openapi

.PHONY: lint
lint: $(VENV)/.ready ## Check style, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.ready ## Format the code, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: venv
venv: $(VENV)/.ready ## Make the virtual environment in .venv

$(VENV)/.ready: $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is not: set PYTHON=/path/to/python3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing: install it first (on Debian and Ubuntu: apt-get install python3-venv)."; exit 1; }
	@echo "Installing into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded,test]'
	@touch $@
