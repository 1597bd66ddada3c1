//! Lists: filters, words, order, cursors.

use chrono::{DateTime, Utc};
use millrace_operations::entity::{account, todo};
use millrace_operations::resources::{Filter, ListQuery, Operator, Sort, create, list};
use millrace_operations::row::Row;
use millrace_operations::{Caller, ErrorKind};
use sea_orm::JsonValue;
use serde_json::json;

use crate::support::{Dice, Home, contract, row};

contract! {
    pages_in_any_order_hold_every_row_once,
    filters_mean_what_they_say,
    words_are_looked_for_as_written,
    what_is_wrong_is_named,
}

async fn filled(home: &Home) -> Caller {
    let rep = home.user("ann", "rep", None).await;
    let mut dice = Dice::new(42);
    for index in 0..23 {
        let mut input = row! {"title": format!("Task {}", dice.below(5))};
        if dice.below(3) > 0 {
            let day = 1 + dice.below(4);
            input.insert(
                "due_at".to_owned(),
                format!("2026-03-0{day}T00:00:00.{index}Z").into(),
            );
        }
        create(&home.store, &rep, &todo::RESOURCE, &input)
            .await
            .unwrap();
    }
    rep
}

async fn pages_in_any_order_hold_every_row_once(home: Home) {
    let home = home.initialised().await;
    let rep = filled(&home).await;
    for field in ["id", "title", "due_at", "recorded_at"] {
        for descending in [false, true] {
            for limit in [1, 4, 100] {
                let mut query = ListQuery {
                    sort: Some(Sort {
                        field: field.to_owned(),
                        descending,
                    }),
                    limit: Some(limit),
                    ..ListQuery::default()
                };
                let mut rows: Vec<Row> = Vec::new();
                loop {
                    let page = list(&home.store, &rep, &todo::RESOURCE, &query)
                        .await
                        .unwrap();
                    rows.extend(page.rows);
                    query.cursor = page.next;
                    if query.cursor.is_none() {
                        break;
                    }
                }
                let mut right = rows.clone();
                // Nothing comes last in both directions, ties are in the order of ids.
                right.sort_by(|left, right| {
                    let key = |row: &Row| {
                        let text = row[field].as_str().unwrap_or_default();
                        let time = text.parse::<DateTime<Utc>>().unwrap_or_default();
                        (time, text.to_owned(), row["id"].as_i64())
                    };
                    let (left_null, right_null) = (left[field].is_null(), right[field].is_null());
                    let order = key(left).cmp(&key(right));
                    let order = if descending { order.reverse() } else { order };
                    left_null.cmp(&right_null).then(order)
                });
                assert_eq!(rows.len(), 23, "{field} {descending} {limit}");
                let ids =
                    |rows: &[Row]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
                assert_eq!(ids(&rows), ids(&right), "{field} {descending} {limit}");
            }
        }
    }
}

async fn count(
    home: &Home,
    rep: &Caller,
    field: &str,
    operator: Operator,
    values: JsonValue,
) -> usize {
    let query = ListQuery {
        filters: vec![Filter {
            field: field.to_owned(),
            operator,
            values: values.as_array().unwrap().clone(),
        }],
        limit: Some(100),
        ..ListQuery::default()
    };
    list(&home.store, rep, &todo::RESOURCE, &query)
        .await
        .unwrap()
        .rows
        .len()
}

async fn filters_mean_what_they_say(home: Home) {
    let home = home.initialised().await;
    let rep = filled(&home).await;
    let none = count(&home, &rep, "due_at", Operator::IsNull, json!([])).await;
    let some = count(&home, &rep, "due_at", Operator::IsSet, json!([])).await;
    assert!(none > 0 && some > 0);
    assert_eq!(none + some, 23);
    let day = json!(["2026-03-03T08:00:00+08:00"]);
    let before = count(&home, &rep, "due_at", Operator::Below, day.clone()).await;
    let after = count(&home, &rep, "due_at", Operator::AtLeast, day).await;
    assert_eq!(before + after, some);
    assert_eq!(
        count(&home, &rep, "state", Operator::In, json!(["open", "done"])).await,
        23
    );
    assert_eq!(
        count(&home, &rep, "state", Operator::In, json!([])).await,
        0
    );
    assert_eq!(
        count(&home, &rep, "quote_id", Operator::NotIn, json!([1])).await,
        23
    );
    assert_eq!(
        count(&home, &rep, "id", Operator::AtMost, json!([5])).await,
        5
    );
}

async fn words_are_looked_for_as_written(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "rep", None).await;
    for name in [
        "上海阀门有限公司",
        "Valves 100% Ltd",
        "Valves 1000 Ltd",
        "a_b",
        "aXb",
    ] {
        create(&home.store, &rep, &account::RESOURCE, &row! {"name": name})
            .await
            .unwrap();
    }
    for (words, found) in [
        ("阀门", 1),
        ("VALVES", 2),
        ("valves 100%", 1),
        ("a_b", 1),
        ("ltd 1000", 1),
        ("nothing", 0),
    ] {
        let query = ListQuery {
            search: Some(words.to_owned()),
            ..ListQuery::default()
        };
        let page = list(&home.store, &rep, &account::RESOURCE, &query)
            .await
            .unwrap();
        assert_eq!(page.rows.len(), found, "{words}");
    }
}

async fn what_is_wrong_is_named(home: Home) {
    let home = home.initialised().await;
    let rep = filled(&home).await;
    let message = async |query: ListQuery| {
        let error = list(&home.store, &rep, &todo::RESOURCE, &query)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        error.to_string()
    };
    let query = ListQuery::default();
    assert_eq!(
        message(ListQuery {
            limit: Some(101),
            ..query.clone()
        })
        .await,
        "limit: must be from 1 to 100"
    );
    assert_eq!(
        message(ListQuery {
            cursor: Some("x".to_owned()),
            ..query.clone()
        })
        .await,
        "the cursor is not one of this list: begin again without it"
    );
    let sort = Some(Sort {
        field: "colour".to_owned(),
        descending: false,
    });
    assert_eq!(
        message(ListQuery {
            sort,
            ..query.clone()
        })
        .await,
        "colour: todo records can be sorted by id, title, due_at, snoozed_until, completed_at, recorded_at, updated_at"
    );
    let filters = vec![Filter {
        field: "owner_id".to_owned(),
        operator: Operator::In,
        values: vec![json!("me")],
    }];
    assert_eq!(
        message(ListQuery { filters, ..query }).await,
        "owner_id: must be compared with a whole number"
    );
}
