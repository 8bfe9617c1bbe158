# Candor: the entry points. `make demo` shows the product, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(HOME)/.cache/candor
export CACHE
export CARGO_TARGET_DIR ?= $(CACHE)/target
export CARGO_TERM_COLOR ?= auto

.PHONY: help web dashboard build binary demo test torture check-tools format lint unit docs audit browser rest-client fuzz sanitize bench

help:
	@echo "make demo    build everything and serve the product with generated people and live traffic"
	@echo "make test    install what tests need and run every check"
	@echo "make torture the long forms: a hundred kills and power cuts, campaigns under both, many cases of each property"
	@echo "make bench   measure what the server takes in, about three minutes"
	@echo "make fuzz    throw bytes at every decoder for MINUTES=10 each"
	@echo "make sanitize look at the one unsafe module with AddressSanitizer"
	@echo "make build   build the release binary and copy it to build/candor"

check-tools:
	@scripts/check-tools

web: check-tools
	@scripts/country-table
	@scripts/web build

build: check-tools web
	@echo "== release build (the first one takes some minutes)"
	cargo build --release --locked -p candor
	@mkdir -p build
	@cp "$(CARGO_TARGET_DIR)/release/candor" build/candor

binary:
	@echo "$(CURDIR)/build/candor"

demo: build
	build/candor demo

test: check-tools web format lint unit docs audit dashboard browser rest-client
	@echo "make test: everything passed"

# Prints the seed of the kills: SEED=… repeats a run.
torture: check-tools
	KILLS=100 cargo test --locked -p candor --test e2e under_load_lose_nothing -- --nocapture
	@scripts/mail-peers
	KILLS=10 cargo test --locked -p candor --test e2e lose_nobody -- --nocapture --test-threads 1
	HANG=600 cargo test --locked -p candor --test e2e that_hangs -- --nocapture
	PROPTEST_CASES=5000 cargo test --workspace --locked

format:
	@echo "== format"
	cargo fmt --all --check

lint:
	@echo "== lint"
	cargo clippy --workspace --all-targets --locked -- -D warnings

unit:
	@echo "== tests"
	@scripts/mail-peers
	cargo test --workspace --locked

docs:
	@echo "== docs"
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet

audit:
	@echo "== licences and unused dependencies"
	@scripts/audit

# The binary that the tests run: built for itself it would have other features of what is below,
# and nearly all of that would be built once more.
BUILT = cargo test --workspace --no-run --locked --quiet

dashboard:
	@echo "== the dashboard in a browser"
	$(BUILT)
	@scripts/web check
	@scripts/web walk

browser:
	@echo "== the Web SDK in a browser"
	$(BUILT)
	@scripts/browser-tests

rest-client:
	@echo "== the npm client of the REST API"
	$(BUILT)
	@scripts/rest-client-tests

# Figures, not checks.
bench: check-tools web
	@echo "== how much is taken in (short; ten minutes of soak and ten million rows: bench/ingest/run long)"
	@bench/ingest/run

# Each decoder of untrusted bytes for MINUTES (10); TARGETS="a b" runs those alone. The seeds and
# mutations of them are also part of `make test`.
fuzz:
	@scripts/fuzz $(TARGETS)

# Takes a build of its own, and so is no part of `make test`, which has the same property.
sanitize:
	@scripts/sanitize
