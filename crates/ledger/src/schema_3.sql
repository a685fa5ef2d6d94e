-- What an order costs in the record is mostly the pages of the indexes that its random keys touch. That a key is good for
-- one order of a shopper and sale, and where a shopper's orders are, is now told by one index, not by two.
CREATE TABLE orders_anew (
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
    -- held, awaiting_payment, paid, released, refunded, waiting, sold_out; or rejected, with its reason
    state              TEXT NOT NULL,
    reason             TEXT,
    hold_expires_at_ms INTEGER NOT NULL,
    queue_life         INTEGER NOT NULL,
    queue_seq          INTEGER NOT NULL,
    created_at_ms      INTEGER NOT NULL,
    updated_at_ms      INTEGER NOT NULL,
    sku                TEXT,
    -- Whether units are kept for it while it is unpaid.
    reserved           INTEGER NOT NULL DEFAULT 1 CHECK (reserved IN (0, 1)),
    reseated           INTEGER NOT NULL DEFAULT 0 CHECK (reseated IN (0, 1)),
    release_cause      TEXT,
    refunds            INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO orders_anew
    SELECT row_number, order_id, sale_id, shopper_id, pass_id, idempotency_key, body_hash, quantity, amount_minor, currency,
           state, reason, hold_expires_at_ms, queue_life, queue_seq, created_at_ms, updated_at_ms, sku, reserved, reseated,
           release_cause, refunds
    FROM orders ORDER BY row_number;
DROP TABLE orders;
ALTER TABLE orders_anew RENAME TO orders;

-- A pass is good for one order. A second order that tried it is kept as rejected.
CREATE UNIQUE INDEX orders_by_pass ON orders (sale_id, pass_id) WHERE state <> 'rejected';
-- The counts of a sale by its orders, without the rows themselves.
CREATE INDEX orders_by_sale ON orders (sale_id, state, reserved, sku, quantity);
CREATE UNIQUE INDEX orders_by_shopper ON orders (shopper_id, sale_id, idempotency_key);
