//! How the five selling roles perform.

use super::cut::{MatrixFilter, Period};
use super::question::{ModelInput, asked, refused};
use super::ratio::Ratio;
use super::rep::Role;
use super::scalars::count;
use super::scalars::{Change, Instant, Money};
use crate::app::performance::{self, Performed};
use async_graphql::{Context, Object, Result};
use pipewright_core::roles;

/// One kind of work: what a role can carry, and what it carries.
#[derive(async_graphql::SimpleObject)]
pub struct RoleWork {
    /// What the role can carry in P: for each rep who holds it at T, the configured work of a quarter (of the rep, else of the
    /// role), as far as the rep is ramped at T (in a straight line over the configured days), times the quarters of P (4 for a
    /// year, 1/3 for a month, days * 4 / 365 for a range of dates). Null where no capacity is configured.
    pub capacity: Option<f64>,
    /// What the role carries in P.
    pub load: i32,
    /// `load` / `capacity`: a ratio.
    pub utilisation: Ratio,
}

fn work(load: u64, capacity: Option<f64>) -> RoleWork {
    RoleWork { capacity, load: count(load), utilisation: roles::utilisation(load, capacity).into() }
}

/// How one selling role performs.
pub struct RoleFigures(roles::RoleFigures);

/// How one selling role performs, for a period P as of an instant T.
#[Object]
impl RoleFigures {
    /// Which role.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// Reps who hold the role at T. Those who can no longer sign in to the source system do not count at any T: when they left is
    /// not known.
    async fn head_count(&self) -> i32 {
        count(self.0.head_count)
    }

    /// Of `headCount`, those who have held the role without a break for the configured days of ramp.
    async fn ramped_head_count(&self) -> i32 {
        count(self.0.ramped_head_count)
    }

    /// Opportunities: open, won or lost, close date in P (of closed ones: not after T), whose owner holds the role at T.
    async fn opportunities(&self) -> RoleWork {
        work(self.0.load.opportunities, self.0.capacity.opportunities)
    }

    /// Meetings: touchpoints of kind MEETING in P, not after T, whose rep held the role at the time. Whatever `filter`.
    async fn meetings(&self) -> RoleWork {
        work(self.0.load.meetings, self.0.capacity.meetings)
    }

    /// Calls: touchpoints of kind CALL in P, not after T, whose rep held the role at the time. Whatever `filter`.
    async fn calls(&self) -> RoleWork {
        work(self.0.load.calls, self.0.capacity.calls)
    }

    /// The ACV, at entry, of what entered the pipeline in P and not after T, as far as the model credits the role: the row of the
    /// role in the matrix's `generation` by SOURCE.
    async fn generation(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.generation_minor)
    }

    /// `generation` / that of everybody: a ratio.
    async fn generation_share(&self) -> Ratio {
        roles::generation_share(&self.0).into()
    }

    /// The configured share of all generation, a ratio: as shipped, AE over one half, BDR a quarter, the others small.
    async fn expected_share(&self) -> f64 {
        self.0.expected_share
    }

    /// `generationShare` - `expectedShare`: above 0 is more than expected.
    async fn share_gap(&self) -> Ratio {
        roles::expected_gap(&self.0).into()
    }

    /// Hand-offs given in P, not after T: touchpoints of kind HAND_OFF or LEAD_CONVERSION whose rep held the role at the time.
    /// Whatever `filter`.
    async fn hand_offs_given(&self) -> i32 {
        count(self.0.given)
    }

    /// Hand-offs of P, given by whomever, of which an opportunity was made whose owner held the role at its creation. Whatever
    /// `filter`.
    async fn hand_offs_taken(&self) -> i32 {
        count(self.0.taken)
    }

    /// Hand-offs given of which an opportunity was made (created within the configured days after it, not after T, on whose
    /// journey the hand-off lies) / hand-offs given: a ratio.
    async fn conversion(&self) -> Ratio {
        roles::conversion(&self.0).into()
    }

    /// The median of the days from a person's first touchpoint of any kind (within the look-back window) to their hand-off; of an
    /// even number the mean of the two in the middle. People with no earlier touchpoint do not count.
    async fn median_days_to_hand_off(&self) -> Ratio {
        roles::median(&self.0).into()
    }

    /// Won / (won + lost), by the ACV that the model credits the role with of what closed in P, not after T: a ratio.
    async fn win_rate(&self) -> Ratio {
        roles::win_rate(&self.0).into()
    }

    /// The ACV won in P, not after T, that the model credits the role with / the distinct opportunities of it. Null where none was
    /// won.
    async fn average_acv(&self, ctx: &Context<'_>) -> Option<Money> {
        roles::average_acv(&self.0).map(|minor| Money::reported(ctx, minor))
    }
}

/// How the selling roles perform.
pub struct RolePerformance(Performed<roles::RolePerformance>);

/// How the selling roles perform, for a period P as of an instant T. All its figures are of one moment, named by `dataVersion`.
#[Object]
impl RolePerformance {
    /// P.
    async fn period(&self) -> Period {
        Period(self.0.period)
    }

    /// T.
    async fn as_of(&self) -> Instant {
        Instant(self.0.as_of)
    }

    /// The last change that the answer holds.
    async fn data_version(&self) -> Change {
        Change(self.0.answered.answer.data_version)
    }

    /// All five roles, in their order.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn roles(&self) -> Vec<RoleFigures> {
        self.0.answered.answer.roles.iter().cloned().map(RoleFigures).collect()
    }

    /// The generation of P by everybody: roles, channels, and what nobody is credited with.
    async fn generation(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.answered.answer.generation_minor)
    }
}

/// The performance of roles, asked for.
#[derive(Default)]
pub struct RolePerformanceQuery;

#[Object]
impl RolePerformanceQuery {
    /// How the five selling roles perform: head count, capacity and load, generation against expectation, hand-offs, win rate.
    #[graphql(complexity = "child_complexity + 10")]
    async fn role_performance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "The attribution model that credits roles. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<RolePerformance> {
        let asked = asked(period, Vec::new(), as_of, filter, model, data_version)?;
        let performed = performance::roles(super::app(ctx), super::caller(ctx), asked).await.map_err(refused)?;
        Ok(RolePerformance(performed))
    }
}
