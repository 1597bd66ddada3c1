use millrace_operations::entity::account;
use sea_orm::Set;
use serde_json::{Value, json};

use crate::app::{App, now};

async fn pooled(app: &App) -> i64 {
    let account = account::ActiveModel {
        name: Set("上海宏成阀门有限公司".to_owned()),
        normalised_name: Set("上海宏成阀门".to_owned()),
        pool_state: Set("pooled".to_owned()),
        created_at: Set(now()),
        phone: Set(Some("13812345678".to_owned())),
        ..Default::default()
    };
    app.insert::<account::Model>(account).await.id
}

async fn one_wins(app: App) {
    let id = pooled(&app).await;
    let (first, second) = (
        app.user("li", "rep", None).await,
        app.user("wang", "rep", None).await,
    );
    let address = format!("/api/accounts/{id}/claim");
    let answer = first.post(&address, &Value::Null).await;
    let claimed = answer.is(200);
    assert_eq!(claimed["record"]["owner_id"], first.caller().user_id);
    assert_eq!(claimed["record"]["phone"], "13812345678");
    let label = &claimed["labels"]["user"][first.caller().user_id.to_string()];
    assert_eq!(label, &json!({"label": "Name of li"}));
    assert_eq!(answer.headers["etag"], "\"2\"");

    let problem = second
        .post(&address, &Value::Null)
        .await
        .is_problem(409, "already-claimed");
    assert_eq!(problem["owner"], "Name of li");
    assert_eq!(problem["owner_id"], first.caller().user_id);
    assert_eq!(
        (&problem["entity"], &problem["id"]),
        (&json!("account"), &json!(id))
    );
}

#[tokio::test]
async fn of_two_who_claim_one_wins_and_the_other_is_told() {
    one_wins(App::empty().await).await;
}

#[tokio::test]
async fn of_two_who_claim_one_wins_on_postgres() {
    if let Some(builder) = App::builder().on_postgres().await {
        one_wins(builder.build().await).await;
    }
}

#[tokio::test]
async fn who_may_not_claim_is_told_so() {
    let app = App::empty().await;
    let id = pooled(&app).await;
    let address = format!("/api/accounts/{id}/claim");
    let problem = app
        .client("finance")
        .await
        .post(&address, &Value::Null)
        .await
        .is_problem(403, "forbidden");
    assert_eq!(
        (&problem["entity"], &problem["action"]),
        (&json!("account"), &json!("claim"))
    );
    app.anonymous()
        .post(&address, &Value::Null)
        .await
        .is_problem(401, "unauthenticated");
    let rep = app.client("rep").await;
    for (address, code) in [
        ("/api/accounts/999/claim", "not-found"),
        ("/api/accounts/x/claim", "not-found"),
    ] {
        rep.post(address, &Value::Null).await.is_problem(404, code);
    }
}
