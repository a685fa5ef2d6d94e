#!/usr/bin/env bash
# Every check and every test, each step to its end even when an earlier one failed. The last line is
# `N passed, N failed`, and the exit code is not 0 when anything failed. Needs scripts/setup.sh test.
# The logs of the steps stay in target/test-logs.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT" || exit 1

LOGS="$ROOT/target/test-logs"
# How long the advisory database may take to come; a closed network does not answer at all.
ADVISORIES_FETCH_SECONDS=60
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"

rm -rf "$LOGS"
mkdir -p "$LOGS"
started_seconds=$SECONDS

# step NAME SECONDS-IT-MAY-TAKE COMMAND…: runs it, keeps its output and its outcome for the summary.
step() {
    local name="$1" how_long="$2" code=0 began=$SECONDS
    shift 2
    say "$name ($how_long)"
    "$@" 2>&1 | tee "$LOGS/$name.log" || code=$?
    printf '%s\t%s\t%s\n' "$name" "$code" $((SECONDS - began)) >>"$LOGS/steps.tsv"
    [ "$code" = 0 ] || note "FAILED: $name"
    note "$name took $((SECONDS - began)) s"
    return "$code"
}

# The same profile as the site's build, so that its build scripts and macros serve twice; apart from each other,
# because the bundles want other features of the same crates.
clippy_wasm() (
    load_wasm_toolchain
    export CARGO_TARGET_DIR="$ROOT/target/wasm"
    local clippy=(cargo clippy --locked --profile wasm-release --target wasm32-unknown-unknown)
    "${clippy[@]}" -p frontend-shop -p shop -- -D warnings &&
        "${clippy[@]}" -p frontend-draw -p check -- -D warnings &&
        "${clippy[@]}" -p frontend-admin -p admin -- -D warnings
)

# Vulnerability advisories come from a git repository that a closed network does not reach.
advisories() {
    if timeout "$ADVISORIES_FETCH_SECONDS" cargo deny fetch db >"$LOGS/advisories-fetch.log" 2>&1; then
        step advisories "seconds" cargo deny --locked check --disable-fetch advisories
    else
        note "advisories: NOT checked, their database could not be fetched from here"
    fi
}

browser_specs() (
    cd end2end || exit 1
    export STAMPEDE_BIN="$ROOT/target/debug/stampede"
    export PLAYWRIGHT_JSON_OUTPUT_NAME="$LOGS/playwright.json"
    npx --no-install playwright test --reporter=list,json
)

step format "seconds" cargo fmt --all --check
step licences "seconds" cargo deny --locked check --hide-inclusion-graph licenses bans sources
advisories
step spec-types "seconds" npm --prefix end2end run --silent types
step clippy "3 to 6 minutes the first time" cargo clippy --locked --all-targets -- -D warnings
site_built=1
step site "5 to 10 minutes the first time" scripts/site.sh || site_built=0
step clippy-wasm "1 to 3 minutes the first time" clippy_wasm
step build "3 to 6 minutes the first time" cargo build --locked -p stampede
step cargo-test "3 to 6 minutes the first time" cargo test --locked --no-fail-fast
# In a call of its own: it builds Leptos for the browser, the shop's pages build it for the server.
step cargo-test-admin "2 to 4 minutes the first time" cargo test --locked --no-fail-fast -p admin
if [ "$site_built" = 1 ]; then
    step browser "about 10 minutes" browser_specs
else
    note "The specs in the browser cannot run without the site."
    printf 'browser\t1\t0\n' >>"$LOGS/steps.tsv"
fi

say "Summary, after $((SECONDS - started_seconds)) s"
exec node scripts/test-summary.mjs "$LOGS"
