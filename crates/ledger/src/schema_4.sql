-- Plan B: switches with their audit lines, and settings that change without a restart.

-- What is not at its ordinary value. Both ids empty: the whole shop; no sale: all of the merchant's.
CREATE TABLE switches (
    merchant_id BLOB NOT NULL,
    sale_id     BLOB NOT NULL,
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    ordinary    TEXT NOT NULL,
    until_ms    INTEGER,
    who         TEXT NOT NULL,
    why         TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    CHECK (length(sale_id) = 0 OR length(merchant_id) = 16),
    PRIMARY KEY (merchant_id, sale_id, name)
) STRICT, WITHOUT ROWID;

-- One for each change, never rewritten. The last number is the version of all switches together.
CREATE TABLE switch_audit (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id BLOB NOT NULL,
    sale_id     BLOB NOT NULL,
    name        TEXT NOT NULL,
    from_value  TEXT NOT NULL,
    to_value    TEXT NOT NULL,
    until_ms    INTEGER,
    who         TEXT NOT NULL,
    why         TEXT NOT NULL,
    at_ms       INTEGER NOT NULL
) STRICT;

CREATE INDEX switch_audit_by_merchant ON switch_audit (merchant_id, number);

-- Each version is all settings, as JSON; the last one counts. Never rewritten: going back is a version too.
CREATE TABLE settings_versions (
    version  INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL,
    change   TEXT NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;
