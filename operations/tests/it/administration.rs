//! Users, teams, roles and settings, and that somebody is always left to administer them.

use millrace_models::scope::{Action, Allowance};
use millrace_operations::entity::{account, role, setting, team, user};
use millrace_operations::resources::{create, delete, update};
use millrace_operations::service::user::{
    NewUser, UserChange, change, create as enter, disable, enable, reset_password,
};
use millrace_operations::sign_in::{
    Password, SessionRules, SignIn, authenticate, authenticate_token, create_token, sign_in,
};
use millrace_operations::{Caller, ErrorKind, OperationsError, Rule};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::desk::{account_of, field, go, rule};
use crate::support::{Home, contract, row};

contract! {
    a_new_person_signs_in_once_with_the_password_shown,
    who_is_disabled_is_out_at_once,
    who_has_left_is_out,
    who_changes_teams_takes_their_work_along,
    somebody_is_left_who_administers,
    nothing_is_above_itself,
    team_names_are_one_and_used_ones_stay,
    rights_are_read_before_they_are_kept,
    a_full_rep_s_new_account_enters_the_pool,
}

struct Office {
    home: Home,
    admin: Caller,
}

impl Office {
    async fn open(home: Home) -> Self {
        let home = home.initialised().await;
        let admin = Caller::load(home.store.reader(), 1).await.unwrap();
        Self { home, admin }
    }

    async fn role(&self, code: &str) -> role::Model {
        let found = role::Entity::find()
            .filter(role::Column::Code.eq(code))
            .one(self.home.store.reader());
        found.await.unwrap().unwrap()
    }

    async fn person(&self, username: &str) -> NewUser {
        NewUser {
            username: username.to_owned(),
            name: "王磊".to_owned(),
            role_id: self.role("rep").await.id,
            ..NewUser::default()
        }
    }

    async fn enter(&self, input: &NewUser) -> millrace_operations::Result<(user::Model, Password)> {
        enter(&self.home.store, &self.admin, input).await
    }

    async fn sign_in(&self, username: &str, password: &Password) -> Option<String> {
        let with = SignIn {
            username: username.to_owned(),
            password: password.clone(),
            address: None,
            device: None,
        };
        let opened = sign_in(&self.home.store, SessionRules::default(), &with).await;
        opened.ok().map(|session| {
            assert!(session.must_change_password);
            session.token
        })
    }

    async fn is_in(&self, token: &str) -> bool {
        authenticate(&self.home.store, SessionRules::default(), token)
            .await
            .is_ok()
    }
}

async fn a_new_person_signs_in_once_with_the_password_shown(home: Home) {
    let office = Office::open(home).await;
    let input = office.person(" Wang.Lei ").await;
    let (made, password) = office.enter(&input).await.unwrap();
    assert_eq!(made.username, "wang.lei");
    let token = office.sign_in("wang.lei", &password).await.unwrap();
    let twice = office.enter(&input).await.unwrap_err();
    assert!(matches!(twice, OperationsError::Taken { .. }), "{twice}");
    for (wrong, said) in [
        (
            NewUser {
                username: "a b".to_owned(),
                ..input.clone()
            },
            "username",
        ),
        (
            NewUser {
                username: "x".to_owned(),
                name: " ".to_owned(),
                ..input.clone()
            },
            "name",
        ),
        (
            NewUser {
                username: "x".to_owned(),
                role_id: 999,
                ..input.clone()
            },
            "role_id",
        ),
        (
            NewUser {
                username: "x".to_owned(),
                team_id: Some(9),
                ..input.clone()
            },
            "team_id",
        ),
        (
            NewUser {
                username: "x".to_owned(),
                language: Some("fr".to_owned()),
                ..input.clone()
            },
            "language",
        ),
    ] {
        assert_eq!(field(office.enter(&wrong).await), said);
    }
    let rep = Caller::load(office.home.store.reader(), made.id)
        .await
        .unwrap();
    let refused = enter(&office.home.store, &rep, &office.person("eve").await).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    // A new password ends what the old one opened.
    let fresh = reset_password(&office.home.store, &office.admin, made.id)
        .await
        .unwrap();
    assert!(!office.is_in(&token).await);
    assert!(office.sign_in("wang.lei", &password).await.is_none());
    assert!(office.sign_in("wang.lei", &fresh).await.is_some());
    let refused = reset_password(&office.home.store, &rep, office.admin.user_id).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
}

async fn who_is_disabled_is_out_at_once(home: Home) {
    let office = Office::open(home).await;
    let (made, password) = office.enter(&office.person("ann").await).await.unwrap();
    let session = office.sign_in("ann", &password).await.unwrap();
    let ann = Caller::load(office.home.store.reader(), made.id)
        .await
        .unwrap();
    let all = [Allowance {
        entity: "*".to_owned(),
        action: Action::Read,
    }];
    let made_token = create_token(&office.home.store, &ann, "script", &all, None)
        .await
        .unwrap();
    go!(office, &office.admin, disable(made.id)).unwrap();
    assert!(!office.is_in(&session).await);
    go!(office, &office.admin, enable(made.id)).unwrap();
    assert!(
        !office.is_in(&session).await,
        "an ended session does not come back"
    );
    let token = authenticate_token(&office.home.store, &made_token.token).await;
    assert_eq!(token.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert!(office.sign_in("ann", &password).await.is_some());
    let refused = go!(office, &ann, disable(office.admin.user_id)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
}

async fn who_has_left_is_out(home: Home) {
    let office = Office::open(home).await;
    let (made, password) = office.enter(&office.person("ann").await).await.unwrap();
    let session = office.sign_in("ann", &password).await.unwrap();
    let today = office
        .home
        .store
        .calendar()
        .date_of(office.home.store.now());
    let leaves = UserChange {
        left_on: Some(Some(today)),
        ..UserChange::default()
    };
    go!(office, &office.admin, change(made.id, leaves.clone())).unwrap();
    assert!(office.is_in(&session).await, "the last day is worked");
    office.home.clock.advance(chrono::TimeDelta::days(1));
    assert!(!office.is_in(&session).await);
    assert!(office.sign_in("ann", &password).await.is_none());
    assert_eq!(
        field(go!(office, &office.admin, enable(made.id))),
        "left_on"
    );
    let back = UserChange {
        left_on: Some(None),
        ..UserChange::default()
    };
    go!(office, &office.admin, change(made.id, back.clone())).unwrap();
    assert!(office.sign_in("ann", &password).await.is_some());
}

async fn who_changes_teams_takes_their_work_along(home: Home) {
    let office = Office::open(home).await;
    let east = office.home.team("East", None).await;
    let south = office.home.team("South", None).await;
    let rep = office.home.user("rep", "rep", Some(east)).await;
    let id = account_of(&office.home, &rep, "上海阀门").await;
    let moves = UserChange {
        team_id: Some(Some(south)),
        ..UserChange::default()
    };
    go!(office, &office.admin, change(rep.user_id, moves.clone())).unwrap();
    let found = account::Entity::find_by_id(id)
        .one(office.home.store.reader())
        .await
        .unwrap();
    let found = found.unwrap();
    assert_eq!(
        (found.team_id, found.owner_id),
        (Some(south), Some(rep.user_id))
    );
}

async fn somebody_is_left_who_administers(home: Home) {
    let office = Office::open(home).await;
    let (admin, store) = (office.admin.user_id, &office.home.store);
    let rep = office.role("rep").await;
    let demoted = UserChange {
        role_id: Some(rep.id),
        ..UserChange::default()
    };
    let gone = UserChange {
        left_on: Some("2026-01-01".parse().ok()),
        ..UserChange::default()
    };
    for done in [
        go!(office, &office.admin, disable(admin)),
        go!(office, &office.admin, change(admin, demoted.clone())),
        go!(office, &office.admin, change(admin, gone.clone())),
    ] {
        assert_eq!(rule(done), Rule::LastAdministrator);
    }
    let own = office.role("administrator").await;
    let weaker = row! {"rights": rep.rights.clone()};
    let refused = update(
        store,
        &office.admin,
        &role::RESOURCE,
        own.id,
        own.version,
        &weaker,
    )
    .await;
    assert_eq!(rule(refused), Rule::LastAdministrator);
    let refused = delete(store, &office.admin, &role::RESOURCE, own.id, own.version).await;
    assert_eq!(rule(refused), Rule::InUse);
    let second = NewUser {
        role_id: own.id,
        ..office.person("second").await
    };
    office.enter(&second).await.unwrap();
    go!(office, &office.admin, disable(admin)).unwrap();
}

async fn nothing_is_above_itself(home: Home) {
    let office = Office::open(home).await;
    let store = &office.home.store;
    let top = office.home.team("Top", None).await;
    let low = office.home.team("Low", Some(top)).await;
    let circle = row! {"parent_id": low};
    let refused = update(store, &office.admin, &team::RESOURCE, top, 1, &circle).await;
    assert_eq!(rule(refused), Rule::Circle);
    let (ann, _) = office.enter(&office.person("ann").await).await.unwrap();
    let under = NewUser {
        manager_id: Some(ann.id),
        ..office.person("bob").await
    };
    let (bob, _) = office.enter(&under).await.unwrap();
    let circle = UserChange {
        manager_id: Some(Some(bob.id)),
        ..UserChange::default()
    };
    assert_eq!(
        rule(go!(office, &office.admin, change(ann.id, circle.clone()))),
        Rule::Circle
    );
    let rep = office.home.user("rep", "rep", None).await;
    let parent = account_of(&office.home, &rep, "Group").await;
    let circle = row! {"parent_id": parent};
    let refused = update(store, &rep, &account::RESOURCE, parent, 1, &circle).await;
    assert_eq!(rule(refused), Rule::Circle);
}

async fn team_names_are_one_and_used_ones_stay(home: Home) {
    let office = Office::open(home).await;
    let store = &office.home.store;
    let create_team = async |name: &str| {
        create(store, &office.admin, &team::RESOURCE, &row! {"name": name}).await
    };
    let east = create_team("East").await.unwrap()["id"].as_i64().unwrap();
    let taken = create_team("East").await.unwrap_err();
    assert!(
        matches!(&taken, OperationsError::Taken { constraint } if constraint.contains("name")),
        "{taken}"
    );
    let rep = office.home.user("rep", "rep", Some(east)).await;
    let refused = delete(store, &office.admin, &team::RESOURCE, east, 1).await;
    assert_eq!(rule(refused), Rule::InUse);
    let out = UserChange {
        team_id: Some(None),
        ..UserChange::default()
    };
    go!(office, &office.admin, change(rep.user_id, out.clone())).unwrap();
    delete(store, &office.admin, &team::RESOURCE, east, 1)
        .await
        .unwrap();
    create_team("East").await.unwrap();
    let refused = create(store, &rep, &team::RESOURCE, &row! {"name": "Mine"}).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
}

async fn rights_are_read_before_they_are_kept(home: Home) {
    let office = Office::open(home).await;
    let store = &office.home.store;
    let keep = async |rights: serde_json::Value| {
        let input = row! {"code": "guest", "name_zh": "访客", "name_en": "Guest", "rights": rights};
        create(store, &office.admin, &role::RESOURCE, &input).await
    };
    let grant = |entity: &str, action: &str| {
        serde_json::json!({
            "grants": {entity: {"actions": [action], "scope": "own"}}, "visibility": []
        })
    };
    for wrong in [
        serde_json::json!({}),
        serde_json::json!("all"),
        serde_json::json!({"grants": {}, "visibility": ["secrets"]}),
        serde_json::json!({"grants": {}, "visibility": [], "extra": 1}),
        grant("account", "fly"),
        grant("spaceship", "read"),
    ] {
        assert_eq!(field(keep(wrong).await), "rights");
    }
    keep(grant("account", "read")).await.unwrap();
    let unknown = row! {"key": "weather", "value": {}};
    let refused = create(store, &office.admin, &setting::RESOURCE, &unknown).await;
    assert_eq!(field(refused), "key");
    let pool = row! {"key": "pool", "value": {"cooldown_days": -1}};
    let refused = create(store, &office.admin, &setting::RESOURCE, &pool).await;
    assert_eq!(field(refused), "cooldown_days");
}

async fn a_full_rep_s_new_account_enters_the_pool(home: Home) {
    let office = Office::open(home).await;
    let mut rep = office.home.user("rep", "rep", None).await;
    rep.pool_capacity = Some(1);
    let store = &office.home.store;
    let mut states = Vec::new();
    for name in ["First", "Second"] {
        let made = create(store, &rep, &account::RESOURCE, &row! {"name": name})
            .await
            .unwrap();
        states.push((made["pool_state"].clone(), made["owner_id"].clone()));
    }
    assert_eq!(states[0], ("owned".into(), rep.user_id.into()));
    assert_eq!(states[1], ("pooled".into(), serde_json::Value::Null));
}
