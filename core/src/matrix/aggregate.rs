//! A free group-by over the additive measures.

use super::answer::{Aggregate, AggregateRow};
use super::question::{AggregateMeasure, AggregateQuery};
use crate::attribution::{Credit, CreditError};
use crate::dimension::CellKey;
use crate::facts::{Point, Scan, Snapshot, Sums, sums};
use crate::viewer::Scope;

/// Answers an aggregate: one row for each full key with a value other than 0, and the total.
///
/// # Errors
/// The model that credits sources failed.
pub fn aggregate(
    snapshot: &Snapshot,
    query: &AggregateQuery,
    scope: &Scope,
    credit: &dyn Credit,
) -> Result<Aggregate, CreditError> {
    let scan =
        Scan { scope, data_version: query.data_version, by: &query.by, filter: &query.filter, hygiene_adjusted: false, credit };
    let at = Point { period: query.period, at: query.as_of };
    let by_key = sums(snapshot, &scan, &[at])?.pop().expect("one point was asked for");
    let row = |key: &CellKey, sums: &Sums| AggregateRow {
        key: key.clone(),
        values: query.measures.iter().map(|measure| value(sums, *measure)).collect(),
    };
    let full = by_key.iter().filter(|(key, _)| !key.parts().is_empty() && key.parts().len() == query.by.len());
    let rows = full.map(|(key, sums)| row(key, sums)).filter(|row| row.values.iter().any(|value| *value != 0));
    Ok(Aggregate {
        data_version: snapshot.version_of(query.data_version),
        rows: rows.collect(),
        total: row(&CellKey::total(), &by_key[&CellKey::total()]),
    })
}

fn value(sums: &Sums, measure: AggregateMeasure) -> i64 {
    let count = |count: u64| i64::try_from(count).expect("counts are below 2^32");
    match measure {
        AggregateMeasure::ClosedAcv => sums.closed,
        AggregateMeasure::OpenPipeline => sums.open,
        AggregateMeasure::Overdue => sums.overdue,
        AggregateMeasure::Commit => sums.commit,
        AggregateMeasure::MostLikely => sums.most_likely,
        AggregateMeasure::BestCase => sums.best_case,
        AggregateMeasure::GenerationAsGenerated => sums.generation_as_generated,
        AggregateMeasure::GenerationAsNow => sums.generation_as_now,
        AggregateMeasure::LostAcv => sums.lost,
        AggregateMeasure::ClosedCount => count(sums.closed_count),
        AggregateMeasure::OpenCount => count(sums.open_count),
        AggregateMeasure::GenerationCount => count(sums.generation_count),
        AggregateMeasure::LostCount => count(sums.lost_count),
    }
}
