//! The pool's limits and ways in and out.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::scope::Action;
use millrace_operations::entity::{account, opportunity, pool_move, role, user};
use millrace_operations::resources::{ListQuery, View, create, get, list, update};
use millrace_operations::service::assign::{assign, assign_lead};
use millrace_operations::service::claim::{claim, claim_lead};
use millrace_operations::service::pool::{PoolRules, set_rules};
use millrace_operations::service::release::{release, release_lead};
use millrace_operations::{Actor, Caller, ErrorKind, OperationsError, Result};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use crate::support::{Home, contract, row, time};

contract! {
    claims_made_count_until_midnight,
    a_former_owner_waits_whatever_happens_to_the_record,
    nobody_holds_more_than_the_role_may,
    a_lead_is_claimed_with_its_account,
    a_lead_that_an_assistant_enters_waits_to_be_claimed,
    who_may_release_and_assign,
    lists_of_ones_own_and_of_the_pool,
    rules_out_of_bounds_are_refused,
}

pub(crate) fn set_clock(home: &Home, at: DateTime<Utc>) {
    home.clock.advance(at - home.store.now());
}

/// An account in the pool.
pub(crate) async fn pooled(home: &Home, name: &str) -> i64 {
    let made = home
        .store
        .write(&Actor::system("test"), async |unit| {
            let account = account::ActiveModel {
                name: Set(name.to_owned()),
                normalised_name: Set(name.to_lowercase()),
                pool_state: Set("pooled".to_owned()),
                pooled_at: Set(Some(unit.now())),
                created_at: Set(unit.now()),
                phone: Set(Some("13800000001".to_owned())),
                ..Default::default()
            };
            unit.insert::<account::Model>(account).await
        })
        .await
        .unwrap();
    made.id
}

pub(crate) async fn claims(home: &Home, rep: &Caller, id: i64) -> Result<account::Model> {
    home.store
        .write(&rep.actor(), async |unit| claim(&unit, rep, id).await)
        .await
}

async fn releases(home: &Home, caller: &Caller, id: i64) -> Result<account::Model> {
    let work = async |unit| release(&unit, caller, id, "no need").await;
    home.store.write(&caller.actor(), work).await
}

async fn claims_made_count_until_midnight(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let mut ids = Vec::new();
    for index in 0..12 {
        ids.push(pooled(&home, &format!("Company {index}")).await);
    }
    for id in &ids[..10] {
        claims(&home, &ann, *id).await.unwrap();
    }
    for id in &ids[..3] {
        releases(&home, &ann, *id).await.unwrap();
    }
    let midnight = time("2026-03-03T00:00:00+08:00");
    for moment in [home.store.now(), midnight - TimeDelta::microseconds(1)] {
        set_clock(&home, moment);
        let error = claims(&home, &ann, ids[10]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limited);
        assert!(
            matches!(error, OperationsError::ClaimLimit { limit: 10, until } if until == midnight)
        );
    }
    set_clock(&home, midnight);
    claims(&home, &ann, ids[10]).await.unwrap();
}

async fn a_former_owner_waits_whatever_happens_to_the_record(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let bob = home.user("bob", "rep", None).await;
    let boss = home.user("boss", "director", None).await;
    let id = pooled(&home, "A").await;
    claims(&home, &ann, id).await.unwrap();
    let released = releases(&home, &ann, id).await.unwrap();
    assert_eq!(released.previous_owner_id, Some(ann.user_id));
    let end = home.store.now() + TimeDelta::days(15);
    home.clock.advance(TimeDelta::days(7));
    let input = row! {"industry": "pumps"};
    update(
        &home.store,
        &boss,
        &account::RESOURCE,
        id,
        released.version,
        &input,
    )
    .await
    .unwrap();
    // Somebody else in between changes nothing for her either.
    claims(&home, &bob, id).await.unwrap();
    releases(&home, &bob, id).await.unwrap();
    set_clock(&home, end - TimeDelta::microseconds(1));
    let error = claims(&home, &ann, id).await.unwrap_err();
    assert!(matches!(error, OperationsError::Cooldown { until, .. } if until == end));
    set_clock(&home, end);
    claims(&home, &ann, id).await.unwrap();
}

async fn nobody_holds_more_than_the_role_may(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let boss = home.user("boss", "director", None).await;
    let before = home.store.caller(ann.user_id).await.unwrap();
    assert_eq!(before, ann);
    home.store
        .write(&Actor::system("test"), async |unit| {
            let role = role::Entity::find()
                .filter(role::Column::Code.eq("rep"))
                .one(&unit)
                .await?
                .unwrap();
            let change = role::ActiveModel {
                pool_capacity: Set(Some(2)),
                ..Default::default()
            };
            unit.update(&role, change).await
        })
        .await
        .unwrap();
    let ann = home.store.caller(ann.user_id).await.unwrap();
    assert_eq!(
        ann.pool_capacity,
        Some(2),
        "a change of the role is seen at once"
    );
    let mut ids = Vec::new();
    for index in 0..3 {
        ids.push(pooled(&home, &format!("Company {index}")).await);
    }
    claims(&home, &ann, ids[0]).await.unwrap();
    claims(&home, &ann, ids[1]).await.unwrap();
    let full = |error: OperationsError| {
        assert!(
            matches!(
                error,
                OperationsError::PoolCapacity {
                    capacity: 2,
                    held: 2,
                    ..
                }
            ),
            "{error}"
        );
    };
    full(claims(&home, &ann, ids[2]).await.unwrap_err());
    let assigned = async || {
        let work = async |unit| assign(&unit, &boss, ids[2], ann.user_id, "hers").await;
        home.store.write(&boss.actor(), work).await
    };
    full(assigned().await.unwrap_err());
    releases(&home, &ann, ids[0]).await.unwrap();
    assert_eq!(assigned().await.unwrap().owner_id, Some(ann.user_id));
}

async fn lead_of(home: &Home, account_id: i64, owner_id: Option<i64>) -> i64 {
    let work = async |unit: millrace_operations::Unit| {
        let lead = opportunity::ActiveModel {
            name: Set("Valves".to_owned()),
            account_id: Set(account_id),
            owner_id: Set(owner_id),
            pipeline_id: Set(1),
            stage_id: Set(1),
            stage_entered_at: Set(unit.now()),
            opened_at: Set(unit.now()),
            last_moved_at: Set(unit.now()),
            ..Default::default()
        };
        unit.insert::<opportunity::Model>(lead).await
    };
    let lead = home.store.write(&Actor::system("test"), work).await;
    lead.unwrap().id
}

async fn a_lead_is_claimed_with_its_account(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let bob = home.user("bob", "rep", None).await;
    let boss = home.user("boss", "director", None).await;
    let account = pooled(&home, "A").await;
    let lead = lead_of(&home, account, None).await;
    let claims = async |rep: &Caller| {
        let work = async |unit| claim_lead(&unit, rep, lead).await;
        home.store.write(&rep.actor(), work).await
    };
    assert_eq!(claims(&ann).await.unwrap().owner_id, Some(ann.user_id));
    let read = get(&home.store, &ann, &account::RESOURCE, account)
        .await
        .unwrap();
    assert_eq!(read["owner_id"], ann.user_id);
    assert_eq!(read["phone"], "13800000001", "claimed: the number is shown");
    let error = claims(&bob).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("opportunity {lead} was claimed by Name of ann")
    );
    let made = pool_move::Entity::find()
        .filter(pool_move::Column::Kind.eq("claim"))
        .count(home.store.reader())
        .await
        .unwrap();
    assert_eq!(made, 1, "both are one claim");
    let work = async |unit| release_lead(&unit, &ann, lead, "too small").await;
    home.store.write(&ann.actor(), work).await.unwrap();
    let error = claims(&ann).await.unwrap_err();
    assert!(matches!(error, OperationsError::Cooldown { .. }), "{error}");
    let work = async |unit| assign_lead(&unit, &boss, lead, bob.user_id, "his").await;
    let given = home.store.write(&boss.actor(), work).await.unwrap();
    assert_eq!(given.owner_id, Some(bob.user_id));
    home.clock.advance(TimeDelta::days(2));
    assert_eq!(claims(&ann).await.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn a_lead_that_an_assistant_enters_waits_to_be_claimed(home: Home) {
    let home = home.initialised().await;
    let team = home.team("East", None).await;
    let assistant = home.user("assistant", "sales_assistant", Some(team)).await;
    let rep = home.user("rep", "rep", Some(team)).await;
    let account = create(
        &home.store,
        &assistant,
        &account::RESOURCE,
        &row! {"name": "A"},
    )
    .await
    .unwrap();
    let input = row! {"account_id": account["id"], "name": "Valves"};
    let lead = create(&home.store, &assistant, &opportunity::RESOURCE, &input)
        .await
        .unwrap();
    assert!(lead["owner_id"].is_null());
    assert_eq!(lead["team_id"], team);
    let query = ListQuery {
        view: Some(View::Pool),
        ..ListQuery::default()
    };
    let page = list(&home.store, &rep, &opportunity::RESOURCE, &query).await;
    assert_eq!(page.unwrap().rows.len(), 1);
    let id = lead["id"].as_i64().unwrap();
    let work = async |unit| claim_lead(&unit, &rep, id).await;
    let claimed = home.store.write(&rep.actor(), work).await.unwrap();
    assert_eq!(claimed.owner_id, Some(rep.user_id));
    let input = row! {"account_id": account["id"], "name": "Pumps"};
    let own = create(&home.store, &rep, &opportunity::RESOURCE, &input).await;
    assert_eq!(own.unwrap()["owner_id"], rep.user_id);
}

async fn who_may_release_and_assign(home: Home) {
    let home = home.initialised().await;
    let east = home.team("East", None).await;
    let south = home.team("South", None).await;
    let ann = home.user("ann", "rep", Some(east)).await;
    let eve = home.user("eve", "rep", Some(east)).await;
    let lead = home.user("lead", "team_lead", Some(east)).await;
    let other = home.user("other", "team_lead", Some(south)).await;
    let id = pooled(&home, "A").await;
    claims(&home, &ann, id).await.unwrap();
    for (caller, kind) in [(&eve, ErrorKind::NotFound), (&other, ErrorKind::NotFound)] {
        assert_eq!(releases(&home, caller, id).await.unwrap_err().kind(), kind);
    }
    let assigns = async |by: &Caller, to: &Caller| {
        let work = async |unit| assign(&unit, by, id, to.user_id, "better so").await;
        home.store.write(&by.actor(), work).await
    };
    assert_eq!(
        assigns(&ann, &eve).await.unwrap_err().kind(),
        ErrorKind::Forbidden
    );
    assert_eq!(
        assigns(&lead, &other).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    let given = assigns(&lead, &eve).await.unwrap();
    assert_eq!(given.previous_owner_id, Some(ann.user_id));
    home.store
        .write(&Actor::system("test"), async |unit| {
            let read = unit.get::<user::Model>(ann.user_id).await?;
            let change = user::ActiveModel {
                enabled: Set(false),
                ..Default::default()
            };
            unit.update(&read, change).await
        })
        .await
        .unwrap();
    assert_eq!(
        assigns(&lead, &ann).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert!(home.store.caller(ann.user_id).await.is_err(), "nor sign in");
    let released = releases(&home, &lead, id).await.unwrap();
    assert_eq!((released.owner_id, released.team_id), (None, Some(east)));
    assert_eq!(
        releases(&home, &lead, id).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

async fn lists_of_ones_own_and_of_the_pool(home: Home) {
    let home = home.initialised().await;
    let world = crate::world::World::generate(&home, 21).await;
    let all = account::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    for caller in &world.people {
        let Some(scope) = caller.rights.scope("account", Action::Read) else {
            continue;
        };
        let ids = async |view| {
            let query = ListQuery {
                view: Some(view),
                ..ListQuery::default()
            };
            let page = list(&home.store, caller, &account::RESOURCE, &query)
                .await
                .unwrap();
            let ids = page.rows.iter().map(|row| row["id"].as_i64().unwrap());
            ids.rev().collect::<Vec<_>>()
        };
        let wanted = |fits: &dyn Fn(&account::Model) -> bool| {
            let fitting = all.iter().filter(|account| fits(account));
            fitting.map(|account| account.id).collect::<Vec<_>>()
        };
        let mine = wanted(&|account| account.owner_id == Some(caller.user_id));
        assert_eq!(ids(View::Mine).await, mine, "{}", caller.role);
        let claims = caller.rights.scope("account", Action::Claim).is_some();
        let pool = wanted(&|account| {
            use millrace_models::scope::Scope;
            let team = match (scope, account.team_id) {
                (Scope::All, _) => true,
                (Scope::Team, Some(team)) => caller.team_id == Some(team),
                (Scope::TeamTree, Some(team)) => caller.team_tree.contains(&team),
                _ => false,
            };
            account.owner_id.is_none() && (claims || team)
        });
        assert_eq!(ids(View::Pool).await, pool, "{}", caller.role);
    }
}

async fn rules_out_of_bounds_are_refused(home: Home) {
    let home = home.initialised().await;
    let administrator = home.user("root", "administrator", None).await;
    let rep = home.user("rep", "rep", None).await;
    let sets = async |caller: &Caller, rules: PoolRules| {
        let work = async |unit| set_rules(&unit, caller, &rules).await;
        home.store.write(&caller.actor(), work).await
    };
    let rules = PoolRules {
        cooldown_days: 3,
        ..PoolRules::default()
    };
    assert_eq!(
        sets(&rep, rules.clone()).await.unwrap_err().kind(),
        ErrorKind::Forbidden
    );
    for _ in 0..2 {
        sets(&administrator, rules.clone()).await.unwrap();
    }
    assert_eq!(PoolRules::load(home.store.reader()).await.unwrap(), rules);
    let wrong = PoolRules {
        contact_working_days: 0,
        ..rules
    };
    let error = sets(&administrator, wrong).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "contact_working_days: must be from 1 to 365, not 0"
    );
}
