# Every target is one line of help away: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt
RUN_FOR ?=
# A file's tests stay together, in the order of their folders, which begins with the longest. More processes than four
# would each start a database of their own and gain little.
PARALLEL ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo test servers check format bench soak replays generate clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/pip:
	@deploy/system_packages.sh python
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.local: $(BIN)/pip pyproject.toml constraints.txt
	@echo "Installing Ecopark into $(VENV) ..."
	@$(PIP) --editable '.[local]'
	@touch $@

$(VENV)/.dev: $(BIN)/pip pyproject.toml constraints.txt
	@echo "Installing Ecopark and its development tools into $(VENV) ..."
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.local

setup: $(VENV)/.dev ## Make .venv with everything, development tools included

demo: $(VENV)/.local ## Run a whole simulated park on this machine and open its console
	@$(BIN)/ecopark demo $(if $(RUN_FOR),--for $(RUN_FOR))

# Python packages and servers at the same time: both are mostly downloads.
test: $(BIN)/pip ## Run all tests (as root also installs the real servers they talk to)
	@$(MAKE) --no-print-directory -j2 $(VENV)/.dev servers
	@ECOPARK_REQUIRE_SERVERS=$$(deploy/system_packages.sh has-all && echo 1 || echo 0) $(BIN)/python -m pytest $(PARALLEL)

servers:
	@deploy/system_packages.sh test

check: $(VENV)/.dev ## Lint, types, import directions, unused code, documents
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture
	@$(BIN)/python -m pytest tests/architecture

format: $(VENV)/.dev ## Put the code in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## Print the project's figures (ratios and CPU time)
	@deploy/system_packages.sh bench
	@$(BIN)/python -m tests.bench

soak: $(VENV)/.dev ## Long runs: kills, outage, fuzz, restored backup; results under docs/results
	@$(BIN)/python -m tests.soak

replays: $(VENV)/.local ## Play the recordings in DATA again; writes docs/replays.md and its charts
	@$(BIN)/python docs/replays/make_charts.py $(or $(DATA),../shared/data)

generate: $(VENV)/.dev ## Write the Grafana boards again from their declarations
	@$(BIN)/ecopark dashboards generate --park-folder deploy/parks/bach-dang

clean: ## Remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
