-- What people do here: why a deal closed, the first answer to a request that may be sent twice, and the audit log, each
-- entry of which seals the one before it.
ALTER TABLE opportunity ADD COLUMN close_reason TEXT;
ALTER TABLE opportunity_version ADD COLUMN close_reason TEXT;
CREATE TABLE act (
    viewer TEXT NOT NULL,
    request_key TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    object UUID NOT NULL,
    PRIMARY KEY (viewer, request_key)
);
CREATE INDEX act_by_at_ms ON act (at_ms);
CREATE TABLE audit (
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    viewer TEXT NOT NULL,
    permission TEXT NOT NULL,
    request_id TEXT NOT NULL,
    act TEXT NOT NULL,
    noun TEXT NOT NULL,
    object UUID NOT NULL,
    data_version BIGINT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (number)
);
CREATE INDEX audit_by_object ON audit (object, number);
