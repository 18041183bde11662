//! Immutable runs of opportunities with their versions and lines.

use crate::calendar::DAY_MS;
use crate::catalog::ForecastCategory;
use crate::ids::{DataVersion, LineSetId, OpportunityId};
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// No day at all.
pub(super) const NO_DAY: i32 = i32::MIN;

/// A version without its times, in codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct VersionRow {
    pub(super) acv: i64,
    pub(super) recorded: DataVersion,
    /// Days since 1 January of year 1, as `chrono` counts them.
    pub(super) close_day: i32,
    pub(super) owner: u32,
    pub(super) campaign: u32,
    /// Number of the line set in its segment, from 1; 0 for none.
    pub(super) lines: u32,
    pub(super) stage: u32,
    pub(super) region: u32,
    pub(super) segment: u32,
    pub(super) opportunity_type: u32,
    pub(super) currency: u16,
    pub(super) category: ForecastCategory,
    pub(super) is_deleted: bool,
    pub(super) has_next_step: bool,
    pub(super) has_amount: bool,
}

/// One line of a set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LineRow {
    pub(super) acv: i64,
    pub(super) product: u32,
}

/// What never changes of an opportunity, in codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OriginRow {
    pub(super) id: OpportunityId,
    pub(super) created_at_ms: i64,
    pub(super) created_by: u32,
    pub(super) account: u32,
    /// Code of the source plus 1; 0 for none.
    pub(super) lead_source: u8,
    pub(super) has_contact_role: bool,
    /// Of the last activity that the source system logged, or [`NO_DAY`].
    pub(super) last_activity_day: i32,
}

/// A run of opportunities in ascending order of their index, each with its versions side by side.
#[derive(Debug, Clone, Default)]
pub(super) struct Segment {
    /// Index in the snapshot, ascending.
    pub(super) index: Vec<u32>,
    pub(super) origins: Vec<OriginRow>,
    /// Where the versions of each opportunity end.
    pub(super) ends: Vec<u32>,
    /// From when each version holds; ascending within an opportunity.
    pub(super) valid_from: Vec<i64>,
    /// Until when (exclusive): the next version's start, or `i64::MAX`. Equal to `valid_from` where a version was
    /// replaced within its instant, so that as-of is a flat comparison.
    pub(super) valid_to: Vec<i64>,
    pub(super) versions: Vec<VersionRow>,
    pub(super) set_ids: Vec<LineSetId>,
    /// Where the lines of each set lie.
    pub(super) set_ranges: Vec<(u32, u32)>,
    pub(super) lines: Vec<LineRow>,
    /// Start of the first version of all; `None` when empty.
    pub(super) first_ms: Option<i64>,
    /// The first and the last day on which anything of each opportunity falls, by UTC: its creation, the starts of its
    /// versions, their close dates. What a period does not meet counts for nothing in it.
    spans: Vec<(i32, i32)>,
    /// Positions in order of id.
    by_id: Vec<u32>,
}

impl Segment {
    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    /// Where the versions of an opportunity lie.
    pub(super) fn versions_of(&self, position: usize) -> Range<usize> {
        let start = if position == 0 { 0 } else { self.ends[position - 1] as usize };
        start..self.ends[position] as usize
    }

    /// The version that held at an instant, from what was recorded up to `version` (`None`: everything).
    pub(super) fn as_recorded(&self, position: usize, at_ms: i64, version: Option<DataVersion>) -> Option<usize> {
        let counts =
            |at: &usize| self.valid_from[*at] <= at_ms && version.is_none_or(|version| self.versions[*at].recorded <= version);
        self.versions_of(position).rev().find(counts)
    }

    /// The lines of a version, in order of position.
    pub(super) fn lines_of(&self, version: &VersionRow) -> &[LineRow] {
        if version.lines == 0 {
            return &[];
        }
        let (start, end) = self.set_ranges[version.lines as usize - 1];
        &self.lines[start as usize..end as usize]
    }

    /// The position of an opportunity; only after [`Self::seal`].
    pub(super) fn find(&self, id: OpportunityId) -> Option<usize> {
        let at = self.by_id.binary_search_by(|position| self.origins[*position as usize].id.cmp(&id)).ok()?;
        Some(self.by_id[at] as usize)
    }

    /// The positions among `range` of which anything may fall on these days of the organisation, which may begin up to a
    /// day before or after those of UTC.
    pub(super) fn near(&self, range: Range<usize>, days: &Range<i32>) -> impl Iterator<Item = usize> + use<'_> {
        let (first, last) = (days.start - 1, days.end);
        let start = range.start;
        let spans = self.spans[range].iter().enumerate();
        spans.filter(move |(_, span)| span.0 <= last && first <= span.1).map(move |(at, _)| start + at)
    }

    fn span(&self, position: usize) -> (i32, i32) {
        let starts = self.versions_of(position).map(|at| utc_day(self.valid_from[at]));
        let closes = self.versions_of(position).map(|at| self.versions[at].close_day);
        let created = utc_day(self.origins[position].created_at_ms);
        starts.chain(closes).fold((created, created), |(first, last), day| (first.min(day), last.max(day)))
    }

    /// Makes [`Self::find`], [`Self::near`] and `first_ms` right.
    pub(super) fn seal(&mut self) {
        self.spans = (0..self.len()).into_par_iter().map(|position| self.span(position)).collect();
        self.first_ms = self.valid_from.iter().min().copied();
        self.by_id = (0..narrow(self.len())).collect();
        self.by_id.sort_unstable_by_key(|position| self.origins[*position as usize].id);
    }

    /// Adds a copy of one opportunity of another segment, under an index above all that are here.
    pub(super) fn copy(&mut self, from: &Self, position: usize, index: u32) {
        self.index.push(index);
        self.origins.push(from.origins[position]);
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        for at in from.versions_of(position) {
            let mut row = from.versions[at];
            if row.lines != 0 {
                row.lines = *numbers.entry(row.lines).or_insert_with(|| {
                    let start = narrow(self.lines.len());
                    self.lines.extend_from_slice(from.lines_of(&row));
                    self.set_ids.push(from.set_ids[row.lines as usize - 1]);
                    self.set_ranges.push((start, narrow(self.lines.len())));
                    narrow(self.set_ids.len())
                });
            }
            self.valid_from.push(from.valid_from[at]);
            self.valid_to.push(from.valid_to[at]);
            self.versions.push(row);
        }
        self.ends.push(narrow(self.versions.len()));
    }

    /// Both in order of index; where both hold an opportunity, `newer` counts.
    pub(super) fn merged(older: &Self, newer: &Self) -> Self {
        let mut merged = Self::default();
        let (mut a, mut b) = (0, 0);
        while a < older.len() || b < newer.len() {
            let left = older.index.get(a).copied().unwrap_or(u32::MAX);
            let right = newer.index.get(b).copied().unwrap_or(u32::MAX);
            if right <= left {
                merged.copy(newer, b, right);
                b += 1;
                a += usize::from(left == right);
            } else {
                merged.copy(older, a, left);
                a += 1;
            }
        }
        merged.seal();
        merged
    }
}

/// The day of an instant in UTC, as `chrono` counts days.
pub(super) fn utc_day(at_ms: i64) -> i32 {
    /// 1 January 1970, as `chrono` counts days.
    const EPOCH: i64 = 719_163;
    let day = at_ms.div_euclid(DAY_MS) + EPOCH;
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}

/// A count as stored.
pub(super) fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("a segment holds fewer than 2^32 rows")
}
