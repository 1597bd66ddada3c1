//! Accounts of the pool are routed to teams, and asked for by others.

use millrace_operations::entity::{account, account_tag, pool_move, routing_rule, tag, team, todo};
use millrace_operations::resources::{create, get, update};
use millrace_operations::service::assign::assign;
use millrace_operations::service::request::request;
use millrace_operations::{Actor, Caller, ErrorKind, OperationsError};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use crate::pool::{claims, pooled};
use crate::support::{Home, contract, row};

contract! {
    rules_and_tags_route_accounts_to_teams,
    a_request_is_answered_by_assigning,
}

async fn rules_and_tags_route_accounts_to_teams(home: Home) {
    let home = home.initialised().await;
    let east = home.team("East", None).await;
    let shanghai = home.team("Shanghai", Some(east)).await;
    let south = home.team("South", None).await;
    let assistant = home.user("assistant", "sales_assistant", Some(south)).await;
    let administrator = home.user("root", "administrator", None).await;
    let tag = create(
        &home.store,
        &administrator,
        &tag::RESOURCE,
        &row! {"name": "pumps"},
    )
    .await
    .unwrap()["id"]
        .as_i64()
        .unwrap();
    for rule in [
        row! {"position": 2, "region": "华东", "team_id": east},
        row! {"position": 1, "region": "华东", "industry": "pumps", "team_id": south},
        row! {"position": 3, "tag_id": tag, "team_id": shanghai},
    ] {
        create(&home.store, &administrator, &routing_rule::RESOURCE, &rule)
            .await
            .unwrap();
    }
    let enter = async |input| {
        let made = create(&home.store, &assistant, &account::RESOURCE, &input)
            .await
            .unwrap();
        (made["id"].as_i64().unwrap(), made["team_id"].as_i64())
    };
    assert_eq!(
        enter(row! {"name": "A", "region": "华东", "industry": "pumps"})
            .await
            .1,
        Some(south)
    );
    let (elsewhere, team) = enter(row! {"name": "B", "region": "华东"}).await;
    assert_eq!(team, Some(east));
    let (tagged, team) = enter(row! {"name": "C", "region": "华北"}).await;
    assert_eq!(team, Some(south), "no rule: the team of who entered it");
    let input = row! {"account_id": tagged, "tag_id": tag};
    create(&home.store, &administrator, &account_tag::RESOURCE, &input)
        .await
        .unwrap();
    let read = get(&home.store, &administrator, &account::RESOURCE, tagged)
        .await
        .unwrap();
    assert_eq!(read["team_id"], shanghai, "a tag routes anew");
    let version = read["version"].as_i64().unwrap();
    let input = row! {"region": "华东"};
    let read = update(
        &home.store,
        &administrator,
        &account::RESOURCE,
        tagged,
        version,
        &input,
    )
    .await
    .unwrap();
    assert_eq!(read["team_id"], east, "so does the region");

    let (far, near) = (
        home.user("far", "rep", Some(south)).await,
        home.user("near", "rep", Some(shanghai)).await,
    );
    let error = claims(&home, &far, elsewhere).await.unwrap_err();
    assert!(matches!(error, OperationsError::RoutedElsewhere { .. }));
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    let hidden = get(&home.store, &near, &account::RESOURCE, tagged)
        .await
        .unwrap();
    assert!(!hidden.contains_key("phone"));
    claims(&home, &near, elsewhere).await.unwrap();
}

async fn a_request_is_answered_by_assigning(home: Home) {
    let home = home.initialised().await;
    let east = home.team("East", None).await;
    let south = home.team("South", None).await;
    let lead = home.user("lead", "regional_manager", Some(east)).await;
    let far = home.user("far", "rep", Some(south)).await;
    let boss = home.user("boss", "director", None).await;
    let id = pooled(&home, "A").await;
    home.store
        .write(&Actor::system("test"), async |unit| {
            let read = unit.get::<team::Model>(east).await?;
            let change = team::ActiveModel {
                leader_id: Set(Some(lead.user_id)),
                ..Default::default()
            };
            unit.update(&read, change).await?;
            let read = unit.get::<account::Model>(id).await?;
            let change = account::ActiveModel {
                team_id: Set(Some(east)),
                ..Default::default()
            };
            unit.update(&read, change).await
        })
        .await
        .unwrap();
    let asks = async |reason: &str| {
        let work = async |unit| request(&unit, &far, id, reason).await;
        home.store.write(&far.actor(), work).await
    };
    assert_eq!(asks(" ").await.unwrap_err().kind(), ErrorKind::Invalid);
    for _ in 0..2 {
        assert_eq!(asks("an old friend").await.unwrap().user_id, lead.user_id);
    }
    let todos = todo::Entity::find().all(home.store.reader()).await.unwrap();
    assert_eq!(todos.len(), 1, "asked once a day");
    assert_eq!(todos[0].owner_id, Some(lead.user_id));
    let assigns = async |by: &Caller| {
        let work = async |unit| assign(&unit, by, id, far.user_id, "granted").await;
        home.store.write(&by.actor(), work).await
    };
    let error = assigns(&lead).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Invalid,
        "not in the teams of the lead: {error}"
    );
    assert_eq!(assigns(&boss).await.unwrap().team_id, Some(south));
    assert_eq!(asks("again").await.unwrap_err().kind(), ErrorKind::Invalid);
    let kinds = pool_move::Entity::find()
        .filter(pool_move::Column::Kind.is_in(["request", "assign"]))
        .count(home.store.reader())
        .await
        .unwrap();
    assert_eq!(kinds, 2);
}
