//! Forecast judgements and adjustments, from what a forecast item says beside the roll-up.
//!
//! The roll-ups themselves come from the opportunities, of any day: an item that says nothing else adds nothing.

use super::build::{Build, category};
use super::cells;
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::calendar::PeriodName;
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::dimension::CellKey;
use pipewright_core::forecast::{AdjustedBy, Adjustment, Judgement};
use pipewright_core::ids::{AdjustmentId, DataVersion, JudgementId, RepId};

const WHAT: &str = "forecast items";

/// The amounts of an item, minor units of the reporting currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Amounts {
    /// With all adjustments.
    forecast: Option<i64>,
    /// Without those of managers above the owner.
    without_manager: Option<i64>,
    /// As the owner sees it, without their own.
    without_owner: Option<i64>,
    /// Without those of the owner and of all below them.
    without_any: Option<i64>,
}

/// What an item says beside the roll-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// A number alone, of which no column says what the roll-up was.
    Judgement(i64),
    /// What the owner and the managers above added.
    Adjusted { owner: i64, manager: i64 },
    /// No amount.
    Nothing,
}

impl Amounts {
    fn said(self) -> Said {
        let Some(forecast) = self.forecast else { return Said::Nothing };
        match (self.without_manager, self.without_owner.or(self.without_any)) {
            (None, None) => Said::Judgement(forecast),
            (manager, below) => {
                let as_owner = manager.unwrap_or(forecast);
                Said::Adjusted { owner: as_owner - below.unwrap_or(as_owner), manager: forecast - as_owner }
            }
        }
    }
}

/// What the rows of one item share.
struct Item<'a> {
    row: &'a Record,
    organisation: &'a str,
    period: PeriodName,
    key: CellKey,
    valid_from: DateTime<Utc>,
    owner: Option<RepId>,
    /// Who is said to have submitted it.
    said_by: Option<RepId>,
}

/// One item of the commit forecast: what its owner, or a cell, is said to reach.
pub(super) fn item(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    if !is_commit(row.get("ForecastingItemCategory"), row.get("ForecastCategoryName")) {
        report.leave_out("forecast items of another roll-up than commit with closed", 1);
        return Ok(());
    }
    if !cells::counts(build, row, WHAT, report) {
        return Ok(());
    }
    let Some((period, start)) = cells::period(build, row)? else {
        report.leave_out("forecast items whose period the export does not hold", 1);
        return Ok(());
    };
    let amounts = amounts(build, row, start, report);
    let said = amounts.said();
    if said == Said::Nothing {
        report.leave_out("forecast items without an amount in the reporting currency", 1);
        return Ok(());
    }
    if said == (Said::Adjusted { owner: 0, manager: 0 }) {
        report.leave_out("forecast items that nobody adjusted: their roll-up comes from the opportunities", 1);
        return Ok(());
    }
    let Some(key) = cells::key(build, row, "OwnerId", WHAT, batch, report)? else { return Ok(()) };
    let valid_from = build.instant(row, "SystemModstamp").unwrap_or_else(|| {
        report.guess("a forecast item without SystemModstamp holds from its period's start");
        build.calendar.start_of_day(start)
    });
    let said_by = cells::rep(build, &build.mapping.cells.submitted_by, row)?;
    let owner = build.known_rep(row.get("OwnerId"))?;
    let item = Item { row, organisation: build.organisation, period, key, valid_from, owner, said_by };
    match said {
        Said::Nothing => {}
        Said::Judgement(amount_minor) => {
            report.guess("a forecast item without AmountWithoutAdjustments and the like is a submitted judgement");
            report.make("forecast judgements", 1);
            batch.judgements.push(item.judgement(amount_minor));
        }
        Said::Adjusted { owner, manager } => {
            if owner != 0 && amounts.without_owner.is_none() {
                report.guess("an owner's adjustment taken from AmountWithoutAdjustments, which leaves out those below them too");
            }
            let note = cells::text(&build.mapping.cells.note, row);
            for (by, amount) in [(AdjustedBy::Owner, owner), (AdjustedBy::Manager, manager)] {
                if amount != 0 {
                    report.make("forecast adjustments", 1);
                    batch.adjustments.push(item.adjustment(by, amount, note));
                }
            }
        }
    }
    Ok(())
}

fn amounts(build: &Build<'_>, row: &Record, start: NaiveDate, report: &mut Report) -> Amounts {
    let mut amount = |column: &str| cells::amount(build, row, column, start, report);
    Amounts {
        forecast: amount("ForecastAmount"),
        without_manager: amount("AmountWithoutManagerAdjustment"),
        without_owner: amount("AmountWithoutOwnerAdjustment"),
        without_any: amount("AmountWithoutAdjustments"),
    }
}

impl Item<'_> {
    /// An item that was changed is another row: what held before stays.
    fn name(&self, what: &str, amount_minor: i64) -> String {
        format!("{}\0{what}{amount_minor}\0{}", self.row.id(), self.valid_from.timestamp_millis())
    }

    fn judgement(&self, amount_minor: i64) -> Judgement {
        Judgement {
            id: JudgementId::derived(self.organisation, &self.name("", amount_minor)),
            period: self.period,
            key: self.key.clone(),
            amount_minor,
            submitted_by: self.said_by.or(self.owner),
            valid_from: self.valid_from,
            sequence: 0,
            recorded: DataVersion::default(),
        }
    }

    /// Which manager it was, only a column of the mapping says.
    fn adjustment(&self, by: AdjustedBy, amount_minor: i64, note: Option<&str>) -> Adjustment {
        let (what, author) = match by {
            AdjustedBy::Owner => ("owner", self.said_by.or(self.owner)),
            AdjustedBy::Manager => ("manager", self.said_by),
        };
        Adjustment {
            id: AdjustmentId::derived(self.organisation, &self.name(what, amount_minor)),
            period: self.period,
            key: self.key.clone(),
            by,
            amount_minor,
            note: note.map(str::to_owned),
            author,
            valid_from: self.valid_from,
            sequence: 0,
            recorded: DataVersion::default(),
        }
    }
}

/// Commit with closed is the roll-up that judgements are of; the other ones of Salesforce hold the same deals again.
fn is_commit(item: Option<&str>, name: Option<&str>) -> bool {
    match (item, name) {
        (Some(item), _) => item.eq_ignore_ascii_case("CommitForecast"),
        (None, Some(name)) => category(name) == Some(ForecastCategory::Commit),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roll_up_counts_in_commit_with_closed_alone() {
        let cases = [
            (Some("CommitForecast"), None, true),
            (Some("CommitForecast"), Some("Commit"), true),
            (None, Some("Commit"), true),
            (None, None, true),
            (Some("BestCaseForecast"), None, false),
            (Some("CommitOnly"), Some("Commit"), false),
            (None, Some("Closed"), false),
        ];
        for (item, name, expected) in cases {
            assert_eq!(is_commit(item, name), expected, "{item:?} {name:?}");
        }
    }

    #[test]
    fn what_was_added_is_told_from_what_was_rolled_up() {
        let cases = [
            ([None, None, None, None], Said::Nothing),
            ([None, Some(5), Some(5), Some(5)], Said::Nothing),
            ([Some(7), None, None, None], Said::Judgement(7)),
            ([Some(5), Some(5), Some(5), Some(5)], Said::Adjusted { owner: 0, manager: 0 }),
            ([Some(9), Some(7), Some(4), Some(3)], Said::Adjusted { owner: 3, manager: 2 }),
            ([Some(9), Some(7), None, Some(4)], Said::Adjusted { owner: 3, manager: 2 }),
            ([Some(9), None, Some(7), None], Said::Adjusted { owner: 2, manager: 0 }),
            ([Some(9), Some(10), None, None], Said::Adjusted { owner: 0, manager: -1 }),
        ];
        for ([forecast, without_manager, without_owner, without_any], expected) in cases {
            let amounts = Amounts { forecast, without_manager, without_owner, without_any };
            assert_eq!(amounts.said(), expected, "{amounts:?}");
        }
    }
}
