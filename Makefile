# Everything sets itself up: `make demo` on a fresh machine installs what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
NATIVE := $(VENV)/.native
NPM_CLIENT := tests/support/npm_client
NPM_READY := $(NPM_CLIENT)/node_modules/.package-lock.json
RUST_SOURCES := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup models demo test docs check format lint types contracts rust-check rust-neon pytest bench bench-local clean

help: ## Show what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup, then run make again" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(NATIVE): $(STAMP) $(RUST_SOURCES)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --quiet
	@touch $@

setup: $(NATIVE) ## Virtual environment, dependencies, the Rust part

models: setup ## Fetch the small networks once
	@$(BIN)/overshoot models pull

demo: models ## The main job end to end: video, WebRTC, gateway, answers
	$(BIN)/overshoot demo

# Somebody else's client, which the end-to-end tests open in a browser. Without npm they are skipped.
$(NPM_READY): $(NPM_CLIENT)/package.json
	@if command -v npm >/dev/null; then \
		npm install --prefix $(NPM_CLIENT) --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error && touch $@; \
	else \
		echo "npm is missing: tests of the JavaScript client are skipped" >&2; \
	fi

test: models $(NPM_READY) ## All Python tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

docs: setup ## The documentation as a site, in site/; warnings are errors
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

check: lint types contracts rust-check docs test ## Everything CI checks

format: setup ## Put the code in the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cargo fmt --all

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy
	$(BIN)/pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pyright --verifytypes overshoot --ignoreexternal
	$(BIN)/python -m mypy.stubtest overshoot._native

contracts: setup
	$(BIN)/lint-imports --no-cache

rust-check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --locked
	cargo test --package overshoot-core --locked --features loom --lib -- interleavings

# A 64-bit ARM runs its kernels in `rust-check`; this is for other machines, and not part of `check`:
# minutes of emulation.
ARM := aarch64-unknown-linux-gnu
ARM_ROOT ?= /usr/aarch64-linux-gnu
rust-neon: export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER := aarch64-linux-gnu-gcc
rust-neon: export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER := qemu-aarch64 -L $(ARM_ROOT)
rust-neon: ## The Rust core's tests for 64-bit ARM, cross-compiled and emulated
	@test -d "$$(rustc --print target-libdir --target $(ARM))" || { echo "Rust's library for ARM is missing: rustup target add $(ARM)" >&2; exit 1; }
	@command -v aarch64-linux-gnu-gcc >/dev/null || { echo "aarch64-linux-gnu-gcc is missing: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross" >&2; exit 1; }
	@command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is missing: apt-get install qemu-user" >&2; exit 1; }
	cargo clippy --package overshoot-core --all-targets --locked --target $(ARM) -- -D warnings
	cargo test --package overshoot-core --locked --target $(ARM)
	OVERSHOOT_SIMD=scalar cargo test --package overshoot-core --locked --target $(ARM) --test levels -- the_level

bench: setup ## Measure the frame path and the stores beside their peers
	$(BIN)/python benches/python/bench_framepath.py
	$(BIN)/python benches/python/bench_ring.py
	$(BIN)/python benches/python/bench_threads.py
	$(BIN)/python benches/python/bench_memory_store.py
	$(BIN)/python benches/python/bench_sqlite_store.py
	$(BIN)/python benches/python/bench_evidence.py
	$(BIN)/python benches/python/bench_analysis.py
	cargo bench --workspace --locked

bench-local: models ## Hits, misses and false alarms of the local backend on a media folder
	$(BIN)/python benches/python/bench_local.py
	$(BIN)/python benches/python/bench_gesture_classifier.py

clean: ## Remove what was built here
	rm -rf $(VENV) target $(NPM_CLIENT)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
