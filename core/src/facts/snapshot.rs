//! An unchanging view of everything, named by the last change it holds.

use super::curves::Curves;
use super::hygiene::{KeptNorms, ReviewRow};
use super::layered::Layered;
use super::links::{ContactRoleRow, SplitRow};
use super::places::People;
use super::register::{self, Codes, Register};
use super::segment::{LineRow, Segment};
use super::touches::Touches;
use super::{Origin, Settings, State};
use crate::campaign::Channel;
use crate::currency::CurrencyCode;
use crate::dimension::{Dimension, DimensionValue};
use crate::forecast::{Adjustment, Judgement};
use crate::ids::{AccountId, CampaignId, DataVersion, LineSetId, OpportunityId, RepId, StageId};
use crate::rep::Role;
use crate::target::Target;
use crate::touchpoint::Source;
use chrono::NaiveDate;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use uuid::Uuid;

/// Accounts by code, and the codes of what else touchpoints lie under: persons, opportunities, campaigns. A change copies only what
/// is recent.
#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    pub(super) codes: Codes<Uuid>,
    /// Code of the industry, by code of the account less 1; shorter than the codes where the last have none.
    industries: Arc<Vec<u32>>,
    /// By code of the account: those that count instead.
    recent: HashMap<u32, u32>,
}

impl Accounts {
    pub(super) fn industry(&self, account: u32) -> u32 {
        if let Some(industry) = self.recent.get(&account) {
            return *industry;
        }
        self.industries.get((account as usize).wrapping_sub(1)).copied().unwrap_or(0)
    }

    pub(super) fn set_industry(&mut self, account: u32, industry: u32) {
        self.recent.insert(account, industry);
    }

    /// Moves what is recent to the rest, where it has become much.
    pub(super) fn settle(&mut self) {
        self.codes.settle();
        if self.recent.len() > register::MOST_RECENT.max(self.industries.len() / 16) {
            let industries = Arc::make_mut(&mut self.industries);
            industries.resize(self.codes.len().max(industries.len()), 0);
            for (account, industry) in self.recent.drain() {
                industries[account as usize - 1] = industry;
            }
            self.recent.shrink_to_fit();
        }
    }
}

/// Everything that numbers need, as it stood after one change. Cheap to clone; a clone shares all of it.
///
/// Two segments of opportunities: the large one of the last load, and the small one of those that changed since, which
/// replace theirs in the large one.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) data_version: DataVersion,
    pub(super) settings: Arc<Settings>,
    pub(super) register: Arc<Register>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) base: Arc<Segment>,
    pub(super) changed: Arc<Segment>,
    pub(super) count: u32,
    pub(super) touches: Touches,
    /// Whether any touchpoint lies in the home of an opportunity, beside that of an account or person.
    pub(super) touches_on_opportunities: bool,
    pub(super) people: People,
    /// By opportunity; deleted ones are left out.
    pub(super) contact_roles: Layered<OpportunityId, Vec<ContactRoleRow>>,
    /// By opportunity; deleted ones are left out.
    pub(super) splits: Layered<OpportunityId, Vec<SplitRow>>,
    /// Lines whose opportunity has not come yet.
    pub(super) waiting_lines: Arc<HashMap<LineSetId, Vec<LineRow>>>,
    pub(super) targets: Arc<Vec<Target>>,
    pub(super) judgements: Arc<Vec<Judgement>>,
    pub(super) adjustments: Arc<Vec<Adjustment>>,
    /// Of `base`, and of what else they depend on.
    pub(super) curves: Arc<Curves>,
    pub(super) reviews: Layered<OpportunityId, Vec<ReviewRow>>,
    pub(super) norms: Arc<KeptNorms>,
}

impl Snapshot {
    /// The last change it holds.
    pub fn data_version(&self) -> DataVersion {
        self.data_version
    }

    /// The last change that an answer holds which was asked for as of `version`; `None`: of everything.
    pub fn version_of(&self, version: Option<DataVersion>) -> DataVersion {
        version.unwrap_or(self.data_version)
    }

    /// What every number depends on beside the rows.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All target rows, in order of (valid_from, sequence, recorded, id).
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// All judgement rows, in order of (valid_from, sequence, recorded, id).
    pub fn judgements(&self) -> &[Judgement] {
        &self.judgements
    }

    /// All adjustment rows, in order of (valid_from, sequence, recorded, id).
    pub fn adjustments(&self) -> &[Adjustment] {
        &self.adjustments
    }

    /// What people call a value: a region's name, `(no product)`, `(unattributed)`, `AE`.
    pub fn label(&self, dimension: Dimension, value: &DimensionValue) -> String {
        match value {
            DimensionValue::None => nothing(dimension).to_owned(),
            DimensionValue::Entity(id) => self.register.names.get(id).cloned().unwrap_or_else(|| id.to_string()),
            DimensionValue::Source(source) => source_name(*source).to_owned(),
            DimensionValue::Text(text) => text.clone(),
            DimensionValue::Month(month) => month.to_string(),
        }
    }

    /// The instant of the first version, which bounds how much history there is; `None` when empty.
    pub fn first_instant_ms(&self) -> Option<i64> {
        self.base.first_ms.into_iter().chain(self.changed.first_ms).min()
    }

    /// How many opportunities there are; their indices are 0 up to this, and keep their meaning in snapshots built onto this one.
    pub fn opportunity_count(&self) -> usize {
        self.count as usize
    }

    /// The id of the opportunity at `index`.
    pub fn opportunity_id(&self, index: u32) -> OpportunityId {
        let (segment, position) = self.locate(index);
        segment.origins[position].id
    }

    /// Where an opportunity stands; `None` where the snapshot does not hold it.
    pub fn opportunity_index(&self, id: OpportunityId) -> Option<u32> {
        let find = |segment: &Segment| segment.find(id).map(|position| segment.index[position]);
        find(&self.changed).or_else(|| find(&self.base))
    }

    /// What never changes of the opportunity at `index`.
    pub fn origin(&self, index: u32) -> Origin {
        let (segment, position) = self.locate(index);
        let row = segment.origins[position];
        Origin {
            created_at_ms: row.created_at_ms,
            created_by: self.register.reps.value(row.created_by).map(|id| RepId(*id)),
            lead_source_maps_to: row.lead_source.checked_sub(1).and_then(Source::from_code),
            account: self.accounts.codes.value(row.account).map(|id| AccountId(*id)),
        }
    }

    /// How the opportunity at `index` stood at an instant; `None` before its first version.
    pub fn state_at(&self, index: u32, at_ms: i64) -> Option<State> {
        let (segment, position) = self.locate(index);
        let at = segment.versions_of(position).find(|at| segment.valid_from[*at] <= at_ms && at_ms < segment.valid_to[*at])?;
        Some(self.state(segment, at))
    }

    /// The role that a rep held at an instant; `None` where none is known.
    pub fn role_at(&self, rep: RepId, at_ms: i64) -> Option<Role> {
        self.register.tenure_at(self.register.reps.get(&rep.0)?, at_ms, None)?.role
    }

    /// The channel of a campaign; `None` where it has none or is not known.
    pub fn channel_of(&self, campaign: CampaignId) -> Option<Channel> {
        self.register.campaign_rows.get(&self.register.campaigns.get(&campaign.0)?)?.channel
    }

    /// Every version of the opportunity at `index` that ever held for a while, in order.
    pub fn versions_of(&self, index: u32) -> Vec<State> {
        let (segment, position) = self.locate(index);
        let held = segment.versions_of(position).filter(|at| segment.valid_from[*at] < segment.valid_to[*at]);
        held.map(|at| self.state(segment, at)).collect()
    }

    /// The currencies that opportunities are in and no rate is known for: their amounts count as 0.
    pub fn missing_rates(&self) -> Vec<CurrencyCode> {
        let known = |code: u32| self.register.rates.get(&code).is_some_and(|rates| !rates.is_empty());
        let codes = 1..=u32::try_from(self.register.currencies.len()).expect("currency codes have three letters");
        let missing = codes.filter(|code| !known(*code)).filter_map(|code| self.register.currencies.value(code).copied());
        missing.filter(|currency| *currency != self.settings.reporting_currency).collect()
    }

    /// Those of `indices` of which anything may fall on these days, as `chrono` counts days; in no order.
    pub(crate) fn near(&self, indices: Range<u32>, days: &Range<i32>) -> impl Iterator<Item = u32> + use<'_> {
        let changed = &self.changed.index;
        let bound = |index: u32| (index as usize).min(self.base.len());
        let unchanged = self.base.near(bound(indices.start)..bound(indices.end), days);
        let unchanged = unchanged.map(|at| self.base.index[at]);
        let unchanged = unchanged.filter(move |index| changed.is_empty() || changed.binary_search(index).is_err());
        let place = |index: u32| changed.partition_point(|own| *own < index);
        let newer = self.changed.near(place(indices.start)..place(indices.end), days);
        unchanged.chain(newer.map(move |at| changed[at]))
    }

    /// Where the opportunity at `index` lies.
    pub(super) fn locate(&self, index: u32) -> (&Segment, usize) {
        match self.changed.index.binary_search(&index) {
            Ok(position) => (&self.changed, position),
            Err(_) => (&self.base, index as usize),
        }
    }

    pub(super) fn state(&self, segment: &Segment, at: usize) -> State {
        let row = &segment.versions[at];
        State {
            valid_from_ms: segment.valid_from[at],
            stage: StageId(*self.register.stages.value(row.stage).expect("every version has a stage")),
            stage_kind: self.register.stage_kind(row.stage),
            forecast_category: row.category,
            close_date: date(row.close_day),
            currency: self.currency(row.currency),
            acv_minor: row.acv,
            campaign: self.register.campaigns.value(row.campaign).map(|id| CampaignId(*id)),
            owner: self.register.reps.value(row.owner).map(|id| RepId(*id)),
            is_deleted: row.is_deleted,
            recorded: row.recorded,
        }
    }

    pub(super) fn currency(&self, code: u16) -> CurrencyCode {
        *self.register.currencies.value(u32::from(code)).expect("every version has a currency")
    }
}

/// A day as stored.
pub(crate) fn date(day: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day).expect("stored days come from dates")
}

fn nothing(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Product => "(no product)",
        Dimension::Region => "(no region)",
        Dimension::Segment => "(no segment)",
        Dimension::Source => "(unattributed)",
        Dimension::Industry => "(no industry)",
        Dimension::Owner => "(no owner)",
        Dimension::Manager => "(no manager)",
        Dimension::OpportunityType => "(no type)",
        Dimension::Stage => "(no stage)",
        Dimension::Month => "(no month)",
    }
}

fn source_name(source: Source) -> &'static str {
    match source {
        Source::Role(Role::Ae) => "AE",
        Source::Role(Role::Bdr) => "BDR",
        Source::Role(Role::Sdr) => "SDR",
        Source::Role(Role::Ecs) => "ECS",
        Source::Role(Role::CloudSales) => "Cloud sales",
        Source::Channel(Channel::Brand) => "Brand",
        Source::Channel(Channel::DemandGeneration) => "Demand generation",
        Source::Channel(Channel::Events) => "Events",
        Source::Channel(Channel::Abm) => "ABM",
        Source::Channel(Channel::Digital) => "Digital",
        Source::Channel(Channel::Enablement) => "Enablement",
    }
}
