CREATE TABLE vendor_credit (
    id UUID NOT NULL,
    external_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    opportunity_id UUID NOT NULL,
    campaign_id UUID,
    touchpoint_id UUID,
    contact_id UUID,
    share_ppm INTEGER NOT NULL,
    revenue_minor BIGINT,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX vendor_credit_by_opportunity_id ON vendor_credit (opportunity_id);
CREATE INDEX vendor_credit_by_recorded ON vendor_credit (recorded);
