//! A newer export comes on top of an older one: it adds, never rewrites, and what it does not carry stays known.

use crate::support::{ENGINES, Home, Server};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Files by name, with their text.
type Files<'a> = &'a [(&'a str, &'a str)];

fn bring_in(home: &Home, name: &str, files: Files<'_>) -> String {
    let folder = home.path().join(name);
    std::fs::create_dir(&folder).unwrap();
    for (file, text) in files {
        std::fs::write(folder.join(file), text).unwrap();
    }
    home.succeed(&["import", &folder.display().to_string()])
}

const FIRST: Files<'_> = &[
    ("UserRole.csv", "Id,Name\n00E000000000001,Account Executive\n00E000000000002,Business Development\n"),
    (
        "User.csv",
        "Id,Name,UserRoleId,ManagerId,CreatedDate,LastModifiedDate\n\
         005000000000001,Ada,00E000000000001,,2025-01-01T00:00:00.000Z,2025-01-01T00:00:00.000Z\n\
         005000000000002,Bo,00E000000000002,005000000000001,2025-01-01T00:00:00.000Z,2025-01-01T00:00:00.000Z\n",
    ),
    ("Account.csv", "Id,Name,Industry,BillingCountry,NumberOfEmployees\n001000000000001,Acme,Steel,Chile,5000\n"),
    ("Campaign.csv", "Id,Name,Type,Status,IsActive\n701000000000001,Expo,Conference,Done,true\n"),
    ("Product2.csv", "Id,Name,Family,IsActive\n01t000000000001,Anvil,Hardware,true\n"),
    (
        "OpportunityStage.csv",
        "Id,MasterLabel,SortOrder,IsClosed,IsWon,ForecastCategory\n01J000000000001,Qualify,1,false,false,Pipeline\n\
         01J000000000002,Propose,2,false,false,BestCase\n01J000000000003,Won,3,true,true,Closed\n",
    ),
    (
        "Opportunity.csv",
        "Id,Name,AccountId,StageName,Amount,Probability,CloseDate,CreatedDate,LastModifiedDate,OwnerId,CreatedById,CampaignId,Type,NextStep,LeadSource,Region__c,ACV__c\n\
         006000000000001,One,001000000000001,Qualify,100,10,2026-12-01,2026-01-05T00:00:00.000Z,2026-02-01T00:00:00.000Z,005000000000001,005000000000002,701000000000001,New,Call,Web,South,50\n\
         006000000000002,Two,001000000000001,Qualify,300,10,2026-12-01,2026-01-06T00:00:00.000Z,2026-02-01T00:00:00.000Z,005000000000002,005000000000002,,New,,,,300\n",
    ),
    ("Contact.csv", "Id,Name,AccountId\n003000000000001,Cy,001000000000001\n"),
    (
        "OpportunityContactRole.csv",
        "Id,OpportunityId,ContactId,Role,IsPrimary\n00K000000000001,006000000000001,003000000000001,Buyer,false\n",
    ),
    (
        "OpportunitySplit.csv",
        "Id,OpportunityId,SplitOwnerId,SplitPercentage\n0Jb000000000001,006000000000001,005000000000001,100\n",
    ),
    (
        "OpportunityLineItem.csv",
        "Id,OpportunityId,Product2Id,Quantity,TotalPrice\n00k000000000001,006000000000001,01t000000000001,1,100\n",
    ),
];

/// What is known of each opportunity today, by name.
async fn known(server: &Server) -> BTreeMap<String, Value> {
    let query = "{ opportunities(first: 10) { edges { node { name amount { amount } acv { amount } owner { name } createdBy { name }
        account { name industry } region { name } segment { name } campaign { name channel status } stage { name } forecastCategory
        type nextStep leadSource
        contactRoles { nodes { role isPrimary contact { name } } } splits { nodes { rep { name } percentage } }
        lines { nodes { product { name family } acv { amount } } } } } } }";
    let answer = server.data(query, json!({})).await;
    let nodes = answer["opportunities"]["edges"].as_array().unwrap();
    nodes.iter().map(|edge| (edge["node"]["name"].as_str().unwrap().to_owned(), edge["node"].clone())).collect()
}

#[tokio::test]
async fn what_an_export_does_not_carry_stays_as_it_is_known() {
    type Case<'a> = (&'a str, Files<'a>, &'a [(&'a str, &'a str, Value)]);
    let cases: &[Case<'_>] = &[
        (
            "few columns: the amount changes, and the ACV in its proportion",
            &[(
                "Opportunity.csv",
                "Id,Name,StageName,CloseDate,CreatedDate,LastModifiedDate,Amount\n\
               006000000000001,One,Qualify,2026-12-01,2026-01-05T00:00:00.000Z,2026-03-01T00:00:00.000Z,200\n",
            )],
            &[("One", "/amount/amount", json!("200.00")), ("One", "/acv/amount", json!("100.00"))],
        ),
        (
            "no other file: the references are known from before, and so is the stage",
            &[
                (
                    "Opportunity.csv",
                    "ID,NAME,ACCOUNTID,STAGENAME,CLOSEDATE,CREATEDDATE,LASTMODIFIEDDATE,OWNERID,CAMPAIGNID\n\
                  006000000000002AAA,Two,001000000000001,Propose,2026-12-01,2026-01-06T00:00:00.000Z,2026-03-02T00:00:00.000Z,005000000000001AAA,701000000000001\n",
                ),
                (
                    "OpportunityHistory.csv",
                    "Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,Probability,ForecastCategory\n\
                  008000000000001,006000000000002,2026-03-02T00:00:00.000Z,Propose,400,2026-12-01,40,BestCase\n",
                ),
            ],
            &[
                ("Two", "/stage/name", json!("Propose")),
                ("Two", "/forecastCategory", json!("BEST_CASE")),
                ("Two", "/owner/name", json!("Ada")),
                ("Two", "/campaign", json!({ "name": "Expo", "channel": "EVENTS", "status": "Done" })),
                ("Two", "/amount/amount", json!("400.00")),
                ("Two", "/acv/amount", json!("400.00")),
            ],
        ),
        (
            "an owner by a name that only the database has",
            &[(
                "Opportunity.csv",
                "Id,Name,StageName,CloseDate,CreatedDate,LastModifiedDate,Owner.Name\n\
               006000000000002,Two,Propose,2026-12-01,2026-01-06T00:00:00.000Z,2026-03-02T12:00:00.000Z,Bo\n",
            )],
            &[("Two", "/owner/name", json!("Bo"))],
        ),
        (
            "a contact's part without its role, and a split without its share",
            &[
                (
                    "Opportunity.csv",
                    "Id,Name,StageName,CloseDate,CreatedDate\n\
                  006000000000001,One,Qualify,2026-12-01,2026-01-05T00:00:00.000Z\n",
                ),
                (
                    "OpportunityContactRole.csv",
                    "Id,OpportunityId,ContactId,IsPrimary\n00K000000000001,006000000000001,003000000000001,true\n",
                ),
                ("OpportunitySplit.csv", "Id,OpportunityId,SplitOwnerId\n0Jb000000000001,006000000000001,005000000000002\n"),
            ],
            &[("One", "/contactRoles/nodes/0/isPrimary", json!(true)), ("One", "/splits/nodes/0/rep/name", json!("Bo"))],
        ),
        (
            "a column that is there and empty says that there is nothing",
            &[(
                "Opportunity.csv",
                "Id,Name,StageName,CloseDate,CreatedDate,LastModifiedDate,Type,NextStep\n\
               006000000000001,One,Qualify,2026-12-01,2026-01-05T00:00:00.000Z,2026-03-03T00:00:00.000Z,,\n",
            )],
            &[("One", "/type", Value::Null), ("One", "/nextStep", Value::Null)],
        ),
        (
            "an account's name alone",
            &[("Account.csv", "Id,Name\n001000000000001,Acme Ltd\n")],
            &[("One", "/account/name", json!("Acme Ltd")), ("Two", "/account/name", json!("Acme Ltd"))],
        ),
        (
            "a campaign's name alone",
            &[("Campaign.csv", "Id,Name\n701000000000001,Expo 26\n")],
            &[("One", "/campaign/name", json!("Expo 26")), ("Two", "/campaign/name", json!("Expo 26"))],
        ),
        (
            "an account that moved takes along the opportunities whose region came from it",
            &[
                ("Account.csv", "Id,Name,BillingCountry\n001000000000001,Acme Ltd,Peru\n"),
                (
                    "Opportunity.csv",
                    "Id,Name,AccountId,StageName,CloseDate,CreatedDate,LastModifiedDate\n\
                  006000000000001,One,001000000000001,Qualify,2026-12-01,2026-01-05T00:00:00.000Z,2026-03-04T00:00:00.000Z\n\
                  006000000000002,Two,001000000000001,Propose,2026-12-01,2026-01-06T00:00:00.000Z,2026-03-04T00:00:00.000Z\n",
                ),
            ],
            &[("Two", "/region/name", json!("Peru"))],
        ),
        (
            "an export that is older than what is known",
            &[
                (
                    "Opportunity.csv",
                    "Id,Name,StageName,CloseDate,CreatedDate,LastModifiedDate,Amount,LeadSource,AccountId,HasOpportunityLineItem\n\
               006000000000001,One,Qualify,2026-12-01,2026-01-05T00:00:00.000Z,2026-02-15T00:00:00.000Z,777,Partner,,false\n",
                ),
                (
                    "OpportunityContactRole.csv",
                    "Id,OpportunityId,ContactId,Role\n00K000000000001,006000000000001,003000000000001,Observer\n",
                ),
                (
                    "OpportunitySplit.csv",
                    "Id,OpportunityId,SplitOwnerId,SplitPercentage\n0Jb000000000001,006000000000001,005000000000002,5\n",
                ),
            ],
            &[],
        ),
        (
            "lines are taken away only where the export says so",
            &[(
                "Opportunity.csv",
                "Id,Name,StageName,CloseDate,CreatedDate,LastModifiedDate,HasOpportunityLineItem\n\
               006000000000001,One,Qualify,2026-12-01,2026-01-05T00:00:00.000Z,2026-03-05T00:00:00.000Z,false\n",
            )],
            &[("One", "/lines/nodes", json!([]))],
        ),
    ];
    for engine in ENGINES {
        let home = Home::new(engine).await;
        bring_in(&home, "first", FIRST);
        let mut expected = known(&home.serve()).await;
        assert_eq!(expected["One"]["segment"]["name"], "Enterprise");
        assert_eq!((&expected["One"]["region"]["name"], &expected["Two"]["region"]["name"]), (&json!("South"), &json!("Chile")));
        for (number, (name, files, changes)) in cases.iter().enumerate() {
            let report = bring_in(&home, &number.to_string(), files);
            for (opportunity, pointer, value) in *changes {
                *expected.get_mut(*opportunity).unwrap().pointer_mut(pointer).unwrap() = value.clone();
            }
            assert_eq!(known(&home.serve()).await, expected, "{engine:?}: {name}\n{report}");
            assert!(!report.contains("References that name no record"), "{name}: {report}");
        }
        let report = bring_in(
            &home,
            "named",
            &[(
                "Opportunity.csv",
                "Id,Name,StageName,CloseDate,CreatedDate,LastModifiedDate,Account.Name,Campaign.Name\n\
               006000000000001,One,Qualify,2026-12-01,2026-01-05T00:00:00.000Z,2026-03-06T00:00:00.000Z,Acme Ltd,Expo 26\n",
            )],
        );
        assert!(report.contains("Opportunity.AccountId: 1, such as Acme Ltd"), "{report}");
        assert_eq!(
            known(&home.serve()).await,
            expected,
            "{engine:?}: an account and a campaign by names that only the database has"
        );
        let report = bring_in(
            &home,
            "deleted",
            &[(
                "Opportunity.csv",
                "Id,Name,StageName,CloseDate,CreatedDate,IsDeleted,OwnerId\n\
               006000000000002,Two,Propose,2026-12-01,2026-01-06T00:00:00.000Z,true,005000000000009\n",
            )],
        );
        assert!(report.contains("Opportunity.OwnerId: 1, such as 005000000000009"), "{report}");
        assert_eq!(known(&home.serve()).await.into_keys().collect::<Vec<_>>(), ["One"], "{engine:?}");
    }
}

async fn tenures(home: &Home) -> Vec<Value> {
    let query = "{ reps(first: 10) { edges { node { name tenures { nodes { role manager { name } validFrom } } } } } }";
    let answer = home.serve().data(query, json!({})).await;
    let edges = answer["reps"]["edges"].as_array().unwrap();
    edges.iter().find(|edge| edge["node"]["name"] == "Bo").unwrap()["node"]["tenures"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_changed_role_or_manager_holds_from_its_change_on_and_the_old_one_stays() {
    let tenure = |role: Value, manager: Value, from: &str| json!({ "role": role, "manager": manager, "validFrom": from });
    let (ada, nobody) = (json!({ "name": "Ada" }), Value::Null);
    let cases: &[(&str, Files<'_>, Option<Value>)] = &[
        ("the same again", FIRST, None),
        (
            "another role",
            &[
                ("UserRole.csv", "Id,Name\n00E000000000001,Account Executive\n"),
                (
                    "User.csv",
                    "Id,Name,UserRoleId,ManagerId,LastModifiedDate\n\
                  005000000000002,Bo,00E000000000001,005000000000001,2026-04-01T00:00:00.000Z\n",
                ),
            ],
            Some(tenure(json!("AE"), ada.clone(), "2026-04-01T00:00:00.000Z")),
        ),
        (
            "a role whose name the export does not carry may be the same",
            &[(
                "User.csv",
                "Id,Name,UserRoleId,Title,LastModifiedDate\n005000000000002,Bo,00E000000000001,Outbound,2026-05-01T00:00:00.000Z\n",
            )],
            None,
        ),
        (
            "no manager any more",
            &[("User.csv", "Id,Name,ManagerId,LastModifiedDate\n005000000000002,Bo,,2026-06-01T00:00:00.000Z\n")],
            Some(tenure(json!("AE"), nobody.clone(), "2026-06-01T00:00:00.000Z")),
        ),
        (
            "a title that says another role, where the export has no column of roles",
            &[("User.csv", "Id,Name,Title,LastModifiedDate\n005000000000002,Bo,Cloud Sales AE,2026-07-01T00:00:00.000Z\n")],
            Some(tenure(json!("CLOUD_SALES"), nobody, "2026-07-01T00:00:00.000Z")),
        ),
        (
            "a title that says no role takes none away",
            &[("User.csv", "Id,Name,Title,LastModifiedDate\n005000000000002,Bo,Dreamer,2026-08-01T00:00:00.000Z\n")],
            None,
        ),
        (
            "a manager by a name that only the database has",
            &[("User.csv", "Id,Name,Manager.Name,LastModifiedDate\n005000000000002,Bo,Ada,2026-09-01T00:00:00.000Z\n")],
            Some(tenure(json!("CLOUD_SALES"), ada.clone(), "2026-09-01T00:00:00.000Z")),
        ),
    ];
    for engine in ENGINES {
        let home = Home::new(engine).await;
        bring_in(&home, "first", FIRST);
        let mut expected = vec![tenure(json!("BDR"), ada.clone(), "2025-01-01T00:00:00.000Z")];
        assert_eq!(tenures(&home).await, expected);
        for (number, (name, files, added)) in cases.iter().enumerate() {
            bring_in(&home, &number.to_string(), files);
            expected.extend(added.clone());
            let mut found = tenures(&home).await;
            found.sort_by_key(|tenure| tenure["validFrom"].to_string());
            assert_eq!(found, expected, "{engine:?}: {name}");
        }
    }
}

/// Of each vendor's credit: the kind of its touchpoint, whether it has a campaign, and whose contact.
async fn credited(home: &Home) -> Vec<String> {
    let sql = "SELECT CAST(coalesce(touched.kind, -1) AS BIGINT), CAST(count(own.campaign_id) AS BIGINT), CAST(count(own.contact_id) AS BIGINT)
               FROM vendor_credit own LEFT JOIN touchpoint touched ON touched.id = own.touchpoint_id
               GROUP BY own.external_id, touched.kind ORDER BY own.external_id";
    let rows: Vec<(i64, i64, i64)> = home.rows(sql).await;
    rows.into_iter().map(|(kind, campaigns, contacts)| format!("{kind} {campaigns} {contacts}")).collect()
}

#[tokio::test]
async fn a_vendors_list_alone_credits_the_touchpoints_that_are_known() {
    const LIST: (&str, &str) = (
        "Vendor.csv",
        "Touchpoint,Opportunity,Percentage\n00T000000000001,006000000000001,20\n00v000000000001,006000000000001,30\n\
         00v000000000002,006000000000001,40\n00v000000000009,006000000000001,10\n",
    );
    const MEMBERS: &str = "Id,CampaignId,ContactId,HasResponded,CreatedDate\n\
        00v000000000001,701000000000001,003000000000001,false,2026-01-02\n\
        00v000000000002,701000000000001,003000000000001,true,2026-01-03\n";
    let (task, inclusion, response) = ("6 0 0", "2 1 1", "1 1 1");
    for engine in ENGINES {
        let home = Home::new(engine).await;
        bring_in(&home, "first", FIRST);
        let tasks =
            "Id,WhoId,Subject,ActivityDate,OwnerId,IsClosed\n00T000000000001,003000000000001,x,2026-01-04,005000000000001,true\n";
        bring_in(&home, "touched", &[("CampaignMember.csv", MEMBERS), ("Task.csv", tasks)]);
        let answered = MEMBERS.replace(",false,", ",true,");
        let cases: [(&str, Files<'_>, &str); 4] = [
            ("alone", &[LIST], inclusion),
            ("beside what answers now", &[LIST, ("CampaignMember.csv", &answered)], response),
            ("alone again", &[LIST], response),
            ("beside what was brought in before", &[LIST, ("CampaignMember.csv", &answered)], response),
        ];
        for (name, files, first) in cases {
            let report = bring_in(&home, name, files);
            assert_eq!(credited(&home).await, [task, first, response, "-1 0 0"], "{engine:?}: {name}: {report}");
            assert!(report.contains("touchpoints of vendor credits that are not known: 1"), "{name}: {report}");
        }
    }
}

#[tokio::test]
async fn a_corrected_exchange_rate_counts_though_the_export_does_not_say_when_it_was_changed() {
    let currencies =
        ("CurrencyType.csv", "Id,IsoCode,ConversionRate,IsCorporate\n01L000000000001,USD,1,true\n01L000000000002,EUR,1,false\n");
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for (number, (second, expected)) in
            [("0.5", vec!["1", "1.25", "2"]), ("0.8", vec!["1", "1.25", "2", "1.25"]), ("0.8", vec!["1", "1.25", "2", "1.25"])]
                .into_iter()
                .enumerate()
        {
            let dated = format!(
                "Id,IsoCode,StartDate,ConversionRate\n04w000000000001,EUR,2025-01-01,0.8\n04w000000000002,EUR,2026-01-01,{second}\n"
            );
            bring_in(&home, &number.to_string(), &[currencies, ("DatedConversionRate.csv", &dated)]);
            let rates: Vec<(String,)> =
                home.rows("SELECT rate FROM exchange_rate WHERE currency = 'EUR' ORDER BY valid_from_day, known_from_ms").await;
            assert_eq!(rates.into_iter().map(|(rate,)| rate).collect::<Vec<_>>(), expected, "{engine:?}: {number}");
        }
    }
}

const CUT: &str = "2026-08-01";

/// The rows of a file, each by column.
type Rows = Vec<HashMap<String, String>>;

fn read(folder: &Path, object: &str) -> (Vec<String>, Rows) {
    let mut reader = csv::Reader::from_path(folder.join(format!("{object}.csv"))).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| header.iter().cloned().zip(row.unwrap().iter().map(str::to_owned)).collect());
    (header.clone(), rows.collect())
}

fn write(folder: &Path, object: &str, header: &[String], rows: &Rows) {
    let mut writer = csv::Writer::from_path(folder.join(format!("{object}.csv"))).unwrap();
    writer.write_record(header).unwrap();
    for row in rows {
        writer.write_record(header.iter().map(|column| row[column].as_str())).unwrap();
    }
    writer.flush().unwrap();
}

/// The export of the same company as it was on the day of the cut.
fn older(newer: &Path, older: &Path) {
    std::fs::create_dir(older).unwrap();
    let until = |row: &HashMap<String, String>, column: &str| row[column].as_str() < CUT;
    for object in ["UserRole", "User", "Product2", "OpportunityStage", "Campaign", "Account", "Contact", "OpportunityStage"] {
        std::fs::copy(newer.join(format!("{object}.csv")), older.join(format!("{object}.csv"))).unwrap();
    }
    for object in ["OpportunityHistory", "OpportunityFieldHistory", "Task", "Event", "CampaignMember", "OpportunityContactRole"] {
        let (header, mut rows) = read(newer, object);
        rows.retain(|row| until(row, "CreatedDate"));
        write(older, object, &header, &rows);
    }
    let (header, mut leads) = read(newer, "Lead");
    leads.retain(|row| until(row, "CreatedDate"));
    for lead in leads.iter_mut().filter(|lead| lead["ConvertedDate"].as_str() >= CUT) {
        for column in ["ConvertedDate", "ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId"] {
            lead.insert(column.to_owned(), String::new());
        }
        lead.insert("IsConverted".to_owned(), "false".to_owned());
    }
    write(older, "Lead", &header, &leads);
    let mut last: HashMap<String, HashMap<String, String>> = HashMap::new();
    for row in read(older, "OpportunityHistory").1 {
        let newest = last.get(&row["OpportunityId"]).is_none_or(|other| other["CreatedDate"] <= row["CreatedDate"]);
        if newest {
            last.insert(row["OpportunityId"].clone(), row);
        }
    }
    let mut owners: HashMap<String, (String, String)> = HashMap::new();
    for row in read(newer, "OpportunityFieldHistory").1 {
        let is_first = owners.get(&row["OpportunityId"]).is_none_or(|(at, _)| *at > row["CreatedDate"]);
        if !until(&row, "CreatedDate") && row["OldValue"].starts_with("005") && is_first {
            owners.insert(row["OpportunityId"].clone(), (row["CreatedDate"].clone(), row["OldValue"].clone()));
        }
    }
    let (header, mut opportunities) = read(newer, "Opportunity");
    opportunities.retain(|row| until(row, "CreatedDate"));
    for row in &mut opportunities {
        let then = &last[&row["Id"]];
        let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
        let (now, acv, amount) = (cents(&row["Amount"]), cents(&row["ACV__c"]), cents(&then["Amount"]));
        let acv_then = if now == 0 { amount } else { amount * acv / now };
        let stage = &then["StageName"];
        let (won, lost) = (stage == "Closed Won", stage == "Closed Lost");
        let values = [
            ("StageName", stage.clone()),
            ("Amount", then["Amount"].clone()),
            ("Probability", then["Probability"].clone()),
            ("CloseDate", then["CloseDate"].clone()),
            ("ForecastCategory", then["ForecastCategory"].clone()),
            ("ForecastCategoryName", String::new()),
            ("LastModifiedDate", then["CreatedDate"].clone()),
            ("IsClosed", (won || lost).to_string()),
            ("IsWon", won.to_string()),
            ("ACV__c", format!("{}.{:02}", acv_then / 100, acv_then % 100)),
            ("OwnerId", owners.get(&row["Id"]).map_or(row["OwnerId"].clone(), |(_, owner)| owner.clone())),
        ];
        row.extend(values.map(|(column, value)| (column.to_owned(), value)));
    }
    write(older, "Opportunity", &header, &opportunities);
    let (header, mut lines) = read(newer, "OpportunityLineItem");
    lines.retain(|line| last.contains_key(&line["OpportunityId"]));
    write(older, "OpportunityLineItem", &header, &lines);
}

/// The matrix as of some instants, by everything, and the flow and trend between the first and the last.
async fn answers(home: &Home, instants: &[&str]) -> Vec<Value> {
    let server = home.serve();
    let matrix = "query Q($asOf: DateTime!, $by: [Dimension!]!) { apm(period: \"FY2027-Q3\", asOf: $asOf, by: $by) {
        cells(atMost: 500) { key { dimension label } closedAcv { value { amount } prior { amount } } openPipeline { value { amount } }
        generation { value { amount } } coverage { value } closedCount openCount } } }";
    let mut answers = Vec::new();
    for at in instants {
        for by in [["REGION", "SEGMENT"], ["PRODUCT", "STAGE"], ["SOURCE", "INDUSTRY"], ["OWNER", "MANAGER"]] {
            answers.push(server.data(matrix, json!({ "asOf": at, "by": by })).await);
        }
    }
    let (from, to) = (instants[0], instants[instants.len() - 1]);
    let flow = "query F($from: DateTime!, $to: DateTime!, $points: [DateTime!]) {
        pipelineFlow(period: \"FY2027-Q3\", from: $from, to: $to, by: [REGION]) {
            rows { key { dimension label } start { amount } bars { bucket amount { amount } } end { amount } } }
        pipelineTrend(period: \"FY2027-Q3\", points: $points) { total { points { at closedAcv { amount } openPipeline { amount } generation { amount } } } } }";
    answers.push(server.data(flow, json!({ "from": from, "to": to, "points": instants })).await);
    answers
}

#[tokio::test]
async fn two_exports_one_after_the_other_answer_like_the_newer_alone_and_leave_the_past_as_it_was() {
    let (before, after) = (
        ["2026-03-01T00:00:00.000Z", "2026-07-20T00:00:00.000Z"],
        ["2026-08-01T00:00:00.000Z", "2026-08-12T00:00:00.000Z", "2026-10-01T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    );
    for engine in ENGINES {
        let (both, alone) = (Home::new(engine).await, Home::new(engine).await);
        let newer = both.path().join("newer");
        let out = newer.display().to_string();
        both.succeed(&["generate", "--opportunities", "300", "--seed", "9", "--until", "2026-11-24", "--out", &out]);
        let cut = both.path().join("older");
        older(&newer, &cut);
        both.succeed(&["import", &cut.display().to_string()]);
        let past = answers(&both, &before).await;
        let report = both.succeed(&["import", &out]);
        assert!(report.contains("Answers as of these periods changed"), "{report}");
        assert!(report.contains("FY2027-Q3: ") && !report.contains("FY2027-Q2: "), "{report}");
        alone.succeed(&["import", &out]);
        assert_eq!(answers(&both, &before).await, past, "{engine:?}: the past");
        let (together, single) = (answers(&both, &after).await, answers(&alone, &after).await);
        assert!(single[0].to_string().contains("\"amount\""), "there are cells to compare");
        for (number, (together, single)) in together.iter().zip(&single).enumerate() {
            assert_eq!(together, single, "{engine:?}: answer {number}");
        }
    }
}
