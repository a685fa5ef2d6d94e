-- Sales by draw. The seed is secret until `drawn_at_ms`; the commitment to it is public from the outset.
CREATE TABLE draws (
    sale_id             BLOB PRIMARY KEY NOT NULL REFERENCES sales (sale_id),
    entries_close_at_ms INTEGER NOT NULL,
    seed                BLOB NOT NULL CHECK (length(seed) = 32),
    commitment          BLOB NOT NULL CHECK (length(commitment) = 32),
    -- What public value is mixed in, and by when it must be there; none: the seed alone.
    beacon_description  TEXT,
    beacon_due_at_ms    INTEGER,
    -- What the events say, for readers.
    root                BLOB,
    entries             INTEGER,
    closed_at_ms        INTEGER,
    beacon              TEXT,
    units               INTEGER,
    sku_units           TEXT,
    drawn_at_ms         INTEGER,
    CHECK ((beacon_description IS NULL) = (beacon_due_at_ms IS NULL)),
    CHECK (drawn_at_ms IS NULL OR root IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Of an entry: its number among the sale's; its place in the draw, 1 the first; and whether that place won. Its state is
-- `entered` until then.
ALTER TABLE orders ADD COLUMN entry_number INTEGER;
ALTER TABLE orders ADD COLUMN draw_rank INTEGER;
ALTER TABLE orders ADD COLUMN draw_won INTEGER NOT NULL DEFAULT 0 CHECK (draw_won IN (0, 1));

CREATE UNIQUE INDEX orders_by_entry ON orders (sale_id, entry_number) WHERE entry_number IS NOT NULL;
CREATE UNIQUE INDEX orders_by_draw_rank ON orders (sale_id, draw_rank) WHERE draw_rank IS NOT NULL;
