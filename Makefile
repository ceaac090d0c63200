# Everything is set up by `tools/setup` into .venv; a second run finds the work done and starts in seconds.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test check fix bench texts lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## a door, a sync agent and a central server on this machine, with simulated devices
	@tools/setup run
	@$(BIN)/gapura demo $(ARGS)

test: ## every test that is not a campaign, browsers and databases included, in two processes
	@tools/setup test
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## lint, types, import rules
	@tools/setup check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: ## format, and mend what the linter can
	@tools/setup check
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: ## every figure beside the limit measured in the same run
	@tools/setup test
	@$(BIN)/python -m tests.bench $(ARGS)

texts: ## compile the gettext catalogs after a translator was at work
	@tools/setup run
	@$(BIN)/python -m kiosk.web.catalogs

lock: ## resolve the dependencies again, with hashes and without index addresses
	@tools/setup lock

clean: ## forget the virtual environment and the caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
