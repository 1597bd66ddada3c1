//! A lease is held by one, ends by itself, and tells the late from the new by its token.

use chrono::TimeDelta;
use millrace_operations::lease::{give_back, holder, lengthen, take};

use crate::support::{Home, contract};

contract! {
    of_many_one_takes_it,
    it_ends_by_itself_and_the_late_are_told_from_the_new,
}

const MINUTE: TimeDelta = TimeDelta::minutes(1);

async fn of_many_one_takes_it(home: Home) {
    let home = home.initialised().await;
    let takers = (0..12).map(|taker| {
        let store = home.store.clone();
        async move {
            let name = format!("taker {taker}");
            take(&store, "marts", &name, MINUTE).await.unwrap()
        }
    });
    let taken = futures::future::join_all(takers).await;
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let other = take(&home.store, "upkeep", "another", MINUTE)
        .await
        .unwrap();
    assert_eq!(other.unwrap().token, 1);
    give_back(&home.store, &taken[0]).await.unwrap();
    assert_eq!(holder(&home.store, "marts").await.unwrap(), None);
    let next = take(&home.store, "marts", "next", MINUTE).await.unwrap();
    assert_eq!(next.unwrap().token, taken[0].token + 1);
}

async fn it_ends_by_itself_and_the_late_are_told_from_the_new(home: Home) {
    let home = home.initialised().await;
    let store = &home.store;
    let first = take(store, "marts", "first", MINUTE)
        .await
        .unwrap()
        .unwrap();
    home.clock.advance(TimeDelta::seconds(40));
    assert!(lengthen(store, &first, MINUTE).await.unwrap());
    home.clock.advance(TimeDelta::seconds(40));
    assert_eq!(take(store, "marts", "second", MINUTE).await.unwrap(), None);
    home.clock.advance(TimeDelta::seconds(21));
    assert!(!lengthen(store, &first, MINUTE).await.unwrap());
    let second = take(store, "marts", "second", MINUTE)
        .await
        .unwrap()
        .unwrap();
    assert!(second.token > first.token);
    // What the first gives back late is not the second's.
    give_back(store, &first).await.unwrap();
    let held = holder(store, "marts").await.unwrap().unwrap();
    assert_eq!((held.holder.as_str(), held.token), ("second", second.token));
}
