//! Opportunities as they stand, their versions, lines, contacts' parts and splits.

use super::column::{Kind, columns};
use super::record::{Record, Row};
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::ids::{
    AccountId, CampaignId, ContactId, ContactRoleId, DataVersion, LineSetId, OpportunityId, ProductId, RegionId, RepId,
    SegmentId, SplitId, StageId,
};
use pipewright_core::opportunity::{ContactRole, Line, Opportunity, Split, Version};
use pipewright_core::touchpoint::Source;
use sea_orm::DbErr;

/// All six, in the order of their codes.
const CATEGORIES: [ForecastCategory; 6] = [
    ForecastCategory::Omitted,
    ForecastCategory::Pipeline,
    ForecastCategory::BestCase,
    ForecastCategory::MostLikely,
    ForecastCategory::Commit,
    ForecastCategory::Closed,
];

pub(super) fn category(row: &Row<'_>) -> Result<ForecastCategory, DbErr> {
    row.code("forecast_category", &CATEGORIES)
}

/// An opportunity and its latest version, which is not one of deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpportunityState {
    /// What never changes.
    pub opportunity: Opportunity,
    /// How it stands.
    pub version: Version,
}

columns! {
    /// What opportunities are filtered and ordered by, each as it stands today.
    OpportunityColumn {
        Id "id" Id;
        Name "name" Text;
        Stage "stage_id" Id;
        ForecastCategory "forecast_category" Code;
        CloseDate "close_day" Small;
        Currency "currency" Text;
        Acv "acv_minor" Integer or none;
        Amount "amount_minor" Integer or none;
        Owner "owner_id" Id or none;
        Region "region_id" Id or none;
        Segment "segment_id" Id or none;
        Campaign "campaign_id" Id or none;
        Account "account_id" Id or none;
        Type "opportunity_type" Text or none;
        CreatedAt "created_at_ms" Integer;
        ChangedAt "valid_from_ms" Integer;
        LeadSource "lead_source" Text or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for OpportunityState {
    type Column = OpportunityColumn;
    const NOUN: &'static str = "Opportunity";
    // The row of an opportunity carries its latest version's state; an opportunity without a version is none yet.
    const SELECT: &'static str = "SELECT o.*, o.last_valid_from_ms AS valid_from_ms, o.last_sequence AS sequence, \
        o.id AS opportunity_id FROM opportunity o WHERE o.name IS NOT NULL AND NOT o.is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        let source = row.get::<Option<i16>>("lead_source_maps_to")?;
        let opportunity = Opportunity {
            id: OpportunityId(row.get("id")?),
            external_id: row.get("external_id")?,
            account: row.id("account_id", AccountId)?,
            created_at: row.instant("created_at_ms")?,
            created_by: row.id("created_by_id", RepId)?,
            lead_source: row.get("lead_source")?,
            lead_source_maps_to: source.and_then(|code| u8::try_from(code).ok()).and_then(Source::from_code),
            last_activity_on: row.optional_day("last_activity_day")?,
            description: row.get("description")?,
            recorded: DataVersion(row.get("recorded")?),
        };
        Ok(Self { opportunity, version: Version::decode(row)? })
    }
}

columns! {
    /// What versions are filtered and ordered by.
    VersionColumn {
        Opportunity "opportunity_id" Id;
        ValidFrom "valid_from_ms" Integer;
        Sequence "sequence" Small;
    }
}

impl Record for Version {
    type Column = VersionColumn;
    const NOUN: &'static str = "OpportunityVersion";
    const SELECT: &'static str = "SELECT * FROM opportunity_version";
    const OWN: (&'static str, Kind) = ("sequence", Kind::Small);

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            opportunity: OpportunityId(row.get("opportunity_id")?),
            valid_from: row.instant("valid_from_ms")?,
            sequence: row.get("sequence")?,
            name: row.get("name")?,
            stage: StageId(row.get("stage_id")?),
            forecast_category: category(row)?,
            close_date: row.day("close_day")?,
            currency: row.parsed("currency")?,
            amount_minor: row.get("amount_minor")?,
            acv_minor: row.get("acv_minor")?,
            probability: row.get("probability")?,
            owner: row.id("owner_id", RepId)?,
            region: row.id("region_id", RegionId)?,
            segment: row.id("segment_id", SegmentId)?,
            opportunity_type: row.get("opportunity_type")?,
            campaign: row.id("campaign_id", CampaignId)?,
            next_step: row.get("next_step")?,
            close_reason: row.get("close_reason")?,
            line_set: row.id("line_set_id", LineSetId)?,
            lines_known: row.get("lines_known")?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What lines are filtered and ordered by.
    LineColumn {
        LineSet "line_set_id" Id;
        Position "position" Small;
    }
}

impl Record for Line {
    type Column = LineColumn;
    const NOUN: &'static str = "OpportunityLine";
    const SELECT: &'static str = "SELECT * FROM opportunity_line";
    const OWN: (&'static str, Kind) = ("position", Kind::Small);

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            line_set: LineSetId(row.get("line_set_id")?),
            position: row.get("position")?,
            product: row.id("product_id", ProductId)?,
            quantity_milli: row.get("quantity_milli")?,
            amount_minor: row.get("amount_minor")?,
            acv_minor: row.get("acv_minor")?,
            term_months: row.get("term_months")?,
        })
    }
}

columns! {
    /// What contacts' parts are filtered and ordered by.
    ContactRoleColumn {
        Id "id" Id;
        Opportunity "opportunity_id" Id;
        Contact "contact_id" Id;
    }
}

impl Record for ContactRole {
    type Column = ContactRoleColumn;
    const NOUN: &'static str = "ContactRole";
    const SELECT: &'static str = "SELECT * FROM contact_role WHERE NOT is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: ContactRoleId(row.get("id")?),
            opportunity: OpportunityId(row.get("opportunity_id")?),
            contact: ContactId(row.get("contact_id")?),
            role: row.get("role")?,
            is_primary: row.get("is_primary")?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What splits are filtered and ordered by.
    SplitColumn {
        Id "id" Id;
        Opportunity "opportunity_id" Id;
        Rep "rep_id" Id;
    }
}

impl Record for Split {
    type Column = SplitColumn;
    const NOUN: &'static str = "OpportunitySplit";
    const SELECT: &'static str = "SELECT * FROM split WHERE NOT is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: SplitId(row.get("id")?),
            opportunity: OpportunityId(row.get("opportunity_id")?),
            rep: RepId(row.get("rep_id")?),
            percentage_bp: row.get("percentage_bp")?,
            is_overlay: row.get("is_overlay")?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
