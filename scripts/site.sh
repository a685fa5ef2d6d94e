#!/usr/bin/env bash
# Builds the pages' code into target/site, with the toolchain that setup.sh found for wasm32.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
load_wasm_toolchain
exec node frontend/site.mjs "$@"
