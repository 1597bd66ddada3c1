//! Notices of falls: once per fall, so many in a week, to who looks after the account.

use chrono::{Days, NaiveDate, TimeDelta};
use millrace_models::health::{DayScore, Factor, Fall, Held, Lost, NoticeRules};
use millrace_operations::Store;
use millrace_operations::entity::{todo, user};
use millrace_operations::service::fall::{Fallen, Notified, tell, told};
use millrace_operations::service::success::{appoint, assign_missing};
use millrace_operations::service::todo::complete;
use sea_orm::{EntityTrait, QueryOrder, Set};

use crate::desk::go;
use crate::success::Care;
use crate::support::{Home, contract};

contract! {
    a_fall_is_told_to_who_looks_after_the_account,
    a_week_has_so_many_and_the_rest_is_summed_up,
    two_at_once_tell_once,
    what_was_told_is_read_back,
    a_notice_follows_the_account,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn fall(from: f64, to: f64) -> Fall {
    let last = day("2026-03-01");
    Fall {
        from: DayScore {
            day: last - Days::new(20),
            score: from,
        },
        to: DayScore {
            day: last,
            score: to,
        },
    }
}

impl Care {
    fn fallen(&self, place: usize, amount_at_risk: f64) -> Fallen {
        Fallen {
            account: self.numbers[place].clone(),
            fall: fall(82.0, 61.0),
            lost: Lost {
                factors: vec![(Factor::Rhythm, 12.0), (Factor::Payment, 9.0)],
                held_by: None,
            },
            amount_at_risk,
            after: None,
        }
    }

    async fn tell(&self, fallen: &[Fallen]) -> Notified {
        tell_in(&self.home.store, fallen).await
    }

    async fn todos(&self) -> Vec<todo::Model> {
        let found = todo::Entity::find().order_by_asc(todo::Column::Id);
        found.all(self.home.store.reader()).await.unwrap()
    }
}

async fn tell_in(store: &Store, fallen: &[Fallen]) -> Notified {
    tell(store, fallen, &NoticeRules::default()).await.unwrap()
}

async fn a_fall_is_told_to_who_looks_after_the_account(home: Home) {
    let care = Care::open(home).await;
    let english = user::ActiveModel {
        language: Set("en".to_owned()),
        ..Default::default()
    };
    care.alter(care.rep.user_id, english).await;
    assign_missing(&care.home.store, &care.numbers[..1])
        .await
        .unwrap();
    let mut other = care.fallen(1, 10.0);
    other.lost.held_by = Some(Held::Silent);
    let notified = care.tell(&[care.fallen(0, 20.0), other]).await;
    assert_eq!((notified.made.len(), notified.waiting), (2, 0));
    let mut todos = care.todos().await;
    todos.sort_by_key(|own| own.account_id);
    assert_eq!(todos[0].owner_id, Some(care.ann.user_id));
    assert_eq!(
        todos[0].title,
        "阀门一厂：健康度 20 天内从 82 降到 61：下单节奏 -12、付款准时 -9"
    );
    assert_eq!(todos[0].source, "health");
    assert_eq!(todos[0].account_id, Some(care.account(0).await.id));
    let due = care.home.store.now() + TimeDelta::days(3);
    assert_eq!(todos[0].due_at, Some(due));
    // without a success manager its owner is told
    assert_eq!(todos[1].owner_id, Some(care.rep.user_id));
    assert_eq!(
        todos[1].title,
        "阀门二厂: health fell from 82 to 61 in 20 days: long silent, order rhythm -12, \
         payment in time -9"
    );
    // and so they are of one who is away
    let away = user::ActiveModel {
        on_leave_until: Set(Some(day("2026-03-20"))),
        ..Default::default()
    };
    care.alter(care.ben.user_id, away).await;
    go!(
        care,
        &care.ann,
        appoint(&care.numbers[2], Some(care.ben.user_id))
    )
    .unwrap();
    care.tell(&[care.fallen(2, 1.0)]).await;
    assert_eq!(care.todos().await[2].owner_id, Some(care.rep.user_id));
}

async fn a_week_has_so_many_and_the_rest_is_summed_up(home: Home) {
    let care = Care::open(home).await;
    let (ann, store) = (care.ann.user_id, &care.home.store);
    for number in &care.numbers {
        go!(care, &care.ann, appoint(number, Some(ann))).unwrap();
    }
    // the largest amounts first: the first of them waits
    let all: Vec<Fallen> = (0..6)
        .map(|place| care.fallen(place, place as f64))
        .collect();
    let first = care.tell(&all).await;
    assert_eq!((first.made.len(), first.waiting), (5, 1));
    let todos = care.todos().await;
    assert_eq!(todos.len(), 6);
    let of: Vec<Option<i64>> = todos.iter().map(|own| own.account_id).collect();
    assert_eq!(of[0], Some(care.account(5).await.id));
    assert!(!of.contains(&Some(care.account(0).await.id)));
    let rest = todos.last().unwrap();
    assert_eq!(rest.title, "另有 1 个客户健康度下降：阀门一厂");
    assert_eq!((rest.owner_id, rest.account_id), (Some(ann), None));
    // that they are done makes no room in the same week
    go!(care, &care.ann, complete(todos[0].id, None)).unwrap();
    care.home.clock.advance(TimeDelta::days(2));
    let known = told(store.reader(), &NoticeRules::default(), store.now())
        .await
        .unwrap();
    assert_eq!(known.len(), 5);
    let waiting = care.tell(&all[..1]).await;
    assert_eq!((waiting.made.len(), waiting.waiting), (0, 1));
    assert_eq!(care.todos().await.len(), 6);
    // one that is told of in the next week waits no more
    care.home.clock.advance(TimeDelta::days(5));
    let next = care.tell(&all[..1]).await;
    assert_eq!((next.made.len(), next.waiting), (1, 0));
    let todos = care.todos().await;
    assert_eq!(todos.len(), 7);
    assert_eq!(todos[5].state, "cancelled");
    assert_eq!(todos[6].account_id, Some(care.account(0).await.id));
}

async fn two_at_once_tell_once(home: Home) {
    let care = Care::open(home).await;
    for number in &care.numbers {
        go!(care, &care.ann, appoint(number, Some(care.ann.user_id))).unwrap();
    }
    let all: Vec<Fallen> = (0..6).map(|place| care.fallen(place, 1.0)).collect();
    let other = care.home.reopen().await.unwrap();
    let (left, right) = tokio::join!(tell_in(&care.home.store, &all), tell_in(&other, &all));
    assert_eq!(left.made.len() + right.made.len(), 5);
    let todos = care.todos().await;
    assert_eq!(todos.len(), 6, "five, and the one for the sixth");
    other.close().await.unwrap();
}

async fn what_was_told_is_read_back(home: Home) {
    let care = Care::open(home).await;
    let store = &care.home.store;
    let made = care.tell(&[care.fallen(0, 1.0)]).await.made;
    let rules = NoticeRules::default();
    let known = told(store.reader(), &rules, store.now()).await.unwrap();
    let last = known[&care.numbers[0]];
    assert_eq!((last.todo_id, last.fall), (made[0], fall(82.0, 61.0)));
    // found by who did not know of it, the same fall is not told again
    assert_eq!(care.tell(&[care.fallen(0, 1.0)]).await, Notified::default());
    // found by who did, it is another
    let knowing = Fallen {
        after: Some(made[0]),
        fall: fall(71.0, 55.0),
        ..care.fallen(0, 1.0)
    };
    assert_eq!(care.tell(&[knowing]).await.made.len(), 1);
    care.home.clock.advance(TimeDelta::days(40));
    let known = told(store.reader(), &rules, store.now()).await.unwrap();
    assert!(known.is_empty());
    // of an account that is no more, or of another system, nobody is told
    let unknown = Fallen {
        account: "A-7".to_owned(),
        ..care.fallen(0, 1.0)
    };
    assert_eq!(care.tell(&[unknown]).await, Notified::default());
}

async fn a_notice_follows_the_account(home: Home) {
    let care = Care::open(home).await;
    let (ann, ben) = (care.ann.user_id, care.ben.user_id);
    for place in [0, 1] {
        go!(care, &care.ann, appoint(&care.numbers[place], Some(ann))).unwrap();
    }
    care.tell(&[care.fallen(0, 2.0), care.fallen(1, 1.0)]).await;
    let done = care.todos().await[1].id;
    go!(care, &care.ann, complete(done, None)).unwrap();
    for place in [0, 1] {
        go!(care, &care.ann, appoint(&care.numbers[place], Some(ben))).unwrap();
    }
    let owners: Vec<Option<i64>> = care.todos().await.iter().map(|own| own.owner_id).collect();
    assert_eq!(owners, [Some(ben), Some(ann)], "what is done stays");
}
