//! What holds of every company.

use crate::company::*;
use crate::replay::*;
use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use pipewright_core::campaign::Channel;
use pipewright_core::currency::CurrencyCode;
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue, Filter};
use pipewright_core::facts::{Builder, OpportunityFact, Point, Scan, Snapshot, Sums, shares_of, sums, warm};
use pipewright_core::ids::{AccountId, DataVersion, OpportunityId, RepId, TenureId};
use pipewright_core::ledger::{Posting, entries};
use pipewright_core::matrix::{
    AggregateMeasure, AggregateQuery, Cell, FlowBucket, Lens, MatrixQuery, ModelChoice, TrendQuery, aggregate, matrix, trend,
};
use pipewright_core::rep::{Role, Tenure};
use pipewright_core::touchpoint::Touchpoint;
use pipewright_core::viewer::Scope;
use proptest::prelude::*;
use uuid::Uuid;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_curve_says_what_a_scan_finds_also_after_changes(
        first in a_company(), second in a_company(), (before, after) in (some_changes(), some_changes()),
        points in prop::collection::vec((0..150_i64, 0..6_usize), 1..6), zone in 0..3_usize, only_deals in any::<bool>(),
    ) {
        let zone = [chrono_tz::UTC, chrono_tz::America::New_York, chrono_tz::Pacific::Auckland][zone];
        let after = if only_deals { Changes { tenures: vec![], industries: vec![], rates: vec![] } } else { after };
        let midnight = Utc.from_utc_datetime(&day(2026, 1, 8).and_hms_opt(0, 0, 0).unwrap());
        let of_day = [0, 1, 5 * 3_600_000, 43_200_000, 46_800_000, 86_399_999];
        let points: Vec<Point> = points.iter().map(|(days, place)| Point {
            period: quarter(),
            at: midnight + Duration::days(*days) + Duration::milliseconds(of_day[*place]),
        }).collect();
        let scope = Scope::everything();
        let region = Filter::In(Dimension::Region, vec![DimensionValue::None, region(1)]);
        for (by, filter) in [
            (vec![], Filter::Everything),
            (vec![Dimension::Region, Dimension::Month], Filter::Everything),
            (vec![Dimension::Manager, Dimension::Stage], Filter::Not(Box::new(region.clone()))),
            (vec![Dimension::Industry], region),
        ] {
            let scan = Scan { scope: &scope, data_version: None, by: &by, filter: &filter, hygiene_adjusted: false, credit: &ByIndex };
            let drawn = staffed(None, &first, &before, zone);
            warm(&drawn, &by, &filter, &[quarter()]);
            let scanned = sums(&staffed(None, &first, &before, zone), &scan, &points).unwrap();
            prop_assert_eq!(sums(&drawn, &scan, &points).unwrap(), scanned, "by {:?}", by);
            let onto = |base: &Snapshot| staffed(Some(base), &second[1..], &after, zone);
            let (changed, again) = (onto(&drawn), onto(&staffed(None, &first, &before, zone)));
            let scanned = sums(&again, &scan, &points).unwrap();
            prop_assert_eq!(sums(&changed, &scan, &points).unwrap(), scanned.clone(), "changed, by {:?}", by);
            // One of which nobody draws a curve yet.
            let changed = onto(&drawn);
            warm(&changed, &by, &filter, &[quarter()]);
            prop_assert_eq!(sums(&changed, &scan, &points).unwrap(), scanned, "drawn again, by {:?}", by);
        }
    }

    #[test]
    fn as_of_equals_a_replay(deals in a_company(), days in 0..140_i64, recorded in 1..11_i64) {
        let when = instant(days);
        let total = ask(&snapshot(&deals), &[], &Filter::Everything, when, Some(recorded))[&CellKey::total()];
        let naive = replay(&deals, when, recorded);
        prop_assert_eq!((total.open, total.open_count), (naive.open, naive.open_count));
        prop_assert_eq!((total.closed, total.closed_count), (naive.closed, naive.closed_count));
        prop_assert_eq!((total.generation_as_now, total.generation_count), (naive.generation_as_now, naive.generation_count));
    }

    #[test]
    fn any_cut_adds_up_to_the_same_total(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let when = instant(days);
        let whole = ask(&snapshot, &[], &Filter::Everything, when, None)[&CellKey::total()];
        let grid = ask(&snapshot, &[Dimension::Product, Dimension::Source], &Filter::Everything, when, None);
        for by in [vec![Dimension::Region, Dimension::Month], vec![Dimension::Product], vec![Dimension::Source],
                   vec![Dimension::Product, Dimension::Source]] {
            let cells = ask(&snapshot, &by, &Filter::Everything, when, None);
            prop_assert_eq!(cells[&CellKey::total()], whole);
            let mut sum = Sums::default();
            for (_, cell) in cells.iter().filter(|(key, _)| key.parts().len() == by.len()) {
                sum.open += cell.open;
                sum.closed += cell.closed;
                sum.lost += cell.lost;
                sum.generation_as_generated += cell.generation_as_generated;
                sum.generation_as_now += cell.generation_as_now;
            }
            prop_assert_eq!((sum.open, sum.closed, sum.lost), (whole.open, whole.closed, whole.lost));
            prop_assert_eq!(sum.generation_as_generated, whole.generation_as_generated);
            prop_assert_eq!(sum.generation_as_now, whole.generation_as_now);
            // The subtotals of the grid agree with the question that asks for one dimension alone.
            for (key, cell) in cells.iter().filter(|(key, _)| key.parts().len() == 1) {
                if matches!(key.parts()[0].0, Dimension::Product | Dimension::Source) {
                    prop_assert_eq!(&grid[key], cell);
                }
            }
        }
    }

    #[test]
    fn the_opportunities_behind_a_cell_add_up_to_it(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let point = Point { period: quarter(), at: instant(days) };
        let scope = Scope::everything();
        for by in [vec![Dimension::Region, Dimension::Month], vec![Dimension::Product, Dimension::Source]] {
            let scan = Scan { scope: &scope, data_version: None, by: &by, filter: &Filter::Everything, hygiene_adjusted: false, credit: &ByIndex };
            for (key, cell) in &sums(&snapshot, &scan, &[point]).unwrap()[0] {
                let shares = shares_of(&snapshot, &scan, point, key).unwrap();
                let sum = |of: fn(&Sums) -> i64| shares.iter().map(|(_, share)| of(share)).sum::<i64>();
                prop_assert_eq!((sum(|share| share.open), sum(|share| share.closed)), (cell.open, cell.closed));
                prop_assert_eq!((sum(|share| share.overdue), sum(|share| share.reopened)), (cell.overdue, cell.reopened));
                prop_assert_eq!(sum(|share| share.generation_as_now), cell.generation_as_now);
                let count = |of: fn(&Sums) -> u64| shares.iter().map(|(_, share)| of(share)).sum::<u64>();
                prop_assert_eq!(count(|share| share.open_count), cell.open_count);
                prop_assert_eq!(count(|share| share.generation_count), cell.generation_count);
            }
        }
    }

    #[test]
    fn a_filter_and_its_opposite_share_the_total(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let when = instant(days);
        let whole = ask(&snapshot, &[], &Filter::Everything, when, None)[&CellKey::total()];
        let product = DimensionValue::Entity(Uuid::from_u128(500));
        let filter = Filter::In(Dimension::Product, vec![product]);
        let part = ask(&snapshot, &[], &filter, when, None)[&CellKey::total()];
        let rest = ask(&snapshot, &[], &Filter::Not(Box::new(filter)), when, None)[&CellKey::total()];
        prop_assert_eq!((part.open + rest.open, part.closed + rest.closed), (whole.open, whole.closed));
    }

    #[test]
    fn every_flow_balances(deals in a_company(), days in 0..100_i64, length in 0..60_i64) {
        let snapshot = snapshot(&deals);
        let (from, to) = (instant(days), instant(days + length));
        let opening = ask(&snapshot, &[], &Filter::Everything, from, None)[&CellKey::total()];
        let closing = ask(&snapshot, &[], &Filter::Everything, to, None)[&CellKey::total()];
        for by in [vec![], vec![Dimension::Region], vec![Dimension::Product, Dimension::Source], vec![Dimension::Month]] {
            let flow = ask_flow(&snapshot, &by, from, to);
            prop_assert_eq!((flow.total.start, flow.total.end), (opening.open, closing.open));
            for row in flow.rows.iter().chain([&flow.total]) {
                let bars: i64 = row.bars.iter().map(|bar| bar.amount).sum();
                prop_assert_eq!(row.start + bars, row.end, "{:?}", row);
                for bar in &row.bars {
                    prop_assert_eq!(bar.items.iter().map(|item| item.amount).sum::<i64>(), bar.amount);
                }
            }
            if !by.is_empty() {
                prop_assert_eq!(flow.rows.iter().map(|row| row.start).sum::<i64>(), flow.total.start);
                prop_assert_eq!(flow.rows.iter().map(|row| row.end).sum::<i64>(), flow.total.end);
                for bucket in [FlowBucket::New, FlowBucket::MovedIn, FlowBucket::ClosedWon, FlowBucket::MovedOut] {
                    prop_assert_eq!(flow.rows.iter().map(|row| bar(row, bucket)).sum::<i64>(), bar(&flow.total, bucket));
                }
            }
        }
    }

    #[test]
    fn closed_won_is_the_change_of_closed_acv_and_what_was_undone(deals in a_company(), days in 0..100_i64, length in 0..60_i64) {
        let snapshot = snapshot(&deals);
        let (from, to) = (instant(days), instant(days + length));
        for by in [vec![], vec![Dimension::Region], vec![Dimension::Product, Dimension::Source], vec![Dimension::Month]] {
            for (key, [won, change, unwon]) in won_and_unwon(&snapshot, &by, from, to) {
                prop_assert_eq!(won, change + unwon, "{:?} by {:?}", key, by);
            }
        }
    }

    #[test]
    fn a_snapshot_built_onto_another_equals_one_built_from_scratch(
        first in a_company(), second in a_company(), days in 0..140_i64,
    ) {
        let mut builder = Builder::onto(&snapshot(&first));
        for deal in second.iter().skip(1) {
            add(&mut builder, deal);
        }
        let onto = builder.finish(DataVersion(11));
        let mut all: Vec<Deal> = first.iter().filter(|deal| !second.iter().skip(1).any(|new| new.id == deal.id)).cloned().collect();
        all.extend(second.iter().skip(1).cloned());
        let scratch = snapshot(&all);
        for by in [vec![Dimension::Region], vec![Dimension::Product, Dimension::Source]] {
            let one = ask(&onto, &by, &Filter::Everything, instant(days), None);
            prop_assert_eq!(one, ask(&scratch, &by, &Filter::Everything, instant(days), None));
        }
        for deal in &all {
            let id = OpportunityId(Uuid::from_u128(deal.id));
            let index = onto.opportunity_index(id).unwrap();
            prop_assert_eq!(onto.opportunity_id(index), id);
            prop_assert_eq!(onto.versions_of(index), scratch.versions_of(scratch.opportunity_index(id).unwrap()));
        }
    }

    #[test]
    fn touchpoints_and_tenures_that_come_in_pieces_equal_those_that_come_at_once(
        touches in prop::collection::vec((0..5_u128, 0..3_u128, 0..9_i64, any::<bool>()), 0..30),
        tenures in prop::collection::vec((0..3_u128, 0..9_i64, 0..5_usize), 0..8),
        cuts in prop::collection::vec((0..30_usize, 0..8_usize), 0..4),
    ) {
        let touch = |number: usize, (home, rep, days, is_marketing): (u128, u128, i64, bool)| Touchpoint {
            rep: (!is_marketing).then_some(RepId(Uuid::from_u128(900 + rep))),
            channel: is_marketing.then_some(Channel::Events),
            account: (home < 4).then_some(AccountId(Uuid::from_u128(700 + home))),
            ..touch(number as u128 + 1, days)
        };
        let tenure = |number: usize, (rep, days, role): (u128, i64, usize)| Tenure {
            id: TenureId(Uuid::from_u128(number as u128 + 1)),
            rep: RepId(Uuid::from_u128(900 + rep)),
            role: Some(Role::ALL[role]),
            manager: None,
            valid_from: instant(days),
            recorded: DataVersion(1),
        };
        let touches: Vec<Touchpoint> = touches.into_iter().enumerate().map(|(number, row)| touch(number, row)).collect();
        let tenures: Vec<Tenure> = tenures.into_iter().enumerate().map(|(number, row)| tenure(number, row)).collect();
        let owners: Vec<OpportunityFact> = (0..5_u128).map(|home| OpportunityFact {
            id: OpportunityId(Uuid::from_u128(home + 1)),
            account: (0 < home).then_some(AccountId(Uuid::from_u128(700 + home - 1))),
            created_at_ms: 0,
            created_by: None,
            lead_source_maps_to: None,
            last_activity_on: None,
            has_contact_role: true,
        }).collect();
        let grown = |cuts: &[(usize, usize)]| {
            let mut builder = Builder::new(settings());
            owners.iter().for_each(|owner| builder.opportunity(owner.clone(), &[version(day(2026, 1, 1), OPEN, 1, day(2026, 4, 1))]));
            let (mut told, mut held) = (0, 0);
            for (step, &(touch, tenure)) in cuts.iter().chain([&(touches.len(), tenures.len())]).enumerate() {
                let (touch, tenure) = (touch.clamp(told, touches.len()), tenure.clamp(held, tenures.len()));
                touches[told..touch].iter().for_each(|row| builder.touchpoint(row));
                tenures[held..tenure].iter().for_each(|row| builder.tenure(row));
                (told, held) = (touch, tenure);
                builder = Builder::onto(&builder.finish(DataVersion(i64::try_from(step).unwrap())));
            }
            let snapshot = builder.finish(DataVersion(9));
            (0..5).map(|index| snapshot.touchpoints_of(index).iter().map(|touch| (touch.at_ms, touch.source, touch.id)).collect()).collect()
        };
        let (at_once, in_pieces): (Vec<Vec<_>>, Vec<Vec<_>>) = (grown(&[]), grown(&cuts));
        // One that was logged on an opportunity of another account is on the journeys of both.
        let met: std::collections::BTreeSet<_> = at_once.iter().flatten().map(|(_, _, id)| *id).collect();
        prop_assert_eq!(met.len(), touches.len());
        prop_assert_eq!(in_pieces, at_once);
    }

    #[test]
    fn touchpoints_follow_their_opportunity_from_account_to_account(
        steps in prop::collection::vec((0..3_u128, 0..3_u128, prop::collection::vec((0..3_u128, 0..3_u128, 0..9_i64), 0..4)), 1..8),
    ) {
        let account = |number: u128| (number > 0).then(|| AccountId(Uuid::from_u128(700 + number)));
        let owner = |deal: u128, number: u128| OpportunityFact {
            id: OpportunityId(Uuid::from_u128(deal + 1)),
            account: account(number),
            created_at_ms: 0,
            created_by: None,
            lead_source_maps_to: None,
            last_activity_on: None,
            has_contact_role: true,
        };
        let versions = [version(day(2026, 1, 1), OPEN, 1, day(2026, 4, 1))];
        let mut caught_up = Builder::new(settings()).finish(DataVersion(0));
        let (mut owners, mut touches) = (std::collections::BTreeMap::new(), Vec::new());
        for (deal, home, met) in steps {
            let mut builder = Builder::onto(&caught_up);
            builder.opportunity(owner(deal, home), &versions);
            owners.insert(deal, home);
            // As a database tells them again, with the opportunity that they name.
            let logged = |touch: &&Touchpoint| touch.opportunity == Some(OpportunityId(Uuid::from_u128(deal + 1)));
            touches.iter().filter(logged).for_each(|touch| builder.touchpoint(touch));
            for (deal, home, days) in met {
                let opportunity = Some(OpportunityId(Uuid::from_u128(deal + 1)));
                touches.push(Touchpoint { account: account(home), opportunity, ..touch(touches.len() as u128 + 1, days) });
                builder.touchpoint(touches.last().unwrap());
            }
            caught_up = builder.finish(DataVersion(1));
            let mut builder = Builder::new(settings());
            owners.iter().for_each(|(deal, home)| builder.opportunity(owner(*deal, *home), &versions));
            touches.iter().for_each(|touch| builder.touchpoint(touch));
            let fresh = builder.finish(DataVersion(1));
            for deal in owners.keys() {
                let told = |snapshot: &Snapshot| {
                    let index = snapshot.opportunity_index(OpportunityId(Uuid::from_u128(deal + 1))).unwrap();
                    snapshot.touchpoints_of(index).iter().map(|touch| (touch.at_ms, touch.id)).collect::<Vec<_>>()
                };
                prop_assert_eq!(told(&caught_up), told(&fresh), "opportunity {}", deal);
            }
        }
    }

    #[test]
    fn the_ledger_adds_up_to_the_state_at_every_instant(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let when = instant(days).timestamp_millis();
        for index in 0..u32::try_from(snapshot.opportunity_count()).unwrap() {
            let entries = entries(&snapshot.versions_of(index));
            let mut standing: Option<Posting> = None;
            let mut sum = std::collections::BTreeMap::<(CurrencyCode, u8, NaiveDate), i64>::new();
            for entry in entries.iter().filter(|entry| entry.at_ms <= when) {
                prop_assert_eq!(entry.before, standing);
                standing = entry.after;
                for (posting, sign) in [(entry.before, -1), (entry.after, 1)] {
                    if let Some(posting) = posting {
                        *sum.entry((posting.currency, posting.kind as u8, posting.close_date)).or_default() += sign * posting.acv_minor;
                    }
                }
            }
            let state = snapshot.state_at(index, when).as_ref().and_then(Posting::of);
            prop_assert_eq!(standing, state);
            sum.retain(|_, amount| *amount != 0);
            let expected = state.filter(|posting| posting.acv_minor != 0);
            let expected = expected.map(|posting| ((posting.currency, posting.kind as u8, posting.close_date), posting.acv_minor));
            prop_assert_eq!(sum.into_iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_cells_of_a_matrix_add_up_and_its_priors_are_the_values_of_then(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let now = ask_matrix(&snapshot, quarter(), instant(days));
        for (column, total) in [
            (now.cells.iter().map(|cell| cell.closed_acv.value).sum::<i64>(), now.total.closed_acv.value),
            (now.cells.iter().map(|cell| cell.open_pipeline.value).sum(), now.total.open_pipeline.value),
            (now.cells.iter().map(|cell| cell.generation.value).sum(), now.total.generation.value),
            (now.cells.iter().map(|cell| cell.forecast_parts.roll_up).sum(), now.total.forecast_parts.roll_up),
        ] {
            prop_assert_eq!(column, total);
        }
        let then = ask_matrix(&snapshot, now.comparison, now.comparison_as_of);
        for cell in now.cells.iter().chain(&now.subtotals).chain([&now.total]) {
            let before = then.cells.iter().chain(&then.subtotals).chain([&then.total]).find(|other| other.key == cell.key);
            let of = |value: fn(&pipewright_core::matrix::Cell) -> i64| before.map_or(0, value);
            prop_assert_eq!(cell.closed_acv.prior, of(|cell| cell.closed_acv.value));
            prop_assert_eq!(cell.open_pipeline.prior, of(|cell| cell.open_pipeline.value));
            prop_assert_eq!(cell.generation.prior, of(|cell| cell.generation.value));
        }
    }
    #[test]
    fn every_point_of_a_trend_is_the_matrix_asked_then(
        deals in a_company(), targets in some_targets(), days in prop::collection::btree_set(0..140_i64, 1..6),
    ) {
        let snapshot = planned(&deals, &targets);
        let points: Vec<DateTime<Utc>> = days.into_iter().map(instant).collect();
        for by in [vec![Dimension::Region], vec![Dimension::Source, Dimension::Product]] {
            let last = matrix_query(&by, quarter(), *points.last().unwrap());
            let query = TrendQuery { matrix: last, points: points.clone() };
            let trend = trend(&snapshot, &query, &Scope::everything(), &ByIndex).unwrap();
            for (at, point) in points.iter().enumerate() {
                let then = matrix(&snapshot, &matrix_query(&by, quarter(), *point), &Scope::everything(), &ByIndex).unwrap();
                for cell in then.cells.iter().chain([&then.total]) {
                    let series = trend.series.iter().chain([&trend.total]).find(|series| series.key == cell.key);
                    let Some(series) = series else {
                        // Only what counts at some point has a line; a cell may stand by its target or its prior alone.
                        prop_assert_eq!((cell.closed_acv.value, cell.open_pipeline.value, cell.generation.value), (0, 0, 0));
                        continue;
                    };
                    let found = &series.points[at];
                    let money = (found.closed_acv, found.open_pipeline, found.forecast, found.generation);
                    let asked = (cell.closed_acv.value, cell.open_pipeline.value, cell.forecast.value, cell.generation.value);
                    prop_assert_eq!(money, asked, "{:?} at {}", &cell.key, point);
                    prop_assert_eq!((found.at, found.target, found.coverage), (*point, cell.closed_acv.target, cell.coverage.value));
                }
            }
        }
    }

    #[test]
    fn an_aggregate_gives_the_numbers_of_the_matrix(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let measures = vec![
            AggregateMeasure::OpenPipeline, AggregateMeasure::ClosedAcv, AggregateMeasure::Overdue,
            AggregateMeasure::GenerationAsGenerated, AggregateMeasure::GenerationAsNow,
            AggregateMeasure::OpenCount, AggregateMeasure::ClosedCount, AggregateMeasure::GenerationCount,
        ];
        let by = [Dimension::Product, Dimension::Region];
        let query = AggregateQuery {
            measures, by: by.to_vec(), filter: Filter::Everything, period: quarter(), as_of: instant(days), data_version: None,
            model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
        };
        let found = aggregate(&snapshot, &query, &Scope::everything(), &ByIndex).unwrap();
        let asked = matrix(&snapshot, &matrix_query(&by, quarter(), instant(days)), &Scope::everything(), &ByIndex).unwrap();
        let values = |cell: &Cell| {
            let count = |count: u64| i64::try_from(count).unwrap();
            let amounts = vec![
                cell.open_pipeline.value, cell.closed_acv.value, cell.overdue, cell.generation_as_generated, cell.generation_as_now,
            ];
            [amounts, vec![count(cell.open_count), count(cell.closed_count), count(cell.generation_count)]].concat()
        };
        let cells = asked.cells.iter().map(|cell| (cell.key.clone(), values(cell)));
        let cells: Vec<_> = cells.filter(|(_, values)| values.iter().any(|value| *value != 0)).collect();
        prop_assert_eq!(found.rows.into_iter().map(|row| (row.key, row.values)).collect::<Vec<_>>(), cells);
        prop_assert_eq!(found.total.values, values(&asked.total));
    }

    #[test]
    fn a_target_under_a_filter_and_under_its_opposite_share_the_targets_of_the_rows(
        deals in a_company(), targets in some_targets(), days in 0..140_i64,
    ) {
        let snapshot = planned(&deals, &targets);
        let filter = Filter::In(Dimension::Region, vec![region(1)]);
        let of = |filter: Filter| {
            let query = MatrixQuery { filter, ..matrix_query(&[Dimension::Region], quarter(), instant(days)) };
            matrix(&snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
        };
        let (whole, part, rest) = (of(Filter::Everything), of(filter.clone()), of(Filter::Not(Box::new(filter))));
        for cell in &whole.cells {
            let side = if cell.key.get(Dimension::Region) == Some(&region(1)) { &part } else { &rest };
            let same = side.cells.iter().find(|other| other.key == cell.key);
            prop_assert_eq!(same.and_then(|same| same.closed_acv.target), cell.closed_acv.target);
        }
        let summed = |cells: &[Cell]| cells.iter().filter_map(|cell| cell.closed_acv.target).reduce(|sum, target| sum + target);
        for side in [&part, &rest] {
            // The total's own row is about both sides, so each side has its rows' sum, or none where one is missing.
            if let Some(target) = side.total.closed_acv.target {
                prop_assert_eq!(Some(target), summed(&side.cells));
            }
        }
    }
}
