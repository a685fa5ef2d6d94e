#!/usr/bin/env bash
# Durable orders on ONE hot item: ours over HTTP, beside PostgreSQL's hot row by pgbench, which needs no HTTP. By turns, medians.
# PostgreSQL stands in a cluster of its own with its defaults: fsync and synchronous_commit on. One row of an item, a row an order.
#
#   bench/hot-row.sh [ROUNDS=5] [SECONDS=6] [ORDERS=100000]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds="${1:-5}" seconds="${2:-6}" orders="${3:-100000}"
server="$(realpath "${STAMPEDE_BIN:-target/release/stampede}")"
site="$(realpath "${STAMPEDE_SITE:-target/site}")"
binaries="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)"
[ -n "$binaries" ] || { echo "error: PostgreSQL is missing: scripts/setup.sh bench installs it" >&2; exit 1; }

folder="$(mktemp -d)"
chmod 755 "$folder"
# PostgreSQL refuses to run as root.
user="$(id -un)"
[ "$user" != root ] || user=postgres
mkdir "$folder/pg"
chown "$user" "$folder/pg"
as() { if [ "$user" = "$(id -un)" ]; then bash -c "$1"; else su "$user" -c "cd / && $1"; fi; }
trap 'as "$binaries/pg_ctl -D $folder/pg/data -m immediate stop" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
as "$binaries/initdb -D $folder/pg/data --auth=trust --username=bench" >/dev/null
as "$binaries/pg_ctl -D $folder/pg/data -w -l $folder/pg/log -o \"-c listen_addresses='' -k $folder/pg\" start" >/dev/null
sql() { as "$binaries/psql -q -h $folder/pg -U bench -d postgres -v ON_ERROR_STOP=1 -f $folder/$1"; }

cat >"$folder/schema.sql" <<'SQL'
create table items (id int primary key, free bigint not null check (free >= 0), held bigint not null default 0);
create table orders (id uuid primary key default gen_random_uuid(), item_id int not null references items,
    shopper bigint not null, state text not null default 'held', created_at timestamptz not null default now());
create index on orders (item_id, shopper);
insert into items values (1, 1000000000);
SQL
# As most shops do it: two statements in one transaction.
cat >"$folder/naive.sql" <<'SQL'
\set shopper random(1, 100000000)
begin;
update items set free = free - 1, held = held + 1 where id = 1 and free >= 1;
insert into orders (item_id, shopper) values (1, :shopper);
commit;
SQL
# The row is locked for one round trip less.
cat >"$folder/single.sql" <<'SQL'
\set shopper random(1, 100000000)
with taken as (update items set free = free - 1, held = held + 1 where id = 1 and free >= 1 returning id)
insert into orders (item_id, shopper) select id, :shopper from taken;
SQL
# What one row can do at all: one writer, 500 orders a transaction.
cat >"$folder/batch.sql" <<'SQL'
with made as (insert into orders (item_id, shopper) select 1, (random() * 1e8)::bigint from generate_series(1, 500) returning 1),
    counted as (select count(*) as units from made)
update items set free = free - units, held = held + units from counted where id = 1;
SQL
chmod 644 "$folder"/*.sql
sql schema.sql

# rate SCRIPT CLIENTS: transactions a second.
rate() {
    as "$binaries/pgbench -h $folder/pg -U bench -d postgres -n -M prepared -c $2 -j 1 -T $seconds -f $folder/$1.sql" 2>/dev/null |
        sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}
for round in $(seq "$rounds"); do
    target/release/bench orders --server "$server" --site "$site" --orders "$orders" --runs 1 | sed -n 's/^run 1: //p' | tee -a "$folder/ours"
    for clients in 1 16 64; do
        echo "naive-$clients $(rate naive "$clients")"
        echo "single-$clients $(rate single "$clients")"
    done | tee -a "$folder/rates"
    echo "batch $(rate batch 1 | awk '{ print $1 * 500 }')" | tee -a "$folder/rates"
    as "$binaries/psql -q -h $folder/pg -U bench -d postgres -c 'truncate orders' -c 'vacuum items'"
done
median() { sort -n | awk '{ values[NR] = $1 } END { print values[int((NR + 1) / 2)] }'; }
of() { awk -v name="$1" '$1 == name { print $2 }' "$folder/rates" | median; }
accepted="$(sed 's/^accepted \([0-9]*\).*/\1/' "$folder/ours" | median)"
durable="$(sed 's/.*durable \([0-9]*\).*/\1/' "$folder/ours" | median)"
best="$(for name in naive-1 naive-16 naive-64 single-1 single-16 single-64; do of "$name"; done | sort -n | tail -1)"
awk -v a="$accepted" -v d="$durable" -v n="$(of naive-64)" -v b="$best" -v c="$(of batch)" 'BEGIN {
    printf "ours: %.0f accepted/s, %.0f durable/s (medians)\n", a, d
    printf "naive row, 64 clients: %.0f/s; ours is %.1f x\n", n, d / n
    printf "best of one transaction an order: %.0f/s; ours is %.1f x\n", b, d / b
    printf "batches of 500 on that row: %.0f/s; ours is %.0f %% of it\n", c, 100 * d / c
}'
