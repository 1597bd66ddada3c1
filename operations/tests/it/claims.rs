//! A claim is atomic: of many at once, one wins and the others are told who did.

use chrono::TimeDelta;
use millrace_operations::entity::{account, pool_move};
use millrace_operations::resources::create;
use millrace_operations::service::claim::claim;
use millrace_operations::{Caller, ErrorKind, OperationsError};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::support::{Home, contract, row};

contract! {
    of_32_claims_one_wins_and_31_are_told_who,
    a_day_later_nobody_is_told_whose_it_is,
}

/// How many rounds are played: ten, or as many as `MILLRACE_CLAIM_ROUNDS` says for the long run.
fn rounds() -> usize {
    let given = std::env::var("MILLRACE_CLAIM_ROUNDS").ok();
    given.map_or(10, |rounds| rounds.parse().unwrap())
}

async fn pooled(home: &Home, assistant: &Caller, name: &str) -> i64 {
    let made = create(
        &home.store,
        assistant,
        &account::RESOURCE,
        &row! {"name": name},
    )
    .await
    .unwrap();
    assert_eq!(made["pool_state"], "pooled");
    made["id"].as_i64().unwrap()
}

async fn of_32_claims_one_wins_and_31_are_told_who(home: Home) {
    let home = home.initialised().await;
    let assistant = home.user("assistant", "sales_assistant", None).await;
    let mut reps = Vec::new();
    for index in 0..32 {
        reps.push(home.user(&format!("rep{index}"), "rep", None).await);
    }
    for round in 0..rounds() {
        // Nobody runs out of the claims of a day.
        home.clock.advance(TimeDelta::days(1));
        let id = pooled(&home, &assistant, &format!("Company {round}")).await;
        let claims: Vec<_> = reps
            .iter()
            .map(|rep| {
                let (store, rep) = (home.store.clone(), rep.clone());
                tokio::spawn(async move {
                    let claimed = store
                        .write(&rep.actor(), async |unit| claim(&unit, &rep, id).await)
                        .await;
                    (rep.user_id, claimed)
                })
            })
            .collect();
        let mut winners = Vec::new();
        let mut told = Vec::new();
        for claim in claims {
            match claim.await.unwrap() {
                (user_id, Ok(account)) => {
                    assert_eq!(account.owner_id, Some(user_id));
                    winners.push(user_id);
                }
                (
                    _,
                    Err(OperationsError::AlreadyClaimed {
                        owner_id, owner, ..
                    }),
                ) => {
                    told.push((owner_id, owner));
                }
                (_, Err(error)) => panic!("{error}"),
            }
        }
        assert_eq!(winners.len(), 1);
        let name = &reps
            .iter()
            .find(|rep| rep.user_id == winners[0])
            .unwrap()
            .name;
        assert_eq!(told.len(), 31);
        assert!(
            told.iter()
                .all(|(id, owner)| *id == winners[0] && owner == name)
        );
        let moves = pool_move::Entity::find()
            .filter(pool_move::Column::AccountId.eq(id))
            .count(home.store.reader())
            .await
            .unwrap();
        assert_eq!(moves, 1);
    }
}

async fn a_day_later_nobody_is_told_whose_it_is(home: Home) {
    let home = home.initialised().await;
    let assistant = home.user("assistant", "sales_assistant", None).await;
    let (ann, bob) = (
        home.user("ann", "rep", None).await,
        home.user("bob", "rep", None).await,
    );
    let id = pooled(&home, &assistant, "A").await;
    let claims = async |rep: &Caller| {
        home.store
            .write(&rep.actor(), async |unit| claim(&unit, rep, id).await)
            .await
    };
    claims(&ann).await.unwrap();
    let error = claims(&bob).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("account {id} was claimed by Name of ann")
    );
    home.clock
        .advance(TimeDelta::days(1) + TimeDelta::microseconds(1));
    assert_eq!(claims(&bob).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        claims(&assistant).await.unwrap_err().kind(),
        ErrorKind::Forbidden
    );
}
