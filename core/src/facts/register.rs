//! The small tables behind the codes of the columns: dictionaries, names, stages, tenures, channels and rates.

use super::hash::{Mix, Mixed};
use crate::campaign::Channel;
use crate::catalog::StageKind;
use crate::currency::CurrencyCode;
use crate::ids::{DataVersion, TenureId};
use crate::rep::Role;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, RandomState};
use std::sync::Arc;
use uuid::Uuid;

/// Values that may stand beside the rest of a dictionary before they are moved to it, at least.
pub(super) const MOST_RECENT: usize = 1024;

/// Values and their codes, from 1 up; code 0 means no value. A clone copies only the recent ones.
#[derive(Debug, Clone)]
pub(super) struct Codes<T, S = BuildHasherDefault<Mix>> {
    settled: Arc<Dictionary<T, S>>,
    /// Those whose codes follow.
    recent: Dictionary<T, S>,
}

/// Texts, hashed so that nobody can choose ones that collide.
pub(super) type Texts = Codes<String, RandomState>;

#[derive(Debug, Clone)]
struct Dictionary<T, S> {
    values: Vec<T>,
    codes: HashMap<T, u32, S>,
}

impl<T, S: Default> Default for Dictionary<T, S> {
    fn default() -> Self {
        Self { values: Vec::new(), codes: HashMap::default() }
    }
}

impl<T, S: Default> Default for Codes<T, S> {
    fn default() -> Self {
        Self { settled: Arc::default(), recent: Dictionary::default() }
    }
}

impl<T: Hash + Eq + Clone, S: BuildHasher + Clone + Default> Codes<T, S> {
    /// The code of a value; `None` where it was never seen.
    pub(super) fn get(&self, value: &T) -> Option<u32> {
        let recent = || if self.recent.values.is_empty() { None } else { self.recent.codes.get(value) };
        self.settled.codes.get(value).or_else(recent).copied()
    }

    /// The code of a value, a new one where it was never seen.
    pub(super) fn intern(&mut self, value: &T) -> u32 {
        if let Some(code) = self.get(value) {
            return code;
        }
        self.recent.values.push(value.clone());
        let code = u32::try_from(self.len()).expect("fewer than 2^32 values");
        self.recent.codes.insert(value.clone(), code);
        code
    }

    /// The value of a code; `None` for code 0.
    pub(super) fn value(&self, code: u32) -> Option<&T> {
        let place = (code as usize).wrapping_sub(1);
        self.settled.values.get(place).or_else(|| self.recent.values.get(place.wrapping_sub(self.settled.values.len())))
    }

    /// All values, in order of code.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.settled.values.iter().chain(&self.recent.values)
    }

    /// How many values there are: the highest code.
    pub(super) fn len(&self) -> usize {
        self.settled.values.len() + self.recent.values.len()
    }

    /// Moves what is recent to the rest, where it has become much.
    pub(super) fn settle(&mut self) {
        if self.recent.values.len() > MOST_RECENT.max(self.settled.values.len() / 16) {
            let recent = std::mem::take(&mut self.recent);
            if self.settled.values.is_empty() {
                self.settled = Arc::new(recent);
            } else {
                let settled = Arc::make_mut(&mut self.settled);
                settled.values.extend(recent.values);
                settled.codes.extend(recent.codes);
            }
        }
    }
}

/// What a rep did from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TenureRow {
    pub(super) id: TenureId,
    pub(super) valid_from_ms: i64,
    pub(super) role: Option<Role>,
    /// Code of the manager; 0 for none.
    pub(super) manager: u32,
    pub(super) recorded: DataVersion,
}

/// A campaign as it stands now, as far as numbers need it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CampaignRow {
    /// Code of the campaign above it; 0 for none.
    pub(crate) parent: u32,
    pub(crate) channel: Option<Channel>,
    pub(crate) starts_on: Option<NaiveDate>,
    pub(crate) ends_on: Option<NaiveDate>,
    pub(crate) currency: CurrencyCode,
    pub(crate) budgeted_cost_minor: i64,
    pub(crate) actual_cost_minor: i64,
    pub(crate) is_deleted: bool,
}

/// A dated rate of one currency.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RateRow {
    pub(super) valid_from: NaiveDate,
    pub(super) known_from_ms: i64,
    pub(super) rate: Decimal,
    pub(super) recorded: DataVersion,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Register {
    pub(super) products: Codes<Uuid>,
    pub(super) regions: Codes<Uuid>,
    pub(super) segments: Codes<Uuid>,
    pub(super) stages: Codes<Uuid>,
    pub(super) reps: Codes<Uuid>,
    pub(super) campaigns: Codes<Uuid>,
    pub(super) industries: Texts,
    pub(super) types: Texts,
    pub(super) currencies: Codes<CurrencyCode>,
    /// Names of products, regions, segments, stages, reps and campaigns: ids of different nouns never collide.
    pub(super) names: HashMap<Uuid, String>,
    pub(super) stage_kinds: Mixed<u32, StageKind>,
    /// Places in the process.
    pub(super) stage_places: Mixed<u32, i32>,
    pub(super) campaign_rows: Arc<Mixed<u32, CampaignRow>>,
    /// By campaign, one bit for each rule of suppression that names it.
    pub(super) rules_naming: Mixed<u32, u64>,
    /// Whether reps can still sign in to the source system.
    pub(super) active_reps: Mixed<u32, bool>,
    /// By rep, in order of (valid_from, recorded).
    pub(super) tenures: Mixed<u32, Vec<TenureRow>>,
    /// By currency, in order of (valid_from, known_from, recorded).
    pub(super) rates: Mixed<u32, Vec<RateRow>>,
}

/// What has its codes in a [`Register`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Noun {
    Product,
    Region,
    Segment,
    Stage,
    Rep,
    Campaign,
}

impl Register {
    /// Makes a clone cheap again after many values came.
    pub(super) fn settle(&mut self) {
        for noun in [Noun::Product, Noun::Region, Noun::Segment, Noun::Stage, Noun::Rep, Noun::Campaign] {
            self.codes_mut(noun).settle();
        }
        self.industries.settle();
        self.types.settle();
    }

    /// The codes of a noun.
    pub(super) fn codes(&self, noun: Noun) -> &Codes<Uuid> {
        match noun {
            Noun::Product => &self.products,
            Noun::Region => &self.regions,
            Noun::Segment => &self.segments,
            Noun::Stage => &self.stages,
            Noun::Rep => &self.reps,
            Noun::Campaign => &self.campaigns,
        }
    }

    /// The codes of a noun, to add to.
    pub(super) fn codes_mut(&mut self, noun: Noun) -> &mut Codes<Uuid> {
        match noun {
            Noun::Product => &mut self.products,
            Noun::Region => &mut self.regions,
            Noun::Segment => &mut self.segments,
            Noun::Stage => &mut self.stages,
            Noun::Rep => &mut self.reps,
            Noun::Campaign => &mut self.campaigns,
        }
    }

    /// What a stage means; a stage that nobody described is open.
    pub(super) fn stage_kind(&self, stage: u32) -> StageKind {
        self.stage_kinds.get(&stage).copied().unwrap_or(StageKind::Open)
    }

    /// The tenure of a rep at an instant.
    pub(super) fn tenure_at(&self, rep: u32, at_ms: i64, version: Option<DataVersion>) -> Option<&TenureRow> {
        let rows = self.tenures.get(&rep)?;
        rows.iter().rev().find(|row| row.valid_from_ms <= at_ms && version.is_none_or(|version| row.recorded <= version))
    }
}
