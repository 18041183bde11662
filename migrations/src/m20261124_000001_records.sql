-- The tables of every record, in words that both databases get translated:
-- UUID is BLOB on SQLite; TEXT sorts by bytes on both; CLUSTERED is WITHOUT ROWID on SQLite and nothing on PostgreSQL.
-- Instants (_ms) are milliseconds since 1970 UTC, dates (_day) days since 1970, money (_minor) minor units, enums SMALLINT codes.
-- There are no foreign keys between imported nouns: rows come in any order, and one may name another that comes later or
-- never. A line alone belongs to its set for good.
CREATE TABLE product (
    id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    code TEXT,
    family TEXT,
    is_active BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX product_by_name_and_id ON product (name, id);
CREATE INDEX product_by_recorded ON product (recorded);
CREATE TABLE region (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX region_by_name_and_id ON region (name, id);
CREATE INDEX region_by_recorded ON region (recorded);
CREATE TABLE segment (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX segment_by_name_and_id ON segment (name, id);
CREATE INDEX segment_by_recorded ON segment (recorded);
CREATE TABLE stage (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind SMALLINT NOT NULL,
    forecast_category SMALLINT NOT NULL,
    probability INTEGER,
    is_active BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX stage_by_name_and_id ON stage (name, id);
CREATE INDEX stage_by_recorded ON stage (recorded);
CREATE TABLE rep (
    id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    email TEXT,
    is_active BOOLEAN NOT NULL,
    hired_day INTEGER,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX rep_by_name_and_id ON rep (name, id);
CREATE INDEX rep_by_recorded ON rep (recorded);
CREATE TABLE tenure (
    id UUID NOT NULL,
    rep_id UUID NOT NULL,
    role SMALLINT,
    manager_id UUID,
    valid_from_ms BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX tenure_by_rep_id_and_valid_from_ms ON tenure (rep_id, valid_from_ms);
CREATE INDEX tenure_by_recorded ON tenure (recorded);
CREATE TABLE campaign (
    id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    parent_id UUID,
    channel SMALLINT,
    kind TEXT,
    status TEXT,
    starts_day INTEGER,
    ends_day INTEGER,
    currency TEXT NOT NULL,
    budgeted_cost_minor BIGINT,
    actual_cost_minor BIGINT,
    is_active BOOLEAN NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX campaign_by_name_and_id ON campaign (name, id);
CREATE INDEX campaign_by_parent_id ON campaign (parent_id);
CREATE INDEX campaign_by_recorded ON campaign (recorded);
CREATE TABLE exchange_rate (
    currency TEXT NOT NULL,
    valid_from_day INTEGER NOT NULL,
    known_from_ms BIGINT NOT NULL,
    rate TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (currency, valid_from_day, known_from_ms)
);
CREATE INDEX exchange_rate_by_recorded ON exchange_rate (recorded);
CREATE TABLE account (
    id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    kind TEXT,
    parent_id UUID,
    industry TEXT,
    region_id UUID,
    segment_id UUID,
    country TEXT,
    state TEXT,
    employees BIGINT,
    annual_revenue_minor BIGINT,
    website TEXT,
    owner_id UUID,
    created_at_ms BIGINT,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX account_by_name_and_id ON account (name, id);
CREATE INDEX account_by_parent_id ON account (parent_id);
CREATE INDEX account_by_owner_id ON account (owner_id);
CREATE INDEX account_by_recorded ON account (recorded);
CREATE TABLE contact (
    id UUID NOT NULL,
    external_id TEXT,
    account_id UUID,
    name TEXT NOT NULL,
    title TEXT,
    department TEXT,
    email TEXT,
    phone TEXT,
    lead_source TEXT,
    owner_id UUID,
    created_at_ms BIGINT,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX contact_by_name_and_id ON contact (name, id);
CREATE INDEX contact_by_account_id ON contact (account_id);
CREATE INDEX contact_by_recorded ON contact (recorded);
CREATE TABLE lead (
    id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    company TEXT,
    title TEXT,
    email TEXT,
    phone TEXT,
    status TEXT,
    lead_source TEXT,
    industry TEXT,
    owner_id UUID,
    created_at_ms BIGINT,
    converted_day INTEGER,
    converted_account_id UUID,
    converted_contact_id UUID,
    converted_opportunity_id UUID,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX lead_by_name_and_id ON lead (name, id);
CREATE INDEX lead_by_recorded ON lead (recorded);
CREATE TABLE opportunity (
    id UUID NOT NULL,
    external_id TEXT,
    account_id UUID,
    created_at_ms BIGINT NOT NULL,
    created_by_id UUID,
    lead_source TEXT,
    lead_source_maps_to SMALLINT,
    last_activity_day INTEGER,
    description TEXT,
    recorded BIGINT NOT NULL,
    name TEXT,
    stage_id UUID,
    forecast_category SMALLINT,
    close_day INTEGER,
    currency TEXT,
    amount_minor BIGINT,
    acv_minor BIGINT,
    probability INTEGER,
    owner_id UUID,
    region_id UUID,
    segment_id UUID,
    opportunity_type TEXT,
    campaign_id UUID,
    next_step TEXT,
    line_set_id UUID,
    lines_known BOOLEAN,
    is_deleted BOOLEAN,
    last_valid_from_ms BIGINT,
    last_sequence INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX opportunity_by_name_and_id ON opportunity (name, id);
CREATE INDEX opportunity_by_close_day_and_id ON opportunity (close_day, id);
CREATE INDEX opportunity_by_acv_minor_and_id ON opportunity (acv_minor, id);
CREATE INDEX opportunity_by_created_at_ms_and_id ON opportunity (created_at_ms, id);
CREATE INDEX opportunity_by_region_id_and_stage_id ON opportunity (region_id, stage_id);
CREATE INDEX opportunity_by_owner_id ON opportunity (owner_id);
CREATE INDEX opportunity_by_account_id ON opportunity (account_id);
CREATE INDEX opportunity_by_campaign_id ON opportunity (campaign_id);
CREATE INDEX opportunity_by_recorded ON opportunity (recorded);
CREATE TABLE opportunity_version (
    opportunity_id UUID NOT NULL,
    valid_from_ms BIGINT NOT NULL,
    sequence INTEGER NOT NULL,
    name TEXT NOT NULL,
    stage_id UUID NOT NULL,
    forecast_category SMALLINT NOT NULL,
    close_day INTEGER NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT,
    acv_minor BIGINT,
    probability INTEGER,
    owner_id UUID,
    region_id UUID,
    segment_id UUID,
    opportunity_type TEXT,
    campaign_id UUID,
    next_step TEXT,
    line_set_id UUID,
    lines_known BOOLEAN NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (opportunity_id, valid_from_ms, sequence)
) CLUSTERED;
CREATE INDEX opportunity_version_by_recorded ON opportunity_version (recorded);
CREATE TABLE line_set (
    id UUID NOT NULL,
    opportunity_id UUID NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX line_set_by_opportunity_id ON line_set (opportunity_id);
CREATE INDEX line_set_by_recorded ON line_set (recorded);
CREATE TABLE opportunity_line (
    line_set_id UUID NOT NULL,
    position INTEGER NOT NULL,
    product_id UUID,
    quantity_milli BIGINT,
    amount_minor BIGINT NOT NULL,
    acv_minor BIGINT NOT NULL,
    term_months INTEGER,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (line_set_id, position),
    FOREIGN KEY (line_set_id) REFERENCES line_set (id)
) CLUSTERED;
CREATE INDEX opportunity_line_by_recorded ON opportunity_line (recorded);
CREATE TABLE contact_role (
    id UUID NOT NULL,
    opportunity_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    role TEXT,
    is_primary BOOLEAN NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX contact_role_by_opportunity_id ON contact_role (opportunity_id);
CREATE INDEX contact_role_by_contact_id ON contact_role (contact_id);
CREATE INDEX contact_role_by_recorded ON contact_role (recorded);
CREATE TABLE split (
    id UUID NOT NULL,
    opportunity_id UUID NOT NULL,
    rep_id UUID NOT NULL,
    percentage_bp INTEGER NOT NULL,
    is_overlay BOOLEAN NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX split_by_opportunity_id ON split (opportunity_id);
CREATE INDEX split_by_rep_id ON split (rep_id);
CREATE INDEX split_by_recorded ON split (recorded);
CREATE TABLE touchpoint (
    id UUID NOT NULL,
    external_id TEXT,
    at_ms BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    channel SMALLINT,
    rep_id UUID,
    campaign_id UUID,
    contact_id UUID,
    lead_id UUID,
    account_id UUID,
    opportunity_id UUID,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX touchpoint_by_account_id_and_at_ms ON touchpoint (account_id, at_ms);
CREATE INDEX touchpoint_by_campaign_id ON touchpoint (campaign_id);
CREATE INDEX touchpoint_by_opportunity_id ON touchpoint (opportunity_id);
CREATE INDEX touchpoint_by_recorded ON touchpoint (recorded);
CREATE TABLE target (
    id UUID NOT NULL,
    measure SMALLINT NOT NULL,
    period TEXT NOT NULL,
    cell_key TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    valid_from_ms BIGINT NOT NULL,
    sequence INTEGER NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX target_by_recorded ON target (recorded);
CREATE TABLE judgement (
    id UUID NOT NULL,
    period TEXT NOT NULL,
    cell_key TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    submitted_by_id UUID,
    valid_from_ms BIGINT NOT NULL,
    sequence INTEGER NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX judgement_by_recorded ON judgement (recorded);
CREATE TABLE adjustment (
    id UUID NOT NULL,
    period TEXT NOT NULL,
    cell_key TEXT NOT NULL,
    adjusted_by SMALLINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    note TEXT,
    author_id UUID,
    valid_from_ms BIGINT NOT NULL,
    sequence INTEGER NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX adjustment_by_recorded ON adjustment (recorded);
CREATE TABLE change_feed (
    data_version BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    kinds TEXT NOT NULL,
    PRIMARY KEY (data_version)
);
CREATE TABLE job (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    state SMALLINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    request TEXT NOT NULL,
    cursor TEXT,
    progress TEXT,
    report TEXT,
    lease_until_ms BIGINT,
    lease_owner TEXT,
    PRIMARY KEY (id)
);
CREATE INDEX job_by_kind_and_state ON job (kind, state);
