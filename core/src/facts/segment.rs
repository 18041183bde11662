//! Immutable runs of opportunities with their versions and lines.

use crate::catalog::ForecastCategory;
use crate::ids::{DataVersion, LineSetId, OpportunityId};
use std::collections::HashMap;

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
    /// Positions in order of id.
    by_id: Vec<u32>,
}

impl Segment {
    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    /// Where the versions of an opportunity lie.
    pub(super) fn versions_of(&self, position: usize) -> std::ops::Range<usize> {
        let start = if position == 0 { 0 } else { self.ends[position - 1] as usize };
        start..self.ends[position] as usize
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

    /// Makes [`Self::find`] and `first_ms` right.
    pub(super) fn seal(&mut self) {
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

/// A count as stored.
pub(super) fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("a segment holds fewer than 2^32 rows")
}
