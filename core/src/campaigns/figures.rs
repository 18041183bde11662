//! The figures of one row, and the ratios that follow from them.

/// Why a ratio cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoRatio {
    /// Nothing was spent in the period.
    NoCost,
    /// Nothing open is attributed.
    NoPipeline,
    /// No capacity is configured, or nobody has any.
    NoCapacity,
    /// Nothing was generated.
    NoGeneration,
    /// Nobody was handed on.
    NoHandOff,
    /// Nothing was won or lost.
    NothingClosed,
}

/// The figures of a campaign, a channel, or all of them. Money in minor units of the reporting currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CampaignFigures {
    /// Planned cost of the days of P.
    pub budgeted_cost_minor: i64,
    /// Cost of the days of P up to T.
    pub actual_cost_minor: i64,
    /// Responses in P, not after T.
    pub responses: u64,
    /// Distinct people with a touchpoint of marketing in P, not after T.
    pub people: u64,
    /// Distinct opportunities, open or won in P, with a touchpoint on their journey.
    pub opportunities_influenced: u64,
    /// Credit of what is open, close date in P.
    pub attributed_pipeline_minor: i64,
    /// Credit of what was won, close date in P and not after T.
    pub attributed_closed_minor: i64,
    /// Credit of touchpoints in P, of what was won up to T, whatever its close date.
    pub realised_minor: i64,
}

impl CampaignFigures {
    /// Adds what adds up; people and opportunities are left as they are.
    pub(super) fn add_up(&mut self, other: &Self) {
        self.budgeted_cost_minor += other.budgeted_cost_minor;
        self.actual_cost_minor += other.actual_cost_minor;
        self.responses += other.responses;
        self.attributed_pipeline_minor += other.attributed_pipeline_minor;
        self.attributed_closed_minor += other.attributed_closed_minor;
        self.realised_minor += other.realised_minor;
    }
}

/// What an open unit of money cost: actual cost in P / attributed pipeline (metrics: "cost per pipeline dollar").
///
/// # Errors
/// No pipeline is attributed.
pub fn cost_per_pipeline_dollar(figures: &CampaignFigures) -> Result<f64, NoRatio> {
    quotient(figures.actual_cost_minor, figures.attributed_pipeline_minor, NoRatio::NoPipeline)
}

/// Attributed ACV of what closed in P / actual cost in P (metrics: "simple ROI").
///
/// # Errors
/// Nothing was spent.
pub fn simple_roi(figures: &CampaignFigures) -> Result<f64, NoRatio> {
    quotient(figures.attributed_closed_minor, figures.actual_cost_minor, NoRatio::NoCost)
}

/// Attributed ACV of touchpoints dated in P, whenever it closes / actual cost in P (metrics: "realised ROI").
///
/// # Errors
/// Nothing was spent.
pub fn realised_roi(figures: &CampaignFigures) -> Result<f64, NoRatio> {
    quotient(figures.realised_minor, figures.actual_cost_minor, NoRatio::NoCost)
}

/// `part / whole`, which must not be 0.
pub(crate) fn quotient(part: i64, whole: i64, otherwise: NoRatio) -> Result<f64, NoRatio> {
    if whole == 0 { Err(otherwise) } else { Ok(part as f64 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ratio_is_its_quotient_or_says_why_there_is_none() {
        let of = |cost, pipeline, closed, realised| CampaignFigures {
            actual_cost_minor: cost,
            attributed_pipeline_minor: pipeline,
            attributed_closed_minor: closed,
            realised_minor: realised,
            ..CampaignFigures::default()
        };
        for (reason, figures, per_dollar, simple, realised) in [
            ("a campaign of 20,000 with 400,000 open", of(20_000, 400_000, 50_000, 80_000), Ok(0.05), Ok(2.5), Ok(4.0)),
            ("no cost", of(0, 400_000, 50_000, 1), Ok(0.0), Err(NoRatio::NoCost), Err(NoRatio::NoCost)),
            ("no pipeline", of(20_000, 0, 0, 0), Err(NoRatio::NoPipeline), Ok(0.0), Ok(0.0)),
            ("nothing", of(0, 0, 0, 0), Err(NoRatio::NoPipeline), Err(NoRatio::NoCost), Err(NoRatio::NoCost)),
        ] {
            let found = (cost_per_pipeline_dollar(&figures), simple_roi(&figures), realised_roi(&figures));
            assert_eq!(found, (per_dollar, simple, realised), "{reason}");
        }
    }
}
