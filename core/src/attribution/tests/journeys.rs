//! Which touchpoints make a journey: linked, not suppressed, once; and what follows the touchpoints.

use super::*;
use crate::attribution::journey::Batch;
use crate::attribution::{LeftOut, Linking, NamePattern, Suppression};
use crate::facts::{ContactFact, LeadFact, LinkBuffers};
use crate::ids::{ContactRoleId, LeadId, SplitId};
use crate::opportunity::{ContactRole, Split};
use pipewright_plugin::{Kind, Positions, Touch};
use uuid::Uuid;

const END: Known = Known { at_ms: i64::MAX, version: None };

/// A journey as a model sees it: its touchpoints, which they are (none for an origin), the milestones reached, what was left out.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    touches: Vec<Touch>,
    ids: Vec<Option<TouchpointId>>,
    reached: Option<Positions>,
    left_out: LeftOut,
}

impl Seen {
    /// The numbers of its touchpoints.
    fn numbers(&self) -> Vec<usize> {
        let number = |id: &TouchpointId| (0..100).find(|number| touch_id(*number) == *id).unwrap();
        self.ids.iter().flatten().map(number).collect()
    }
}

fn touch_id(number: usize) -> TouchpointId {
    TouchpointId::derived("test", &number.to_string())
}

fn seen(snapshot: &Snapshot, view: View, known: Known) -> Seen {
    let mut batch = Batch::traced(snapshot, view, known);
    batch.add(0);
    let (_, touches) = batch.opportunities().next().unwrap();
    Seen {
        touches: touches.to_vec(),
        ids: batch.traces().iter().map(|trace| trace.touchpoint).collect(),
        reached: batch.journeys().first().map(|journey| journey.reached),
        left_out: batch.left_out().next().unwrap().clone(),
    }
}

fn contact(number: u32) -> ContactId {
    ContactId::derived("test", &number.to_string())
}

fn account(number: u32) -> AccountId {
    AccountId::derived("test", &number.to_string())
}

fn lead(number: u32) -> LeadId {
    LeadId::derived("test", &number.to_string())
}

/// The journey of the deal under some rules.
fn under(rules: JourneyRules, touches: &[Touchpoint]) -> Seen {
    let mut builder = builder(Tz::UTC, rules);
    let (opportunity, versions) = deal();
    builder.opportunity(opportunity, &versions);
    touches.iter().for_each(|touch| builder.touchpoint(touch));
    seen(&builder.finish(DataVersion(9)), ALL, END)
}

#[test]
fn of_a_session_and_of_a_day_what_counts_once() {
    let on = |number, time: &str, channel| marketing(number, &format!("2025-05-01T{time}Z"), channel);
    let for_campaign = |touch: Touchpoint| {
        let campaign = touch.channel.map(campaign);
        Touchpoint { campaign, ..touch }
    };
    let of = |kind, touch: Touchpoint| Touchpoint { kind, ..touch };
    let by = |number: u32, touch: Touchpoint| Touchpoint { contact: Some(contact(number)), ..touch };
    let (abm, brand) = (Channel::Abm, Channel::Brand);
    let (visit, call, mail) = (TouchpointKind::BareVisit, TouchpointKind::Call, TouchpointKind::Email);
    type Case = (&'static str, u32, Vec<Touchpoint>, Vec<usize>);
    let cases: Vec<Case> = vec![
        ("thirty minutes later is the same session", 30, vec![on(1, "08:00:00", abm), on(2, "08:30:00", abm)], vec![1]),
        ("a moment more is another", 30, vec![on(1, "08:00:00", abm), on(2, "08:30:00.001", abm)], vec![1, 2]),
        (
            "a session lasts as long as each follows the one before it",
            30,
            vec![on(1, "08:00:00", abm), on(2, "08:30:00", abm), on(3, "09:00:00", abm)],
            vec![1],
        ),
        ("another source is another session", 30, vec![on(1, "08:00:00", abm), on(2, "08:01:00", brand)], vec![1, 2]),
        (
            "what another source did in between ends no session",
            30,
            vec![on(1, "08:00:00", abm), on(2, "08:01:00", brand), on(3, "08:02:00", abm)],
            vec![1, 2],
        ),
        ("another person is another session", 30, vec![on(1, "08:00:00", abm), by(2, on(2, "08:01:00", abm))], vec![1, 2]),
        (
            "nobody is never the same person",
            30,
            vec![Touchpoint { contact: None, ..on(1, "08:00:00", abm) }, Touchpoint { contact: None, ..on(2, "08:00:01", abm) }],
            vec![1, 2],
        ),
        (
            "a call and a mail of one session are two",
            30,
            vec![of(call, on(1, "08:00:00", abm)), of(mail, on(2, "08:05:00", abm)), of(call, on(3, "08:06:00", abm))],
            vec![1, 2],
        ),
        (
            "what is more than a bare visit stands for it, wherever it is in the session",
            30,
            vec![of(visit, on(1, "08:00:00", abm)), on(2, "08:05:00", abm), of(visit, on(3, "08:10:00", abm))],
            vec![2],
        ),
        (
            "of bare visits the first stays",
            30,
            vec![of(visit, on(1, "08:00:00", abm)), of(visit, on(2, "08:05:00", abm))],
            vec![1],
        ),
        ("without sessions all count", 0, vec![on(1, "08:00:00", abm), on(2, "08:00:01", abm)], vec![1, 2]),
        (
            "the same campaign counts once a day, without sessions too",
            0,
            vec![for_campaign(on(1, "08:00:00", abm)), for_campaign(on(2, "23:00:00", abm))],
            vec![1],
        ),
        (
            "what a session took out is nothing that a day could keep",
            30,
            vec![
                for_campaign(of(visit, on(1, "08:00:00", abm))),
                on(2, "08:10:00", abm),
                for_campaign(of(visit, on(3, "20:00:00", abm))),
            ],
            vec![2, 3],
        ),
        (
            "of a day, what is more than a bare visit stays",
            30,
            vec![for_campaign(of(visit, on(1, "08:00:00", abm))), for_campaign(on(2, "20:00:00", abm))],
            vec![2],
        ),
    ];
    for (reason, session_minutes, touches, expected) in cases {
        let seen = under(JourneyRules { session_minutes, ..JourneyRules::default() }, &touches);
        assert_eq!(seen.numbers(), expected, "{reason}");
        assert_eq!(seen.left_out.repeated, touches.len() - expected.len(), "{reason}");
    }
}

#[test]
fn what_a_rule_names_is_taken_out_and_counted() {
    let old = marketing(1, "2025-01-01T00:00:00Z", Channel::Abm);
    let visit = Touchpoint { kind: TouchpointKind::BareVisit, ..marketing(2, "2025-05-01T00:00:00Z", Channel::Digital) };
    let event = Touchpoint { campaign: Some(campaign(Channel::Events)), ..marketing(3, "2025-05-02T00:00:00Z", Channel::Events) };
    let call = Touchpoint { contact: Some(contact(2)), ..sales(4, "2025-05-03T00:00:00Z", rep(Role::Sdr)) };
    let late = marketing(5, "2025-05-08T00:00:00Z", Channel::Brand);
    let touches = [old, visit, event, call, late];
    let none = Suppression::default;
    let digital = || vec![Source::Channel(Channel::Digital)];
    type Case = (&'static str, Vec<Suppression>, Vec<usize>, Vec<usize>);
    let cases: Vec<Case> = vec![
        ("no rule", vec![], vec![1, 2, 3, 4, 5], vec![]),
        (
            "a rule that holds for nothing",
            vec![Suppression { kinds: vec![TouchpointKind::Meeting], ..none() }],
            vec![1, 2, 3, 4, 5],
            vec![],
        ),
        ("a kind", vec![Suppression { kinds: vec![TouchpointKind::BareVisit], ..none() }], vec![1, 3, 4, 5], vec![1]),
        ("a channel", vec![Suppression { sources: digital(), ..none() }], vec![1, 3, 4, 5], vec![1]),
        ("a role", vec![Suppression { sources: vec![Source::Role(Role::Sdr)], ..none() }], vec![1, 2, 3, 5], vec![1]),
        (
            "both of two, or neither",
            vec![Suppression { sources: digital(), kinds: vec![TouchpointKind::Response], ..none() }],
            vec![1, 2, 3, 4, 5],
            vec![],
        ),
        ("a campaign", vec![Suppression { campaigns: vec![campaign(Channel::Events)], ..none() }], vec![1, 2, 4, 5], vec![1]),
        (
            "a campaign by its name",
            vec![Suppression { campaign_names: vec![NamePattern::new("*vent*")], ..none() }],
            vec![1, 2, 4, 5],
            vec![1],
        ),
        (
            "a campaign that is another",
            vec![Suppression { campaigns: vec![campaign(Channel::Abm)], ..none() }],
            vec![1, 2, 3, 4, 5],
            vec![],
        ),
        ("a person", vec![Suppression { people: vec![contact(2).0], ..none() }], vec![1, 2, 3, 5], vec![1]),
        ("a rep", vec![Suppression { reps: vec![rep(Role::Sdr)], ..none() }], vec![1, 2, 3, 5], vec![1]),
        (
            "a rep whom nobody knows",
            vec![Suppression { reps: vec![RepId::derived("test", "nobody")], ..none() }],
            vec![1, 2, 3, 4, 5],
            vec![],
        ),
        (
            "older, counted from the creation",
            vec![Suppression { older_than_days: Some(126), ..none() }],
            vec![2, 3, 4, 5],
            vec![1],
        ),
        ("not older by a moment", vec![Suppression { older_than_days: Some(127), ..none() }], vec![1, 2, 3, 4, 5], vec![]),
        ("younger", vec![Suppression { younger_than_days: Some(5), ..none() }], vec![1, 2, 3, 4], vec![1]),
        (
            "the first rule that holds counts it",
            vec![
                Suppression { sources: vec![Source::Channel(Channel::Abm)], ..none() },
                Suppression { older_than_days: Some(0), ..none() },
                Suppression { kinds: vec![TouchpointKind::Response], ..none() },
            ],
            vec![],
            vec![1, 3, 1],
        ),
    ];
    for (reason, suppressions, expected, counted) in cases {
        let seen = under(JourneyRules { suppressions, ..JourneyRules::default() }, &touches);
        assert_eq!((seen.numbers(), seen.left_out.suppressed), (expected, counted), "{reason}");
    }
}

#[test]
fn touchpoints_are_linked_as_configuration_says() {
    let deal_id = deal().0.id;
    let at_day = |number: usize| format!("2025-04-{:02}T00:00:00Z", number + 1);
    let by = |number: usize, person: Option<u32>, of: Option<u32>| Touchpoint {
        contact: person.map(contact),
        account: of.map(account),
        ..marketing(number, &at_day(number), Channel::Abm)
    };
    let of_lead = |number: usize, person: u32| Touchpoint { lead: Some(lead(person)), ..by(number, None, None) };
    let on_deal = |touch: Touchpoint| Touchpoint { opportunity: Some(deal_id), ..touch };
    let touches = [
        by(0, Some(1), Some(1)),          // the primary contact
        by(1, Some(2), Some(1)),          // another contact with a role
        by(2, Some(3), Some(1)),          // a contact of the account without a role
        by(3, Some(4), Some(2)),          // a contact with a role, of another account
        by(4, Some(5), Some(2)),          // a stranger
        on_deal(by(5, Some(5), Some(2))), // a stranger, on the deal
        on_deal(by(6, None, None)),       // nobody, on the deal
        by(7, Some(6), None),             // a contact of the account, which the touchpoint does not name
        of_lead(8, 1),                    // a lead that became the primary contact
        of_lead(9, 2),                    // a lead that became part of the account
        of_lead(10, 3),                   // a lead
        on_deal(of_lead(11, 3)),          // a lead, on the deal
        on_deal(by(12, Some(1), Some(1))),
        by(13, Some(7), Some(1)), // a contact who had a role once
    ];
    let role = |number: u32, is_primary, is_deleted| ContactRole {
        id: ContactRoleId::derived("test", &number.to_string()),
        opportunity: deal_id,
        contact: contact(number),
        role: None,
        is_primary,
        is_deleted,
        recorded: DataVersion(1),
    };
    let cases = [
        (Linking::ByAccount, vec![0, 1, 2, 5, 6, 7, 8, 9, 11, 12, 13]),
        (Linking::ByContactRole, vec![0, 1, 3, 5, 6, 8, 11, 12]),
        (Linking::ByPrimaryContact, vec![0, 5, 6, 8, 11, 12]),
    ];
    for (linking, expected) in cases {
        let mut builder = builder(Tz::UTC, JourneyRules { linking, ..JourneyRules::default() });
        builder.opportunity(deal().0, &deal().1);
        for (number, primary, deleted) in [(1, true, false), (2, false, false), (4, false, false), (7, true, true)] {
            builder.contact_role(&role(number, primary, deleted));
        }
        builder.contact(&ContactFact { id: contact(6), account: Some(account(1)) });
        for (number, converted_contact) in [(1, Some(contact(1))), (2, None)] {
            let (id, converted_account) = (lead(number), Some(account(1)));
            builder.lead(&LeadFact { id, converted_account, converted_contact, recorded: DataVersion(1) });
        }
        touches.iter().for_each(|touch| builder.touchpoint(touch));
        let snapshot = builder.finish(DataVersion(1));
        assert_eq!(seen(&snapshot, ALL, END).numbers(), expected, "{linking:?}");
        let held = Known { at_ms: i64::MAX, version: Some(DataVersion(1)) };
        assert_eq!(seen(&snapshot, ALL, held).numbers(), expected, "{linking:?}, as recorded");
        assert!(snapshot.touchpoints_near(0, &mut LinkBuffers::default()) >= expected.len());
    }
}

#[test]
fn a_lead_that_became_a_contact_is_one_person_with_it() {
    let converted = LeadFact {
        id: lead(1),
        converted_account: Some(account(1)),
        converted_contact: Some(contact(1)),
        recorded: DataVersion(2),
    };
    let as_lead = Touchpoint { contact: None, lead: Some(lead(1)), ..marketing(1, "2025-05-01T08:00:00Z", Channel::Abm) };
    let adrift = Touchpoint { account: None, at: at("2025-04-01T00:00:00Z"), id: touch_id(3), ..as_lead.clone() };
    let touches = [as_lead, marketing(2, "2025-05-01T08:10:00Z", Channel::Abm), adrift];
    let mut first = builder(Tz::UTC, JourneyRules::default());
    first.opportunity(deal().0, &deal().1);
    touches.iter().for_each(|touch| first.touchpoint(touch));
    let first = first.finish(DataVersion(1));
    assert_eq!(seen(&first, ALL, END).numbers(), [1, 2], "two people, and one of no account");
    // The conversion comes later, and with it the touchpoints of the lead again.
    let mut second = Builder::onto(&first);
    second.lead(&converted);
    touches.iter().filter(|touch| touch.lead.is_some()).for_each(|touch| second.touchpoint(touch));
    let second = second.finish(DataVersion(2));
    assert_eq!(seen(&second, ALL, END).numbers(), [3, 1]);
    let before = Known { version: Some(DataVersion(1)), ..END };
    assert!(!seen(&second, ALL, before).numbers().contains(&3), "what only the conversion leads here is known from then on");
    // The lead turns out to be of another account: what was adrift goes there.
    let mut third = Builder::onto(&second);
    third.lead(&LeadFact { converted_account: Some(account(2)), ..converted });
    touches.iter().filter(|touch| touch.lead.is_some()).for_each(|touch| third.touchpoint(touch));
    assert_eq!(seen(&third.finish(DataVersion(3)), ALL, END).numbers(), [1]);
}

#[test]
fn a_stage_of_ones_own_is_a_milestone_from_the_first_arrival_at_it() {
    let qualified = StageId::derived("test", "Qualified");
    let in_stage = |from: &str, stage, recorded| VersionFact {
        stage,
        recorded: DataVersion(recorded),
        ..version(at(from), StageKind::Open)
    };
    let open = stage(StageKind::Open);
    let (opportunity, deal_versions) = deal();
    let mut versions = vec![
        deal_versions[0].clone(),
        in_stage("2025-05-20T00:00:00Z", qualified, 1),
        in_stage("2025-05-25T00:00:00Z", open, 1),
        in_stage("2025-06-10T00:00:00Z", qualified, 1),
        in_stage("2025-05-15T00:00:00Z", qualified, 5),
        deal_versions[1].clone(),
    ];
    versions.sort_by_key(|version| version.valid_from_ms);
    let touches = [
        marketing(1, "2025-05-01T00:00:00Z", Channel::Abm),
        marketing(2, "2025-05-12T00:00:00Z", Channel::Abm),
        marketing(3, "2025-05-20T00:00:00Z", Channel::Abm),
        marketing(4, "2025-06-01T00:00:00Z", Channel::Abm),
    ];
    let won = stage(StageKind::Won);
    let never = StageId::derived("test", "never");
    let milestones = vec![never, qualified, won];
    let mut builder = builder(Tz::UTC, JourneyRules { milestones, ..JourneyRules::default() });
    builder.opportunity(opportunity, &versions);
    touches.iter().for_each(|touch| builder.touchpoint(touch));
    let snapshot = builder.finish(DataVersion(9));
    let (mine, last) = (Positions::stage(1), Positions::stage(2));
    // As of, the version, which touchpoint holds the stage, whether it is reached.
    let cases = [
        ("2025-05-14T00:00:00Z", None, None, false),
        ("2025-05-19T00:00:00Z", None, Some(2), true),
        ("2025-05-19T00:00:00Z", Some(4), None, false),
        ("2025-06-20T00:00:00Z", Some(4), Some(3), true),
        ("2025-06-20T00:00:00Z", None, Some(2), true),
        (NOW, None, Some(2), true),
    ];
    for (as_of, version, holder, reached) in cases {
        let known = Known { at_ms: at(as_of).timestamp_millis(), version: version.map(DataVersion) };
        let seen = seen(&snapshot, ALL, known);
        let holds = |position| seen.touches.iter().zip(seen.numbers()).find(|(touch, _)| touch.positions.holds(position));
        assert_eq!(holds(mine).map(|(_, number)| number), holder, "{as_of} {version:?}");
        assert_eq!(seen.reached.unwrap().holds(mine), reached, "{as_of} {version:?}");
        assert!(!seen.reached.unwrap().holds(Positions::stage(0)), "nobody was ever there");
        assert_eq!(seen.reached.unwrap().holds(last), as_of == NOW, "{as_of}");
        assert_eq!(holds(last).map(|(_, number)| number), (as_of == NOW).then_some(4));
    }
    let seen = seen(&snapshot, ALL, END);
    assert!(seen.touches[1].positions.holds(Positions::MIDDLE), "a stage of one's own takes nothing from the other models");
}

#[test]
fn splits_follow_the_creator_and_the_primary_campaign() {
    let split = |number: u32, rep, percentage_bp, is_overlay| Split {
        id: SplitId::derived("test", &number.to_string()),
        opportunity: deal().0.id,
        rep,
        percentage_bp,
        is_overlay,
        is_deleted: false,
        recorded: DataVersion(1),
    };
    // The promoted one was an AE when the deal was created, and an SDR before.
    let splits = [
        split(1, promoted(), 6_000, false),
        split(2, rep(Role::Ecs), 10_000, true),
        split(3, rep(Role::Sdr), 3_000, false),
        Split { recorded: DataVersion(2), ..split(4, rep(Role::Bdr), 1_000, false) },
        Split { is_deleted: true, ..split(5, rep(Role::Bdr), 1_000, false) },
        split(6, RepId::derived("test", "a manager"), 500, false),
        split(7, rep(Role::Bdr), -1, true),
    ];
    let mut builder = builder(Tz::UTC, JourneyRules::default());
    let (opportunity, mut versions) = deal();
    versions[1].campaign = Some(campaign(Channel::Events));
    builder.opportunity(opportunity, &versions);
    builder.touchpoint(&marketing(1, "2025-05-01T00:00:00Z", Channel::Abm));
    splits.iter().for_each(|split| builder.split(split));
    let snapshot = builder.finish(DataVersion(2));
    let told = |lens, version: Option<i64>| {
        let seen = seen(&snapshot, View { lens, origins: true }, Known { version: version.map(DataVersion), ..END });
        let one = |touch: &Touch| (touch.kind, touch.source, touch.share_millionths);
        seen.touches.iter().filter(|touch| touch.kind.is_origin()).map(one).collect::<Vec<_>>()
    };
    use pipewright_plugin::Source as S;
    let (creator, event) = ((Kind::Creator, S::AE, 0), (Kind::PrimaryCampaign, S::EVENTS, 0));
    let revenue = |source, share| (Kind::Split, source, share);
    let overlay = |source, share| (Kind::OverlaySplit, source, share);
    let all = vec![
        creator,
        event,
        revenue(S::AE, 600_000),
        revenue(S::BDR, 100_000),
        revenue(S::SDR, 300_000),
        overlay(S::BDR, 0),
        overlay(S::ECS, 1_000_000),
    ];
    assert_eq!(told(Lens::All, None), all);
    assert_eq!(told(Lens::Channels, None), [event]);
    let roles = |all: &[(Kind, S, u32)]| all.iter().copied().filter(|origin| *origin != event).collect::<Vec<_>>();
    assert_eq!(told(Lens::Roles, None), roles(&all));
    let known_first: Vec<_> = all.into_iter().filter(|origin| *origin != revenue(S::BDR, 100_000)).collect();
    assert_eq!(told(Lens::All, Some(1)), known_first);
    // A split that comes again replaces itself; one that is taken off is gone.
    let mut later = Builder::onto(&snapshot);
    later.split(&split(1, promoted(), 5_000, false));
    later.split(&Split { is_deleted: true, ..split(3, rep(Role::Sdr), 3_000, false) });
    let later = later.finish(DataVersion(3));
    let shares: Vec<u32> = later.splits_of(0, None).iter().map(|split| split.share_millionths).collect();
    assert_eq!(shares, [500_000, 100_000, 0, 1_000_000]);
    assert_eq!(snapshot.splits_of(0, None)[0].share_millionths, 600_000, "a snapshot never changes");
}

#[test]
fn a_journey_of_more_touchpoints_than_the_limit_is_unattributed_and_says_so() {
    let start = at("2024-06-01T00:00:00Z");
    let touch = |number: u128| Touchpoint {
        id: TouchpointId(Uuid::from_u128(number)),
        contact: None,
        at: start + TimeDelta::minutes(i64::try_from(number).unwrap()),
        ..marketing(1, NOW, Channel::Abm)
    };
    let mut builder = builder(Tz::UTC, JourneyRules::default());
    builder.opportunity(deal().0, &deal().1);
    (0..100_000).for_each(|number| builder.touchpoint(&touch(number)));
    let at_limit = builder.finish(DataVersion(1));
    let mut builder = Builder::onto(&at_limit);
    builder.touchpoint(&touch(100_000));
    let beyond = builder.finish(DataVersion(2));
    assert_eq!(seen(&at_limit, ALL, END).touches.len(), 100_000);
    assert_eq!(credit(&even(ALL), &at_limit, NOW).unwrap().entry(0).0.len(), 100_000);
    let with_origins = View { lens: Lens::All, origins: true };
    let seen = seen(&beyond, with_origins, END);
    assert_eq!((seen.touches.len(), seen.reached, seen.left_out.too_many), (0, None, Some(100_001)));
    assert_eq!(credit(&even(with_origins), &beyond, NOW).unwrap().entry(0), (&[][..], &[][..]));
    let (mut reasons, mut learnt) = (Vec::new(), 0);
    even(ALL).trace(&beyond, END, &[0], &mut |weighed| reasons.push(weighed.weights.map(<[f64]>::len))).unwrap();
    assert_eq!(reasons, [Err(NoCredit::TooManyTouchpoints)]);
    let training = Training { snapshot: &beyond, view: ALL, version: None };
    training
        .each_batch(&mut |batch| {
            learnt += batch.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(learnt, 0, "nothing is learnt from what is not attributed");
}

/// Rows of all that a journey is made of, recorded by changes 1 to 4.
#[derive(Debug, Clone)]
struct World {
    touches: Vec<Touchpoint>,
    roles: Vec<ContactRole>,
    splits: Vec<Split>,
    tenures: Vec<Tenure>,
    versions: Vec<VersionFact>,
}

impl World {
    /// What was recorded up to `version`.
    fn up_to(&self, version: DataVersion) -> Self {
        fn known<T: Clone>(rows: &[T], version: DataVersion, recorded: fn(&T) -> DataVersion) -> Vec<T> {
            rows.iter().filter(|row| recorded(row) <= version).cloned().collect()
        }
        Self {
            touches: known(&self.touches, version, |row| row.recorded),
            roles: known(&self.roles, version, |row| row.recorded),
            splits: known(&self.splits, version, |row| row.recorded),
            tenures: known(&self.tenures, version, |row| row.recorded),
            versions: known(&self.versions, version, |row| row.recorded),
        }
    }

    fn snapshot(&self, linking: Linking) -> Snapshot {
        let milestones = vec![stage(StageKind::Open), StageId::derived("test", "Qualified")];
        let suppressions = vec![Suppression { sources: vec![Source::Role(Role::Ecs)], ..Suppression::default() }];
        let rules = JourneyRules { linking, milestones, suppressions, ..JourneyRules::default() };
        let mut builder = builder(Tz::UTC, rules);
        builder.contact(&ContactFact { id: contact(2), account: Some(account(1)) });
        let (id, converted_account, converted_contact) = (lead(1), Some(account(1)), Some(contact(1)));
        builder.lead(&LeadFact { id, converted_account, converted_contact, recorded: DataVersion(1) });
        self.tenures.iter().for_each(|tenure| builder.tenure(tenure));
        self.splits.iter().for_each(|split| builder.split(split));
        self.touches.iter().for_each(|touch| builder.touchpoint(touch));
        self.roles.iter().for_each(|role| builder.contact_role(role));
        builder.opportunity(deal().0, &self.versions);
        builder.finish(DataVersion(9))
    }
}

fn worlds() -> impl Strategy<Value = World> {
    let recorded = 1_i64..5;
    let touch = (0_i64..30, 0_u8..14, 0_u8..4, 0_u8..3, any::<bool>(), recorded.clone());
    let touches = prop::collection::vec(touch, 0..16).prop_map(|rows| {
        let touch = |(number, (slot, kind, person, of, on_deal, recorded)): (usize, (i64, u8, u8, u8, bool, i64))| {
            let kinds = [TouchpointKind::BareVisit, TouchpointKind::Response, TouchpointKind::Call];
            let mut touch = match kind % 7 {
                0 => sales(number, NOW, promoted()),
                1 => sales(number, NOW, rep(Role::Ecs)),
                2 => sales(number, NOW, rep(Role::Bdr)),
                other => marketing(number, NOW, Channel::ALL[usize::from(other) % 2]),
            };
            touch.campaign = touch.channel.filter(|_| kind >= 7).map(campaign);
            touch.kind = kinds[usize::from(kind) % 3];
            // Twenty minutes apart in each of three days, so that sessions and days are met.
            touch.at = at("2025-05-06T23:00:00Z") + TimeDelta::days(slot / 10) + TimeDelta::minutes(20 * (slot % 10));
            touch.account = [Some(account(1)), Some(account(2)), None][usize::from(of)];
            touch.opportunity = on_deal.then_some(deal().0.id);
            (touch.contact, touch.lead) = match person {
                0 => (None, Some(lead(1))),
                1 => (None, None),
                other => (Some(contact(u32::from(other) - 1)), None),
            };
            touch.recorded = DataVersion(recorded);
            touch
        };
        rows.into_iter().enumerate().map(touch).collect::<Vec<_>>()
    });
    let role = (1_u32..4, any::<bool>(), recorded.clone());
    let roles = prop::collection::vec(role, 0..4).prop_map(|rows| {
        let role = |(number, (person, is_primary, recorded)): (usize, (u32, bool, i64))| ContactRole {
            id: ContactRoleId::derived("test", &number.to_string()),
            opportunity: deal().0.id,
            contact: contact(person),
            role: None,
            is_primary,
            is_deleted: false,
            recorded: DataVersion(recorded),
        };
        rows.into_iter().enumerate().map(role).collect::<Vec<_>>()
    });
    let splits = prop::collection::vec((0_usize..5, any::<bool>(), recorded.clone()), 0..4).prop_map(|rows| {
        let split = |(number, (role, is_overlay, recorded)): (usize, (usize, bool, i64))| Split {
            id: SplitId::derived("test", &number.to_string()),
            opportunity: deal().0.id,
            rep: if role == 0 { promoted() } else { rep(Role::ALL[role]) },
            percentage_bp: 2_500,
            is_overlay,
            is_deleted: false,
            recorded: DataVersion(recorded),
        };
        rows.into_iter().enumerate().map(split).collect::<Vec<_>>()
    });
    let tenures = prop::collection::vec((0_i64..4, 0_usize..5, recorded.clone()), 0..3).prop_map(|rows| {
        let tenure = |(number, (days, role, recorded)): (usize, (i64, usize, i64))| Tenure {
            id: TenureId::derived("test", &format!("later {number}")),
            rep: promoted(),
            role: Some(Role::ALL[role]),
            manager: None,
            valid_from: at("2025-05-05T00:00:00Z") + TimeDelta::days(days),
            recorded: DataVersion(recorded),
        };
        rows.into_iter().enumerate().map(tenure).collect::<Vec<_>>()
    });
    let versions = prop::collection::btree_map(1_i64..80, (0_u8..3, recorded), 0..5).prop_map(|rows: BTreeMap<_, _>| {
        let later = rows.into_iter().map(|(days, (kind, recorded))| {
            let from = at("2025-05-08T00:00:00Z") + TimeDelta::days(days);
            let mut version = version(from, if kind == 2 { StageKind::Won } else { StageKind::Open });
            if kind == 1 {
                version.stage = StageId::derived("test", "Qualified");
            }
            version.recorded = DataVersion(recorded);
            version.close_date = day("2025-05-08");
            version
        });
        std::iter::once(deal().1[0].clone()).chain(later).collect::<Vec<_>>()
    });
    (touches, roles, splits, tenures, versions).prop_map(|(touches, roles, splits, tenures, versions)| World {
        touches,
        roles,
        splits,
        tenures,
        versions,
    })
}

fn shuffled(world: &World) -> impl Strategy<Value = World> + use<> {
    let World { touches, roles, splits, tenures, versions } = world.clone();
    let parts =
        (Just(touches).prop_shuffle(), Just(roles).prop_shuffle(), Just(splits).prop_shuffle(), Just(tenures).prop_shuffle());
    parts.prop_map(move |(touches, roles, splits, tenures)| World { touches, roles, splits, tenures, versions: versions.clone() })
}

const LINKINGS: [Linking; 3] = [Linking::ByAccount, Linking::ByContactRole, Linking::ByPrimaryContact];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_input_rows_changes_nothing(
        (world, shuffled) in worlds().prop_flat_map(|world| { let other = shuffled(&world); (Just(world), other) }),
    ) {
        for linking in LINKINGS {
            let view = View { lens: Lens::All, origins: true };
            prop_assert_eq!(seen(&world.snapshot(linking), view, END), seen(&shuffled.snapshot(linking), view, END));
        }
    }

    #[test]
    fn as_recorded_up_to_a_change_equals_never_having_heard_of_later_rows(world in worlds(), version in 1_i64..5, days in 0_i64..90) {
        let known = Known { at_ms: (at("2025-05-07T12:00:00Z") + TimeDelta::days(days)).timestamp_millis(), version: None };
        let version = DataVersion(version);
        for linking in LINKINGS {
            let view = View { lens: Lens::All, origins: true };
            let (all, told) = (world.snapshot(linking), world.up_to(version).snapshot(linking));
            prop_assert_eq!(seen(&all, view, Known { version: Some(version), ..known }), seen(&told, view, known));
        }
    }

    #[test]
    fn as_of_an_instant_equals_never_having_heard_of_later_events(world in worlds(), days in 0_i64..90) {
        let instant = at("2025-05-07T12:00:00Z") + TimeDelta::days(days);
        let known = Known { at_ms: instant.timestamp_millis(), version: None };
        let mut earlier = world.clone();
        earlier.touches.retain(|touch| touch.at <= instant);
        earlier.versions.retain(|version| version.valid_from_ms <= known.at_ms);
        earlier.tenures.retain(|tenure| tenure.valid_from <= instant);
        for linking in LINKINGS {
            let (all, told) = (world.snapshot(linking), earlier.snapshot(linking));
            prop_assert_eq!(seen(&all, ALL, known), seen(&told, ALL, known));
        }
    }

    #[test]
    fn what_counts_once_is_what_a_plain_reading_of_the_rule_keeps(world in worlds()) {
        let touches: Vec<Touchpoint> = world.touches.into_iter().filter(|touch| touch.channel.is_some()).map(|touch| {
            let (contact, lead) = (touch.contact.or(touch.lead.map(|_| contact(9))), None);
            Touchpoint { account: Some(account(1)), contact, lead, ..touch }
        }).collect();
        let mut ordered: Vec<&Touchpoint> = touches.iter().collect();
        ordered.sort_by_key(|touch| (touch.at, touch.channel, touch.id));
        let bare = |touch: &Touchpoint| touch.kind == TouchpointKind::BareVisit;
        // Each touchpoint with the first of its session.
        let mut sessions: Vec<(&Touchpoint, TouchpointId)> = Vec::new();
        for touch in ordered {
            let same = |other: &&Touchpoint| other.contact == touch.contact && other.channel == touch.channel;
            let before = sessions.iter().rev().find(|(other, _)| touch.contact.is_some() && same(other));
            let goes_on = before.filter(|(other, _)| touch.at - other.at <= TimeDelta::minutes(30));
            sessions.push((touch, goes_on.map_or(touch.id, |(_, first)| *first)));
        }
        let of_session = |session: TouchpointId| sessions.iter().filter(move |(_, own)| *own == session).map(|(touch, _)| *touch);
        let kept: Vec<&Touchpoint> = sessions.iter().filter(|(touch, session)| match bare(touch) {
            true => of_session(*session).all(bare) && *session == touch.id,
            false => of_session(*session).find(|other| other.kind == touch.kind).map(|other| other.id) == Some(touch.id),
        }).map(|(touch, _)| *touch).collect();
        let mut expected: Vec<TouchpointId> = Vec::new();
        for touch in &kept {
            let mut day = kept.iter().filter(|other| {
                let named = touch.contact.is_some() && touch.campaign.is_some();
                let same = (other.contact, other.campaign, other.at.date_naive()) == (touch.contact, touch.campaign, touch.at.date_naive());
                if named { same } else { other.id == touch.id }
            });
            let first = day.clone().next().unwrap();
            if day.find(|other| !bare(other)).unwrap_or(first).id == touch.id {
                expected.push(touch.id);
            }
        }
        let seen = under(JourneyRules::default(), &touches);
        prop_assert_eq!(seen.ids.into_iter().flatten().collect::<Vec<_>>(), expected);
    }
}
