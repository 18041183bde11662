//! Opening an opportunity.

use super::{LONGEST_NOTE, LONGEST_TEXT, is_far_off, is_missing, is_too_long};
use crate::catalog::{ForecastCategory, Stage, StageKind};
use crate::currency::CurrencyCode;
use crate::ids::{AccountId, CampaignId, DataVersion, OpportunityId, RegionId, RepId, SegmentId};
use crate::opportunity::{Opportunity, Version};
use crate::refusals;
use crate::rep::Rep;
use chrono::{DateTime, NaiveDate, Utc};

refusals! {
    /// Why an opportunity is not opened.
    CreateRefusal as "OpportunityCreate" {
        /// The name is empty.
        NameMissing "NAME_MISSING" about "name": "an opportunity needs a name";
        /// A text is longer than 1,000 letters, or the description longer than 20,000.
        TextTooLong "TEXT_TOO_LONG": "a text has at most 1,000 letters, a description 20,000";
        /// There is no such account.
        AccountUnknown "ACCOUNT_UNKNOWN" about "account": "there is no such account";
        /// There is no such stage.
        StageUnknown "STAGE_UNKNOWN" about "stage": "there is no such stage: the field stages lists them";
        /// The stage is no longer used.
        StageInactive "STAGE_INACTIVE" about "stage": "the stage is no longer used: choose an active one";
        /// The stage is one of won or lost opportunities.
        StageClosed "STAGE_CLOSED" about "stage": "an opportunity is opened in an open stage, and closed by opportunityClose";
        /// There is no such rep.
        OwnerUnknown "OWNER_UNKNOWN" about "owner": "there is no such rep";
        /// The rep no longer works here.
        OwnerInactive "OWNER_INACTIVE" about "owner": "the rep is inactive: choose an active one";
        /// There is no such region.
        RegionUnknown "REGION_UNKNOWN" about "region": "there is no such region: the field regions lists them";
        /// There is no such segment.
        SegmentUnknown "SEGMENT_UNKNOWN" about "segment": "there is no such segment: the field segments lists them";
        /// There is no such campaign.
        CampaignUnknown "CAMPAIGN_UNKNOWN" about "campaign": "there is no such campaign";
        /// The close date lies before 1970 or after 2199.
        CloseDateFarOff "CLOSE_DATE_FAR_OFF" about "closeDate": "a close date lies between 1970 and 2199";
        /// The probability is not between 0 and 100.
        ProbabilityOutOfRange "PROBABILITY_OUT_OF_RANGE" about "probability": "a probability is 0 to 100 percent";
        /// The amounts are given in different currencies.
        CurrenciesDiffer "CURRENCIES_DIFFER" about "acv": "amount and ACV are of one currency";
        /// The forecast category is that of closed opportunities.
        CategoryClosed "CATEGORY_CLOSED" about "forecastCategory": "CLOSED is the category of what is won: choose another";
    }
}

/// What an opportunity begins with.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is that of an opportunity or of its first version")]
pub struct Draft {
    pub id: OpportunityId,
    pub name: String,
    pub account: AccountId,
    pub close_date: NaiveDate,
    /// The amounts' currencies, or the one that it is kept in where it has no amount.
    pub currencies: Vec<CurrencyCode>,
    pub amount_minor: Option<i64>,
    /// `None`: as the amount.
    pub acv_minor: Option<i64>,
    /// `None`: the stage's.
    pub forecast_category: Option<ForecastCategory>,
    /// `None`: the stage's.
    pub probability: Option<i32>,
    pub region: Option<RegionId>,
    pub segment: Option<SegmentId>,
    pub campaign: Option<CampaignId>,
    pub opportunity_type: Option<String>,
    pub next_step: Option<String>,
    pub lead_source: Option<String>,
    pub description: Option<String>,
    /// Whether an owner is asked for; `Found` says who that is.
    pub owner: Option<RepId>,
}

/// What the ids of a draft lead to.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Whether the account exists.
    pub account: bool,
    /// The stage; `None` where there is none of that id.
    pub stage: Option<Stage>,
    /// The owner; `None` where there is none of that id.
    pub owner: Option<Rep>,
    /// Whether the region exists.
    pub region: bool,
    /// Whether the segment exists.
    pub segment: bool,
    /// Whether the campaign exists.
    pub campaign: bool,
}

/// Opens an opportunity at `at`.
///
/// # Errors
/// The first reason why not.
pub fn create(draft: Draft, found: &Found, at: DateTime<Utc>) -> Result<(Opportunity, Version), CreateRefusal> {
    let short = [&Some(draft.name.clone()), &draft.opportunity_type, &draft.next_step, &draft.lead_source];
    if is_missing(&draft.name) {
        return Err(CreateRefusal::NameMissing);
    }
    let is_long = |text: &Option<String>, most| text.as_deref().is_some_and(|text| is_too_long(text, most));
    if short.into_iter().any(|text| is_long(text, LONGEST_TEXT)) || is_long(&draft.description, LONGEST_NOTE) {
        return Err(CreateRefusal::TextTooLong);
    }
    if !found.account {
        return Err(CreateRefusal::AccountUnknown);
    }
    let stage = found.stage.as_ref().ok_or(CreateRefusal::StageUnknown)?;
    let wrong = [
        (!stage.is_active, CreateRefusal::StageInactive),
        (stage.kind != StageKind::Open, CreateRefusal::StageClosed),
        (draft.owner.is_some() && found.owner.is_none(), CreateRefusal::OwnerUnknown),
        (found.owner.as_ref().is_some_and(|owner| !owner.is_active), CreateRefusal::OwnerInactive),
        (draft.region.is_some() && !found.region, CreateRefusal::RegionUnknown),
        (draft.segment.is_some() && !found.segment, CreateRefusal::SegmentUnknown),
        (draft.campaign.is_some() && !found.campaign, CreateRefusal::CampaignUnknown),
        (is_far_off(draft.close_date), CreateRefusal::CloseDateFarOff),
        (draft.probability.is_some_and(|percent| !(0..=100).contains(&percent)), CreateRefusal::ProbabilityOutOfRange),
        (draft.currencies.windows(2).any(|pair| pair[0] != pair[1]), CreateRefusal::CurrenciesDiffer),
        (draft.forecast_category == Some(ForecastCategory::Closed), CreateRefusal::CategoryClosed),
    ];
    match wrong.into_iter().find(|(holds, _)| *holds) {
        Some((_, reason)) => Err(reason),
        None => Ok(opened(draft, stage, at)),
    }
}

fn opened(draft: Draft, stage: &Stage, at: DateTime<Utc>) -> (Opportunity, Version) {
    let opportunity = Opportunity {
        id: draft.id,
        external_id: None,
        account: Some(draft.account),
        created_at: at,
        created_by: draft.owner,
        lead_source: draft.lead_source,
        lead_source_maps_to: None,
        last_activity_on: None,
        description: draft.description,
        recorded: DataVersion::default(),
    };
    let version = Version {
        opportunity: draft.id,
        valid_from: at,
        sequence: 0,
        name: draft.name,
        stage: stage.id,
        forecast_category: draft.forecast_category.unwrap_or(stage.forecast_category),
        close_date: draft.close_date,
        currency: draft.currencies.first().copied().unwrap_or(CurrencyCode::USD),
        amount_minor: draft.amount_minor,
        acv_minor: draft.acv_minor.or(draft.amount_minor),
        probability: draft.probability.or(stage.probability),
        owner: draft.owner,
        region: draft.region,
        segment: draft.segment,
        opportunity_type: draft.opportunity_type,
        campaign: draft.campaign,
        next_step: draft.next_step,
        close_reason: None,
        line_set: None,
        lines_known: true,
        is_deleted: false,
        recorded: DataVersion::default(),
    };
    (opportunity, version)
}
