//! Every refusal of every act on opportunities, and their order.

#![allow(clippy::unwrap_used)]
use super::close::{CloseRefusal, Closing, close, delete};
use super::contacts::{ContactDraft, ContactsRefusal, set_contacts};
use super::create::{CreateRefusal, Draft, create};
use super::lines::{LineDraft, LinesRefusal, set_lines};
use super::review::{ReviewDraft, ReviewRefusal, review};
use super::splits::{SplitDraft, SplitsRefusal, set_splits};
use super::stage::{AdvanceRefusal, ReopenRefusal, advance, reopen};
use super::update::{Changes, UpdateRefusal, update};
use super::{Refusal, create as creating, next_version, says_the_same, update as updating};
use crate::catalog::{ForecastCategory, Stage, StageKind};
use crate::currency::CurrencyCode;
use crate::ids::*;
use crate::opportunity::{ContactRole, Split, Version};
use crate::rep::Rep;
use crate::review::{Changed, Verdict};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

fn at(hour: i64) -> DateTime<Utc> {
    "2026-03-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn stage(number: u128, kind: StageKind) -> Stage {
    let forecast_category = match kind {
        StageKind::Open => ForecastCategory::BestCase,
        StageKind::Won => ForecastCategory::Closed,
        StageKind::Lost => ForecastCategory::Omitted,
    };
    Stage {
        id: StageId(uuid(number)),
        name: number.to_string(),
        position: 1,
        kind,
        forecast_category,
        probability: Some(40),
        is_active: true,
        recorded: DataVersion(1),
    }
}

fn inactive(stage: Stage) -> Stage {
    Stage { is_active: false, ..stage }
}

fn rep(is_active: bool) -> Rep {
    let id = RepId(uuid(70));
    Rep { id, external_id: None, name: "R".into(), email: None, is_active, hired_on: None, recorded: DataVersion(1) }
}

fn draft() -> Draft {
    Draft {
        id: OpportunityId(uuid(1)),
        name: "Acme renewal".into(),
        account: AccountId(uuid(2)),
        close_date: day("2026-06-30"),
        currencies: vec![CurrencyCode::USD],
        amount_minor: Some(120_000),
        acv_minor: None,
        forecast_category: None,
        probability: None,
        region: None,
        segment: None,
        campaign: None,
        opportunity_type: None,
        next_step: Some("call".into()),
        lead_source: None,
        description: None,
        owner: None,
    }
}

fn found() -> creating::Found {
    creating::Found { account: true, stage: Some(stage(10, StageKind::Open)), ..Default::default() }
}

fn opened() -> Version {
    create(draft(), &found(), at(0)).unwrap().1
}

/// Holds that each case is refused with its reason, and that no reason of the list is left out.
fn holds<R: Refusal + Ord + std::hash::Hash>(cases: Vec<(R, Result<(), R>)>) {
    let mut seen: Vec<R> = Vec::new();
    for (expected, outcome) in cases {
        assert_eq!(outcome, Err(expected));
        seen.push(expected);
    }
    for reason in R::ALL {
        assert!(seen.contains(reason), "no case is refused with {}", reason.code());
    }
    let order: Vec<_> = R::ALL.iter().map(|reason| *reason as R).collect();
    assert!(order.is_sorted(), "the list is in order of precedence");
}

#[test]
fn each_reason_not_to_open_an_opportunity_has_its_case() {
    use CreateRefusal::*;
    let eur: CurrencyCode = "EUR".parse().unwrap();
    let with = |change: fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        create(draft, &found(), at(0)).map(drop)
    };
    let finding = |change: fn(&mut creating::Found)| {
        let mut found = found();
        change(&mut found);
        create(draft(), &found, at(0)).map(drop)
    };
    let owned = |owner| {
        let found = creating::Found { owner, ..found() };
        create(Draft { owner: Some(RepId(uuid(70))), ..draft() }, &found, at(0)).map(drop)
    };
    let two_currencies = Draft { currencies: vec![CurrencyCode::USD, eur], ..draft() };
    holds(vec![
        (NameMissing, with(|draft| draft.name = " ".into())),
        (TextTooLong, with(|draft| draft.name = "x".repeat(1_001))),
        (TextTooLong, with(|draft| draft.description = Some("x".repeat(20_001)))),
        (AccountUnknown, finding(|found| found.account = false)),
        (StageUnknown, finding(|found| found.stage = None)),
        (StageInactive, finding(|found| found.stage = Some(inactive(stage(10, StageKind::Open))))),
        (StageClosed, finding(|found| found.stage = Some(stage(10, StageKind::Won)))),
        (OwnerUnknown, owned(None)),
        (OwnerInactive, owned(Some(rep(false)))),
        (RegionUnknown, with(|draft| draft.region = Some(RegionId(uuid(3))))),
        (SegmentUnknown, with(|draft| draft.segment = Some(SegmentId(uuid(3))))),
        (CampaignUnknown, with(|draft| draft.campaign = Some(CampaignId(uuid(3))))),
        (CloseDateFarOff, with(|draft| draft.close_date = day("0226-06-30"))),
        (ProbabilityOutOfRange, with(|draft| draft.probability = Some(101))),
        (CurrenciesDiffer, create(two_currencies, &found(), at(0)).map(drop)),
        (CategoryClosed, with(|draft| draft.forecast_category = Some(ForecastCategory::Closed))),
        // Of several, the first of the list.
        (NameMissing, with(|draft| (draft.name, draft.probability) = (String::new(), Some(101)))),
    ]);
    assert!(owned(Some(rep(true))).is_ok());
}

#[test]
fn each_reason_not_to_change_an_opportunity_has_its_case() {
    use UpdateRefusal::*;
    let eur: CurrencyCode = "EUR".parse().unwrap();
    let change = |kind, changes: Changes| update(&opened(), kind, changes, &updating::Found::default(), at(1)).map(drop);
    let asked = |set: fn(&mut Changes)| {
        let mut changes = Changes::default();
        set(&mut changes);
        changes
    };
    let open = |set: fn(&mut Changes)| change(StageKind::Open, asked(set));
    let owned = |owner| {
        let changes = Changes { owner: Some(Some(RepId(uuid(70)))), ..Changes::default() };
        update(&opened(), StageKind::Open, changes, &updating::Found { owner, ..Default::default() }, at(1)).map(drop)
    };
    let lined = Version { line_set: Some(LineSetId(uuid(4))), ..opened() };
    let foreign = Changes { currencies: vec![eur], amount_minor: Some(Some(1)), ..Changes::default() };
    let amount = asked(|changes| changes.amount_minor = Some(None));
    holds(vec![
        (Closed, change(StageKind::Lost, Changes::default())),
        (NameMissing, open(|changes| changes.name = Some(String::new()))),
        (TextTooLong, open(|changes| changes.next_step = Some(Some("x".repeat(1_001))))),
        (OwnerUnknown, owned(None)),
        (OwnerInactive, owned(Some(rep(false)))),
        (RegionUnknown, open(|changes| changes.region = Some(Some(RegionId(uuid(3)))))),
        (SegmentUnknown, open(|changes| changes.segment = Some(Some(SegmentId(uuid(3)))))),
        (CampaignUnknown, open(|changes| changes.campaign = Some(Some(CampaignId(uuid(3)))))),
        (CloseDateFarOff, open(|changes| changes.close_date = Some(day("2926-06-30")))),
        (ProbabilityOutOfRange, open(|changes| changes.probability = Some(Some(-1)))),
        (CategoryClosed, open(|changes| changes.forecast_category = Some(ForecastCategory::Closed))),
        (CurrencyDiffers, change(StageKind::Open, foreign)),
        (HasLines, update(&lined, StageKind::Open, amount, &updating::Found::default(), at(1)).map(drop)),
    ]);
}

#[test]
fn each_reason_not_to_move_close_or_reopen_has_its_case() {
    let (open, won, lost) = (stage(10, StageKind::Open), stage(11, StageKind::Won), stage(12, StageKind::Lost));
    let next = stage(13, StageKind::Open);
    let off = inactive(next.clone());
    let moved = |kind, to: Option<&Stage>| advance(&opened(), kind, to, at(1)).map(drop);
    holds(vec![
        (AdvanceRefusal::Closed, moved(StageKind::Won, Some(&next))),
        (AdvanceRefusal::StageUnknown, moved(StageKind::Open, None)),
        (AdvanceRefusal::StageClosed, moved(StageKind::Open, Some(&won))),
        (AdvanceRefusal::StageInactive, moved(StageKind::Open, Some(&off))),
        (AdvanceRefusal::SameStage, moved(StageKind::Open, Some(&open))),
    ]);
    let again = |kind, to: Option<&Stage>, on| reopen(&opened(), kind, to, day(on), day("2026-03-02"), at(1)).map(drop);
    holds(vec![
        (ReopenRefusal::Open, again(StageKind::Open, Some(&next), "2026-04-01")),
        (ReopenRefusal::StageUnknown, again(StageKind::Lost, None, "2026-04-01")),
        (ReopenRefusal::StageClosed, again(StageKind::Lost, Some(&lost), "2026-04-01")),
        (ReopenRefusal::StageInactive, again(StageKind::Lost, Some(&off), "2026-04-01")),
        (ReopenRefusal::CloseDatePassed, again(StageKind::Lost, Some(&next), "2026-03-01")),
        (ReopenRefusal::CloseDateFarOff, again(StageKind::Lost, Some(&next), "2926-03-01")),
    ]);
    let ended = |kind, to: Option<&Stage>, outcome, names_stage, reason: Option<&str>, on| {
        let closing = Closing { outcome, names_stage, reason: reason.map(str::to_owned), close_date: day(on) };
        close(&opened(), kind, to, closing, day("2026-03-02"), at(1)).map(drop)
    };
    let (o, l, w) = (StageKind::Open, StageKind::Lost, StageKind::Won);
    let long = "x".repeat(1_001);
    holds(vec![
        (CloseRefusal::Closed, ended(w, Some(&lost), l, false, None, "2026-03-02")),
        (CloseRefusal::NoStage, ended(o, None, l, false, Some("price"), "2026-03-02")),
        (CloseRefusal::StageUnknown, ended(o, None, l, true, Some("price"), "2026-03-02")),
        (CloseRefusal::StageOfAnotherOutcome, ended(o, Some(&won), l, true, Some("price"), "2026-03-02")),
        (CloseRefusal::ReasonMissing, ended(o, Some(&lost), l, false, Some(" "), "2026-03-02")),
        (CloseRefusal::ReasonTooLong, ended(o, Some(&lost), l, false, Some(&long), "2026-03-02")),
        (CloseRefusal::CloseDateAhead, ended(o, Some(&lost), l, false, Some("price"), "2026-03-03")),
        (CloseRefusal::CloseDateFarOff, ended(o, Some(&lost), l, false, Some("price"), "0202-03-02")),
    ]);
    assert_eq!(ended(o, Some(&won), w, false, None, "2026-03-02"), Ok(()));
}

fn line(amount_minor: i64, term_months: Option<i32>) -> LineDraft {
    let product = ProductId(uuid(5));
    LineDraft { product, quantity_milli: Some(1_000), amount_minor, currency: CurrencyCode::USD, term_months }
}

#[test]
fn each_reason_not_to_set_lines_contacts_or_splits_has_its_case() {
    let set = LineSetId(uuid(6));
    let lines = |kind, drafts: &[LineDraft], known: bool| set_lines(&opened(), kind, drafts, |_| known, set, at(1)).map(drop);
    let foreign = LineDraft { currency: "EUR".parse().unwrap(), ..line(1, None) };
    holds(vec![
        (LinesRefusal::Closed, lines(StageKind::Won, &[], true)),
        (LinesRefusal::TooMany, lines(StageKind::Open, &vec![line(1, None); 501], true)),
        (LinesRefusal::ProductUnknown, lines(StageKind::Open, &[line(1, None)], false)),
        (LinesRefusal::TermOutOfRange, lines(StageKind::Open, &[line(1, Some(0))], true)),
        (LinesRefusal::CurrencyDiffers, lines(StageKind::Open, &[foreign], true)),
        (LinesRefusal::SumTooLarge, lines(StageKind::Open, &[line(i64::MAX, None), line(1, None)], true)),
        (LinesRefusal::SumTooLarge, lines(StageKind::Open, &[line(i64::MAX, Some(1))], true)),
    ]);
    let own = OpportunityId(uuid(1));
    let contact = |number, is_primary| ContactDraft { contact: ContactId(uuid(number)), role: None, is_primary };
    let contacts =
        |drafts: &[ContactDraft], known: bool| set_contacts(own, &[], drafts, |_| known, || ContactRoleId(uuid(9))).map(drop);
    let long = ContactDraft { role: Some("x".repeat(1_001)), ..contact(1, false) };
    holds(vec![
        (ContactsRefusal::TooMany, contacts(&vec![contact(1, false); 501], true)),
        (ContactsRefusal::ContactUnknown, contacts(&[contact(1, false)], false)),
        (ContactsRefusal::Twice, contacts(&[contact(1, false), contact(1, true)], true)),
        (ContactsRefusal::TwoPrimaries, contacts(&[contact(1, true), contact(2, true)], true)),
        (ContactsRefusal::TextTooLong, contacts(&[long], true)),
    ]);
    let share = |number, percentage_bp, is_overlay| SplitDraft { rep: RepId(uuid(number)), percentage_bp, is_overlay };
    let splits = |drafts: &[SplitDraft], known: bool| set_splits(own, &[], drafts, |_| known, || SplitId(uuid(9))).map(drop);
    holds(vec![
        (SplitsRefusal::TooMany, splits(&[share(1, 100, false); 101], true)),
        (SplitsRefusal::RepUnknown, splits(&[share(1, 10_000, false)], false)),
        (SplitsRefusal::Twice, splits(&[share(1, 5_000, false), share(1, 5_000, false)], true)),
        (SplitsRefusal::OutOfRange, splits(&[share(1, 0, true)], true)),
        (SplitsRefusal::OutOfRange, splits(&[share(1, 10_001, false)], true)),
        (SplitsRefusal::NotWhole, splits(&[share(1, 5_000, false), share(2, 4_999, false)], true)),
        (SplitsRefusal::NotWhole, splits(&[share(1, 5_000, false), share(2, 5_000, true)], true)),
    ]);
    assert_eq!(splits(&[share(1, 5_000, false), share(2, 5_000, false), share(1, 2_500, true)], true), Ok(()));
    assert_eq!(splits(&[], true), Ok(()));
}

#[test]
fn a_stage_gives_its_category_and_probability_and_a_close_ends_the_next_step() {
    let before = opened();
    let won = Stage { probability: Some(100), ..stage(11, StageKind::Won) };
    let closing =
        Closing { outcome: StageKind::Won, names_stage: false, reason: Some("fit".into()), close_date: day("2026-03-01") };
    let after = close(&before, StageKind::Open, Some(&won), closing, day("2026-03-02"), at(1)).unwrap();
    assert_eq!((after.forecast_category, after.probability), (ForecastCategory::Closed, Some(100)));
    assert_eq!((after.next_step, after.close_reason.as_deref(), after.close_date), (None, Some("fit"), day("2026-03-01")));
    let lost = Version { close_reason: Some("price".into()), ..before };
    let again = reopen(&lost, StageKind::Lost, Some(&stage(13, StageKind::Open)), day("2026-05-01"), day("2026-03-02"), at(2));
    assert_eq!(again.unwrap().close_reason, None);
}

#[test]
fn an_acv_that_was_the_amount_goes_with_it_and_another_stays() {
    let twice = |before: &Version| {
        let changes = Changes { amount_minor: Some(Some(500_000)), ..Changes::default() };
        update(before, StageKind::Open, changes, &updating::Found::default(), at(1)).unwrap().acv_minor
    };
    let before = opened();
    assert_eq!(twice(&before), Some(500_000));
    assert_eq!(twice(&Version { acv_minor: Some(7), ..before }), Some(7));
}

#[test]
fn lines_that_are_taken_away_leave_the_amounts() {
    let (with, _) = set_lines(&opened(), StageKind::Open, &[line(300, Some(36))], |_| true, LineSetId(uuid(6)), at(1)).unwrap();
    assert_eq!((with.amount_minor, with.acv_minor), (Some(300), Some(100)));
    let (without, set) = set_lines(&with, StageKind::Open, &[], |_| true, LineSetId(uuid(7)), at(2)).unwrap();
    assert_eq!((without.amount_minor, without.acv_minor, without.line_set, set), (Some(300), Some(100), None, None));
}

#[test]
fn what_is_asked_for_as_it_stands_writes_nothing() {
    let own = OpportunityId(uuid(1));
    let drafts = [ContactDraft { contact: ContactId(uuid(1)), role: Some("buyer".into()), is_primary: true }];
    let rows = set_contacts(own, &[], &drafts, |_| true, || ContactRoleId(uuid(9))).unwrap();
    assert_eq!(set_contacts(own, &rows, &drafts, |_| true, || unreachable!()), Ok(Vec::<ContactRole>::new()));
    let drafts = [SplitDraft { rep: RepId(uuid(1)), percentage_bp: 10_000, is_overlay: false }];
    let rows = set_splits(own, &[], &drafts, |_| true, || SplitId(uuid(9))).unwrap();
    assert_eq!(set_splits(own, &rows, &drafts, |_| true, || unreachable!()), Ok(Vec::<Split>::new()));
    let same = update(&opened(), StageKind::Open, Changes::default(), &updating::Found::default(), at(5)).unwrap();
    assert!(says_the_same(&opened(), &same));
    assert!(!says_the_same(&opened(), &delete(&opened(), at(5))));
}

proptest! {
    #[test]
    fn versions_stay_in_order_whatever_the_clock_does(hours in prop::collection::vec(-50_i64..50, 1..20)) {
        let mut versions = vec![opened()];
        for hour in hours {
            versions.push(next_version(versions.last().unwrap(), at(hour)));
        }
        let places: Vec<_> = versions.iter().map(|version| (version.valid_from, version.sequence)).collect();
        prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", places);
    }

    #[test]
    fn after_splits_are_set_exactly_those_asked_for_are_left(
        first in prop::collection::vec((1..5_u128, any::<bool>()), 0..6), second in prop::collection::vec((1..5_u128, any::<bool>()), 0..6),
    ) {
        let drafts = |drawn: Vec<(u128, bool)>| {
            let mut drafts: Vec<SplitDraft> = Vec::new();
            for (number, is_overlay) in drawn {
                let draft = SplitDraft { rep: RepId(uuid(number)), percentage_bp: 10, is_overlay };
                if !drafts.contains(&draft) { drafts.push(draft) }
            }
            let revenue = drafts.iter().filter(|draft| !draft.is_overlay).count() as i32;
            if let Some(last) = drafts.iter_mut().rfind(|draft| !draft.is_overlay) {
                last.percentage_bp = 10_000 - 10 * (revenue - 1);
            }
            drafts
        };
        let mut number = 100;
        let mut stored: Vec<Split> = Vec::new();
        for drafts in [drafts(first), drafts(second)] {
            let new_id = || { number += 1; SplitId(uuid(number)) };
            let rows = set_splits(OpportunityId(uuid(1)), &stored, &drafts, |_| true, new_id).unwrap();
            stored.retain(|row| rows.iter().all(|own| own.id != row.id));
            stored.extend(rows);
            let mut left: Vec<_> = stored.iter().filter(|row| !row.is_deleted).map(|row| (row.rep, row.percentage_bp, row.is_overlay)).collect();
            let mut asked: Vec<_> = drafts.iter().map(|draft| (draft.rep, draft.percentage_bp, draft.is_overlay)).collect();
            left.sort_unstable();
            asked.sort_unstable();
            prop_assert_eq!(left, asked);
        }
    }
}

#[test]
fn each_reason_not_to_review_an_opportunity_has_its_case() {
    use ReviewRefusal::*;
    let draft = |verdict, changes: &[Changed], note: Option<&str>| ReviewDraft {
        id: ReviewId(uuid(90)),
        verdict,
        changes: changes.iter().copied().collect(),
        note: note.map(str::to_owned),
    };
    let plain = || draft(Verdict::Confirmed, &[], None);
    let (owned, opened) = (Version { owner: Some(RepId(uuid(70))), ..opened() }, opened());
    let ask = |version: &Version, kind, draft, reviewer: Option<Rep>| {
        review(version, kind, draft, reviewer.as_ref(), at(1)).map(|_| ())
    };
    let open = |draft| ask(&opened, StageKind::Open, draft, Some(rep(true)));
    let long = "x".repeat(20_001);
    holds(vec![
        (Closed, ask(&owned, StageKind::Won, draft(Verdict::Doubted, &[], None), None)),
        (Closed, ask(&opened, StageKind::Lost, plain(), Some(rep(true)))),
        (ReviewerUnknown, ask(&opened, StageKind::Open, draft(Verdict::Corrected, &[], None), None)),
        (ReviewerInactive, ask(&owned, StageKind::Open, plain(), Some(rep(false)))),
        (ReviewerOwns, ask(&owned, StageKind::Open, draft(Verdict::Corrected, &[], None), Some(rep(true)))),
        (ChangesMissing, open(draft(Verdict::Corrected, &[], Some(&long)))),
        (ChangesUnexpected, open(draft(Verdict::Confirmed, &[Changed::Stage], Some(&long)))),
        (NoteMissing, open(draft(Verdict::Doubted, &[], Some("  ")))),
        (NoteTooLong, open(draft(Verdict::Doubted, &[], Some(&long)))),
    ]);
    for good in [
        plain(),
        draft(Verdict::Confirmed, &[], Some(&long[1..])),
        draft(Verdict::Corrected, &[Changed::CloseDate, Changed::Owner], None),
        draft(Verdict::Doubted, &[Changed::Amount], Some("too good to be true")),
    ] {
        let written = review(&opened, StageKind::Open, good.clone(), Some(&rep(true)), at(1)).unwrap();
        assert_eq!((written.verdict, written.changes, &written.note), (good.verdict, good.changes, &good.note));
        assert_eq!((written.opportunity, written.reviewer, written.at), (opened.opportunity, RepId(uuid(70)), at(1)));
    }
}
