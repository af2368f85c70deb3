# The commands of a working day. Each needs only Python 3.11 to 3.13, git, make and the package registries.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
    $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
SYNCED := .venv/.synced
STACK ?= local

.DEFAULT_GOAL := help
.PHONY: help up down preview status test prove check fix lock

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(SYNCED)  ## Stand the local stack up (STACK=name for another one's settings, here)
	@$(BIN)/forebay up $(STACK)

down: $(SYNCED)  ## Take it away
	@$(BIN)/forebay down $(STACK)

preview: $(SYNCED)  ## Show what `up` would change
	@$(BIN)/forebay preview $(STACK)

status: $(SYNCED)  ## Show what runs
	@$(BIN)/forebay status $(STACK)

check: $(SYNCED)  ## Format, lint, types, directions of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(SYNCED)  ## Format, and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: $(SYNCED)  ## Every behaviour, with samples of the long suites
	@$(BIN)/python -m pytest -n 2 --dist loadfile

prove: $(SYNCED)  ## The full counts, hours if need be; writes docs/proof
	@FOREBAY_PROVE=1 $(BIN)/python -m pytest --timeout 0

lock:  ## Resolve pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --group pyproject.toml:dev -o requirements.lock pyproject.toml

# The tool that installs everything else is itself installed by hash.
$(SYNCED): requirements.lock pyproject.toml tools/bootstrap.lock
	@test -n "$(PYTHON)" || { echo "Forebay needs Python 3.11, 3.12 or 3.13 on PATH; none was found." >&2; exit 1; }
	@echo "Installing into .venv from requirements.lock ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/bootstrap.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
