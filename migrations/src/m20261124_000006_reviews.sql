CREATE TABLE review (
    id UUID NOT NULL,
    opportunity_id UUID NOT NULL,
    reviewer_id UUID NOT NULL,
    verdict SMALLINT NOT NULL,
    changes INTEGER NOT NULL,
    note TEXT,
    at_ms BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX review_by_opportunity_id ON review (opportunity_id);
CREATE INDEX review_by_reviewer_id ON review (reviewer_id);
CREATE INDEX review_by_recorded ON review (recorded);
