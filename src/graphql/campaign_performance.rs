//! What campaigns and channels cost and brought.

use super::campaign::{Campaign, Channel};
use super::cut::{MatrixFilter, Period};
use super::loaders;
use super::page::{self, Connection, DEFAULT, Listed, MOST, Paging};
use super::question::{ModelInput, asked, refused};
use super::ratio::Ratio;
use super::scalars::{Change, Instant, Money, count};
use crate::app::performance::{self, Performed};
use async_graphql::{Context, Enum, Object, Result};
use pipewright_core::campaigns::{self, CampaignFigures as Figures, CampaignRowKey};
use pipewright_core::dimension::{Dimension, DimensionValue};
use pipewright_core::facts::Snapshot;
use std::sync::Arc;

/// What the rows of a performance are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "campaigns::CampaignsBy")]
pub enum CampaignsBy {
    /// One for each of the six channels.
    Channel,
    /// One for each campaign with anything to show.
    Campaign,
}

/// What a row of a performance is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CampaignRowKind {
    /// A channel.
    Channel,
    /// A campaign.
    Campaign,
    /// By channel: campaigns without a channel. By campaign: touchpoints of a channel that name no campaign.
    Elsewhere,
    /// What the model gives the selling roles. Nothing where the model's lens is CHANNELS.
    Roles,
    /// What the model gives nobody.
    Unattributed,
}

/// The figures of a campaign, of a channel, or of all of them.
pub struct CampaignFigures(Figures);

/// The figures of a campaign, of a channel, or of all of them, for a period P as of an instant T.
#[Object]
impl CampaignFigures {
    /// The planned cost of the days of P. A campaign's cost is converted once, at the rate known at T for the earlier of its
    /// first day and T, and spread evenly over its days, first to last, each cent on one day: periods side by side add up to the
    /// whole. Without a last day it falls on the first; without days, or deleted, in no period. Costs and days are those that
    /// the campaign has now, whatever T: they have no history.
    async fn budgeted_cost(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.budgeted_cost_minor)
    }

    /// The actual cost of the days of P up to T's day, spread as `budgetedCost`.
    async fn actual_cost(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.actual_cost_minor)
    }

    /// Responses in P, not after T: touchpoints of kind RESPONSE. Of everybody, whatever `filter`.
    async fn responses(&self) -> i32 {
        count(self.0.responses)
    }

    /// Distinct people with a touchpoint of marketing of any kind in P, not after T. Whatever `filter`. Not additive: one person
    /// can stand in several rows.
    async fn people(&self) -> i32 {
        count(self.0.people)
    }

    /// Distinct opportunities, open with close date in P or won in P, with a touchpoint of the row on their journey, whatever it
    /// earns; over all rows: with a touchpoint of marketing. Not additive: one opportunity can stand in several rows.
    async fn opportunities_influenced(&self) -> i32 {
        count(self.0.opportunities_influenced)
    }

    /// The credit that the model gives of open opportunities with close date in P. All rows together: the matrix's
    /// `openPipeline`.
    async fn attributed_pipeline(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.attributed_pipeline_minor)
    }

    /// The credit that the model gives of what was won, close date in P and not after T. All rows together: the matrix's
    /// `closedAcv`.
    async fn attributed_closed_acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.attributed_closed_minor)
    }

    /// The credit that the model gives touchpoints dated in P of what was won up to T, whenever it closed.
    async fn realised_acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.realised_minor)
    }

    /// `actualCost` / `attributedPipeline`: a ratio.
    async fn cost_per_pipeline_dollar(&self) -> Ratio {
        campaigns::cost_per_pipeline_dollar(&self.0).into()
    }

    /// `attributedClosedAcv` / `actualCost`: a ratio.
    async fn simple_roi(&self) -> Ratio {
        campaigns::simple_roi(&self.0).into()
    }

    /// `realisedAcv` / `actualCost`: a ratio.
    async fn realised_roi(&self) -> Ratio {
        campaigns::realised_roi(&self.0).into()
    }
}

/// One row of a performance.
pub struct CampaignPerformanceRow {
    row: campaigns::CampaignRow,
    snapshot: Arc<Snapshot>,
}

impl Listed for CampaignPerformanceRow {
    const NAME: &'static str = "CampaignPerformanceRow";
}

/// One row of a performance: a channel, a campaign, or what belongs to none.
#[Object]
impl CampaignPerformanceRow {
    /// What it is about.
    async fn kind(&self) -> CampaignRowKind {
        match self.row.key {
            CampaignRowKey::Channel(_) => CampaignRowKind::Channel,
            CampaignRowKey::Campaign(_) => CampaignRowKind::Campaign,
            CampaignRowKey::Elsewhere => CampaignRowKind::Elsewhere,
            CampaignRowKey::Roles => CampaignRowKind::Roles,
            CampaignRowKey::Unattributed => CampaignRowKind::Unattributed,
        }
    }

    /// What people call it: a channel's or campaign's name, `(none)`, `(roles)`, `(unattributed)`.
    async fn label(&self) -> String {
        match self.row.key {
            CampaignRowKey::Channel(channel) => {
                let source = pipewright_core::touchpoint::Source::Channel(channel);
                self.snapshot.label(Dimension::Source, &DimensionValue::Source(source))
            }
            // Names are kept by id, whatever the noun.
            CampaignRowKey::Campaign(id) => self.snapshot.label(Dimension::Source, &DimensionValue::Entity(id.0)),
            CampaignRowKey::Elsewhere => "(none)".to_owned(),
            CampaignRowKey::Roles => "(roles)".to_owned(),
            CampaignRowKey::Unattributed => self.snapshot.label(Dimension::Source, &DimensionValue::None),
        }
    }

    /// The channel; null unless the row is one.
    async fn channel(&self) -> Option<Channel> {
        match self.row.key {
            CampaignRowKey::Channel(channel) => Some(channel.into()),
            _ => None,
        }
    }

    /// The campaign; null unless the row is one that is stored.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        match self.row.key {
            CampaignRowKey::Campaign(id) => loaders::maybe(ctx, Some(id.0)).await,
            _ => Ok(None),
        }
    }

    /// The campaign right above; null at the top, and unless the row is a campaign.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.row.parent.map(|id| id.0)).await
    }

    /// How many campaigns stand above it; 0 at the top.
    async fn depth(&self) -> i32 {
        i32::try_from(self.row.depth).unwrap_or(i32::MAX)
    }

    /// Its own figures. Those of all rows add up to the total, but for people and opportunities.
    async fn own(&self) -> CampaignFigures {
        CampaignFigures(self.row.own)
    }

    /// Its own figures and those of all campaigns below it, people and opportunities distinct.
    async fn total(&self) -> CampaignFigures {
        CampaignFigures(self.row.total)
    }
}

/// What campaigns cost and brought.
pub struct CampaignPerformance(Performed<campaigns::CampaignPerformance>);

/// What campaigns cost and brought, for a period P as of an instant T. All its figures are of one moment, named by
/// `dataVersion`.
#[Object]
impl CampaignPerformance {
    /// P.
    async fn period(&self) -> Period {
        Period(self.0.period)
    }

    /// T.
    async fn as_of(&self) -> Instant {
        Instant(self.0.as_of)
    }

    /// The last change that the answer holds. Give it as `dataVersion` to have other pages of the same answer.
    async fn data_version(&self) -> Change {
        Change(self.0.answered.answer.data_version)
    }

    /// Channels in their order, or campaigns with the most attributed pipeline and closed ACV (with those below them) first; then
    /// the rows of kind ELSEWHERE, ROLES and UNATTRIBUTED, which are always there.
    #[graphql(complexity = "super::page::cost(first, last) * child_complexity + 1")]
    async fn rows(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<CampaignPerformanceRow>> {
        let answered = &self.0.answered;
        let place = |row: &campaigns::CampaignRow| row.place();
        let wrap =
            |row: &campaigns::CampaignRow| CampaignPerformanceRow { row: row.clone(), snapshot: answered.snapshot.clone() };
        let paging = Paging { first, after, last, before };
        page::of_list(&answered.answer.rows, "CampaignPerformance.rows", place, wrap, &paging, (DEFAULT, MOST))
    }

    /// The own figures of all rows together, on every page; people and opportunities distinct.
    async fn total(&self) -> CampaignFigures {
        CampaignFigures(self.0.answered.answer.total)
    }
}

/// The performance of campaigns, asked for.
#[derive(Default)]
pub struct CampaignPerformanceQuery;

#[Object]
impl CampaignPerformanceQuery {
    /// What channels or campaigns cost and brought: cost, responses, people, influence, attributed pipeline and closed ACV, and
    /// return.
    #[graphql(complexity = "child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn campaign_performance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "What the rows are.", default_with = "CampaignsBy::Channel")] by: CampaignsBy,
        #[graphql(
            desc = "Which opportunities count. Absent or null: all. Cost, responses and people are of the campaign, whatever the filter."
        )]
        filter: Option<MatrixFilter>,
        #[graphql(
            desc = "The attribution model that gives credit. Absent or null: the configured one. With the lens CHANNELS, roles get none."
        )]
        model: Option<ModelInput>,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<CampaignPerformance> {
        let asked = asked(period, Vec::new(), as_of, filter, model, data_version)?;
        let performed = performance::campaigns(super::app(ctx), super::caller(ctx), asked, by.into()).await.map_err(refused)?;
        Ok(CampaignPerformance(performed))
    }
}
