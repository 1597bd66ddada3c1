//! Customer health over HTTP: standings, steps, rules, proof.

use chrono::{Months, TimeDelta};
use millrace_operations::entity::{account, order};
use sea_orm::Set;
use serde_json::{Value, json};

use crate::app::{App, Client, now};

/// An account of a rep that ordered every month until some months ago; its number.
async fn buyer(app: &App, rep: &Client<'_>, name: &str, silent_months: u32) -> String {
    buyer_below(app, rep, name, silent_months, None)
        .await
        .number
}

/// The same, under a parent.
async fn buyer_below(
    app: &App,
    rep: &Client<'_>,
    name: &str,
    silent_months: u32,
    parent_id: Option<i64>,
) -> account::Model {
    let owner = rep.caller().user_id;
    let account = account::ActiveModel {
        name: Set(name.to_owned()),
        normalised_name: Set(name.to_owned()),
        pool_state: Set("owned".to_owned()),
        owner_id: Set(Some(owner)),
        parent_id: Set(parent_id),
        created_at: Set(now() - TimeDelta::days(1_000)),
        ..Default::default()
    };
    let account = app.insert::<account::Model>(account).await;
    for month in silent_months..28 {
        let order = order::ActiveModel {
            account_id: Set(account.id),
            owner_id: Set(Some(owner)),
            kind: Set("sale".to_owned()),
            ordered_at: Set(now() - Months::new(month) - TimeDelta::days(3)),
            amount: Set(Some(100_000)),
            ..Default::default()
        };
        app.insert::<order::Model>(order).await;
    }
    account
}

fn factor<'a>(standing: &'a Value, name: &str) -> &'a Value {
    let factors = standing["now"]["factors"].as_array().unwrap();
    factors.iter().find(|own| own["factor"] == name).unwrap()
}

#[tokio::test]
async fn a_score_opens_to_what_it_is_made_of_and_to_what_can_be_done() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let outsider = app.user("other", "rep", None).await;
    let number = buyer(&app, &rep, "Silent Valves", 4).await;
    buyer(&app, &rep, "Busy Pumps", 0).await;
    app.bring_into_the_lake().await;
    let none = rep.get("/api/health/account?account=Silent%20Valves").await;
    none.is_problem(404, "not-found");
    app.score().await;

    let address = format!("/api/health/account?account={number}");
    let standing = rep.get(&address).await.is(200);
    assert_eq!(standing["label"], "Silent Valves");
    assert_eq!(standing["account_id"], number);
    let scored = &standing["now"]["scored"];
    assert_eq!(scored["held_by"], "silent");
    assert_eq!(
        scored["status"], "unrated",
        "half of the factors have no data"
    );
    let points = standing["now"]["factors"].as_array().unwrap().iter();
    let points: f64 = points.map(|own| own["points"].as_f64().unwrap()).sum();
    let held = scored["held_down"].as_f64().unwrap();
    assert!((points + held - scored["score"].as_f64().unwrap()).abs() < 1e-9);
    let lateness = factor(&standing, "rhythm")["value"].as_f64().unwrap();
    assert!((3.0..5.0).contains(&lateness), "{lateness}");
    assert_eq!(factor(&standing, "payment")["value"], Value::Null);
    assert!(standing["days"].as_array().unwrap().len() > 12);
    assert!(standing["before"]["as_of"].as_str() < standing["now"]["as_of"].as_str());
    assert_eq!(standing["steps"].as_array().unwrap().len(), 13);
    let by_name = rep.get("/api/health/account?account=Silent%20Valves").await;
    assert_eq!(by_name.is(200)["account_id"], number);
    // who does not see the account sees no score of it
    outsider.get(&address).await.is_problem(404, "not-found");

    // without the right to amounts there are none, and all else
    let engineer = app.client("engineering").await;
    let masked = engineer.get(&address).await.is(200);
    let masked = &masked["now"]["scored"];
    for amount in ["amount_12_months", "amount_at_risk", "overdue_amount"] {
        assert!(scored.get(amount).is_some(), "{amount}");
        assert_eq!(masked.get(amount), None, "{amount}");
    }
    assert_eq!(masked["score"], scored["score"]);

    // in short, of those that are there and seen
    let asked = format!("/api/health/scores?accounts={number},nobody");
    let short = rep.get(&asked).await.is(200);
    let expected = json!([{
        "account_id": number, "score": scored["score"], "status": "unrated",
        "last_order_at": scored["last_order_at"]
    }]);
    assert_eq!(short["scores"], expected);
    assert_eq!(outsider.get(&asked).await.is(200)["scores"], json!([]));

    // a step becomes a to-do, once
    let step = json!({"account": number, "factor": "rhythm"});
    let made = rep.post("/api/health/steps", &step).await.is(200);
    assert_eq!(made["record"]["source"], "health");
    let again = rep.post("/api/health/steps", &step).await.is(200);
    assert_eq!(again["record"]["id"], made["record"]["id"]);
    let unseen = outsider.post("/api/health/steps", &step).await;
    unseen.is_problem(404, "not-found");
    let luck = json!({"account": number, "factor": "luck"});
    let refused = rep.post("/api/health/steps", &luck).await;
    assert!(refused.text().contains("luck"), "{}", refused.text());
}

#[tokio::test]
async fn other_rules_are_tried_before_they_are_in_force() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let director = app.client("director").await;
    let number = buyer(&app, &rep, "Silent Valves", 4).await;
    buyer(&app, &rep, "Busy Pumps", 0).await;
    app.bring_into_the_lake().await;
    app.score().await;

    let mut rules = director.get("/api/health/rules").await.is(200);
    assert_eq!(rules["weights"]["rhythm"], 20.0);
    rules["weights"] = json!({"rhythm": 10, "frequency": 10});
    let tried = json!({"rules": rules});
    let preview = director.post("/api/health/preview", &tried).await.is(200);
    assert_eq!(preview["before"], json!({"unrated": 2}));
    assert_eq!(preview["after"], json!({"green": 1, "red": 1}));
    assert_eq!(preview["count"], 2);
    let moved = |place: usize| {
        let own = &preview["moved"][place];
        let [before, after] = ["score_before", "score_after"].map(|key| own[key].as_f64().unwrap());
        (after - before).abs()
    };
    assert!(moved(0) > moved(1), "the one that moves most first");
    let text = preview.to_string();
    assert!(!text.contains("amount_12_months"), "no amounts: {text}");
    let scored = |answer: Value| answer["now"]["scored"]["status"].clone();
    let address = format!("/api/health/account?account={number}");
    assert_eq!(
        scored(rep.get(&address).await.is(200)),
        "unrated",
        "nothing changed"
    );
    rep.post("/api/health/preview", &tried)
        .await
        .is_problem(403, "forbidden");
    let wrong = json!({"rules": {"weights": {"rhythm": -1}}});
    let refused = director.post("/api/health/preview", &wrong).await;
    let refused = refused.is_problem(400, "bad-request");
    assert_eq!(
        refused["detail"],
        "rules.weights.rhythm is -1, must be from 0 to 100"
    );

    // in force, the next scoring goes by them
    let setting = json!({"key": "health", "value": rules});
    app.post("/api/settings", &setting).await.is(201);
    app.score().await;
    assert_eq!(scored(rep.get(&address).await.is(200)), "red");
}

#[tokio::test]
async fn who_looks_after_an_account_is_chosen_shown_and_asked_for() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let ann = app.user("ann", "customer_success", None).await;
    let ben = app.user("ben", "customer_success", None).await;
    let outsider = app.user("other", "rep", None).await;
    let silent = buyer(&app, &rep, "Silent Valves", 4).await;
    let busy = buyer(&app, &rep, "Busy Pumps", 0).await;
    let managers = "/api/health/success-managers";
    let known = ann.get(managers).await.is(200);
    assert_eq!(known["may_choose"], true);
    let names = known["people"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|own| own["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Name of ann", "Name of ben"]);
    assert_eq!(rep.get(managers).await.is(200)["may_choose"], false);

    let me = ann.caller().user_id;
    // by number and by name; one that is unknown keeps the others from nothing
    let given = json!({"accounts": [silent, "nobody", "Busy Pumps"], "user_id": me});
    let done = ann.post(managers, &given).await.is(200);
    assert_eq!(done["results"][0], json!({"account": silent}));
    assert_eq!(
        done["results"][1]["problem"]["fields"][0]["field"],
        "account"
    );
    assert_eq!(done["results"][2], json!({"account": "Busy Pumps"}));
    rep.post(managers, &given)
        .await
        .is_problem(403, "forbidden");
    let none = json!({"accounts": [], "user_id": me});
    ann.post(managers, &none)
        .await
        .is_problem(400, "bad-request");
    let known = ann.get(managers).await.is(200);
    assert_eq!(known["people"][0]["accounts"], 2);

    let to_ben = json!({"accounts": [busy], "user_id": ben.caller().user_id});
    ben.post(managers, &to_ben).await.is(200);
    let one = format!("/api/health/success-manager?account={busy}");
    let told = rep.get(&one).await.is(200);
    assert_eq!(told["user_id"], ben.caller().user_id);
    assert_eq!(told["history"][0]["name"], "Name of ben");
    assert_eq!(told["history"][0]["by"], "Name of ben");
    assert_eq!(told["history"][1]["name"], "Name of ann");
    assert_eq!(told["history"].as_array().unwrap().len(), 2);
    // who does not see the account learns nothing of it
    let unseen = outsider.get(&one).await.is_problem(404, "not-found");
    let gone = outsider
        .get("/api/health/success-manager?account=ACC-0-0")
        .await;
    let gone = gone.is_problem(404, "not-found")["detail"].to_string();
    assert_eq!(unseen["detail"].to_string().replace(&busy, "ACC-0-0"), gone);

    // in the numbers
    app.bring_into_the_lake().await;
    app.score().await;
    let mine =
        json!([{"dimension": "success_manager", "op": "in", "values": [format!("user-{me}")]}]);
    let drill = json!({"query": {"metrics": ["accounts_scored"], "where": mine}});
    let found = ann.post("/api/drill", &drill).await.is(200);
    assert_eq!(found["count"], 1);
    assert_eq!(found["rows"][0]["account_id"], "Silent Valves");
    assert_eq!(found["rows"][0]["success_manager"], "Name of ann");
    let by = json!({"metrics": ["accounts_scored"], "by": ["success_manager"]});
    let by = ann.post("/api/query", &by).await.is(200);
    assert_eq!(by["rows"].as_array().unwrap().len(), 2);
    let standing = rep
        .get(&format!("/api/health/account?account={silent}"))
        .await;
    let standing = standing.is(200);
    let last = standing["days"].as_array().unwrap().last().unwrap();
    assert_eq!(last["value_tier"], standing["now"]["scored"]["value_tier"]);
}

#[tokio::test]
async fn a_fall_is_a_todo_of_who_looks_after_the_account() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let ann = app.user("ann", "customer_success", None).await;
    buyer(&app, &rep, "Busy Pumps", 0).await;
    let account = account::ActiveModel {
        name: Set("Silent Valves".to_owned()),
        normalised_name: Set("silentvalves".to_owned()),
        pool_state: Set("pooled".to_owned()),
        created_at: Set(now() - TimeDelta::days(1_000)),
        ..Default::default()
    };
    let account = app.insert::<account::Model>(account).await;
    let order = |days: i64, kind: &str, amount| order::ActiveModel {
        account_id: Set(account.id),
        kind: Set(kind.to_owned()),
        ordered_at: Set(now() - TimeDelta::days(days)),
        amount: Set(Some(amount)),
        ..Default::default()
    };
    for back in 0..60 {
        let sale = order(37 + back * 14, "sale", 200_000);
        app.insert::<order::Model>(sale).await;
    }
    // that returns are recorded makes enough of the scorecard known
    app.insert::<order::Model>(order(200, "return", 1_000))
        .await;
    app.bring_into_the_lake().await;
    app.score().await;
    for _ in 0..2 {
        app.follow_scores().await;
    }
    let address = "/api/todos?filter=source:in:health&filter=state:in:open";
    let todos = ann.get(address).await.is(200);
    let rows = todos["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{todos}");
    let title = rows[0]["title"].as_str().unwrap();
    assert!(title.starts_with("Silent Valves：健康度"), "{title}");
    assert_eq!(rows[0]["owner_id"], ann.caller().user_id);
    let labels = &todos["labels"]["account"][account.id.to_string()];
    assert_eq!(labels["number"], account.number);
    let done = format!("/api/todos/{}/complete", rows[0]["id"]);
    ann.post(&done, &json!({})).await.is(200);
    app.follow_scores().await;
    assert_eq!(ann.get(address).await.is(200)["rows"], json!([]));
    // why the account is hers
    let one = format!("/api/health/success-manager?account={}", account.number);
    let told = ann.get(&one).await.is(200);
    assert_eq!(told["history"][0]["cause"], "large");
    assert_eq!(told["history"][0]["by"], Value::Null);
}

#[tokio::test]
async fn the_proof_is_for_those_who_see_all() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let director = app.client("director").await;
    buyer(&app, &rep, "Silent Valves", 4).await;
    buyer(&app, &rep, "Busy Pumps", 0).await;
    app.bring_into_the_lake().await;
    rep.get("/api/health/backtest")
        .await
        .is_problem(403, "forbidden");
    let proofs = director
        .get("/api/health/backtest?cutoffs=2&horizon_days=60")
        .await
        .is(200);
    let proofs = proofs["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), 2);
    assert_eq!(
        proofs[0]["cutoff"], "2026-08-08",
        "60 days before the last that is over"
    );
    assert_eq!(proofs[1]["cutoff"], "2026-06-09");
    assert_eq!(proofs[0]["accounts"], 2);
    assert_eq!(proofs[0]["positives"], 1);
    assert_eq!(proofs[0]["probability"]["auc"], 1.0);
    let shrinking = &proofs[0]["shrinking"];
    assert_eq!(shrinking["probability"], Value::Null, "two accounts");
    assert_eq!(shrinking["model"]["kind"], "not_enough_history");
    assert_eq!(shrinking["accounts"], 2);
    assert_eq!(shrinking["positives"], 1, "the silent one bought nothing");
    let refused = director.get("/api/health/backtest?cutoffs=99").await;
    let refused = refused.is_problem(400, "bad-request");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("cutoffs is 99")
    );
}

#[tokio::test]
async fn what_scores_were_learned_from_and_groups_are_told_to_whom_they_concern() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let outsider = app.user("other", "rep", None).await;
    let director = app.client("director").await;
    let top = buyer_below(&app, &rep, "Silent Valves", 4, None).await;
    let below = buyer_below(&app, &rep, "Busy Pumps", 0, Some(top.id)).await;
    let (parent, child) = (top.number, below.number);
    app.bring_into_the_lake().await;
    app.score().await;

    let models = director.get("/api/health/models").await.is(200);
    let last = &models["scorings"][0];
    assert_eq!(last["as_of"], "2026-10-07");
    let kinds: Vec<&Value> = last["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["kind"])
        .collect();
    assert_eq!(
        kinds,
        [
            "purchase_process",
            "not_enough_history",
            "not_enough_history"
        ]
    );
    rep.get("/api/health/models")
        .await
        .is_problem(403, "forbidden");

    let groups = rep.get("/api/health/groups").await.is(200);
    let group = &groups["groups"][0];
    assert_eq!(group["account_id"], parent);
    assert_eq!(group["members"].as_array().unwrap().len(), 2);
    let sum: f64 = group["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["amount_12_months"].as_f64().unwrap())
        .sum();
    assert!((group["amount_12_months"].as_f64().unwrap() - sum).abs() < 0.01);
    let address = format!("/api/health/account?account={child}");
    let standing = rep.get(&address).await.is(200);
    assert_eq!(standing["group"], *group);
    // who sees none of them, and who sees no amounts
    let nothing = outsider.get("/api/health/groups").await.is(200);
    assert_eq!(nothing["groups"], json!([]));
    let engineer = app.client("engineering").await;
    let masked = engineer.get("/api/health/groups").await.is(200);
    assert_eq!(masked["groups"][0]["amount_12_months"], Value::Null);
    assert_eq!(
        masked["groups"][0]["members"][0]["amount_at_risk"],
        Value::Null
    );
    let moves = engineer.get(&address).await.is(200)["moves"].clone();
    for event in moves
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|own| own["events"].as_array().unwrap())
    {
        assert_eq!(event["amount"], Value::Null);
    }
}
