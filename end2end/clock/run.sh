#!/usr/bin/env bash
# Measures flips behind bad links (docs/CLOCK.md): `run.sh` for all of them, `run.sh -g '10/10'` for one. FLIPS=60 a network.
# Everything happens in a network namespace of its own, so that this machine's network is left alone. Needs root, TUN devices and iproute2.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cannot() {
    echo "error: the clock cannot be measured here: $1" >&2
    exit 1
}
[ -e /dev/net/tun ] || cannot "there is no /dev/net/tun"
command -v ip >/dev/null || cannot "iproute2 is missing"
command -v python3 >/dev/null || cannot "python3 is missing"
unshare --net --mount true 2>/dev/null || cannot "this user may make no network namespaces; run it as root"

exec unshare --net --mount bash -c 'ip link set lo up && exec npx --no-install playwright test -c clock "$@"' run "$@"
