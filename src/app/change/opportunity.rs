//! What people do to opportunities.

use super::{Act, Decided, Decision, fresh, told};
use crate::app::App;
use crate::app::rows::{self, ContactRoleColumn, Filter, OpportunityState, Order, Record, SplitColumn, StageColumn, Window};
use crate::storage::{Stamped, StorageError};
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::campaign::Campaign;
use pipewright_core::catalog::{Product, Region, Segment, Stage, StageKind};
use pipewright_core::change::close::{CloseRefusal, Closing, DeleteRefusal};
use pipewright_core::change::contacts::{ContactDraft, ContactsRefusal};
use pipewright_core::change::create::{CreateRefusal, Draft};
use pipewright_core::change::lines::{LineDraft, LinesRefusal};
use pipewright_core::change::review::{ReviewDraft, ReviewRefusal};
use pipewright_core::change::splits::{SplitDraft, SplitsRefusal};
use pipewright_core::change::stage::{AdvanceRefusal, ReopenRefusal};
use pipewright_core::change::update::{Changes, UpdateRefusal};
use pipewright_core::change::{Refused, close, contacts, create, lines, review, says_the_same, splits, stage, update};
use pipewright_core::ids::{ContactRoleId, DataVersion, LineSetId, OpportunityId, RepId, SplitId, StageId};
use pipewright_core::opportunity::{ContactRole, LineSet, Split, Version};
use pipewright_core::party::{Account, Contact};
use pipewright_core::rep::Rep;
use pipewright_core::viewer::Viewer;
use std::collections::HashSet;
use uuid::Uuid;

/// The object's type in the API.
const NOUN: &str = "Opportunity";

/// An opportunity that somebody looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    /// Which.
    pub id: OpportunityId,
    /// The change that had brought it to the state that they saw.
    pub version: DataVersion,
}

/// An opportunity as it stands, with the stage that it stands in.
struct Standing {
    state: OpportunityState,
    kind: StageKind,
}

impl Looked {
    async fn standing<R>(&self, app: &App, viewer: &Viewer) -> Result<Result<Standing, Refused<R>>, StorageError> {
        let Some(state) = one::<OpportunityState>(app, viewer, self.id.0).await? else { return Ok(Err(Refused::NotFound)) };
        if let Err(refused) = fresh(self.version, state.opportunity.recorded) {
            return Ok(Err(refused));
        }
        let stage = one::<Stage>(app, viewer, state.version.stage.0).await?;
        // A stage that is not stored says nothing; whoever stands in it has not closed.
        let kind = stage.map_or(StageKind::Open, |stage| stage.kind);
        Ok(Ok(Standing { state, kind }))
    }
}

async fn one<R: Record>(app: &App, viewer: &Viewer, id: Uuid) -> Result<Option<R>, StorageError> {
    Ok(rows::by_ids::<R>(app, viewer, &[id]).await?.remove(&id))
}

async fn maybe<R: Record>(app: &App, viewer: &Viewer, id: Option<Uuid>) -> Result<Option<R>, StorageError> {
    match id {
        Some(id) => one(app, viewer, id).await,
        None => Ok(None),
    }
}

/// Which of these ids are rows of a noun.
async fn known<R: Record>(
    app: &App,
    viewer: &Viewer,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, StorageError> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    Ok(rows::by_ids::<R>(app, viewer, &ids).await?.into_keys().collect())
}

/// The next version written over `state`; nothing where it says the same.
fn onto(state: &OpportunityState, version: Version, set: Option<LineSet>) -> Decision {
    let object = state.opportunity.id.0;
    if says_the_same(&state.version, &version) {
        return Decision::nothing(object);
    }
    let mut decision = Decision::nothing(object);
    decision.seen.push(state.seen());
    decision.before = serde_json::json!({ "version": told(&state.version) });
    decision.after = serde_json::json!({ "version": told(&version), "lines": set.as_ref().map(|set| told(&set.lines)) });
    decision.batch.versions.push(version);
    decision.batch.line_sets.extend(set);
    decision
}

/// Returns early with a refusal, where there is one.
macro_rules! granted {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(refused) => return Ok(Err(Refused::from(refused))),
        }
    };
}

/// Opens an opportunity.
pub struct Create {
    /// What it begins with.
    pub draft: Draft,
    /// In which stage.
    pub stage: StageId,
}

impl Act for Create {
    type Refusal = CreateRefusal;
    const NAME: &'static str = "opportunityCreate";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<CreateRefusal>, StorageError> {
        let draft = &self.draft;
        let found = create::Found {
            account: one::<Account>(app, viewer, draft.account.0).await?.is_some(),
            stage: one::<Stage>(app, viewer, self.stage.0).await?,
            owner: maybe::<Rep>(app, viewer, draft.owner.map(|id| id.0)).await?,
            region: maybe::<Region>(app, viewer, draft.region.map(|id| id.0)).await?.is_some(),
            segment: maybe::<Segment>(app, viewer, draft.segment.map(|id| id.0)).await?.is_some(),
            campaign: maybe::<Campaign>(app, viewer, draft.campaign.map(|id| id.0)).await?.is_some(),
        };
        let (opportunity, version) = granted!(create::create(draft.clone(), &found, at));
        let mut decision = Decision::nothing(opportunity.id.0);
        decision.after = serde_json::json!({ "opportunity": told(&opportunity), "version": told(&version) });
        decision.batch.opportunities.push(opportunity);
        decision.batch.versions.push(version);
        Ok(Ok(decision))
    }
}

/// Changes what an open opportunity says of itself.
pub struct Update {
    /// Which.
    pub looked: Looked,
    /// What is to be other than it is.
    pub changes: Changes,
}

impl Act for Update {
    type Refusal = UpdateRefusal;
    const NAME: &'static str = "opportunityUpdate";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<UpdateRefusal>, StorageError> {
        let Standing { state, kind } = granted!(self.looked.standing(app, viewer).await?);
        let changes = self.changes.clone();
        let found = update::Found {
            owner: maybe::<Rep>(app, viewer, changes.owner.flatten().map(|id| id.0)).await?,
            region: maybe::<Region>(app, viewer, changes.region.flatten().map(|id| id.0)).await?.is_some(),
            segment: maybe::<Segment>(app, viewer, changes.segment.flatten().map(|id| id.0)).await?.is_some(),
            campaign: maybe::<Campaign>(app, viewer, changes.campaign.flatten().map(|id| id.0)).await?.is_some(),
        };
        let version = granted!(update::update(&state.version, kind, changes, &found, at));
        Ok(Ok(onto(&state, version, None)))
    }
}

/// Moves an open opportunity to another stage.
pub struct Advance {
    /// Which.
    pub looked: Looked,
    /// Where to.
    pub stage: StageId,
}

impl Act for Advance {
    type Refusal = AdvanceRefusal;
    const NAME: &'static str = "opportunityAdvance";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<AdvanceRefusal>, StorageError> {
        let Standing { state, kind } = granted!(self.looked.standing(app, viewer).await?);
        let to = one::<Stage>(app, viewer, self.stage.0).await?;
        let version = granted!(stage::advance(&state.version, kind, to.as_ref(), at));
        Ok(Ok(onto(&state, version, None)))
    }
}

/// Closes an opportunity, won or lost.
pub struct Close {
    /// Which.
    pub looked: Looked,
    /// Won or lost.
    pub outcome: StageKind,
    /// In which stage; `None`: the first active one of the outcome.
    pub stage: Option<StageId>,
    /// Why.
    pub reason: Option<String>,
    /// On which day; `None`: today, in the organisation's time zone.
    pub close_date: Option<NaiveDate>,
}

impl Act for Close {
    type Refusal = CloseRefusal;
    const NAME: &'static str = "opportunityClose";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<CloseRefusal>, StorageError> {
        let Standing { state, kind } = granted!(self.looked.standing(app, viewer).await?);
        let to = match self.stage {
            Some(stage) => one::<Stage>(app, viewer, stage.0).await?,
            None => first_stage(app, viewer, self.outcome).await?,
        };
        let today = today(app, at);
        let closing = Closing {
            outcome: self.outcome,
            names_stage: self.stage.is_some(),
            reason: self.reason.clone(),
            close_date: self.close_date.unwrap_or(today),
        };
        let version = granted!(close::close(&state.version, kind, to.as_ref(), closing, today, at));
        Ok(Ok(onto(&state, version, None)))
    }
}

/// The first active stage of a kind in the process.
async fn first_stage(app: &App, viewer: &Viewer, kind: StageKind) -> Result<Option<Stage>, StorageError> {
    let order = Order { column: StageColumn::Position, descending: false };
    let window = Window { size: 500, backward: false, after: None, before: None };
    let page = rows::page::<Stage>(app, viewer, &Filter::everything(), order, &window).await?;
    Ok(page.rows.into_iter().map(|found| found.record).find(|stage| stage.kind == kind && stage.is_active))
}

/// The day in the organisation's time zone.
fn today(app: &App, at: DateTime<Utc>) -> NaiveDate {
    app.resident.snapshot().settings().calendar.day_of(at)
}

/// Opens a closed opportunity again.
pub struct Reopen {
    /// Which.
    pub looked: Looked,
    /// In which stage.
    pub stage: StageId,
    /// When it is expected to close now.
    pub close_date: NaiveDate,
}

impl Act for Reopen {
    type Refusal = ReopenRefusal;
    const NAME: &'static str = "opportunityReopen";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<ReopenRefusal>, StorageError> {
        let Standing { state, kind } = granted!(self.looked.standing(app, viewer).await?);
        let to = one::<Stage>(app, viewer, self.stage.0).await?;
        let version = granted!(stage::reopen(&state.version, kind, to.as_ref(), self.close_date, today(app, at), at));
        Ok(Ok(onto(&state, version, None)))
    }
}

/// Deletes an opportunity; its history stays, and it counts nowhere from here on.
pub struct Delete {
    /// Which.
    pub looked: Looked,
}

impl Act for Delete {
    type Refusal = DeleteRefusal;
    const NAME: &'static str = "opportunityDelete";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<DeleteRefusal>, StorageError> {
        let Standing { state, .. } = granted!(self.looked.standing(app, viewer).await?);
        let version = close::delete(&state.version, at);
        Ok(Ok(onto(&state, version, None)))
    }
}

/// Sets the product lines.
pub struct SetLines {
    /// Of which opportunity.
    pub looked: Looked,
    /// The lines, in order.
    pub lines: Vec<LineDraft>,
    /// The id of the set that they make.
    pub set: LineSetId,
}

impl Act for SetLines {
    type Refusal = LinesRefusal;
    const NAME: &'static str = "opportunitySetLines";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<LinesRefusal>, StorageError> {
        let Standing { state, kind } = granted!(self.looked.standing(app, viewer).await?);
        let products = self.lines.iter().take(lines::MOST_LINES).map(|line| line.product.0);
        let products = known::<Product>(app, viewer, products).await?;
        let is_product = |id: pipewright_core::ids::ProductId| products.contains(&id.0);
        let (version, set) = granted!(lines::set_lines(&state.version, kind, &self.lines, is_product, self.set, at));
        Ok(Ok(onto(&state, version, set)))
    }
}

/// Sets the parts that contacts play.
pub struct SetContacts {
    /// In which opportunity.
    pub looked: Looked,
    /// All of them.
    pub contacts: Vec<ContactDraft>,
}

impl Act for SetContacts {
    type Refusal = ContactsRefusal;
    const NAME: &'static str = "opportunitySetContacts";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, _: DateTime<Utc>) -> Result<Decided<ContactsRefusal>, StorageError> {
        let Standing { state, .. } = granted!(self.looked.standing(app, viewer).await?);
        let before = parts::<ContactRole>(app, viewer, ContactRoleColumn::Opportunity, self.looked.id).await?;
        let asked = self.contacts.iter().take(contacts::MOST_CONTACTS).map(|draft| draft.contact.0);
        let contacts = known::<Contact>(app, viewer, asked).await?;
        let is_contact = |id: pipewright_core::ids::ContactId| contacts.contains(&id.0);
        let new_id = || ContactRoleId(Uuid::now_v7());
        let rows = granted!(contacts::set_contacts(self.looked.id, &before, &self.contacts, is_contact, new_id));
        let mut decision = of_parts(&state, rows.is_empty(), told(&before), told(&rows));
        decision.batch.contact_roles = rows;
        Ok(Ok(decision))
    }
}

/// Sets the reps' shares.
pub struct SetSplits {
    /// Of which opportunity.
    pub looked: Looked,
    /// All of them.
    pub splits: Vec<SplitDraft>,
}

impl Act for SetSplits {
    type Refusal = SplitsRefusal;
    const NAME: &'static str = "opportunitySetSplits";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, _: DateTime<Utc>) -> Result<Decided<SplitsRefusal>, StorageError> {
        let Standing { state, .. } = granted!(self.looked.standing(app, viewer).await?);
        let before = parts::<Split>(app, viewer, SplitColumn::Opportunity, self.looked.id).await?;
        let reps = known::<Rep>(app, viewer, self.splits.iter().take(splits::MOST_SPLITS).map(|draft| draft.rep.0)).await?;
        let is_rep = |id: pipewright_core::ids::RepId| reps.contains(&id.0);
        let new_id = || SplitId(Uuid::now_v7());
        let rows = granted!(splits::set_splits(self.looked.id, &before, &self.splits, is_rep, new_id));
        let mut decision = of_parts(&state, rows.is_empty(), told(&before), told(&rows));
        decision.batch.splits = rows;
        Ok(Ok(decision))
    }
}

/// Attests how an open opportunity stands.
pub struct Review {
    /// Which.
    pub looked: Looked,
    /// Who reviewed it.
    pub reviewer: RepId,
    /// What they attest.
    pub draft: ReviewDraft,
}

impl Act for Review {
    type Refusal = ReviewRefusal;
    const NAME: &'static str = "opportunityReview";
    const NOUN: &'static str = NOUN;

    async fn decide(&self, app: &App, viewer: &Viewer, at: DateTime<Utc>) -> Result<Decided<ReviewRefusal>, StorageError> {
        let Standing { state, kind } = granted!(self.looked.standing(app, viewer).await?);
        let reviewer = one::<Rep>(app, viewer, self.reviewer.0).await?;
        let review = granted!(review::review(&state.version, kind, self.draft.clone(), reviewer.as_ref(), at));
        let mut decision = Decision::nothing(state.opportunity.id.0);
        // What was attested is the state that was seen; the review itself changes nothing of it.
        decision.seen.push(state.seen());
        decision.after = told(&review);
        decision.batch.reviews.push(review);
        Ok(Ok(decision))
    }
}

/// All rows of a noun that are part of an opportunity; no import brings more than fit in one page.
async fn parts<R: Record>(app: &App, viewer: &Viewer, column: R::Column, id: OpportunityId) -> Result<Vec<R>, StorageError> {
    let order = Order { column, descending: false };
    let window = Window { size: 10_000, backward: false, after: None, before: None };
    let mut pages = rows::pages_by::<R>(app, viewer, column, &[id.0], &Filter::everything(), order, &window).await?;
    Ok(pages.remove(&id.0).map(|page| page.rows.into_iter().map(|found| found.record).collect()).unwrap_or_default())
}

/// A decision that changes parts of an opportunity, and so makes older copies of it stale.
fn of_parts(state: &OpportunityState, is_nothing: bool, before: serde_json::Value, after: serde_json::Value) -> Decision {
    let mut decision = Decision::nothing(state.opportunity.id.0);
    if !is_nothing {
        decision.seen.push(state.seen());
        decision.touched.push(state.opportunity.id);
        (decision.before, decision.after) = (before, after);
    }
    decision
}
