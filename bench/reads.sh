#!/usr/bin/env bash
# What is read at the start, beside nginx: the item page (same bytes, encoding and headers) and /csi/time beside `return 200`
# with as many bytes and the same headers. One server on core 0, wrk on core 1, by turns; medians.
#
#   bench/reads.sh [ROUNDS=5] [SECONDS=4] [CONNECTIONS=64]      STAMPEDE_BIN and STAMPEDE_SITE name the server and its site
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds="${1:-5}" seconds="${2:-4}" connections="${3:-64}" port=18080
server="$(realpath "${STAMPEDE_BIN:-target/release/stampede}")"
site="$(realpath "${STAMPEDE_SITE:-target/site}")"
for tool in nginx wrk taskset curl; do
    command -v "$tool" >/dev/null || { echo "error: $tool is missing: scripts/setup.sh bench installs it" >&2; exit 1; }
done

folder="$(mktemp -d)"
chmod 755 "$folder"
trap 'kill "${ours:-}" "${theirs:-}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"

store=sqlite:stampede.db
: >out
printf 'a good password' | "$server" merchant add bench@example.com --store "$store" >/dev/null
token="$("$server" token merchant bench@example.com --store "$store")"
# One address asks for everything here, so its limit is lifted; it is checked all the same.
STAMPEDE_RATE_LIMITS=off RUST_LOG=warn taskset -c 0 "$server" serve --listen 127.0.0.1:0 --store "$store" --site "$site" >out 2>log &
ours=$!
for _ in $(seq 100); do
    origin="$(sed -n 's/^listening on //p' out)"
    [ -z "$origin" ] || break
    sleep 0.1
done
call() { curl -sS --fail-with-body -X POST "$origin/api/merchant/$1" -H "authorization: Bearer $token" -H 'content-type: application/json' -d "$2"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
item="$(call items '{"slug":"lantern","title":"Paper lantern","description":"Hand-folded, with a brass hook. One size.","image_url":"/images/lantern.svg","list_price_minor":12900,"currency":"CNY"}' | field item_id)"
now_ms="$(date +%s%3N)"
sale="$(call sales "{\"item_id\":\"$item\",\"price_minor\":2900,\"starts_at_ms\":$((now_ms + 3600000)),\"ends_at_ms\":$((now_ms + 7200000)),\"stock_units\":100,
    \"per_shopper_limit\":1,\"stock_policy\":\"hold\",\"hold_seconds\":300,\"mode\":\"first_come\",
    \"quiz\":{\"kind\":\"bank\",\"questions\":[{\"prompt\":\"What colour is the sky?\",\"answer\":\"blue\"}],\"min_answer_ms\":0,\"max_answer_ms\":60000}}" | field sale_id)"
call "sales/$sale/publish" '{}' >/dev/null

# nginx answers with what we answer: the body, and every header but those that it writes itself.
fetch() { curl -sS -D "$1.headers" -o "$1.body" -H 'accept-encoding: br' "$origin$2"; }
fetch page /items/lantern
fetch time /csi/time
headers_of() {
    tr -d '\r' <"$1.headers" | sed 1d | while IFS= read -r line; do
        name="${line%%: *}" value="${line#*: }"
        case "${name,,}" in
        '' | date | content-length | content-type | connection) ;;
        *) printf 'add_header %s "%s";\n' "$name" "${value//\"/\\\"}" ;;
        esac
    done
}
cat >nginx.conf <<CONF
worker_processes 1; daemon off; pid $folder/pid; error_log $folder/error.log;
events { worker_connections 16384; }
http { access_log off; keepalive_requests 100000000; open_file_cache max=100; sendfile on; tcp_nopush on; server_tokens off;
  server { listen 127.0.0.1:$port; root $folder; etag off; if_modified_since off;
    location = /page.body { default_type "text/html; charset=utf-8"; types { } $(headers_of page) }
    location = /time { default_type application/json; $(headers_of time) return 200 "$(tr -dc '[:digit:]' <time.body | head -c 40 | cat - /dev/zero | head -c "$(wc -c <time.body)" | tr '\0' '0')"; } } }
CONF
taskset -c 0 nginx -c "$folder/nginx.conf" 2>nginx.log &
theirs=$!
sleep 1

worker="$(pgrep -P "$theirs" | head -n 1)"
# What a process has used of the processor, in ticks.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# measure NAME URL PID: requests a second, p99 and PID's processor time a request into NAME's list; anything but 200 is an error.
measure() {
    local report before
    before="$(ticks "$3")"
    report="$(taskset -c 1 wrk -t1 -c"$connections" -d"${seconds}s" --latency -H 'accept-encoding: br' "$2")"
    ! grep -q 'Non-2xx\|Socket errors' <<<"$report" || { echo "error: $2 failed: $report" >&2; exit 1; }
    awk -v ticks=$(($(ticks "$3") - before)) -v a_second="$(getconf CLK_TCK)" \
        '/99%/ { p99 = $2 } /requests in/ { count = $1 } /Requests\/sec/ { print $2, p99, ticks / a_second / count * 1e6 }' \
        <<<"$report" >>"$1.rates"
}
for _ in $(seq "$rounds"); do
    measure page-ours "$origin/items/lantern" "$ours"
    measure page-nginx "http://127.0.0.1:$port/page.body" "$worker"
    measure time-ours "$origin/csi/time" "$ours"
    measure time-nginx "http://127.0.0.1:$port/time" "$worker"
done
median() { sort -n "$1.rates" | awk '{ rates[NR] = $1; p99[NR] = $2; cost[NR] = $3 } END { middle = int((NR + 1) / 2); print rates[middle], p99[middle], cost[middle] }'; }
echo "page: $(wc -c <page.body) bytes; nginx's: $(curl -s "http://127.0.0.1:$port/page.body" | cmp - page.body && echo the same)"
for what in page time; do
    read -r our_rate our_p99 our_cost <<<"$(median "$what-ours")"
    read -r their_rate their_p99 their_cost <<<"$(median "$what-nginx")"
    awk -v what="$what" -v o="$our_rate" -v t="$their_rate" -v op="$our_p99" -v tp="$their_p99" -v oc="$our_cost" -v tc="$their_cost" \
        'BEGIN { printf "%s: ours %.0f/s (p99 %s, %.1f us a request), nginx %.0f/s (p99 %s, %.1f us): %.2f x nginx\n", what, o, op, oc, t, tp, tc, o / t }'
done
