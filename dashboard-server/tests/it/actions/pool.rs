//! Accounts and leads in and out of the pool.

use chrono::TimeDelta;
use millrace_operations::entity::{account, opportunity, team};
use sea_orm::Set;
use serde_json::{Value, json};

use super::office::{Office, fault, make};
use crate::app::{App, now};

#[tokio::test]
async fn an_account_goes_into_the_pool_and_out() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let account = office.account;
    let address = |action: &str| format!("/api/accounts/{account}/{action}");
    let release = address("release");
    assert_eq!(
        fault(&office.rep.post(&release, &json!({"reason": " "})).await),
        "reason"
    );
    let unknown = office
        .rep
        .post(&release, &json!({"reason": "x", "why": 1}))
        .await;
    unknown.is_problem(400, "bad-request");
    office
        .assistant
        .post(&release, &json!({"reason": "x"}))
        .await
        .is_problem(403, "forbidden");
    let released = office
        .rep
        .post(&release, &json!({"reason": "no demand"}))
        .await
        .is(200);
    assert_eq!(released["record"]["pool_state"], "pooled");
    let again = office.rep.post(&release, &json!({"reason": "x"})).await;
    assert_eq!(
        again.status, 403,
        "who gave it back does not own it any more"
    );
    let cooled = office.rep.post(&address("claim"), &Value::Null).await;
    cooled.is_problem(409, "cooldown");

    // Routed to the team in the east: the one in the south asks for it.
    let asked = office
        .other_rep
        .post(&address("request"), &json!({"reason": "ours"}))
        .await;
    assert_eq!(fault(&asked), "account_id", "nobody leads the team");
    let lead = team::ActiveModel {
        name: Set("West".to_owned()),
        leader_id: Set(Some(office.lead.caller().user_id)),
        ..Default::default()
    };
    let west = app.insert::<team::Model>(lead).await.id;
    let pooled = account::ActiveModel {
        name: Set("Pooled".to_owned()),
        normalised_name: Set("pooled".to_owned()),
        pool_state: Set("pooled".to_owned()),
        team_id: Set(Some(west)),
        created_at: Set(now()),
        ..Default::default()
    };
    let pooled = app.insert::<account::Model>(pooled).await.id;
    let request = format!("/api/accounts/{pooled}/request");
    let asked = office
        .other_rep
        .post(&request, &json!({"reason": "ours"}))
        .await
        .is(200);
    assert_eq!(asked["asked"]["name"], "Name of lead");
    let claim = format!("/api/accounts/{pooled}/claim");
    let elsewhere = office.other_rep.post(&claim, &Value::Null);
    elsewhere.await.is_problem(403, "routed-elsewhere");

    let assign = address("assign");
    let to = |user: i64| json!({"user_id": user, "reason": "known there"});
    let rep = office.rep.caller().user_id;
    office
        .rep
        .post(&assign, &to(rep))
        .await
        .is_problem(403, "forbidden");
    assert_eq!(fault(&office.lead.post(&assign, &to(999)).await), "user_id");
    let assigned = office.lead.post(&assign, &to(rep)).await.is(200);
    assert_eq!(assigned["record"]["owner_id"], rep);
    let label = &assigned["labels"]["user"][rep.to_string()]["label"];
    assert_eq!(label, "Name of rep");
}

#[tokio::test]
async fn a_lead_is_claimed_given_back_and_assigned() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let input = json!({"name": "A lead", "account_id": office.account});
    let lead = make(&app, &office.assistant, &opportunity::RESOURCE, &input).await;
    assert_eq!(lead["owner_id"], Value::Null, "an assistant's lead waits");
    let deal = lead["id"].as_i64().unwrap();
    let address = |action: &str| format!("/api/opportunities/{deal}/{action}");
    let claimed = office
        .rep
        .post(&address("claim"), &Value::Null)
        .await
        .is(200);
    assert_eq!(claimed["record"]["owner_id"], office.rep.caller().user_id);
    let late = office.lead.post(&address("claim"), &Value::Null).await;
    assert_eq!(
        late.is_problem(409, "already-claimed")["owner"],
        "Name of rep"
    );
    assert_eq!(
        fault(
            &office
                .rep
                .post(&address("release"), &json!({"reason": ""}))
                .await
        ),
        "reason"
    );
    let back = office
        .rep
        .post(&address("release"), &json!({"reason": "too many"}))
        .await
        .is(200);
    assert_eq!(back["record"]["owner_id"], Value::Null);
    let body = json!({"user_id": office.rep.caller().user_id, "reason": "yours"});
    let given = office.lead.post(&address("assign"), &body).await.is(200);
    assert_eq!(given["record"]["owner_id"], office.rep.caller().user_id);
    office
        .rep
        .post(&address("assign"), &body)
        .await
        .is_problem(403, "forbidden");
}

#[tokio::test]
async fn countdowns_prefill_hints_and_search_are_the_callers() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let account = office.account;
    app.clock.advance(TimeDelta::days(3));
    let address = format!("/api/accounts/countdowns?ids={account},999");
    let counted = office.rep.get(&address).await.is(200);
    let one = &counted["countdowns"][account.to_string()];
    assert_eq!(one["account_id"], account);
    assert!(one["working_days_left"].is_i64() && one["exempt"] == false);
    assert_eq!(counted["countdowns"].as_object().unwrap().len(), 1);
    let none = office.other_rep.get(&address).await.is(200);
    assert!(none["countdowns"].as_object().unwrap().is_empty());
    for wrong in ["", "x", "1;2", "99999999999999999999"] {
        let answer = office
            .rep
            .get(&format!("/api/accounts/countdowns?ids={wrong}"))
            .await;
        assert_eq!(fault(&answer), "ids", "{wrong}");
    }
    office
        .rep
        .get("/api/accounts/countdowns")
        .await
        .is_problem(400, "bad-request");

    let prefill = office
        .rep
        .get(&format!("/api/accounts/{account}/prefill"))
        .await
        .is(200);
    assert_eq!(prefill["account_id"], account);
    let hints = "/api/hints?name=%E4%B8%8A%E6%B5%B7%E5%AE%8F%E6%88%90%E9%98%80%E9%97%A8";
    let known = office.rep.get(hints).await.is(200);
    assert_eq!(known["known"][0]["account_id"], account);
    let elsewhere = office.other_rep.get(hints).await.is(200);
    assert!(elsewhere["known"].as_array().unwrap().is_empty());
    assert_eq!(elsewhere["elsewhere"][0]["ask"], "Name of rep");
    office.finance.get(hints).await.is_problem(403, "forbidden");

    let search = "/api/search?q=%E9%98%80%E9%97%A8";
    let found = office.rep.get(search).await.is(200);
    assert_eq!(found["hits"][0]["entity"], "account");
    assert_eq!(found["hits"][0]["record"]["id"], account);
    let nothing = office.other_rep.get(search).await.is(200);
    assert!(nothing["hits"].as_array().unwrap().is_empty());
    assert_eq!(fault(&office.rep.get("/api/search?q=%20").await), "q");
    assert_eq!(
        fault(&office.rep.get("/api/search?q=a&limit=51").await),
        "limit"
    );
}
