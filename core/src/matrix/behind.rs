//! The opportunities behind a cell of the matrix.

use super::answer::FlowItem;
use super::question::{CellMeasure, MatrixQuery};
use crate::attribution::{Credit, CreditError};
use crate::dimension::CellKey;
use crate::facts::{Point, Scan, Snapshot, Sums, shares_of};
use crate::viewer::Scope;
use std::cmp::Reverse;

/// The opportunities behind a cell of `query`'s matrix, each with its part: the largest first, ties by id. The parts add up to
/// the cell's amount to the minor unit. An opportunity that counts with an amount of 0 is among them.
///
/// # Errors
/// The model that credits sources failed.
pub fn behind(
    snapshot: &Snapshot,
    query: &MatrixQuery,
    key: &CellKey,
    measure: CellMeasure,
    scope: &Scope,
    credit: &dyn Credit,
) -> Result<Vec<FlowItem>, CreditError> {
    let scan = Scan {
        scope,
        data_version: query.data_version,
        by: &query.by,
        filter: &query.filter,
        hygiene_adjusted: query.hygiene_adjusted,
        credit,
    };
    let shares = shares_of(snapshot, &scan, Point { period: query.period, at: query.as_of }, key)?;
    let item = |(opportunity, sums): (_, Sums)| {
        let (amount, counts) = part(&sums, measure);
        (counts || amount != 0).then_some(FlowItem { opportunity, amount })
    };
    let mut items: Vec<FlowItem> = shares.into_iter().filter_map(item).collect();
    items.sort_by_key(|item| (Reverse(item.amount.unsigned_abs()), item.opportunity));
    Ok(items)
}

/// The amount, and whether the opportunity is one of those that the measure's own count counts.
fn part(sums: &Sums, measure: CellMeasure) -> (i64, bool) {
    match measure {
        CellMeasure::ClosedAcv => (sums.closed, sums.closed_count > 0),
        CellMeasure::OpenPipeline => (sums.open, sums.open_count > 0),
        CellMeasure::Overdue => (sums.overdue, false),
        CellMeasure::Commit => (sums.commit, false),
        CellMeasure::MostLikely => (sums.most_likely, false),
        CellMeasure::BestCase => (sums.best_case, false),
        CellMeasure::GenerationAsGenerated => (sums.generation_as_generated, sums.generation_count > 0),
        CellMeasure::GenerationAsNow => (sums.generation_as_now, sums.generation_count > 0),
        CellMeasure::Reopened => (sums.reopened, false),
    }
}
