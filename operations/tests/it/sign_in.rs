//! Who may come in.

use chrono::TimeDelta;
use millrace_models::scope::{Action, Allowance};
use millrace_operations::entity::{account, user};
use millrace_operations::log::Position;
use millrace_operations::resources::{ListQuery, list};
use millrace_operations::setup::initialise;
use millrace_operations::sign_in::{
    Password, SessionRules, SignIn, authenticate, authenticate_token, change_password,
    create_token, revoke_token, set_password, sign_in, sign_out, sign_out_everywhere,
};
use millrace_operations::{Actor, ErrorKind, OperationsError};
use sea_orm::Set;

use crate::support::{Home, contract};

contract! {
    the_first_start_makes_an_administrator_once,
    a_session_ends_by_idleness_age_and_sign_out,
    failures_lock_out_for_a_while,
    a_disabled_user_is_out_at_once,
    a_token_does_what_it_is_for_and_no_more,
    no_secret_is_in_the_change_log,
}

const RULES: SessionRules = SessionRules {
    idle: TimeDelta::hours(1),
    absolute: TimeDelta::hours(3),
};

fn with(username: &str, password: &str) -> SignIn {
    SignIn {
        username: username.to_owned(),
        password: Password::from(password.to_owned()),
        address: Some("192.0.2.7".to_owned()),
        device: None,
    }
}

async fn the_first_start_makes_an_administrator_once(home: Home) {
    let made = initialise(&home.store).await.unwrap().unwrap();
    assert!(initialise(&home.store).await.unwrap().is_none());
    assert_eq!(format!("{:?}", made.password), "Password(…)");
    let first = made.password.reveal().to_owned();
    let session = sign_in(&home.store, RULES, &with(" Admin", &first))
        .await
        .unwrap();
    assert!(session.must_change_password);
    let weak = Password::from("short".to_owned());
    let error = change_password(&home.store, session.user_id, &made.password, &weak)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the password must have at least 10 characters and not be the name"
    );
    let new = Password::from("correct horse battery".to_owned());
    change_password(&home.store, session.user_id, &made.password, &new)
        .await
        .unwrap();
    let old = authenticate(&home.store, RULES, &session.token)
        .await
        .unwrap_err();
    assert_eq!(old.kind(), ErrorKind::Unauthenticated);
    assert!(
        sign_in(&home.store, RULES, &with("admin", &first))
            .await
            .is_err()
    );
    let session = sign_in(&home.store, RULES, &with("admin", new.reveal()))
        .await
        .unwrap();
    let came = authenticate(&home.store, RULES, &session.token)
        .await
        .unwrap();
    assert!(!came.must_change_password);
    assert_eq!(came.caller.role, "administrator");
}

async fn a_session_ends_by_idleness_age_and_sign_out(home: Home) {
    let home = home.initialised().await;
    let user_id = home.user("ann", "rep", None).await.user_id;
    set_password(
        &home.store,
        user_id,
        &Password::from("long enough".to_owned()),
    )
    .await
    .unwrap();
    let open = async || {
        sign_in(&home.store, RULES, &with("ann", "long enough"))
            .await
            .unwrap()
            .token
    };
    let lives = async |token: &str| authenticate(&home.store, RULES, token).await.is_ok();

    let idle = open().await;
    home.clock.advance(TimeDelta::minutes(61));
    assert!(!lives(&idle).await);

    let used = open().await;
    for _ in 0..3 {
        home.clock.advance(TimeDelta::minutes(59));
        assert!(lives(&used).await);
    }
    home.clock.advance(TimeDelta::minutes(4));
    assert!(!lives(&used).await, "older than three hours");

    let (first, second) = (open().await, open().await);
    sign_out(&home.store, &first).await.unwrap();
    assert!(!lives(&first).await);
    assert!(lives(&second).await);
    sign_out_everywhere(&home.store, user_id).await.unwrap();
    assert!(!lives(&second).await);
    assert!(!lives("no such token").await);
}

async fn failures_lock_out_for_a_while(home: Home) {
    let home = home.initialised().await;
    let user_id = home.user("ann", "rep", None).await.user_id;
    set_password(
        &home.store,
        user_id,
        &Password::from("long enough".to_owned()),
    )
    .await
    .unwrap();
    let attempt =
        async |name: &str, password: &str| sign_in(&home.store, RULES, &with(name, password)).await;
    for name in ["ann", "nobody"] {
        for _ in 0..5 {
            let error = attempt(name, "wrong").await.unwrap_err();
            assert_eq!(error.to_string(), "the name or the password is wrong");
        }
        let locked = attempt(name, "long enough").await.unwrap_err();
        assert!(
            matches!(locked, OperationsError::LockedOut { .. }),
            "{name}: {locked}"
        );
        assert_eq!(locked.kind(), ErrorKind::Limited);
    }
    home.clock.advance(TimeDelta::minutes(15));
    attempt("ann", "long enough").await.unwrap();
}

async fn a_disabled_user_is_out_at_once(home: Home) {
    let home = home.initialised().await;
    let caller = home.user("ann", "rep", None).await;
    set_password(
        &home.store,
        caller.user_id,
        &Password::from("long enough".to_owned()),
    )
    .await
    .unwrap();
    let session = sign_in(&home.store, RULES, &with("ann", "long enough"))
        .await
        .unwrap();
    home.store
        .write(&Actor::system("test"), async |unit| {
            let read = unit.get::<user::Model>(caller.user_id).await?;
            let disabled = user::ActiveModel {
                enabled: Set(false),
                ..Default::default()
            };
            unit.update(&read, disabled).await
        })
        .await
        .unwrap();
    let error = authenticate(&home.store, RULES, &session.token)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "sign in first");
    let error = sign_in(&home.store, RULES, &with("ann", "long enough"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "the name or the password is wrong");
}

async fn a_token_does_what_it_is_for_and_no_more(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let reads = Allowance {
        entity: "contact".to_owned(),
        action: Action::Read,
    };
    let expires = home.store.now() + TimeDelta::days(30);
    let made = create_token(&home.store, &ann, "export", &[reads], Some(expires))
        .await
        .unwrap();
    let caller = authenticate_token(&home.store, &made.token).await.unwrap();
    assert_eq!(caller.user_id, ann.user_id);
    let query = ListQuery::default();
    list(
        &home.store,
        &caller,
        &millrace_operations::entity::contact::RESOURCE,
        &query,
    )
    .await
    .unwrap();
    let error = list(&home.store, &caller, &account::RESOURCE, &query)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "your role may not read account records");
    let other = home.user("eve", "rep", None).await;
    assert!(revoke_token(&home.store, &other, made.id).await.is_err());
    home.clock.advance(TimeDelta::days(30));
    assert!(authenticate_token(&home.store, &made.token).await.is_err());
    let kept = create_token(
        &home.store,
        &ann,
        "x",
        &[Allowance {
            entity: "*".to_owned(),
            action: Action::Read,
        }],
        None,
    )
    .await
    .unwrap();
    revoke_token(&home.store, &ann, kept.id).await.unwrap();
    assert!(authenticate_token(&home.store, &kept.token).await.is_err());
}

async fn no_secret_is_in_the_change_log(home: Home) {
    let made = initialise(&home.store).await.unwrap().unwrap();
    let session = sign_in(&home.store, RULES, &with("admin", made.password.reveal()))
        .await
        .unwrap();
    home.settle().await;
    let changes = home
        .store
        .changes_since(Position::default(), 10_000)
        .await
        .unwrap();
    assert!(changes.changes.len() > 10);
    let text = serde_json::to_string(&changes.changes).unwrap();
    for secret in [
        made.password.reveal(),
        session.token.as_str(),
        "argon2",
        "token_hash",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}
