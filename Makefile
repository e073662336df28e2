# `make demo` and `make test` need Python 3.11+, git and make; everything else is set up here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-for

.PHONY: help demo test check cluster cluster-down bench engine mutants fuzz docs golden clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("deploy needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT="$(CURDIR)/constraints.txt" $(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

demo: $(STAMP) ## the main job on a reference spec: a finding, the plan, the objects
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh

check: $(STAMP) ## lint, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## checks, all tests, and the engine tier (sets up the engines and Go tools it needs)
	$(BIN)/python scripts/engine_env.py
	$(BIN)/python scripts/go_tools.py
	$(BIN)/pytest -n 2 --dist loadgroup
	$(MAKE) engine

engine: $(STAMP) ## reference and random specs before the real engines: agreements and broken laws
	$(BIN)/python -m scripts.engine_tier

cluster: $(STAMP) ## a real control plane with fake GPU nodes to try `deploy` on; says how to use it
	@$(BIN)/python scripts/go_tools.py >/dev/null
	@$(BIN)/python -m scripts.control_plane up $(if $(CLUSTER_FOLDER),--folder "$(CLUSTER_FOLDER)")

cluster-down: $(STAMP) ## end it
	@$(BIN)/python -m scripts.control_plane down $(if $(CLUSTER_FOLDER),--folder "$(CLUSTER_FOLDER)")

bench: $(STAMP) ## speed claims, as ratios and limits measured in one run
	$(BIN)/python -m scripts.bench

mutants: $(STAMP) ## single-line breakages of the reference specs, what catches each, and the kill rate
	$(BIN)/python scripts/breakages.py

fuzz: $(STAMP) ## 20,000 specs broken by chance and 2,000 damaged expert files: no traceback, no hang, nothing run
	$(BIN)/python -m scripts.fuzz
	$(BIN)/pytest -q tests/unit/experts/test_two_thousand_files.py

docs: $(STAMP) ## write the generated pages anew
	$(BIN)/python scripts/docs.py

golden: $(STAMP) ## write the golden files anew
	$(BIN)/pytest -q tests/golden --update-golden

clean: ## remove what was set up in the checkout
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
