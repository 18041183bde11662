//! Cutting opportunities: by which dimensions, through which filter, into which atoms.
//!
//! The atoms of an opportunity are (line, source) pairs. Margins are fixed first (lines by their ACV, sources by credit per
//! touchpoint, then summed), so that the subtotals of any question agree with those of any other.

use super::Snapshot;
use super::reading::{DimensionCodes, Held, Months, Reading};
use crate::attribution::{Credit, CreditError, CreditShares, Known};
use crate::dimension::{CellKey, Dimension, Filter};
use crate::money;
use crate::touchpoint::Source;

/// The codes of a cell by the dimensions of the question, in its order; 0 beyond them.
pub(crate) type Key = [u32; 4];

/// See the module.
pub(crate) struct Cut<'a> {
    by: Vec<Dimension>,
    filter: Test,
    by_product: bool,
    by_source: bool,
    by_month: bool,
    by_industry: bool,
    by_manager: bool,
    /// `None` where nobody asks for sources.
    credit: Option<&'a dyn Credit>,
}

/// A filter in codes.
enum Test {
    Everything,
    In(usize, Vec<u32>),
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
}

impl Test {
    fn new(snapshot: &Snapshot, filter: &Filter, named: &mut Vec<Dimension>) -> Self {
        match filter {
            Filter::Everything => Self::Everything,
            Filter::In(dimension, values) => {
                named.push(*dimension);
                Self::In(*dimension as usize, values.iter().filter_map(|value| snapshot.code_of(*dimension, value)).collect())
            }
            Filter::And(all) => Self::And(all.iter().map(|one| Self::new(snapshot, one, named)).collect()),
            Filter::Or(any) => Self::Or(any.iter().map(|one| Self::new(snapshot, one, named)).collect()),
            Filter::Not(one) => Self::Not(Box::new(Self::new(snapshot, one, named))),
        }
    }

    fn holds(&self, codes: &DimensionCodes) -> bool {
        match self {
            Self::Everything => true,
            Self::In(dimension, values) => values.contains(&codes[*dimension]),
            Self::And(all) => all.iter().all(|one| one.holds(codes)),
            Self::Or(any) => any.iter().any(|one| one.holds(codes)),
            Self::Not(one) => !one.holds(codes),
        }
    }
}

/// A part of an opportunity with one product and one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Atom<const N: usize> {
    pub(crate) product: u32,
    pub(crate) source: u32,
    pub(crate) amounts: [i64; N],
}

impl<'a> Cut<'a> {
    pub(crate) fn new(snapshot: &Snapshot, by: &[Dimension], filter: &Filter, credit: &'a dyn Credit) -> Self {
        Self { credit: Some(credit), ..Self::whole(snapshot, by, filter) }
    }

    /// One that leaves every opportunity whole: nobody credits its sources.
    pub(super) fn whole(snapshot: &Snapshot, by: &[Dimension], filter: &Filter) -> Self {
        let mut named = by.to_vec();
        let filter = Test::new(snapshot, filter, &mut named);
        Self {
            by: by.to_vec(),
            filter,
            by_product: named.contains(&Dimension::Product),
            by_source: named.contains(&Dimension::Source),
            by_month: named.contains(&Dimension::Month),
            by_industry: named.contains(&Dimension::Industry),
            by_manager: named.contains(&Dimension::Manager),
            credit: None,
        }
    }

    /// The dimensions of the keys.
    pub(crate) fn by(&self) -> &[Dimension] {
        &self.by
    }

    /// Whether keys or the filter name MANAGER.
    pub(super) fn names_manager(&self) -> bool {
        self.by_manager
    }

    /// Whether an opportunity may fall into several cells.
    pub(crate) fn splits(&self) -> bool {
        self.by_product || self.by_source
    }

    /// The credit of each of `opportunities`, in order; none where the question does not name SOURCE.
    pub(crate) fn weigh(&self, reading: &Reading<'_>, opportunities: &[u32]) -> Result<CreditShares, CreditError> {
        let mut shares = CreditShares::default();
        if let Some(credit) = self.credit.filter(|_| self.by_source && !opportunities.is_empty()) {
            credit.weigh(
                reading.snapshot,
                Known { at_ms: reading.at_ms, version: reading.version },
                opportunities,
                &mut shares,
            )?;
            assert_eq!(shares.len(), opportunities.len(), "one entry of credit for each opportunity");
        }
        Ok(shares)
    }

    /// The codes of an opportunity with the month of `month_day`; those that take a look elsewhere are 0 where the question
    /// does not name them.
    pub(crate) fn codes(&self, reading: &Reading<'_>, held: &Held<'_>, months: &mut Months, month_day: i32) -> DimensionCodes {
        let mut codes = reading.codes(held);
        if self.by_industry {
            codes[Dimension::Industry as usize] = reading.industry(held);
        }
        if self.by_manager {
            codes[Dimension::Manager as usize] = reading.manager(held);
        }
        if self.by_month {
            codes[Dimension::Month as usize] = months.code(reading.snapshot, month_day);
        }
        codes
    }

    /// The key of an atom; `None` where the filter leaves it out.
    pub(crate) fn key<const N: usize>(&self, codes: &DimensionCodes, atom: &Atom<N>) -> Option<Key> {
        let mut codes = *codes;
        codes[Dimension::Product as usize] = atom.product;
        codes[Dimension::Source as usize] = atom.source;
        self.filter.holds(&codes).then(|| {
            let mut key = Key::default();
            for (part, dimension) in key.iter_mut().zip(&self.by) {
                *part = codes[*dimension as usize];
            }
            key
        })
    }

    /// Splits amounts of an opportunity into `atoms`, in place of what they held; `entry` is its place in `shares`.
    pub(crate) fn atoms<const N: usize>(
        &self,
        held: &Held<'_>,
        shares: &CreditShares,
        entry: usize,
        amounts: [i64; N],
        atoms: &mut Vec<Atom<N>>,
    ) {
        let credit = if self.by_source { shares.entry(entry) } else { (&[][..], &[][..]) };
        self.atoms_of(held, credit, amounts, atoms);
    }

    /// As [`Self::atoms`], by the sources of an opportunity's touchpoints and their weights; none: nobody earned anything.
    pub(crate) fn atoms_of<const N: usize>(
        &self,
        held: &Held<'_>,
        credit: (&[u8], &[f64]),
        amounts: [i64; N],
        atoms: &mut Vec<Atom<N>>,
    ) {
        atoms.clear();
        let one = |(product, source): (u32, u32), amounts| Atom { product, source, amounts };
        match (self.by_product, self.by_source) {
            (false, false) => atoms.push(one((0, 0), amounts)),
            (true, false) => atoms.extend(by_line(held, amounts).into_iter().map(|(product, part)| one((product, 0), part))),
            (false, true) => {
                let sources = by_source(credit, amounts);
                atoms.extend(sources.into_iter().map(|(source, part)| one((0, source), part)));
            }
            (true, true) => {
                let (rows, columns) = (by_line(held, amounts), by_source(credit, amounts));
                for (product, _) in &rows {
                    atoms.extend(columns.iter().map(|(source, _)| one((*product, *source), [0; N])));
                }
                for measure in 0..N {
                    let down: Vec<i64> = rows.iter().map(|(_, amounts)| amounts[measure]).collect();
                    let across: Vec<i64> = columns.iter().map(|(_, amounts)| amounts[measure]).collect();
                    for (atom, part) in atoms.iter_mut().zip(grid(&down, &across)) {
                        atom.amounts[measure] = part;
                    }
                }
            }
        }
    }

    /// The cell of a key, of the dimensions whose bits are set in `mask`.
    pub(crate) fn cell_key(&self, snapshot: &Snapshot, key: &Key, mask: usize) -> CellKey {
        let parts = self.by.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
        let parts = parts.map(|(bit, dimension)| (*dimension, snapshot.value_of(*dimension, key[bit])));
        CellKey::new(parts.collect()).expect("a question names no dimension twice")
    }

    /// The inverse of [`Self::cell_key`]: the mask and the codes; `None` where nothing has such a key.
    pub(crate) fn coded(&self, snapshot: &Snapshot, key: &CellKey) -> Option<(usize, Key)> {
        let (mut mask, mut coded) = (0, Key::default());
        for (dimension, value) in key.parts() {
            let bit = self.by.iter().position(|own| own == dimension)?;
            coded[bit] = snapshot.code_of(*dimension, value)?;
            mask |= 1 << bit;
        }
        Some((mask, coded))
    }
}

fn by_line<const N: usize>(held: &Held<'_>, amounts: [i64; N]) -> Vec<(u32, [i64; N])> {
    let lines = held.lines();
    if lines.is_empty() {
        return vec![(0, amounts)];
    }
    let weights: Vec<u64> = lines.iter().map(|line| u64::try_from(line.acv).unwrap_or(0)).collect();
    let parts = amounts.map(|amount| money::split_by(amount, &weights));
    lines.iter().enumerate().map(|(at, line)| (line.product, std::array::from_fn(|measure| parts[measure][at]))).collect()
}

fn by_source<const N: usize>((sources, weights): (&[u8], &[f64]), amounts: [i64; N]) -> Vec<(u32, [i64; N])> {
    let mut credited = sources.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(source, _)| *source);
    if let Some(first) = credited.next()
        && credited.all(|source| source == first)
    {
        return vec![(u32::from(first) + 1, amounts)];
    }
    // A share of nothing is nothing, also of what is left after rounding.
    let (sources, weights): (Vec<u8>, Vec<f64>) = sources.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).unzip();
    let mut credited = [false; Source::COUNT];
    sources.iter().for_each(|source| credited[usize::from(*source)] = true);
    if sources.is_empty() {
        return vec![(0, amounts)];
    }
    let mut sums = [[0_i64; N]; Source::COUNT];
    for (measure, amount) in amounts.into_iter().enumerate().filter(|(_, amount)| *amount != 0) {
        for (source, part) in sources.iter().zip(money::split(amount, &weights)) {
            sums[usize::from(*source)][measure] += part;
        }
    }
    let credited = (1..).zip(credited).zip(sums).filter(|((_, credited), _)| *credited);
    credited.map(|((code, _), sum)| (code, sum)).collect()
}

/// Splits what each source earned of each product among the source's touchpoints, and shows each part with the places of its
/// atom and its touchpoint. The parts of a touchpoint add up to what it earns of the whole `amount`: nothing without a weight,
/// also of what is left after rounding.
pub(crate) fn by_touchpoint(
    amount: i64,
    (sources, weights): (&[u8], &[f64]),
    atoms: &[Atom<1>],
    mut each: impl FnMut(usize, usize, i64),
) {
    let earning: Vec<usize> = (0..weights.len()).filter(|touch| weights[*touch] > 0.0).collect();
    let earned = money::split(amount, &earning.iter().map(|touch| weights[*touch]).collect::<Vec<_>>());
    for source in 0..Source::COUNT {
        let own = earning.iter().copied().zip(earned.iter().copied()).filter(|(touch, _)| usize::from(sources[*touch]) == source);
        let (own, across): (Vec<usize>, Vec<i64>) = own.unzip();
        if own.is_empty() {
            continue;
        }
        let rows: Vec<usize> = (0..atoms.len()).filter(|at| atoms[*at].source as usize == source + 1).collect();
        let down: Vec<i64> = rows.iter().map(|at| atoms[*at].amounts[0]).collect();
        for (place, part) in grid(&down, &across).into_iter().enumerate() {
            each(rows[place / own.len()], own[place % own.len()], part);
        }
    }
}

/// Fills a grid whose margins are given (both add up to the same total, all of one sign), row by row: the floor of each
/// share, then what is left by the north-west-corner rule, so that both margins hold.
fn grid(down: &[i64], across: &[i64]) -> Vec<i64> {
    if across.len() == 1 {
        return down.to_vec();
    }
    if down.len() == 1 {
        return across.to_vec();
    }
    let total: i128 = down.iter().map(|part| i128::from(*part)).sum();
    if total == 0 {
        return vec![0; down.len() * across.len()];
    }
    let mut left_down: Vec<i128> = down.iter().map(|part| i128::from(*part).abs()).collect();
    let mut left_across: Vec<i128> = across.iter().map(|part| i128::from(*part).abs()).collect();
    let mut cells = Vec::with_capacity(down.len() * across.len());
    for row in down {
        for column in across {
            cells.push((i128::from(*row) * i128::from(*column) / total).abs());
        }
    }
    for (at, cell) in cells.iter().enumerate() {
        left_down[at / across.len()] -= cell;
        left_across[at % across.len()] -= cell;
    }
    let (mut row, mut column) = (0, 0);
    while row < down.len() && column < across.len() {
        let part = left_down[row].min(left_across[column]);
        cells[row * across.len() + column] += part;
        left_down[row] -= part;
        left_across[column] -= part;
        if left_down[row] == 0 {
            row += 1;
        } else {
            column += 1;
        }
    }
    let sign = total.signum();
    cells.into_iter().map(|cell| i64::try_from(cell * sign).expect("a cell never exceeds its row")).collect()
}
