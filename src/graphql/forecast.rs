//! Forecast judgements.

use super::filter::{DateTimeFilter, IdFilter, TextFilter, filter_input, order_input};
use super::loaders;
use super::node::global_id;
use super::page::{Noun, noun, roots};
use super::rep::Rep;
use super::scalars::{Instant, Money};
use crate::app::App;
use crate::app::rows::JudgementColumn;
use async_graphql::{Context, ID, Object, Result};
use pipewright_core::forecast;

/// A forecast submitted for a cell of the matrix. The latest one at or before a day counts on it.
pub struct Judgement(pub forecast::Judgement);

noun!(Judgement over forecast::Judgement, "Judgement", by JudgementColumn::ValidFrom, descending true);

/// A forecast submitted for a cell of the matrix. The latest one at or before a day counts on it.
#[Object]
impl Judgement {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.id.0)
    }

    /// For which period, such as `FY2027-Q1`.
    async fn period(&self) -> String {
        self.0.period.to_string()
    }

    /// What is expected to close, in the reporting currency.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::new(self.0.amount_minor, ctx.data_unchecked::<App>().config.organisation.reporting_currency)
    }

    /// From when it holds.
    async fn valid_from(&self) -> Instant {
        Instant(self.0.valid_from)
    }

    /// Who submitted it; null where unknown.
    async fn submitted_by(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.submitted_by.map(|id| id.0)).await
    }
}

filter_input! {
    /// Which judgements. All conditions hold together; an empty filter fits every judgement.
    JudgementFilter on JudgementColumn {
        /// By the period's name.
        period: TextFilter => Period;
        /// By who submitted it.
        submitted_by: IdFilter => SubmittedBy of "Rep";
        /// By from when it holds.
        valid_from: DateTimeFilter => ValidFrom;
    }
}

order_input! {
    /// How judgements are ordered.
    JudgementOrder,
    /// What judgements are ordered by.
    JudgementOrderField on JudgementColumn {
        /// From when it holds.
        ValidFrom;
        /// The period's name, by bytes.
        Period;
    }
}

roots! {
    /// Reading forecast judgements.
    JudgementQuery {
        /// Forecast judgements, the latest first unless another order is asked for. None is ever overwritten.
        judgements,
        /// The judgement with this id; null where there is none.
        judgement: Judgement by JudgementFilter, JudgementOrder
    }
}
