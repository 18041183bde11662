//! Which dated row a cell takes: exactly its own, else the sum of one finer set, else none.

use crate::calendar::{Calendar, Period, PeriodName};
use crate::dimension::{CellKey, Dimension, DimensionValue, Filter};
use crate::facts::Snapshot;
use crate::ids::DataVersion;
use crate::target::Measure;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The rows that count at an instant, for one measure (or for judgements), by period and key.
pub(super) struct Book<'a> {
    calendar: &'a Calendar,
    rows: BTreeMap<PeriodName, BTreeMap<CellKey, i64>>,
    narrowings: Option<Vec<Vec<(Dimension, DimensionValue)>>>,
}

/// What is common to the rows that count: known by then, recorded by then, of the opportunities asked for.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) at: DateTime<Utc>,
    pub(super) data_version: Option<DataVersion>,
    pub(super) filter: &'a Filter,
}

impl Known<'_> {
    /// Whether a row was known and recorded by then.
    pub(super) fn counts(&self, valid_from: DateTime<Utc>, recorded: DataVersion) -> bool {
        valid_from <= self.at && self.data_version.is_none_or(|last| recorded <= last)
    }
}

impl<'a> Book<'a> {
    /// The targets of one measure.
    pub(super) fn targets(known: Known<'a>, measure: Measure) -> Self {
        let rows =
            known.snapshot.targets().iter().filter(|row| row.measure == measure && known.counts(row.valid_from, row.recorded));
        Self::of(known, rows.map(|row| (row.period, &row.key, row.amount_minor)))
    }

    /// The submitted judgements.
    pub(super) fn judgements(known: Known<'a>) -> Self {
        let rows = known.snapshot.judgements().iter().filter(|row| known.counts(row.valid_from, row.recorded));
        Self::of(known, rows.map(|row| (row.period, &row.key, row.amount_minor)))
    }

    /// Rows come in order of (valid_from, sequence): the last of a key counts.
    fn of<'r>(known: Known<'a>, rows: impl Iterator<Item = (PeriodName, &'r CellKey, i64)>) -> Self {
        let mut book: BTreeMap<PeriodName, BTreeMap<CellKey, i64>> = BTreeMap::new();
        for (period, key, amount) in rows {
            book.entry(period).or_default().insert(key.clone(), amount);
        }
        Self { calendar: &known.snapshot.settings().calendar, rows: book, narrowings: narrowings(known.filter) }
    }

    /// The keys of `period` that have exactly these dimensions.
    pub(super) fn keys_by(&self, period: &Period, dimensions: &[Dimension]) -> impl Iterator<Item = &CellKey> {
        let rows = self.rows.get(&period.name).into_iter().flat_map(BTreeMap::keys);
        rows.filter(move |key| {
            key.parts().len() == dimensions.len() && dimensions.iter().all(|dimension| key.get(*dimension).is_some())
        })
    }

    /// What a cell should reach: its own row, else the sum of one finer set (a quarter's months count as one; fewest
    /// dimensions first, then in order of dimension), else `None`. Under a filter, the sum of the filter's values.
    pub(super) fn amount(&self, period: &Period, key: &CellKey) -> Option<i64> {
        self.over_narrowings(key, |narrowed| self.of_key(period, narrowed))
    }

    /// Only the cell's own row, or that of the period's parts.
    pub(super) fn own(&self, period: &Period, key: &CellKey) -> Option<i64> {
        self.over_narrowings(key, |narrowed| {
            self.exactly(period.name, narrowed).or_else(|| self.of_parts(period, narrowed, Self::own_of))
        })
    }

    fn own_of(&self, period: &Period, key: &CellKey) -> Option<i64> {
        self.exactly(period.name, key).or_else(|| self.of_parts(period, key, Self::own_of))
    }

    fn over_narrowings(&self, key: &CellKey, one: impl Fn(&CellKey) -> Option<i64>) -> Option<i64> {
        let narrowings = self.narrowings.as_ref()?;
        if narrowings.is_empty() {
            return one(key);
        }
        let mut sum = 0_i64;
        let mut any = false;
        for narrowing in narrowings {
            let clashes = narrowing.iter().any(|(dimension, value)| key.get(*dimension).is_some_and(|own| own != value));
            if clashes {
                continue;
            }
            let added = narrowing.iter().filter(|(dimension, _)| key.get(*dimension).is_none()).cloned();
            let narrowed = CellKey::new(key.parts().iter().cloned().chain(added).collect()).expect("no part is added twice");
            sum += one(&narrowed)?;
            any = true;
        }
        any.then_some(sum)
    }

    fn of_key(&self, period: &Period, key: &CellKey) -> Option<i64> {
        self.exactly(period.name, key)
            .or_else(|| self.of_finer_keys(period.name, key))
            .or_else(|| self.of_parts(period, key, Self::of_key))
    }

    fn exactly(&self, period: PeriodName, key: &CellKey) -> Option<i64> {
        self.rows.get(&period)?.get(key).copied()
    }

    fn of_finer_keys(&self, period: PeriodName, key: &CellKey) -> Option<i64> {
        let mut sets: BTreeMap<(usize, Vec<Dimension>), i64> = BTreeMap::new();
        for (finer, amount) in self.rows.get(&period)? {
            let refines = key.parts().iter().all(|(dimension, value)| finer.get(*dimension) == Some(value));
            if refines && finer.parts().len() > key.parts().len() {
                let dimensions: Vec<Dimension> = finer.parts().iter().map(|(dimension, _)| *dimension).collect();
                *sets.entry((dimensions.len(), dimensions)).or_default() += amount;
            }
        }
        sets.into_values().next()
    }

    /// A year's quarters, a quarter's months: all of them, or none.
    fn of_parts(&self, period: &Period, key: &CellKey, one: impl Fn(&Self, &Period, &CellKey) -> Option<i64>) -> Option<i64> {
        let parts: Vec<PeriodName> = match period.name {
            PeriodName::Year(year) => (1..=4).map(|quarter| PeriodName::Quarter(year, quarter)).collect(),
            PeriodName::Quarter(year, quarter) => {
                (3 * quarter - 2..=3 * quarter).map(|month| PeriodName::Month(year, month)).collect()
            }
            PeriodName::Month(..) | PeriodName::Range(..) => return None,
        };
        parts.into_iter().map(|name| one(self, &self.calendar.period(name), key)).sum()
    }
}

/// Whether a row of this key is wholly about opportunities that the filter lets through.
pub(super) fn lets_through(filter: &Filter, key: &CellKey) -> bool {
    match filter {
        Filter::Everything => true,
        Filter::In(dimension, values) => key.get(*dimension).is_some_and(|own| values.contains(own)),
        Filter::And(parts) => parts.iter().all(|part| lets_through(part, key)),
        Filter::Or(parts) => parts.iter().any(|part| lets_through(part, key)),
        Filter::Not(part) => match part.as_ref() {
            Filter::In(dimension, values) => key.get(*dimension).is_some_and(|own| !values.contains(own)),
            _ => false,
        },
    }
}

/// The combinations of values that a filter leaves; empty for no filter, `None` where it is not a conjunction of value lists.
fn narrowings(filter: &Filter) -> Option<Vec<Vec<(Dimension, DimensionValue)>>> {
    match filter {
        Filter::Everything => Some(Vec::new()),
        Filter::In(dimension, values) => Some(values.iter().map(|value| vec![(*dimension, value.clone())]).collect()),
        Filter::And(parts) => {
            let mut combined: Vec<Vec<(Dimension, DimensionValue)>> = Vec::new();
            for part in parts {
                let next = narrowings(part)?;
                combined = match (combined.is_empty(), next.is_empty()) {
                    (true, _) => next,
                    (_, true) => combined,
                    _ => combined.iter().flat_map(|left| next.iter().map(|right| [left.as_slice(), right].concat())).collect(),
                };
            }
            combined.retain(|parts| CellKey::new(parts.clone()).is_ok());
            Some(combined)
        }
        Filter::Or(_) | Filter::Not(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::YearPattern;
    use Dimension::{Industry, OpportunityType, Segment};

    fn key(parts: &[(Dimension, &str)]) -> CellKey {
        let text = |value: &str| DimensionValue::Text(value.to_owned());
        CellKey::new(parts.iter().map(|(dimension, value)| (*dimension, text(value))).collect()).unwrap()
    }

    #[test]
    fn a_row_counts_under_a_filter_only_if_it_is_wholly_let_through() {
        let only = |value: &str| Filter::In(Segment, vec![DimensionValue::Text(value.to_owned())]);
        let smb = key(&[(Segment, "smb")]);
        for (filter, row, expected, reason) in [
            (Filter::Everything, &CellKey::total(), true, "no filter"),
            (only("smb"), &smb, true, "its own segment"),
            (only("enterprise"), &smb, false, "another segment"),
            (only("smb"), &CellKey::total(), false, "the total is about more than smb"),
            (Filter::Not(Box::new(only("smb"))), &smb, false, "filtered out"),
            (Filter::Not(Box::new(only("enterprise"))), &smb, true, "what is filtered out is another"),
            (Filter::Or(vec![only("smb"), only("enterprise")]), &smb, true, "one of two"),
            (Filter::And(vec![only("smb"), only("enterprise")]), &smb, false, "not both"),
        ] {
            assert_eq!(lets_through(&filter, row), expected, "{reason}");
        }
    }

    #[test]
    fn a_cell_takes_its_own_row_else_one_finer_set_else_none() {
        let calendar = Calendar {
            first_month: 2,
            pattern: YearPattern::Calendar,
            time_zone: chrono_tz::Tz::UTC,
            holidays: Default::default(),
        };
        let quarter = "FY2027-Q4";
        let months = ["FY2027-M10", "FY2027-M11", "FY2027-M12"];
        let (total, a, b) = (key(&[]), key(&[(Segment, "a")]), key(&[(Segment, "b")]));
        let by_industry = key(&[(Industry, "x")]);
        let by_two = key(&[(Industry, "x"), (OpportunityType, "new")]);
        for (reason, rows, asked, expected) in [
            ("no rows", vec![], &total, None),
            ("its own", vec![(quarter, &total, 9), (quarter, &a, 1)], &total, Some(9)),
            ("the sum of a finer set", vec![(quarter, &a, 1), (quarter, &b, 2)], &total, Some(3)),
            ("fewest dimensions", vec![(quarter, &by_two, 5), (quarter, &by_industry, 7)], &total, Some(7)),
            ("in order of dimension", vec![(quarter, &by_industry, 7), (quarter, &a, 1), (quarter, &b, 2)], &total, Some(3)),
            ("not of a coarser row", vec![(quarter, &total, 9)], &a, None),
            ("not of another value", vec![(quarter, &b, 2)], &a, None),
            ("its months", vec![(months[0], &a, 1), (months[1], &a, 2), (months[2], &a, 4)], &a, Some(7)),
            ("two months are no quarter", vec![(months[0], &a, 1), (months[1], &a, 2)], &a, None),
        ] {
            let mut book = Book { calendar: &calendar, rows: BTreeMap::new(), narrowings: Some(Vec::new()) };
            for (period, key, amount) in rows {
                book.rows.entry(period.parse().unwrap()).or_default().insert(key.clone(), amount);
            }
            assert_eq!(book.amount(&calendar.period(quarter.parse().unwrap()), asked), expected, "{reason}");
        }
    }
}
