//! Which dated row a cell takes: exactly its own, else the sum of one complete finer set, else none.
//!
//! Targets and judgements follow the same rule:
//! - A key's **own** amount is its latest row for the period; without one, the sum over the period's parts (a year's quarters,
//!   a quarter's months), each of which must have its own.
//! - A **finer set** of a cell is all keys of one longer list of dimensions that lie within the cell and have a row, for the
//!   period or a part of it. It is **complete** where each of its keys has its own amount, and so does every key of these
//!   dimensions in which an opportunity of the cell counts for the period as of T (open, won, lost or entered). A key that is
//!   finer only by the lack of a value, such as `(no product)`, needs no row: nobody can set one for what is not known.
//! - A cell takes its own amount; else that of the complete set with the fewest dimensions, the first in their order; else none.
//! - Under a **filter**, a row counts where its key alone tells that all of it is let through, and is left aside where its key
//!   tells that nothing of it is. A row of which a part may be let through can be counted neither way: it serves no cell, and
//!   no set that holds it.

use crate::attribution::CreditError;
use crate::calendar::{Period, PeriodName};
use crate::dimension::{CellKey, Dimension, DimensionValue, Filter};
use crate::facts::{Point, Scan, Snapshot, SumsByKey, sums};
use crate::ids::DataVersion;
use crate::target::Measure;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A list of dimensions, in their order; lists are in order of length first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cutting {
    length: usize,
    dimensions: Vec<Dimension>,
}

impl Cutting {
    fn of(key: &CellKey) -> Self {
        let dimensions: Vec<Dimension> = key.dimensions().collect();
        Self { length: dimensions.len(), dimensions }
    }

    fn is_finer_than(&self, key: &CellKey) -> bool {
        self.length > key.parts().len() && key.dimensions().all(|dimension| self.dimensions.contains(&dimension))
    }
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

/// The targets of one measure, or the judgements, of one period as known at an instant.
pub(super) struct Book<'a> {
    filter: &'a Filter,
    /// Each key's own amount; `None` where only some of the period's parts have one.
    sets: BTreeMap<Cutting, BTreeMap<CellKey, Option<i64>>>,
}

impl<'a> Book<'a> {
    /// The targets of one measure.
    pub(super) fn targets(known: Known<'a>, period: &Period, measure: Measure) -> Self {
        let rows = known.snapshot.targets().iter().filter(|row| row.measure == measure);
        let rows = rows.filter(|row| known.counts(row.valid_from, row.recorded));
        Self::of(known.filter, period.name, rows.map(|row| (row.period, &row.key, row.amount_minor)))
    }

    /// The submitted judgements.
    pub(super) fn judgements(known: Known<'a>, period: &Period) -> Self {
        let rows = known.snapshot.judgements().iter().filter(|row| known.counts(row.valid_from, row.recorded));
        Self::of(known.filter, period.name, rows.map(|row| (row.period, &row.key, row.amount_minor)))
    }

    /// Rows come in order of (valid_from, sequence, recorded, id): the last of a key counts.
    fn of<'r>(filter: &'a Filter, period: PeriodName, rows: impl Iterator<Item = (PeriodName, &'r CellKey, i64)>) -> Self {
        let within = with_parts(period);
        let mut latest: BTreeMap<(&CellKey, PeriodName), i64> = BTreeMap::new();
        for (own, key, amount) in rows.filter(|(own, ..)| within.contains(own)) {
            latest.insert((key, own), amount);
        }
        let mut sets: BTreeMap<Cutting, BTreeMap<CellKey, Option<i64>>> = BTreeMap::new();
        for (key, _) in latest.keys() {
            sets.entry(Cutting::of(key)).or_default().entry((*key).clone()).or_insert_with(|| own(&latest, period, key));
        }
        Self { filter, sets }
    }

    /// The lists of dimensions that rows are keyed by.
    fn cuttings(&self) -> impl Iterator<Item = &Cutting> {
        self.sets.keys()
    }

    /// The keys of exactly these dimensions that have an amount of their own and that the filter lets through.
    pub(super) fn keys_by(&self, dimensions: &[Dimension]) -> impl Iterator<Item = &CellKey> {
        let cutting = Cutting { length: dimensions.len(), dimensions: dimensions.to_vec() };
        let keys = self.sets.get(&cutting).into_iter().flatten();
        keys.filter(|(key, own)| own.is_some() && reach(self.filter, key) == Reach::Whole).map(|(key, _)| key)
    }

    /// What a cell takes, as the module says.
    pub(super) fn amount(&self, key: &CellKey, occupied: &Occupied) -> Option<i64> {
        match reach(self.filter, key) {
            Reach::Nothing => return None,
            Reach::Whole => {
                if let Some(own) = self.own(key) {
                    return Some(own);
                }
            }
            Reach::Part => {}
        }
        let mut finer = self.sets.iter().filter(|(cutting, _)| cutting.is_finer_than(key));
        finer.find_map(|(cutting, rows)| self.of_set(key, rows, occupied.0.get(cutting)?))
    }

    fn own(&self, key: &CellKey) -> Option<i64> {
        self.sets.get(&Cutting::of(key))?.get(key).copied().flatten()
    }

    /// The sum of one set; `None` where it is not complete, or the filter lets nothing of it through.
    fn of_set(&self, cell: &CellKey, rows: &BTreeMap<CellKey, Option<i64>>, occupied: &BTreeSet<CellKey>) -> Option<i64> {
        let is_named = |key: &CellKey| {
            key.parts().iter().all(|(dimension, value)| *value != DimensionValue::None || cell.get(*dimension).is_some())
        };
        let set = rows.keys().filter(|key| key.refines(cell));
        let unset = occupied.iter().filter(|key| key.refines(cell) && is_named(key) && !rows.contains_key(*key));
        let mut sum = None;
        for key in set.chain(unset) {
            match reach(self.filter, key) {
                Reach::Whole => sum = Some(sum.unwrap_or(0) + rows.get(key).copied().flatten()?),
                Reach::Part => return None,
                Reach::Nothing => {}
            }
        }
        sum
    }
}

/// A period, its parts, and theirs.
fn with_parts(period: PeriodName) -> BTreeSet<PeriodName> {
    let parts = period.parts().into_iter().flat_map(with_parts);
    parts.chain([period]).collect()
}

/// The row of the period, else the sum over its parts where each has one.
fn own(latest: &BTreeMap<(&CellKey, PeriodName), i64>, period: PeriodName, key: &CellKey) -> Option<i64> {
    if let Some(amount) = latest.get(&(key, period)) {
        return Some(*amount);
    }
    let parts = period.parts();
    if parts.is_empty() {
        return None;
    }
    parts.into_iter().map(|part| own(latest, part, key)).sum()
}

/// Dimensions that a scan can be cut by.
const MOST_DIMENSIONS: usize = 4;

/// A point, the sums of a scan at it, and the books that its cells are looked up in.
pub(super) struct Moment<'a> {
    pub(super) point: Point,
    pub(super) cells: &'a SumsByKey,
    pub(super) books: Vec<&'a Book<'a>>,
}

/// The keys in which an opportunity counts at a point, by the lists of dimensions that rows are keyed by. A list of more than
/// four dimensions is not here: no matrix is cut so fine, and no set of it can be shown to be complete.
pub(super) struct Occupied(BTreeMap<Cutting, BTreeSet<CellKey>>);

impl Occupied {
    /// Those of each moment. Sets that are cut in other ways than `scan` are scanned for, once for all moments that need them.
    ///
    /// # Errors
    /// The model that credits sources failed.
    pub(super) fn at(snapshot: &Snapshot, scan: &Scan<'_>, moments: &[Moment<'_>]) -> Result<Vec<Self>, CreditError> {
        let mut wanted: BTreeMap<&Cutting, BTreeSet<usize>> = BTreeMap::new();
        for (place, moment) in moments.iter().enumerate() {
            for cutting in moment.books.iter().flat_map(|book| book.cuttings()) {
                wanted.entry(cutting).or_default().insert(place);
            }
        }
        let mut occupied: Vec<Self> = moments.iter().map(|_| Self(BTreeMap::new())).collect();
        for (cutting, places) in wanted.into_iter().filter(|(cutting, _)| cutting.length <= MOST_DIMENSIONS) {
            let of_cutting = |sums: &SumsByKey| sums.keys().filter(|key| Cutting::of(key) == *cutting).cloned().collect();
            let keys: Vec<BTreeSet<CellKey>> = if cutting.dimensions.iter().all(|dimension| scan.by.contains(dimension)) {
                places.iter().map(|place| of_cutting(moments[*place].cells)).collect()
            } else {
                let scan = Scan { by: &cutting.dimensions, ..*scan };
                let points: Vec<Point> = places.iter().map(|place| moments[*place].point).collect();
                sums(snapshot, &scan, &points)?.iter().map(of_cutting).collect()
            };
            for (place, keys) in places.into_iter().zip(keys) {
                occupied[place].0.insert(cutting.clone(), keys);
            }
        }
        Ok(occupied)
    }
}

/// How much of what a key is about a filter lets through, as far as the key alone can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Nothing.
    Nothing,
    /// Perhaps a part.
    Part,
    /// All.
    Whole,
}

/// Kleene's three values: AND is the least, OR the most, NOT the opposite.
pub(super) fn reach(filter: &Filter, key: &CellKey) -> Reach {
    match filter {
        Filter::Everything => Reach::Whole,
        Filter::In(_, values) if values.is_empty() => Reach::Nothing,
        Filter::In(dimension, values) => match key.get(*dimension) {
            None => Reach::Part,
            Some(own) if values.contains(own) => Reach::Whole,
            Some(_) => Reach::Nothing,
        },
        Filter::And(all) => all.iter().map(|one| reach(one, key)).min().unwrap_or(Reach::Whole),
        Filter::Or(any) => any.iter().map(|one| reach(one, key)).max().unwrap_or(Reach::Nothing),
        Filter::Not(one) => match reach(one, key) {
            Reach::Nothing => Reach::Whole,
            Reach::Part => Reach::Part,
            Reach::Whole => Reach::Nothing,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use Dimension::{Industry, OpportunityType, Segment};

    fn key(parts: &[(Dimension, &str)]) -> CellKey {
        let value = |text: &str| if text.is_empty() { DimensionValue::None } else { DimensionValue::Text(text.to_owned()) };
        CellKey::new(parts.iter().map(|(dimension, text)| (*dimension, value(text))).collect()).unwrap()
    }

    fn segments(values: &[&str]) -> Filter {
        Filter::In(Segment, values.iter().map(|value| DimensionValue::Text((*value).to_owned())).collect())
    }

    fn not(filter: Filter) -> Filter {
        Filter::Not(Box::new(filter))
    }

    #[test]
    fn a_key_tells_how_much_of_it_a_filter_lets_through() {
        let (smb, total) = (key(&[(Segment, "smb")]), CellKey::total());
        let industry = Filter::In(Industry, vec![DimensionValue::Text("x".into())]);
        for (filter, row, expected, reason) in [
            (Filter::Everything, &total, Reach::Whole, "no filter"),
            (segments(&["smb"]), &smb, Reach::Whole, "its own segment"),
            (segments(&["enterprise"]), &smb, Reach::Nothing, "another segment"),
            (segments(&["smb"]), &total, Reach::Part, "the total is about more than smb"),
            (segments(&[]), &total, Reach::Nothing, "one of no values"),
            (not(segments(&["smb"])), &smb, Reach::Nothing, "filtered out"),
            (not(segments(&["enterprise"])), &smb, Reach::Whole, "what is filtered out is another"),
            (not(segments(&["enterprise"])), &total, Reach::Part, "a part of the total is filtered out"),
            (Filter::Or(vec![segments(&["smb"]), segments(&["enterprise"])]), &smb, Reach::Whole, "one of two"),
            (Filter::And(vec![segments(&["smb"]), segments(&["enterprise"])]), &smb, Reach::Nothing, "not both"),
            (Filter::And(vec![segments(&["smb"]), industry.clone()]), &smb, Reach::Part, "which industry is not said"),
            (Filter::And(vec![segments(&["enterprise"]), industry.clone()]), &smb, Reach::Nothing, "whatever its industry"),
            (Filter::Or(vec![segments(&["smb"]), industry.clone()]), &smb, Reach::Whole, "whatever its industry"),
            (not(Filter::Or(vec![segments(&["smb"]), industry])), &smb, Reach::Nothing, "neither of the two fails"),
            (Filter::And(vec![]), &total, Reach::Whole, "each of none"),
            (Filter::Or(vec![]), &total, Reach::Nothing, "one of none"),
        ] {
            assert_eq!(reach(&filter, row), expected, "{reason}");
        }
    }

    const QUARTER: &str = "FY2027-Q4";
    const MONTHS: [&str; 3] = ["FY2027-M10", "FY2027-M11", "FY2027-M12"];

    /// What a cell takes of rows (period, key, amount), with an opportunity in each of `occupied`.
    fn taken(
        period: &str,
        filter: &Filter,
        rows: &[(&str, &CellKey, i64)],
        occupied: &[&CellKey],
        asked: &CellKey,
    ) -> Option<i64> {
        let rows = rows.iter().map(|(period, key, amount)| (period.parse().unwrap(), *key, *amount));
        let book = Book::of(filter, period.parse().unwrap(), rows);
        let standing = book.cuttings().map(|cutting| {
            let keys = occupied.iter().filter(|key| Cutting::of(key) == *cutting);
            (cutting.clone(), keys.map(|key| (*key).clone()).collect())
        });
        let occupied = Occupied(standing.collect());
        book.amount(asked, &occupied)
    }

    #[test]
    fn a_cell_takes_its_own_row_else_one_complete_finer_set_else_none() {
        let (total, a, b) = (key(&[]), key(&[(Segment, "a")]), key(&[(Segment, "b")]));
        let (nothing, x) = (key(&[(Segment, "")]), key(&[(Industry, "x")]));
        let (ax, ay) = (key(&[(Segment, "a"), (Industry, "x")]), key(&[(Segment, "a"), (Industry, "y")]));
        let bx = key(&[(Segment, "b"), (Industry, "x")]);
        let (unknown_x, x_new) = (key(&[(Segment, ""), (Industry, "x")]), key(&[(Industry, "x"), (OpportunityType, "new")]));
        let q = QUARTER;
        let [m1, m2, m3] = MONTHS;
        for (reason, rows, occupied, asked, expected) in [
            ("no rows", vec![], vec![], &total, None),
            ("its own", vec![(q, &total, 9), (q, &a, 1)], vec![&a], &total, Some(9)),
            ("its latest", vec![(q, &total, 9), (q, &total, 8)], vec![], &total, Some(8)),
            ("a complete set", vec![(q, &a, 1), (q, &b, 2)], vec![&a, &b], &total, Some(3)),
            ("a row for a value without opportunities adds up too", vec![(q, &a, 1), (q, &b, 2)], vec![&a], &total, Some(3)),
            ("a segment with opportunities has no row", vec![(q, &a, 1)], vec![&a, &b], &total, None),
            ("what has no segment needs no row", vec![(q, &a, 1)], vec![&a, &nothing], &total, Some(1)),
            ("but may have one", vec![(q, &a, 1), (q, &nothing, 4)], vec![&a, &nothing], &total, Some(5)),
            ("fewest dimensions", vec![(q, &ax, 5), (q, &x_new, 6), (q, &x, 7)], vec![], &total, Some(7)),
            ("then their order", vec![(q, &x, 7), (q, &a, 1), (q, &b, 2)], vec![&a, &b, &x], &total, Some(3)),
            ("the first complete one", vec![(q, &x, 7), (q, &a, 1)], vec![&a, &b, &x], &total, Some(7)),
            (
                "an incomplete set gives way to a finer one",
                vec![(q, &a, 1), (q, &ax, 3), (q, &bx, 4)],
                vec![&a, &b, &ax, &bx],
                &total,
                Some(7),
            ),
            ("not of a coarser row", vec![(q, &total, 9)], vec![&a], &a, None),
            ("not of another value", vec![(q, &b, 2)], vec![&a, &b], &a, None),
            ("only within the cell", vec![(q, &ax, 3), (q, &ay, 4), (q, &bx, 8)], vec![&ax, &bx], &a, Some(7)),
            ("only within the cell does a lack count", vec![(q, &ax, 3)], vec![&ax, &bx], &a, Some(3)),
            ("the cell's own lack of a value is no lack", vec![(q, &ax, 3)], vec![&unknown_x], &nothing, None),
            ("its months", vec![(m1, &a, 1), (m2, &a, 2), (m3, &a, 4)], vec![&a], &a, Some(7)),
            ("two months are no quarter", vec![(m1, &a, 1), (m2, &a, 2)], vec![&a], &a, None),
            (
                "its months before a finer set",
                vec![(m1, &total, 1), (m2, &total, 2), (m3, &total, 4), (q, &a, 9)],
                vec![&a],
                &total,
                Some(7),
            ),
            ("its row before its months", vec![(m1, &a, 1), (m2, &a, 2), (m3, &a, 4), (q, &a, 9)], vec![&a], &a, Some(9)),
            (
                "a set of rows and of months",
                vec![(q, &a, 1), (m1, &b, 1), (m2, &b, 1), (m3, &b, 1)],
                vec![&a, &b],
                &total,
                Some(4),
            ),
            ("a set with two months of one key", vec![(q, &a, 1), (m1, &b, 1), (m2, &b, 1)], vec![&a], &total, None),
            ("not the year's", vec![("FY2027", &total, 9)], vec![], &total, None),
            ("a row of 0 is a row", vec![(q, &a, 0), (q, &b, 2)], vec![&a, &b], &total, Some(2)),
        ] {
            assert_eq!(taken(q, &Filter::Everything, &rows, &occupied, asked), expected, "{reason}");
        }
    }

    #[test]
    fn a_year_takes_its_quarters_each_with_its_row_or_its_months() {
        let total = key(&[]);
        let quarters = [("FY2027-Q1", &total, 1), ("FY2027-Q2", &total, 2), ("FY2027-Q3", &total, 4)];
        let months = MONTHS.map(|month| (month, &total, 10));
        let all = [quarters, months].concat();
        assert_eq!(taken("FY2027", &Filter::Everything, &all, &[], &total), Some(37));
        assert_eq!(taken("FY2027", &Filter::Everything, &all[..5], &[], &total), None, "a month is missing");
        assert_eq!(taken("2026-11-01/2027-02-01", &Filter::Everything, &all, &[], &total), None, "a range has no parts");
    }

    #[test]
    fn under_a_filter_a_row_counts_wholly_or_not_at_all_and_never_in_part() {
        let (total, x, y) = (key(&[]), key(&[(Industry, "x")]), key(&[(Industry, "y")]));
        let [a, b, c] = ["a", "b", "c"].map(|segment| key(&[(Segment, segment)]));
        let [ax, bx] = ["a", "b"].map(|segment| key(&[(Segment, segment), (Industry, "x")]));
        let by_segment = vec![(QUARTER, &total, 90), (QUARTER, &a, 1), (QUARTER, &b, 2), (QUARTER, &c, 4)];
        let industry = Filter::In(Industry, vec![DimensionValue::Text("x".into())]);
        for (reason, filter, rows, occupied, asked, expected) in [
            ("one value", segments(&["a"]), by_segment.clone(), vec![&a], &total, Some(1)),
            ("two values", segments(&["a", "b"]), by_segment.clone(), vec![&a, &b], &total, Some(3)),
            ("all but one", not(segments(&["a"])), by_segment.clone(), vec![&b, &c], &total, Some(6)),
            (
                "one or another",
                Filter::Or(vec![segments(&["a"]), segments(&["c"])]),
                by_segment.clone(),
                vec![&a, &c],
                &total,
                Some(5),
            ),
            ("neither", not(Filter::Or(vec![segments(&["a"]), segments(&["c"])])), by_segment.clone(), vec![&b], &total, Some(2)),
            (
                "both at once: nothing",
                Filter::And(vec![segments(&["a"]), segments(&["c"])]),
                by_segment.clone(),
                vec![],
                &total,
                None,
            ),
            ("a cell that is filtered out", segments(&["a"]), by_segment.clone(), vec![&a], &b, None),
            ("a cell that is let through", segments(&["a"]), by_segment.clone(), vec![&a], &a, Some(1)),
            ("rows by segment cannot say it by industry", industry.clone(), by_segment.clone(), vec![&a], &total, None),
            ("nor for one cell", industry.clone(), by_segment.clone(), vec![&a], &a, None),
            (
                "rows by both can",
                industry.clone(),
                vec![(QUARTER, &a, 1), (QUARTER, &ax, 8), (QUARTER, &bx, 16)],
                vec![&ax, &bx],
                &total,
                Some(24),
            ),
            (
                "and for one cell",
                industry.clone(),
                vec![(QUARTER, &a, 1), (QUARTER, &ax, 8), (QUARTER, &bx, 16)],
                vec![&ax, &bx],
                &a,
                Some(8),
            ),
            (
                "a row that is missing beneath the filter",
                segments(&["a", "b"]),
                vec![(QUARTER, &a, 1)],
                vec![&a, &b],
                &total,
                None,
            ),
            ("a row that is missing beside it", segments(&["a"]), vec![(QUARTER, &a, 1)], vec![&a], &total, Some(1)),
            (
                "partly in",
                Filter::Or(vec![segments(&["a"]), industry]),
                vec![(QUARTER, &x, 1), (QUARTER, &a, 2), (QUARTER, &b, 3)],
                vec![&x, &y, &a, &b],
                &total,
                None,
            ),
        ] {
            assert_eq!(taken(QUARTER, &filter, &rows, &occupied, asked), expected, "{reason}");
        }
    }
}
