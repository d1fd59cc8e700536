# `make` alone lists what there is. Needs Python 3.11 or newer, and a network the first time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What decides which packages belong in the virtual environment: it is made again when one of these changes.
REQUIREMENTS := pyproject.toml constraints.txt $(wildcard shared/requirements.txt services/*/requirements.txt cli/requirements.txt)
SOURCES := cli services shared tests $(wildcard benchmarks drills)
# What the web pages are built from; they are built anew when some of it changes, or what was built is not there.
WEB_SOURCES := $(shell find web docs/openapi -name node_modules -prune -o -name generated -prune -o \
	-type f ! -name '.built' ! -name '.building' ! -name 'build.log' -print)
WEB_BUILT := services/inbox_api/pages/bell.js services/compose_api/pages/console/index.html
NPM := web/tools/npm.sh
IDENTITY_PROVIDER := tests/identity_provider/node_modules/.package-lock.json
CANAILLE := .venv-canaille

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.ready web/.built ## Run a whole hub here: servers, APIs, workers, a demo (ARGS="--workers 4" for options)
	@exec $(BIN)/message-hub run $(ARGS)

# A hub without its pages is better than none.
run: WEB_FAILED = echo "The hub starts without new pages; \`make web\` tries again."

.PHONY: web
web: web/.built ## Build the web pages: the console, the bell, the demo page

.PHONY: test
test: $(VENV)/.ready ## Run everything that CI runs: style, types, layers, tests (ARGS="-k recall" for fewer tests)
	@failed=""; \
	step() { echo "== $$*"; "$$@" || failed="$$failed\n  $$*"; }; \
	step $(BIN)/ruff check .; \
	step $(BIN)/ruff format --check .; \
	step $(BIN)/mypy; \
	step $(BIN)/lint-imports; \
	step $(MAKE) --no-print-directory web; \
	step $(NPM) run --silent lint; \
	step $(NPM) run --silent test; \
	step $(MAKE) --no-print-directory $(IDENTITY_PROVIDER); \
	step $(MAKE) --no-print-directory $(CANAILLE)/.ready; \
	if [ -n "$$failed" ]; then printf "\nThese failed (see above):$$failed\n\n"; fi; \
	echo "== $(BIN)/pytest -n 3 $(ARGS)"; \
	$(BIN)/pytest -n 3 $(ARGS) && [ -z "$$failed" ]

# The OpenID provider that the tests sign in at.
$(IDENTITY_PROVIDER): tests/identity_provider/package-lock.json | $(VENV)/.ready
	@$(NPM) --prefix ../tests/identity_provider ci --loglevel=error

# The provider that pushes people to the hub, in an environment of its own: it needs older packages than the hub's other checkers.
$(CANAILLE)/.ready: tests/canaille/requirements.txt
	@{ $(PYTHON) -m venv --clear $(CANAILLE) && \
		$(CANAILLE)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/canaille/requirements.txt && touch $@; } || \
		{ echo "Canaille could not be installed, so its test is skipped (in CI it fails)."; rm -rf $(CANAILLE); test -z "$$CI"; }

# Of its own, for what checks the environment is no part of it.
AUDIT := .venv-audit

.PHONY: audit
audit: ## Ask whether anything that is installed is known to be vulnerable (ARGS="--strict": fail where nobody can say)
	@test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && \
		$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip-audit; } || \
		{ echo "pip-audit could not be installed, so nothing was checked."; rm -rf $(AUDIT); }
	@test ! -x $(AUDIT)/bin/pip-audit || $(AUDIT)/bin/python .ci/audit.py $(ARGS)

.PHONY: bench
bench: $(VENV)/.ready ## Measure the hub against its limits (SIZE=full for a million recipients, ARGS="--only fanout,bell" for less)
	$(BIN)/python -m benchmarks.run --size $(or $(SIZE),quick) $(ARGS)

.PHONY: drill
drill: $(VENV)/.ready ## Kill, cut and fill what a hub needs, and check every promise afterwards (MINUTES=30, SEED=7, ARGS="--only 1,3")
	$(BIN)/python -m drills.run --minutes $(or $(MINUTES),5) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: openapi
openapi: $(VENV)/.ready ## Write docs/openapi anew after a change of an API
	$(BIN)/python -m cli.openapi docs/openapi

.PHONY: lint
lint: $(VENV)/.ready web/.built ## Check style, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run --silent lint

.PHONY: format
format: $(VENV)/.ready web/.built ## Format the code, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run --silent format

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

.PHONY: always
always:

web/.built: $(WEB_SOURCES) $(if $(filter-out $(wildcard $(WEB_BUILT)),$(WEB_BUILT)),always) | $(VENV)/.ready
	@web/tools/build.sh || $(WEB_FAILED)
WEB_FAILED = exit 1
