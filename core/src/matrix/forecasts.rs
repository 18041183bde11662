//! The forecast column: the judgement if one was submitted, else the roll-up with both adjustments.

use super::answer::ForecastParts;
use super::question::RollUp;
use super::targets::{Book, Known, Occupied, Reach, reach};
use crate::calendar::Period;
use crate::dimension::CellKey;
use crate::facts::Sums;
use crate::forecast::AdjustedBy;
use std::collections::BTreeMap;

/// The judgements and adjustments of one period that count at an instant.
pub(super) struct Forecasts<'a> {
    roll_up: RollUp,
    judgements: Book<'a>,
    adjustments: BTreeMap<(AdjustedBy, &'a CellKey), i64>,
}

impl<'a> Forecasts<'a> {
    pub(super) fn new(known: Known<'a>, period: &Period, roll_up: RollUp) -> Self {
        let rows = known.snapshot.adjustments().iter();
        let rows = rows.filter(|row| row.period == period.name && known.counts(row.valid_from, row.recorded));
        let rows = rows.filter(|row| reach(known.filter, &row.key) == Reach::Whole);
        Self {
            roll_up,
            judgements: Book::judgements(known, period),
            adjustments: rows.map(|row| ((row.by, &row.key), row.amount_minor)).collect(),
        }
    }

    /// The submitted judgements.
    pub(super) fn judgements(&self) -> &Book<'a> {
        &self.judgements
    }

    /// What the column of one cell is made of, its gap aside. Adjustments of finer cells count in what they add up to.
    pub(super) fn parts(&self, key: &CellKey, own: &Sums, occupied: &Occupied) -> ForecastParts {
        let adjusted = |by: AdjustedBy| {
            let within = self.adjustments.iter().filter(|((own_by, finer), _)| *own_by == by && finer.refines(key));
            within.map(|(_, amount)| amount).sum::<i64>()
        };
        let (roll_up, owner, manager) =
            (rolled_up(self.roll_up, own), adjusted(AdjustedBy::Owner), adjusted(AdjustedBy::Manager));
        ForecastParts {
            judgement: self.judgements.amount(key, occupied),
            roll_up,
            owner_adjustment: owner,
            manager_adjustment: manager,
            total: roll_up + owner + manager,
            gap: None,
        }
    }

    /// The column's value.
    pub(super) fn value(&self, key: &CellKey, own: &Sums, occupied: &Occupied) -> i64 {
        let parts = self.parts(key, own, occupied);
        parts.judgement.unwrap_or(parts.total)
    }
}

/// The roll-up chosen, of open pipeline by category and closed ACV.
fn rolled_up(roll_up: RollUp, sums: &Sums) -> i64 {
    let commit = sums.closed + sums.commit;
    match roll_up {
        RollUp::Closed => sums.closed,
        RollUp::Commit => commit,
        RollUp::MostLikely => commit + sums.most_likely,
        RollUp::BestCase => commit + sums.most_likely + sums.best_case,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_roll_up_holds_the_one_before() {
        let sums = Sums { closed: 1, commit: 10, most_likely: 100, best_case: 1000, open: 5000, ..Sums::default() };
        for (roll_up, expected) in
            [(RollUp::Closed, 1), (RollUp::Commit, 11), (RollUp::MostLikely, 111), (RollUp::BestCase, 1111)]
        {
            assert_eq!(rolled_up(roll_up, &sums), expected);
        }
    }
}
