//! Targets and forecasts by region and segment, set by people who know roughly, not exactly, what the company can reach.

use super::company::Company;
use super::deal::WON;
use super::dice::{Dice, Subject};
use super::names::{REGIONS, SEGMENTS};
use super::people::People;
use super::salesforce_id::{prefix, salesforce_id};
use super::timeline::{DAY_MS, day};
use pipewright_core::target::Measure;
use rayon::prelude::*;

/// Cells of region and segment.
pub const CELLS: usize = REGIONS.len() * SEGMENTS.len();

/// What a cell should reach in a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// A place in the timeline's quarters.
    pub quarter: usize,
    /// Region and segment: places in their lists.
    pub cell: (usize, usize),
    /// Won ACV, minor units.
    pub closed_minor: i64,
    /// New pipeline, minor units.
    pub generation_minor: i64,
    /// From when it holds: the quarter's first instant, at latest today's.
    pub at_ms: i64,
}

/// What someone said a cell would reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// A place in the timeline's quarters.
    pub quarter: usize,
    /// Region and segment: places in their lists.
    pub cell: (usize, usize),
    /// Won ACV at the quarter's end, minor units; of an adjustment, what is added.
    pub amount_minor: i64,
    /// Who.
    pub author: usize,
    /// When.
    pub at_ms: i64,
    /// An adjustment with this note, not a judgement.
    pub note: Option<&'static str>,
}

/// The sums that targets are set by.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Won ACV by quarter and cell.
    closed: Vec<i64>,
    /// New pipeline by quarter and cell.
    generated: Vec<i64>,
}

impl Quota {
    /// Its targets: measure and amount in minor units.
    pub fn amounts(&self) -> [(Measure, i64); 2] {
        [(Measure::ClosedAcv, self.closed_minor), (Measure::Generation, self.generation_minor)]
    }
}

/// The Salesforce id of the quota behind target `place` of the quota of this number.
pub fn quota_id(number: usize, place: usize) -> String {
    salesforce_id(prefix::QUOTA, (number * 2 + place) as u64)
}

/// The Salesforce id of the forecast item behind the call of this number.
pub fn item_id(number: usize) -> String {
    salesforce_id(prefix::FORECASTING_ITEM, number as u64)
}

impl Outlook {
    fn empty(quarters: usize) -> Self {
        Self { closed: vec![0; quarters * CELLS], generated: vec![0; quarters * CELLS] }
    }

    fn add(mut self, other: Self) -> Self {
        self.closed.iter_mut().zip(other.closed).for_each(|(sum, more)| *sum += more);
        self.generated.iter_mut().zip(other.generated).for_each(|(sum, more)| *sum += more);
        self
    }
}

impl Company {
    /// Lives every opportunity once, for the sums that targets are set by. Memory: two small tables a thread.
    pub fn outlook(&self) -> Outlook {
        let quarters = self.timeline.quarters.len();
        let empty = || Outlook::empty(quarters);
        let lived = (0..self.order.opportunities).into_par_iter().fold(empty, |mut sums, index| {
            let deal = self.deal(index);
            let cell = deal.buyer.region * SEGMENTS.len() + deal.buyer.segment;
            if let Some(quarter) = self.timeline.quarter_index(super::timeline::day_of(deal.created_ms)) {
                sums.generated[quarter * CELLS + cell] += deal.states[0].acv_minor;
            }
            let last = deal.last();
            if let (WON, Some(quarter)) = (last.stage, self.timeline.quarter_index(last.close_day)) {
                sums.closed[quarter * CELLS + cell] += last.acv_minor;
            }
            sums
        });
        lived.reduce(empty, Outlook::add)
    }

    /// Targets for every quarter and cell.
    pub fn quotas(&self, outlook: &Outlook) -> Vec<Quota> {
        let closed = Plan::of(&outlook.closed);
        let generated = Plan::of(&outlook.generated);
        let mut quotas = Vec::new();
        for (quarter, period) in self.timeline.quarters.iter().enumerate() {
            for cell in 0..CELLS {
                let dice = &mut Dice::of(self.order.seed, Subject::Target, (quarter * CELLS + cell) as u64);
                quotas.push(Quota {
                    quarter,
                    cell: (cell / SEGMENTS.len(), cell % SEGMENTS.len()),
                    closed_minor: round(closed.expect(quarter, cell) * dice.real(0.86, 1.18)),
                    generation_minor: round(generated.expect(quarter, cell) * dice.real(0.88, 1.15)),
                    at_ms: (i64::from(day(period.start)) * DAY_MS).min(self.timeline.horizon_ms),
                });
            }
        }
        quotas
    }

    /// Judgements for every cell in the second and the eleventh week of every quarter, and some adjustments.
    pub fn calls(&self, outlook: &Outlook) -> Vec<Call> {
        let plan = Plan::of(&outlook.closed);
        let current = self.timeline.quarters.len() - 1;
        let mut calls = Vec::new();
        for (quarter, period) in self.timeline.quarters.iter().enumerate() {
            for cell in 0..CELLS {
                let dice = &mut Dice::of(self.order.seed, Subject::Target, (1 << 32) | (quarter * CELLS + cell) as u64);
                let actual = outlook.closed[quarter * CELLS + cell] as f64;
                let expected = plan.expect(quarter, cell);
                let likely = if quarter == current { expected } else { (actual + expected) / 2.0 };
                let (region, segment) = (cell / SEGMENTS.len(), cell % SEGMENTS.len());
                for (week, certainty) in [(2, 0.15), (11, 0.06)] {
                    let on = day(period.start) + week * 7;
                    let amount_minor = round(likely * dice.real(1.0 - certainty, 1.0 + certainty));
                    let at_ms = self.timeline.working_hour(on, dice);
                    let call = Call {
                        quarter,
                        cell: (region, segment),
                        amount_minor,
                        author: People::head_of(region),
                        at_ms,
                        note: None,
                    };
                    if on < self.timeline.until {
                        calls.push(call);
                        if dice.chance(0.08) {
                            let amount_minor = round(likely * dice.real(-0.12, 0.08));
                            let notes = [
                                "Two late deals feel soft",
                                "Procurement freeze at a large account",
                                "Upside not in the system yet",
                            ];
                            let note = Some(*dice.pick(&notes));
                            // An adjustment by nothing is none.
                            calls.extend(Some(Call { amount_minor, note, ..call }).filter(|call| call.amount_minor != 0));
                        }
                    }
                }
            }
        }
        calls
    }
}

/// What planners expect: a cell's usual share of what the whole company reaches.
struct Plan {
    quarters: Vec<f64>,
    shares: Vec<f64>,
}

impl Plan {
    fn of(sums: &[i64]) -> Self {
        let mut quarters: Vec<f64> = sums.chunks(CELLS).map(|cells| cells.iter().sum::<i64>() as f64).collect();
        let total: f64 = quarters.iter().sum::<f64>().max(1.0);
        let shares = (0..CELLS).map(|cell| sums.iter().skip(cell).step_by(CELLS).sum::<i64>() as f64 / total).collect();
        // The current quarter is not over: last year's with growth.
        let current = quarters.len() - 1;
        quarters[current] = quarters[current - 4] * 1.2;
        Self { quarters, shares }
    }

    fn expect(&self, quarter: usize, cell: usize) -> f64 {
        self.quarters[quarter] * self.shares[cell]
    }
}

/// To a whole thousand, at least five.
fn round(minor: f64) -> i64 {
    let thousands = (minor / 100_000.0).round() as i64;
    if minor < 0.0 { thousands * 100_000 } else { thousands.max(5) * 100_000 }
}
