//! What people change, through the API, on both databases.

use crate::support::{ENGINES, Home, Server, cents};
use serde_json::{Value, json};

const FIELDS: &str =
    "id recordedIn name closeDate forecastCategory probability nextStep closeReason amount { amount } acv { amount }
    stage { name kind } lines { nodes { amount { amount } acv { amount } termMonths } }
    contactRoles { nodes { role isPrimary } } splits { nodes { percentage isOverlay } } history { totalCount }";

/// A mutation of opportunities with one input, and what it answers.
async fn act(server: &Server, name: &str, input: Value) -> Value {
    let kind = format!("O{}Input", &name[1..]);
    let query = format!(
        "mutation($input: {kind}!) {{ it: {name}(input: $input) {{ opportunity {{ {FIELDS} }} userErrors {{ code message path }} }} }}"
    );
    server.data(&query, json!({ "input": input })).await["it"].take()
}

/// As [`act`], which must be done; the opportunity.
async fn done(server: &Server, name: &str, input: Value) -> Value {
    let mut answer = act(server, name, input).await;
    assert_eq!(answer["userErrors"], json!([]), "{name}");
    answer["opportunity"].take()
}

/// As [`act`], which must be refused; the code.
async fn refused(server: &Server, name: &str, input: Value) -> String {
    let answer = act(server, name, input).await;
    answer["userErrors"][0]["code"].as_str().unwrap_or_else(|| panic!("{name} was done: {answer}")).to_owned()
}

/// The ids that mutations need.
struct Known {
    account: Value,
    contacts: Vec<Value>,
    reps: Vec<Value>,
    products: Vec<Value>,
    stages: Vec<(Value, String)>,
}

impl Known {
    async fn of(server: &Server) -> Self {
        let query = "{ accounts(first: 1) { nodes { id } } contacts(first: 2) { nodes { id } }
            reps(first: 2, filter: { isActive: { eq: true } }) { nodes { id } } products(first: 2) { nodes { id } }
            stages(first: 50, orderBy: { field: POSITION, direction: ASC }) { nodes { id kind } } }";
        let all = server.data(query, json!({})).await;
        let ids =
            |noun: &str| -> Vec<Value> { all[noun]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect() };
        let stages = all["stages"]["nodes"].as_array().unwrap();
        Self {
            account: ids("accounts")[0].clone(),
            contacts: ids("contacts"),
            reps: ids("reps"),
            products: ids("products"),
            stages: stages.iter().map(|stage| (stage["id"].clone(), stage["kind"].as_str().unwrap().to_owned())).collect(),
        }
    }

    fn open_stages(&self) -> Vec<&Value> {
        self.stages.iter().filter(|(_, kind)| kind == "OPEN").map(|(id, _)| id).collect()
    }

    fn draft(&self, name: &str) -> Value {
        json!({
            "name": name, "account": self.account, "stage": self.open_stages()[0], "closeDate": "2027-01-29",
            "amount": { "amount": "1200.50", "currency": "USD" }, "owner": self.reps[0], "nextStep": "call"
        })
    }
}

fn naming(opportunity: &Value, more: Value) -> Value {
    let mut input = json!({ "id": opportunity["id"], "version": opportunity["recordedIn"] });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

async fn house(engine: crate::support::Engine) -> (Home, Server) {
    let home = Home::new(engine).await;
    home.succeed(&["generate", "--opportunities", "30", "--seed", "7"]);
    let server = home.serve();
    (home, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_opened_changed_closed_reopened_and_deleted_with_its_history_and_its_audit() {
    for engine in ENGINES {
        let (home, server) = house(engine).await;
        let known = Known::of(&server).await;
        let deal = done(&server, "opportunityCreate", known.draft("Acme")).await;
        assert_eq!((cents(&deal["amount"]), cents(&deal["acv"])), (120_050, 120_050));
        let open = known.open_stages();
        let deal = done(&server, "opportunityAdvance", naming(&deal, json!({ "stage": open[1] }))).await;
        let changes = json!({ "name": "Acme 2", "amount": { "amount": "900.00", "currency": "USD" }, "probability": null });
        let deal = done(&server, "opportunityUpdate", naming(&deal, changes)).await;
        assert_eq!((&deal["name"], cents(&deal["acv"]), &deal["probability"]), (&json!("Acme 2"), 90_000, &Value::Null));
        let deal = done(&server, "opportunitySetNextStep", naming(&deal, json!({ "nextStep": "send the offer" }))).await;
        assert_eq!(deal["nextStep"], "send the offer");
        let lines = json!({ "lines": [
            { "product": known.products[0], "amount": { "amount": "300.00", "currency": "USD" }, "termMonths": 36, "quantity": "2.5" },
            { "product": known.products[1], "amount": { "amount": "50.00", "currency": "USD" } }
        ] });
        let deal = done(&server, "opportunitySetLines", naming(&deal, lines)).await;
        assert_eq!((cents(&deal["amount"]), cents(&deal["acv"])), (35_000, 15_000));
        assert_eq!(deal["lines"]["nodes"].as_array().unwrap().len(), 2);
        let contacts = json!({ "contacts": [
            { "contact": known.contacts[0], "role": "Decision maker", "isPrimary": true }, { "contact": known.contacts[1] }
        ] });
        let deal = done(&server, "opportunitySetContacts", naming(&deal, contacts)).await;
        assert_eq!(deal["contactRoles"]["nodes"].as_array().unwrap().len(), 2);
        let splits = json!({ "splits": [
            { "rep": known.reps[0], "percentage": "62.5" }, { "rep": known.reps[1], "percentage": "37.50" },
            { "rep": known.reps[1], "percentage": "100", "isOverlay": true }
        ] });
        let deal = done(&server, "opportunitySetSplits", naming(&deal, splits)).await;
        assert_eq!(deal["splits"]["nodes"].as_array().unwrap().len(), 3);
        let lost = naming(&deal, json!({ "outcome": "LOST" }));
        assert_eq!(refused(&server, "opportunityClose", lost).await, "REASON_MISSING");
        let deal = done(&server, "opportunityClose", naming(&deal, json!({ "outcome": "LOST", "reason": "price" }))).await;
        assert_eq!(
            (&deal["stage"]["kind"], &deal["closeReason"], &deal["nextStep"]),
            (&json!("LOST"), &json!("price"), &Value::Null)
        );
        let again = json!({ "stage": open[0], "closeDate": "2099-01-01" });
        let deal = done(&server, "opportunityReopen", naming(&deal, again)).await;
        assert_eq!((&deal["stage"]["kind"], &deal["closeReason"]), (&json!("OPEN"), &Value::Null));
        let deal = done(&server, "opportunityClose", naming(&deal, json!({ "outcome": "WON" }))).await;
        assert_eq!(deal["forecastCategory"], "CLOSED");
        // Contacts and splits are no part of the history of the deal itself.
        assert_eq!(deal["history"]["totalCount"], 8);
        assert_eq!(done(&server, "opportunityDelete", naming(&deal, json!({}))).await, Value::Null);
        assert_eq!(refused(&server, "opportunityDelete", naming(&deal, json!({}))).await, "NOT_FOUND");
        let audit: Vec<(i64, String, String)> = home.rows("SELECT number, act, viewer FROM audit ORDER BY number").await;
        let acts: Vec<&str> = audit.iter().map(|(_, act, _)| act.as_str()).collect();
        assert_eq!(
            acts,
            [
                "opportunityCreate",
                "opportunityAdvance",
                "opportunityUpdate",
                "opportunityUpdate",
                "opportunitySetLines",
                "opportunitySetContacts",
                "opportunitySetSplits",
                "opportunityClose",
                "opportunityReopen",
                "opportunityClose",
                "opportunityDelete"
            ]
        );
        assert!(audit.iter().zip(1..).all(|((number, _, viewer), place)| *number == place && viewer == "local"));
        let seals: Vec<(String, String)> = home.rows("SELECT previous_hash, hash FROM audit ORDER BY number").await;
        assert!(seals.windows(2).all(|pair| pair[0].1 == pair[1].0 && pair[0].1 != pair[1].1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_twice_acts_once_and_its_key_serves_no_other() {
    for engine in ENGINES {
        let (home, server) = house(engine).await;
        let known = Known::of(&server).await;
        let mut draft = known.draft("Once");
        draft["idempotencyKey"] = json!("k1");
        let first = act(&server, "opportunityCreate", draft.clone()).await;
        assert_eq!(act(&server, "opportunityCreate", draft.clone()).await, first);
        let two =
            tokio::join!(act(&server, "opportunityCreate", draft.clone()), act(&server, "opportunityCreate", draft.clone()));
        assert_eq!(two, (first.clone(), first.clone()));
        draft["name"] = json!("Another");
        assert_eq!(refused(&server, "opportunityCreate", draft).await, "KEY_TAKEN");
        let deal = &first["opportunity"];
        let next = naming(deal, json!({ "nextStep": "visit", "idempotencyKey": "k2" }));
        let moved = done(&server, "opportunitySetNextStep", next.clone()).await;
        // The version is an old one by now, but the request is the one that was answered.
        assert_eq!(done(&server, "opportunitySetNextStep", next).await, moved);
        let count: Vec<(i64,)> = home.rows("SELECT count(*) FROM opportunity WHERE name = 'Once'").await;
        assert_eq!(count, [(1,)]);
        let count: Vec<(i64,)> = home.rows("SELECT count(*) FROM audit").await;
        assert_eq!(count, [(2,)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_edits_of_one_version_one_is_done_and_the_others_see_what_stands() {
    for engine in ENGINES {
        let (home, server) = house(engine).await;
        let known = Known::of(&server).await;
        let mut deal = done(&server, "opportunityCreate", known.draft("Raced")).await;
        for round in 0..3 {
            let edits = (0..50).map(|number| {
                let amount = json!({ "amount": format!("{}.00", 1_000 * (round + 1) + number), "currency": "USD" });
                act(&server, "opportunityUpdate", naming(&deal, json!({ "amount": amount })))
            });
            let answers = futures_util::future::join_all(edits).await;
            let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer["userErrors"] == json!([]));
            assert_eq!((won.len(), lost.len()), (1, 49));
            assert!(lost.iter().all(|answer| answer["userErrors"][0]["code"] == "CONFLICT"));
            assert!(lost.iter().all(|answer| answer["opportunity"] == won[0]["opportunity"]), "the current object comes with it");
            deal = won[0]["opportunity"].clone();
        }
        assert_eq!(deal["history"]["totalCount"], 4);
        let latest: Vec<(i64, i64)> = home
            .rows(
                "SELECT o.acv_minor, v.acv_minor FROM opportunity o JOIN opportunity_version v ON v.opportunity_id = o.id
                 WHERE o.name = 'Raced' ORDER BY v.valid_from_ms DESC, v.sequence DESC",
            )
            .await;
        assert_eq!(latest[0].0, latest[0].1, "the row carries its latest version");
    }
}

const MATRIX: &str = "{ apm(period: \"2026-11-01/2099-12-31\", by: [OWNER], asOf: \"2098-01-01T00:00:00Z\") { total { openPipeline { value { amount } }
    closedAcv { value { amount } } generation { value { amount } } } cells { key { value } openPipeline { value { amount } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_answered_is_in_the_next_matrix_and_a_fresh_start_sees_the_same() {
    for engine in ENGINES {
        let (home, server) = house(engine).await;
        let known = Known::of(&server).await;
        let open = async || cents(&server.data(MATRIX, json!({})).await["apm"]["total"]["openPipeline"]["value"]);
        let before = open().await;
        let deal = done(&server, "opportunityCreate", known.draft("Counted")).await;
        assert_eq!(open().await - before, 120_050);
        let doubled = json!({ "acv": { "amount": "2401.00", "currency": "USD" } });
        let deal = done(&server, "opportunityUpdate", naming(&deal, doubled)).await;
        assert_eq!(open().await - before, 240_100);
        let deal = done(&server, "opportunityUpdate", naming(&deal, json!({ "forecastCategory": "OMITTED" }))).await;
        assert_eq!(open().await, before);
        let deal = done(&server, "opportunityUpdate", naming(&deal, json!({ "forecastCategory": "COMMIT" }))).await;
        done(&server, "opportunityClose", naming(&deal, json!({ "outcome": "WON" }))).await;
        let after = server.data(MATRIX, json!({})).await;
        drop(server);
        assert_eq!(home.serve().data(MATRIX, json!({})).await, after);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_reason_and_changes_nothing() {
    let (home, server) = house(crate::support::Engine::Sqlite).await;
    let known = Known::of(&server).await;
    let deal = done(&server, "opportunityCreate", known.draft("Kept")).await;
    let elsewhere = json!("T3Bwb3J0dW5pdHk6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw");
    let absent = json!({ "id": elsewhere, "version": 1, "nextStep": "x" });
    assert_eq!(refused(&server, "opportunitySetNextStep", absent).await, "NOT_FOUND");
    let stale = json!({ "id": deal["id"], "version": 0, "nextStep": "x" });
    assert_eq!(refused(&server, "opportunitySetNextStep", stale).await, "CONFLICT");
    let same = naming(&deal, json!({ "stage": known.open_stages()[0] }));
    assert_eq!(refused(&server, "opportunityAdvance", same).await, "SAME_STAGE");
    let half = json!({ "splits": [{ "rep": known.reps[0], "percentage": "50" }] });
    assert_eq!(refused(&server, "opportunitySetSplits", naming(&deal, half)).await, "NOT_100_PERCENT");
    // An id of another noun, or an amount that the currency does not have, is a broken request.
    for input in [json!({ "owner": known.account }), json!({ "amount": { "amount": "1.001", "currency": "USD" } })] {
        let query = "mutation($input: OpportunityUpdateInput!) { opportunityUpdate(input: $input) { userErrors { code } } }";
        let answer = server.ask(query, json!({ "input": naming(&deal, input) })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    }
    let count: Vec<(i64,)> = home.rows("SELECT count(*) FROM audit").await;
    assert_eq!(count, [(1,)]);
}
