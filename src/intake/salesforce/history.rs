//! Rebuilding an opportunity's versions from what an export says of its past. Pure.
//!
//! OpportunityHistory carries stage, amount, close date, probability and category; everything else holds the value of today,
//! except where the field history says otherwise. Before the first row its values hold back to the creation.

use crate::intake::report::Difference;
use crate::intake::values::proportion;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::ids::{CampaignId, RepId, StageId};
use pipewright_core::opportunity::Version;

/// One row of OpportunityHistory.
#[derive(Debug, Clone)]
pub struct HistoryRow {
    /// When.
    pub at: DateTime<Utc>,
    /// Orders rows of one instant.
    pub id: String,
    /// The stage.
    pub stage: StageId,
    /// The category; `None`: the file does not say.
    pub category: Option<ForecastCategory>,
    /// The amount, minor units.
    pub amount_minor: Option<i64>,
    /// The close date; `None`: the file does not say.
    pub close_date: Option<NaiveDate>,
    /// Percent.
    pub probability: Option<i32>,
}

/// A field whose changes are tracked one by one, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tracked {
    /// The owner.
    Owner(Option<RepId>),
    /// The name.
    Name(String),
    /// New business, renewal, ...
    Type(Option<String>),
    /// What happens next.
    NextStep(Option<String>),
    /// The primary campaign.
    Campaign(Option<CampaignId>),
}

impl Tracked {
    fn put(&self, version: &mut Version) {
        match self.clone() {
            Self::Owner(owner) => version.owner = owner,
            Self::Name(name) => version.name = name,
            Self::Type(kind) => version.opportunity_type = kind,
            Self::NextStep(step) => version.next_step = step,
            Self::Campaign(campaign) => version.campaign = campaign,
        }
    }
}

/// One row of OpportunityFieldHistory; both values are of the same field.
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Orders rows of one instant.
    pub id: String,
    /// The value before.
    pub old: Tracked,
    /// The value from then on.
    pub new: Tracked,
}

/// What an export says of an opportunity.
#[derive(Debug, Clone)]
pub struct Told {
    /// Today's state, valid from the last modification.
    pub current: Version,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Its past, in any order.
    pub rows: Vec<HistoryRow>,
    /// Changes of other fields, in any order.
    pub changes: Vec<FieldChange>,
    /// When its lines were last changed; `None` without lines.
    pub lines_at: Option<DateTime<Utc>>,
}

/// Whether two versions say the same, whenever they hold.
pub fn same_content(one: &Version, other: &Version) -> bool {
    let mut moved = one.clone();
    (moved.valid_from, moved.sequence, moved.recorded) = (other.valid_from, other.sequence, other.recorded);
    moved == *other
}

/// Whether two versions agree in what OpportunityHistory carries.
fn same_history(one: &Version, other: &Version) -> bool {
    (one.stage, one.forecast_category, one.close_date, one.amount_minor, one.probability)
        == (other.stage, other.forecast_category, other.close_date, other.amount_minor, other.probability)
}

/// The versions that the history alone tells, in order, without the correcting one. At least one.
pub fn rebuild(told: &Told) -> Vec<Version> {
    let mut rows: Vec<&HistoryRow> = told.rows.iter().collect();
    rows.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let mut changes: Vec<&FieldChange> = told.changes.iter().collect();
    changes.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let mut events: Vec<DateTime<Utc>> = rows.iter().map(|row| row.at).chain(changes.iter().map(|change| change.at)).collect();
    events.push(events.iter().copied().min().map_or(told.created_at, |first| first.min(told.created_at)));
    events.sort_unstable();
    events.dedup();

    let mut versions: Vec<Version> = Vec::with_capacity(events.len());
    for at in events {
        let here: Vec<&HistoryRow> = rows.iter().copied().filter(|row| row.at == at).collect();
        let before = rows.iter().copied().rfind(|row| row.at < at).or(rows.first().copied());
        let states = if here.is_empty() { vec![before] } else { here.into_iter().map(Some).collect() };
        for row in states {
            let mut version = state(told, row, at);
            for change in &changes {
                put_at(change, &changes, at, &mut version);
            }
            match versions.last() {
                Some(last) if same_content(last, &version) => {}
                last => {
                    version.sequence = last.filter(|last| last.valid_from == at).map_or(0, |last| last.sequence + 1);
                    versions.push(version);
                }
            }
        }
    }
    versions
}

/// Today's state with what a history row says on top.
fn state(told: &Told, row: Option<&HistoryRow>, at: DateTime<Utc>) -> Version {
    let mut version = Version { valid_from: at, sequence: 0, ..told.current.clone() };
    version.lines_known = told.lines_at.is_none_or(|lines_at| lines_at <= at);
    let Some(row) = row else { return version };
    version.is_deleted = false;
    version.stage = row.stage;
    version.forecast_category = row.category.unwrap_or(version.forecast_category);
    version.close_date = row.close_date.unwrap_or(version.close_date);
    version.amount_minor = row.amount_minor;
    version.probability = row.probability;
    version.acv_minor = acv_then(&told.current, row.amount_minor);
    version
}

/// The ACV that goes with an earlier amount: in the proportion of today, else the amount itself.
fn acv_then(current: &Version, amount: Option<i64>) -> Option<i64> {
    let then = amount?;
    match (current.amount_minor, current.acv_minor) {
        (Some(now), Some(acv)) if now != 0 => proportion(then, acv, now),
        (_, Some(_) | None) => Some(then),
    }
}

/// Puts the value a changed field had at an instant: that of its last change until then, else what it was before its first.
fn put_at(change: &FieldChange, all: &[&FieldChange], at: DateTime<Utc>, version: &mut Version) {
    if change.at <= at {
        change.new.put(version);
        return;
    }
    let same = |other: &&&FieldChange| std::mem::discriminant(&other.new) == std::mem::discriminant(&change.new);
    let first = all.iter().find(same).is_some_and(|first| std::ptr::eq(*first, change));
    if first {
        change.old.put(version);
    }
}

/// The versions to add to those stored.
///
/// Nothing stored is rewritten: up to the last stored instant, only what the history carries may be new; what it does not
/// carry stays as it was stored. Where the last state is not today's, a correcting version follows at the later of the last
/// modification and the last instant.
pub fn to_add(stored: &[Version], told: &Told) -> Vec<Version> {
    let mut all = stored.to_vec();
    let mut added = Vec::new();
    let last_stored = stored.last().map(|version| version.valid_from);
    for draft in rebuild(told) {
        let known = last_stored.is_some_and(|last| draft.valid_from <= last);
        let is_row = told.rows.iter().any(|row| row.at == draft.valid_from);
        let is_stored = || stored.iter().any(|version| version.valid_from == draft.valid_from && same_history(version, &draft));
        // What only holds back from later rows says nothing new of an instant that is stored already.
        if known && (!is_row || is_stored()) {
            continue;
        }
        let place = all.partition_point(|version| version.valid_from <= draft.valid_from);
        let before = place.checked_sub(1).map(|place| &all[place]);
        let mut version = match before.filter(|_| known) {
            Some(before) => over(before, &draft),
            None => draft,
        };
        if before.is_some_and(|before| same_content(before, &version)) {
            continue;
        }
        version.sequence =
            before.filter(|before| before.valid_from == version.valid_from).map_or(0, |before| before.sequence + 1);
        all.insert(place, version.clone());
        added.push(version);
    }
    if let Some(last) = all.last().filter(|last| !same_content(last, &told.current)) {
        let valid_from = told.current.valid_from.max(last.valid_from);
        let sequence = if valid_from == last.valid_from { last.sequence + 1 } else { 0 };
        added.push(Version { valid_from, sequence, ..told.current.clone() });
    }
    added
}

fn over(before: &Version, draft: &Version) -> Version {
    Version {
        valid_from: draft.valid_from,
        stage: draft.stage,
        forecast_category: draft.forecast_category,
        close_date: draft.close_date,
        amount_minor: draft.amount_minor,
        acv_minor: draft.acv_minor,
        probability: draft.probability,
        ..before.clone()
    }
}

/// In which fields the last state that the history tells differs from today's.
pub fn differences(external_id: &str, history: &Version, export: &Version) -> Vec<Difference> {
    let text = |value: Option<i64>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let number = |value: Option<i32>| text(value.map(i64::from));
    let all = [
        ("stage", history.stage.to_string(), export.stage.to_string()),
        ("forecast category", format!("{:?}", history.forecast_category), format!("{:?}", export.forecast_category)),
        ("close date", history.close_date.to_string(), export.close_date.to_string()),
        ("amount", text(history.amount_minor), text(export.amount_minor)),
        ("ACV", text(history.acv_minor), text(export.acv_minor)),
        ("probability", number(history.probability), number(export.probability)),
        ("owner", format!("{:?}", history.owner), format!("{:?}", export.owner)),
        ("deleted", history.is_deleted.to_string(), export.is_deleted.to_string()),
    ];
    let differ = all.into_iter().filter(|(_, history, export)| history != export);
    differ
        .map(|(field, history, export)| Difference {
            opportunity: external_id.to_owned(),
            field: field.to_owned(),
            history,
            export,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pipewright_core::currency::CurrencyCode;
    use pipewright_core::ids::{DataVersion, OpportunityId};
    use proptest::prelude::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + hour * 3_600, 0).unwrap()
    }

    fn stage(number: u8) -> StageId {
        StageId::derived("acme", &number.to_string())
    }

    fn current(hour: i64, number: u8, amount: i64) -> Version {
        Version {
            opportunity: OpportunityId::derived("acme", "006"),
            valid_from: at(hour),
            sequence: 0,
            name: "Deal".into(),
            stage: stage(number),
            forecast_category: ForecastCategory::Pipeline,
            close_date: NaiveDate::from_ymd_opt(2026, 12, 1).unwrap(),
            currency: CurrencyCode::USD,
            amount_minor: Some(amount),
            acv_minor: Some(amount),
            probability: Some(10),
            owner: None,
            region: None,
            segment: None,
            opportunity_type: None,
            campaign: None,
            next_step: None,
            close_reason: None,
            line_set: None,
            lines_known: true,
            is_deleted: false,
            recorded: DataVersion::default(),
        }
    }

    fn row(hour: i64, id: usize, number: u8, amount: i64) -> HistoryRow {
        HistoryRow {
            at: at(hour),
            id: format!("{id:05}"),
            stage: stage(number),
            category: Some(ForecastCategory::Pipeline),
            amount_minor: Some(amount),
            close_date: NaiveDate::from_ymd_opt(2026, 12, 1),
            probability: Some(10),
        }
    }

    fn told(rows: Vec<HistoryRow>, current: Version) -> Told {
        Told { current, created_at: at(0), rows, changes: Vec::new(), lines_at: None }
    }

    prop_compose! {
        fn any_told()(
            rows in prop::collection::vec((-2_i64..20, 0_u8..3, 1_i64..4), 0..8),
            owners in prop::collection::vec((0_i64..20, 0_u8..3), 0..4),
            last in (0_i64..30, 0_u8..3, 1_i64..4),
        ) -> Told {
            let rows: Vec<_> = rows.into_iter().enumerate().map(|(id, (hour, stage, amount))| row(hour, id, stage, amount * 100)).collect();
            let latest = rows.iter().map(|row| row.at).chain(owners.iter().map(|owner| at(owner.0))).max();
            let mut current = current(last.0, last.1, last.2 * 100);
            current.valid_from = current.valid_from.max(latest.unwrap_or(current.valid_from));
            let rep = |number: u8| Tracked::Owner(Some(RepId::derived("acme", &number.to_string())));
            let changes = owners.iter().enumerate().map(|(id, (hour, number))| FieldChange {
                at: at(*hour), id: format!("{id:05}"), old: rep(*number), new: rep(number + 1),
            });
            Told { changes: changes.collect(), ..told(rows, current) }
        }
    }

    fn all(stored: &[Version], added: Vec<Version>) -> Vec<Version> {
        let mut all = stored.to_vec();
        all.extend(added);
        all.sort_by_key(|version| (version.valid_from, version.sequence));
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_last_version_is_todays_state_and_no_version_repeats_the_one_before(told in any_told()) {
            let versions = all(&[], to_add(&[], &told));
            prop_assert!(same_content(versions.last().unwrap(), &told.current));
            for pair in versions.windows(2) {
                prop_assert!(!same_content(&pair[0], &pair[1]));
                prop_assert!((pair[0].valid_from, pair[0].sequence) < (pair[1].valid_from, pair[1].sequence));
            }
            prop_assert!(versions[0].valid_from <= told.created_at);
        }

        #[test]
        fn the_state_after_each_history_row_is_what_the_row_says(told in any_told()) {
            let versions = rebuild(&told);
            for row in &told.rows {
                let last = told.rows.iter().filter(|other| other.at == row.at).max_by_key(|other| &other.id).unwrap();
                let state = versions.iter().rfind(|version| version.valid_from <= row.at).unwrap();
                prop_assert_eq!((state.stage, state.amount_minor), (last.stage, last.amount_minor));
            }
        }

        #[test]
        fn a_second_import_adds_nothing(told in any_told()) {
            let stored = all(&[], to_add(&[], &told));
            prop_assert_eq!(to_add(&stored, &told), Vec::new());
        }

        #[test]
        fn a_newer_export_adds_and_never_rewrites(told in any_told(), later in (0_u8..3, 1_i64..4)) {
            let stored = all(&[], to_add(&[], &told));
            let mut newer = told.clone();
            newer.rows.push(row(40, 99, later.0, later.1 * 100));
            newer.current = current(41, later.0, later.1 * 100);
            newer.current.owner = Some(RepId::derived("acme", "new"));
            let added = to_add(&stored, &newer);
            prop_assert!(added.iter().all(|version| version.valid_from > stored.last().unwrap().valid_from));
            let versions = all(&stored, added);
            prop_assert!(same_content(versions.last().unwrap(), &newer.current));
            prop_assert_eq!(to_add(&versions, &newer), Vec::new());
        }
    }

    #[test]
    fn the_first_rows_values_hold_back_to_the_creation_and_the_export_corrects_the_end() {
        let told = told(vec![row(5, 1, 1, 100), row(9, 2, 2, 300)], current(9, 2, 400));
        let versions = all(&[], to_add(&[], &told));
        let seen: Vec<_> = versions.iter().map(|version| (version.valid_from, version.sequence, version.amount_minor)).collect();
        assert_eq!(seen, [(at(0), 0, Some(100)), (at(9), 0, Some(300)), (at(9), 1, Some(400))]);
        assert_eq!(versions[0].acv_minor, Some(100), "the ACV follows the amount");
    }

    #[test]
    fn lines_of_a_later_day_are_marked_as_not_known() {
        let mut told = told(vec![row(5, 1, 1, 100), row(9, 2, 2, 300)], current(9, 2, 300));
        told.lines_at = Some(at(7));
        assert_eq!(rebuild(&told).iter().map(|version| version.lines_known).collect::<Vec<_>>(), [false, true]);
    }
}
