# `make run` and `make test` need nothing but Python >= 3.11 and make. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test check audit format shots openapi bench faults

python := .venv/bin/python
environment := .venv/installed
# None of these commands touches a database or a session; the settings want a key all the same.
check openapi: export SECRET_KEY := only-for-make-check

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(environment) ## start everything on http://127.0.0.1:8000; PORT, PORTAL_HOME, DEMO=0, VISITORS=0
	@exec $(python) -m tools.run

test: $(environment) ## run all tests: unit, integration, faults, browser, architecture; ARGS="-k sweep" for some
	@exec $(python) -m pytest $(ARGS)

check: $(environment) ## format, lint, types, import order, missing migrations
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports
	$(python) -W ignore manage.py makemigrations --check --dry-run

audit: $(environment) ## look for known vulnerabilities of what uv.lock names, in the OSV database; fails where it cannot ask
	@exec .uv/bin/uv audit --frozen --preview-features audit-command $(ARGS)

format: $(environment) ## let ruff format and fix what it can
	$(python) -m ruff format .
	$(python) -m ruff check --fix .

shots: $(environment) ## write screenshots of every page to .portal/shots/
	@exec $(python) -m tools.shots $(ARGS)

openapi: $(environment) ## write docs/openapi.json, which a test holds the API to
	@exec $(python) -m tools.openapi

bench: $(environment) ## measure what is promised about speed; ARGS="--quick chat sweep" for some of it
	@exec $(python) -m tests.load $(ARGS)

faults: export PORTAL_FAULTS := long
faults: $(environment) ## inject every fault many times; PORTAL_FAULTS_JSON=file.json for the table, ARGS="-k kill"
	@exec $(python) -m pytest tests/faults $(ARGS)

# Renewed only when what it is made from changed; otherwise nothing is asked of the network.
$(environment): uv.lock pyproject.toml tools/uv.txt tools/bootstrap.sh
	@sh tools/bootstrap.sh
