//! The forecast column: the judgement if one was submitted, else the roll-up with both adjustments.

use super::answer::ForecastParts;
use super::question::RollUp;
use super::targets::{Book, Known, lets_through};
use crate::calendar::Period;
use crate::dimension::CellKey;
use crate::facts::{Sums, SumsByKey};
use crate::forecast::AdjustedBy;
use std::collections::BTreeMap;

/// The judgements and adjustments of one period that count at an instant.
pub(super) struct Forecasts<'a> {
    period: Period,
    roll_up: RollUp,
    judgements: Book<'a>,
    adjustments: BTreeMap<(AdjustedBy, &'a CellKey), i64>,
}

impl<'a> Forecasts<'a> {
    pub(super) fn new(known: Known<'a>, period: &Period, roll_up: RollUp) -> Self {
        let rows = known.snapshot.adjustments().iter();
        let rows = rows.filter(|row| row.period == period.name && known.counts(row.valid_from, row.recorded));
        let rows = rows.filter(|row| lets_through(known.filter, &row.key));
        Self {
            period: *period,
            roll_up,
            judgements: Book::judgements(known),
            adjustments: rows.map(|row| ((row.by, &row.key), row.amount_minor)).collect(),
        }
    }

    /// What the column of one cell is made of, its gap aside. Adjustments of finer cells count in what they add up to.
    pub(super) fn parts(&self, key: &CellKey, sums: &SumsByKey) -> ForecastParts {
        let own = sums.get(key).copied().unwrap_or_default();
        let adjusted = |by: AdjustedBy| {
            let refines = |finer: &CellKey| key.parts().iter().all(|(dimension, value)| finer.get(*dimension) == Some(value));
            self.adjustments
                .iter()
                .filter(|((own_by, finer), _)| *own_by == by && refines(finer))
                .map(|(_, amount)| amount)
                .sum::<i64>()
        };
        let (roll_up, owner, manager) =
            (rolled_up(self.roll_up, &own), adjusted(AdjustedBy::Owner), adjusted(AdjustedBy::Manager));
        ForecastParts {
            judgement: self.judgement(key, sums),
            roll_up,
            owner_adjustment: owner,
            manager_adjustment: manager,
            total: roll_up + owner + manager,
            gap: None,
        }
    }

    /// The column's value.
    pub(super) fn value(&self, key: &CellKey, sums: &SumsByKey) -> i64 {
        let parts = self.parts(key, sums);
        parts.judgement.unwrap_or(parts.total)
    }

    /// The cell's own, else the sum of its full cells' where each of them has one: half a set would be no judgement.
    fn judgement(&self, key: &CellKey, sums: &SumsByKey) -> Option<i64> {
        if let Some(own) = self.judgements.own(&self.period, key) {
            return Some(own);
        }
        let full = sums.keys().map(|key| key.parts().len()).max().unwrap_or(0);
        if key.parts().len() >= full {
            return None;
        }
        let refines = |finer: &&CellKey| {
            finer.parts().len() == full && key.parts().iter().all(|(dimension, value)| finer.get(*dimension) == Some(value))
        };
        sum_of_all(sums.keys().filter(refines).map(|finer| self.judgements.own(&self.period, finer)))
    }
}

/// `None` where one is missing, and where there are none: no cells are no judgement of 0.
fn sum_of_all(mut amounts: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    let first = amounts.next()??;
    amounts.try_fold(first, |sum, amount| Some(sum + amount?))
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

    #[test]
    fn a_set_of_judgements_counts_only_where_it_is_whole_and_not_empty() {
        for (amounts, expected) in [
            (vec![], None),
            (vec![None], None),
            (vec![Some(3), None], None),
            (vec![None, Some(3)], None),
            (vec![Some(3), Some(4)], Some(7)),
        ] {
            assert_eq!(sum_of_all(amounts.iter().copied()), expected, "{amounts:?}");
        }
    }
}
