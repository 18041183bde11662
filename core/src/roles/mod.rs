//! The five selling roles, the cylinders of the engine: who holds them, what they can carry and do carry, what they generate,
//! hand on and win.

mod figures;
mod hand_off;
mod load;

pub use figures::{
    RoleFigures, Work, average_acv, conversion, expected_gap, generation_share, median, quarters, ramp, utilisation, win_rate,
};

use crate::attribution::{Credit, CreditError};
use crate::calendar::Period;
use crate::dimension::{CellKey, Dimension, DimensionValue, Filter};
use crate::facts::reading::Reading;
use crate::facts::{Point, Scan, Snapshot, Sums, SumsByKey, sums};
use crate::ids::{DataVersion, RepId};
use crate::rep::Role;
use crate::touchpoint::Source;
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What one fully ramped rep can carry in a quarter; `None` where that kind of work is not measured.
pub type Capacity = Work<Option<u32>>;

/// What is expected of a role.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoleExpectation {
    /// Of each of its reps.
    pub capacity: Capacity,
    /// Its share of all pipeline generated, 0 to 1.
    pub share: f64,
    /// Days in the role until a rep is fully ramped.
    pub ramp_days: u32,
}

/// What is expected of the roles and their reps.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectations {
    /// In the order of the roles' codes.
    pub roles: [RoleExpectation; Role::ALL.len()],
    /// Reps with a capacity of their own; what is `None` in it is as for their role.
    pub reps: BTreeMap<RepId, Capacity>,
    /// Days after a hand-off in which an opportunity counts as made of it.
    pub hand_off_days: u32,
}

/// The performance of the roles, asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleQuery {
    /// For which period.
    pub period: Period,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Which recorded changes count; `None`: all of the snapshot.
    pub data_version: Option<DataVersion>,
    /// Which opportunities count (for PRODUCT and SOURCE: which shares of them). Heads, their capacity, meetings, calls and
    /// hand-offs are of no opportunity: they are all counted, whatever the filter.
    pub filter: Filter,
    /// What is expected.
    pub expected: Expectations,
}

/// How the roles perform.
#[derive(Debug, Clone, PartialEq)]
pub struct RolePerformance {
    /// The last change that counts.
    pub data_version: DataVersion,
    /// All five, in the order of their codes.
    pub roles: Vec<RoleFigures>,
    /// ACV generated in P by whomever, minor units.
    pub generation_minor: i64,
}

/// Answers how the roles perform.
///
/// # Errors
/// The model that credits sources failed.
pub fn role_performance(
    snapshot: &Snapshot,
    query: &RoleQuery,
    scope: &Scope,
    credit: &dyn Credit,
) -> Result<RolePerformance, CreditError> {
    let reading = Reading::new(snapshot, query.as_of, query.data_version);
    let cut_by = |by: &[Dimension]| -> Result<SumsByKey, CreditError> {
        let scan = Scan { scope, data_version: query.data_version, by, filter: &query.filter, hygiene_adjusted: false, credit };
        let point = Point { period: query.period, at: query.as_of };
        Ok(sums(snapshot, &scan, &[point])?.pop().expect("one point was asked for"))
    };
    let (by_source, by_owner) = (cut_by(&[Dimension::Source])?, cut_by(&[Dimension::Owner])?);
    let generation_minor = by_source[&CellKey::total()].generation_as_generated;
    let mut roles: Vec<RoleFigures> = Role::ALL.into_iter().map(|role| RoleFigures::new(role, &query.expected)).collect();
    for figures in &mut roles {
        let key = CellKey::new(vec![(Dimension::Source, DimensionValue::Source(Source::Role(figures.role)))]);
        let Sums { generation_as_generated, closed, lost, closed_count, .. } =
            by_source.get(&key.expect("one dimension is no duplicate")).copied().unwrap_or_default();
        figures.generation_minor = generation_as_generated;
        figures.total_generation_minor = generation_minor;
        (figures.won_minor, figures.lost_minor, figures.won) = (closed, lost, closed_count);
    }
    if scope.is_unrestricted() {
        load::add_holders(&reading, query, &mut roles);
        load::add_opportunities(&reading, &by_owner, &mut roles);
        load::add_activities(&reading, query.period, &mut roles);
        hand_off::add(&reading, query, &mut roles);
    }
    Ok(RolePerformance { data_version: snapshot.version_of(query.data_version), roles, generation_minor })
}
