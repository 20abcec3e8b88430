# Everything a person does with a checkout. `make help` lists it.

PYTHON ?= python3
VENV ?= .venv
SEEDS ?= seeds
OUT ?= out
# Where pip looks for torch's CPU build, when the small one is wanted; see the README.
TORCH_INDEX ?=
# Flags of `bench`; `python -m benchmarks.compare --help` tells them.
BENCH ?=

PIP = $(VENV)/bin/pip --disable-pip-version-check
RUN = $(VENV)/bin/python -m
# Tests run in as many processes as there are processors, four at most.
PYTEST = $(RUN) pytest -n logical --maxprocesses 4 --dist worksteal
C_FILES = $(wildcard service/llm/kernels/*.[ch] tests/llm/kernels/*.[ch])
KERNEL_TESTS = $(addprefix tests/llm/,kernels test_int8.py test_attention.py test_kv_cache.py)

.DEFAULT_GOAL := help
.PHONY: help setup digest serve test test-all check kernels-check sanitize image image-test bench clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make .venv and install what Diglot runs on

digest: setup ## Digest SEEDS (default: seeds) into OUT (default: out)
	$(RUN) service digest "$(SEEDS)" --out "$(OUT)"

serve: setup ## Serve HTTP on port 8000
	$(RUN) service serve

# Compiled modules are kept, whatever the environment says: else each process of the tests, and each
# program that they start, compiles all of them again.
test test-all: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.ready-dev ## Run the tests that every change needs, in a few minutes
	$(PYTEST) -m "not slow and not real_models and not image"

test-all: test ## Run every test but the image's: also kills, disks, a browser, all model families
	$(PYTEST) -m "(slow or real_models) and not image" --maxfail 12 # each may have waited for minutes

check: $(VENV)/.ready-dev ## Lint, format and types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(VENV)/bin/hadolint Dockerfile docker/cuda.Dockerfile

kernels-check: $(VENV)/.ready-dev ## Compile the C for every processor, by GCC and clang, without a warning
	$(RUN) pytest -rs tests/llm/kernels/test_compile.py
	if command -v clang-format; then clang-format --dry-run -Werror $(C_FILES); fi

sanitize: $(VENV)/.ready-dev ## Run the kernels' tests under address and undefined-behaviour sanitizers
	tests/llm/kernels/sanitized.sh $(RUN) pytest -x --capture=sys $(KERNEL_TESTS) -k "not qemu" \
		--deselect tests/llm/kernels/test_sanitized.py --deselect tests/llm/kernels/test_compile.py

image: ## Build the container image diglot
	docker build --build-arg TORCH_INDEX="$(TORCH_INDEX)" --tag diglot .

image-test: $(VENV)/.ready-dev ## Build the image and run it, with Docker or, as root, with podman
	TORCH_INDEX="$(TORCH_INDEX)" $(RUN) pytest tests/image -m image

bench: setup ## Measure Diglot beside its peers, for an hour or two; flags in BENCH="--rounds 1"
	$(RUN) benchmarks.compare $(BENCH)

clean: ## Remove .venv, out and caches
	rm -rf "$(VENV)" out .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Diglot needs Python 3.11 or newer")'
	$(PYTHON) -m venv "$(VENV)"

$(VENV)/.ready: requirements.txt | $(VENV)/bin/python
	test -z "$(TORCH_INDEX)" || $(PIP) install --index-url "$(TORCH_INDEX)" torch==2.13.0
	$(PIP) install -r requirements.txt
	touch $@

$(VENV)/.ready-dev: requirements-dev.txt $(VENV)/.ready
	$(PIP) install -r requirements-dev.txt
	touch $@
