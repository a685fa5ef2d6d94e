-- Policies, SKUs, the waiting line, strikes, eligibility, and a provider that may say anything in any order.

ALTER TABLE sales ADD COLUMN waitlist_units INTEGER NOT NULL DEFAULT 0 CHECK (waitlist_units >= 0);
-- 0: nobody is marked.
ALTER TABLE sales ADD COLUMN strike_limit INTEGER NOT NULL DEFAULT 0 CHECK (strike_limit >= 0);
ALTER TABLE sales ADD COLUMN strike_seconds INTEGER NOT NULL DEFAULT 0 CHECK (strike_seconds >= 0);
ALTER TABLE sales ADD COLUMN marked_orders TEXT NOT NULL DEFAULT 'pay_to_claim';
ALTER TABLE sales ADD COLUMN account_before_ms INTEGER;
ALTER TABLE sales ADD COLUMN listed_only INTEGER NOT NULL DEFAULT 0 CHECK (listed_only IN (0, 1));
ALTER TABLE sales ADD COLUMN called_off_at_ms INTEGER;

-- Kinds of an item, under the sale's total. `made_units` is what the sale began with; none for one that came later.
CREATE TABLE skus (
    sale_id     BLOB NOT NULL REFERENCES sales (sale_id),
    sku         TEXT NOT NULL,
    position    INTEGER NOT NULL,
    title       TEXT NOT NULL,
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    made_units  INTEGER,
    stock       INTEGER NOT NULL,
    free        INTEGER NOT NULL CHECK (free >= 0),
    held        INTEGER NOT NULL CHECK (held >= 0),
    sold        INTEGER NOT NULL CHECK (sold >= 0),
    CHECK (free + held + sold = stock),
    PRIMARY KEY (sale_id, sku)
) STRICT, WITHOUT ROWID;

-- Besides the states of the first version: waiting, and sold_out for one that waited in vain.
ALTER TABLE orders ADD COLUMN sku TEXT;
-- Whether units are kept for it while it is unpaid.
ALTER TABLE orders ADD COLUMN reserved INTEGER NOT NULL DEFAULT 1 CHECK (reserved IN (0, 1));
ALTER TABLE orders ADD COLUMN reseated INTEGER NOT NULL DEFAULT 0 CHECK (reseated IN (0, 1));
ALTER TABLE orders ADD COLUMN release_cause TEXT;
ALTER TABLE orders ADD COLUMN refunds INTEGER NOT NULL DEFAULT 0;
UPDATE orders SET release_cause = CASE WHEN cancelled = 1 THEN 'cancelled' ELSE 'lapsed' END
    WHERE cancelled = 1 OR state IN ('released', 'refunded');
ALTER TABLE orders DROP COLUMN cancelled;
DROP INDEX orders_by_sale;
CREATE INDEX orders_by_sale ON orders (sale_id, state, reserved, sku, quantity);

-- Every message of the provider that was taken, once.
CREATE TABLE provider_events (
    provider_event_id TEXT PRIMARY KEY NOT NULL,
    payment_id        BLOB NOT NULL REFERENCES payments (payment_id),
    sale_id           BLOB NOT NULL,
    -- paid, declined
    outcome           TEXT NOT NULL,
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    at_ms             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX provider_events_by_payment ON provider_events (payment_id);

INSERT INTO provider_events
    SELECT provider_event_id, payment_id, payments.sale_id, iif(payments.state = 'declined', 'declined', 'paid'),
           amount_minor, currency, payments.updated_at_ms
    FROM payments JOIN orders USING (order_id) WHERE provider_event_id IS NOT NULL;

-- Money that goes back: at most once a payment. `sent_at_ms` says when the provider took the refund.
CREATE TABLE refunds (
    payment_id    BLOB PRIMARY KEY NOT NULL REFERENCES payments (payment_id),
    order_id      BLOB NOT NULL REFERENCES orders (order_id),
    sale_id       BLOB NOT NULL,
    amount_minor  INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    cause         TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    sent_at_ms    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_by_order ON refunds (order_id);
CREATE INDEX refunds_to_send ON refunds (created_at_ms) WHERE sent_at_ms IS NULL;

INSERT INTO refunds
    SELECT payment_id, order_id, payments.sale_id, amount_minor, currency,
           CASE WHEN orders.state = 'paid' THEN 'paid_twice' WHEN release_cause = 'cancelled' THEN 'cancelled'
                ELSE 'no_unit_free' END,
           payments.updated_at_ms, NULL
    FROM payments JOIN orders USING (order_id) WHERE payments.state = 'refunded';
UPDATE orders SET refunds = (SELECT count(*) FROM refunds WHERE refunds.order_id = orders.order_id)
    WHERE order_id IN (SELECT order_id FROM refunds);

-- One for each hold that lapsed.
CREATE TABLE strikes (
    order_id     BLOB PRIMARY KEY NOT NULL REFERENCES orders (order_id),
    merchant_id  BLOB NOT NULL REFERENCES merchants (merchant_id),
    shopper_id   BLOB NOT NULL,
    at_ms        INTEGER NOT NULL,
    lifted_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX strikes_by_merchant ON strikes (merchant_id, at_ms) WHERE lifted_at_ms IS NULL;

-- Who may buy, where a sale is for those on its list.
CREATE TABLE listed_shoppers (
    sale_id BLOB NOT NULL REFERENCES sales (sale_id),
    email   TEXT NOT NULL,
    PRIMARY KEY (sale_id, email)
) STRICT, WITHOUT ROWID;
