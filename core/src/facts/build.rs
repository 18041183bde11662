//! Building a snapshot from records in bulk, and from a change on top of another snapshot.

use super::gathered::GatheredTouches;
use super::hygiene::{KeptNorms, ReviewRow};
use super::layered::Layered;
use super::links::{ContactRoleRow, SplitRow};
use super::places::{People, PersonRow, intern};
use super::register::{CampaignRow, Noun, RateRow, Register, TenureRow};
use super::segment::{LineRow, NO_DAY, OriginRow, Segment, VersionRow, narrow};
use super::touches::Touches;
use super::{AccountFact, ContactFact, LeadFact, LineFact, OpportunityFact, Settings, Snapshot, VersionFact};
use crate::attribution::Linking;
use crate::campaign::Campaign;
use crate::catalog::{Product, Region, Segment as MarketSegment, Stage};
use crate::currency::ExchangeRate;
use crate::forecast::{Adjustment, Judgement};
use crate::ids::{DataVersion, LineSetId, OpportunityId};
use crate::opportunity::{ContactRole, Split};
use crate::rep::{Rep, Tenure};
use crate::review::Review;
use crate::target::Target;
use crate::touchpoint::Touchpoint;
use chrono::Datelike;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// Takes records in any order of calls (line sets, accounts, campaigns, reps may come before or after what refers to them).
///
/// Used twice: [`Self::new`] for a whole load, [`Self::onto`] for the records of new changes on top of a snapshot. In the
/// second case an opportunity that comes again comes with **all** its versions, and replaces what the snapshot held of it;
/// everything else that comes again replaces the row of the same id. Touchpoints come again where an opportunity, contact or
/// lead that they name does, so that they lie where it leads them now.
pub struct Builder {
    pub(super) base: Snapshot,
    /// As it was before.
    pub(super) before: Snapshot,
    /// Opportunities given to this builder, in the order given; lines and indices come at the end.
    fresh: Segment,
    set_numbers: HashMap<LineSetId, u32>,
    lines: Vec<LineRow>,
    /// Where the lines of each set lie in `lines`.
    line_ranges: HashMap<LineSetId, (u32, u32)>,
    /// Set and position of the line that came last.
    last_line: Option<(LineSetId, i32)>,
    pub(super) touches: Vec<GatheredTouches>,
    /// Reps with new tenures.
    pub(super) retold: HashSet<u32>,
    targets: Vec<Target>,
    judgements: Vec<Judgement>,
    adjustments: Vec<Adjustment>,
    /// The curves of the snapshot below hold no longer.
    redrawn: bool,
}

impl Builder {
    /// Starts from nothing.
    pub fn new(settings: Settings) -> Self {
        Self::onto(&Snapshot {
            data_version: DataVersion::default(),
            settings: Arc::new(settings),
            register: Arc::default(),
            accounts: Arc::default(),
            base: Arc::default(),
            changed: Arc::default(),
            count: 0,
            touches: Touches::default(),
            touches_on_opportunities: false,
            people: People::default(),
            contact_roles: Layered::default(),
            splits: Layered::default(),
            waiting_lines: Arc::default(),
            targets: Arc::default(),
            judgements: Arc::default(),
            adjustments: Arc::default(),
            curves: Arc::default(),
            reviews: Layered::default(),
            norms: Arc::<KeptNorms>::default(),
        })
    }

    /// Starts from a snapshot; what is not mentioned stays shared with it.
    pub fn onto(base: &Snapshot) -> Self {
        Self {
            base: base.clone(),
            before: base.clone(),
            fresh: Segment::default(),
            set_numbers: HashMap::new(),
            lines: Vec::new(),
            line_ranges: HashMap::new(),
            last_line: None,
            touches: Vec::new(),
            retold: HashSet::new(),
            targets: Vec::new(),
            judgements: Vec::new(),
            adjustments: Vec::new(),
            redrawn: false,
        }
    }

    /// Whose touchpoints are an opportunity's.
    pub fn linking(&self) -> Linking {
        self.base.settings.journeys.linking
    }

    /// Whether a rule of suppression names contacts or leads.
    pub fn names_people(&self) -> bool {
        self.base.settings.journeys.suppressions.iter().any(|rule| !rule.people.is_empty())
    }

    fn register(&mut self) -> &mut Register {
        Arc::make_mut(&mut self.base.register)
    }

    /// Adds a product.
    pub fn product(&mut self, product: &Product) {
        let register = self.register();
        register.products.intern(&product.id.0);
        register.names.insert(product.id.0, product.name.clone());
    }

    /// Adds a region.
    pub fn region(&mut self, region: &Region) {
        let register = self.register();
        register.regions.intern(&region.id.0);
        register.names.insert(region.id.0, region.name.clone());
    }

    /// Adds a segment.
    pub fn segment(&mut self, segment: &MarketSegment) {
        let register = self.register();
        register.segments.intern(&segment.id.0);
        register.names.insert(segment.id.0, segment.name.clone());
    }

    /// Adds a stage.
    pub fn stage(&mut self, stage: &Stage) {
        let register = self.register();
        let code = register.stages.intern(&stage.id.0);
        let is_other = register.stage_kind(code) != stage.kind;
        register.stage_kinds.insert(code, stage.kind);
        register.stage_places.insert(code, stage.position);
        register.names.insert(stage.id.0, stage.name.clone());
        self.redrawn |= is_other;
    }

    /// Adds a rep.
    pub fn rep(&mut self, rep: &Rep) {
        let register = self.register();
        let code = register.reps.intern(&rep.id.0);
        register.active_reps.insert(code, rep.is_active);
        register.names.insert(rep.id.0, rep.name.clone());
    }

    /// Adds a tenure.
    pub fn tenure(&mut self, tenure: &Tenure) {
        let rep = self.code(&tenure.rep.0, Noun::Rep);
        self.retold.insert(rep);
        self.redrawn = true;
        let register = self.register();
        let manager = tenure.manager.map_or(0, |manager| register.reps.intern(&manager.0));
        let rows = register.tenures.entry(rep).or_default();
        rows.retain(|row| row.id != tenure.id);
        rows.push(TenureRow {
            id: tenure.id,
            valid_from_ms: tenure.valid_from.timestamp_millis(),
            role: tenure.role,
            manager,
            recorded: tenure.recorded,
        });
        rows.sort_by_key(|row| (row.valid_from_ms, row.recorded, row.id));
    }

    /// Adds a campaign.
    pub fn campaign(&mut self, campaign: &Campaign) {
        let settings = Arc::clone(&self.base.settings);
        let register = self.register();
        let code = register.campaigns.intern(&campaign.id.0);
        register.names.insert(campaign.id.0, campaign.name.clone());
        let row = CampaignRow {
            parent: campaign.parent.map_or(0, |parent| register.campaigns.intern(&parent.0)),
            channel: campaign.channel,
            starts_on: campaign.starts_on,
            ends_on: campaign.ends_on,
            currency: campaign.currency,
            budgeted_cost_minor: campaign.budgeted_cost_minor.unwrap_or(0),
            actual_cost_minor: campaign.actual_cost_minor.unwrap_or(0),
            is_deleted: campaign.is_deleted,
        };
        Arc::make_mut(&mut register.campaign_rows).insert(code, row);
        let rules = settings.journeys.suppressions.iter().enumerate();
        let named = rules.filter(|(_, rule)| rule.names(campaign.id, &campaign.name));
        register.rules_naming.insert(code, named.fold(0, |bits, (at, _)| bits | 1 << at));
    }

    /// Adds an exchange rate; one of the same (currency, first day, known from) replaces the one that was there.
    pub fn exchange_rate(&mut self, rate: &ExchangeRate) {
        self.redrawn = true;
        let register = self.register();
        let rows = register.rates.entry(register.currencies.intern(&rate.currency)).or_default();
        let known_from_ms = rate.known_from.timestamp_millis();
        rows.retain(|row| (row.valid_from, row.known_from_ms) != (rate.valid_from, known_from_ms));
        rows.push(RateRow { valid_from: rate.valid_from, known_from_ms, rate: rate.rate, recorded: rate.recorded });
        rows.sort_by_key(|row| (row.valid_from, row.known_from_ms, row.recorded));
    }

    /// Adds an account.
    pub fn account(&mut self, account: AccountFact) {
        let industry = account.industry.map_or(0, |text| self.register().industries.intern(&text));
        let accounts = Arc::make_mut(&mut self.base.accounts);
        let known = accounts.codes.get(&account.id.0);
        let code = known.unwrap_or_else(|| accounts.codes.intern(&account.id.0));
        self.redrawn |= known.is_some() && accounts.industry(code) != industry;
        accounts.set_industry(code, industry);
    }

    /// Adds a line; lines of one set come one after the other, in order of position.
    pub fn line(&mut self, line: LineFact) {
        let product = line.product.map_or(0, |id| self.code(&id.0, Noun::Product));
        let at = narrow(self.lines.len());
        let follows = self.last_line.is_some_and(|(set, position)| set == line.line_set && position < line.position);
        self.lines.push(LineRow { acv: line.acv_minor, product });
        self.last_line = Some((line.line_set, line.position));
        let range = self.line_ranges.entry(line.line_set).or_insert((at, at));
        *range = (if follows { range.0 } else { at }, at + 1);
    }

    /// Adds an opportunity with all its versions, in order of (valid_from, sequence); at least one.
    pub fn opportunity(&mut self, opportunity: OpportunityFact, versions: &[VersionFact]) {
        let origin = OriginRow {
            id: opportunity.id,
            created_at_ms: opportunity.created_at_ms,
            created_by: opportunity.created_by.map_or(0, |id| self.code(&id.0, Noun::Rep)),
            account: opportunity.account.map_or(0, |id| self.home(id.0)),
            lead_source: opportunity.lead_source_maps_to.map_or(0, |source| source.code() + 1),
            has_contact_role: opportunity.has_contact_role,
            last_activity_day: opportunity.last_activity_on.map_or(NO_DAY, |day| day.num_days_from_ce()),
        };
        let mut ordered: Vec<&VersionFact> = versions.iter().collect();
        ordered.sort_by_key(|version| (version.valid_from_ms, version.sequence));
        for (position, version) in ordered.iter().enumerate() {
            let row = self.version(version);
            self.fresh.valid_from.push(version.valid_from_ms);
            self.fresh.valid_to.push(ordered.get(position + 1).map_or(i64::MAX, |next| next.valid_from_ms));
            self.fresh.versions.push(row);
        }
        self.fresh.origins.push(origin);
        self.fresh.ends.push(narrow(self.fresh.versions.len()));
    }

    fn version(&mut self, version: &VersionFact) -> VersionRow {
        let lines = version.line_set.map_or(0, |set| {
            let next = narrow(self.set_numbers.len()) + 1;
            *self.set_numbers.entry(set).or_insert_with(|| {
                self.fresh.set_ids.push(set);
                next
            })
        });
        let currency = match self.base.register.currencies.get(&version.currency) {
            Some(code) => code,
            None => self.register().currencies.intern(&version.currency),
        };
        let opportunity_type = version.opportunity_type.as_ref().map_or(0, |text| match self.base.register.types.get(text) {
            Some(code) => code,
            None => self.register().types.intern(text),
        });
        VersionRow {
            acv: version.acv_minor.unwrap_or(0),
            recorded: version.recorded,
            close_day: version.close_date.num_days_from_ce(),
            owner: version.owner.map_or(0, |id| self.code(&id.0, Noun::Rep)),
            campaign: version.campaign.map_or(0, |id| self.code(&id.0, Noun::Campaign)),
            lines,
            stage: self.code(&version.stage.0, Noun::Stage),
            region: version.region.map_or(0, |id| self.code(&id.0, Noun::Region)),
            segment: version.segment.map_or(0, |id| self.code(&id.0, Noun::Segment)),
            opportunity_type,
            currency: u16::try_from(currency).expect("there are 17,576 currency codes"),
            category: version.forecast_category,
            is_deleted: version.is_deleted,
            has_next_step: version.has_next_step,
            has_amount: version.has_amount,
        }
    }

    /// Adds a contact, so that touchpoints without an account are found by theirs.
    pub fn contact(&mut self, contact: &ContactFact) {
        let account = contact.account.map(|id| id.0);
        self.base.people.change(contact.id.0, |row| *row = PersonRow { account, ..PersonRow::default() });
    }

    /// Adds a lead, so that its touchpoints are those of the contact that it became, at that contact's account.
    pub fn lead(&mut self, lead: &LeadFact) {
        let (contact, account) = (lead.converted_contact.map(|id| id.0), lead.converted_account.map(|id| id.0));
        let became = contact.is_some() || account.is_some();
        // One that is still a lead says nothing, unless it was thought to have become more.
        if became || self.base.people.get(&lead.id.0).is_some() {
            self.base.people.change(lead.id.0, |row| *row = PersonRow { contact, account, recorded: lead.recorded });
        }
    }

    /// Adds a contact's part in an opportunity; needed unless touchpoints are linked by account.
    pub fn contact_role(&mut self, role: &ContactRole) {
        let contact = self.home(role.contact.0);
        let row = ContactRoleRow { id: role.id, contact, is_primary: role.is_primary, recorded: role.recorded };
        self.base.contact_roles.change(role.opportunity, |rows| {
            rows.retain(|own| own.id != row.id);
            rows.extend((!role.is_deleted).then_some(row));
        });
    }

    /// Adds a rep's share of an opportunity.
    pub fn split(&mut self, split: &Split) {
        let rep = self.code(&split.rep.0, Noun::Rep);
        // A percentage below 0 is no share of anything.
        let share_millionths = u32::try_from(split.percentage_bp).unwrap_or(0).saturating_mul(100);
        let row = SplitRow { id: split.id, rep, share_millionths, is_overlay: split.is_overlay, recorded: split.recorded };
        self.base.splits.change(split.opportunity, |rows| {
            rows.retain(|own| own.id != row.id);
            rows.extend((!split.is_deleted).then_some(row));
        });
    }

    /// Adds a touchpoint. One of no account, no person, no opportunity and no campaign can belong to nothing and is left out.
    pub fn touchpoint(&mut self, touchpoint: &Touchpoint) {
        if self.touches.is_empty() {
            self.touches.push(GatheredTouches::new(self.linking()));
        }
        self.touches[0].push(touchpoint);
    }

    /// Adds touchpoints that were gathered elsewhere.
    pub fn touchpoints(&mut self, gathered: GatheredTouches) {
        self.touches.push(gathered);
    }

    /// Adds a target.
    pub fn target(&mut self, target: Target) {
        self.targets.push(target);
    }

    /// Adds a judgement.
    pub fn judgement(&mut self, judgement: Judgement) {
        self.judgements.push(judgement);
    }

    /// Adds an adjustment.
    pub fn adjustment(&mut self, adjustment: Adjustment) {
        self.adjustments.push(adjustment);
    }

    /// Adds a review that the snapshot does not hold yet.
    pub fn review(&mut self, review: &Review) {
        let row = ReviewRow { at_ms: review.at.timestamp_millis(), recorded: review.recorded };
        self.base.reviews.change(review.opportunity, |rows| {
            rows.push(row);
            rows.sort_unstable();
        });
    }

    /// Makes the snapshot that ends with `data_version`.
    pub fn finish(mut self, data_version: DataVersion) -> Snapshot {
        self.base.data_version = data_version;
        self.settle_lines();
        let below = self.base.base.clone();
        self.settle_opportunities();
        if self.redrawn || !Arc::ptr_eq(&below, &self.base.base) {
            self.base.curves = Arc::new(self.base.curves.renewed());
        }
        self.settle_touches();
        self.base.reviews.settle();
        // Where rows hold from one instant, the one recorded last counts, whatever order a database hands them over in.
        replace_rows(
            &mut self.base.targets,
            self.targets,
            |row| row.id.0,
            |row| (row.valid_from, row.sequence, row.recorded, row.id),
        );
        replace_rows(
            &mut self.base.judgements,
            self.judgements,
            |row| row.id.0,
            |row| (row.valid_from, row.sequence, row.recorded, row.id),
        );
        replace_rows(
            &mut self.base.adjustments,
            self.adjustments,
            |row| row.id.0,
            |row| (row.valid_from, row.sequence, row.recorded, row.id),
        );
        // Unique only where this builder copied or made them.
        if let Some(register) = Arc::get_mut(&mut self.base.register) {
            register.settle();
        }
        if let Some(accounts) = Arc::get_mut(&mut self.base.accounts) {
            accounts.settle();
        }
        self.base.people.settle();
        self.base.contact_roles.settle();
        self.base.splits.settle();
        self.base
    }

    /// Gives each set of `fresh` its lines: from this builder, else from the snapshot below.
    fn settle_lines(&mut self) {
        let mut older: HashMap<LineSetId, Vec<LineRow>> = HashMap::new();
        if self.base.count > 0 {
            for origin in &self.fresh.origins {
                let Some(index) = self.base.opportunity_index(origin.id) else { continue };
                let (segment, position) = self.base.locate(index);
                for row in &segment.versions[segment.versions_of(position)] {
                    if row.lines != 0 {
                        let set = segment.set_ids[row.lines as usize - 1];
                        older.entry(set).or_insert_with(|| segment.lines_of(row).to_vec());
                    }
                }
            }
        }
        self.fresh.lines = std::mem::take(&mut self.lines);
        for set in &self.fresh.set_ids {
            let range = self.line_ranges.remove(set).unwrap_or_else(|| {
                let start = narrow(self.fresh.lines.len());
                if let Some(rows) = older.get(set).or_else(|| self.base.waiting_lines.get(set)) {
                    self.fresh.lines.extend_from_slice(rows);
                }
                (start, narrow(self.fresh.lines.len()))
            });
            self.fresh.set_ranges.push(range);
        }
        if !self.line_ranges.is_empty() {
            let waiting = Arc::make_mut(&mut self.base.waiting_lines);
            for (set, (start, end)) in self.line_ranges.drain() {
                waiting.insert(set, self.fresh.lines[start as usize..end as usize].to_vec());
            }
        }
    }

    /// Puts `fresh` beside or in place of what the snapshot below holds.
    fn settle_opportunities(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.origins.is_empty() {
            return;
        }
        let mut last: HashMap<OpportunityId, usize> = HashMap::with_capacity(fresh.len());
        for (position, origin) in fresh.origins.iter().enumerate() {
            last.insert(origin.id, position);
        }
        self.settle_norms(&fresh);
        if self.base.count == 0 && last.len() == fresh.len() {
            let mut fresh = fresh;
            fresh.index = (0..narrow(fresh.len())).collect();
            fresh.seal();
            self.base.count = narrow(fresh.len());
            self.base.base = Arc::new(fresh);
            return;
        }
        let mut order: Vec<(u32, usize)> = Vec::with_capacity(last.len());
        for (position, origin) in fresh.origins.iter().enumerate() {
            if last[&origin.id] != position {
                continue;
            }
            let index = self.base.opportunity_index(origin.id).unwrap_or_else(|| {
                self.base.count += 1;
                self.base.count - 1
            });
            order.push((index, position));
        }
        order.sort_unstable();
        let mut added = Segment::default();
        for (index, position) in order {
            added.copy(&fresh, position, index);
        }
        added.seal();
        let changed = Segment::merged(&self.base.changed, &added);
        if self.base.base.len() == 0 || changed.len() > 4096.max(self.base.base.len() / 32) {
            self.base.base = Arc::new(Segment::merged(&self.base.base, &changed));
            self.base.changed = Arc::default();
        } else {
            self.base.changed = Arc::new(changed);
        }
    }

    /// Forgets the norms that what is `fresh` may change.
    fn settle_norms(&mut self, fresh: &Segment) {
        if self.base.count == 0 {
            return;
        }
        let differs_from = |position: usize| {
            let told = fresh.versions_of(position).map(|at| (fresh.valid_from[at], Some(fresh.versions[at].stage)));
            let held = self.base.opportunity_index(fresh.origins[position].id).map(|index| self.base.locate(index));
            let held = held.into_iter().flat_map(|(segment, position)| {
                segment.versions_of(position).map(|at| (segment.valid_from[at], Some(segment.versions[at].stage)))
            });
            // Past the end of either stands what never comes.
            let end = || std::iter::repeat((i64::MAX, None));
            let pairs = told.chain(end()).zip(held.chain(end()));
            let mut pairs = pairs.skip_while(|(told, held)| told == held && told.1.is_some());
            pairs.next().map_or(i64::MAX, |(told, held)| told.0.min(held.0))
        };
        let from_ms = (0..fresh.len()).map(differs_from).min().unwrap_or(i64::MAX);
        self.base.norms = Arc::new(self.base.norms.up_to(from_ms));
    }

    /// The code of an id, without copying the register where it is known already.
    pub(super) fn code(&mut self, id: &Uuid, noun: Noun) -> u32 {
        match self.base.register.codes(noun).get(id) {
            Some(code) => code,
            None => self.register().codes_mut(noun).intern(id),
        }
    }

    fn home(&mut self, id: Uuid) -> u32 {
        intern(&mut self.base.accounts, id)
    }
}

/// Rows that come again replace those of the same id.
fn replace_rows<T: Clone, K: Ord>(rows: &mut Arc<Vec<T>>, added: Vec<T>, id: impl Fn(&T) -> Uuid, order: impl Fn(&T) -> K) {
    if added.is_empty() {
        return;
    }
    let rows = Arc::make_mut(rows);
    let again: HashSet<Uuid> = added.iter().map(&id).collect();
    rows.retain(|row| !again.contains(&id(row)));
    let mut seen = HashSet::new();
    let mut added: Vec<T> = added.into_iter().rev().filter(|row| seen.insert(id(row))).collect();
    added.reverse();
    rows.extend(added);
    rows.sort_by_key(|row| order(row));
}
