//! Where touchpoints lie, so that the journeys they are on find them.

use super::gathered::{GatheredTouches, translation};
use super::layered::Layered;
use super::register::Noun;
use super::snapshot::Accounts;
use super::touches::{Touches, resolve};
use super::{Builder, Snapshot, gathered};
use crate::attribution::Linking;
use crate::ids::{DataVersion, OpportunityId, TouchpointId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// Who a contact or lead turned out to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PersonRow {
    /// The contact that a lead became.
    pub(super) contact: Option<Uuid>,
    /// Where they work.
    pub(super) account: Option<Uuid>,
    /// The change that brought the lead's conversion; 0 for a contact.
    pub(super) recorded: DataVersion,
}

/// Contacts and converted leads by id.
pub(super) type People = Layered<Uuid, PersonRow>;

impl People {
    /// The contact that a lead became, else the same person.
    pub(super) fn contact_of(&self, person: Uuid) -> Uuid {
        self.get(&person).and_then(|row| row.contact).unwrap_or(person)
    }

    fn account_of(&self, person: Uuid) -> Option<Uuid> {
        let row = self.get(&person)?;
        row.account.or_else(|| self.get(&row.contact?)?.account)
    }

    fn converted_in(&self, lead: Uuid) -> Option<DataVersion> {
        self.get(&lead).filter(|row| row.contact.is_some() || row.account.is_some()).map(|row| row.recorded)
    }
}

/// Where a row lies too.
struct Second {
    row: usize,
    home: u32,
    /// The change since which it does, where that is not the row's own.
    since: Option<DataVersion>,
}

/// Where the rows of some gathered touchpoints lie.
struct Places {
    /// The home of each row; 0 where it is on no journey and of no campaign.
    homes: Vec<u32>,
    /// Second homes, in order of row, one of each at most: that of the opportunity it was logged on, or that of the account
    /// that it is of since a lead was converted.
    second: Vec<Second>,
    /// Rows that lie anywhere only since a lead was converted by that change.
    since: Vec<(usize, DataVersion)>,
    /// Whether any row lies in the home of an opportunity.
    on_opportunities: bool,
}

impl Places {
    /// By what `view` knows of people and opportunities; `home` is the code of an account, person, opportunity or campaign.
    fn new(gathered: &GatheredTouches, view: &Snapshot, mut home: impl FnMut(Uuid) -> u32) -> Self {
        let by_account = view.settings.journeys.linking == Linking::ByAccount;
        let of_key = translation(&gathered.key_codes, |id| home(if by_account { *id } else { view.people.contact_of(*id) }));
        let homes = gathered.keys.iter().map(|key| of_key[*key as usize]).collect();
        let mut places = Self { homes, second: Vec::new(), since: Vec::new(), on_opportunities: false };
        if by_account {
            let leads = gathered.leads.iter().filter(|(row, _)| gathered.keys[*row] == 0);
            for (row, person) in gathered.adrift.iter().chain(leads) {
                places.homes[*row] = view.people.account_of(*person).map_or(0, &mut home);
            }
        }
        let account_of =
            translation(&gathered.opportunity_codes, |id| if by_account { view.account_code(OpportunityId(*id)) } else { 0 });
        let account_of = |row: usize| account_of[gathered.opportunities[row] as usize];
        let converted = gathered.leads.iter().filter_map(|(row, lead)| {
            let by_person = places.homes[*row] != 0 && (!by_account || gathered.keys[*row] == 0);
            let recorded = view.people.converted_in(*lead).filter(|_| by_person && places.homes[*row] != account_of(*row))?;
            (gathered.rows[*row].recorded() < recorded).then_some((*row, recorded))
        });
        let converted: Vec<(usize, DataVersion)> = converted.collect();
        places.add_logged(gathered, account_of, &mut home);
        places.keep_before(gathered, converted, &mut home);
        for (row, place) in places.homes.iter_mut().enumerate().filter(|(_, home)| **home == 0) {
            *place = campaign_home(gathered, row, &mut home);
        }
        places
    }

    /// What was logged on an opportunity is on its journey, whoever it is of and whatever account.
    fn add_logged(&mut self, gathered: &GatheredTouches, account_of: impl Fn(usize) -> u32, mut home: impl FnMut(Uuid) -> u32) {
        for (row, opportunity) in gathered.opportunities.iter().enumerate().filter(|(_, code)| **code != 0) {
            let (account, own) = (account_of(row), &mut self.homes[row]);
            if account != 0 && (*own == 0 || *own == account) {
                *own = account;
                continue;
            }
            let id = *gathered.opportunity_codes.value(*opportunity).expect("codes come from values");
            self.on_opportunities = true;
            match *own {
                0 => *own = home(id),
                _ => self.second.push(Second { row, home: home(id), since: None }),
            }
        }
    }

    /// Leaves what was of a lead where it was before the conversion, so that what was known then is still there.
    fn keep_before(
        &mut self,
        gathered: &GatheredTouches,
        converted: Vec<(usize, DataVersion)>,
        mut home: impl FnMut(Uuid) -> u32,
    ) {
        let logged = self.second.len();
        for (row, recorded) in converted {
            let (place, since) = (self.homes[row], Some(recorded));
            if let Ok(at) = self.second[..logged].binary_search_by_key(&row, |second| second.row) {
                self.homes[row] = std::mem::replace(&mut self.second[at], Second { row, home: place, since }).home;
                continue;
            }
            match campaign_home(gathered, row, &mut home) {
                0 => self.since.push((row, recorded)),
                before => {
                    self.homes[row] = before;
                    self.second.push(Second { row, home: place, since });
                }
            }
        }
        self.second.sort_unstable_by_key(|second| second.row);
    }

    /// The homes of a row.
    fn of(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        let place = self.second.binary_search_by_key(&row, |second| second.row).ok();
        let second = place.map(|place| self.second[place].home);
        std::iter::once(self.homes[row]).filter(|home| *home != 0).chain(second)
    }
}

/// The home of the campaign that reached somebody who is on no journey yet; 0 where there is none.
fn campaign_home(gathered: &GatheredTouches, row: usize, mut home: impl FnMut(Uuid) -> u32) -> u32 {
    gathered.campaign_codes.value(gathered.rows[row].campaign()).map_or(0, |campaign| home(*campaign))
}

/// The code of an account, person, opportunity or campaign, without copying the codes where it is known already.
pub(super) fn intern(accounts: &mut Arc<Accounts>, id: Uuid) -> u32 {
    match accounts.codes.get(&id) {
        Some(code) => code,
        None => Arc::make_mut(accounts).codes.intern(&id),
    }
}

impl Builder {
    /// Gives touchpoints their homes and, by what reps did at the time, their source.
    pub(super) fn settle_touches(&mut self) {
        if !self.retold.is_empty() && !self.base.touches.is_empty() {
            self.base.touches.retell(&self.base.register, &self.retold);
        }
        for gathered in std::mem::take(&mut self.touches) {
            self.settle_gathered(gathered);
        }
    }

    fn settle_gathered(&mut self, gathered: GatheredTouches) {
        if gathered.is_empty() {
            return;
        }
        let mut accounts = std::mem::take(&mut self.base.accounts);
        let places = Places::new(&gathered, &self.base, |id| intern(&mut accounts, id));
        self.base.accounts = accounts;
        self.leave_old_places(&gathered, &places);
        self.base.touches_on_opportunities |= places.on_opportunities;
        let reps = translation(&gathered.rep_codes, |id| self.code(id, Noun::Rep));
        let campaigns = translation(&gathered.campaign_codes, |id| self.code(id, Noun::Campaign));
        let GatheredTouches { mut rows, leads, keys, opportunities, key_codes, opportunity_codes, .. } = gathered;
        drop((keys, opportunities, key_codes, opportunity_codes));
        let Places { mut homes, second, since, .. } = places;
        rows.reserve_exact(second.len());
        homes.reserve_exact(second.len());
        for (row, lead) in leads {
            rows[row].is_of(self.base.person(lead));
        }
        for Second { row, home, since } in second {
            rows.push(rows[row].again().not_before(since.unwrap_or_default()));
            homes.push(home);
        }
        for (row, recorded) in since {
            rows[row] = rows[row].not_before(recorded);
        }
        rows.iter_mut().for_each(|row| row.recode(&reps, &campaigns));
        resolve(&mut rows, &self.base.register);
        if self.base.touches.is_empty() {
            self.base.touches = Touches::loaded(rows, &homes);
        } else {
            self.base.touches.add(&rows, &homes);
        }
    }

    /// Takes touchpoints that are told again out of the homes that they are no longer in.
    fn leave_old_places(&mut self, gathered: &GatheredTouches, places: &Places) {
        let told = gathered.told_by(self.before.data_version);
        if told.is_empty() {
            return;
        }
        let codes = &self.before.accounts.codes;
        let old = Places::new(gathered, &self.before, |id| codes.get(&id).unwrap_or(0));
        let mut gone: HashMap<u32, HashSet<TouchpointId>> = HashMap::new();
        for row in told {
            for home in old.of(row).filter(|home| places.of(row).all(|new| new != *home)) {
                gone.entry(home).or_default().insert(gathered.rows[row].id());
            }
        }
        self.base.touches.remove(&gone);
    }
}

impl Snapshot {
    /// Equal for the same person: a lead that was converted is the contact that it became.
    pub(crate) fn person(&self, id: Uuid) -> u64 {
        gathered::folded(self.people.contact_of(id))
    }

    /// The code of an opportunity's account; 0 where it has none or is not held.
    fn account_code(&self, id: OpportunityId) -> u32 {
        self.opportunity_index(id).map_or(0, |index| {
            let (segment, position) = self.locate(index);
            segment.origins[position].account
        })
    }
}
