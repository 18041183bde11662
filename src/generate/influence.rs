//! What the company's Salesforce credits by itself, for some of its opportunities: to the answers on the way in equal parts,
//! and to the primary campaign alone.

use super::deal::Deal;
use super::journey::{Actor, MOST_TOUCHES, Touch};
use super::salesforce_id::{prefix, salesforce_id};
use pipewright_core::touchpoint::TouchpointKind;
use pipewright_core::vendor_credit::WHOLE_PPM;

/// The influence models: developer name and label.
pub const MODELS: [(&str, &str); 2] =
    [("Even_Distribution", "Even Distribution"), ("Primary_Campaign_Source", "Primary Campaign Source")];

/// One opportunity in so many has influence records.
const SAMPLE: u64 = 4;

/// Influence records an opportunity has at most: their numbers leave room for it.
const MOST: u64 = MOST_TOUCHES * 2;

/// One influence record.
#[derive(Debug, Clone, Copy)]
pub struct Influence<'a> {
    /// Unique within the company.
    number: u64,
    /// A place in [`MODELS`].
    pub model: usize,
    /// The campaign.
    pub campaign: usize,
    /// The answer; `None` for the campaign as such.
    pub touch: Option<&'a Touch>,
    /// Parts per million of the opportunity.
    pub share_ppm: i32,
    /// Its part of the amount, minor units.
    pub revenue_minor: i64,
}

impl Influence<'_> {
    /// Its Salesforce id.
    pub fn external_id(&self) -> String {
        salesforce_id(prefix::INFLUENCE, self.number)
    }
}

/// The Salesforce id of a model.
pub fn model_id(model: usize) -> String {
    salesforce_id(prefix::INFLUENCE_MODEL, model as u64)
}

/// The influence records of an opportunity; none for most.
pub fn influences<'a>(deal: &Deal, journey: &'a [Touch]) -> Vec<Influence<'a>> {
    if !deal.index.is_multiple_of(SAMPLE) {
        return Vec::new();
    }
    let amount = deal.last().acv_minor * deal.term_years;
    let answers: Vec<(usize, &Touch)> = journey
        .iter()
        .filter(|touch| touch.kind == TouchpointKind::Response)
        .filter_map(|touch| match touch.actor {
            Actor::Campaign(campaign, _) => Some((campaign, touch)),
            Actor::Rep(_) => None,
        })
        .collect();
    let parts = i64::try_from(answers.len()).expect("a journey is short");
    let mut all = Vec::with_capacity(answers.len() + 1);
    for (place, (campaign, touch)) in (0..).zip(answers) {
        // The last takes what equal parts leave.
        let part = |whole: i64| if place + 1 == parts { whole - whole / parts * (parts - 1) } else { whole / parts };
        all.push(Influence {
            number: deal.index * MOST + all.len() as u64,
            model: 0,
            campaign,
            touch: Some(touch),
            share_ppm: i32::try_from(part(i64::from(WHOLE_PPM))).expect("a part is no larger than the whole"),
            revenue_minor: part(amount),
        });
    }
    if let Some(campaign) = deal.campaign {
        let number = deal.index * MOST + all.len() as u64;
        all.push(Influence { number, model: 1, campaign, touch: None, share_ppm: WHOLE_PPM, revenue_minor: amount });
    }
    all
}
