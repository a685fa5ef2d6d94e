-- Ids are UUIDs as 16-byte blobs; times are Unix epoch milliseconds; money is minor units.

CREATE TABLE shoppers (
    shopper_id    BLOB PRIMARY KEY NOT NULL,
    email         TEXT UNIQUE,
    display_name  TEXT NOT NULL,
    password_hash TEXT,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE merchants (
    merchant_id   BLOB PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE merchant_tokens (
    token_sha256  BLOB PRIMARY KEY NOT NULL,
    merchant_id   BLOB NOT NULL REFERENCES merchants (merchant_id),
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE items (
    item_id          BLOB PRIMARY KEY NOT NULL,
    merchant_id      BLOB NOT NULL REFERENCES merchants (merchant_id),
    slug             TEXT NOT NULL UNIQUE,
    title            TEXT NOT NULL,
    description      TEXT NOT NULL,
    image_url        TEXT NOT NULL,
    list_price_minor INTEGER NOT NULL CHECK (list_price_minor >= 0),
    currency         TEXT NOT NULL,
    updated_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX items_by_merchant ON items (merchant_id);

CREATE TABLE sales (
    sale_id           BLOB PRIMARY KEY NOT NULL,
    item_id           BLOB NOT NULL REFERENCES items (item_id),
    merchant_id       BLOB NOT NULL REFERENCES merchants (merchant_id),
    price_minor       INTEGER NOT NULL CHECK (price_minor >= 0),
    currency          TEXT NOT NULL,
    starts_at_ms      INTEGER NOT NULL,
    ends_at_ms        INTEGER NOT NULL CHECK (ends_at_ms > starts_at_ms),
    opened_at_ms      INTEGER,
    stock_units       INTEGER NOT NULL CHECK (stock_units >= 0),
    per_shopper_limit INTEGER NOT NULL CHECK (per_shopper_limit >= 1),
    stock_policy      TEXT NOT NULL,
    hold_seconds      INTEGER NOT NULL CHECK (hold_seconds >= 1),
    quiz_kind         TEXT NOT NULL,
    questions         TEXT NOT NULL,
    min_answer_ms     INTEGER NOT NULL CHECK (min_answer_ms >= 0),
    max_answer_ms     INTEGER NOT NULL CHECK (max_answer_ms > min_answer_ms),
    published         INTEGER NOT NULL CHECK (published IN (0, 1)),
    paused            INTEGER NOT NULL CHECK (paused IN (0, 1)),
    revision          INTEGER NOT NULL,
    updated_at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sales_by_merchant ON sales (merchant_id, starts_at_ms);
CREATE INDEX sales_by_item ON sales (item_id, starts_at_ms);

-- The counts cannot be wrong together, whatever the code above them does.
CREATE TABLE stock (
    sale_id BLOB PRIMARY KEY NOT NULL REFERENCES sales (sale_id),
    stock   INTEGER NOT NULL,
    free    INTEGER NOT NULL CHECK (free >= 0),
    held    INTEGER NOT NULL CHECK (held >= 0),
    sold    INTEGER NOT NULL CHECK (sold >= 0),
    CHECK (free + held + sold = stock)
) STRICT, WITHOUT ROWID;

-- Orders that left the line with units, or were rejected. One that was told `sold_out` has no row: see queue_lives.
CREATE TABLE orders (
    row_number         INTEGER PRIMARY KEY,
    order_id           BLOB NOT NULL UNIQUE,
    sale_id            BLOB NOT NULL REFERENCES sales (sale_id),
    shopper_id         BLOB NOT NULL,
    pass_id            BLOB NOT NULL,
    idempotency_key    TEXT NOT NULL,
    body_hash          INTEGER NOT NULL,
    quantity           INTEGER NOT NULL CHECK (quantity >= 1),
    amount_minor       INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency           TEXT NOT NULL,
    -- held, awaiting_payment, paid, released, refunded; or rejected, with its reason
    state              TEXT NOT NULL,
    reason             TEXT,
    cancelled          INTEGER NOT NULL DEFAULT 0,
    hold_expires_at_ms INTEGER NOT NULL,
    queue_life         INTEGER NOT NULL,
    queue_seq          INTEGER NOT NULL,
    created_at_ms      INTEGER NOT NULL,
    updated_at_ms      INTEGER NOT NULL,
    UNIQUE (sale_id, shopper_id, idempotency_key)
) STRICT;

-- A pass is good for one order. A second order that tried it is kept as rejected.
CREATE UNIQUE INDEX orders_by_pass ON orders (sale_id, pass_id) WHERE state <> 'rejected';
-- The counts of a sale by its orders, without the rows themselves.
CREATE INDEX orders_by_sale ON orders (sale_id, state, quantity);
CREATE INDEX orders_by_shopper ON orders (shopper_id, row_number);

CREATE TABLE payments (
    payment_id        BLOB PRIMARY KEY NOT NULL,
    order_id          BLOB NOT NULL REFERENCES orders (order_id),
    sale_id           BLOB NOT NULL,
    -- open, paid, declined, refunded
    state             TEXT NOT NULL,
    provider_event_id TEXT UNIQUE,
    created_at_ms     INTEGER NOT NULL,
    updated_at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_by_order ON payments (order_id);

-- How far each life of a sale's queue was decided.
CREATE TABLE queue_lives (
    sale_id    BLOB NOT NULL REFERENCES sales (sale_id),
    queue_life INTEGER NOT NULL,
    queue_seq  INTEGER NOT NULL,
    PRIMARY KEY (sale_id, queue_life)
) STRICT, WITHOUT ROWID;

-- Every change of units, orders and payments, written in the transaction that makes it.
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sale_id  BLOB NOT NULL,
    at_ms    INTEGER NOT NULL,
    name     TEXT NOT NULL,
    change   TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_sale ON events (sale_id, event_id);
