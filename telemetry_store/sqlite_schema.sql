-- The embedded store: one row per series and time, so writing it twice changes nothing.
CREATE TABLE IF NOT EXISTS series (
    id          INTEGER PRIMARY KEY,
    measurement TEXT NOT NULL,
    field       TEXT NOT NULL,
    device      TEXT NOT NULL,
    park        TEXT NOT NULL,
    point       TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    zone        TEXT NOT NULL,
    UNIQUE (measurement, field, device, park, point, tenant, zone)
);
CREATE TABLE IF NOT EXISTS reading (
    series_id INTEGER NOT NULL REFERENCES series (id),
    time_ms   INTEGER NOT NULL,
    value     REAL,
    status    INTEGER NOT NULL,
    reason    TEXT,
    PRIMARY KEY (series_id, time_ms)
) WITHOUT ROWID;
-- Findings, indicators and ledger lines: tags and fields as JSON, keys of tags in alphabetical order.
CREATE TABLE IF NOT EXISTS record_series (
    id          INTEGER PRIMARY KEY,
    measurement TEXT NOT NULL,
    tags        TEXT NOT NULL,
    UNIQUE (measurement, tags)
);
CREATE TABLE IF NOT EXISTS record (
    series_id INTEGER NOT NULL REFERENCES record_series (id),
    time_ms   INTEGER NOT NULL,
    fields    TEXT NOT NULL,
    PRIMARY KEY (series_id, time_ms)
) WITHOUT ROWID;
