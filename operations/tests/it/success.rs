//! Success managers: given to large accounts, kept, chosen, and replaced when they leave.

use std::collections::BTreeMap;

use millrace_operations::entity::{account, user};
use millrace_operations::log::Change;
use millrace_operations::service::success::{
    BECAUSE_GONE, BECAUSE_LARGE, appoint, assign_missing, history, may_choose, people,
};
use millrace_operations::service::user::{UserChange, change, disable, enable};
use millrace_operations::{Actor, Caller, ErrorKind, Unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::desk::{account_of, field, go};
use crate::support::{Home, contract};

contract! {
    a_large_account_gets_who_has_the_fewest,
    two_at_once_give_each_account_once,
    who_has_an_account_keeps_it,
    another_is_chosen_by_who_may,
    who_is_disabled_hands_their_accounts_to_the_others,
    who_left_by_the_clock_is_replaced_at_the_next_scoring,
    nobody_there_is_nobody_given,
}

/// Six accounts of a rep, and two who look after customers.
pub(crate) struct Care {
    pub(crate) home: Home,
    pub(crate) admin: Caller,
    pub(crate) rep: Caller,
    pub(crate) lead: Caller,
    pub(crate) ann: Caller,
    pub(crate) ben: Caller,
    pub(crate) numbers: Vec<String>,
}

impl Care {
    pub(crate) async fn open(home: Home) -> Self {
        let home = home.initialised().await;
        let admin = home.user("boss", "administrator", None).await;
        let team = home.team("East", None).await;
        let rep = home.user("rep", "rep", Some(team)).await;
        let lead = home.user("lead", "team_lead", Some(team)).await;
        let ann = home.user("ann", "customer_success", None).await;
        let ben = home.user("ben", "customer_success", None).await;
        let mut numbers = Vec::new();
        for name in ["一", "二", "三", "四", "五", "六"] {
            let id = account_of(&home, &rep, &format!("阀门{name}厂")).await;
            let found = account::Entity::find_by_id(id).one(home.store.reader());
            numbers.push(found.await.unwrap().unwrap().number);
        }
        Self {
            home,
            admin,
            rep,
            lead,
            ann,
            ben,
            numbers,
        }
    }

    pub(crate) async fn account(&self, place: usize) -> account::Model {
        let found =
            account::Entity::find().filter(account::Column::Number.eq(&self.numbers[place]));
        found.one(self.home.store.reader()).await.unwrap().unwrap()
    }

    /// Who looks after the accounts, in their order.
    async fn managers(&self) -> Vec<Option<i64>> {
        let found = account::Entity::find().order_by_asc(account::Column::Id);
        let found = found.all(self.home.store.reader()).await.unwrap();
        let own = found
            .into_iter()
            .filter(|own| self.numbers.contains(&own.number));
        own.map(|own| own.success_manager_id).collect()
    }

    pub(crate) async fn alter(&self, user_id: i64, change: user::ActiveModel) {
        let work = async |unit: Unit| {
            let read: user::Model = unit.get(user_id).await?;
            unit.update(&read, change.clone()).await
        };
        let store = &self.home.store;
        store.write(&Actor::system("test"), work).await.unwrap();
    }

    async fn log(&self, place: usize) -> Vec<Change> {
        let id = self.account(place).await.id;
        self.home.store.history("account", id, 100).await.unwrap()
    }
}

async fn a_large_account_gets_who_has_the_fewest(home: Home) {
    let care = Care::open(home).await;
    let (ann, ben) = (care.ann.user_id, care.ben.user_id);
    let store = &care.home.store;
    // whatever the order in which they are named
    let some: Vec<String> = [2, 0, 1]
        .map(|place: usize| care.numbers[place].clone())
        .into();
    let given = assign_missing(store, &some).await.unwrap();
    assert_eq!(given.len(), 3);
    assert_eq!(
        care.managers().await,
        [Some(ann), Some(ben), Some(ann), None, None, None]
    );
    let again = assign_missing(store, &some).await.unwrap();
    assert!(again.is_empty(), "once");
    assign_missing(store, &care.numbers[3..4]).await.unwrap();
    assert_eq!(care.managers().await[3], Some(ben));
    // who is away gets none
    let away = user::ActiveModel {
        on_leave_until: Set(store.calendar().date_of(store.now()).succ_opt()),
        ..Default::default()
    };
    care.alter(ann, away).await;
    assign_missing(store, &care.numbers).await.unwrap();
    assert_eq!(care.managers().await[4..], [Some(ben), Some(ben)]);
    assert_eq!(
        care.managers().await[0],
        Some(ann),
        "and keeps what she has"
    );
    let counts = people(store).await.unwrap();
    let counts: Vec<(&str, bool, i64)> = counts
        .iter()
        .map(|own| (own.name.as_str(), own.dedicated, own.accounts))
        .collect();
    assert_eq!(
        counts,
        [
            ("Name of ann", true, 2),
            ("Name of ben", true, 4),
            ("Name of lead", false, 0)
        ]
    );
    let log = care.log(0).await;
    assert_eq!(log[0].actor, "success managers");
    assert_eq!(log[0].reason.as_deref(), Some(BECAUSE_LARGE));
    assert_eq!(log[0].after["success_manager_id"], ann);
}

async fn two_at_once_give_each_account_once(home: Home) {
    let care = Care::open(home).await;
    let other = care.home.reopen().await.unwrap();
    let (left, right) = tokio::join!(
        assign_missing(&care.home.store, &care.numbers),
        assign_missing(&other, &care.numbers)
    );
    assert_eq!(left.unwrap().len() + right.unwrap().len(), 6);
    let mut loads: BTreeMap<Option<i64>, usize> = BTreeMap::new();
    for manager in care.managers().await {
        *loads.entry(manager).or_default() += 1;
    }
    let even = BTreeMap::from([(Some(care.ann.user_id), 3), (Some(care.ben.user_id), 3)]);
    assert_eq!(loads, even);
    for place in 0..6 {
        let log = care.log(place).await;
        let of_care = log.iter().filter(|own| own.actor == "success managers");
        assert_eq!(of_care.count(), 1);
    }
    other.close().await.unwrap();
}

async fn who_has_an_account_keeps_it(home: Home) {
    let care = Care::open(home).await;
    let store = &care.home.store;
    assign_missing(store, &care.numbers).await.unwrap();
    let before = care.managers().await;
    // none of them is large any more
    assert!(assign_missing(store, &[]).await.unwrap().is_empty());
    assert_eq!(care.managers().await, before);
}

async fn another_is_chosen_by_who_may(home: Home) {
    let care = Care::open(home).await;
    let (ann, ben) = (care.ann.user_id, care.ben.user_id);
    let number = &care.numbers[0];
    assert!(may_choose(&care.ann) && may_choose(&care.lead) && !may_choose(&care.rep));
    let given = go!(care, &care.ann, appoint(number, Some(ben))).unwrap();
    assert_eq!(given.success_manager_id, Some(ben));
    let same = go!(care, &care.ann, appoint(number, Some(ben))).unwrap();
    assert_eq!(same.version, given.version, "nothing changed");
    let mut lead = care.lead.clone();
    lead.reason = Some("she knows them".to_owned());
    go!(care, &lead, appoint(number, Some(ann))).unwrap();
    go!(care, &lead, appoint(number, Some(lead.user_id))).unwrap();
    go!(care, &care.ann, appoint(number, None)).unwrap();

    let refused = go!(care, &care.rep, appoint(number, Some(ann))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let rep = care.rep.user_id;
    assert_eq!(
        field(go!(care, &care.ann, appoint(number, Some(rep)))),
        "user_id"
    );
    assert_eq!(
        field(go!(care, &care.ann, appoint(number, Some(999)))),
        "user_id"
    );
    // one who manages others does not see it
    let west = care.home.team("West", None).await;
    let stranger = care.home.user("west", "team_lead", Some(west)).await;
    let unseeing = go!(care, &care.ann, appoint(number, Some(stranger.user_id)));
    assert_eq!(field(unseeing), "user_id");
    assert_eq!(
        field(go!(care, &stranger, appoint(number, Some(ann)))),
        "account"
    );
    assert_eq!(
        field(go!(care, &care.ann, appoint("ACC-1", Some(ann)))),
        "account"
    );

    let id = care.account(0).await.id;
    let told = history(&care.home.store, id).await.unwrap();
    let told: Vec<(Option<i64>, Option<&str>, Option<&str>)> = told
        .iter()
        .map(|own| (own.user_id, own.by.as_deref(), own.reason.as_deref()))
        .collect();
    let (by_ann, by_lead) = (Some("Name of ann"), Some("Name of lead"));
    let why = Some("she knows them");
    assert_eq!(
        told,
        [
            (None, by_ann, None),
            (Some(lead.user_id), by_lead, why),
            (Some(ann), by_lead, why),
            (Some(ben), by_ann, None),
        ]
    );
}

async fn who_is_disabled_hands_their_accounts_to_the_others(home: Home) {
    let care = Care::open(home).await;
    let store = &care.home.store;
    let (ann, ben) = (care.ann.user_id, care.ben.user_id);
    assign_missing(store, &care.numbers).await.unwrap();
    go!(care, &care.admin, disable(ann)).unwrap();
    assert_eq!(care.managers().await, [Some(ben); 6]);
    let id = care.account(0).await.id;
    let told = history(store, id).await.unwrap();
    assert_eq!(told[0].reason.as_deref(), Some(BECAUSE_GONE));
    assert_eq!(told[0].by.as_deref(), Some("Name of boss"));
    // back again, she gets what is given from then on
    go!(care, &care.admin, enable(ann)).unwrap();
    assert!(
        assign_missing(store, &care.numbers)
            .await
            .unwrap()
            .is_empty()
    );
    // who does something else hands them over, too
    let lawyer = UserChange {
        role_id: Some(care.rep_role().await),
        ..UserChange::default()
    };
    go!(care, &care.admin, change(ben, lawyer.clone())).unwrap();
    assert_eq!(care.managers().await, [Some(ann); 6]);
}

impl Care {
    async fn rep_role(&self) -> i64 {
        let found = user::Entity::find_by_id(self.rep.user_id).one(self.home.store.reader());
        found.await.unwrap().unwrap().role_id
    }
}

async fn who_left_by_the_clock_is_replaced_at_the_next_scoring(home: Home) {
    let care = Care::open(home).await;
    let store = &care.home.store;
    let (ann, ben) = (care.ann.user_id, care.ben.user_id);
    assign_missing(store, &care.numbers[..4]).await.unwrap();
    let today = store.calendar().date_of(store.now());
    let leaving = user::ActiveModel {
        left_on: Set(Some(today)),
        ..Default::default()
    };
    care.alter(ann, leaving).await;
    assert!(
        assign_missing(store, &[]).await.unwrap().is_empty(),
        "her last day"
    );
    care.home.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(assign_missing(store, &[]).await.unwrap().len(), 2);
    let expected = [Some(ben), Some(ben), Some(ben), Some(ben), None, None];
    assert_eq!(care.managers().await, expected);
}

async fn nobody_there_is_nobody_given(home: Home) {
    let care = Care::open(home).await;
    let store = &care.home.store;
    assign_missing(store, &care.numbers[..1]).await.unwrap();
    for user in [care.ben.user_id, care.ann.user_id] {
        go!(care, &care.admin, disable(user)).unwrap();
    }
    assert!(
        assign_missing(store, &care.numbers)
            .await
            .unwrap()
            .is_empty()
    );
    let kept = care.managers().await;
    assert_eq!(kept[0], Some(care.ann.user_id), "until there is somebody");
    assert_eq!(kept[1], None);
    let newcomer = care.home.user("carl", "customer_success", None).await;
    assert_eq!(assign_missing(store, &care.numbers).await.unwrap().len(), 6);
    assert_eq!(care.managers().await, [Some(newcomer.user_id); 6]);
}
