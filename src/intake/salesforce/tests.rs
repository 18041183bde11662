#![allow(clippy::unwrap_used)]

use super::build::{Build, Ledger, Phase};
use crate::config::OrganisationConfig;
use crate::intake::discover::discover;
use crate::intake::known::recall;
use crate::intake::mapping::Mapping;
use crate::intake::progress::Stop;
use crate::intake::report::Report;
use crate::intake::stage::stage;
use crate::storage::Batch;
use pipewright_core::dimension::CellKey;

/// What a small export becomes: its records, the report and why rows were set aside.
struct Outcome {
    batch: Batch,
    report: Report,
    rejects: Vec<String>,
}

const USERS: (&str, &str) = ("User.csv", "Id,Name\n005000000000001,Ann\n005000000000002,Bo\n");
const PERIODS: (&str, &str) = (
    "Period.csv",
    "Id,Type,StartDate,EndDate\n026000000000001,Quarter,2026-11-01,2027-01-31\n026000000000002,Month,2026-11-01,2026-11-30\n\
     026000000000003,Custom,2026-11-02,2026-11-08\n",
);
const PRODUCTS: (&str, &str) = (
    "Product2.csv",
    "Id,Name,ProductCode,Family\n01t000000000001,Sales,S-1,Core\n01t000000000002,Vision,V-1,Data\n01t000000000003,Mesh,M-1,Data\n",
);
const CURRENCIES: (&str, &str) =
    ("CurrencyType.csv", "Id,IsoCode,ConversionRate,IsCorporate\n01L000000000001,USD,1,true\n01L000000000002,EUR,0.8,false\n");

fn import(files: &[(&str, &str)], mapping: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let own = folder.path().join("mapping.toml");
    std::fs::write(&own, mapping).unwrap();
    let mapping = Mapping::load(Some(&own)).unwrap();
    let found = discover(&[folder.path().to_owned()], "").unwrap();
    let work_path = folder.path().join("work.sqlite");
    let (work, settled, mut report) = stage(&found, &work_path, &mapping, &|_| {}, &Stop::default()).unwrap();
    let mut rejects = Vec::new();
    work.each_reject(|reject| {
        rejects.push(format!("{}: {}", reject.column, reject.reason));
        Ok(())
    })
    .unwrap();
    let organisation = OrganisationConfig::default();
    recall(&work, None, &organisation.name, &found, &mut report).unwrap();
    let ledger = Ledger { known: None, alone: true, at: chrono::DateTime::UNIX_EPOCH };
    let build = Build::new(&work, &mapping, &settled, &organisation, ledger).unwrap();
    let mut batch = Batch::default();
    for phase in Phase::ALL {
        let page = build.page(phase, "", &mut report).unwrap();
        assert!(!page.more);
        batch.targets.extend(page.batch.targets);
        batch.judgements.extend(page.batch.judgements);
        batch.adjustments.extend(page.batch.adjustments);
        batch.exchange_rates.extend(page.batch.exchange_rates);
        batch.vendor_credits.extend(page.batch.vendor_credits);
        batch.segments.extend(page.batch.segments);
        batch.versions.extend(page.batch.versions);
    }
    Outcome { batch, report, rejects }
}

impl Outcome {
    /// Reasons of rejects, and every line of the report that tells of something guessed, left out or not known.
    fn notes(&self) -> String {
        let report = &self.report;
        format!("{:?} {:?} {:?} {:?} {:?}", self.rejects, report.guesses, report.left_out, report.unmapped, report.unresolved)
    }
}

fn dimensions(key: &CellKey) -> String {
    key.parts().iter().map(|(dimension, _)| format!("{dimension:?}")).collect::<Vec<_>>().join("+")
}

#[test]
fn a_quota_is_its_owners_target_else_a_cells() {
    let header = "Id,QuotaOwnerId,StartDate,QuotaAmount,IsAmount,PeriodId,ProductFamily,CurrencyIsoCode,LastModifiedDate,\
                  Region__c,Segment__c,Measure__c,Source__c,Product__c\n";
    let (ann, quarter) = ("005000000000001", "026000000000001");
    // The row after its id; what it becomes; what is noted.
    let cases = [
        (format!("{ann},2026-11-01,1500,true,{quarter},,,2026-10-20T00:00:00Z,,,,,"), "ClosedAcv FY2027-Q4 Owner 150000", ""),
        (format!("{ann},2026-11-01,1500,true,026000000000002,,,,,,,,"), "ClosedAcv FY2027-M10 Owner 150000", ""),
        (format!("{ann},,1500,,026000000000003,,,,,,,,"), "ClosedAcv 2026-11-02/2026-11-09 Owner 150000", ""),
        (format!("{ann},2026-11-01,1500,,,,,,,,,,"), "ClosedAcv FY2027-Q4 Owner 150000", "quarter of its start"),
        (
            format!("{ann},2026-11-01,1500,,026000000000009,,,,,,,,"),
            "ClosedAcv FY2027-Q4 Owner 150000",
            "ForecastingQuota.PeriodId",
        ),
        (format!("{ann},,1500,,,,,,,,,,"), "", "without a start or a period"),
        (format!("{ann},2026-11-01,,,,,,,,,,,"), "", "without an amount"),
        (format!("{ann},2026-11-01,1500,false,{quarter},,,,,,,,"), "", "quotas in quantities"),
        (format!("005000000000009,2026-11-01,1500,,{quarter},,,,West,,,,"), "", "users that are not known"),
        (format!(",,1500,,{quarter},,,,West,Enterprise,generation,,"), "Generation FY2027-Q4 Region+Segment 150000", ""),
        (format!(",,1500,,{quarter},,,,West,,,,"), "ClosedAcv FY2027-Q4 Region 150000", ""),
        (format!(",,1500,,{quarter},,,,,,,Cloud Sales,v-1"), "ClosedAcv FY2027-Q4 Product+Source 150000", ""),
        (format!(",,1500,,{quarter},,,,,,,nobody,"), "", "sources of quotas"),
        (format!(",,1500,,{quarter},,,,,,,,Nothing"), "", "products of quotas"),
        (format!(",,1500,,{quarter},,,,West,,revenue,,"), "", "measures of quotas"),
        (format!(",,1500,,{quarter},,,,,,,,"), "", "without an owner and without a cell"),
        (format!("{ann},,1500,,{quarter},Core,,,,,,,"), "ClosedAcv FY2027-Q4 Product+Owner 150000", ""),
        (format!("{ann},,1500,,{quarter},Data,,,,,,,"), "", "product family that is not one product"),
        (format!("{ann},,1500,,{quarter},,EUR,,,,,,"), "ClosedAcv FY2027-Q4 Owner 187500", ""),
        (format!("{ann},,1500,,{quarter},,CHF,,,,,,"), "", "CHF"),
        (format!("{ann},,1500,,{quarter},,EURO,,,,,,"), "", "CurrencyIsoCode: no currency code"),
        (format!("{ann},,lots,,{quarter},,,,,,,,"), "", "QuotaAmount: no number"),
        (format!("{ann},soon,1500,,{quarter},,,,,,,,"), "", "StartDate: no date"),
        (format!("{ann},2026-11-01,1500"), "", "fields where the header has"),
    ];
    for (row, expected, note) in cases {
        let text = format!("{header}0J9000000000001,{row}\n");
        let outcome = import(&[USERS, PERIODS, PRODUCTS, CURRENCIES, ("ForecastingQuota.csv", &text)], "");
        let made: Vec<_> = outcome
            .batch
            .targets
            .iter()
            .map(|target| format!("{:?} {} {} {}", target.measure, target.period, dimensions(&target.key), target.amount_minor))
            .collect();
        assert_eq!(made.join("; "), expected, "{row}");
        assert_eq!(outcome.report.made.get("targets").copied().unwrap_or(0), made.len() as u64);
        assert!(outcome.notes().contains(note), "{row}: {}", outcome.notes());
    }
}

#[test]
fn of_several_forecasting_types_the_most_used_counts_unless_the_mapping_says() {
    let text = "Id,QuotaOwnerId,StartDate,QuotaAmount,ForecastingTypeId\n\
                0J9000000000001,005000000000001,2026-11-01,1,0Db000000000001\n\
                0J9000000000002,005000000000002,2026-11-01,2,0Db000000000002\n\
                0J9000000000003,005000000000001,2026-11-01,3,0Db000000000002\n";
    for (mapping, expected, left_out) in [("", vec![200, 300], 1), ("forecasting_type = \"0Db000000000001\"\n", vec![100], 2)] {
        let outcome = import(&[USERS, ("ForecastingQuota.csv", text)], mapping);
        let amounts: Vec<_> = outcome.batch.targets.iter().map(|target| target.amount_minor).collect();
        assert_eq!(amounts, expected);
        assert_eq!(outcome.report.left_out.values().sum::<u64>(), left_out, "{}", outcome.notes());
        let guessed: Vec<_> = outcome.report.guesses.iter().filter(|(what, _)| what.contains("0Db000000000002")).collect();
        assert_eq!(
            guessed.iter().map(|(_, count)| **count).collect::<Vec<_>>(),
            if mapping.is_empty() { vec![2] } else { vec![] }
        );
    }
}

#[test]
fn a_forecast_item_is_a_judgement_or_what_was_adjusted() {
    let header = "Id,OwnerId,PeriodId,ForecastingItemCategory,ForecastAmount,AmountWithoutAdjustments,\
                  AmountWithoutManagerAdjustment,AmountWithoutOwnerAdjustment,CurrencyIsoCode,SystemModstamp,Region__c,\
                  Submitted_By__c,Note__c\n";
    let (ann, quarter, at) = ("005000000000001", "026000000000001", "2026-11-10T09:00:00Z");
    let cases = [
        (format!("{ann},{quarter},CommitForecast,900,,,,,{at},,,"), "judgement Owner 90000", "submitted judgement"),
        (format!("{ann},{quarter},CommitForecast,900,,,,,,,,"), "judgement Owner 90000", "without SystemModstamp"),
        (format!("{ann},{quarter},CommitForecast,900,300,700,400,,{at},,,why"), "Owner Owner 30000; Manager Owner 20000", ""),
        (
            format!("{ann},{quarter},CommitForecast,900,400,700,,,{at},,,"),
            "Owner Owner 30000; Manager Owner 20000",
            "those below",
        ),
        (format!("{ann},{quarter},CommitForecast,900,900,900,900,,{at},,,"), "", "nobody adjusted"),
        (format!("{ann},{quarter},BestCaseForecast,900,300,700,400,,{at},,,"), "", "another roll-up"),
        (format!("{ann},{quarter},CommitForecast,,,,,,{at},,,"), "", "without an amount"),
        (format!("{ann},026000000000009,CommitForecast,900,,,,,{at},,,"), "", "ForecastingItem.PeriodId"),
        (format!("005000000000009,{quarter},CommitForecast,900,,,,,{at},,,"), "", "ForecastingItem.OwnerId"),
        (format!(",{quarter},CommitForecast,900,,,,,{at},West,{ann},"), "judgement Region 90000", ""),
        (format!(",{quarter},CommitForecast,900,,,,,{at},,{ann},"), "", "without an owner and without a cell"),
        (format!("{ann},{quarter},CommitForecast,900,,,,EUR,{at},,,"), "judgement Owner 112500", ""),
        (format!("{ann},{quarter},CommitForecast,900,,,,CHF,{at},,,"), "", "CHF"),
        (format!("{ann},{quarter},CommitForecast,much,,,,,{at},,,"), "", "ForecastAmount: no number"),
    ];
    for (row, expected, note) in cases {
        let text = format!("{header}0J5000000000001,{row}\n");
        let outcome = import(&[USERS, PERIODS, PRODUCTS, CURRENCIES, ("ForecastingItem.csv", &text)], "");
        let judged =
            outcome.batch.judgements.iter().map(|row| format!("judgement {} {}", dimensions(&row.key), row.amount_minor));
        let adjusted =
            outcome.batch.adjustments.iter().map(|row| format!("{:?} {} {}", row.by, dimensions(&row.key), row.amount_minor));
        let made: Vec<_> = judged.chain(adjusted).collect();
        assert_eq!(made.join("; "), expected, "{row}: {}", outcome.notes());
        assert!(outcome.batch.judgements.iter().all(|row| row.submitted_by.is_some()), "{row}");
        assert!(outcome.notes().contains(note), "{row}: {}", outcome.notes());
    }
}

#[test]
fn rates_come_in_with_what_is_wrong_or_missing_said() {
    let dated = "Id,IsoCode,StartDate,NextStartDate,ConversionRate\n\
                 04w000000000001,EUR,2025-01-01,2026-01-01,0.5\n\
                 04w000000000002,EUR,2026-01-01,9999-12-31,0.25\n\
                 04w000000000003,EUR,2026-02-01,9999-12-31,0\n\
                 04w000000000004,Euro,2026-02-01,9999-12-31,1\n\
                 04w000000000005,GBP,,,2\n";
    let deals = "Id,Name,StageName,CloseDate,CreatedDate,CurrencyIsoCode\n\
                 006000000000001,One,Open,2026-11-01,2026-10-01,EUR\n006000000000002,Two,Open,2026-11-01,2026-10-01,CHF\n";
    let outcome = import(&[CURRENCIES, ("DatedConversionRate.csv", dated), ("Opportunity.csv", deals)], "");
    let rates: Vec<_> =
        outcome.batch.exchange_rates.iter().map(|row| format!("{} {} {}", row.currency, row.valid_from, row.rate)).collect();
    assert_eq!(rates, ["EUR 1970-01-01 1.25", "EUR 2025-01-01 2", "EUR 2026-01-01 4"]);
    assert_eq!(
        outcome.rejects,
        ["ConversionRate: no number above 0: expected 1.0825", "IsoCode: no currency code: expected three letters such as USD"]
    );
    assert_eq!(outcome.report.made["exchange rates"], 3);
    let notes = outcome.notes();
    assert!(notes.contains("CHF") && notes.contains("standing rate"), "{notes}");
}

const DEALS: (&str, &str) = (
    "Opportunity.csv",
    "Id,Name,StageName,CloseDate,CreatedDate,CurrencyIsoCode\n006000000000001,One,Open,2026-11-01,2026-10-01,JPY\n",
);
const CAMPAIGNS: (&str, &str) = ("Campaign.csv", "Id,Name,Type\n701000000000001,Fair,Event\n");
const PEOPLE: (&str, &str) = ("Contact.csv", "Id,Name\n003000000000001,Cy\n");
const MEMBERS: (&str, &str) = (
    "CampaignMember.csv",
    "Id,CampaignId,ContactId,HasResponded,CreatedDate\n00v000000000001,701000000000001,003000000000001,true,2026-10-01\n",
);

#[test]
fn campaign_influence_comes_in_under_its_models_name() {
    let models = ("CampaignInfluenceModel.csv", "Id,DeveloperName,MasterLabel\n03V000000000001,Even_Distribution,Even\n");
    let header = "Id,CampaignId,CampaignMemberId,ContactId,Influence,ModelId,OpportunityId,RevenueShare\n";
    // Vendor, whether campaign, touchpoint and contact are known, share and revenue.
    let cases = [
        (
            "701000000000001,00v000000000001,,33.3333,03V000000000001,006000000000001,500",
            "Even_Distribution true true true 333333 Some(500)",
            "",
        ),
        ("701000000000001,,,100,03V000000000001,006000000000001,", "Even_Distribution true false false 1000000 None", ""),
        ("701000000000001,,,100,,006000000000001,", "Salesforce true false false 1000000 None", "without a model"),
        (
            "701000000000009,00v000000000009,,100,03V000000000009,006000000000001,",
            "03V000000000009EAA false false false 1000000 None",
            "CampaignInfluence.CampaignMemberId",
        ),
        ("701000000000001,,,100,03V000000000001,006000000000009,", "", "CampaignInfluence.OpportunityId"),
        ("701000000000001,,,,03V000000000001,006000000000001,", "", "without a percentage"),
        ("701000000000001,,,120,03V000000000001,006000000000001,", "", "Influence: no percentage"),
    ];
    for (row, expected, note) in cases {
        let text = format!("{header}0iI000000000001,{row}\n");
        let outcome = import(&[DEALS, CAMPAIGNS, PEOPLE, MEMBERS, models, ("CampaignInfluence.csv", &text)], "");
        assert_eq!(credits(&outcome), expected, "{row}: {}", outcome.notes());
        assert!(outcome.notes().contains(note), "{row}: {}", outcome.notes());
    }
}

fn credits(outcome: &Outcome) -> String {
    let one = |row: &pipewright_core::vendor_credit::VendorCredit| {
        let known = [row.campaign.is_some(), row.touchpoint.is_some(), row.contact.is_some()].map(|known| known.to_string());
        format!("{} {} {} {:?}", row.vendor, known.join(" "), row.share_ppm, row.revenue_minor)
    };
    outcome.batch.vendor_credits.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_vendors_list_comes_in_whatever_its_name_and_the_last_of_a_pair_counts() {
    let cases = [
        ("00v000000000001,006000000000001,12.5", "Some Vendor true true true 125000 None", ""),
        ("701000000000001,006000000000001,40%", "Some Vendor true false false 400000 None", ""),
        ("elsewhere,006000000000001,40", "Some Vendor false false false 400000 None", "touchpoints of vendor credits"),
        (
            "00v000000000001,006000000000001,12.5\n00v000000000001,006000000000001,20",
            "Some Vendor true true true 200000 None",
            "stands twice",
        ),
        ("00v000000000001,006000000000009,12.5", "", "VendorCredit.Opportunity"),
        ("00v000000000001,,12.5", "", "Opportunity: the value is empty"),
        ("00v000000000001,006000000000001,most", "", "Percentage: no percentage"),
    ];
    for (row, expected, note) in cases {
        let text = format!("TouchPoint,OPPORTUNITY,percentage\n{row}\n");
        let outcome = import(&[DEALS, CAMPAIGNS, PEOPLE, MEMBERS, ("Some Vendor.csv", &text)], "");
        assert_eq!(credits(&outcome), expected, "{row}: {}", outcome.notes());
        assert!(outcome.notes().contains(note), "{row}: {}", outcome.notes());
    }
    let other = import(&[DEALS, CAMPAIGNS, ("Notes.csv", "Touchpoint,Opportunity\n1,2\n")], "");
    assert_eq!(other.report.skipped.len(), 2, "mapping and notes: {:?}", other.report.skipped);
}

#[test]
fn the_first_mapped_column_that_says_something_counts_and_the_size_last() {
    let (account_first, own_first) = (
        "[columns]\nsegment = [\"Account.Segment__c\", \"Opportunity.Segment__c\"]\n",
        "[columns]\nsegment = [\"Opportunity.Segment__c\", \"Account.Segment__c\"]\n",
    );
    // The account's column, the opportunity's, and the segment; by its size the account is Enterprise.
    let cases = [
        (account_first, "Public", "Schools", Some("Public")),
        (account_first, "", "Schools", Some("Schools")),
        (account_first, "", "", Some("Enterprise")),
        (own_first, "Public", "Schools", Some("Schools")),
        (own_first, "Public", "", Some("Public")),
        (own_first, "", "", Some("Enterprise")),
    ];
    for (mapping, of_account, own, expected) in cases {
        let accounts = format!("Id,Name,NumberOfEmployees,Segment__c\n001000000000001,Acme,9000,{of_account}\n");
        let deals = format!(
            "Id,Name,StageName,CloseDate,CreatedDate,AccountId,Segment__c\n\
             006000000000001,One,Open,2026-11-01,2026-10-01,001000000000001,{own}\n"
        );
        let batch = import(&[("Account.csv", &accounts), ("Opportunity.csv", &deals)], mapping).batch;
        let segment = batch.segments.iter().find(|segment| Some(segment.id) == batch.versions[0].segment);
        assert_eq!(segment.map(|segment| segment.name.as_str()), expected, "{mapping} '{of_account}' '{own}'");
    }
}
