# How setup.sh installs one thing, when it is missing; sourced, never run.
# shellcheck shell=bash

# Prints those of the Debian packages that are not installed, on one line.
apt_missing() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    echo "${missing[*]}"
}

# apt_install WHAT-FOR PACKAGE…
apt_install() {
    local what="$1"
    shift
    have apt-get || die "missing: $*, and this is not Debian" "Install the like with this system's own package manager."
    say "Installing $what: $*"
    as_root apt-get update -qq || note "apt-get update failed; trying with the lists already there"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" ||
        die "apt-get could not install $*" "See its message above; then start again."
}

# cargo_install COMMAND VERSION HOW-LONG [OPTION…]
# The same command in another version stays where it is: ours then goes to target/tools.
cargo_install() {
    local command="$1" version="$2" how_long="$3" crate="$1" root=()
    shift 3
    [ "$command" != wasm-bindgen ] || crate=wasm-bindgen-cli
    if have "$command"; then
        [ "$("$command" --version 2>/dev/null | awk '{ print $2 }')" != "$version" ] || return 0
        root=(--root "$ROOT/target/tools")
    fi
    say "Building $crate $version ($how_long)"
    # Away from this workspace, whose lints and toolchain files are no business of theirs. By force, for cargo may believe
    # that it has installed what somebody has since removed.
    (cd / && env -u CARGO_TARGET_DIR cargo install "$crate" --version "$version" --force "${root[@]}" "$@") ||
        die "cargo could not install $crate $version" "See its message above; then start again."
    [ "$("$command" --version | awk '{ print $2 }')" = "$version" ] ||
        die "$command is not $version after its installation" "Is another one earlier on the PATH? $(command -v "$command")"
}

# npm_install FOLDER WHAT-FOR
npm_install() {
    local folder="$1" what="$2"
    # npm writes this file last, so it is as new as the last complete installation.
    [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return 0
    say "Installing $what with npm"
    if [ -f "$folder/package-lock.json" ]; then
        npm --prefix "$folder" ci --no-audit --no-fund --loglevel=error
    else
        npm --prefix "$folder" install --no-audit --no-fund --loglevel=error
    fi || die "npm could not install the packages of $folder/package.json" "See its message above; then start again."
}
