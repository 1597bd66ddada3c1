//! A handover moves all work, and nothing that was achieved.

use std::collections::{BTreeMap, BTreeSet};

use millrace_operations::entity::{
    account, contact, contract, handover, interaction, opportunity, pool_move, quote, stage_change,
    ticket, todo,
};
use millrace_operations::service::handover::{Heir, Moved, Plan, Rule, hand_over, preview};
use millrace_operations::{Actor, Caller, ErrorKind, Result, Unit};
use sea_orm::{ConnectionTrait, EntityTrait, Set, Statement};

use crate::support::{Home, contract, time};

contract! {
    sums_and_history_stay_and_open_work_goes,
    successors_are_chosen_by_rule,
    only_those_who_assign_hand_over,
}

/// What somebody works on: accounts in two regions, each with a deal, a won deal, quotes, a ticket
/// and a to-do, and a to-do of no account.
async fn work_of(home: &Home, rep: &Caller) {
    let work = async |unit: Unit| {
        for index in 0..6_i64 {
            let account = account::ActiveModel {
                name: Set(format!("Company {index}")),
                normalised_name: Set(format!("company{index}")),
                pool_state: Set("owned".to_owned()),
                owner_id: Set(Some(rep.user_id)),
                team_id: Set(rep.team_id),
                region: Set(Some(
                    if index % 2 == 0 { "华东" } else { "华南" }.to_owned(),
                )),
                claimed_at: Set(Some(unit.now())),
                created_at: Set(unit.now()),
                ..Default::default()
            };
            let account_id = unit.insert::<account::Model>(account).await?.id;
            let person = contact::ActiveModel {
                account_id: Set(account_id),
                name: Set("Li".to_owned()),
                ..Default::default()
            };
            unit.insert::<contact::Model>(person).await?;
            for outcome in ["open", "won", "delivering", "lost"] {
                deal(&unit, rep, account_id, outcome, 1_000_000 + index).await?;
            }
            let talk = interaction::ActiveModel {
                account_id: Set(account_id),
                by_id: Set(Some(rep.user_id)),
                kind: Set("visit".to_owned()),
                at: Set(unit.now()),
                content: Set("talked".to_owned()),
                next_step: Set(Some("call again".to_owned())),
                ..Default::default()
            };
            unit.insert::<interaction::Model>(talk).await?;
            for (status, done) in [("open", false), ("closed", true)] {
                let ticket = ticket::ActiveModel {
                    kind: Set("complaint".to_owned()),
                    title: Set("leaks".to_owned()),
                    account_id: Set(Some(account_id)),
                    owner_id: Set(Some(rep.user_id)),
                    team_id: Set(rep.team_id),
                    status: Set(status.to_owned()),
                    opened_at: Set(unit.now()),
                    ..Default::default()
                };
                unit.insert::<ticket::Model>(ticket).await?;
                let todo = todo::ActiveModel {
                    title: Set("call back".to_owned()),
                    account_id: Set(Some(account_id)),
                    owner_id: Set(Some(rep.user_id)),
                    team_id: Set(rep.team_id),
                    state: Set(if done { "done" } else { "snoozed" }.to_owned()),
                    completed_at: Set(done.then_some(unit.now())),
                    due_at: Set(Some(time("2026-04-01T09:00:00+08:00"))),
                    ..Default::default()
                };
                unit.insert::<todo::Model>(todo).await?;
            }
        }
        let loose = todo::ActiveModel {
            title: Set("return the car".to_owned()),
            owner_id: Set(Some(rep.user_id)),
            ..Default::default()
        };
        unit.insert::<todo::Model>(loose).await
    };
    home.store
        .write(&Actor::system("test"), work)
        .await
        .unwrap();
}

async fn deal(
    unit: &Unit,
    rep: &Caller,
    account_id: i64,
    outcome: &str,
    amount: i64,
) -> Result<()> {
    let ended = (outcome != "open").then_some(unit.now());
    let won = ["won", "delivering"].contains(&outcome);
    let deal = opportunity::ActiveModel {
        name: Set("Valves".to_owned()),
        account_id: Set(account_id),
        owner_id: Set(Some(rep.user_id)),
        team_id: Set(rep.team_id),
        pipeline_id: Set(1),
        stage_id: Set(3),
        stage_entered_at: Set(time("2026-02-01T09:00:00+08:00")),
        outcome: Set(if won { "won" } else { outcome }.to_owned()),
        opened_at: Set(time("2026-01-01T09:00:00+08:00")),
        won_at: Set(ended.filter(|_| won)),
        closed_at: Set(ended),
        completed_at: Set(ended.filter(|_| outcome == "won")),
        last_moved_at: Set(unit.now()),
        amount: Set(Some(amount)),
        ..Default::default()
    };
    let deal = unit.insert::<opportunity::Model>(deal).await?;
    let change = stage_change::ActiveModel {
        opportunity_id: Set(deal.id),
        stage_id: Set(3),
        changed_at: Set(unit.now()),
        by_id: Set(Some(rep.user_id)),
        kind: Set("forward".to_owned()),
        ..Default::default()
    };
    unit.insert::<stage_change::Model>(change).await?;
    let outcomes = if outcome == "open" {
        ["sent", "draft"]
    } else {
        ["accepted", "declined"]
    };
    for outcome in outcomes {
        let quote = quote::ActiveModel {
            account_id: Set(account_id),
            opportunity_id: Set(Some(deal.id)),
            owner_id: Set(Some(rep.user_id)),
            team_id: Set(rep.team_id),
            outcome: Set(outcome.to_owned()),
            amount: Set(Some(amount)),
            ..Default::default()
        };
        unit.insert::<quote::Model>(quote).await?;
    }
    if won {
        let status = if outcome == "won" {
            "completed"
        } else {
            "effective"
        };
        let contract = contract::ActiveModel {
            name: Set("Sale".to_owned()),
            account_id: Set(account_id),
            opportunity_id: Set(Some(deal.id)),
            owner_id: Set(Some(rep.user_id)),
            kind: Set("sale".to_owned()),
            status: Set(status.to_owned()),
            effective_on: Set(Some(unit.today())),
            amount: Set(Some(amount)),
            ..Default::default()
        };
        unit.insert::<contract::Model>(contract).await?;
    }
    Ok(())
}

async fn sum(home: &Home, sql: &str) -> Vec<i64> {
    let statement = Statement::from_string(home.store.backend(), sql);
    let row = home
        .store
        .reader()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap();
    (0..2)
        .map(|index| row.try_get_by_index(index).unwrap())
        .collect()
}

/// Counts and sums that a handover must not change.
async fn sums(home: &Home, leaver: i64) -> Vec<Vec<i64>> {
    let owned = format!("owner_id = {leaver}");
    let mut sums = Vec::new();
    for sql in [
        "COUNT(*), CAST(SUM(amount) AS BIGINT) FROM opportunities".to_owned(),
        "COUNT(*), CAST(SUM(amount) AS BIGINT) FROM opportunities WHERE outcome = 'open' AND stage_id = 3".to_owned(),
        "COUNT(*), CAST(SUM(amount) AS BIGINT) FROM quotes".to_owned(),
        format!("COUNT(*), CAST(SUM(amount) AS BIGINT) FROM opportunities WHERE (outcome = 'lost' OR completed_at IS NOT NULL) AND {owned}"),
        format!("COUNT(*), CAST(SUM(amount) AS BIGINT) FROM quotes WHERE outcome IN ('accepted', 'declined') AND {owned}"),
        format!("COUNT(*), CAST(SUM(amount) AS BIGINT) FROM contracts WHERE status = 'completed' AND {owned}"),
        format!("COUNT(*), CAST(SUM(version) AS BIGINT) FROM stage_changes WHERE by_id = {leaver}"),
        format!("COUNT(*), CAST(SUM(version) AS BIGINT) FROM interactions WHERE by_id = {leaver}"),
        "COUNT(*), CAST(SUM(version) AS BIGINT) FROM contacts".to_owned(),
        format!("COUNT(*), CAST(SUM(version) AS BIGINT) FROM todos WHERE state = 'done' AND {owned}"),
        "COUNT(*), CAST(SUM(id) AS BIGINT) FROM todos WHERE state = 'snoozed' AND due_at IS NOT NULL".to_owned(),
    ] {
        sums.push(sum(home, &format!("SELECT {sql}")).await);
    }
    sums
}

async fn plan(home: &Home, caller: &Caller, from: i64, rule: &Rule) -> Result<Plan> {
    let work = async |unit| preview(&unit, caller, from, rule).await;
    home.store.write(&caller.actor(), work).await
}

async fn does(home: &Home, caller: &Caller, from: i64, rule: &Rule) -> Result<handover::Model> {
    let work = async |unit| hand_over(&unit, caller, from, rule, "left the firm").await;
    home.store.write(&caller.actor(), work).await
}

async fn sums_and_history_stay_and_open_work_goes(home: Home) {
    let home = home.initialised().await;
    let team = home.team("East", None).await;
    let lead = home.user("lead", "team_lead", Some(team)).await;
    let leaver = home.user("leaver", "rep", Some(team)).await;
    let ann = home.user("ann", "rep", Some(team)).await;
    let bob = home.user("bob", "rep", Some(team)).await;
    work_of(&home, &leaver).await;
    let before = sums(&home, leaver.user_id).await;
    let rule = Rule::RoundRobin {
        successors: vec![ann.user_id, bob.user_id],
    };
    let plan_made = plan(&home, &lead, leaver.user_id, &rule).await.unwrap();
    assert_eq!(sums(&home, leaver.user_id).await, before);
    // 6 accounts, 6 open deals and 6 in delivery with their contracts, 12 open quotes, 6 tickets,
    // 6 to-dos and a loose one.
    assert_eq!(plan_made.moved.len(), 49);
    let held: Vec<i64> = plan_made
        .shares
        .iter()
        .map(|share| share.accounts_held)
        .collect();
    assert_eq!(held, [3, 3]);
    assert_eq!(plan_made.shares[0].records["quote"], 6);

    let receipt = does(&home, &lead, leaver.user_id, &rule).await.unwrap();
    let moved: Vec<Moved> = serde_json::from_value(receipt.moved.clone()).unwrap();
    assert_eq!(moved, plan_made.moved, "the receipt is what was shown");
    assert_eq!(
        (receipt.by_id, receipt.from_user_id),
        (Some(lead.user_id), leaver.user_id)
    );
    assert_eq!(sums(&home, leaver.user_id).await, before);
    for (table, open) in [
        ("accounts", "1 = 1"),
        (
            "opportunities",
            "outcome IN ('open', 'won') AND completed_at IS NULL",
        ),
        ("contracts", "status = 'effective'"),
        ("quotes", "outcome IN ('draft', 'sent')"),
        ("tickets", "status = 'open'"),
        ("todos", "state <> 'done'"),
    ] {
        let sql = format!(
            "SELECT COUNT(*), COUNT(*) FROM {table} WHERE {open} AND owner_id = {}",
            leaver.user_id
        );
        assert_eq!(sum(&home, &sql).await[0], 0, "{table}");
    }
    // What belongs to one account went to one person.
    let deals = opportunity::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    let accounts = account::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    for deal in deals.iter().filter(|deal| deal.outcome == "open") {
        let account = accounts
            .iter()
            .find(|account| account.id == deal.account_id)
            .unwrap();
        assert_eq!(deal.owner_id, account.owner_id);
        assert_eq!(account.previous_owner_id, Some(leaver.user_id));
        assert_eq!(deal.stage_entered_at, time("2026-02-01T09:00:00+08:00"));
    }
    let assigned = pool_move::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    assert!(assigned.len() == 6 && assigned.iter().all(|one| one.kind == "assign"));
    let again = does(&home, &lead, leaver.user_id, &rule).await.unwrap();
    assert_eq!(again.moved, serde_json::json!([]));
}

async fn successors_are_chosen_by_rule(home: Home) {
    let home = home.initialised().await;
    let boss = home.user("boss", "director", None).await;
    let east = home.team("East", None).await;
    let leaver = home.user("leaver", "rep", Some(east)).await;
    let ann = home.user("ann", "rep", None).await.user_id;
    let bob = home.user("bob", "rep", None).await.user_id;
    work_of(&home, &leaver).await;
    let by = async |rule: Rule| {
        let plan = plan(&home, &boss, leaver.user_id, &rule).await.unwrap();
        let to_ann = plan.moved.iter().filter(|one| one.to_user_id == ann);
        let to_ann: BTreeSet<i64> = to_ann
            .filter(|one| one.entity == "account")
            .map(|one| one.id)
            .collect();
        (to_ann, plan.moved.len())
    };
    let region = Rule::Region {
        regions: BTreeMap::from([("华东".to_owned(), ann)]),
        otherwise: bob,
    };
    assert_eq!(by(region).await, (BTreeSet::from([1, 3, 5]), 49));
    let team = Rule::Team {
        teams: vec![Heir {
            of: east,
            user_id: ann,
        }],
        otherwise: bob,
    };
    assert_eq!(by(team).await.0.len(), 6);
    let listed = Rule::Accounts {
        accounts: vec![Heir {
            of: 2,
            user_id: ann,
        }],
        otherwise: bob,
    };
    assert_eq!(by(listed.clone()).await.0, BTreeSet::from([2]));
    let text = serde_json::to_string(&listed).unwrap();
    assert_eq!(
        serde_json::from_str::<Rule>(&text).unwrap(),
        listed,
        "{text}"
    );
}

async fn only_those_who_assign_hand_over(home: Home) {
    let home = home.initialised().await;
    let east = home.team("East", None).await;
    let south = home.team("South", None).await;
    let leaver = home.user("leaver", "rep", Some(east)).await;
    let heir = home.user("heir", "rep", Some(east)).await;
    let far = home.user("far", "rep", Some(south)).await;
    let lead = home.user("lead", "team_lead", Some(east)).await;
    let other = home.user("other", "team_lead", Some(south)).await;
    work_of(&home, &leaver).await;
    let to = |person: &Caller| Rule::RoundRobin {
        successors: vec![person.user_id],
    };
    for (caller, rule, kind) in [
        (&heir, to(&heir), ErrorKind::Forbidden),
        (&other, to(&far), ErrorKind::Invalid),
        (&lead, to(&far), ErrorKind::Invalid),
        (&lead, to(&leaver), ErrorKind::Invalid),
        (
            &lead,
            Rule::RoundRobin { successors: vec![] },
            ErrorKind::Invalid,
        ),
    ] {
        let error = plan(&home, caller, leaver.user_id, &rule)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let error = does(&home, caller, leaver.user_id, &rule)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert!(does(&home, &lead, leaver.user_id, &to(&heir)).await.is_ok());
}
