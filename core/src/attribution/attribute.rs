//! Who earned what: one model over a scope, grouped by one to three of nine ways.
//!
//! The amounts of an additive model add up to those of the scope to the minor unit, however they are grouped: a product's and a
//! source's part of an opportunity are fixed first, then a touchpoint's.

use super::CreditError;
use super::credit::{ModelCredit, Weighed};
use super::ground::{Chosen, Codes, Ground, Parts};
use crate::calendar::{Period, PeriodName};
use crate::catalog::StageKind;
use crate::dimension::{Dimension, DimensionValue, Filter};
use crate::facts::Snapshot;
use crate::facts::scan::chunks;
use crate::ids::DataVersion;
use crate::touchpoint::Source;
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use pipewright_plugin::{NoCredit, Remarks};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use uuid::Uuid;

/// A way to group credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grouping {
    /// By role or channel.
    Source,
    /// By role; what channels earned stands in one row.
    Role,
    /// By channel; what roles earned stands in one row.
    Channel,
    /// By the campaign of the touchpoint.
    Campaign,
    /// By the rep of the touchpoint.
    Rep,
    /// By the opportunity's region.
    Region,
    /// By the opportunity's segment.
    Segment,
    /// By the products of its lines.
    Product,
    /// By the fiscal month of its close date.
    Month,
}

impl Grouping {
    /// All nine.
    pub const ALL: [Self; 9] = [
        Self::Source,
        Self::Role,
        Self::Channel,
        Self::Campaign,
        Self::Rep,
        Self::Region,
        Self::Segment,
        Self::Product,
        Self::Month,
    ];

    /// Whether it tells apart who earned the credit, and not only of what.
    pub fn is_of_credit(self) -> bool {
        matches!(self, Self::Source | Self::Role | Self::Channel | Self::Campaign | Self::Rep)
    }

    /// The dimension of the opportunity that it reads; `None` where it reads the credit.
    pub(super) fn dimension(self) -> Option<Dimension> {
        match self {
            Self::Region => Some(Dimension::Region),
            Self::Segment => Some(Dimension::Segment),
            Self::Product => Some(Dimension::Product),
            Self::Month => Some(Dimension::Month),
            Self::Source | Self::Role | Self::Channel | Self::Campaign | Self::Rep => None,
        }
    }

    pub(super) fn is_of_touchpoints(self) -> bool {
        matches!(self, Self::Campaign | Self::Rep)
    }
}

/// One value of a grouping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GroupValue {
    /// A role or channel.
    Source(Source),
    /// The id of a campaign, rep, region, segment or product.
    Entity(Uuid),
    /// A fiscal month.
    Month(PeriodName),
    /// No value: credit that no campaign earned, an opportunity without a region, and so on.
    None,
    /// Nobody earned it.
    Unattributed,
}

/// One value for each grouping, in the order asked for.
pub type GroupKey = Vec<(Grouping, GroupValue)>;

/// Which opportunities, by how they stood at the instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Within {
    /// Close date in here; `None`: any.
    pub closing: Option<Period>,
    /// Created in here; `None`: at any time.
    pub created: Option<Period>,
    /// Open, won or lost; `None`: any of them.
    pub outcome: Option<StageKind>,
    /// Of which (for PRODUCT and SOURCE: which shares of them).
    pub filter: Filter,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Which recorded changes count; `None`: all.
    pub data_version: Option<DataVersion>,
}

/// Amounts in minor units of the reporting currency, and distinct counts of opportunities, which do not add up over groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Credits {
    /// Of what is open.
    pub pipeline: i64,
    /// Of what is won.
    pub closed_acv: i64,
    /// Of what is lost.
    pub lost_acv: i64,
    /// Distinct opportunities that are open.
    pub open: u64,
    /// Distinct opportunities that are won.
    pub won: u64,
    /// Distinct opportunities that are lost.
    pub lost: u64,
    /// Distinct opportunities whose credit will change, since a milestone is not reached yet.
    pub provisional: u64,
}

impl Credits {
    /// Of all three outcomes, minor units.
    pub fn total(&self) -> i64 {
        self.pipeline + self.closed_acv + self.lost_acv
    }

    /// Distinct opportunities.
    pub fn opportunities(&self) -> u64 {
        self.open + self.won + self.lost
    }

    fn of(kind: StageKind, amount: i64, is_provisional: bool) -> Self {
        let credits = Self { provisional: u64::from(is_provisional), ..Self::default() };
        match kind {
            StageKind::Open => Self { pipeline: amount, open: 1, ..credits },
            StageKind::Won => Self { closed_acv: amount, won: 1, ..credits },
            StageKind::Lost => Self { lost_acv: amount, lost: 1, ..credits },
        }
    }

    fn add(&mut self, other: &Self) {
        self.pipeline += other.pipeline;
        self.closed_acv += other.closed_acv;
        self.lost_acv += other.lost_acv;
        self.open += other.open;
        self.won += other.won;
        self.lost += other.lost;
        self.provisional += other.provisional;
    }
}

/// What one group earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributionRow {
    /// Which group.
    pub key: GroupKey,
    /// What it earned. Of a model of influence: of what it had a part in; such rows are not summed.
    pub credits: Credits,
}

/// Who earned what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// The last change that counts.
    pub data_version: DataVersion,
    /// The largest total first, ties by key.
    pub rows: Vec<AttributionRow>,
    /// The scope's own amounts and counts, whoever earned them.
    pub total: Credits,
    /// What somebody earned, each opportunity once.
    pub attributed: Credits,
    /// What nobody earned.
    pub unattributed: Credits,
    /// Why, in opportunities.
    pub reasons: BTreeMap<u8, u64>,
}

/// Attributes the opportunities of a scope by one model.
///
/// # Errors
/// The model failed.
pub fn attribute(
    snapshot: &Snapshot,
    within: &Within,
    group_by: &[Grouping],
    scope: &Scope,
    model: &ModelCredit,
) -> Result<Attribution, CreditError> {
    let ground = Ground::new(snapshot, within, group_by, model);
    let of_chunk = |indices: Range<u32>| {
        let mut sums = Totals::default();
        let chosen = ground.choose(indices);
        ground.weigh(&chosen, model, |chosen, parts, weighed| sums.take(chosen, parts, weighed))?;
        Ok(sums)
    };
    let sums = chunks(snapshot, scope).into_par_iter().map(of_chunk).try_reduce(Totals::default, |a, b| Ok(a.merged(b)))?;
    let row = |(codes, credits): (&Codes, &Credits)| AttributionRow { key: ground.key(codes), credits: *credits };
    let mut rows: Vec<AttributionRow> = sums.groups.iter().map(row).collect();
    rows.sort_by(|a, b| b.credits.total().cmp(&a.credits.total()).then_with(|| a.key.cmp(&b.key)));
    Ok(Attribution {
        data_version: snapshot.version_of(within.data_version),
        rows,
        total: sums.total,
        attributed: sums.attributed,
        unattributed: sums.unattributed,
        reasons: sums.reasons,
    })
}

/// What people call a value of a grouping.
pub fn group_label(snapshot: &Snapshot, grouping: Grouping, value: &GroupValue) -> String {
    match value {
        GroupValue::Unattributed => "(unattributed)".to_owned(),
        GroupValue::None => format!("(no {})", format!("{grouping:?}").to_lowercase()),
        GroupValue::Source(source) => snapshot.label(Dimension::Source, &DimensionValue::Source(*source)),
        // Names are kept by id, whatever the noun.
        GroupValue::Entity(id) => snapshot.label(Dimension::Product, &DimensionValue::Entity(*id)),
        GroupValue::Month(month) => month.to_string(),
    }
}

#[derive(Default)]
struct Totals {
    groups: HashMap<Codes, Credits>,
    total: Credits,
    attributed: Credits,
    unattributed: Credits,
    reasons: BTreeMap<u8, u64>,
}

impl Totals {
    fn take(&mut self, chosen: &Chosen<'_>, parts: &Parts, weighed: &Weighed<'_>) {
        let provisional = weighed.remarks.holds(Remarks::PROVISIONAL);
        let of = |amount| Credits::of(chosen.kind, amount, provisional);
        for (codes, amount) in &parts.groups {
            self.groups.entry(*codes).or_default().add(&of(*amount));
        }
        self.total.add(&of(parts.total));
        if parts.is_attributed {
            self.attributed.add(&of(parts.attributed));
        }
        if parts.is_unattributed {
            self.unattributed.add(&of(parts.total - parts.attributed));
            let reason = weighed.weights.err().unwrap_or(NoCredit::NoTouchpoint);
            *self.reasons.entry(reason.code()).or_default() += 1;
        }
    }

    fn merged(mut self, other: Self) -> Self {
        if self.groups.len() < other.groups.len() {
            return other.merged(self);
        }
        for (codes, credits) in &other.groups {
            self.groups.entry(*codes).or_default().add(credits);
        }
        self.total.add(&other.total);
        self.attributed.add(&other.attributed);
        self.unattributed.add(&other.unattributed);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self
    }
}
