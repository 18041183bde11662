//! Hygiene: whether open opportunities are kept as they should be, and what managers have to review.

use super::batches::Batches;
use super::cut::{KeyPart, MatrixFilter, key};
use super::loaders::{self, Now};
use super::node::{global_id, parse_id};
use super::opportunity::Opportunity;
use super::page::{self, Connection, Listed, NESTED_DEFAULT, NESTED_MOST, Paging};
use super::question::{ModelInput, asked, refused, whole};
use super::rep::Rep;
use super::scalars::{Change, Day, Instant, Money, count};
use super::share::{self, OpportunityShare};
use crate::app::App;
use crate::app::hygiene as app;
use crate::app::numbers::{Answered, NumberError};
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Enum, ID, Object, Request, Result};
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::hygiene::{self, Hygiene as Answer};
use pipewright_core::ids::{OpportunityId, RepId};
use pipewright_core::viewer::Viewer;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What is untidy about an open opportunity as of an instant T. Days, counts and percentages are configuration (`pipeline.hygiene`)
/// and given as they are unless configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "hygiene::Flag")]
pub enum HygieneFlag {
    /// The close date lies before T's day.
    CloseDatePassed,
    /// No next step is written down, or a blank one.
    NoNextStep,
    /// Neither amount nor ACV is known and other than 0.
    NoAmount,
    /// No contact has a part in it, as things stand now, whatever T: when a contact got one is not recorded.
    NoContactRole,
    /// No line names a product.
    NoProduct,
    /// It has no primary campaign, and no lead source that maps to one of the eleven sources.
    NoSource,
    /// It has been in its stage for more than 150 percent of the median time that opportunities stay in that stage, over all stays
    /// that ended before T's day. A stage that fewer than 20 stays ended in has no median and raises no flag.
    StageTooOld,
    /// Its close date moved into a later calendar month three times or more while it was open.
    PushedOften,
    /// It stands at an earlier place in the process than it had reached before.
    StageMovedBack,
    /// No activity in the 30 days before T's day: neither a call, mail, meeting or other task of a rep with the account, nor one
    /// that the source system logged on it (`lastActivityOn`), nor its creation.
    NoActivity,
    /// Nobody owns it, or somebody who can no longer sign in to the source system, as things stand now, whatever T: when they left
    /// is not recorded.
    OwnerInactive,
    /// No manager reviewed it in the last 7 days, and it was created before that.
    NotReviewed,
}

/// Whose hygiene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "hygiene::HygieneBy")]
pub enum HygieneBy {
    /// By the rep who owns the opportunity.
    Owner,
    /// By the owner's manager at the time.
    Manager,
    /// By sales region.
    Region,
}

/// A flag that an opportunity raises.
#[derive(async_graphql::SimpleObject)]
pub struct RaisedFlag {
    /// Which.
    pub code: HygieneFlag,
    /// From when on it has been raised without a break. Null where that is not recorded: of NO_CONTACT_ROLE and OWNER_INACTIVE.
    pub since: Option<Instant>,
}

/// The hygiene of an open opportunity as of an instant.
pub struct OpportunityHygiene(hygiene::OpportunityHygiene);

/// The hygiene of an open opportunity as of an instant.
#[Object]
impl OpportunityHygiene {
    /// The share of the twelve flags that it does not raise, in percent, 0 to 100, rounded to a whole number (halves up).
    async fn score(&self) -> i32 {
        i32::from(self.0.score)
    }

    /// Whether it counts in numbers that are adjusted for hygiene: its score is at least the one to pass (70 unless configured).
    async fn is_passing(&self) -> bool {
        self.0.passes
    }

    /// The flags that it raises, in the order of the enum.
    #[graphql(complexity = "hygiene::Flag::COUNT * child_complexity + 1")]
    async fn flags(&self) -> Vec<RaisedFlag> {
        let since = |since_ms: i64| DateTime::from_timestamp_millis(since_ms).map(Instant);
        let flag = |own: &hygiene::Raised| RaisedFlag { code: own.flag.into(), since: own.since_ms.and_then(since) };
        self.0.raised.iter().map(flag).collect()
    }
}

/// The hygiene of opportunities, all of one request at once and each as of its instant.
struct OfOpportunities {
    app: App,
    viewer: Viewer,
}

impl Loader<(Uuid, DateTime<Utc>)> for OfOpportunities {
    type Value = hygiene::OpportunityHygiene;
    type Error = NumberError;

    async fn load(
        &self,
        asked: &[(Uuid, DateTime<Utc>)],
    ) -> std::result::Result<HashMap<(Uuid, DateTime<Utc>), Self::Value>, NumberError> {
        let mut by_instant: HashMap<DateTime<Utc>, Vec<Uuid>> = HashMap::new();
        for (id, as_of) in asked {
            by_instant.entry(*as_of).or_default().push(*id);
        }
        let mut answers = HashMap::new();
        for (as_of, ids) in by_instant {
            let opportunities = ids.iter().copied().map(OpportunityId).collect();
            let found = app::of_opportunities(&self.app, &self.viewer, opportunities, as_of).await?;
            answers.extend(ids.into_iter().zip(found).filter_map(|(id, found)| Some(((id, as_of), found?))));
        }
        Ok(answers)
    }
}

/// With the loader of the hygiene of opportunities.
pub(super) fn install(request: Request, app: &App, viewer: &Viewer, batches: &Batches) -> Request {
    let batches = batches.clone();
    let loader = OfOpportunities { app: app.clone(), viewer: viewer.clone() };
    request.data(DataLoader::new(loader, move |batch| batches.wait(batch)).delay(Duration::ZERO))
}

/// The hygiene of an opportunity as of an instant (`None`: now); `None` where it is not open then.
///
/// # Errors
/// Too many computations go already.
pub(super) async fn of(ctx: &Context<'_>, id: Uuid, as_of: Option<Instant>) -> Result<Option<OpportunityHygiene>> {
    let as_of = as_of.map_or_else(|| ctx.data_unchecked::<Now>().at(), |as_of| as_of.0);
    let loader = ctx.data_unchecked::<DataLoader<OfOpportunities>>();
    Ok(loader.load_one((id, as_of)).await.map_err(refused)?.map(OpportunityHygiene))
}

/// A flag over several opportunities.
pub struct HygieneFlagFigures {
    answered: Arc<Answered<Answer>>,
    row: Option<usize>,
    flag: hygiene::Flag,
    tally: hygiene::Tally,
}

/// A flag over several opportunities: how many raise it, and which.
#[Object]
impl HygieneFlagFigures {
    /// Which.
    async fn code(&self) -> HygieneFlag {
        self.flag.into()
    }

    /// How many open opportunities raise it.
    async fn opportunity_count(&self) -> i32 {
        count(self.tally.opportunities)
    }

    /// Their ACV.
    async fn acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.tally.acv)
    }

    /// The opportunities that raise it, the largest first, ties by id. Their amounts add up to `acv`.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 1")]
    async fn opportunities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OpportunityShare>> {
        let answer = self.answered.answer.clone();
        let shares = app::behind(super::app(ctx), answer, self.row, Some(self.flag)).await.map_err(refused)?;
        share::page(&shares, "HygieneFlagFigures.opportunities", &Paging { first, after, last, before })
    }
}

/// The hygiene of several open opportunities.
pub struct HygieneFigures {
    answered: Arc<Answered<Answer>>,
    /// `None`: of all rows.
    row: Option<usize>,
}

impl HygieneFigures {
    fn figures(&self) -> &hygiene::HygieneFigures {
        let answer = &self.answered.answer;
        self.row.map_or(&answer.total, |row| &answer.rows[row].figures)
    }
}

/// The hygiene of several open opportunities.
#[Object]
impl HygieneFigures {
    /// How many opportunities are open.
    async fn opportunity_count(&self) -> i32 {
        count(self.figures().all.opportunities)
    }

    /// Their ACV.
    async fn acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.figures().all.acv)
    }

    /// The share of flags that are not raised, the twelve of each opportunity together, in percent, 0 to 100, rounded to a whole
    /// number (halves up). Every opportunity counts the same, whatever its ACV. Null where none is open.
    async fn score(&self) -> Option<i32> {
        self.figures().score().map(i32::from)
    }

    /// How many opportunities fail: their own score is below the one to pass (70 unless configured). They count 0 in numbers that
    /// are adjusted for hygiene.
    async fn failing_count(&self) -> i32 {
        count(self.figures().failing.opportunities)
    }

    /// The ACV of those that fail.
    async fn failing_acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.figures().failing.acv)
    }

    /// Each of the twelve flags, in the order of the enum, also those that nothing raises.
    #[graphql(complexity = "hygiene::Flag::COUNT * child_complexity + 1")]
    async fn flags(&self) -> Vec<HygieneFlagFigures> {
        let tallies = self.figures().flagged;
        let figures = |(flag, tally)| HygieneFlagFigures { answered: self.answered.clone(), row: self.row, flag, tally };
        hygiene::Flag::ALL.into_iter().zip(tallies).map(figures).collect()
    }
}

/// The hygiene of one owner, manager or region.
pub struct HygieneRow {
    answered: Arc<Answered<Answer>>,
    row: usize,
}

/// The hygiene of one owner, manager or region.
#[Object]
impl HygieneRow {
    /// Which: one part.
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.answered.snapshot, &self.answered.answer.rows[self.row].key)
    }

    /// Its figures.
    async fn figures(&self) -> HygieneFigures {
        HygieneFigures { answered: self.answered.clone(), row: Some(self.row) }
    }
}

/// The hygiene of the open opportunities.
pub struct Hygiene(Arc<Answered<Answer>>);

/// The hygiene of the open opportunities as of an instant T, whatever their close date. Those of forecast category OMITTED count
/// nowhere.
#[Object]
impl Hygiene {
    /// T.
    async fn as_of(&self) -> Instant {
        Instant(self.0.answer.as_of)
    }

    /// The last change that the answer holds. Give it as `dataVersion` to have the same answer again.
    async fn data_version(&self) -> Change {
        Change(self.0.answer.data_version)
    }

    /// One for each owner, manager or region with an open opportunity, in order of key. Every opportunity is in one of them.
    #[graphql(complexity = "super::question::whole_cost(at_most) * child_complexity + 1")]
    async fn rows(
        &self,
        #[graphql(
            desc = "How many you are ready for, 1 to 10,000: more are refused, never cut short, since they add up.",
            default = 100
        )]
        at_most: i32,
    ) -> Result<Vec<HygieneRow>> {
        let rows = whole(&self.0.answer.rows, "rows", at_most)?.len();
        Ok((0..rows).map(|row| HygieneRow { answered: self.0.clone(), row }).collect())
    }

    /// Over all of them.
    async fn total(&self) -> HygieneFigures {
        HygieneFigures { answered: self.0.clone(), row: None }
    }
}

/// An opportunity that a manager has to review.
pub struct ReviewDue(hygiene::DueReview);

impl Listed for ReviewDue {
    const NAME: &'static str = "ReviewDue";
}

/// An opportunity that a manager has to review.
#[Object]
impl ReviewDue {
    /// The opportunity's id, for `node` and `opportunity`.
    async fn opportunity_id(&self) -> ID {
        global_id(Opportunity::NAME, self.0.opportunity.0)
    }

    /// The opportunity as it stands today; null where it was deleted since.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.0.opportunity.0).await
    }

    /// Its ACV, in the reporting currency.
    async fn acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.amount)
    }

    /// From when on it is due: the end of the last review's days (7 unless configured), or as many days after its creation where
    /// there was none.
    async fn due_at(&self) -> Option<Instant> {
        DateTime::from_timestamp_millis(self.0.due_ms).map(Instant)
    }

    /// The last review; null where there was none.
    async fn last_reviewed_at(&self) -> Option<Instant> {
        self.0.reviewed_ms.and_then(DateTime::from_timestamp_millis).map(Instant)
    }

    /// Whether its owner reports to the manager directly, and not to somebody below.
    async fn is_direct(&self) -> bool {
        self.0.is_direct
    }

    /// Its score: see `OpportunityHygiene.score`.
    async fn score(&self) -> i32 {
        i32::from(self.0.flags.score())
    }

    /// The flags that it raises, in the order of the enum.
    async fn flags(&self) -> Vec<HygieneFlag> {
        self.0.flags.iter().map(Into::into).collect()
    }
}

/// What a manager has to review in a week.
pub struct ReviewsDue {
    manager: Rep,
    week: Range<NaiveDate>,
    due: hygiene::ReviewsDue,
}

/// What a manager has to review in a week.
#[Object]
impl ReviewsDue {
    /// Who.
    async fn manager(&self) -> &Rep {
        &self.manager
    }

    /// The week's first day, a Monday.
    async fn week_start(&self) -> Day {
        Day(self.week.start)
    }

    /// The first day after the week.
    async fn week_end(&self) -> Day {
        Day(self.week.end)
    }

    /// As known when: now, or the week's end where that is over.
    async fn as_of(&self) -> Instant {
        Instant(self.due.as_of)
    }

    /// The open opportunities of the team tree below the manager (at `asOf`) whose last review does not count to the week's end,
    /// the largest first, ties by id. What is reviewed in the week is not among them any more.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 1")]
    async fn reviews(
        &self,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ReviewDue>> {
        let place = |due: &hygiene::DueReview| (u64::MAX - due.amount.unsigned_abs(), due.opportunity);
        let paging = Paging { first, after, last, before };
        let sizes = (NESTED_DEFAULT, NESTED_MOST);
        page::of_list(&self.due.reviews, "ReviewsDue.reviews", place, |due| ReviewDue(due.clone()), &paging, sizes)
    }
}

/// Hygiene, asked for.
#[derive(Default)]
pub struct HygieneQuery;

#[Object]
impl HygieneQuery {
    /// How tidy the open opportunities are: flags, scores and ACV by owner, manager or region, and the opportunities behind each
    /// flag.
    #[graphql(complexity = "child_complexity + 10")]
    async fn hygiene(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "What the rows are.", default_with = "HygieneBy::Owner")] by: HygieneBy,
        #[graphql(
            desc = "Which open opportunities count (for PRODUCT and SOURCE: with which part of their ACV). Absent or null: all."
        )]
        filter: Option<MatrixFilter>,
        #[graphql(desc = "The attribution model that a filter by SOURCE goes by. Absent or null: the configured one.")]
        model: Option<ModelInput>,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Hygiene> {
        let asked = asked(None, Vec::new(), as_of, filter, model, data_version)?;
        let answered = app::hygiene(super::app(ctx), super::caller(ctx), asked, by.into()).await.map_err(refused)?;
        Ok(Hygiene(Arc::new(answered)))
    }

    /// What a manager has to review in a week: the open opportunities of the team tree below them that no review covers to its end.
    /// Null where there is no rep with this id.
    #[graphql(complexity = "child_complexity + 10")]
    async fn reviews_due(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The manager: a rep's id.")] manager: ID,
        #[graphql(desc = "Any day of the week, which goes from Monday to Sunday. Absent or null: today.")] week: Option<Day>,
    ) -> Result<Option<ReviewsDue>> {
        let id = parse_id(Rep::NAME, &manager)?;
        let Some(manager) = loaders::one::<Rep>(ctx, id).await? else { return Ok(None) };
        let day = week.map(|day| day.0);
        let due = app::reviews_due(super::app(ctx), super::caller(ctx), RepId(id), day).await.map_err(refused)?;
        let (week, due) = due;
        Ok(Some(ReviewsDue { manager, week, due }))
    }
}
