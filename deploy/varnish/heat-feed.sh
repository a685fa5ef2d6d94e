#!/usr/bin/env bash
# Tells the server which requests this edge has answered by itself, so that it knows what the crowd is at though it sees
# nothing of it: one line each, such as `hit 200 /items/lantern`. Needs bash and varnishncsa.
#
#   heat-feed.sh HOST PORT [OPTION OF VARNISHNCSA]…     the server has --heat-listen HOST:PORT
#
# Run it beside the edge that visitors reach (stampede-heat-feed.service), not beside a cache behind edges: a visit that
# reaches the server is counted there. It ends when the server does; then start it again. The edge never waits for it:
# what varnishncsa does not read in time of Varnish's log in memory is overwritten.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: heat-feed.sh HOST PORT [OPTION OF VARNISHNCSA]…" >&2
    exit 2
fi
host="$1"
port="$2"
shift 2
# Paths without their query: it may carry what is nobody's business, and counts for nothing.
exec varnishncsa "$@" -q 'VCL_call eq "HIT"' -F '%{Varnish:handling}x %s %U' >"/dev/tcp/$host/$port"
