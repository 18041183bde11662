//! What hygiene reads: the life of an opportunity up to an instant, what is known beside, and how long others stayed in a stage.

use super::Snapshot;
use super::hash::Mixed;
use super::reading::{Held, Reading, date};
use super::scan::chunks;
use super::segment::NO_DAY;
use crate::catalog::StageKind;
use crate::hygiene::{Beside, Flags, Life, Part, Rules, StageNorms, Stays, Step};
use crate::ids::{DataVersion, OpportunityId, RepId};
use crate::viewer::Scope;
use chrono::{DateTime, Datelike};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Norms of so many days are remembered.
const MOST_DAYS: usize = 64;

/// Whose norms: of stays that ended before this instant, by what was recorded up to this change.
type Asked = (i64, Option<DataVersion>);

/// The norms that were asked for, the last one last. Shared by snapshots in which nothing that they rest on differs.
#[derive(Default)]
pub(super) struct KeptNorms(Mutex<Vec<(Asked, Arc<StageNorms>)>>);

impl KeptNorms {
    /// Those that hold where opportunities differ from an instant on.
    pub(super) fn up_to(&self, differs_from_ms: i64) -> Self {
        let still = self.kept().iter().filter(|((before_ms, _), _)| *before_ms <= differs_from_ms).cloned().collect();
        Self(Mutex::new(still))
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(Asked, Arc<StageNorms>)>> {
        // Nothing is left half done by a question that panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn or_compute(&self, asked: Asked, compute: impl FnOnce() -> StageNorms) -> Arc<StageNorms> {
        let known = self.kept().iter().find(|(own, _)| *own == asked).map(|(_, norms)| norms.clone());
        known.unwrap_or_else(|| {
            let norms = Arc::new(compute());
            let mut kept = self.kept();
            kept.push((asked, norms.clone()));
            if kept.len() > MOST_DAYS {
                kept.remove(0);
            }
            norms
        })
    }
}

/// When an opportunity was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReviewRow {
    pub(super) at_ms: i64,
    pub(super) recorded: DataVersion,
}

/// Judges open opportunities as of the instant of a reading.
pub(crate) struct Judge {
    norms: Arc<StageNorms>,
    rules: Rules,
}

impl Judge {
    /// By the norms of the reading's day: of the stays that ended before it began, so that they do not move within a day. They
    /// are of all opportunities, whoever asks.
    pub(crate) fn new(reading: &Reading<'_>) -> Self {
        let snapshot = reading.snapshot;
        let before_ms = snapshot.settings.calendar.start_of_day(date(reading.day())).timestamp_millis();
        let norms = snapshot.norms.or_compute((before_ms, reading.version), || norms(snapshot, before_ms, reading.version));
        Self { norms, rules: snapshot.settings.hygiene }
    }

    /// What it judges by.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the flags of an opportunity follow from.
    pub(crate) fn look(&self, reading: &Reading<'_>, held: &Held<'_>) -> (Life, Beside) {
        let mut life = Life::default();
        reading.effective(*held).for_each(|then| life.step(step(reading, &then), &self.rules));
        (life, self.beside(reading, held))
    }

    /// The flags that an opportunity raises.
    pub(crate) fn flags(&self, reading: &Reading<'_>, held: &Held<'_>) -> Flags {
        let (life, beside) = self.look(reading, held);
        life.flags(&beside, &self.rules)
    }

    /// Whether an opportunity counts in numbers that are adjusted for hygiene.
    pub(crate) fn passes(&self, reading: &Reading<'_>, held: &Held<'_>) -> bool {
        self.rules.passes(self.flags(reading, held))
    }

    fn beside(&self, reading: &Reading<'_>, held: &Held<'_>) -> Beside {
        let (snapshot, row, origin) = (reading.snapshot, held.row(), held.origin());
        let is_inactive = || snapshot.register.active_reps.get(&row.owner) == Some(&false);
        Beside {
            at_ms: reading.at_ms,
            day: reading.day(),
            created_ms: origin.created_at_ms,
            has_contact_role: origin.has_contact_role,
            has_lead_source: origin.lead_source != 0,
            stage_median_ms: self.norms.median_ms(row.stage),
            last_activity_day: last_activity_day(reading, held),
            is_owner_inactive: row.owner == 0 || is_inactive(),
            reviewed_ms: snapshot.last_review(origin.id, reading.at_ms, reading.version),
        }
    }
}

impl Snapshot {
    /// The last review of an opportunity at or before an instant, of those recorded up to `version` (`None`: all), milliseconds.
    fn last_review(&self, id: OpportunityId, at_ms: i64, version: Option<DataVersion>) -> Option<i64> {
        let known = |row: &&ReviewRow| row.at_ms <= at_ms && version.is_none_or(|version| row.recorded <= version);
        self.reviews.get(&id)?.iter().rev().find(known).map(|row| row.at_ms)
    }

    /// The codes of the reps below a manager in the team tree at an instant, and whether they report to the manager directly. The
    /// manager is not among them, however the tree may be knotted.
    pub(crate) fn team_of(&self, manager: RepId, at_ms: i64) -> Mixed<u32, bool> {
        let mut team: Mixed<u32, bool> = Mixed::default();
        let Some(top) = self.register.reps.get(&manager.0) else { return team };
        let mut reports: Mixed<u32, Vec<u32>> = Mixed::default();
        for rep in self.register.tenures.keys() {
            if let Some(tenure) = self.register.tenure_at(*rep, at_ms, None) {
                reports.entry(tenure.manager).or_default().push(*rep);
            }
        }
        let mut above = vec![top];
        while let Some(own) = above.pop() {
            for rep in reports.get(&own).into_iter().flatten().filter(|rep| **rep != top) {
                let is_new = team.insert(*rep, own == top || team.get(rep) == Some(&true)).is_none();
                above.extend(is_new.then_some(*rep));
            }
        }
        team
    }
}

/// The day of the last activity: what a rep did with whom the opportunity's touchpoints are of, what the source system logged up to the reading's day, and
/// the creation.
fn last_activity_day(reading: &Reading<'_>, held: &Held<'_>) -> i32 {
    let (snapshot, origin) = (reading.snapshot, held.origin());
    let acted_ms = snapshot.last_act(held.index, reading.at_ms, reading.version);
    let at =
        DateTime::from_timestamp_millis(acted_ms.map_or(origin.created_at_ms, |acted_ms| acted_ms.max(origin.created_at_ms)));
    let day = snapshot.settings.calendar.day_of(at.expect("stored instants come from instants")).num_days_from_ce();
    let logged = Some(origin.last_activity_day).filter(|logged| *logged != NO_DAY && *logged <= reading.day());
    logged.map_or(day, |logged| logged.max(day))
}

fn step(reading: &Reading<'_>, held: &Held<'_>) -> Step {
    let row = held.row();
    let mut has = [false; Part::COUNT];
    has[Part::NextStep as usize] = row.has_next_step;
    has[Part::Amount as usize] = row.has_amount;
    has[Part::Product as usize] = held.lines().iter().any(|line| line.product != 0);
    has[Part::Campaign as usize] = row.campaign != 0;
    Step {
        from_ms: held.since_ms(),
        is_open: reading.kind(held) == StageKind::Open && !row.is_deleted,
        stage: row.stage,
        place: reading.snapshot.register.stage_places.get(&row.stage).copied().unwrap_or(0),
        close_day: row.close_day,
        has,
    }
}

/// The norms of stays that ended before an instant.
fn norms(snapshot: &Snapshot, before_ms: i64, version: Option<DataVersion>) -> StageNorms {
    let at = DateTime::from_timestamp_millis(before_ms - 1).expect("the moment before a day is an instant");
    let reading = Reading::new(snapshot, at, version);
    let of_chunk = |mut stays: Stays, indices: std::ops::Range<u32>| {
        for held in indices.filter_map(|index| reading.held(index)) {
            stays.add(reading.effective(held).map(|then| (then.row().stage, then.since_ms())));
        }
        stays
    };
    let stays = chunks(snapshot, &Scope::everything()).into_par_iter().fold(Stays::default, of_chunk);
    stays.reduce(Stays::default, Stays::merged).norms(snapshot.settings.hygiene.least_stays)
}
