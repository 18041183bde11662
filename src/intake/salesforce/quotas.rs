//! Targets: what a quota says that its owner, or a cell, should reach.

use super::build::Build;
use super::cells;
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::work::Record;
use crate::storage::Batch;
use pipewright_core::ids::{DataVersion, TargetId};
use pipewright_core::target::{Measure, Target};

const WHAT: &str = "quotas";

/// A quota is its owner's target for closed ACV; one without an owner is a cell's, for the measure that its own column names.
/// The period is that of its Period row, else the quarter of its start.
pub(super) fn quota(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    if !cells::counts(build, row, WHAT, report) {
        return Ok(());
    }
    let (period, start) = match (cells::period(build, row)?, build.date(row, "StartDate")) {
        (Some(found), _) => found,
        (None, Some(start)) => {
            report.guess("a quota without a Period row is for the quarter of its start");
            (build.calendar.quarter_of(start), start)
        }
        (None, None) => {
            report.leave_out("quotas without a start or a period", 1);
            return Ok(());
        }
    };
    let Some(amount_minor) = cells::amount(build, row, "QuotaAmount", start, report) else {
        report.leave_out("quotas without an amount in the reporting currency", 1);
        return Ok(());
    };
    let measure = match cells::text(&build.mapping.cells.measure, row) {
        None => Measure::ClosedAcv,
        Some(text) => match measure(text) {
            Some(measure) => measure,
            None => {
                report.unmapped("measures of quotas", text, 1);
                return Ok(());
            }
        },
    };
    let Some(key) = cells::key(build, row, "QuotaOwnerId", WHAT, batch, report)? else { return Ok(()) };
    let said = build.instant(row, "LastModifiedDate").or_else(|| build.instant(row, "CreatedDate"));
    let valid_from = said.unwrap_or_else(|| build.calendar.start_of_day(start));
    batch.targets.push(Target {
        // A quota that was changed is another row: what held before stays.
        id: TargetId::derived(build.organisation, &format!("{}\0{amount_minor}\0{}", row.id(), valid_from.timestamp_millis())),
        measure,
        period,
        key,
        amount_minor,
        valid_from,
        sequence: 0,
        recorded: DataVersion::default(),
    });
    report.make("targets", 1);
    Ok(())
}

/// A column of the matrix by its name, however it is written.
fn measure(text: &str) -> Option<Measure> {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    Some(match letters.to_ascii_lowercase().as_str() {
        "closedacv" | "closed" | "acv" => Measure::ClosedAcv,
        "openpipeline" | "open" => Measure::OpenPipeline,
        "forecast" => Measure::Forecast,
        "generation" | "pipelinegeneration" => Measure::Generation,
        "coverage" => Measure::Coverage,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_known_however_it_is_written() {
        let cases = [
            ("closedAcv", Some(Measure::ClosedAcv)),
            ("CLOSED_ACV", Some(Measure::ClosedAcv)),
            ("Open pipeline", Some(Measure::OpenPipeline)),
            ("forecast", Some(Measure::Forecast)),
            ("Pipeline Generation", Some(Measure::Generation)),
            ("coverage", Some(Measure::Coverage)),
            ("revenue", None),
        ];
        for (text, expected) in cases {
            assert_eq!(measure(text), expected, "{text}");
        }
    }
}
