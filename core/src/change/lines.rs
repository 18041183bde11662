//! Setting an opportunity's product lines; its amounts are their sums.

use super::next_version;
use crate::catalog::StageKind;
use crate::currency::CurrencyCode;
use crate::ids::{DataVersion, LineSetId, ProductId};
use crate::opportunity::{Line, LineSet, Version};
use crate::refusals;
use chrono::{DateTime, Utc};

/// Lines of one opportunity, at most.
pub const MOST_LINES: usize = 500;

/// Months of a contract, at most.
const LONGEST_TERM: i32 = 1_200;

refusals! {
    /// Why an opportunity's lines are not set.
    LinesRefusal as "OpportunitySetLines" {
        /// It is won or lost.
        Closed "CLOSED": "the opportunity is closed: reopen it first";
        /// There are more than 500 lines.
        TooMany "TOO_MANY_LINES" about "lines": "an opportunity has at most 500 lines";
        /// There is no such product.
        ProductUnknown "PRODUCT_UNKNOWN" about "lines": "a line names a product that does not exist: the field products lists them";
        /// The term is not between 1 and 1,200 months.
        TermOutOfRange "TERM_OUT_OF_RANGE" about "lines": "a term has 1 to 1,200 months";
        /// An amount is given in another currency than the opportunity's.
        CurrencyDiffers "CURRENCY_DIFFERS" about "lines": "the opportunity is kept in another currency: give amounts in its own";
        /// The lines add up to more than can be stored.
        SumTooLarge "SUM_TOO_LARGE" about "lines": "the lines add up to more than can be stored";
    }
}

/// A line as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDraft {
    /// What is sold.
    pub product: ProductId,
    /// How many, in thousandths.
    pub quantity_milli: Option<i64>,
    /// Total price, minor units.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: CurrencyCode,
    /// Length of the contract; `None` counts as one year.
    pub term_months: Option<i32>,
}

/// The version that follows `before`, which stands in a stage of `kind`, when its lines are these from `at` on, and the set
/// of id `set` that they make; no lines at all leave the amounts as they are. `is_product` says which products exist.
///
/// ACV of a line = amount / term in years, rounded once, half away from zero (metrics.md, "Conventions" and "Fine print").
///
/// # Errors
/// The first reason why not.
pub fn set_lines(
    before: &Version,
    kind: StageKind,
    drafts: &[LineDraft],
    is_product: impl Fn(ProductId) -> bool,
    set: LineSetId,
    at: DateTime<Utc>,
) -> Result<(Version, Option<LineSet>), LinesRefusal> {
    if kind != StageKind::Open {
        return Err(LinesRefusal::Closed);
    }
    if drafts.len() > MOST_LINES {
        return Err(LinesRefusal::TooMany);
    }
    if drafts.iter().any(|line| !is_product(line.product)) {
        return Err(LinesRefusal::ProductUnknown);
    }
    if drafts.iter().any(|line| line.term_months.is_some_and(|months| !(1..=LONGEST_TERM).contains(&months))) {
        return Err(LinesRefusal::TermOutOfRange);
    }
    if drafts.iter().any(|line| line.currency != before.currency) {
        return Err(LinesRefusal::CurrencyDiffers);
    }
    if drafts.is_empty() {
        return Ok((Version { line_set: None, lines_known: true, ..next_version(before, at) }, None));
    }
    let lines: Vec<Line> = drafts
        .iter()
        .zip(0..)
        .map(|(draft, position)| {
            let acv_minor = yearly(draft.amount_minor, draft.term_months).ok_or(LinesRefusal::SumTooLarge)?;
            Ok(Line {
                line_set: set,
                position,
                product: Some(draft.product),
                quantity_milli: draft.quantity_milli,
                amount_minor: draft.amount_minor,
                acv_minor,
                term_months: draft.term_months,
            })
        })
        .collect::<Result<_, LinesRefusal>>()?;
    let sum = |of: fn(&Line) -> i64| lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(of(line)));
    let amount_minor = sum(|line| line.amount_minor).ok_or(LinesRefusal::SumTooLarge)?;
    let acv_minor = sum(|line| line.acv_minor).ok_or(LinesRefusal::SumTooLarge)?;
    let version = Version {
        line_set: Some(set),
        lines_known: true,
        amount_minor: Some(amount_minor),
        acv_minor: Some(acv_minor),
        ..next_version(before, at)
    };
    Ok((version, Some(LineSet { id: set, opportunity: before.opportunity, lines, recorded: DataVersion::default() })))
}

/// What an amount over a term comes to in a year; `None` where that is beyond what can be stored.
fn yearly(amount_minor: i64, term_months: Option<i32>) -> Option<i64> {
    let months = i128::from(term_months.unwrap_or(12));
    let year = i128::from(amount_minor) * 12;
    let half = if year < 0 { -months } else { months };
    i64::try_from((2 * year + half) / (2 * months)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_a_term_is_rounded_once_half_away_from_zero() {
        for (amount, months, expected) in [
            (100_000, None, Some(100_000)),
            (100_000, Some(36), Some(33_333)),
            (100_001, Some(24), Some(50_001)),
            (-100_001, Some(24), Some(-50_001)),
            (5, Some(24), Some(3)),
            (0, Some(7), Some(0)),
            (i64::MAX, Some(12), Some(i64::MAX)),
            (i64::MAX, Some(1), None),
        ] {
            assert_eq!(yearly(amount, months), expected, "{amount} over {months:?}");
        }
    }
}
