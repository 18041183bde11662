//! Hygiene on both databases, against a second computation: row by row, from the tables as they are.

use crate::support::{ENGINES, Engine, Home, Server, cents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

const COMPANY: [&str; 7] = ["generate", "--opportunities", "1200", "--seed", "23", "--until", "2026-11-24"];

/// What asks for hundreds of rows with every flag costs more than a caller is let have by default.
const WIDE: [(&str, &str); 1] = [("PIPEWRIGHT__SERVER__LIMITS__COST", "10000000")];

const NOW: &str = "2026-11-24T12:00:00.000Z";
const INSTANTS: [&str; 3] = [NOW, "2026-06-15T08:30:00.000Z", "2025-09-30T23:59:59.999Z"];

const FLAGS: [&str; 12] = [
    "CLOSE_DATE_PASSED",
    "NO_NEXT_STEP",
    "NO_AMOUNT",
    "NO_CONTACT_ROLE",
    "NO_PRODUCT",
    "NO_SOURCE",
    "STAGE_TOO_OLD",
    "PUSHED_OFTEN",
    "STAGE_MOVED_BACK",
    "NO_ACTIVITY",
    "OWNER_INACTIVE",
    "NOT_REVIEWED",
];

const DAY_MS: i64 = 86_400_000;

const HYGIENE: &str = "query H($asOf: DateTime!, $by: HygieneBy!, $filter: MatrixFilter) {
  hygiene(asOf: $asOf, by: $by, filter: $filter) {
    rows(atMost: 2000) { key { value } figures { ...F } } total { ...F }
  }
}
fragment F on HygieneFigures {
  opportunityCount acv { amount } score failingCount failingAcv { amount }
  flags { code opportunityCount acv { amount } }
}";

fn at_ms(instant: &str) -> i64 {
    instant.parse::<DateTime<Utc>>().unwrap().timestamp_millis()
}

/// A version, as its row has it.
struct Version {
    from_ms: i64,
    stage: Uuid,
    is_open: bool,
    place: i32,
    is_counted: bool,
    close_day: i32,
    acv: i64,
    has_amount: bool,
    has_next_step: bool,
    owner: Option<Uuid>,
    region: Option<Uuid>,
    has_campaign: bool,
    has_product: bool,
}

/// All tables that hygiene reads, as they are.
struct Tables {
    versions: HashMap<Uuid, Vec<Version>>,
    /// Account, creation, last activity, whether its lead source maps to a source.
    opportunities: HashMap<Uuid, (Option<Uuid>, i64, Option<i32>, bool)>,
    with_contacts: BTreeSet<Uuid>,
    inactive: BTreeSet<Uuid>,
    /// By account: when reps acted.
    acts: HashMap<Uuid, Vec<i64>>,
    /// By rep: from when, and to whom they reported.
    managers: HashMap<Uuid, Vec<(i64, Option<Uuid>)>>,
    reviews: HashMap<Uuid, Vec<i64>>,
}

type VersionRow = (Uuid, i64, Uuid, i16, i32, i64, bool, Option<String>, Option<Uuid>, Option<Uuid>, Option<Uuid>, bool, bool);

type OpportunityRow = (Uuid, Option<Uuid>, i64, Option<i32>, bool);

impl Tables {
    async fn read(home: &Home) -> Self {
        let stages: Vec<(Uuid, i16, i32)> = home.rows("SELECT id, kind, position FROM stage").await;
        let stages: HashMap<Uuid, (i16, i32)> = stages.into_iter().map(|(id, kind, place)| (id, (kind, place))).collect();
        let sql = "SELECT opportunity_id, valid_from_ms, stage_id, forecast_category, close_day, COALESCE(acv_minor, 0),
                          COALESCE(amount_minor, 0) <> 0 OR COALESCE(acv_minor, 0) <> 0, next_step, owner_id, region_id, campaign_id,
                          EXISTS (SELECT 1 FROM opportunity_line l WHERE l.line_set_id = v.line_set_id AND product_id IS NOT NULL),
                          is_deleted
                   FROM opportunity_version v ORDER BY opportunity_id, valid_from_ms, sequence";
        let mut versions: HashMap<Uuid, Vec<Version>> = HashMap::new();
        for row in home.rows::<VersionRow>(sql).await {
            let (id, from_ms, stage, category, close_day, acv, has_amount, next_step, owner, region, campaign, has_product, gone) =
                row;
            let (kind, place) = stages[&stage];
            let is_open = kind == 0 && !gone;
            let version = Version {
                from_ms,
                stage,
                is_open,
                place,
                is_counted: is_open && category != 0,
                close_day,
                acv,
                has_amount,
                has_next_step: next_step.is_some_and(|text| !text.trim().is_empty()),
                owner,
                region,
                has_campaign: campaign.is_some(),
                has_product,
            };
            versions.entry(id).or_default().push(version);
        }
        let sql = "SELECT id, account_id, created_at_ms, last_activity_day, lead_source_maps_to IS NOT NULL FROM opportunity";
        let opportunities: Vec<OpportunityRow> = home.rows(sql).await;
        let pairs = |rows: Vec<(Uuid, i64)>| {
            let mut by: HashMap<Uuid, Vec<i64>> = HashMap::new();
            rows.into_iter().for_each(|(id, at_ms)| by.entry(id).or_default().push(at_ms));
            by
        };
        let acts = "SELECT COALESCE(t.account_id, o.account_id), at_ms FROM touchpoint t LEFT JOIN opportunity o ON o.id = t.opportunity_id
                    WHERE t.rep_id IS NOT NULL AND t.kind >= 3 AND COALESCE(t.account_id, o.account_id) IS NOT NULL";
        let mut managers: HashMap<Uuid, Vec<(i64, Option<Uuid>)>> = HashMap::new();
        let tenures = home.rows("SELECT rep_id, valid_from_ms, manager_id FROM tenure ORDER BY valid_from_ms").await;
        for (rep, from_ms, manager) in tenures {
            managers.entry(rep).or_default().push((from_ms, manager));
        }
        let ids = |rows: Vec<(Uuid,)>| rows.into_iter().map(|(id,)| id).collect::<BTreeSet<Uuid>>();
        Self {
            versions,
            opportunities: opportunities
                .into_iter()
                .map(|(id, account, at_ms, day, maps)| (id, (account, at_ms, day, maps)))
                .collect(),
            with_contacts: ids(home.rows("SELECT opportunity_id FROM contact_role WHERE NOT is_deleted").await),
            inactive: ids(home.rows("SELECT id FROM rep WHERE NOT is_active").await),
            acts: pairs(home.rows(acts).await),
            managers,
            reviews: pairs(home.rows("SELECT opportunity_id, at_ms FROM review").await),
        }
    }

    /// The versions that held for a while up to an instant.
    fn held(&self, id: &Uuid, at_ms: i64) -> Vec<&Version> {
        let known: Vec<&Version> = self.versions[id].iter().filter(|version| version.from_ms <= at_ms).collect();
        let replaced = |place: usize| known.get(place + 1).is_some_and(|next| next.from_ms == known[place].from_ms);
        (0..known.len()).filter(|place| !replaced(*place)).map(|place| known[place]).collect()
    }

    /// By stage, twice the median of the stays that ended before the day of an instant.
    fn medians(&self, at_ms: i64) -> HashMap<Uuid, i64> {
        let before = at_ms.div_euclid(DAY_MS) * DAY_MS;
        let mut stays: HashMap<Uuid, Vec<i64>> = HashMap::new();
        for id in self.versions.keys() {
            let held = self.held(id, before - 1);
            let arrivals: Vec<&&Version> =
                (0..held.len()).filter(|at| *at == 0 || held[at - 1].stage != held[*at].stage).map(|at| &held[at]).collect();
            arrivals.windows(2).for_each(|pair| stays.entry(pair[0].stage).or_default().push(pair[1].from_ms - pair[0].from_ms));
        }
        let enough = stays.into_iter().filter(|(_, stays)| stays.len() >= 20);
        enough
            .map(|(stage, mut stays)| {
                stays.sort_unstable();
                (stage, (stays[(stays.len() - 1) / 2] + stays[stays.len() / 2]) / 2)
            })
            .collect()
    }

    /// The open opportunities at an instant, each with its flags.
    fn judged(&self, at_ms: i64) -> Vec<Judged> {
        let medians = self.medians(at_ms);
        let judged = self.versions.keys().filter_map(|id| self.judge(*id, at_ms, &medians));
        judged.collect()
    }

    fn judge(&self, id: Uuid, at_ms: i64, medians: &HashMap<Uuid, i64>) -> Option<Judged> {
        let held = self.held(&id, at_ms);
        let last = *held.last().filter(|last| last.is_counted)?;
        let (account, created_ms, logged_day, maps) = self.opportunities[&id];
        let today = i32::try_from(at_ms.div_euclid(DAY_MS)).unwrap();
        let stage_since = held.iter().rev().take_while(|version| version.stage == last.stage).last().unwrap().from_ms;
        let month = |day: i32| {
            let date = NaiveDate::from_epoch_days(day).unwrap();
            (date.year(), date.month())
        };
        let pushes = held
            .windows(2)
            .filter(|pair| pair[0].is_open && pair[1].is_open && month(pair[1].close_day) > month(pair[0].close_day));
        let acts = account.and_then(|account| self.acts.get(&account)).into_iter().flatten().copied();
        let acts = acts.filter(|act| *act <= at_ms).chain([created_ms]).map(|act| act.div_euclid(DAY_MS));
        let active = acts.chain(logged_day.map(i64::from).filter(|day| *day <= i64::from(today))).max().unwrap();
        let reviews = self.reviews.get(&id).into_iter().flatten().copied().filter(|review| *review <= at_ms);
        let raised = [
            last.close_day < today,
            !last.has_next_step,
            !last.has_amount,
            !self.with_contacts.contains(&id),
            !last.has_product,
            !last.has_campaign && !maps,
            medians.get(&last.stage).is_some_and(|median| at_ms - stage_since > median * 150 / 100),
            pushes.count() >= 3,
            held.iter().any(|version| version.is_open && version.place > last.place),
            i64::from(today) - active > 30,
            last.owner.is_none_or(|owner| self.inactive.contains(&owner)),
            at_ms - reviews.max().unwrap_or(created_ms) >= 7 * DAY_MS,
        ];
        let tenures = last.owner.and_then(|owner| self.managers.get(&owner)).into_iter().flatten();
        let manager = tenures.rev().find(|(from_ms, _)| *from_ms <= at_ms).and_then(|(_, manager)| *manager);
        Some(Judged { id, acv: last.acv, close_day: last.close_day, owner: last.owner, manager, region: last.region, raised })
    }
}

/// An open opportunity, judged the second way.
struct Judged {
    id: Uuid,
    acv: i64,
    close_day: i32,
    owner: Option<Uuid>,
    manager: Option<Uuid>,
    region: Option<Uuid>,
    raised: [bool; 12],
}

impl Judged {
    fn count(&self) -> i64 {
        i64::try_from(self.raised.iter().filter(|raised| **raised).count()).unwrap()
    }

    /// 8 of 12 flags left are 67 percent, and 70 are needed.
    fn passes(&self) -> bool {
        self.count() <= 3
    }
}

/// Figures as the API has them: count, ACV, score, failing count and ACV, and of each flag count and ACV.
fn figures<'a>(judged: impl Iterator<Item = &'a Judged> + Clone) -> Value {
    let sum = |wanted: &dyn Fn(&Judged) -> bool| {
        let wanted: Vec<&Judged> = judged.clone().filter(|own| wanted(own)).collect();
        (wanted.len(), wanted.iter().map(|own| own.acv).sum::<i64>())
    };
    let (all, failing) = (sum(&|_| true), sum(&|own| !own.passes()));
    let raised: i64 = judged.clone().map(Judged::count).sum();
    let flags = 12 * i64::try_from(all.0).unwrap();
    let score = (100.0 * (flags - raised) as f64 / flags as f64).round() as i64;
    let flag = |place: usize| {
        let (count, acv) = sum(&|own| own.raised[place]);
        json!([FLAGS[place], count, acv])
    };
    json!([all.0, all.1, score, failing.0, failing.1, (0..12).map(flag).collect::<Vec<_>>()])
}

fn figures_of(answer: &Value) -> Value {
    let flags = answer["flags"].as_array().unwrap().iter();
    let flags: Vec<Value> = flags.map(|flag| json!([flag["code"], flag["opportunityCount"], cents(&flag["acv"])])).collect();
    json!([
        answer["opportunityCount"],
        cents(&answer["acv"]),
        answer["score"],
        answer["failingCount"],
        cents(&answer["failingAcv"]),
        flags
    ])
}

/// Reviews half of what is open now, at several instants; some of the rest goes back to the first stage, with no amount and a
/// blank next step, which the made-up company never does.
async fn review(home: &Home) {
    let open: Vec<(Uuid,)> =
        home.rows("SELECT o.id FROM opportunity o JOIN stage s ON s.id = o.stage_id WHERE s.kind = 0 ORDER BY o.id").await;
    let id = |id: Uuid| match home.engine() {
        Engine::Sqlite => format!("x'{}'", id.simple()),
        Engine::Postgres => format!("'{id}'::uuid"),
    };
    let reviews = open.iter().enumerate().filter(|(number, _)| number % 2 == 0).map(|(number, (opportunity,))| {
        let at = at_ms(NOW) - i64::try_from(number).unwrap() * DAY_MS / 12;
        let own = id(Uuid::from_u128(number as u128 + 1));
        format!("({own}, {}, {own}, 0, 0, NULL, {at}, 1)", id(*opportunity))
    });
    let values = reviews.collect::<Vec<_>>().join(", ");
    let columns = "id, opportunity_id, reviewer_id, verdict, changes, note, at_ms, recorded";
    let _: Vec<(i64,)> = home.rows(&format!("INSERT INTO review ({columns}) VALUES {values} RETURNING recorded")).await;
    let set_back = open.iter().skip(1).step_by(7).map(|(opportunity,)| id(*opportunity)).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "UPDATE opportunity_version
         SET stage_id = (SELECT id FROM stage WHERE position = 1), amount_minor = NULL, acv_minor = NULL, next_step = '  '
         WHERE opportunity_id IN ({set_back}) AND valid_from_ms =
               (SELECT MAX(valid_from_ms) FROM opportunity_version n WHERE n.opportunity_id = opportunity_version.opportunity_id)
         RETURNING recorded"
    );
    let _: Vec<(i64,)> = home.rows(&sql).await;
}

async fn company(engine: Engine) -> (Home, Server, Tables) {
    let home = Home::new(engine).await;
    home.succeed(&COMPANY);
    review(&home).await;
    let tables = Tables::read(&home).await;
    let server = home.serve_with(&[], &WIDE);
    (home, server, tables)
}

#[tokio::test]
async fn every_flag_score_and_sum_of_every_row_is_as_a_second_computation_has_it() {
    for engine in ENGINES {
        let (_home, server, tables) = company(engine).await;
        let mut seen = [0; 12];
        for instant in INSTANTS {
            let judged = tables.judged(at_ms(instant));
            judged.iter().for_each(|own| seen.iter_mut().zip(own.raised).for_each(|(seen, raised)| *seen += usize::from(raised)));
            for by in ["OWNER", "MANAGER", "REGION"] {
                let key = |own: &Judged| match by {
                    "OWNER" => own.owner,
                    "MANAGER" => own.manager,
                    _ => own.region,
                };
                let answer = server.data(HYGIENE, json!({ "asOf": instant, "by": by })).await["hygiene"].take();
                assert_eq!(figures_of(&answer["total"]), figures(judged.iter()), "{engine:?} {instant}");
                let mut expected: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
                for own in &judged {
                    expected.entry(key(own).map_or_else(String::new, |id| id.to_string())).or_default().push(own);
                }
                let row = |row: &Value| (row["key"][0]["value"].as_str().unwrap_or("").to_owned(), figures_of(&row["figures"]));
                let found: BTreeMap<String, Value> = answer["rows"].as_array().unwrap().iter().map(row).collect();
                let expected: BTreeMap<String, Value> =
                    expected.into_iter().map(|(key, own)| (key, figures(own.into_iter()))).collect();
                assert_eq!(found, expected, "{engine:?} {instant} by {by}");
            }
        }
        let never: Vec<&str> = FLAGS.into_iter().zip(seen).filter(|(_, seen)| *seen == 0).map(|(flag, _)| flag).collect();
        assert!(never.is_empty(), "{never:?} never raised");
    }
}

#[tokio::test]
async fn an_opportunity_a_flag_and_a_filter_tell_of_the_same_deals() {
    for engine in ENGINES {
        let (_home, server, tables) = company(engine).await;
        let judged = tables.judged(at_ms(NOW));
        let query = "query O($asOf: DateTime!, $after: String) {
            opportunities(first: 500, after: $after) {
              nodes { id hygiene(asOf: $asOf) { score isPassing flags { code since } } }
              pageInfo { hasNextPage endCursor }
            }
          }";
        let (mut found, mut after) = (BTreeMap::new(), Value::Null);
        loop {
            let mut page = server.data(query, json!({ "asOf": NOW, "after": after })).await["opportunities"].take();
            for node in page["nodes"].as_array().unwrap().iter().filter(|node| !node["hygiene"].is_null()) {
                let own = &node["hygiene"];
                let flags = own["flags"].as_array().unwrap().iter();
                for flag in flags.clone() {
                    let is_dated = !["NO_CONTACT_ROLE", "OWNER_INACTIVE"].contains(&flag["code"].as_str().unwrap());
                    assert_eq!(flag["since"].as_str().is_some_and(|since| since <= NOW), is_dated, "{flag}");
                }
                let codes: Vec<&Value> = flags.map(|flag| &flag["code"]).collect();
                found.insert(node["id"].as_str().unwrap().to_owned(), json!([own["score"], own["isPassing"], codes]));
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].take();
        }
        let said = |own: &Judged| {
            let codes: Vec<&str> =
                FLAGS.into_iter().zip(own.raised).filter(|(_, raised)| *raised).map(|(flag, _)| flag).collect();
            let score = (100.0 * (12 - own.count()) as f64 / 12.0).round() as i64;
            (URL_SAFE_NO_PAD.encode(format!("Opportunity:{}", own.id)), json!([score, own.passes(), codes]))
        };
        assert_eq!(found, judged.iter().map(said).collect(), "{engine:?}");

        let region = judged.iter().find_map(|own| own.region).unwrap();
        let filter = json!({ "dimension": "REGION", "in": [region] });
        let query = "query F($asOf: DateTime!, $filter: MatrixFilter) { hygiene(asOf: $asOf, by: MANAGER, filter: $filter) {
            total { opportunityCount flags { code acv { amount } opportunities(first: 100) { totalCount nodes { opportunityId amount { amount } } } } } } }";
        let answer = server.data(query, json!({ "asOf": NOW, "filter": filter })).await["hygiene"]["total"].take();
        let here: Vec<&Judged> = judged.iter().filter(|own| own.region == Some(region)).collect();
        assert_eq!(answer["opportunityCount"], here.len());
        for (place, flag) in answer["flags"].as_array().unwrap().iter().enumerate() {
            let mut expected: Vec<&&Judged> = here.iter().filter(|own| own.raised[place]).collect();
            expected.sort_by_key(|own| (std::cmp::Reverse(own.acv), own.id));
            assert_eq!(flag["opportunities"]["totalCount"], expected.len(), "{}", flag["code"]);
            let shares = flag["opportunities"]["nodes"].as_array().unwrap();
            let found: Vec<(String, i64)> = shares
                .iter()
                .map(|share| (share["opportunityId"].as_str().unwrap().to_owned(), cents(&share["amount"])))
                .collect();
            let expected: Vec<(String, i64)> = expected
                .iter()
                .take(100)
                .map(|own| (URL_SAFE_NO_PAD.encode(format!("Opportunity:{}", own.id)), own.acv))
                .collect();
            assert_eq!(found, expected, "{engine:?} {}", flag["code"]);
        }
    }
}

#[tokio::test]
async fn an_adjusted_matrix_counts_what_passes_at_every_point_it_reads() {
    let matrix = "query A($period: String!, $asOf: DateTime!, $adjusted: Boolean!, $than: String!) {
        apm(period: $period, asOf: $asOf, by: [REGION], hygieneAdjusted: $adjusted, comparison: { period: $than }) {
          period { start end } comparison { start end } comparisonAsOf
          cells(atMost: 50) { key { value } openPipeline { value { amount } prior { amount } } openCount overdue { amount }
            opportunities(measure: OPEN_PIPELINE, first: 100) { totalCount } forecast { value { amount } } closedAcv { value { amount } } }
          total { openPipeline { value { amount } } closedAcv { value { amount } target { amount } } coverage { value gross winRate } }
        } }";
    for engine in ENGINES {
        let (_home, server, tables) = company(engine).await;
        let ask = async |adjusted: bool, than: &str| {
            let variables = json!({ "period": "FY2027-Q4", "asOf": NOW, "adjusted": adjusted, "than": than });
            server.data(matrix, variables).await["apm"].take()
        };
        let days = |period: &Value| {
            let day = |text: &Value| text.as_str().unwrap().parse::<NaiveDate>().unwrap().to_epoch_days();
            day(&period["start"])..day(&period["end"])
        };
        let passing = |at: i64, period: &Value| {
            let days = days(period);
            let judged = tables.judged(at).into_iter();
            judged.filter(|own| own.passes() && days.contains(&own.close_day)).collect::<Vec<_>>()
        };
        let (adjusted, plain) = (ask(true, "FY2026-Q4").await, ask(false, "FY2026-Q4").await);
        let now = passing(at_ms(NOW), &adjusted["period"]);
        let then = passing(at_ms(adjusted["comparisonAsOf"].as_str().unwrap()), &adjusted["comparison"]);
        let today: i32 = NOW[..10].parse::<NaiveDate>().unwrap().to_epoch_days();
        assert!(!now.is_empty() && !then.is_empty(), "there is something to count");
        for (cell, uncut) in adjusted["cells"].as_array().unwrap().iter().zip(plain["cells"].as_array().unwrap()) {
            assert_eq!(
                (&cell["key"], &cell["forecast"], &cell["closedAcv"]),
                (&uncut["key"], &uncut["forecast"], &uncut["closedAcv"])
            );
            let here = |own: &&Judged| own.region.map(|id| id.to_string()).as_deref() == cell["key"][0]["value"].as_str();
            let sum = |all: &[Judged]| all.iter().filter(here).map(|own| own.acv).sum::<i64>();
            assert_eq!(cents(&cell["openPipeline"]["value"]), sum(&now), "{engine:?} {cell}");
            assert_eq!(cents(&cell["openPipeline"]["prior"]), sum(&then), "{engine:?} {cell}");
            assert_eq!(cell["openCount"], now.iter().filter(here).count());
            assert_eq!(cell["opportunities"]["totalCount"], now.iter().filter(here).count());
            let overdue = now.iter().filter(here).filter(|own| own.close_day < today).map(|own| own.acv).sum::<i64>();
            assert_eq!(cents(&cell["overdue"]), overdue);
        }
        let total = &adjusted["total"];
        let open: i64 = now.iter().map(|own| own.acv).sum();
        assert_eq!(cents(&total["openPipeline"]["value"]), open);
        assert!(open < cents(&plain["total"]["openPipeline"]["value"]), "some of the made-up deals fail");
        let target = cents(&total["closedAcv"]["target"]);
        let left = target - cents(&total["closedAcv"]["value"]);
        assert_eq!(total["coverage"]["value"].as_f64(), (left > 0).then(|| open as f64 / left as f64));
        assert_eq!(total["coverage"]["gross"].as_f64().unwrap(), open as f64 / target as f64);

        // Of what passed at the same point of the last four quarters, the part that was won in each.
        let (mut was_open, mut was_won) = (0, 0);
        for period in ["FY2027-Q3", "FY2027-Q2", "FY2027-Q1", "FY2026-Q4"] {
            let answer = ask(true, period).await;
            let (days, end_ms) = (days(&answer["comparison"]), i64::from(days(&answer["comparison"]).end) * DAY_MS - 1);
            for own in passing(at_ms(answer["comparisonAsOf"].as_str().unwrap()), &answer["comparison"]) {
                was_open += own.acv;
                let held = tables.held(&own.id, end_ms);
                let last = held.last().unwrap();
                // Open stages come before Closed Won, and that before Closed Lost.
                if !last.is_open && last.place == 6 && days.contains(&last.close_day) {
                    was_won += own.acv;
                }
            }
        }
        assert!(was_won > 0, "{engine:?}");
        assert_eq!(total["coverage"]["winRate"].as_f64().unwrap(), was_won as f64 / was_open as f64, "{engine:?}");
    }
}

const REVIEWED: &str = "query R($id: ID!, $rep: ID!) {
  opportunity(id: $id) { recordedIn hygiene { flags { code } }
    reviews(first: 5) { nodes { verdict changes note reviewer { id } } } }
  reviewsDue(manager: $rep) { reviews(first: 100) { nodes { opportunityId } } }
}";

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_written_once_with_its_audit_and_takes_the_deal_off_the_managers_list() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "200", "--seed", "7"]);
        let server = home.serve_with(&[], &WIDE);
        let open = "{ opportunities(first: 500) { nodes { id recordedIn stage { kind }
            hygiene { flags { code } } owner { id isActive manager { id isActive } } } } }";
        let mut all = server.data(open, json!({})).await["opportunities"]["nodes"].take();
        let deals = all.as_array_mut().unwrap();
        let closed = deals.iter().find(|deal| deal["stage"]["kind"] != "OPEN").unwrap().clone();
        let is_flagged = |deal: &Value| deal["hygiene"]["flags"].as_array().unwrap().contains(&json!({ "code": "NOT_REVIEWED" }));
        let is_open = |deal: &&mut Value| {
            deal["stage"]["kind"] == "OPEN" && deal["owner"]["manager"]["isActive"] == true && is_flagged(deal)
        };
        let deal = deals.iter_mut().find(is_open).unwrap().take();
        let manager = deal["owner"]["manager"]["id"].clone();
        let seen = async || {
            let data = server.data(REVIEWED, json!({ "id": deal["id"], "rep": manager })).await;
            let due = data["reviewsDue"]["reviews"]["nodes"].as_array().unwrap().iter();
            let is_due = due.filter(|due| due["opportunityId"] == deal["id"]).count() == 1;
            let flags = data["opportunity"]["hygiene"]["flags"].as_array().unwrap().iter();
            let is_flagged = flags.filter(|flag| flag["code"] == "NOT_REVIEWED").count() == 1;
            (is_due, is_flagged, data["opportunity"].clone())
        };
        let review = async |deal: &Value, more: Value| {
            let mut input =
                json!({ "id": deal["id"], "version": deal["recordedIn"], "reviewer": manager, "verdict": "CONFIRMED" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let query = "mutation($input: OpportunityReviewInput!) { opportunityReview(input: $input) {
                opportunity { recordedIn } userErrors { code path } } }";
            server.data(query, json!({ "input": input })).await["opportunityReview"].take()
        };
        assert_eq!((seen().await.0, seen().await.1), (true, true), "{engine:?}");
        let rep = |id: u128| URL_SAFE_NO_PAD.encode(format!("Rep:{}", Uuid::from_u128(id)));
        let long = "x".repeat(20_001);
        for (of, more, code) in [
            (&closed, json!({}), "CLOSED"),
            (&deal, json!({ "version": 0 }), "CONFLICT"),
            (&deal, json!({ "id": URL_SAFE_NO_PAD.encode(format!("Opportunity:{}", Uuid::nil())) }), "NOT_FOUND"),
            (&deal, json!({ "reviewer": rep(1) }), "REVIEWER_UNKNOWN"),
            (
                &deal,
                json!({ "reviewer": deal["owner"]["id"] }),
                if deal["owner"]["isActive"] == true { "REVIEWER_OWNS" } else { "REVIEWER_INACTIVE" },
            ),
            (&deal, json!({ "verdict": "CORRECTED" }), "CHANGES_MISSING"),
            (&deal, json!({ "changes": ["OWNER"] }), "CHANGES_UNEXPECTED"),
            (&deal, json!({ "verdict": "DOUBTED" }), "NOTE_MISSING"),
            (&deal, json!({ "note": long }), "NOTE_TOO_LONG"),
        ] {
            assert_eq!(review(of, more).await["userErrors"][0]["code"], code, "{engine:?}");
        }
        let good = json!({ "verdict": "CORRECTED", "changes": ["NEXT_STEP", "CLOSE_DATE", "NEXT_STEP"], "note": "May", "idempotencyKey": "r1" });
        let first = review(&deal, good.clone()).await;
        assert_eq!(
            first,
            json!({ "opportunity": { "recordedIn": deal["recordedIn"] }, "userErrors": [] }),
            "the deal is as it was"
        );
        assert_eq!(review(&deal, good).await, first, "sent again");
        let (is_due, is_flagged, opportunity) = seen().await;
        assert_eq!((is_due, is_flagged), (false, false), "{engine:?}");
        let expected = json!([{ "verdict": "CORRECTED", "changes": ["CLOSE_DATE", "NEXT_STEP"], "note": "May", "reviewer": { "id": manager } }]);
        assert_eq!(opportunity["reviews"]["nodes"], expected);
        let audit: Vec<(String, String)> = home.rows("SELECT act, noun FROM audit").await;
        assert_eq!(audit, [("opportunityReview".to_owned(), "Opportunity".to_owned())], "{engine:?}");
    }
}
