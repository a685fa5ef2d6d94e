#!/usr/bin/env bash
# Installs what the build needs and is not there yet. `setup.sh test` adds what the tests need, `setup.sh clock` what the
# clock's harness needs on top of that, `setup.sh lighthouse` what Lighthouse needs, `setup.sh bench` what we compare with.
#
#   STAMPEDE_WASM_TOOLCHAIN   auto (default), rustup or debian: where the wasm32 target comes from
#   STAMPEDE_CHROMIUM         a Chromium or Chrome to test with, instead of Debian's
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$ROOT/scripts/install.sh"
cd "$ROOT"

RUSTC_AT_LEAST="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
NODE_AT_LEAST=20
# 0.22 wants a newer rustc than ours.
TRUNK_VERSION=0.21.14
CARGO_DENY_VERSION=0.20.2

purpose="${1:-run}"
case "$purpose" in
run | test | clock | lighthouse | bench) ;;
*) die "unknown argument: $purpose" "Use scripts/setup.sh, or with test, clock, lighthouse or bench after it." ;;
esac

require_host_tools() {
    have cargo && have rustc || die "cargo or rustc is missing" "Install Rust from https://rustup.rs or with apt-get install rustc-web cargo-web."
    have node && have npm || die "node or npm is missing" "Install Node.js $NODE_AT_LEAST or newer."
    local rustc_version node_version
    rustc_version="$(rustc --version | awk '{ print $2 }')"
    at_least "$rustc_version" "$RUSTC_AT_LEAST" ||
        die "rustc is $rustc_version, $RUSTC_AT_LEAST or newer is needed" "Run rustup update stable, or apt-get install rustc-web cargo-web."
    node_version="$(node --version | tr -d v)"
    at_least "$node_version" "$NODE_AT_LEAST" || die "node is $node_version, $NODE_AT_LEAST or newer is needed" "Install a newer Node.js."
}

c_toolchain() {
    local missing=()
    have cc || missing+=(gcc libc6-dev)
    have c++ || missing+=(g++)
    have pkg-config || missing+=(pkg-config)
    [ ${#missing[@]} = 0 ] || apt_install "the C tools that SQLite and the compressors are built with (under a minute)" "${missing[@]}"
}

# Whether the compiler that cargo uses here can already build for wasm32.
wasm_target_there() {
    local libdir
    libdir="$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)" || return 1
    compgen -G "$libdir/libcore-*.rlib" >/dev/null
}

wasm_target_by_rustup() {
    have rustup || return 1
    say "Adding the wasm32 target with rustup (under a minute)"
    timeout 300 rustup target add wasm32-unknown-unknown && wasm_target_there
}

# Debian's compiler comes with the sources of its library, so that cargo can build that for wasm32 itself.
wasm_target_by_debian() {
    local packages=(rustc-web cargo-web rust-web-src lld-22)
    [ "$purpose" = run ] || packages+=(rust-web-clippy)
    local missing
    read -ra missing <<<"$(apt_missing "${packages[@]}")"
    [ ${#missing[@]} = 0 ] || apt_install "Debian's Rust with its library sources, and lld (1 to 3 minutes)" "${missing[@]}"
    mkdir -p target
    {
        if have rustup; then
            rustup toolchain list | grep -q '^debian\b' || rustup toolchain link debian /usr >&2
            echo 'RUSTUP_TOOLCHAIN=debian'
        fi
        echo 'RUSTC_BOOTSTRAP=1'
        echo 'CARGO_UNSTABLE_BUILD_STD=std,panic_abort'
        echo 'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22'
    } >"$TOOLCHAIN_ENV.new"
    mv "$TOOLCHAIN_ENV.new" "$TOOLCHAIN_ENV"
}

wasm_target() {
    local source="${STAMPEDE_WASM_TOOLCHAIN:-auto}"
    case "$source" in
    auto)
        # What an earlier run chose stands until target/ is removed.
        if [ -f "$TOOLCHAIN_ENV" ]; then
            wasm_target_by_debian
            return 0
        fi
        wasm_target_there || wasm_target_by_rustup || {
            note "rustup cannot fetch the target here: using Debian's packages instead"
            wasm_target_by_debian
        }
        ;;
    rustup)
        rm -f "$TOOLCHAIN_ENV"
        wasm_target_there || wasm_target_by_rustup ||
            die "rustup could not add the wasm32 target" "Unset STAMPEDE_WASM_TOOLCHAIN to let Debian's packages stand in."
        ;;
    debian) wasm_target_by_debian ;;
    *) die "STAMPEDE_WASM_TOOLCHAIN is $source" "It must be auto, rustup or debian." ;;
    esac
}

# A small installation of Rust comes without them.
formatter_and_linter() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return 0
    have rustup || die "cargo fmt or cargo clippy is missing" "Install rustfmt and clippy of the same version as rustc, as you installed rustc."
    say "Adding rustfmt and clippy with rustup (under a minute)"
    rustup component add rustfmt clippy || die "rustup could not add rustfmt and clippy" "See its message above; then start again."
}

chromium_there() { have "${STAMPEDE_CHROMIUM:-chromium}"; }

browser() {
    if ! chromium_there; then
        [ -z "${STAMPEDE_CHROMIUM:-}" ] || die "STAMPEDE_CHROMIUM is $STAMPEDE_CHROMIUM, which cannot be run" "Correct or unset it."
        apt_install "Chromium for the tests in a browser (about a minute)" chromium
    fi
    # Without any font for Chinese its pages would be tested, and drawn, as boxes.
    if ! have fc-list || [ -z "$(fc-list :lang=zh family)" ]; then
        apt_install "a font for Chinese (under a minute)" fontconfig fonts-droid-fallback
    fi
}

# Without it the test that steps the server's clock says so and passes.
clock_that_can_be_stepped() {
    ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 && return 0
    have apt-get || return 0
    apt_install "libfaketime, to step a server's clock under test (under a minute)" libfaketime
}

# Without it the tests of what an edge keeps say so and pass.
edge_cache() {
    have apt-get || return 0
    local missing
    read -ra missing <<<"$(apt_missing varnish varnish-modules)"
    [ ${#missing[@]} = 0 ] || apt_install "Varnish, to test what an edge keeps and forgets (under a minute)" "${missing[@]}"
}

# A link between two network namespaces, and the clocks that ours is compared with.
bad_links() {
    have ip || apt_install "iproute2, for network namespaces (under a minute)" iproute2
    have python3 || apt_install "Python, which carries the packets (under a minute)" python3-minimal
    npm_install end2end/clock "timesync, @ircam/sync and a WebSocket server to compare with (seconds)"
}

# What the benchmarks compare us with, and what sends the load.
yardsticks() {
    local missing=()
    have nginx || missing+=(nginx-light)
    have wrk || missing+=(wrk)
    have curl || missing+=(curl)
    compgen -G '/usr/lib/postgresql/*/bin/pgbench' >/dev/null || missing+=(postgresql)
    [ ${#missing[@]} = 0 ] || apt_install "nginx, PostgreSQL and wrk, to compare with (1 to 2 minutes)" "${missing[@]}"
}

require_host_tools
c_toolchain
[ -f Cargo.lock ] || die "Cargo.lock is missing" "It belongs to the repository: restore it with git checkout Cargo.lock."
wasm_target
cargo_install trunk "$TRUNK_VERSION" "about 6 minutes on 2 cores" --locked
# Without --locked: its lock file may name versions that a mirror lacks.
cargo_install wasm-bindgen "$(locked_version wasm-bindgen)" "about 2 minutes on 2 cores"
npm_install . "binaryen and esbuild, which shrink the bundles (under a minute)"
if [ "$purpose" = test ] || [ "$purpose" = clock ]; then
    formatter_and_linter
    browser
    clock_that_can_be_stepped
    edge_cache
    cargo_install cargo-deny "$CARGO_DENY_VERSION" "about 8 minutes on 2 cores" --locked
    npm_install end2end "Playwright and axe (under a minute)"
fi
[ "$purpose" != clock ] || bad_links
if [ "$purpose" = lighthouse ]; then
    browser
    # In a folder of its own: it is 180 MB, and no test needs it.
    npm_install end2end/lighthouse "Lighthouse (under a minute)"
fi
[ "$purpose" != bench ] || yardsticks
note "Everything that $purpose needs is there."
