# `make demo` and `make test` set up all they need; `make help` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
# The interpreter that the virtual environment is made from: PYTHON=… names one, else the first that is new enough.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
# What the tests run for real, as Debian packages with a program of the same name.
SERVERS := prometheus prometheus-alertmanager systemd victoria-metrics mmdebstrap chromium
# What the image is built and run with, without a daemon.
IMAGE_TOOLS := buildah podman runc mmdebstrap
# What the Helm chart is checked with.
CHART_TOOLS := .cache/chart-tools
# What a release is checked with.
RELEASE_TOOLS := .cache/release-tools
# Of the demo and the stack: make demo ARGS=--scenario=outage
ARGS :=
# How many files of tests run at once; most of their time they wait.
WORKERS := 4
# Of the lock files: make requirements UPGRADE=--upgrade, or UPGRADE='--upgrade-package requests'
UPGRADE :=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
PIP_INSTALL = $(BIN)/python -m pip install --quiet
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	--custom-compile-command "make requirements" $(UPGRADE)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo stack test image-test bench chaos soak dist sbom release-check lint format docs site dashboards servers chart-tools requirements fidelity clean

help: ## List what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-20s %s\n' "$$name" "$$text"; done

demo: $(VENV)/.installed ## Run the exporter against stand-in vendors on this machine; no credentials needed
	@$(BIN)/email-stats-exporter demo $(ARGS)

stack: $(VENV)/.installed servers ## Run the demo, Prometheus with all rules, and Alertmanager, as deploy/compose joins them
	@$(BIN)/python deploy/compose/stack.py $(ARGS)

test: $(VENV)/.tools servers chart-tools lint ## Check everything: style, types, imports, then all tests
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile

# On a machine that does nothing else, for half an hour. A peer that it lacks is named as missing on the page.
bench: $(VENV)/.tools ## Measure what a scrape and a fetch cost beside others, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench $(ARGS)

# Ten minutes; make chaos ARGS='--seconds=60 --seed=1' repeats the plans of another run.
chaos: $(VENV)/.tools servers ## Kill the exporter again and again while vendors fail, and see that nothing wrong is shown
	@$(BIN)/python -m tests.chaos $(ARGS)

# An hour; make soak ARGS='--minutes=10 --customers=1000' takes less.
soak: $(VENV)/.tools servers ## Run 10,000 customers who come and go, and see that nothing grows
	@$(BIN)/python -m tests.soak $(ARGS)

# Apart from the other tests, since not every machine lets a container be run in whatever it is itself.
image-test: $(VENV)/.tools ## Build the image and run it as a careful cluster does; on Debian, as root, no daemon is needed
	@missing=; for tool in $(IMAGE_TOOLS); do command -v "$$tool" >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || .ci/install-debian $$missing || exit 1; \
	$(BIN)/pytest tests/image

dist: $(VENV)/.installed ## Build the sdist and the wheel of what is committed, into dist/
	@.ci/build-distributions $(BIN)/python dist

sbom: dist $(RELEASE_TOOLS)/.complete ## List what is installed where the exporter runs (CycloneDX), into dist/ too
	@.ci/write-sbom $(BIN)/python $(RELEASE_TOOLS) dist/*.whl dist/email-stats-exporter.cdx.json

release-check: sbom $(VENV)/.tools ## Build what a release uploads, and try it where nothing else is installed
	@$(BIN)/pytest tests/release

lint: $(VENV)/.tools ## Check style, types, import directions, dependencies, dead code and known weaknesses
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted as ruff does it: make format" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry --no-ansi .
	@$(BIN)/vulture
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml exporter
	@$(BIN)/hadolint Dockerfile
	@found=$$($(BIN)/zizmor --offline --quiet --persona=auditor .github) || { echo "$$found"; exit 1; }

format: $(VENV)/.tools ## Write style: formatting, and what ruff can mend by itself
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

docs: $(VENV)/.installed ## Write the reference pages in docs/ anew from the code
	@$(BIN)/python -m docs.generator

site: $(VENV)/.tools ## Build the documentation's site into build/site
	@$(BIN)/python -m docs.site

fidelity: $(VENV)/.tools servers ## Compare PromQL's answers with the vendor's truth over ninety simulated days, into docs/fidelity.md
	@$(BIN)/python -m tests.fidelity

dashboards: $(VENV)/.created ## Write Grafana's dashboards anew from deploy/grafana/generator
	@$(BIN)/python -m deploy.grafana.generator

# Without a server its tests are skipped; where CI=true they fail.
servers: | $(VENV)/.created
	@missing=; for server in $(SERVERS); do command -v "$$server" >/dev/null || missing="$$missing $$server"; done; \
	[ -z "$$missing" ] || .ci/install-debian $$missing || true

# Without them, which takes npm and x86-64, the chart's tests are skipped and say why.
chart-tools: | $(VENV)/.created
	@.ci/get-chart-tools $(CHART_TOOLS) $(BIN)/python

requirements: $(VENV)/.created ## Write requirements/*.txt anew from pyproject.toml
	@$(PIP_INSTALL) --require-hashes -r requirements/lock.txt
	@$(COMPILE) pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) pyproject.toml --group test --group lint --group site -c requirements/runtime.txt -o requirements/dev.txt
	@$(COMPILE) --group build -o requirements/build.txt
	@$(COMPILE) --group chart -o requirements/chart.txt
	@$(COMPILE) --group release -o requirements/release.txt
	@$(COMPILE) --group lock -o requirements/lock.txt

clean: ## Take away everything that make made
	rm -rf $(VENV) build dist .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
		python=; \
	done; \
	[ -n "$$python" ] || { echo "Python 3.11 or newer is needed, and none of these is it: $(PYTHON)." \
		"If it has another name: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || .ci/install-debian python3-venv || exit 1; \
	echo "Setting up $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) && touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml requirements/build.txt requirements/runtime.txt
	@echo "Installing the exporter and what it needs"
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt
	@$(PIP_INSTALL) --require-hashes -r requirements/runtime.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(RELEASE_TOOLS)/.complete: $(VENV)/.created requirements/release.txt
	@echo "Installing what a release is checked with"
	@rm -rf $(RELEASE_TOOLS) && $(BIN)/python -m venv $(RELEASE_TOOLS)
	@$(RELEASE_TOOLS)/bin/python -m pip install --quiet --require-hashes -r requirements/release.txt
	@touch $@

$(VENV)/.tools: $(VENV)/.installed requirements/dev.txt
	@echo "Installing what the tests and checks need"
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@
