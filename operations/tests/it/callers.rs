//! Who asks is as the roles and teams are now, though they are kept in memory.

use millrace_operations::entity::{role, team};
use millrace_operations::{Actor, Caller, ErrorKind, Unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use crate::support::{Home, contract};

contract! {
    a_change_of_roles_or_teams_is_seen_at_once,
}

async fn a_change_of_roles_or_teams_is_seen_at_once(home: Home) {
    let home = home.initialised().await;
    let top = home.team("China", None).await;
    let boss = home.user("boss", "regional_manager", Some(top)).await;
    // A second process, with a memory of its own.
    let other = home.reopen().await.unwrap();
    let agree = async |expected: &dyn Fn(&Caller) -> bool| {
        let fresh = Caller::load(home.store.reader(), boss.user_id)
            .await
            .unwrap();
        assert!(expected(&fresh));
        for store in [&home.store, &other, &home.store] {
            assert_eq!(store.caller(boss.user_id).await.unwrap(), fresh);
        }
    };
    agree(&|caller| caller.team_tree == [top]).await;
    let east = home.team("East", Some(top)).await;
    agree(&|caller| caller.team_tree == [top, east]).await;
    let work = async |unit: Unit| {
        let read = unit.get::<team::Model>(east).await?;
        unit.delete(&read).await?;
        let read = role::Entity::find()
            .filter(role::Column::Code.eq("regional_manager"))
            .one(&unit)
            .await?
            .unwrap();
        let change = role::ActiveModel {
            daily_claims: Set(Some(77)),
            ..Default::default()
        };
        unit.update(&read, change).await
    };
    home.store
        .write(&Actor::system("test"), work)
        .await
        .unwrap();
    agree(&|caller| caller.team_tree == [top] && caller.daily_claims == Some(77)).await;
    for store in [&home.store, &other] {
        let nobody = store.caller(4_711).await.unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::Unauthenticated);
    }
}
