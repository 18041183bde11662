//! What people do to opportunities.

use super::Opportunity;
use crate::app::change::opportunity as acts;
use crate::app::change::opportunity::Looked;
use crate::graphql::change::{MoneyInput, answer, edit, id, payload};
use crate::graphql::page::bad_input;
use crate::graphql::review::{ReviewChange, ReviewVerdict};
use crate::graphql::scalars::{Change, Day, DecimalText, units};
use crate::graphql::stage::ForecastCategory;
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result};
use pipewright_core::catalog::StageKind;
use pipewright_core::change::close::{CloseRefusal, DeleteRefusal};
use pipewright_core::change::contacts::{ContactDraft, ContactsRefusal};
use pipewright_core::change::create::{CreateRefusal, Draft};
use pipewright_core::change::lines::{LineDraft, LinesRefusal};
use pipewright_core::change::review::{ReviewDraft, ReviewRefusal};
use pipewright_core::change::splits::{SplitDraft, SplitsRefusal};
use pipewright_core::change::stage::{AdvanceRefusal, ReopenRefusal};
use pipewright_core::change::update::{Changes, UpdateRefusal};
use pipewright_core::ids::{
    AccountId, CampaignId, ContactId, LineSetId, OpportunityId, ProductId, RegionId, RepId, ReviewId, SegmentId, StageId,
};
use pipewright_core::review::Changed;
use uuid::Uuid;

/// An opportunity to open.
#[derive(InputObject)]
pub struct OpportunityCreateInput {
    /// Its name, 1 to 1,000 letters.
    name: String,
    /// Whom it sells to.
    account: ID,
    /// The open stage that it begins in.
    stage: ID,
    /// When it is expected to close.
    close_date: Day,
    /// Total contract value; absent or null where it is not known yet.
    amount: Option<MoneyInput>,
    /// Annual contract value, in the same currency. Absent or null: as the amount.
    acv: Option<MoneyInput>,
    /// How sure the seller is. Absent or null: the stage's.
    forecast_category: Option<ForecastCategory>,
    /// Probability in percent, 0 to 100. Absent or null: the stage's.
    probability: Option<i32>,
    /// Who owns it, and is kept as its creator.
    owner: Option<ID>,
    /// Where it is sold.
    region: Option<ID>,
    /// To which market segment.
    segment: Option<ID>,
    /// The primary campaign.
    campaign: Option<ID>,
    /// New business, renewal and the like.
    #[graphql(name = "type")]
    kind: Option<String>,
    /// What happens next.
    next_step: Option<String>,
    /// Where it came from, in words.
    lead_source: Option<String>,
    /// Free text, at most 20,000 letters.
    description: Option<String>,
    /// A word of the client's own: the same request sent again within 24 hours opens nothing more and gets the same object.
    idempotency_key: Option<String>,
}

/// Changes to an open opportunity: what is absent stays, what is null is emptied.
#[derive(InputObject)]
pub struct OpportunityUpdateInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// Its name, 1 to 1,000 letters.
    name: Option<String>,
    /// When it is expected to close.
    close_date: Option<Day>,
    /// Total contract value, in the opportunity's own currency. An ACV that equals the amount goes with it.
    amount: MaybeUndefined<MoneyInput>,
    /// Annual contract value, in the opportunity's own currency.
    acv: MaybeUndefined<MoneyInput>,
    /// How sure the seller is.
    forecast_category: Option<ForecastCategory>,
    /// Probability in percent, 0 to 100.
    probability: MaybeUndefined<i32>,
    /// Who owns it.
    owner: MaybeUndefined<ID>,
    /// Where it is sold.
    region: MaybeUndefined<ID>,
    /// To which market segment.
    segment: MaybeUndefined<ID>,
    /// The primary campaign.
    campaign: MaybeUndefined<ID>,
    /// New business, renewal and the like.
    #[graphql(name = "type")]
    kind: MaybeUndefined<String>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// What happens next with an open opportunity.
#[derive(InputObject)]
pub struct OpportunitySetNextStepInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// What happens next, at most 1,000 letters; absent or null where nothing is planned.
    next_step: Option<String>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// Another open stage for an open opportunity.
#[derive(InputObject)]
pub struct OpportunityAdvanceInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// Where to: forward, or back.
    stage: ID,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// How an opportunity ends.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Closed and won.
    Won,
    /// Closed and lost.
    Lost,
}

/// The end of an open opportunity.
#[derive(InputObject)]
pub struct OpportunityCloseInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// Won or lost.
    outcome: Outcome,
    /// In which stage. Absent or null: the first active one of the outcome.
    stage: Option<ID>,
    /// Why, at most 1,000 letters; must be given for what is lost.
    reason: Option<String>,
    /// On which day, today or earlier. Absent or null: today, in the organisation's time zone.
    close_date: Option<Day>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// A closed opportunity to open again.
#[derive(InputObject)]
pub struct OpportunityReopenInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// In which open stage.
    stage: ID,
    /// When it is expected to close now: today or later.
    close_date: Day,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// An opportunity to delete.
#[derive(InputObject)]
pub struct OpportunityDeleteInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// One product line.
#[derive(InputObject)]
pub struct OpportunityLineInput {
    /// What is sold.
    product: ID,
    /// How many, with at most three decimals.
    quantity: Option<DecimalText>,
    /// Total price, in the opportunity's own currency.
    amount: MoneyInput,
    /// Length of the contract in months, 1 to 1,200. Absent or null: one year.
    term_months: Option<i32>,
}

/// All product lines of an open opportunity.
#[derive(InputObject)]
pub struct OpportunitySetLinesInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// The lines in order, at most 500; its amounts are their sums from here on. None: it has no lines, and keeps its amounts.
    lines: Vec<OpportunityLineInput>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// One contact's part.
#[derive(InputObject)]
pub struct OpportunityContactInput {
    /// Who.
    contact: ID,
    /// Decision maker, user and the like.
    role: Option<String>,
    /// Whether this is the primary contact; at most one is.
    #[graphql(default = false)]
    is_primary: bool,
}

/// The parts of all contacts in an opportunity.
#[derive(InputObject)]
pub struct OpportunitySetContactsInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// All of them, at most 500; those that are not here are taken off.
    contacts: Vec<OpportunityContactInput>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// One rep's share.
#[derive(InputObject)]
pub struct OpportunitySplitInput {
    /// Whose.
    rep: ID,
    /// The share in percent, with at most two decimals.
    percentage: DecimalText,
    /// False: a revenue split, which total 100%. True: an overlay on top of them.
    #[graphql(default = false)]
    is_overlay: bool,
}

/// The shares of all reps in an opportunity.
#[derive(InputObject)]
pub struct OpportunitySetSplitsInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// All of them, at most 100; those that are not here are taken off. Revenue splits total exactly 100%, or there are none.
    splits: Vec<OpportunitySplitInput>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

/// A manager's attestation about an open opportunity.
#[derive(InputObject)]
pub struct OpportunityReviewInput {
    /// Which.
    id: ID,
    /// The `recordedIn` that the caller saw; where it has changed since, nothing is done and the code is CONFLICT.
    version: Change,
    /// The rep who reviewed it: not its owner.
    reviewer: ID,
    /// What they found.
    verdict: ReviewVerdict,
    /// What they changed, or had changed: something where the verdict is CORRECTED, nothing where it is CONFIRMED.
    #[graphql(default)]
    changes: Vec<ReviewChange>,
    /// Free text, at most 20,000 letters; needed where the verdict is DOUBTED.
    note: Option<String>,
    /// A word of the client's own: the same request sent again within 24 hours is done once.
    idempotency_key: Option<String>,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $payload:ident or $refusal:ty;)*) => {$(
        payload! {
            $(#[$doc])*
            $payload {
                /// The opportunity as it stands now; null where there is none, or no longer.
                opportunity: Opportunity
            } or $refusal
        }
    )*};
}

payloads! {
    /// What came of opening an opportunity.
    OpportunityCreatePayload or CreateRefusal;
    /// What came of changing an opportunity.
    OpportunityUpdatePayload or UpdateRefusal;
    /// What came of moving an opportunity to another stage.
    OpportunityAdvancePayload or AdvanceRefusal;
    /// What came of closing an opportunity.
    OpportunityClosePayload or CloseRefusal;
    /// What came of opening an opportunity again.
    OpportunityReopenPayload or ReopenRefusal;
    /// What came of deleting an opportunity.
    OpportunityDeletePayload or DeleteRefusal;
    /// What came of setting an opportunity's lines.
    OpportunitySetLinesPayload or LinesRefusal;
    /// What came of setting an opportunity's contacts.
    OpportunitySetContactsPayload or ContactsRefusal;
    /// What came of setting an opportunity's splits.
    OpportunitySetSplitsPayload or SplitsRefusal;
    /// What came of reviewing an opportunity.
    OpportunityReviewPayload or ReviewRefusal;
}

fn looked(opportunity: &ID, version: Change) -> Result<Looked> {
    Ok(Looked { id: id("Opportunity", OpportunityId, opportunity)?, version: version.0 })
}

fn maybe_id<T>(noun: &str, wrap: impl FnOnce(Uuid) -> T, given: Option<&ID>) -> Result<Option<T>> {
    given.map(|given| id(noun, wrap, given)).transpose()
}

/// A number with at most so many decimals, in units of the last.
fn exactly(DecimalText(number): DecimalText, decimals: u32, what: &str) -> Result<i64> {
    units(number, decimals).ok_or_else(|| bad_input(format!("{what} has at most {decimals} decimals")))
}

impl OpportunityCreateInput {
    fn act(self, ctx: &Context<'_>) -> Result<acts::Create> {
        let amount = self.amount.map(MoneyInput::minor).transpose()?;
        let acv = self.acv.map(MoneyInput::minor).transpose()?;
        let mut currencies: Vec<_> = [amount, acv].into_iter().flatten().map(|(_, currency)| currency).collect();
        if currencies.is_empty() {
            currencies.push(crate::graphql::app(ctx).config.organisation.reporting_currency);
        }
        let draft = Draft {
            id: OpportunityId(Uuid::now_v7()),
            name: self.name,
            account: id("Account", AccountId, &self.account)?,
            close_date: self.close_date.0,
            currencies,
            amount_minor: amount.map(|(minor, _)| minor),
            acv_minor: acv.map(|(minor, _)| minor),
            forecast_category: self.forecast_category.map(Into::into),
            probability: self.probability,
            region: maybe_id("Region", RegionId, self.region.as_ref())?,
            segment: maybe_id("Segment", SegmentId, self.segment.as_ref())?,
            campaign: maybe_id("Campaign", CampaignId, self.campaign.as_ref())?,
            opportunity_type: self.kind,
            next_step: self.next_step,
            lead_source: self.lead_source,
            description: self.description,
            owner: maybe_id("Rep", RepId, self.owner.as_ref())?,
        };
        Ok(acts::Create { draft, stage: id("Stage", StageId, &self.stage)? })
    }
}

impl OpportunityUpdateInput {
    fn act(self) -> Result<acts::Update> {
        let amount = edit(self.amount, MoneyInput::minor)?;
        let acv = edit(self.acv, MoneyInput::minor)?;
        let changes = Changes {
            name: self.name,
            close_date: self.close_date.map(|day| day.0),
            currencies: [amount, acv].into_iter().flatten().flatten().map(|(_, currency)| currency).collect(),
            amount_minor: amount.map(|amount| amount.map(|(minor, _)| minor)),
            acv_minor: acv.map(|acv| acv.map(|(minor, _)| minor)),
            forecast_category: self.forecast_category.map(Into::into),
            probability: edit(self.probability, Ok)?,
            owner: edit(self.owner, |given| id("Rep", RepId, &given))?,
            region: edit(self.region, |given| id("Region", RegionId, &given))?,
            segment: edit(self.segment, |given| id("Segment", SegmentId, &given))?,
            campaign: edit(self.campaign, |given| id("Campaign", CampaignId, &given))?,
            opportunity_type: edit(self.kind, Ok)?,
            next_step: None,
        };
        Ok(acts::Update { looked: looked(&self.id, self.version)?, changes })
    }
}

impl OpportunityLineInput {
    fn draft(self) -> Result<LineDraft> {
        let (amount_minor, currency) = self.amount.minor()?;
        Ok(LineDraft {
            product: id("Product", ProductId, &self.product)?,
            quantity_milli: self.quantity.map(|quantity| exactly(quantity, 3, "a quantity")).transpose()?,
            amount_minor,
            currency,
            term_months: self.term_months,
        })
    }
}

impl OpportunitySplitInput {
    fn draft(self) -> Result<SplitDraft> {
        let percentage_bp = exactly(self.percentage, 2, "a percentage")?;
        Ok(SplitDraft {
            rep: id("Rep", RepId, &self.rep)?,
            // What is beyond is out of range as well.
            percentage_bp: i32::try_from(percentage_bp).unwrap_or(i32::MAX),
            is_overlay: self.is_overlay,
        })
    }
}

/// Changing opportunities.
#[derive(Default)]
pub struct OpportunityMutation;

#[Object]
impl OpportunityMutation {
    /// Opens an opportunity. It begins to count at once, as one more entry into the pipeline.
    async fn opportunity_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it begins with.")] mut input: OpportunityCreateInput,
    ) -> Result<OpportunityCreatePayload> {
        let key = input.idempotency_key.take();
        Ok(answer(ctx, key, None, input.act(ctx)?).await?.into())
    }

    /// Changes what an open opportunity says of itself; its history keeps what it said before.
    async fn opportunity_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what is to be other than it is.")] mut input: OpportunityUpdateInput,
    ) -> Result<OpportunityUpdatePayload> {
        let key = input.idempotency_key.take();
        let act = input.act()?;
        Ok(answer(ctx, key, Some(act.looked.id.0), act).await?.into())
    }

    /// Says what happens next with an open opportunity.
    async fn opportunity_set_next_step(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what happens next.")] input: OpportunitySetNextStepInput,
    ) -> Result<OpportunityUpdatePayload> {
        let changes = Changes { next_step: Some(input.next_step), ..Changes::default() };
        let act = acts::Update { looked: looked(&input.id, input.version)?, changes };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Moves an open opportunity to another open stage, forward or back. It takes on the stage's forecast category and
    /// probability.
    async fn opportunity_advance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and where to.")] input: OpportunityAdvanceInput,
    ) -> Result<OpportunityAdvancePayload> {
        let stage = id("Stage", StageId, &input.stage)?;
        let act = acts::Advance { looked: looked(&input.id, input.version)?, stage };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Closes an open opportunity, won or lost. Its next step is done with.
    async fn opportunity_close(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how it ends.")] input: OpportunityCloseInput,
    ) -> Result<OpportunityClosePayload> {
        let act = acts::Close {
            looked: looked(&input.id, input.version)?,
            outcome: match input.outcome {
                Outcome::Won => StageKind::Won,
                Outcome::Lost => StageKind::Lost,
            },
            stage: maybe_id("Stage", StageId, input.stage.as_ref())?,
            reason: input.reason,
            close_date: input.close_date.map(|day| day.0),
        };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Opens a closed opportunity again.
    async fn opportunity_reopen(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, where it stands now, and when it is expected to close.")] input: OpportunityReopenInput,
    ) -> Result<OpportunityReopenPayload> {
        let stage = id("Stage", StageId, &input.stage)?;
        let act = acts::Reopen { looked: looked(&input.id, input.version)?, stage, close_date: input.close_date.0 };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Deletes an opportunity: from now on it counts nowhere and is not found; what it was on an earlier day stays as it was.
    async fn opportunity_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: OpportunityDeleteInput,
    ) -> Result<OpportunityDeletePayload> {
        let act = acts::Delete { looked: looked(&input.id, input.version)? };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Sets the product lines of an open opportunity. Its amounts are their sums; the annual value of a line is its amount
    /// divided by its term in years.
    async fn opportunity_set_lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and all its lines.")] input: OpportunitySetLinesInput,
    ) -> Result<OpportunitySetLinesPayload> {
        let lines = input.lines.into_iter().map(OpportunityLineInput::draft).collect::<Result<_>>()?;
        let act = acts::SetLines { looked: looked(&input.id, input.version)?, lines, set: LineSetId(Uuid::now_v7()) };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Sets the parts that contacts play in an opportunity.
    async fn opportunity_set_contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and all its contacts.")] input: OpportunitySetContactsInput,
    ) -> Result<OpportunitySetContactsPayload> {
        let draft = |given: OpportunityContactInput| {
            let contact = id("Contact", ContactId, &given.contact)?;
            Ok(ContactDraft { contact, role: given.role, is_primary: given.is_primary })
        };
        let contacts = input.contacts.into_iter().map(draft).collect::<Result<_>>()?;
        let act = acts::SetContacts { looked: looked(&input.id, input.version)?, contacts };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Sets the shares of reps in an opportunity.
    async fn opportunity_set_splits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and all its splits.")] input: OpportunitySetSplitsInput,
    ) -> Result<OpportunitySetSplitsPayload> {
        let splits = input.splits.into_iter().map(OpportunitySplitInput::draft).collect::<Result<_>>()?;
        let act = acts::SetSplits { looked: looked(&input.id, input.version)?, splits };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }

    /// Reviews an open opportunity: a dated attestation, which counts for the configured days (7 unless configured otherwise) and
    /// is first in the opportunity's `reviews`. It changes nothing of the opportunity itself.
    async fn opportunity_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, by whom, and what they found.")] input: OpportunityReviewInput,
    ) -> Result<OpportunityReviewPayload> {
        let draft = ReviewDraft {
            id: ReviewId(Uuid::now_v7()),
            verdict: input.verdict.into(),
            changes: input.changes.into_iter().map(Changed::from).collect(),
            note: input.note,
        };
        let reviewer = id("Rep", RepId, &input.reviewer)?;
        let act = acts::Review { looked: looked(&input.id, input.version)?, reviewer, draft };
        Ok(answer(ctx, input.idempotency_key, Some(act.looked.id.0), act).await?.into())
    }
}
