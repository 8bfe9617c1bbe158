# Candor: the entry points. `make demo` shows the product, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(HOME)/.cache/candor
export CARGO_TARGET_DIR ?= $(CACHE)/target
export CARGO_TERM_COLOR ?= auto

.PHONY: help demo test check-tools format lint unit docs

help:
	@echo "make demo    build everything and serve the product with generated people and live traffic"
	@echo "make test    install what tests need and run every check"

check-tools:
	@scripts/check-tools

demo:
	@echo "make demo: there is no server yet; CHANGELOG.md lists what stands" >&2
	@exit 1

test: check-tools format lint unit docs
	@echo "make test: everything passed"

format:
	@echo "== format"
	cargo fmt --all --check

lint:
	@echo "== lint"
	cargo clippy --workspace --all-targets --locked -- -D warnings

unit:
	@echo "== tests"
	cargo test --workspace --locked

docs:
	@echo "== docs"
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
