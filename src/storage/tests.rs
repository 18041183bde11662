//! What both databases promise.
#![allow(clippy::unwrap_used)]

use super::read::Reading;
use super::table::{Read, Record, RecordedLine, SetOfLines};
use super::testing::databases;
use super::value::{Kind, Value};
use super::write::LATEST;
use super::*;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::campaign::{Campaign, Channel};
use pipewright_core::catalog::*;
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::forecast::*;
use pipewright_core::ids::*;
use pipewright_core::opportunity::*;
use pipewright_core::party::*;
use pipewright_core::rep::*;
use pipewright_core::review::{Changed, Review, Verdict};
use pipewright_core::target::*;
use pipewright_core::touchpoint::*;
use pipewright_core::vendor_credit::VendorCredit;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
}

fn day(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(739_000 + number).unwrap()
}

fn version(opportunity: OpportunityId, ms: i64, sequence: i32, name: &str) -> Version {
    Version {
        opportunity,
        valid_from: at(ms),
        sequence,
        name: name.into(),
        stage: StageId::derived("o", "Prospecting"),
        forecast_category: ForecastCategory::MostLikely,
        close_date: day(40),
        currency: CurrencyCode::USD,
        amount_minor: Some(12_345),
        acv_minor: None,
        probability: Some(50),
        owner: Some(RepId::derived("o", "rep")),
        region: Some(RegionId::derived("o", "EMEA")),
        segment: None,
        opportunity_type: Some("New Business".into()),
        campaign: None,
        next_step: Some("call,\t\"quote\"\\ \u{00e9}".into()),
        line_set: Some(LineSetId::derived("o", "set")),
        close_reason: None,
        lines_known: true,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

fn opportunity(external: &str) -> Opportunity {
    Opportunity {
        id: OpportunityId::derived("o", external),
        external_id: Some(external.into()),
        account: Some(AccountId::derived("o", "acme")),
        created_at: at(-5),
        created_by: None,
        lead_source: Some("Web".into()),
        lead_source_maps_to: Some(Source::Channel(Channel::Digital)),
        last_activity_on: Some(day(-400_000)),
        description: None,
        recorded: DataVersion(0),
    }
}

fn account(name: &str) -> Account {
    Account {
        id: AccountId::derived("o", "acme"),
        external_id: None,
        name: name.into(),
        kind: None,
        parent: None,
        industry: Some("Banking".into()),
        region: None,
        segment: None,
        country: None,
        state: None,
        employees: Some(i64::MAX),
        annual_revenue_minor: Some(i64::MIN),
        website: None,
        owner: None,
        created_at: Some(at(1)),
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

fn line_set(amount_minor: i64) -> LineSet {
    let id = LineSetId::derived("o", "set");
    let line = |position, amount_minor| Line {
        line_set: id,
        position,
        product: Some(ProductId::derived("o", "p")),
        quantity_milli: Some(1_500),
        amount_minor,
        acv_minor: amount_minor,
        term_months: None,
    };
    LineSet {
        id,
        opportunity: OpportunityId::derived("o", "1"),
        lines: (0..3).map(|position| line(position, amount_minor)).collect(),
        recorded: DataVersion(0),
    }
}

fn key() -> CellKey {
    CellKey::new(vec![
        (Dimension::Source, DimensionValue::Source(Source::Role(Role::Bdr))),
        (Dimension::Industry, DimensionValue::Text("R\"D".into())),
    ])
    .unwrap()
}

/// One or more rows of every noun.
fn everything() -> Batch {
    let recorded = DataVersion(77);
    let rep = RepId::derived("o", "rep");
    let stage = |name: &str, kind| Stage {
        id: StageId::derived("o", name),
        name: name.into(),
        position: 1,
        kind,
        forecast_category: ForecastCategory::Pipeline,
        probability: None,
        is_active: true,
        recorded,
    };
    let one = opportunity("1");
    let period = "FY2027-Q1".parse().unwrap();
    Batch {
        products: vec![Product {
            id: ProductId::derived("o", "p"),
            external_id: None,
            name: "GTX".into(),
            code: None,
            family: None,
            is_active: true,
            recorded,
        }],
        regions: vec![Region { id: RegionId::derived("o", "EMEA"), name: "EMEA".into(), recorded }],
        segments: vec![Segment { id: SegmentId::derived("o", "Large"), name: "Large".into(), recorded }],
        stages: vec![stage("Prospecting", StageKind::Open), stage("Closed Won", StageKind::Won)],
        reps: vec![Rep {
            id: rep,
            external_id: None,
            name: "Zo\0ë".into(),
            email: None,
            is_active: true,
            hired_on: Some(day(0)),
            recorded,
        }],
        tenures: vec![Tenure {
            id: TenureId::derived("o", "t"),
            rep,
            role: Some(Role::Sdr),
            manager: None,
            valid_from: at(0),
            recorded,
        }],
        campaigns: vec![Campaign {
            id: CampaignId::derived("o", "c"),
            external_id: None,
            name: "Fair".into(),
            parent: None,
            channel: Some(Channel::Events),
            kind: None,
            status: None,
            starts_on: Some(day(1)),
            ends_on: None,
            currency: CurrencyCode::USD,
            budgeted_cost_minor: Some(5),
            actual_cost_minor: None,
            is_active: true,
            is_deleted: false,
            recorded,
        }],
        exchange_rates: vec![ExchangeRate {
            currency: "EUR".parse().unwrap(),
            valid_from: day(0),
            rate: "1.0825".parse().unwrap(),
            known_from: at(0),
            recorded,
        }],
        accounts: vec![account("Acme")],
        contacts: vec![Contact {
            id: ContactId::derived("o", "c"),
            external_id: None,
            account: None,
            name: "Ann".into(),
            title: None,
            department: None,
            email: None,
            phone: None,
            lead_source: None,
            owner: None,
            created_at: None,
            is_deleted: false,
            recorded,
        }],
        leads: vec![Lead {
            id: LeadId::derived("o", "l"),
            external_id: None,
            name: "Bo".into(),
            company: None,
            title: None,
            email: None,
            phone: None,
            status: None,
            lead_source: None,
            industry: None,
            owner: None,
            created_at: None,
            converted_on: Some(day(3)),
            converted_account: None,
            converted_contact: None,
            converted_opportunity: None,
            is_deleted: false,
            recorded,
        }],
        versions: vec![version(one.id, 10, 0, "second"), version(one.id, 0, 0, "first"), version(one.id, 10, 1, "third")],
        opportunities: vec![one.clone(), opportunity("without a version")],
        line_sets: vec![line_set(100)],
        contact_roles: vec![ContactRole {
            id: ContactRoleId::derived("o", "r"),
            opportunity: one.id,
            contact: ContactId::derived("o", "c"),
            role: Some("User".into()),
            is_primary: true,
            is_deleted: false,
            recorded,
        }],
        splits: vec![Split {
            id: SplitId::derived("o", "s"),
            opportunity: one.id,
            rep,
            percentage_bp: 10_000,
            is_overlay: false,
            is_deleted: false,
            recorded,
        }],
        touchpoints: vec![Touchpoint {
            id: TouchpointId::derived("o", "t"),
            external_id: None,
            at: at(-1),
            kind: TouchpointKind::HandOff,
            channel: None,
            rep: Some(rep),
            campaign: None,
            contact: None,
            lead: Some(LeadId::derived("o", "l")),
            account: Some(AccountId::derived("o", "acme")),
            opportunity: Some(one.id),
            recorded,
        }],
        targets: vec![Target {
            id: TargetId::derived("o", "t"),
            measure: Measure::Generation,
            period,
            key: key(),
            amount_minor: 5,
            valid_from: at(0),
            sequence: 0,
            recorded,
        }],
        judgements: vec![Judgement {
            id: JudgementId::derived("o", "j"),
            period,
            key: CellKey::total(),
            amount_minor: 5,
            submitted_by: Some(rep),
            valid_from: at(0),
            sequence: 0,
            recorded,
        }],
        adjustments: vec![Adjustment {
            id: AdjustmentId::derived("o", "a"),
            period,
            key: key(),
            by: AdjustedBy::Manager,
            amount_minor: -5,
            note: None,
            author: None,
            valid_from: at(0),
            sequence: 1,
            recorded,
        }],
        vendor_credits: vec![VendorCredit {
            id: VendorCreditId::derived("o", "v"),
            external_id: "v".into(),
            vendor: "Even".into(),
            opportunity: one.id,
            campaign: Some(CampaignId::derived("o", "c")),
            touchpoint: None,
            contact: None,
            share_ppm: 333_333,
            revenue_minor: Some(-7),
            recorded,
        }],
        reviews: vec![Review {
            id: ReviewId::derived("o", "r"),
            opportunity: one.id,
            reviewer: rep,
            verdict: Verdict::Corrected,
            changes: Changed::ALL.into_iter().collect(),
            note: Some("close date".into()),
            at: at(3),
            recorded,
        }],
    }
}

/// Every stored row of every noun, `recorded` included, as plain values.
type Dump = Vec<(&'static str, Vec<Vec<Value>>)>;

fn of<R: Record>(reading: &mut Reading, dump: &mut Dump) {
    let mut rows = Vec::new();
    let rest = format!("{} ORDER BY {}", R::TABLE.name, R::TABLE.key_names());
    let recorded = |rows: &mut Vec<Vec<Value>>, row: R| rows.push(row.row());
    reading.each(&rest, [0; 2], |row: R| recorded(&mut rows, row)).unwrap();
    dump.push((R::TABLE.name, rows));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vendor_credits_is_replaced_and_comes_back_in_order() {
    for database in databases().await {
        let storage = database.ready().await;
        let credit = |vendor: &str, external_id: &str, share_ppm| VendorCredit {
            id: VendorCreditId::derived("o", external_id),
            external_id: external_id.into(),
            vendor: vendor.into(),
            opportunity: OpportunityId::derived("o", "1"),
            campaign: None,
            touchpoint: Some(TouchpointId::derived("o", "t")),
            contact: None,
            share_ppm,
            revenue_minor: None,
            recorded: DataVersion::default(),
        };
        for (credits, data_version) in [
            (vec![credit("b", "1", 5), credit("a", "3", 7), credit("a", "2", 6)], 1),
            (vec![credit("b", "1", 5)], 1),
            (vec![credit("b", "1", 9)], 2),
        ] {
            let written = storage.write(Batch { vendor_credits: credits, ..Batch::default() }, None).await.unwrap();
            assert_eq!(written.data_version, DataVersion(data_version), "{}", database.engine);
        }
        let read: Vec<_> =
            storage.vendor_credits().await.unwrap().into_iter().map(|row| (row.share_ppm, row.recorded.0)).collect();
        assert_eq!(read, [(6, 1), (7, 1), (9, 2)], "{}", database.engine);
        database.drop().await;
    }
}

/// The repeated columns of the latest version, with its instant and place.
struct Latest(Vec<Value>);

impl Read for Latest {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("name", Kind::Text),
        ("stage_id", Kind::Uuid),
        ("close_day", Kind::Int),
        ("amount_minor", Kind::Big),
        ("next_step", Kind::Text),
        ("is_deleted", Kind::Bool),
        ("last_valid_from_ms", Kind::Big),
        ("last_sequence", Kind::Int),
        ("recorded", Kind::Big),
    ];
    fn read(cells: super::table::Cells<'_>) -> Result<Self, StorageError> {
        Self::COLUMNS.iter().map(|(_, kind)| cells(*kind)).collect::<Result<_, _>>().map(Self)
    }
}

async fn dump(storage: &Storage) -> Dump {
    storage
        .reading(|reading| {
            let mut dump = Dump::new();
            of::<Product>(reading, &mut dump);
            of::<Region>(reading, &mut dump);
            of::<Segment>(reading, &mut dump);
            of::<Stage>(reading, &mut dump);
            of::<Rep>(reading, &mut dump);
            of::<Tenure>(reading, &mut dump);
            of::<Campaign>(reading, &mut dump);
            of::<ExchangeRate>(reading, &mut dump);
            of::<Account>(reading, &mut dump);
            of::<Contact>(reading, &mut dump);
            of::<Lead>(reading, &mut dump);
            of::<Opportunity>(reading, &mut dump);
            of::<Version>(reading, &mut dump);
            of::<SetOfLines>(reading, &mut dump);
            of::<RecordedLine>(reading, &mut dump);
            of::<ContactRole>(reading, &mut dump);
            of::<Split>(reading, &mut dump);
            of::<Touchpoint>(reading, &mut dump);
            of::<Target>(reading, &mut dump);
            of::<Judgement>(reading, &mut dump);
            of::<Adjustment>(reading, &mut dump);
            of::<VendorCredit>(reading, &mut dump);
            of::<Review>(reading, &mut dump);
            let mut latest = Vec::new();
            reading.each("opportunity ORDER BY id", [0; 2], |row: Latest| latest.push(row.0))?;
            dump.push(("latest", latest));
            Ok(dump)
        })
        .await
        .unwrap()
}

fn rows<'a>(dump: &'a Dump, table: &str) -> &'a [Vec<Value>] {
    &dump.iter().find(|(name, _)| *name == table).unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_identical_write_changes_nothing_and_takes_no_data_version() {
    for database in databases().await {
        let storage = database.ready().await;
        let first = storage.write(everything(), None).await.unwrap();
        assert_eq!((first.data_version, first.inserted, first.updated), (DataVersion(1), 29, 0), "{}", database.engine);
        let before = dump(&storage).await;
        let second = storage.write(everything(), None).await.unwrap();
        assert_eq!(second, Written { data_version: DataVersion(1), inserted: 0, updated: 0 }, "{}", database.engine);
        assert_eq!(storage.data_version().await.unwrap(), DataVersion(1));
        assert!(dump(&storage).await == before, "{}", database.engine);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_hold_the_same_rows_after_the_same_batches() {
    let mut dumps = Vec::new();
    for database in databases().await {
        let storage = database.ready().await;
        storage.write(everything(), None).await.unwrap();
        let id = OpportunityId::derived("o", "1");
        let batch = Batch {
            accounts: vec![account("Acme again"), account("Acme at last")],
            versions: vec![version(id, 5, 0, "between"), version(id, 20, 0, "latest")],
            ..Batch::default()
        };
        let written = storage.write(batch, None).await.unwrap();
        assert_eq!(written, Written { data_version: DataVersion(2), inserted: 2, updated: 1 }, "{}", database.engine);
        let all = dump(&storage).await;
        assert_eq!(rows(&all, "rep")[0][2], Value::Text("Zo\u{fffd}ë".into()));
        assert_eq!(rows(&all, "account")[0][2], Value::Text("Acme at last".into()));
        let latest = rows(&all, "latest");
        assert!(latest.iter().any(|row| row[0] == Value::Text("latest".into())), "{latest:?}");
        assert!(latest.iter().any(|row| row[0] == Value::Null), "{latest:?}");
        dumps.push(all);
        database.drop().await;
    }
    assert!(dumps.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_line_sets_are_never_rewritten() {
    for database in databases().await {
        let storage = database.ready().await;
        storage.write(everything(), None).await.unwrap();
        let before = dump(&storage).await;
        let mut other_lines = line_set(999);
        other_lines.lines.push(Line { position: 3, ..other_lines.lines[0].clone() });
        let id = OpportunityId::derived("o", "1");
        let batch = Batch { versions: vec![version(id, 0, 0, "rewritten")], line_sets: vec![other_lines], ..Batch::default() };
        let written = storage.write(batch, None).await.unwrap();
        assert_eq!(written, Written { data_version: DataVersion(1), inserted: 0, updated: 0 }, "{}", database.engine);
        assert!(dump(&storage).await == before, "{}", database.engine);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_come_before_their_opportunity_wait_for_it() {
    for database in databases().await {
        let storage = database.ready().await;
        let one = opportunity("early");
        let batch = Batch { versions: vec![version(one.id, 3, 0, "early")], ..Batch::default() };
        storage.write(batch, None).await.unwrap();
        storage.write(Batch { opportunities: vec![one.clone()], ..Batch::default() }, None).await.unwrap();
        let all = dump(&storage).await;
        assert_eq!(rows(&all, "latest")[0][0], Value::Text("early".into()), "{}", database.engine);
        let mut stored = version(one.id, 3, 0, "early");
        stored.recorded = DataVersion(1);
        assert_eq!(storage.versions_of(&[one.id, one.id]).await.unwrap(), [stored], "{}", database.engine);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_lose_nothing_and_number_their_changes_without_gaps() {
    for database in databases().await {
        let storage = database.ready().await;
        let writes = (0..12).map(|number| {
            let storage = storage.clone();
            tokio::spawn(async move {
                let batch = Batch { opportunities: vec![opportunity(&number.to_string())], ..Batch::default() };
                storage.write(batch, None).await.unwrap().data_version.0
            })
        });
        let mut versions = Vec::new();
        for write in writes.collect::<Vec<_>>() {
            versions.push(write.await.unwrap());
        }
        versions.sort_unstable();
        assert_eq!(versions, (1..=12).collect::<Vec<_>>(), "{}", database.engine);
        assert_eq!(rows(&dump(&storage).await, "opportunity").len(), 12, "{}", database.engine);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_migrators_at_once_one_migrates_and_the_other_waits() {
    for database in databases().await {
        let (one, two) = (database.open().await, database.open().await);
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.len().min(second.len()), 0, "{}", database.engine);
        assert!(first.len() + second.len() > 0, "{}", database.engine);
        one.ping().await.unwrap();
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_newer_binary_is_refused() {
    use sea_orm::ConnectionTrait;
    for database in databases().await {
        let storage = database.ready().await;
        let unknown = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_future', 0)";
        storage.orm().execute_unprepared(unknown).await.unwrap();
        let refused = storage.migrate().await;
        assert!(matches!(&refused, Err(StorageError::SchemaTooNew(name)) if name.contains("future")), "{refused:?}");
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_moves_with_its_batch_and_is_found_until_it_ends() {
    for database in databases().await {
        let storage = database.ready().await;
        let request = serde_json::json!({ "source": "export.zip" });
        let job = storage.job_create(JobKind::Import, &request).await.unwrap();
        assert_eq!(storage.job_get(job.id).await.unwrap(), Some(job.clone()), "{}", database.engine);
        let update =
            JobUpdate { job: job.id, cursor: Box::new(|_| serde_json::json!([1])), progress: serde_json::json!({ "rows": 2 }) };
        storage.write(Batch::default(), Some(update)).await.unwrap();
        let found = storage.job_find_unfinished(JobKind::Import, &request).await.unwrap().unwrap();
        assert_eq!((found.id, found.state, found.cursor), (job.id, JobState::Running, Some(serde_json::json!([1]))));
        assert_eq!(storage.data_version().await.unwrap(), DataVersion(0));
        storage.job_finish(job.id, JobState::Done, &serde_json::json!("well")).await.unwrap();
        assert_eq!(storage.job_find_unfinished(JobKind::Import, &request).await.unwrap(), None);
        assert_eq!(storage.job_get(job.id).await.unwrap().unwrap().state, JobState::Done);
        database.drop().await;
    }
}

#[test]
fn every_column_of_a_version_is_repeated_in_its_opportunity() {
    let own = Version::TABLE.compared().iter().map(|(name, _)| *name);
    assert!(own.eq(LATEST));
}

#[tokio::test]
async fn an_address_of_no_known_kind_is_refused_without_showing_its_password() {
    let config = crate::config::DatabaseConfig { url: "mysql://me:secret@host/db".into(), ..Default::default() };
    let refused = Storage::open(&config).await.err().unwrap().to_string();
    assert!(refused.contains("host/db") && !refused.contains("secret"), "{refused}");
}

#[tokio::test]
async fn a_database_without_a_schema_holds_nothing_and_one_of_a_newer_binary_is_no_such() {
    for database in databases().await {
        drop(database.open().await);
        assert!(Storage::open_existing(&database.config).await.unwrap().is_none(), "{}", database.engine);
        let storage = database.ready().await;
        assert!(Storage::open_existing(&database.config).await.unwrap().is_some(), "{}", database.engine);
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_newer', 0)";
        sea_orm::ConnectionTrait::execute_unprepared(storage.orm(), newer).await.unwrap();
        let opened = Storage::open_existing(&database.config).await;
        assert!(matches!(opened, Err(StorageError::SchemaTooNew(_))), "{}", database.engine);
        drop((storage, opened));
        database.drop().await;
    }
}

#[tokio::test]
async fn a_job_knows_what_the_batch_it_is_committed_with_did() {
    for database in databases().await {
        let storage = database.ready().await;
        let job = storage.job_create(JobKind::Import, &serde_json::json!({})).await.unwrap();
        let batch = Batch {
            regions: vec![Region { id: RegionId::derived("o", "EMEA"), name: "EMEA".into(), recorded: DataVersion(0) }],
            ..Batch::default()
        };
        let cursor = Box::new(|written: Written| serde_json::json!(written.inserted));
        storage.write(batch, Some(JobUpdate { job: job.id, cursor, progress: serde_json::json!(null) })).await.unwrap();
        assert_eq!(storage.job_get(job.id).await.unwrap().unwrap().cursor, Some(serde_json::json!(1)), "{}", database.engine);
        drop(storage);
        database.drop().await;
    }
}
