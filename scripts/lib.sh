# Shared by the scripts beside it; sourced, never run.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Tools of a version other than the one already on the machine go to target/tools, so that nobody's own are
# replaced; they come first here. A cargo from Debian does not put its bin folder on the path.
export PATH="$ROOT/target/tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# Where setup.sh leaves the variables that the wasm builds need when the target came from Debian.
TOOLCHAIN_ENV="$ROOT/target/toolchain.env"

say() { printf '\n==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }

# die WHAT-FAILED WHAT-TO-DO
die() {
    printf '\nerror: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '       %s\n' "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least HAVE WANT: compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this step needs root and there is no sudo: $*" "Run that command as root, then start again."
    fi
}

# The version of a package in Cargo.lock (the first, where there are several).
locked_version() {
    awk -v want="name = \"$1\"" '$0 == want { getline; gsub(/version = |"/, ""); print; exit }' "$ROOT/Cargo.lock"
}

# Loads the variables for the wasm builds into this shell, where there are any. Only the wasm builds may see them:
# they would make the server's build compile its own standard library.
load_wasm_toolchain() {
    if [ -f "$TOOLCHAIN_ENV" ]; then
        set -a
        # shellcheck disable=SC1090
        . "$TOOLCHAIN_ENV"
        set +a
    fi
}
