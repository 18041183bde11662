//! Changing what an open opportunity says of itself.

use super::{LONGEST_TEXT, is_far_off, is_missing, is_too_long, next_version};
use crate::catalog::{ForecastCategory, StageKind};
use crate::currency::CurrencyCode;
use crate::ids::{CampaignId, RegionId, RepId, SegmentId};
use crate::opportunity::Version;
use crate::refusals;
use crate::rep::Rep;
use chrono::{DateTime, NaiveDate, Utc};

refusals! {
    /// Why an opportunity is not changed.
    UpdateRefusal as "OpportunityUpdate" {
        /// It is won or lost.
        Closed "CLOSED": "the opportunity is closed: reopen it first";
        /// The name is empty.
        NameMissing "NAME_MISSING" about "name": "an opportunity needs a name";
        /// A text is longer than 1,000 letters.
        TextTooLong "TEXT_TOO_LONG": "a text has at most 1,000 letters";
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
        /// The forecast category is that of closed opportunities.
        CategoryClosed "CATEGORY_CLOSED" about "forecastCategory": "CLOSED is the category of what is won: choose another";
        /// An amount is given in another currency than the opportunity's.
        CurrencyDiffers "CURRENCY_DIFFERS" about "amount": "the opportunity is kept in another currency: give amounts in its own";
        /// Its amounts are the sums of its lines.
        HasLines "HAS_LINES" about "amount": "the amounts are those of the lines: change them by opportunitySetLines";
    }
}

/// What is to be other than it is; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is that of a version")]
pub struct Changes {
    pub name: Option<String>,
    pub close_date: Option<NaiveDate>,
    /// In which currency the amounts are given.
    pub currencies: Vec<CurrencyCode>,
    pub amount_minor: Option<Option<i64>>,
    pub acv_minor: Option<Option<i64>>,
    pub forecast_category: Option<ForecastCategory>,
    pub probability: Option<Option<i32>>,
    pub owner: Option<Option<RepId>>,
    pub region: Option<Option<RegionId>>,
    pub segment: Option<Option<SegmentId>>,
    pub campaign: Option<Option<CampaignId>>,
    pub opportunity_type: Option<Option<String>>,
    pub next_step: Option<Option<String>>,
}

/// What the ids of the changes lead to.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The owner; `None` where there is none of that id.
    pub owner: Option<Rep>,
    /// Whether the region exists.
    pub region: bool,
    /// Whether the segment exists.
    pub segment: bool,
    /// Whether the campaign exists.
    pub campaign: bool,
}

/// The version that follows `before`, which stands in a stage of `kind`, when `changes` are made at `at`.
///
/// An ACV that was the amount until now goes with the amount, unless it is changed itself.
///
/// # Errors
/// The first reason why not.
pub fn update(
    before: &Version,
    kind: StageKind,
    changes: Changes,
    found: &Found,
    at: DateTime<Utc>,
) -> Result<Version, UpdateRefusal> {
    let texts = [changes.name.as_deref(), inner(&changes.opportunity_type), inner(&changes.next_step)];
    let names = |id: bool, found: bool| id && !found;
    let wrong = [
        (kind != StageKind::Open, UpdateRefusal::Closed),
        (changes.name.as_deref().is_some_and(is_missing), UpdateRefusal::NameMissing),
        (texts.into_iter().flatten().any(|text| is_too_long(text, LONGEST_TEXT)), UpdateRefusal::TextTooLong),
        (names(is_named(&changes.owner), found.owner.is_some()), UpdateRefusal::OwnerUnknown),
        (found.owner.as_ref().is_some_and(|owner| !owner.is_active), UpdateRefusal::OwnerInactive),
        (names(is_named(&changes.region), found.region), UpdateRefusal::RegionUnknown),
        (names(is_named(&changes.segment), found.segment), UpdateRefusal::SegmentUnknown),
        (names(is_named(&changes.campaign), found.campaign), UpdateRefusal::CampaignUnknown),
        (changes.close_date.is_some_and(is_far_off), UpdateRefusal::CloseDateFarOff),
        (
            changes.probability.flatten().is_some_and(|percent| !(0..=100).contains(&percent)),
            UpdateRefusal::ProbabilityOutOfRange,
        ),
        (changes.forecast_category == Some(ForecastCategory::Closed), UpdateRefusal::CategoryClosed),
        (changes.currencies.iter().any(|currency| *currency != before.currency), UpdateRefusal::CurrencyDiffers),
        (before.line_set.is_some() && (changes.amount_minor.is_some() || changes.acv_minor.is_some()), UpdateRefusal::HasLines),
    ];
    match wrong.into_iter().find(|(holds, _)| *holds) {
        Some((_, reason)) => Err(reason),
        None => Ok(changed(before, changes, at)),
    }
}

fn inner(text: &Option<Option<String>>) -> Option<&str> {
    text.as_ref().and_then(Option::as_deref)
}

fn is_named<T>(id: &Option<Option<T>>) -> bool {
    matches!(id, Some(Some(_)))
}

fn changed(before: &Version, changes: Changes, at: DateTime<Utc>) -> Version {
    let amount_minor = changes.amount_minor.unwrap_or(before.amount_minor);
    let follows = before.acv_minor == before.amount_minor;
    let acv_minor = changes.acv_minor.unwrap_or(if follows { amount_minor } else { before.acv_minor });
    Version {
        name: changes.name.unwrap_or_else(|| before.name.clone()),
        close_date: changes.close_date.unwrap_or(before.close_date),
        amount_minor,
        acv_minor,
        forecast_category: changes.forecast_category.unwrap_or(before.forecast_category),
        probability: changes.probability.unwrap_or(before.probability),
        owner: changes.owner.unwrap_or(before.owner),
        region: changes.region.unwrap_or(before.region),
        segment: changes.segment.unwrap_or(before.segment),
        campaign: changes.campaign.unwrap_or(before.campaign),
        opportunity_type: changes.opportunity_type.unwrap_or_else(|| before.opportunity_type.clone()),
        next_step: changes.next_step.unwrap_or_else(|| before.next_step.clone()),
        ..next_version(before, at)
    }
}
