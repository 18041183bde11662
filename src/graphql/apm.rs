//! The accountability performance matrix.

use super::cell::{Asking, MatrixCell};
use super::cut::{Dimension, MatrixFilter, Period};
use super::question::{Alignment, Baseline, Comparison, GenerationBasis, ModelInput, RollUp, asked, refused, whole};
use super::scalars::{Change, Instant};
use crate::app::numbers::{self, Answered, Asked, MatrixAsked};
use async_graphql::{Context, Object, Result};
use pipewright_core::matrix;
use std::sync::Arc;

/// The accountability performance matrix. All its cells are of one moment, named by `dataVersion`.
pub struct Matrix {
    answer: Arc<matrix::Matrix>,
    from: Arc<Asking>,
}

impl Matrix {
    /// The answer, pinned to its moment, so that what is behind a cell can be asked later.
    pub(super) fn new(Answered { answer, snapshot }: Answered<matrix::Matrix>, asked: &Asked, how: &MatrixAsked) -> Self {
        let asked = Asked {
            period: Some(answer.period.name.to_string()),
            as_of: Some(answer.as_of),
            data_version: Some(answer.data_version),
            ..asked.clone()
        };
        let from = Asking { snapshot, asked, how: how.clone(), turn: tokio::sync::Mutex::default() };
        Self { answer, from: Arc::new(from) }
    }

    fn cell(&self, cell: &matrix::Cell) -> MatrixCell {
        MatrixCell { cell: cell.clone(), from: self.from.clone() }
    }
}

/// The accountability performance matrix. All its cells are of one moment, named by `dataVersion`.
#[Object]
impl Matrix {
    /// The period it is for.
    async fn period(&self) -> Period {
        Period(self.answer.period)
    }

    /// The instant as of which every fact is read: as it was known then.
    async fn as_of(&self) -> Instant {
        self.answer.as_of.into()
    }

    /// The period it is compared with.
    async fn comparison(&self) -> Period {
        Period(self.answer.comparison)
    }

    /// The same point of the comparison period.
    async fn comparison_as_of(&self) -> Instant {
        self.answer.comparison_as_of.into()
    }

    /// The share of the period's days up to and including the instant's, a ratio from 0 to 1.
    async fn elapsed(&self) -> f64 {
        self.answer.elapsed
    }

    /// The last change that the answer holds.
    async fn data_version(&self) -> Change {
        Change(self.answer.data_version)
    }

    /// The cells with a value for every dimension, in order of key.
    #[graphql(complexity = "super::question::whole_cost(at_most) * child_complexity + 1")]
    async fn cells(
        &self,
        #[graphql(
            desc = "How many you are ready for, 1 to 10,000: more are refused, never cut short, since they add up.",
            default = 100
        )]
        at_most: i32,
    ) -> Result<Vec<MatrixCell>> {
        Ok(whole(&self.answer.cells, "cells", at_most)?.iter().map(|cell| self.cell(cell)).collect())
    }

    /// The cells over some but not all of the dimensions, in order of key; none where the matrix has one dimension.
    #[graphql(complexity = "super::question::whole_cost(at_most) * child_complexity + 1")]
    async fn subtotals(
        &self,
        #[graphql(
            desc = "How many you are ready for, 1 to 10,000: more are refused, never cut short, since they add up.",
            default = 100
        )]
        at_most: i32,
    ) -> Result<Vec<MatrixCell>> {
        Ok(whole(&self.answer.subtotals, "subtotals", at_most)?.iter().map(|cell| self.cell(cell)).collect())
    }

    /// The cell over everything.
    async fn total(&self) -> MatrixCell {
        self.cell(&self.answer.total)
    }
}

/// How the matrix is read.
pub(super) fn how(
    comparison: Option<Comparison>,
    alignment: Alignment,
    baseline: Option<Baseline>,
    roll_up: RollUp,
    generation: GenerationBasis,
    hygiene_adjusted: bool,
) -> MatrixAsked {
    MatrixAsked {
        comparison: comparison.map(Into::into).unwrap_or_default(),
        alignment: alignment.into(),
        baseline: baseline.map(Into::into),
        roll_up: roll_up.into(),
        generation: generation.into(),
        hygiene_adjusted,
    }
}

/// The matrix, asked for.
#[derive(Default)]
pub struct ApmQuery;

#[Object]
impl ApmQuery {
    /// The accountability performance matrix: closed ACV, open pipeline, forecast, generation and coverage, each with target,
    /// attainment, comparison, pace and colour, cut by one to four dimensions, as known at any instant.
    #[graphql(complexity = "child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn apm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "One to four dimensions, no two alike.")] by: Vec<Dimension>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "What it is compared with. Absent or null: the same period a year ago.")] comparison: Option<Comparison>,
        #[graphql(desc = "How the same point of the comparison period is found.", default_with = "Alignment::DayIndex")]
        alignment: Alignment,
        #[graphql(
            desc = "What share of the target should be reached by now. Absent or null: HISTORICAL where at least four past \
            periods exist, else LINEAR."
        )]
        baseline: Option<Baseline>,
        #[graphql(desc = "The roll-up of the forecast column.", default_with = "RollUp::Commit")] roll_up: RollUp,
        #[graphql(desc = "The generation column's value.", default_with = "GenerationBasis::AsGenerated")]
        generation: GenerationBasis,
        #[graphql(
            desc = "Whether opportunities that fail in hygiene (`OpportunityHygiene.isPassing` is false, as of the point read) count 0 in \
            open pipeline, its count, what of it is overdue, coverage, and their priors and win rates. Closed ACV, generation and \
            the forecast, a judgement of its own, stay as they are.",
            default = false
        )]
        hygiene_adjusted: bool,
        #[graphql(desc = "The attribution model that cuts by SOURCE. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Matrix> {
        let asked = asked(period, by, as_of, filter, model, data_version)?;
        let how = how(comparison, alignment, baseline, roll_up, generation, hygiene_adjusted);
        let answered = numbers::apm(super::app(ctx), super::caller(ctx), asked.clone(), how.clone()).await.map_err(refused)?;
        Ok(Matrix::new(answered, &asked, &how))
    }
}
