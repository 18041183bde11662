//! What counts once on a journey.
//!
//! 1. A **session** is a run of touchpoints of one person with one source, each at most `session_minutes` after the one before
//!    it. Of a session the earliest of each kind stays; bare visits fall away where there is anything more.
//! 2. Of what then remains, the same person, campaign and **day** (by the organisation's time zone) counts once: the earliest
//!    that is more than a bare visit, else the earliest.
//!
//! Earliest is by (instant, source, id). A touchpoint of nobody is of no session and no day; one without a campaign of no day.

use crate::calendar::Calendar;
use chrono::DateTime;
use pipewright_plugin::{Kind, Touch};

/// No day is longer in any time zone.
const LONGEST_DAY_MS: i64 = 26 * 3_600_000;

/// Whom and what a touchpoint met, beside what a model sees.
#[derive(Clone, Copy)]
pub(super) struct Met {
    /// 0 for nobody.
    pub(super) person: u64,
    /// 0 for none.
    pub(super) campaign: u32,
}

/// Finds repeats; its memory is reused from journey to journey.
#[derive(Default)]
pub(super) struct Once {
    /// What each touchpoint of the journey met.
    pub(super) met: Vec<Met>,
    /// Whether each counts no more; filled by [`Self::find`].
    pub(super) gone: Vec<bool>,
    order: Vec<usize>,
}

impl Once {
    /// Marks what does not count among the touchpoints of one journey, in order of (instant, source, id); answers with how
    /// many. `session_ms`: the longest gap within a session; `None`: there are no sessions.
    pub(super) fn find(&mut self, calendar: &Calendar, session_ms: Option<i64>, touches: &[Touch]) -> usize {
        self.gone.clear();
        self.gone.resize(touches.len(), false);
        let mut found = 0;
        if let Some(session_ms) = session_ms {
            found += self.each_run(touches, session_ms, |once, touches, run| once.sessions(touches, session_ms, run));
        }
        found + self.each_run(touches, LONGEST_DAY_MS, |once, touches, run| once.days(calendar, touches, run))
    }

    /// Calls `visit` with each run of touchpoints of which none comes later than `gap_ms` after the one before it; runs of one
    /// hold no repeat.
    fn each_run(
        &mut self,
        touches: &[Touch],
        gap_ms: i64,
        visit: impl Fn(&mut Self, &[Touch], std::ops::Range<usize>) -> usize,
    ) -> usize {
        let (mut found, mut start) = (0, 0);
        for at in 1..=touches.len() {
            if at == touches.len() || touches[at].at_ms - touches[at - 1].at_ms > gap_ms {
                if at - start > 1 {
                    found += visit(self, touches, start..at);
                }
                start = at;
            }
        }
        found
    }

    fn sessions(&mut self, touches: &[Touch], session_ms: i64, run: std::ops::Range<usize>) -> usize {
        let Self { met, gone, order } = self;
        let key = |at: usize| (met[at].person, touches[at].source.code());
        order.clear();
        order.extend(run.filter(|at| met[*at].person != 0));
        order.sort_unstable_by_key(|at| (key(*at), *at));
        let together =
            |one: &usize, other: &usize| key(*one) == key(*other) && touches[*other].at_ms - touches[*one].at_ms <= session_ms;
        let mut found = 0;
        for session in order.chunk_by(together) {
            let more = session.iter().any(|at| touches[*at].kind != Kind::BareVisit);
            let mut kept = 0_u16;
            for at in session {
                let kind = 1 << touches[*at].kind.code();
                let counts = kept & kind == 0 && !(more && touches[*at].kind == Kind::BareVisit);
                kept |= kind;
                gone[*at] = !counts;
                found += usize::from(!counts);
            }
        }
        found
    }

    fn days(&mut self, calendar: &Calendar, touches: &[Touch], run: std::ops::Range<usize>) -> usize {
        let Self { met, gone, order } = self;
        let key = |at: usize| (met[at].person, met[at].campaign);
        order.clear();
        order.extend(run.filter(|at| !gone[*at] && met[*at].person != 0 && met[*at].campaign != 0));
        if order.len() < 2 {
            return 0;
        }
        order.sort_unstable_by_key(|at| (key(*at), *at));
        let together = |one: &usize, other: &usize| {
            key(*one) == key(*other) && same_day(calendar, touches[*one].at_ms, touches[*other].at_ms)
        };
        let mut found = 0;
        for day in order.chunk_by(together).filter(|day| day.len() > 1) {
            let more = day.iter().find(|at| touches[**at].kind != Kind::BareVisit);
            let counts = *more.unwrap_or(&day[0]);
            for at in day.iter().filter(|at| **at != counts) {
                gone[*at] = true;
                found += 1;
            }
        }
        found
    }
}

fn same_day(calendar: &Calendar, one_ms: i64, other_ms: i64) -> bool {
    let day = |ms| DateTime::from_timestamp_millis(ms).map(|at| calendar.day_of(at));
    one_ms == other_ms || (other_ms - one_ms < LONGEST_DAY_MS && day(one_ms) == day(other_ms))
}
