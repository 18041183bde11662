//! How the columns stood at each of several points, each as known then.

use super::answer::{Trend, TrendPoint, TrendSeries};
use super::columns::coverage_ratio;
use super::forecasts::Forecasts;
use super::question::{GenerationBasis, TrendQuery};
use super::targets::{self, Book, Known, Occupied};
use crate::attribution::{Credit, CreditError};
use crate::dimension::CellKey;
use crate::facts::{Point, Scan, Snapshot, SumsByKey, sums};
use crate::target::Measure;
use crate::viewer::Scope;
use std::collections::BTreeSet;

/// Answers the trend from one snapshot.
///
/// # Errors
/// The model that credits sources failed.
pub fn trend(snapshot: &Snapshot, query: &TrendQuery, scope: &Scope, credit: &dyn Credit) -> Result<Trend, CreditError> {
    let asked = &query.matrix;
    let scan = Scan {
        scope,
        data_version: asked.data_version,
        by: &asked.by,
        filter: &asked.filter,
        hygiene_adjusted: asked.hygiene_adjusted,
        credit,
    };
    let points: Vec<Point> = query.points.iter().map(|at| Point { period: asked.period, at: *at }).collect();
    let by_point = sums(snapshot, &scan, &points)?;
    let keys: BTreeSet<&CellKey> =
        by_point.iter().flat_map(|sums| sums.keys()).filter(|key| key.parts().len() == asked.by.len()).collect();
    let moments: Vec<Moment<'_>> =
        points.iter().zip(&by_point).map(|(point, sums)| Moment::new(snapshot, query, *point, sums)).collect();
    let seen: Vec<targets::Moment<'_>> = moments.iter().map(Moment::seen).collect();
    let occupied = Occupied::at(snapshot, &scan, &seen)?;
    let series = |key: &CellKey| TrendSeries {
        key: key.clone(),
        points: moments.iter().zip(&occupied).map(|(moment, occupied)| moment.of(key, occupied)).collect(),
    };
    Ok(Trend {
        data_version: snapshot.version_of(asked.data_version),
        series: keys.into_iter().filter(|key| !key.parts().is_empty()).map(series).collect(),
        total: series(&CellKey::total()),
    })
}

/// One point, with the targets and forecasts that counted then.
struct Moment<'a> {
    point: Point,
    sums: &'a SumsByKey,
    generation: GenerationBasis,
    targets: Book<'a>,
    forecasts: Forecasts<'a>,
}

impl<'a> Moment<'a> {
    fn new(snapshot: &'a Snapshot, query: &'a TrendQuery, point: Point, sums: &'a SumsByKey) -> Self {
        let asked = &query.matrix;
        let known = Known { snapshot, at: point.at, data_version: asked.data_version, filter: &asked.filter };
        let targets = Book::targets(known, &point.period, Measure::ClosedAcv);
        let forecasts = Forecasts::new(known, &point.period, asked.roll_up);
        Self { point, sums, generation: asked.generation, targets, forecasts }
    }

    fn seen(&self) -> targets::Moment<'_> {
        targets::Moment { point: self.point, cells: self.sums, books: vec![&self.targets, self.forecasts.judgements()] }
    }

    fn of(&self, key: &CellKey, occupied: &Occupied) -> TrendPoint {
        let own = self.sums.get(key).copied().unwrap_or_default();
        let target = self.targets.amount(key, occupied);
        TrendPoint {
            at: self.point.at,
            closed_acv: own.closed,
            open_pipeline: own.open,
            forecast: self.forecasts.value(key, &own, occupied),
            generation: match self.generation {
                GenerationBasis::AsGenerated => own.generation_as_generated,
                GenerationBasis::AsNow => own.generation_as_now,
            },
            coverage: coverage_ratio(own.closed, own.open, target),
            target,
        }
    }
}
