//! What is answered with credit, held by properties over made-up companies.

use super::*;
use crate::attribution::{
    Attribution, Credits, GroupKey, GroupValue, Grouping, Resampling, Within, attribute, compare, explain, score,
};
use crate::calendar::{Period, PeriodName};
use crate::dimension::{Dimension, DimensionValue, Filter};
use crate::facts::LineFact;
use crate::ids::{LineSetId, ProductId, RegionId};
use crate::matrix::{AggregateMeasure, AggregateQuery, ModelChoice, aggregate};
use crate::viewer::Scope;

/// A made-up deal.
#[derive(Debug, Clone)]
struct Deal {
    kind: StageKind,
    acv: i64,
    region: u8,
    /// Product and ACV of each line.
    lines: Vec<(u8, i64)>,
    /// Days before the close, code of the source, person.
    touches: Vec<(i64, u8, u8)>,
}

fn deals() -> impl Strategy<Value = Vec<Deal>> {
    let kind = prop_oneof![Just(StageKind::Open), Just(StageKind::Won), Just(StageKind::Lost)];
    let lines = prop::collection::vec((0_u8..3, 0_i64..100_000), 0..4);
    let touches = prop::collection::vec((0_i64..300, 0_u8..11, 0_u8..3), 0..7);
    let acv = prop_oneof![8 => 0_i64..1_000_000, 1 => -50_000_i64..0];
    let deal = (kind, acv, 0_u8..3, lines, touches).prop_map(|(kind, acv, region, lines, touches)| Deal {
        kind,
        acv,
        region,
        lines,
        touches,
    });
    prop::collection::vec(deal, 1..12)
}

fn id(number: usize) -> OpportunityId {
    OpportunityId::derived("test", &number.to_string())
}

fn region(number: u8) -> RegionId {
    RegionId::derived("test", &number.to_string())
}

const CLOSE: &str = "2025-07-03T00:00:00Z";

fn company(deals: &[Deal]) -> Snapshot {
    let (mut facts, mut touches) = (Vec::new(), Vec::new());
    for (number, own) in deals.iter().enumerate() {
        let (mut opportunity, mut versions) = super::deal();
        let account = Some(AccountId::derived("test", &number.to_string()));
        (opportunity.id, opportunity.account) = (id(number), account);
        versions[1].stage = stage(own.kind);
        for version in &mut versions {
            version.acv_minor = Some(own.acv);
            version.region = Some(region(own.region)).filter(|_| own.region > 0);
            version.line_set = Some(LineSetId::derived("test", &number.to_string())).filter(|_| !own.lines.is_empty());
        }
        facts.push((opportunity, versions));
        for (place, (days, source, person)) in own.touches.iter().enumerate() {
            let instant = (at(CLOSE) - TimeDelta::days(*days)).to_rfc3339();
            let touch = match Source::from_code(*source).unwrap() {
                Source::Role(role) => sales(number * 100 + place, &instant, rep(role)),
                Source::Channel(channel) => {
                    let touch = marketing(number * 100 + place, &instant, channel);
                    Touchpoint { campaign: Some(campaign(channel)).filter(|_| *person > 0), ..touch }
                }
            };
            let contact = Some(ContactId::derived("test", &person.to_string()));
            touches.push(Touchpoint { account, contact, ..touch });
        }
    }
    let with_lines = snapshot(Tz::UTC, &[], &touches);
    let mut builder = Builder::onto(&with_lines);
    for (number, own) in deals.iter().enumerate() {
        for (position, (product, acv)) in (0..).zip(&own.lines) {
            builder.line(LineFact {
                line_set: LineSetId::derived("test", &number.to_string()),
                position,
                product: Some(ProductId::derived("test", &product.to_string())).filter(|_| *product > 0),
                acv_minor: *acv,
            });
        }
    }
    facts.iter().for_each(|(opportunity, versions)| builder.opportunity(opportunity.clone(), versions));
    builder.finish(DataVersion(2))
}

/// Less and less from the first on; nobody earns anything of a journey of four.
fn falling() -> ModelCredit {
    model(ALL, |journey, out| {
        let count = journey.touches.len();
        if count == 4 {
            out.no_credit(NoCredit::NothingSourcedIt);
            return Ok(());
        }
        let all: f64 = (1..=count).map(|place| 1.0 / place as f64).sum();
        for (place, weight) in out.journey(count).iter_mut().enumerate() {
            *weight = 1.0 / (place + 1) as f64 / all;
        }
        Ok(())
    })
}

/// A part for everyone.
fn influence() -> ModelCredit {
    let each = Each(|journey: &Journey<'_>, out: &mut Weights| {
        out.journey(journey.touches.len()).fill(1.0);
        Ok(())
    });
    ModelCredit::new("test-influence".into(), Arc::new(each), false, ALL)
}

fn everything() -> Within {
    Within { closing: None, created: None, outcome: None, filter: Filter::Everything, as_of: at(NOW), data_version: None }
}

fn answered(snapshot: &Snapshot, within: &Within, by: &[Grouping], model: &ModelCredit) -> Attribution {
    attribute(snapshot, within, by, &Scope::everything(), model).unwrap()
}

fn amounts(credits: &Credits) -> [i64; 3] {
    [credits.pipeline, credits.closed_acv, credits.lost_acv]
}

fn sum<'a>(all: impl IntoIterator<Item = &'a Credits>) -> [i64; 3] {
    all.into_iter().fold([0; 3], |sum, own| std::array::from_fn(|place| sum[place] + amounts(own)[place]))
}

/// The rows over some of their groupings.
fn rolled_up(answer: &Attribution, by: &[Grouping]) -> BTreeMap<GroupKey, [i64; 3]> {
    let mut sums: BTreeMap<GroupKey, [i64; 3]> = BTreeMap::new();
    for row in &answer.rows {
        let key = row.key.iter().filter(|(grouping, _)| by.contains(grouping)).cloned().collect();
        let own = sums.entry(key).or_default();
        own.iter_mut().zip(amounts(&row.credits)).for_each(|(own, amount)| *own += amount);
    }
    sums
}

/// The scope's amounts, straight from the deals.
fn straight(deals: &[Deal]) -> [i64; 3] {
    let of = |kind| deals.iter().filter(|deal| deal.kind == kind).map(|deal| deal.acv).sum();
    [of(StageKind::Open), of(StageKind::Won), of(StageKind::Lost)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn however_credit_is_grouped_it_adds_up_to_the_amounts_of_the_scope(deals in deals()) {
        let snapshot = company(&deals);
        let mut groupings: Vec<Vec<Grouping>> = Grouping::ALL.iter().map(|grouping| vec![*grouping]).collect();
        groupings.push(vec![Grouping::Product, Grouping::Campaign, Grouping::Region]);
        groupings.push(vec![Grouping::Rep, Grouping::Source, Grouping::Product]);
        for by in groupings {
            let answer = answered(&snapshot, &everything(), &by, &falling());
            prop_assert_eq!(sum(answer.rows.iter().map(|row| &row.credits)), straight(&deals), "{:?}", by);
            prop_assert_eq!(amounts(&answer.total), straight(&deals));
            prop_assert_eq!(sum([&answer.attributed, &answer.unattributed]), straight(&deals));
            prop_assert_eq!(answer.total.opportunities(), deals.len() as u64);
            prop_assert_eq!(answer.reasons.values().sum::<u64>(), answer.unattributed.opportunities());
        }
    }

    #[test]
    fn a_finer_grouping_adds_up_to_a_coarser_one(deals in deals()) {
        let snapshot = company(&deals);
        let fine = [Grouping::Product, Grouping::Source, Grouping::Campaign];
        let finest = answered(&snapshot, &everything(), &fine, &falling());
        for coarse in [&fine[..1], &fine[..2], &fine[1..2], &fine[1..], &fine[2..]] {
            let own = answered(&snapshot, &everything(), coarse, &falling());
            prop_assert_eq!(rolled_up(&finest, coarse), rolled_up(&own, coarse), "{:?}", coarse);
        }
    }

    #[test]
    fn a_scope_is_the_sum_of_its_parts(deals in deals()) {
        let snapshot = company(&deals);
        let by = [Grouping::Source];
        let whole = rolled_up(&answered(&snapshot, &everything(), &by, &falling()), &by);
        let by_outcome = [StageKind::Open, StageKind::Won, StageKind::Lost].map(|kind| Within { outcome: Some(kind), ..everything() });
        let of_region = |value| Within { filter: Filter::In(Dimension::Region, vec![value]), ..everything() };
        let regions = [DimensionValue::None, DimensionValue::Entity(region(1).0), DimensionValue::Entity(region(2).0)].map(of_region);
        let of_product = |value| Within { filter: Filter::In(Dimension::Product, vec![value]), ..everything() };
        let product = |number: u8| DimensionValue::Entity(ProductId::derived("test", &number.to_string()).0);
        let products = [DimensionValue::None, product(1), product(2)].map(of_product);
        for parts in [by_outcome, regions, products] {
            let mut sums: BTreeMap<GroupKey, [i64; 3]> = BTreeMap::new();
            for part in &parts {
                for (key, own) in rolled_up(&answered(&snapshot, part, &by, &falling()), &by) {
                    let sum = sums.entry(key).or_default();
                    sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                }
            }
            prop_assert_eq!(&sums, &whole);
        }
    }

    #[test]
    fn the_explanations_of_all_opportunities_add_up_to_the_attribution(deals in deals()) {
        let snapshot = company(&deals);
        let mut by_source: BTreeMap<Option<Source>, i64> = BTreeMap::new();
        let mut by_campaign: BTreeMap<Option<CampaignId>, i64> = BTreeMap::new();
        for (number, deal) in deals.iter().enumerate() {
            let explained = explain(&snapshot, id(number), (at(NOW), None), &Scope::everything(), &falling()).unwrap().unwrap();
            prop_assert_eq!(explained.amount, deal.acv);
            let credits: i64 = explained.touches.iter().map(|touch| touch.credit).sum();
            prop_assert_eq!(credits, if explained.no_credit.is_some() { 0 } else { deal.acv });
            for touch in &explained.touches {
                let unit = if deal.acv < 0 { [-1, 0] } else { [0, 1] };
                prop_assert!(unit.contains(&touch.rounding));
                *by_source.entry(Some(touch.source)).or_default() += touch.credit;
                *by_campaign.entry(touch.campaign).or_default() += touch.credit;
            }
        }
        let sources = answered(&snapshot, &everything(), &[Grouping::Source], &falling());
        for row in &sources.rows {
            if let [(_, GroupValue::Source(source))] = row.key[..] {
                prop_assert_eq!(Some(&row.credits.total()), by_source.get(&Some(source)));
            }
        }
        for row in &answered(&snapshot, &everything(), &[Grouping::Campaign], &falling()).rows {
            if let [(_, GroupValue::Entity(campaign))] = row.key[..] {
                prop_assert_eq!(Some(&row.credits.total()), by_campaign.get(&Some(CampaignId(campaign))));
            }
        }
    }

    #[test]
    fn models_side_by_side_share_out_the_same_total(deals in deals()) {
        let snapshot = company(&deals);
        let (falling, latest, even) = (falling(), latest(ALL), even(ALL));
        let models = [&falling, &latest, &even, &falling];
        for by in [vec![Grouping::Source], vec![Grouping::Campaign, Grouping::Product]] {
            let compared = compare(&snapshot, &everything(), &by, &Scope::everything(), &models, 100).unwrap();
            prop_assert_eq!(compared.total, straight(&deals).iter().sum::<i64>());
            for (place, model) in models.iter().enumerate() {
                let own: i64 = compared.rows.iter().map(|row| row.given[place].amount).sum();
                prop_assert_eq!(own, compared.total);
                let alone = answered(&snapshot, &everything(), &by, model);
                for row in alone.rows {
                    let beside = compared.rows.iter().find(|other| other.key == row.key).unwrap();
                    prop_assert_eq!(beside.given[place].amount, row.credits.total());
                }
            }
            for mover in &compared.movers {
                for place in 0..models.len() {
                    prop_assert_eq!(mover.groups.iter().map(|(_, amounts)| amounts[place]).sum::<i64>(), mover.amount);
                }
                prop_assert!(mover.moved > 0);
            }
            let same = compared.pairs.iter().find(|pair| (pair.first, pair.second) == (0, 3)).unwrap();
            prop_assert!(same.flips.is_empty());
            prop_assert!(same.divergence.is_none_or(|apart| apart == 0.0));
        }
    }

    #[test]
    fn credit_by_source_is_what_the_matrix_says(deals in deals()) {
        let snapshot = company(&deals);
        let period = snapshot.settings().calendar.period("FY2026-Q2".parse().unwrap());
        let within = Within { closing: Some(period), ..everything() };
        let own = rolled_up(&answered(&snapshot, &within, &[Grouping::Source], &falling()), &[Grouping::Source]);
        let query = matrix_question(period);
        let matrix = aggregate(&snapshot, &query, &Scope::everything(), &falling()).unwrap();
        for row in &matrix.rows {
            let value = match row.key.get(Dimension::Source).unwrap() {
                DimensionValue::Source(source) => GroupValue::Source(*source),
                _ => GroupValue::Unattributed,
            };
            prop_assert_eq!(&own[&vec![(Grouping::Source, value)]][..], &row.values[..]);
        }
        prop_assert_eq!(own.values().flatten().filter(|amount| **amount != 0).count(), matrix.rows.iter().flat_map(|row| &row.values).filter(|amount| **amount != 0).count());
    }

    #[test]
    fn a_scope_holds_what_was_created_and_closes_in_its_periods(
        drawn in prop::collection::vec((0_i64..60 * 24, 0_i64..60), 1..10), (from, days) in (-5_i64..60, 1_i64..30), zone in 0..3_usize,
    ) {
        let zone = [Tz::UTC, Tz::America__New_York, Tz::Pacific__Auckland][zone];
        let day = |days: i64| day("2025-03-01") + TimeDelta::days(days);
        let created = |hours: i64| at("2025-03-01T00:00:00Z") + TimeDelta::hours(hours);
        let deal = |(number, (hours, close)): (usize, &(i64, i64))| {
            let (opportunity, _) = super::deal();
            let version = VersionFact { close_date: day(*close), ..version(created(*hours), StageKind::Open) };
            (OpportunityFact { id: id(number), created_at_ms: version.valid_from_ms, ..opportunity }, vec![version])
        };
        let snapshot = snapshot(zone, &drawn.iter().enumerate().map(deal).collect::<Vec<_>>(), &[]);
        let name = PeriodName::Range(day(from), day(from + days));
        let period = Some(snapshot.settings().calendar.period(name));
        let was_created = |hours: i64| period.is_some_and(|own| own.contains(created(hours).with_timezone(&zone).date_naive()));
        let closes = |close: i64| (from..from + days).contains(&close);
        for (within, expected) in [
            (Within { created: period, ..everything() }, drawn.iter().filter(|(hours, _)| was_created(*hours)).count()),
            (Within { closing: period, ..everything() }, drawn.iter().filter(|(_, close)| closes(*close)).count()),
            (
                Within { created: period, closing: period, ..everything() },
                drawn.iter().filter(|(hours, close)| was_created(*hours) && closes(*close)).count(),
            ),
        ] {
            prop_assert_eq!(answered(&snapshot, &within, &[Grouping::Source], &falling()).total.open, expected as u64);
        }
    }

    #[test]
    fn what_influence_overlaps_is_counted_once_in_the_distinct_total(deals in deals()) {
        let snapshot = company(&deals);
        let answer = answered(&snapshot, &everything(), &[Grouping::Channel], &influence());
        prop_assert_eq!(amounts(&answer.total), straight(&deals));
        prop_assert_eq!(sum([&answer.attributed, &answer.unattributed]), straight(&deals));
        for row in &answer.rows {
            prop_assert!(row.credits.opportunities() <= answer.total.opportunities());
        }
        let touched = deals.iter().filter(|deal| !deal.touches.is_empty()).count();
        prop_assert_eq!(answer.attributed.opportunities(), touched as u64);
    }
}

fn matrix_question(period: Period) -> AggregateQuery {
    AggregateQuery {
        measures: vec![AggregateMeasure::OpenPipeline, AggregateMeasure::ClosedAcv, AggregateMeasure::LostAcv],
        by: vec![Dimension::Source],
        filter: Filter::Everything,
        period,
        as_of: at(NOW),
        data_version: None,
        model: ModelChoice { model: "test-model".into(), parameters: Vec::new(), lens: Lens::All },
    }
}

/// Numbers that look thrown, the same each time.
fn thrown(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Deals of which four fifths are won where ABM was the first to touch, and one fifth where another was; who touched last means
/// nothing.
fn caused_by_abm(count: usize) -> Vec<Deal> {
    let mut throw = thrown(7);
    let deal = |_| {
        let abm = throw(2) == 0;
        let is_won = throw(10) < if abm { 8 } else { 2 };
        let others: Vec<(i64, u8, u8)> = (0..3).map(|place| (90 - 20 * place, 5 + throw(3) as u8, 1)).collect();
        let first = (200, if abm { 8 } else { 9 }, 1);
        let kind = if is_won { StageKind::Won } else { StageKind::Lost };
        Deal { kind, acv: 100_000, region: 1, lines: Vec::new(), touches: std::iter::once(first).chain(others).collect() }
    };
    (0..count).map(deal).collect()
}

fn first(view: View) -> ModelCredit {
    model(view, |journey, out| {
        out.journey(journey.touches.len())[0] = 1.0;
        Ok(())
    })
}

#[test]
fn a_model_that_finds_what_causes_deals_scores_above_one_that_does_not() {
    let snapshot = company(&caused_by_abm(600));
    let (finds, misses) = (first(ALL), latest(ALL));
    let resampling = Resampling { resamples: 100, seed: 3 };
    let scored = |models: &[&ModelCredit]| score(&snapshot, &everything(), &Scope::everything(), models, resampling).unwrap();
    let answer = scored(&[&misses, &finds]);
    let [missing, finding] = &answer.models[..] else { panic!("two models were scored") };
    assert_eq!((missing.rank, finding.rank), (Some(2), Some(1)));
    assert!(finding.auc.unwrap() > 0.75 && (0.4..0.6).contains(&missing.auc.unwrap()), "{answer:?}");
    assert!(finding.log_loss.unwrap() < 0.55 && missing.log_loss.unwrap() > 0.68, "{answer:?}");
    let abm = finding.sources.iter().find(|source| source.source == Some(Source::Channel(Channel::Abm))).unwrap();
    assert!((0.7..0.9).contains(&abm.rate.unwrap()));
    let (low, high) = abm.interval.unwrap();
    assert!(low < abm.share.unwrap() && abm.share.unwrap() < high && high - low < 0.2);
    assert_eq!(answer, scored(&[&misses, &finds]), "the same seed, the same answer");
    let shares: f64 = finding.sources.iter().filter_map(|source| source.share).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn nothing_closed_is_no_reason_to_fail() {
    let snapshot = company(&[Deal { kind: StageKind::Open, acv: 1, region: 1, lines: Vec::new(), touches: vec![(9, 8, 1)] }]);
    let even = even(ALL);
    let resampling = Resampling { resamples: 10, seed: 1 };
    let answer = score(&snapshot, &everything(), &Scope::everything(), &[&even], resampling).unwrap();
    assert_eq!((answer.journeys, answer.models[0].log_loss, answer.models[0].auc), (0, None, None));
    assert!(answer.models[0].sources.is_empty());
}

#[test]
fn a_flip_and_a_divergence_by_hand() {
    // 100.00 and 40.00: the first touch is ABM's on both, the last DIGITAL's on the large one.
    let deal = |acv, touches| Deal { kind: StageKind::Won, acv, region: 1, lines: Vec::new(), touches };
    let snapshot = company(&[deal(10_000, vec![(30, 8, 1), (20, 9, 1)]), deal(4_000, vec![(30, 8, 1)])]);
    let (first, latest) = (first(ALL), latest(ALL));
    let compared = compare(&snapshot, &everything(), &[Grouping::Channel], &Scope::everything(), &[&first, &latest], 20).unwrap();
    let pair = &compared.pairs[0];
    assert!((pair.divergence.unwrap() - 10.0 / 14.0).abs() < 1e-12);
    let channel = |channel| vec![(Grouping::Channel, GroupValue::Source(Source::Channel(channel)))];
    assert_eq!(pair.flips.len(), 1);
    assert_eq!((&pair.flips[0].first_above, &pair.flips[0].second_above), (&channel(Channel::Abm), &channel(Channel::Digital)));
    assert_eq!(pair.flips[0].margin, 6_000);
    assert_eq!(compared.movers.len(), 1);
    assert_eq!((compared.movers[0].opportunity, compared.movers[0].moved), (id(0), 10_000));
    let ranks: Vec<Vec<Option<u32>>> =
        compared.rows.iter().map(|row| row.given.iter().map(|given| given.rank).collect()).collect();
    assert_eq!(ranks, [vec![Some(1), Some(2)], vec![Some(2), Some(1)]]);
}
