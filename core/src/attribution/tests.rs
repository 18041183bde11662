//! Journeys and credit over real snapshots.

#![allow(clippy::unwrap_used)]

mod answers;
mod journeys;

use super::{Credit, CreditError, CreditShares, JourneyRules, Known, ModelCredit, Training, View};
use crate::calendar::{Calendar, YearPattern};
use crate::campaign::{Campaign, Channel};
use crate::catalog::{ForecastCategory, Stage, StageKind};
use crate::currency::CurrencyCode;
use crate::facts::{Builder, OpportunityFact, Settings, Snapshot, VersionFact};
use crate::ids::{AccountId, CampaignId, ContactId, DataVersion, OpportunityId, RepId, StageId, TenureId, TouchpointId};
use crate::matrix::Lens;
use crate::money;
use crate::rep::{Rep, Role, Tenure};
use crate::touchpoint::{Source, Touchpoint, TouchpointKind};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use pipewright_plugin::{FittedModel, Journey, Journeys, ModelError, NoCredit, Outcome, Weights};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const ALL: View = View { lens: Lens::All, origins: false };
const NOW: &str = "2027-01-01T00:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The rep who has held `role` since 1970.
fn rep(role: Role) -> RepId {
    RepId::derived("test", &format!("{role:?}"))
}

/// An SDR who became an AE on 2025-04-01.
fn promoted() -> RepId {
    RepId::derived("test", "promoted")
}

/// The campaign of `channel`.
fn campaign(channel: Channel) -> CampaignId {
    CampaignId::derived("test", &format!("{channel:?}"))
}

fn stage(kind: StageKind) -> StageId {
    StageId::derived("test", &format!("{kind:?}"))
}

/// A deal of account 1, created 2025-05-08 by an AE, won on 2025-07-03 unless told otherwise.
fn deal() -> (OpportunityFact, Vec<VersionFact>) {
    let created = at("2025-05-08T00:00:00Z");
    let opportunity = OpportunityFact {
        id: OpportunityId::derived("test", "1"),
        account: Some(AccountId::derived("test", "1")),
        created_at_ms: created.timestamp_millis(),
        created_by: Some(rep(Role::Ae)),
        lead_source_maps_to: None,
        last_activity_on: None,
        has_contact_role: true,
    };
    (opportunity, vec![version(created, StageKind::Open), version(at("2025-07-03T15:00:00Z"), StageKind::Won)])
}

fn version(from: DateTime<Utc>, kind: StageKind) -> VersionFact {
    VersionFact {
        valid_from_ms: from.timestamp_millis(),
        sequence: 0,
        recorded: DataVersion(1),
        stage: stage(kind),
        forecast_category: ForecastCategory::Pipeline,
        close_date: day("2025-07-03"),
        currency: CurrencyCode::USD,
        acv_minor: Some(10_000_000),
        owner: None,
        region: None,
        segment: None,
        opportunity_type: None,
        campaign: None,
        line_set: None,
        has_next_step: true,
        has_amount: true,
        is_deleted: false,
    }
}

/// A touchpoint of person 1 of account 1, without a campaign.
fn marketing(number: usize, instant: &str, channel: Channel) -> Touchpoint {
    Touchpoint {
        id: TouchpointId::derived("test", &number.to_string()),
        external_id: None,
        at: at(instant),
        kind: TouchpointKind::Response,
        channel: Some(channel),
        rep: None,
        campaign: None,
        contact: Some(ContactId::derived("test", "1")),
        lead: None,
        account: Some(AccountId::derived("test", "1")),
        opportunity: None,
        recorded: DataVersion(1),
    }
}

fn sales(number: usize, instant: &str, rep: RepId) -> Touchpoint {
    let kind = TouchpointKind::Call;
    Touchpoint { channel: None, rep: Some(rep), kind, ..marketing(number, instant, Channel::Brand) }
}

fn snapshot(time_zone: Tz, deals: &[(OpportunityFact, Vec<VersionFact>)], touches: &[Touchpoint]) -> Snapshot {
    let mut builder = builder(time_zone, JourneyRules::default());
    deals.iter().for_each(|(opportunity, versions)| builder.opportunity(opportunity.clone(), versions));
    touches.iter().for_each(|touch| builder.touchpoint(touch));
    builder.finish(DataVersion(1))
}

/// A builder that knows the reps of every role, the campaigns of every channel and the stages of every kind.
fn builder(time_zone: Tz, journeys: JourneyRules) -> Builder {
    let mut builder = Builder::new(Settings {
        calendar: Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone, holidays: Default::default() },
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        journeys,
        hygiene: Default::default(),
    });
    let epoch = DateTime::UNIX_EPOCH;
    let mut tenure = |rep: RepId, role, valid_from: DateTime<Utc>| {
        let (id, recorded) = (TenureId::derived("test", &format!("{rep}{valid_from}")), DataVersion(1));
        let (name, external_id, email) = (rep.to_string(), None, None);
        builder.rep(&Rep { id: rep, external_id, name, email, is_active: true, hired_on: None, recorded });
        builder.tenure(&Tenure { id, rep, role: Some(role), manager: None, valid_from, recorded });
    };
    Role::ALL.into_iter().for_each(|role| tenure(rep(role), role, epoch));
    tenure(promoted(), Role::Sdr, epoch);
    tenure(promoted(), Role::Ae, at("2025-04-01T00:00:00Z"));
    for channel in Channel::ALL {
        builder.campaign(&Campaign {
            id: campaign(channel),
            external_id: None,
            name: format!("{channel:?}"),
            parent: None,
            channel: Some(channel),
            kind: None,
            status: None,
            starts_on: None,
            ends_on: None,
            currency: CurrencyCode::USD,
            budgeted_cost_minor: None,
            actual_cost_minor: None,
            is_active: true,
            is_deleted: false,
            recorded: DataVersion(1),
        });
    }
    for kind in [StageKind::Open, StageKind::Won, StageKind::Lost] {
        builder.stage(&Stage {
            id: stage(kind),
            name: format!("{kind:?}"),
            position: 1,
            kind,
            forecast_category: ForecastCategory::Pipeline,
            probability: None,
            is_active: true,
            recorded: DataVersion(1),
        });
    }
    builder
}

/// A model from a function over one journey.
struct Each<F>(F);

impl<F: Fn(&Journey<'_>, &mut Weights) -> Result<(), ModelError> + Send + Sync> FittedModel for Each<F> {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        assert!(batch.len() <= 1_024 && batch.iter().all(|journey| !journey.touches.is_empty()));
        batch.iter().try_for_each(|journey| (self.0)(journey, out))
    }
}

fn model<F>(view: View, each: F) -> ModelCredit
where
    F: Fn(&Journey<'_>, &mut Weights) -> Result<(), ModelError> + Send + Sync + 'static,
{
    ModelCredit::new("test-model".into(), Arc::new(Each(each)), true, view)
}

/// The same to each touchpoint.
fn even(view: View) -> ModelCredit {
    model(view, |journey, out| {
        out.journey(journey.touches.len()).fill(1.0 / journey.touches.len() as f64);
        Ok(())
    })
}

/// All to the latest touchpoint.
fn latest(view: View) -> ModelCredit {
    model(view, |journey, out| {
        *out.journey(journey.touches.len()).last_mut().unwrap() = 1.0;
        Ok(())
    })
}

fn credit(credit: &ModelCredit, snapshot: &Snapshot, as_of: &str) -> Result<CreditShares, CreditError> {
    let mut out = CreditShares::default();
    let all: Vec<u32> = (0..u32::try_from(snapshot.opportunity_count()).unwrap()).collect();
    credit.weigh(snapshot, Known { at_ms: at(as_of).timestamp_millis(), version: None }, &all, &mut out)?;
    assert_eq!(out.len(), all.len());
    Ok(out)
}

/// The sources on the first opportunity's journey.
fn journey(view: View, snapshot: &Snapshot, as_of: &str) -> Vec<Source> {
    let shares = credit(&even(view), snapshot, as_of).unwrap();
    shares.entry(0).0.iter().map(|code| Source::from_code(*code).unwrap()).collect()
}

fn channels(channels: &[Channel]) -> Vec<Source> {
    channels.iter().copied().map(Source::Channel).collect()
}

#[test]
fn a_journey_reaches_from_the_look_back_to_the_end_of_the_close_date() {
    use Channel::{Abm, Brand, Digital, Enablement, Events};
    let touches = [
        marketing(1, "2024-05-07T23:59:59.999Z", Brand),
        marketing(2, "2024-05-08T00:00:00Z", Events),
        marketing(3, "2025-06-01T00:00:00Z", Abm),
        marketing(4, "2025-07-03T23:59:59.999Z", Digital),
        marketing(5, "2025-07-04T00:00:00Z", Enablement),
    ];
    let utc = snapshot(Tz::UTC, &[deal()], &touches);
    assert_eq!(journey(ALL, &utc, NOW), channels(&[Events, Abm, Digital]));
    // In Berlin the day of the close ends two hours earlier.
    let berlin = snapshot(Tz::Europe__Berlin, &[deal()], &touches);
    assert_eq!(journey(ALL, &berlin, NOW), channels(&[Events, Abm]));
    // Before it was closed, its expected close date bounds nothing.
    let mut open = deal();
    open.1.pop();
    assert_eq!(journey(ALL, &snapshot(Tz::UTC, &[open], &touches), NOW), channels(&[Events, Abm, Digital, Enablement]));
}

#[test]
fn as_of_an_instant_only_touchpoints_at_or_before_it_count() {
    use Channel::{Abm, Events};
    let touches = [marketing(1, "2025-05-08T00:00:00Z", Events), marketing(2, "2025-06-01T00:00:00Z", Abm)];
    let snapshot = snapshot(Tz::UTC, &[deal()], &touches);
    let cases: [(&str, &[Channel]); 4] = [
        ("2025-05-07T23:59:59.999Z", &[]),
        ("2025-05-08T00:00:00Z", &[Events]),
        ("2025-05-31T23:59:59.999Z", &[Events]),
        ("2025-06-01T00:00:00Z", &[Events, Abm]),
    ];
    for (as_of, expected) in cases {
        assert_eq!(journey(ALL, &snapshot, as_of), channels(expected), "{as_of}");
    }
}

#[test]
fn the_same_person_campaign_and_day_counts_once() {
    let of_campaign = |number, instant, channel| {
        let campaign = Some(campaign(channel));
        Touchpoint { campaign, ..marketing(number, instant, channel) }
    };
    let first = of_campaign(1, "2025-05-01T08:00:00Z", Channel::Events);
    let again = of_campaign(2, "2025-05-01T23:30:00Z", Channel::Events);
    let visit = Touchpoint { kind: TouchpointKind::BareVisit, ..first.clone() };
    let other_person = Touchpoint { contact: Some(ContactId::derived("test", "2")), ..again.clone() };
    let nobody = Touchpoint { contact: None, ..again.clone() };
    let between = marketing(3, "2025-05-01T12:00:00Z", Channel::Brand);
    let (events, brand) = (Source::Channel(Channel::Events), Source::Channel(Channel::Brand));
    let cases = [
        ("twice on one day", Tz::UTC, vec![first.clone(), again.clone()], vec![events]),
        ("the day is the organisation's", Tz::Europe__Berlin, vec![first.clone(), again.clone()], vec![events, events]),
        ("the earlier stays", Tz::UTC, vec![first.clone(), between.clone(), again.clone()], vec![events, brand]),
        ("but not a bare visit", Tz::UTC, vec![visit, between, again.clone()], vec![brand, events]),
        ("another person", Tz::UTC, vec![first.clone(), other_person], vec![events, events]),
        ("nobody is no person", Tz::UTC, vec![first.clone(), nobody], vec![events, events]),
        (
            "another campaign",
            Tz::UTC,
            vec![first.clone(), of_campaign(2, "2025-05-01T23:30:00Z", Channel::Brand)],
            vec![events, brand],
        ),
        ("another day", Tz::UTC, vec![first, of_campaign(2, "2025-05-02T00:00:00Z", Channel::Events)], vec![events, events]),
        (
            "two calls of one day are two: they are of no campaign",
            Tz::UTC,
            vec![sales(1, "2025-05-01T08:00:00Z", rep(Role::Ae)), sales(2, "2025-05-01T09:00:00Z", rep(Role::Ae))],
            vec![Source::Role(Role::Ae); 2],
        ),
    ];
    for (reason, time_zone, touches, expected) in cases {
        assert_eq!(journey(ALL, &snapshot(time_zone, &[deal()], &touches), NOW), expected, "{reason}");
    }
}

#[test]
fn a_rep_earns_for_the_role_held_at_that_time() {
    let touches = [sales(1, "2025-03-31T23:59:59Z", promoted()), sales(2, "2025-04-01T00:00:00Z", promoted())];
    let snapshot = snapshot(Tz::UTC, &[deal()], &touches);
    assert_eq!(journey(ALL, &snapshot, NOW), [Source::Role(Role::Sdr), Source::Role(Role::Ae)]);
}

#[test]
fn what_was_recorded_later_is_not_seen_in_an_old_answer() {
    let (opportunity, mut versions) = deal();
    versions[0].campaign = Some(campaign(Channel::Events));
    versions[1].recorded = DataVersion(3);
    let recorded = |version, touch: Touchpoint| Touchpoint { recorded: DataVersion(version), ..touch };
    let touches = [
        marketing(1, "2025-05-01T00:00:00Z", Channel::Abm),
        recorded(2, marketing(2, "2025-05-02T00:00:00Z", Channel::Brand)),
        recorded(3, marketing(3, "2025-08-02T00:00:00Z", Channel::Digital)),
        recorded(2, marketing(4, "2025-08-01T00:00:00Z", Channel::Enablement)),
    ];
    let snapshot = snapshot(Tz::UTC, &[(opportunity, versions)], &touches);
    let (abm, brand, ae) = (Source::Channel(Channel::Abm), Source::Channel(Channel::Brand), Source::Role(Role::Ae));
    let (events, enablement) = (Source::Channel(Channel::Events), Source::Channel(Channel::Enablement));
    let cases = [
        (Some(0), vec![]),
        (Some(1), vec![abm, ae, events]),
        // Not known to be won yet, so a touchpoint after the close still counts.
        (Some(2), vec![abm, brand, enablement, ae, events]),
        // Won, without a campaign.
        (Some(3), vec![abm, brand, ae]),
        (None, vec![abm, brand, ae]),
    ];
    for (version, expected) in cases {
        let known = Known { at_ms: at(NOW).timestamp_millis(), version: version.map(DataVersion) };
        let mut out = CreditShares::default();
        even(View { lens: Lens::All, origins: true }).weigh(&snapshot, known, &[0], &mut out).unwrap();
        let seen: Vec<Source> = out.entry(0).0.iter().map(|code| Source::from_code(*code).unwrap()).collect();
        assert_eq!(seen, expected, "{version:?}");
    }
}

#[test]
fn a_lens_filters_touchpoints_and_origins() {
    let (mut opportunity, mut versions) = deal();
    let touches = [sales(1, "2025-05-01T00:00:00Z", rep(Role::Sdr)), marketing(2, "2025-05-02T00:00:00Z", Channel::Abm)];
    let (sdr, ae) = (Source::Role(Role::Sdr), Source::Role(Role::Ae));
    let (abm, brand, events) = (Source::Channel(Channel::Abm), Source::Channel(Channel::Brand), Source::Channel(Channel::Events));
    let see = |opportunity: &OpportunityFact, versions: &[VersionFact], lens, origins| {
        let snapshot = snapshot(Tz::UTC, &[(opportunity.clone(), versions.to_vec())], &touches);
        journey(View { lens, origins }, &snapshot, NOW)
    };
    opportunity.lead_source_maps_to = Some(brand);
    assert_eq!(see(&opportunity, &versions, Lens::All, false), [sdr, abm]);
    assert_eq!(see(&opportunity, &versions, Lens::All, true), [sdr, abm, ae, brand], "the lead source stands in");
    versions[1].campaign = Some(campaign(Channel::Events));
    assert_eq!(see(&opportunity, &versions, Lens::All, true), [sdr, abm, ae, events], "the campaign's channel goes first");
    assert_eq!(see(&opportunity, &versions, Lens::Roles, true), [sdr, ae]);
    assert_eq!(see(&opportunity, &versions, Lens::Channels, true), [abm, events]);
    opportunity.created_by = Some(promoted());
    assert_eq!(see(&opportunity, &versions, Lens::Roles, true), [sdr, ae], "by the role held at the creation");
    opportunity.created_by = Some(RepId::derived("test", "a manager"));
    assert_eq!(see(&opportunity, &versions, Lens::Roles, true), [sdr], "who has no role is no source");
}

#[test]
fn many_opportunities_are_answered_in_order_and_in_batches() {
    let numbered = |number: usize| {
        let (mut opportunity, versions) = deal();
        opportunity.id = OpportunityId::derived("test", &number.to_string());
        opportunity.account = Some(AccountId::derived("test", &number.to_string()));
        (opportunity, versions)
    };
    let deals: Vec<_> = (0..2_500).map(numbered).collect();
    // Deal n has n % 3 touchpoints.
    let touch = |number: usize| {
        let account = Some(AccountId::derived("test", &(number / 2).to_string()));
        Touchpoint { account, contact: None, ..marketing(number, "2025-05-01T00:00:00Z", Channel::Abm) }
    };
    let touches: Vec<_> = (0..5_000).filter(|number| number % 2 < (number / 2) % 3).map(touch).collect();
    let snapshot = snapshot(Tz::UTC, &deals, &touches);
    let shares = credit(&even(ALL), &snapshot, NOW).unwrap();
    for number in 0..2_500 {
        let index = snapshot.opportunity_index(OpportunityId::derived("test", &number.to_string())).unwrap();
        assert_eq!(shares.entry(index as usize).0.len(), number % 3);
    }
}

#[test]
fn a_model_learns_from_every_journey_as_it_ended_and_from_none_that_was_deleted() {
    let touches = [
        marketing(1, "2025-05-01T00:00:00Z", Channel::Abm),
        sales(2, "2025-07-03T12:00:00Z", rep(Role::Sdr)),
        marketing(3, "2025-08-01T00:00:00Z", Channel::Brand),
    ];
    let (mut quiet, versions) = deal();
    quiet.id = OpportunityId::derived("test", "2");
    quiet.account = Some(AccountId::derived("test", "2"));
    let (mut gone, mut ended) = deal();
    gone.id = OpportunityId::derived("test", "3");
    ended.push(VersionFact { is_deleted: true, ..version(at("2025-07-04T00:00:00Z"), StageKind::Won) });
    let snapshot = snapshot(Tz::UTC, &[(quiet, versions), deal(), (gone, ended)], &touches);
    let mut learnt = Vec::new();
    let training = Training { snapshot: &snapshot, view: ALL, version: None };
    let seen = training.each_batch(&mut |batch| {
        learnt.extend(batch.iter().map(|journey| (journey.outcome, journey.touches.len())));
        Ok(())
    });
    assert_eq!((seen, learnt), (Ok(()), vec![(Outcome::Won, 2)]));
    let stopped = training.each_batch(&mut |_| Err(ModelError::Failed("enough".into())));
    assert_eq!(stopped, Err(ModelError::Failed("enough".into())));
}

#[test]
fn a_model_that_breaks_its_contract_fails_by_name_and_on_the_opportunity() {
    type Crook = fn(&mut Weights) -> Result<(), ModelError>;
    let crooks: [(Crook, &str); 6] = [
        (
            |out| {
                out.journey(2).fill(f64::NAN);
                Ok(())
            },
            "the weight of touchpoint 1 is no finite number",
        ),
        (
            |out| {
                out.journey(2).copy_from_slice(&[1.5, -0.5]);
                Ok(())
            },
            "the weight of touchpoint 2 is negative: -0.5",
        ),
        (
            |out| {
                out.journey(2).fill(0.25);
                Ok(())
            },
            "the weights add up to 0.5, not to 1",
        ),
        (
            |out| {
                out.journey(3).fill(1.0 / 3.0);
                Ok(())
            },
            "2 weights were expected, one for each touchpoint, and 3 came",
        ),
        (|_| Ok(()), "2 journeys were asked and 1 answered"),
        (|_| Err(ModelError::Failed("a trap".into())), "a trap"),
    ];
    let (mut honest, versions) = deal();
    honest.id = OpportunityId::derived("test", "2");
    honest.account = Some(AccountId::derived("test", "2"));
    let touches = [
        marketing(1, "2025-05-01T00:00:00Z", Channel::Abm),
        marketing(2, "2025-05-02T00:00:00Z", Channel::Abm),
        Touchpoint { account: honest.account, ..marketing(3, "2025-05-02T00:00:00Z", Channel::Abm) },
    ];
    let snapshot = snapshot(Tz::UTC, &[(honest, versions), deal()], &touches);
    for (crook, expected) in crooks {
        let crooked = model(ALL, move |journey, out| match journey.touches.len() {
            1 => {
                out.journey(1).fill(1.0);
                Ok(())
            }
            _ => crook(out),
        });
        let failed = credit(&crooked, &snapshot, NOW).unwrap_err();
        let (model, opportunity) = ("test-model".to_string(), Some(deal().0.id));
        assert_eq!(failed, CreditError::ModelFailed { model, opportunity, reason: expected.into() });
    }
}

#[test]
fn no_credit_leaves_the_whole_amount_unattributed() {
    let snapshot = snapshot(Tz::UTC, &[deal()], &[marketing(1, "2025-05-01T00:00:00Z", Channel::Abm)]);
    let nobody = model(ALL, |_, out| {
        out.no_credit(NoCredit::NothingSourcedIt);
        Ok(())
    });
    let shares = credit(&nobody, &snapshot, NOW).unwrap();
    assert_eq!(shares.entry(0), (&[][..], &[][..]));
}

/// What each source earns of the deal's amount, and what nobody does.
fn earned(model: &ModelCredit, snapshot: &Snapshot, as_of: &str, amount: i64) -> (Vec<i64>, i64) {
    let shares = credit(model, snapshot, as_of).unwrap();
    let (sources, weights) = shares.entry(0);
    let mut earned = vec![0; Source::COUNT];
    for (source, part) in sources.iter().zip(money::split(amount, weights)) {
        earned[usize::from(*source)] += part;
    }
    (earned, if sources.is_empty() { amount } else { 0 })
}

/// Touchpoints of a few instants, sources, people and campaigns, so that ties and repeats are common.
fn touchpoints() -> impl Strategy<Value = Vec<Touchpoint>> {
    let one = (0_i64..40, 0_u8..11, 0_u8..9, 0_u8..3, any::<bool>());
    prop::collection::vec(one, 0..14).prop_map(|rows| {
        let touch = |(number, (half_days, source, kind, person, in_campaign)): (usize, (i64, u8, u8, u8, bool))| {
            let kinds = [
                TouchpointKind::BareVisit,
                TouchpointKind::Response,
                TouchpointKind::Inclusion,
                TouchpointKind::Call,
                TouchpointKind::LeadConversion,
                TouchpointKind::HandOff,
            ];
            let mut touch = match Source::from_code(source).unwrap() {
                Source::Role(role) => sales(number, NOW, rep(role)),
                Source::Channel(channel) => {
                    let campaign = in_campaign.then(|| campaign(channel));
                    Touchpoint { campaign, ..marketing(number, NOW, channel) }
                }
            };
            touch.at = at("2025-04-28T00:00:00Z") + TimeDelta::hours(12 * half_days);
            touch.kind = kinds[usize::from(kind) % kinds.len()];
            touch.contact = Some(ContactId::derived("test", &person.to_string()));
            touch
        };
        rows.into_iter().enumerate().map(touch).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn sources_and_the_rest_add_up_to_the_amount(
        touches in touchpoints(), amount in any::<i64>(), lens in prop::sample::select(vec![Lens::All, Lens::Roles, Lens::Channels]),
    ) {
        let snapshot = snapshot(Tz::UTC, &[deal()], &touches);
        for origins in [false, true] {
            for model in [even(View { lens, origins }), latest(View { lens, origins })] {
                let (earned, unattributed) = earned(&model, &snapshot, NOW, amount);
                let total: i128 = earned.iter().map(|part| i128::from(*part)).sum();
                prop_assert_eq!(total + i128::from(unattributed), i128::from(amount));
            }
        }
    }

    #[test]
    fn the_order_of_the_input_rows_changes_no_source(
        (touches, shuffled) in touchpoints().prop_flat_map(|touches| (Just(touches.clone()), Just(touches).prop_shuffle())),
    ) {
        let (one, other) = (snapshot(Tz::UTC, &[deal()], &touches), snapshot(Tz::UTC, &[deal()], &shuffled));
        for model in [even(ALL), latest(ALL)] {
            prop_assert_eq!(earned(&model, &one, NOW, 9_999_999), earned(&model, &other, NOW, 9_999_999));
        }
    }

    #[test]
    fn as_of_an_instant_equals_never_having_heard_of_later_touchpoints(touches in touchpoints(), half_days in 0_i64..44) {
        let instant = at("2025-04-27T06:00:00Z") + TimeDelta::hours(12 * half_days);
        let known: Vec<Touchpoint> = touches.iter().filter(|touch| touch.at <= instant).cloned().collect();
        let (all, known) = (snapshot(Tz::UTC, &[deal()], &touches), snapshot(Tz::UTC, &[deal()], &known));
        let as_of = instant.to_rfc3339();
        for model in [even(ALL), latest(ALL)] {
            prop_assert_eq!(earned(&model, &all, &as_of, 10_000_000), earned(&model, &known, &as_of, 10_000_000));
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(touches in touchpoints()) {
        let snapshot = snapshot(Tz::UTC, &[deal()], &touches);
        let bits = || {
            let shares = credit(&even(ALL), &snapshot, NOW).unwrap();
            let (sources, weights) = shares.entry(0);
            (sources.to_vec(), weights.iter().map(|weight| weight.to_bits()).collect::<Vec<_>>())
        };
        prop_assert_eq!(bits(), bits());
    }
}
