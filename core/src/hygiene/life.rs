//! An opportunity's life up to T, version by version, and the flags that it raises.

use super::{Flag, Flags, Rules};
use crate::calendar::{Calendar, DAY_MS};
use crate::facts::reading::date;
use chrono::Datelike;

/// A version of an opportunity that held for a while, as far as hygiene reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// From when it holds, milliseconds since 1970, UTC.
    pub from_ms: i64,
    /// Open and not deleted.
    pub is_open: bool,
    /// Equal for the same stage.
    pub stage: u32,
    /// The stage's place in the process.
    pub place: i32,
    /// The close date, as `chrono` counts days.
    pub close_day: i32,
    /// Whether it has what it should have, in the order of [`Part`].
    pub has: [bool; Part::COUNT],
}

/// What a version should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A next step that is not blank.
    NextStep,
    /// An amount or an ACV other than 0.
    Amount,
    /// A line that names a product.
    Product,
    /// A primary campaign.
    Campaign,
}

impl Part {
    /// How many there are.
    pub const COUNT: usize = 4;
}

/// What is known of an opportunity at T beside its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// T, milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// T's day, as `chrono` counts days.
    pub day: i32,
    /// When it was created, milliseconds.
    pub created_ms: i64,
    /// Whether a contact has a part in it now, whatever T: when one got it is not recorded.
    pub has_contact_role: bool,
    /// Whether its lead source maps to one of the eleven sources.
    pub has_lead_source: bool,
    /// Median age at which opportunities leave its stage, milliseconds; `None` where too few left it.
    pub stage_median_ms: Option<i64>,
    /// The day of the last activity at or before T; that of its creation where there was none since.
    pub last_activity_day: i32,
    /// Nobody owns it, or somebody who cannot sign in to the source system now, whatever T: when they left is not recorded.
    pub is_owner_inactive: bool,
    /// The last review at or before T, milliseconds.
    pub reviewed_ms: Option<i64>,
}

/// An opportunity's life, told by its versions up to T in order: what became of it, and since when.
///
/// The flags, each as of T:
/// - CLOSE_DATE_PASSED: the close date lies before T's day.
/// - NO_NEXT_STEP, NO_AMOUNT, NO_PRODUCT: the version at T lacks that [`Part`].
/// - NO_SOURCE: it lacks a primary campaign, and its lead source maps to no source.
/// - NO_CONTACT_ROLE, OWNER_INACTIVE: see [`Beside`].
/// - STAGE_TOO_OLD: the time since it arrived at its stage, without a break, is more than `stage_age_percent` of the median.
/// - PUSHED_OFTEN: of two versions next to each other that are both open, the later one's close date lies in a later calendar
///   month; in its whole life that happened at least `pushes` times.
/// - STAGE_MOVED_BACK: its stage's place is before that of a stage in which it was open earlier. It has been moved back until it
///   gets there again.
/// - NO_ACTIVITY: the last activity lies more than `activity_days` days before T's day. Its creation counts as one.
/// - NOT_REVIEWED: no review in the last `review_days` days, to the millisecond, and it was created before that.
#[derive(Debug, Clone, Default)]
pub struct Life {
    last: Option<Step>,
    stage_since_ms: i64,
    close_since_ms: i64,
    /// The furthest place of an open stage.
    furthest: Option<i32>,
    back_since_ms: Option<i64>,
    /// Since when it lacks each part, while it is open.
    lacking_since_ms: [Option<i64>; Part::COUNT],
    pushes: u32,
    pushed_often_since_ms: Option<i64>,
}

impl Life {
    /// Adds the next version.
    pub fn step(&mut self, step: Step, rules: &Rules) {
        let from_ms = step.from_ms;
        match self.last {
            Some(last) => {
                if last.stage != step.stage {
                    self.stage_since_ms = from_ms;
                }
                if last.close_day != step.close_day {
                    self.close_since_ms = from_ms;
                }
                if last.is_open && step.is_open && month(last.close_day) < month(step.close_day) {
                    self.pushes += 1;
                    if self.pushes == rules.pushes {
                        self.pushed_often_since_ms = Some(from_ms);
                    }
                }
            }
            None => (self.stage_since_ms, self.close_since_ms) = (from_ms, from_ms),
        }
        for (since_ms, has) in self.lacking_since_ms.iter_mut().zip(step.has) {
            *since_ms = (step.is_open && !has).then(|| since_ms.unwrap_or(from_ms));
        }
        let is_back = step.is_open && self.furthest.is_some_and(|furthest| step.place < furthest);
        self.back_since_ms = is_back.then(|| self.back_since_ms.unwrap_or(from_ms));
        if step.is_open {
            self.furthest = self.furthest.max(Some(step.place));
        }
        self.last = Some(step);
    }

    /// The flags that are raised.
    pub fn flags(&self, beside: &Beside, rules: &Rules) -> Flags {
        Flag::ALL.into_iter().filter(|flag| self.is_raised(*flag, beside, rules)).collect()
    }

    /// Since when a flag is raised, milliseconds; `None` where it is not, or where that is not recorded.
    pub fn since_ms(&self, flag: Flag, beside: &Beside, rules: &Rules, calendar: &Calendar) -> Option<i64> {
        if !self.is_raised(flag, beside, rules) {
            return None;
        }
        let start_of = |day: i32| calendar.start_of_day(date(day)).timestamp_millis();
        match flag {
            Flag::CloseDatePassed => Some(start_of(self.last?.close_day.saturating_add(1)).max(self.close_since_ms)),
            Flag::NoNextStep => self.lacking_since_ms[Part::NextStep as usize],
            Flag::NoAmount => self.lacking_since_ms[Part::Amount as usize],
            Flag::NoProduct => self.lacking_since_ms[Part::Product as usize],
            Flag::NoSource => self.lacking_since_ms[Part::Campaign as usize],
            Flag::StageTooOld => Some(self.stage_since_ms + too_old_after_ms(beside.stage_median_ms?, rules) + 1),
            Flag::PushedOften => self.pushed_often_since_ms,
            Flag::StageMovedBack => self.back_since_ms,
            Flag::NoActivity => Some(start_of(beside.last_activity_day.saturating_add_unsigned(rules.activity_days + 1))),
            Flag::NotReviewed => Some(review_expires_ms(beside.reviewed_ms, beside.created_ms, rules)),
            Flag::NoContactRole | Flag::OwnerInactive => None,
        }
    }

    fn is_raised(&self, flag: Flag, beside: &Beside, rules: &Rules) -> bool {
        let lacks = |part: Part| self.lacking_since_ms[part as usize].is_some();
        match flag {
            Flag::CloseDatePassed => self.last.is_some_and(|last| last.close_day < beside.day),
            Flag::NoNextStep => lacks(Part::NextStep),
            Flag::NoAmount => lacks(Part::Amount),
            Flag::NoContactRole => !beside.has_contact_role,
            Flag::NoProduct => lacks(Part::Product),
            Flag::NoSource => lacks(Part::Campaign) && !beside.has_lead_source,
            Flag::StageTooOld => {
                let age_ms = beside.at_ms - self.stage_since_ms;
                beside.stage_median_ms.is_some_and(|median_ms| age_ms > too_old_after_ms(median_ms, rules))
            }
            Flag::PushedOften => self.pushes >= rules.pushes,
            Flag::StageMovedBack => self.back_since_ms.is_some(),
            Flag::NoActivity => i64::from(beside.day) - i64::from(beside.last_activity_day) > i64::from(rules.activity_days),
            Flag::OwnerInactive => beside.is_owner_inactive,
            Flag::NotReviewed => beside.at_ms >= review_expires_ms(beside.reviewed_ms, beside.created_ms, rules),
        }
    }
}

/// The oldest an opportunity may be in a stage of this median: the percentage of it, rounded down to a millisecond.
fn too_old_after_ms(median_ms: i64, rules: &Rules) -> i64 {
    median_ms.saturating_mul(i64::from(rules.stage_age_percent)) / 100
}

/// From when on a review is due: the configured days after the last one, or after the creation.
pub(super) fn review_expires_ms(reviewed_ms: Option<i64>, created_ms: i64, rules: &Rules) -> i64 {
    reviewed_ms.unwrap_or(created_ms).saturating_add(i64::from(rules.review_days) * DAY_MS)
}

/// Calendar months, counted.
fn month(day: i32) -> i32 {
    let day = date(day);
    day.year() * 12 + day.month0() as i32
}
