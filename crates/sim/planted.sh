#!/usr/bin/env bash
# Plants each bug of crates/sim/bugs in a copy of the crates, and lets the simulator look for it. Prints a table; the exit
# code is not 0 when a bug was not found. Arguments: the names of the bugs to try, or none for all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

# Seeds that each bug has until it must be found.
SEEDS="${SEEDS:-20000}"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
# One target folder for all, and quick builds of our own crates: each is for one short run.
export CARGO_TARGET_DIR="${PLANTED_TARGET:-$PWD/target/planted}"
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_INCREMENTAL=1

cp -r crates Cargo.lock rustfmt.toml "$copy"
# Only the crates: the copy has no pages and no server.
sed -E '/^(default-)?members = \[/,/^\]/ { /^    "/ { /"crates\//!d } }' Cargo.toml >"$copy/Cargo.toml"
printf '\n[profile.release.package."*"]\nopt-level = 3\n' >>"$copy/Cargo.toml"
git -C "$copy" init --quiet && git -C "$copy" add -A

echo "| planted bug | found at seed | invariant | what the oracle says |"
echo "|---|---:|---|---|"
missed=0
for patch in crates/sim/bugs/*.patch; do
    name="$(basename "$patch" .patch)"
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    git -C "$copy" checkout --quiet -- . && git -C "$copy" apply "$PWD/$patch" || { echo "| $name | cannot be applied | | |"; missed=1; continue; }
    (cd "$copy" && ${PLANTED_LOCK:-} cargo build --quiet --release -p sim) 2>"$copy/build.log" ||
        { echo "| $name | does not compile | | |"; missed=1; continue; }
    found="$(timeout 300 "$CARGO_TARGET_DIR/release/sim" --seeds "$SEEDS" 2>/dev/null | grep -E '^seed [0-9]+, step')"
    if [ -z "$found" ]; then
        echo "| $name | **not found** | | |"
        missed=1
    else
        echo "$found" | sed -E "s/^seed ([0-9]+), step [0-9]+: invariant ([^:]+): (.{0,110}).*/| $name | \1 | \2 | \3 |/" | tr '`' "'" | head -1
    fi
done
exit "$missed"
