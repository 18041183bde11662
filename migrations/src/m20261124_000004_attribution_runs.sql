CREATE TABLE attribution_run (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    input TEXT NOT NULL,
    started_by TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    model TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_file TEXT,
    parameters TEXT NOT NULL,
    parameters_hash TEXT NOT NULL,
    lens SMALLINT NOT NULL,
    period TEXT NOT NULL,
    filter TEXT NOT NULL,
    as_of_ms BIGINT NOT NULL,
    data_version BIGINT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX attribution_run_by_name ON attribution_run (name);
CREATE UNIQUE INDEX attribution_run_by_key ON attribution_run (started_by, idempotency_key);
CREATE TABLE attribution_credit (
    run_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    opportunity_id UUID NOT NULL,
    touchpoint_id UUID,
    origin SMALLINT,
    source SMALLINT,
    campaign_id UUID,
    rep_id UUID,
    region_id UUID,
    outcome SMALLINT NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    credit_minor BIGINT NOT NULL,
    remarks SMALLINT NOT NULL,
    no_credit SMALLINT,
    journey BIGINT NOT NULL,
    PRIMARY KEY (run_id, sequence)
) CLUSTERED;
CREATE INDEX attribution_credit_by_opportunity ON attribution_credit (run_id, opportunity_id);
