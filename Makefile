SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

LISTEN ?= 127.0.0.1:3000
SEEDS ?= 2000
STEPS ?= 300
KILLS ?= 100
PUBLISHES ?= 1000
FLIPS ?= 60
CROWDS ?= 2000
MINUTES ?= 60

.PHONY: help setup run build site test test-long sim planted kills publishes clock lighthouse bench bench-pure soak heat check lint fmt e2e screenshots clean clean-data

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## everything a fresh machine needs, then the shop with demo sales at http://127.0.0.1:3000
	@echo; echo "==> Serving; Ctrl-C stops it"
	exec target/release/stampede serve --demo --listen $(LISTEN) --site target/site

test: ## everything a fresh machine needs, then every check and every test, a real browser included
	@scripts/setup.sh test
	@scripts/test.sh

build: setup site ## release build: target/release/stampede, and the site under target/site
	@echo; echo "==> Building the server (5 to 10 minutes the first time on 2 cores, then seconds)"
	cargo build --release -p stampede --locked

setup: ## only install what the build needs and is missing
	@scripts/setup.sh

site: setup ## only the pages' code: the wasm bundles, styles and pictures, under target/site
	@echo; echo "==> Building the site (5 to 10 minutes the first time on 2 cores, then seconds)"
	scripts/site.sh

test-long: ## the hours: 100,000 simulated seeds, the planted bugs, 100 kills, 1,000 publishes, flips behind bad links
	@$(MAKE) sim SEEDS=100000
	@$(MAKE) planted
	@$(MAKE) kills
	@$(MAKE) publishes
	@$(MAKE) clock

sim: ## simulated days of the shop: SEEDS=2000 of them, or SEED=7 replayed with its trace
	cargo build --release --locked -p sim
	@target/release/sim --steps $(STEPS) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

planted: ## plants classic bugs, one after another, and lets the simulator find each (about half an hour)
	@crates/sim/planted.sh

kills: setup site ## kill -9 the release binary KILLS=100 times under load, and hold every answer against the record
	cargo build --release -p stampede --locked
	STAMPEDE_BIN="$(CURDIR)/target/release/stampede" STAMPEDE_RATE_LIMITS=off RUST_LOG=warn KILLS=$(KILLS) \
		cargo test --locked -p stampede --test shop kills:: -- --nocapture

publishes: setup ## PUBLISHES=1000 publishes under load through real edges: how soon they are answered, and whether anything old is served after
	cargo build --release -p stampede --locked
	STAMPEDE_BIN="$(CURDIR)/target/release/stampede" PUBLISHES=$(PUBLISHES) \
		cargo test --locked -p stampede --test shop edges::publishes -- --nocapture --test-threads=1

clock: ## the clock: a million simulated networks, then FLIPS=60 flips behind each of four bad links, beside others' clocks (needs root, half an hour)
	@scripts/setup.sh clock
	scripts/site.sh
	cargo build --release -p stampede --locked
	NETWORKS=1000000 cargo test --release --locked -p clock --test networks -- --nocapture
	STAMPEDE_BIN="$(CURDIR)/target/release/stampede" FLIPS=$(FLIPS) end2end/clock/run.sh

lighthouse: build ## the pages as Lighthouse sees them on a slow phone, median of 5 runs; reports in target/lighthouse
	@scripts/setup.sh lighthouse
	node end2end/lighthouse/run.mjs

bench: build ## side by side on this machine: pages beside nginx, orders on one hot item beside PostgreSQL, and a whole sale with its crowd
	@scripts/setup.sh bench
	cargo build --release -p bench --locked
	bench/reads.sh
	bench/hot-row.sh
	target/release/bench crowd

soak: build ## an hour (MINUTES=60) of mixed load, and whether memory, descriptors, threads or tasks grow in it
	cargo build --release -p bench --locked
	target/release/bench soak --minutes $(MINUTES)

bench-pure: setup ## what the pure parts cost an order: tokens, the book, the line, limits, a draw, the clock (a minute and a half after the build)
	cargo bench --locked -p sale -p intake -p shield -p draw -p clock -- --sample-size 50 --warm-up-time 0.2 --measurement-time 0.8

heat: setup ## hot items: how soon a crowd is found and how often none is taken for one (CROWDS=2000 each), and what a request pays
	cargo run --release --locked -p heat --example figures -- $(CROWDS)
	cargo bench --locked -p heat --bench cost

check: ## quick: compile the server's side without linking
	cargo check --locked --all-targets

lint: ## formatting and clippy of the server's side, warnings as errors
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings

fmt: ## format all Rust code
	cargo fmt --all

e2e: ## only the specs in the browser; needs a debug build and the site (ARGS="-g held" picks some)
	cd end2end && STAMPEDE_BIN="$(CURDIR)/target/debug/stampede" npx --no-install playwright test $(ARGS)

screenshots: ## pictures of every state of every page, for a person to look at: end2end/screenshots; needs what e2e needs
	cd end2end && SCREENSHOTS=1 STAMPEDE_BIN="$(CURDIR)/target/debug/stampede" npx --no-install playwright test states screenshots

clean: ## remove what builds made (not the installed tools, not data/)
	rm -rf target/release target/debug target/wasm target/trunk target/site target/site-cache target/test-logs end2end/test-results end2end/screenshots

clean-data: ## remove the demo's store: data/
	rm -rf data
