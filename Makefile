# The whole workflow: `make` lists it. Needs Python 3.11, git and make.

PYTHON ?= python3
PORT ?= 8000
ENSEMBLE ?= mix-stage3
PRESET ?= fast
NAME ?= screening
UV_VERSION := 0.13.9

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILE := $(BIN)/uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup serve test coverage fuzz lint format typecheck dependencies spelling check docs lock openapi schema fetch train evaluate benchmark profile dist screening chaos overload contract soak audit sbom docker-build clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## Install everything in .venv, as the lock file says

serve: setup ## Set up, then run the service on http://localhost:8000 (PORT= changes it)
	$(BIN)/paraisite serve --port $(PORT)

test: setup ## Set up, then run every test (ARGS= goes to pytest)
	$(BIN)/pytest $(ARGS)

coverage: setup ## Run every test and see that enough of the code is run by them
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage report

fuzz: setup ## Read mutated structure files (SECONDS=, default 60)
	$(BIN)/python -m benchmarks.fuzz --seconds $(or $(SECONDS),60)

lint: setup ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup ## Fix what can be fixed of style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

typecheck: setup ## Check types
	$(BIN)/mypy

dependencies: setup ## Check that what is imported is declared, and what is declared is used
	$(BIN)/deptry .

spelling: setup ## Check spelling
	$(BIN)/codespell

check: lint typecheck dependencies spelling ## Check style, types, dependencies and spelling

docs: setup ## Build the documentation site in site/; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lock: $(BIN)/uv ## Resolve the lock files again after a change of dependencies
	$(COMPILE) --extra client --extra mcp --extra training --extra ray --extra dev --output-file requirements/dev.lock pyproject.toml
	$(COMPILE) --output-file requirements/serve.lock pyproject.toml

openapi: setup ## Write the service's contract to openapi.json
	$(BIN)/python -m app.openapi > openapi.json

schema: setup ## Write the schema of manifests to models/manifest.schema.json
	$(BIN)/python -m models.schema > models/manifest.schema.json

fetch: setup ## Get the data sets and MEGNet's weights from where they are published
	$(BIN)/python -m training fetch

train: setup ## Train an ensemble (ENSEMBLE=) as a preset says (PRESET=); resumes
	$(BIN)/python -m training train $(ENSEMBLE) --preset $(PRESET)

evaluate: setup ## Write the evaluation report and figures from what is there
	$(BIN)/python -m training evaluate

benchmark: setup ## Measure what the README quotes
	$(BIN)/python -m benchmarks

profile: setup ## Show where the time of one answer goes
	$(BIN)/python -m benchmarks profile

dist: setup ## Make the files of a release in dist/: wheel, weights, SBOM, checksums
	.ci/dist $(TAG)

screening: setup ## Screen crystals (SOURCE=) to build/NAME.parquet and .html (NAME=, default screening); resumes
	mkdir -p build
	$(BIN)/paraisite screen "$(SOURCE)" --out build/$(NAME).parquet --report build/$(NAME).html

chaos: setup ## Break everything around the service under load (SECONDS=, default 120)
	$(BIN)/python -m tests.endurance chaos --seconds $(or $(SECONDS),120)

overload: setup ## Send three times the sustainable load (REQUESTS=, default 100000)
	$(BIN)/python -m tests.endurance overload --requests $(or $(REQUESTS),100000)

contract: setup $(BIN)/uv ## Send cases made from openapi.json (CASES=, default 100000)
	$(BIN)/python -m tests.endurance contract --cases $(or $(CASES),100000)

soak: setup ## Run the service under a steady load and watch its memory (SECONDS=, default 3600)
	$(BIN)/python -m tests.endurance soak --seconds $(or $(SECONDS),3600)

audit: $(BIN)/uv ## Look the lock files up in the list of known vulnerabilities
	for lock in serve dev; do \
		$(BIN)/uv tool run pip-audit==2.10.1 --strict --require-hashes --disable-pip -r requirements/$$lock.lock || exit 1; \
	done

sbom: $(BIN)/uv ## Write what the image holds of other packages to build/sbom.json (CycloneDX)
	mkdir -p build
	$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements/serve.lock \
		--pyproject pyproject.toml --output-file build/sbom.json

docker-build: ## Build the container image
	docker build --tag paraisite .

clean: ## Remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .coverage build dist site *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
		{ echo 'This needs Python 3.11 or 3.12; name one with: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo 'Python lacks its venv module; on Debian: apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): requirements/dev.lock $(BIN)/uv
	$(BIN)/uv pip sync --compile-bytecode --require-hashes --python $(BIN)/python requirements/dev.lock
	$(BIN)/uv pip install --no-deps --no-build-isolation --python $(BIN)/python --editable .
	$(BIN)/python -m models.compiling
	@touch $@
