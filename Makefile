# socketio-operator. Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV   := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
export PYTHONPATH := $(CURDIR)/operator
export PYTHONUNBUFFERED := 1

.PHONY: help demo demo-url demo-down test test-unit test-local test-runtime test-api test-e2e lint format generate lock \
        cluster-up cluster-down cluster-status load chromium redis clean

help: ## Show this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

demo: $(VENV)/ready ## From nothing to a running cluster, the operator in it and a chat on three pods
	@$(PYTHON) -m tests.demo up

demo-url: $(VENV)/ready ## Print the address of the running demo
	@$(PYTHON) -m tests.demo url

demo-down: $(VENV)/ready ## End the demo and its cluster
	@$(PYTHON) -m tests.demo down

test: lint chromium test-runtime ## Everything: lint, runtime, unit, API and end-to-end tests
	$(PYTHON) -m tests.cluster down
	$(PYTEST) tests

test-unit: $(VENV)/ready ## Tests of the operator that need nothing (seconds)
	$(PYTEST) tests/unit

test-local: chromium ## Tests of the rig itself: image builder, clients, page and proxy on loopback
	$(PYTEST) -m "not api and not node" tests/cluster tests/demo tests/traffic

test-runtime: redis ## Tests of the runtime for Node.js: real apps, a real Redis
	cd runtime/node && npm ci --no-audit --no-fund && npm test

test-api: $(VENV)/ready ## Tests that need an API server
	$(PYTEST) -m api tests

test-e2e: chromium ## Tests that need nodes: real pods, a real proxy, real clients
	$(PYTEST) -m node tests

lint: $(VENV)/ready ## Style, types, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/ready ## Format the Python code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

generate: $(VENV)/ready ## Write what is generated: CRD, install manifest
	$(PYTHON) -m socketio_operator crd > crds/socketioclusters.yaml
	cp crds/socketioclusters.yaml helm/socketio-operator/files/
	$(PYTHON) -m tests.render_install > manifests/install.yaml.new && mv manifests/install.yaml.new manifests/install.yaml

cluster-up: $(VENV)/ready ## Start a cluster (NODES=2; CLUSTER=kind|bare) and write build/kubeconfig
	@$(PYTHON) -m tests.cluster up

cluster-down: $(VENV)/ready ## End the cluster and leave nothing behind
	@$(PYTHON) -m tests.cluster down

cluster-status: $(VENV)/ready ## What runs
	@$(PYTHON) -m tests.cluster status

load: $(VENV)/ready ## Load an image tar into every node: make load IMAGE=x.tar
	@$(PYTHON) -m tests.cluster load $(IMAGE)

lock: $(VENV)/ready ## Lock the versions of pyproject.toml again
	$(VENV)/bin/uv pip compile pyproject.toml --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade -q -o requirements.lock
	$(VENV)/bin/uv pip compile pyproject.toml --group dev --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade -q -o requirements-dev.lock

chromium: $(VENV)/ready
	@command -v chromium > /dev/null || { echo "Installing chromium (about 1 minute)"; apt-get update -qq; apt-get install -y -qq chromium > /dev/null; }

redis:
	@command -v redis-server > /dev/null || { echo "Installing redis-server"; apt-get update -qq; apt-get install -y -qq redis-server > /dev/null; }

# A stamp by content: a killed installation leaves none and is begun again.
$(VENV)/ready: requirements-dev.lock
	@echo "Installing the Python tools into $(VENV) (about 1 minute)"
	@rm -rf $(VENV)
	@python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean: cluster-down ## End the cluster and delete everything built
	rm -rf build $(VENV)
