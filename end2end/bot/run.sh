#!/usr/bin/env bash
# The table of docs/QUIZ.md: bots against both routes of the quiz, on a shop of their own. Needs tesseract-ocr for its row.
# The recogniser is trained first, three to five minutes on one core.
#
#   end2end/bot/run.sh [ROUNDS]        STAMPEDE_BIN names the server, STAMPEDE_SITE its site
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root="$PWD"
rounds="${1:-200}"
server="$(realpath "${STAMPEDE_BIN:-target/release/stampede}")"
site="$(realpath "${STAMPEDE_SITE:-target/site}")"

command -v tesseract >/dev/null || echo "tesseract is not installed (apt-get install tesseract-ocr): its row will show no pass"
cargo build --quiet --release --locked -p quiz-bot

folder="$(mktemp -d)"
trap 'kill "${pid:-0}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
store=sqlite:stampede.db
: >out
printf 'a good password' | "$server" merchant add bot@example.com --store "$store" >/dev/null
token="$("$server" token merchant bot@example.com --store "$store")"
STAMPEDE_RATE_LIMITS=off "$server" serve --listen 127.0.0.1:0 --store "$store" --site "$site" >out 2>log &
pid=$!
for _ in $(seq 100); do
    origin="$(sed -n 's/^listening on //p' out)"
    [ -z "$origin" ] || break
    sleep 0.1
done
"$server" token shoppers --count 50 --store "$store" >cookies

call() { curl -sS --fail-with-body -X POST "$origin/api/merchant/$1" -H "authorization: Bearer $token" -H 'content-type: application/json' -d "$2"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
item="$(call items '{"slug":"lantern","title":"Lantern","description":"","image_url":"/images/lantern.svg","list_price_minor":900,"currency":"CNY"}' | field item_id)"
now_ms="$(date +%s%3N)"
sale="$(call sales "{\"item_id\":\"$item\",\"price_minor\":500,\"starts_at_ms\":$now_ms,\"ends_at_ms\":$((now_ms + 3600000)),\"stock_units\":5,
    \"per_shopper_limit\":1,\"stock_policy\":\"hold\",\"hold_seconds\":300,\"mode\":\"first_come\",
    \"quiz\":{\"kind\":\"arithmetic\",\"questions\":[],\"min_answer_ms\":0,\"max_answer_ms\":60000}}" | field sale_id)"
call "sales/$sale/publish" '{}' >/dev/null
"$root/target/release/quiz-bot" --origin "$origin" --sale "$sale" --cookies cookies --rounds "$rounds"
