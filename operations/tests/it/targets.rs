//! Targets: one for each metric, period and whom; who sets and who sees which; and many at once.

use millrace_models::metric::Registry;
use millrace_models::query::Period;
use millrace_models::target::{TargetPeriod, Whom};
use millrace_operations::entity::target::RESOURCE;
use millrace_operations::entity::user;
use millrace_operations::resources::{self, ListQuery};
use millrace_operations::row::Row;
use millrace_operations::service::target::{self, Item, Plan};
use millrace_operations::{Actor, Caller, ErrorKind, OperationsError, Result, Rule, Unit};
use sea_orm::Set;

use crate::support::{Home, contract, row};

contract! {
    a_target_is_what_its_metric_says,
    there_is_one_for_each_metric_period_and_whom,
    who_leads_sets_those_of_their_teams,
    everybody_sees_those_of_the_company_their_team_and_their_own,
    the_target_of_a_number_is_found,
    many_are_taken_at_once_and_the_same_again_changes_nothing,
    nothing_is_taken_where_one_may_not_be_set,
    names_tell_teams_and_people_apart,
}

/// Two teams below one, and people in them.
struct Firm {
    home: Home,
    region: i64,
    east: i64,
    south: i64,
    director: Caller,
    manager: Caller,
    lead: Caller,
    rep: Caller,
    stranger: Caller,
    engineer: Caller,
}

async fn firm(home: Home) -> Firm {
    let home = home.initialised().await;
    let region = home.team("Region", None).await;
    let east = home.team("East", Some(region)).await;
    let south = home.team("South", None).await;
    Firm {
        director: home.user("director", "director", None).await,
        manager: home.user("manager", "regional_manager", Some(region)).await,
        lead: home.user("lead", "team_lead", Some(east)).await,
        rep: home.user("rep", "rep", Some(east)).await,
        stranger: home.user("stranger", "rep", Some(south)).await,
        engineer: home.user("engineer", "engineering", Some(south)).await,
        home,
        region,
        east,
        south,
    }
}

fn won(period: &str, whom: Whom, amount: i64) -> Row {
    let period: TargetPeriod = period.parse().unwrap();
    row! {
        "metric": "won_amount",
        "grain": period.grain_name(),
        "starts_on": period.starts_on(),
        "team_id": whom.team_id(),
        "user_id": whom.user_id(),
        "amount": amount,
    }
}

impl Firm {
    async fn set(&self, caller: &Caller, input: &Row) -> Result<Row> {
        resources::create(&self.home.store, caller, &RESOURCE, input).await
    }

    async fn seen(&self, caller: &Caller) -> Vec<i64> {
        let query = ListQuery::default();
        let page = resources::list(&self.home.store, caller, &RESOURCE, &query).await;
        let rows = page.unwrap().rows;
        let mut ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        ids.sort_unstable();
        ids
    }

    async fn of(
        &self,
        caller: &Caller,
        metric: &str,
        period: &str,
        whom: Whom,
    ) -> Option<(f64, bool)> {
        let reader = self.home.store.reader();
        let period = period.parse().unwrap();
        let found = target::of(reader, Some(caller), metric, period, whom).await;
        found.unwrap().map(|found| (found.number, found.summed))
    }

    async fn take(&self, caller: Option<&Caller>, items: &[Item]) -> Plan {
        let work = async |unit: Unit| target::take(&unit, caller, items).await;
        let actor = caller.map_or_else(|| Actor::system("test"), Caller::actor);
        self.home.store.write(&actor, work).await.unwrap()
    }
}

fn id(row: &Row) -> i64 {
    row["id"].as_i64().unwrap()
}

fn faults(refused: Result<Row>) -> Vec<(String, String)> {
    match refused.unwrap_err() {
        OperationsError::Invalid { fields } => fields
            .into_iter()
            .map(|fault| (fault.field, fault.message))
            .collect(),
        other => panic!("{other}"),
    }
}

async fn a_target_is_what_its_metric_says(home: Home) {
    let firm = firm(home).await;
    let director = &firm.director;
    let check = async |changed: Row, field: &str, message: &str| {
        let mut input = won("2026-03", Whom::Company, 100);
        input.extend(changed);
        let found = faults(firm.set(director, &input).await);
        assert!(
            found
                .iter()
                .any(|(name, text)| name == field && text.contains(message)),
            "{field}: {message} in {found:?}"
        );
    };
    check(
        row! {"metric": "won_amont"},
        "metric",
        "did you mean won_amount",
    )
    .await;
    check(
        row! {"metric": "cycle_compression"},
        "metric",
        "compares two periods",
    )
    .await;
    check(
        row! {"metric": "tickets_opened"},
        "metric",
        "neither more nor less",
    )
    .await;
    check(row! {"metric": "win_rate"}, "value", "is required").await;
    check(row! {"metric": "win_rate"}, "amount", "must be empty").await;
    check(row! {"value": 5}, "value", "must be empty").await;
    check(
        row! {"starts_on": "2026-03-02"},
        "starts_on",
        "the first day of the month, 2026-03-01",
    )
    .await;
    check(row! {"grain": "quarter"}, "starts_on", "2026-01-01").await;
    check(row! {"grain": "week"}, "grain", "one of").await;
    check(
        row! {"team_id": firm.east, "user_id": firm.rep.user_id},
        "user_id",
        "where a team is given",
    )
    .await;
    check(row! {"amount": -1}, "amount", "0").await;
    check(row! {"team_id": 4_711}, "team_id", "there is no team 4711").await;

    let rate =
        row! {"metric": "win_rate", "grain": "year", "starts_on": "2026-01-01", "value": 3_415};
    let made = firm.set(director, &rate).await.unwrap();
    assert_eq!(made["value"], 3_415);
    // what is changed must fit what stays
    let wrong = row! {"starts_on": "2026-02-01"};
    let refused =
        resources::update(&firm.home.store, director, &RESOURCE, id(&made), 1, &wrong).await;
    assert_eq!(faults(refused)[0].0, "starts_on");
    let right = row! {"value": 3_500, "note": "after the first quarter"};
    let changed =
        resources::update(&firm.home.store, director, &RESOURCE, id(&made), 1, &right).await;
    assert_eq!(changed.unwrap()["value"], 3_500);
}

async fn there_is_one_for_each_metric_period_and_whom(home: Home) {
    let firm = firm(home).await;
    let director = &firm.director;
    let whoms = [
        Whom::Company,
        Whom::Team(firm.east),
        Whom::Person(firm.rep.user_id),
    ];
    for whom in whoms {
        let first = firm
            .set(director, &won("2026-03", whom, 100))
            .await
            .unwrap();
        let again = firm
            .set(director, &won("2026-03", whom, 200))
            .await
            .unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict);
        assert!(
            matches!(&again, OperationsError::Refused { id: own, rule: Rule::OneTarget, .. } if *own == id(&first)),
            "{again}"
        );
        // another period is another target, until it is moved there
        let later = firm
            .set(director, &won("2026-04", whom, 100))
            .await
            .unwrap();
        let moved = row! {"starts_on": "2026-03-01"};
        let moved =
            resources::update(&firm.home.store, director, &RESOURCE, id(&later), 1, &moved).await;
        assert!(
            matches!(
                moved,
                Err(OperationsError::Refused {
                    rule: Rule::OneTarget,
                    ..
                })
            ),
            "{moved:?}"
        );
        // one that was deleted leaves its place
        let gone = resources::delete(&firm.home.store, director, &RESOURCE, id(&first), 1).await;
        gone.unwrap();
        firm.set(director, &won("2026-03", whom, 300))
            .await
            .unwrap();
    }
}

async fn who_leads_sets_those_of_their_teams(home: Home) {
    let firm = firm(home).await;
    let whoms = [
        Whom::Company,
        Whom::Team(firm.region),
        Whom::Team(firm.east),
        Whom::Team(firm.south),
        Whom::Person(firm.manager.user_id),
        Whom::Person(firm.rep.user_id),
        Whom::Person(firm.stranger.user_id),
    ];
    let people: [(&Caller, [bool; 7]); 5] = [
        (&firm.director, [true; 7]),
        (&firm.manager, [false, true, true, false, true, true, false]),
        (&firm.lead, [false, false, true, false, false, true, false]),
        (&firm.rep, [false; 7]),
        (&firm.engineer, [false; 7]),
    ];
    for (turn, (caller, may)) in people.into_iter().enumerate() {
        for (place, (whom, may)) in whoms.into_iter().zip(may).enumerate() {
            // each in a month of its own, so that none stands where another is given away to
            let period = format!("202{turn}-{:02}", place + 1);
            let set = firm.set(caller, &won(&period, whom, 100)).await;
            let case = format!("{} for {whom:?}: {set:?}", caller.name);
            if caller.user_id == firm.engineer.user_id {
                assert!(set.is_err(), "{case}");
                continue;
            }
            match set {
                Ok(made) => {
                    assert!(may, "{case}");
                    // not to be given away to those whom one may not set
                    let away = row! {"team_id": firm.south, "user_id": null};
                    let store = &firm.home.store;
                    let given =
                        resources::update(store, caller, &RESOURCE, id(&made), 1, &away).await;
                    let allowed = caller.user_id == firm.director.user_id;
                    assert_eq!(given.is_ok(), allowed, "{case}: {given:?}");
                }
                Err(error) => {
                    assert!(!may, "{case}");
                    assert_eq!(error.kind(), ErrorKind::Forbidden, "{case}");
                }
            }
        }
    }
}

async fn everybody_sees_those_of_the_company_their_team_and_their_own(home: Home) {
    let firm = firm(home).await;
    let mut ids = Vec::new();
    for whom in [
        Whom::Company,
        Whom::Team(firm.region),
        Whom::Team(firm.east),
        Whom::Team(firm.south),
        Whom::Person(firm.rep.user_id),
        Whom::Person(firm.stranger.user_id),
    ] {
        let made = firm.set(&firm.director, &won("2026-03", whom, 100)).await;
        ids.push(id(&made.unwrap()));
    }
    let check = async |caller: &Caller, places: &[usize]| {
        let expected: Vec<i64> = places.iter().map(|place| ids[*place]).collect();
        assert_eq!(firm.seen(caller).await, expected, "{}", caller.name);
    };
    check(&firm.director, &[0, 1, 2, 3, 4, 5]).await;
    check(&firm.manager, &[0, 1, 2, 4]).await;
    check(&firm.lead, &[0, 2, 4]).await;
    check(&firm.rep, &[0, 2, 4]).await;
    check(&firm.stranger, &[0, 3, 5]).await;
    check(&firm.engineer, &[0, 3]).await;
    // seen is not changed
    let store = &firm.home.store;
    let more = row! {"amount": 1};
    let changed = resources::update(store, &firm.lead, &RESOURCE, ids[0], 1, &more).await;
    assert_eq!(changed.unwrap_err().kind(), ErrorKind::Forbidden);
    let hidden = resources::get(store, &firm.rep, &RESOURCE, ids[5]).await;
    assert_eq!(hidden.unwrap_err().kind(), ErrorKind::NotFound);
    // an amount is for who sees amounts
    let masked = resources::get(store, &firm.engineer, &RESOURCE, ids[0]).await;
    assert!(!masked.unwrap().contains_key("amount"));
    assert_eq!(
        firm.of(&firm.engineer, "won_amount", "2026-03", Whom::Company)
            .await,
        None
    );
    assert_eq!(
        firm.of(&firm.rep, "won_amount", "2026-03", Whom::Company)
            .await,
        Some((1.0, false))
    );
    let other = Whom::Person(firm.stranger.user_id);
    assert_eq!(
        firm.of(&firm.rep, "won_amount", "2026-03", other).await,
        None
    );
}

async fn the_target_of_a_number_is_found(home: Home) {
    let firm = firm(home).await;
    for (month, amount) in [
        ("2026-01", 100_050),
        ("2026-02", 200_000),
        ("2026-03", 300_000),
    ] {
        let input = won(month, Whom::Team(firm.east), amount);
        firm.set(&firm.director, &input).await.unwrap();
    }
    let team = Whom::Team(firm.east);
    let caller = &firm.lead;
    assert_eq!(
        firm.of(caller, "won_amount", "2026-01", team).await,
        Some((1_000.5, false))
    );
    assert_eq!(
        firm.of(caller, "won_amount", "2026-Q1", team).await,
        Some((6_000.5, true))
    );
    assert_eq!(firm.of(caller, "won_amount", "2026-Q2", team).await, None);
    assert_eq!(firm.of(caller, "won_amount", "2026", team).await, None);
    assert_eq!(
        firm.of(caller, "no_such_metric", "2026-01", team).await,
        None
    );
    let whole = won("2026", team, 2_000_000);
    firm.set(&firm.director, &whole).await.unwrap();
    assert_eq!(
        firm.of(caller, "won_amount", "2026", team).await,
        Some((20_000.0, false))
    );
}

fn item(metric: &str, period: &str, whom: Whom, parts: i64) -> Item {
    Item {
        metric: Registry::shipped().unwrap().metric(metric).unwrap(),
        period: period.parse().unwrap(),
        whom,
        parts,
    }
}

async fn many_are_taken_at_once_and_the_same_again_changes_nothing(home: Home) {
    let firm = firm(home).await;
    let mut items = vec![
        item("won_amount", "2026-01", Whom::Team(firm.east), 100),
        item("win_rate", "2026-Q1", Whom::Company, 3_415),
        item("won_amount", "2026", Whom::Person(firm.rep.user_id), 500),
    ];
    let reader = firm.home.store.reader();
    let planned = target::plan(reader, None, &items).await.unwrap();
    assert_eq!((planned.added.len(), planned.changed.len()), (3, 0));
    assert!((planned.added[1].after - 0.3415).abs() < 1e-12);
    assert_eq!(planned.added[2].name.as_deref(), Some("Name of rep"));
    // a plan changes nothing
    assert!(firm.seen(&firm.director).await.is_empty());
    assert_eq!(firm.take(None, &items).await.added, planned.added);
    let again = firm.take(None, &items).await;
    assert_eq!(
        (again.added.len(), again.changed.len(), again.unchanged),
        (0, 0, 3)
    );
    items[0].parts = 150;
    let changed = firm.take(Some(&firm.director), &items).await;
    assert_eq!((changed.added.len(), changed.unchanged), (0, 2));
    assert_eq!(changed.changed[0].before, Some(1.0));
    assert!((changed.changed[0].after - 1.5).abs() < 1e-12);
    let year = Period {
        from: "2026-01-01".parse().unwrap(),
        to: "2026-12-31".parse().unwrap(),
    };
    let standing = target::read(reader, None, &[], year).await.unwrap();
    let held: Vec<_> = standing
        .iter()
        .map(|own| (own.metric.as_str(), own.amount, own.value, own.version))
        .collect();
    assert_eq!(
        held,
        [
            ("win_rate", None, Some(3_415), 1),
            ("won_amount", Some(500), None, 1),
            ("won_amount", Some(150), None, 2),
        ]
        .map(|row| row)
    );
}

async fn nothing_is_taken_where_one_may_not_be_set(home: Home) {
    let firm = firm(home).await;
    let items = [
        item("won_amount", "2026-01", Whom::Team(firm.east), 100),
        item("won_amount", "2026-01", Whom::Company, 100),
        item(
            "won_amount",
            "2026-01",
            Whom::Person(firm.stranger.user_id),
            100,
        ),
    ];
    let refused = firm.take(Some(&firm.lead), &items).await;
    assert_eq!(
        refused.refused,
        [
            (1, "your role may not set targets of the company".to_owned()),
            (
                2,
                "your role may not set targets of Name of stranger".to_owned()
            ),
        ]
    );
    assert!(firm.seen(&firm.director).await.is_empty());
    // what stands as it is may stand in the sheet of somebody who may not set it
    firm.take(None, &items).await;
    let same = firm.take(Some(&firm.lead), &items).await;
    assert_eq!((same.unchanged, same.refused.len()), (3, 0));
}

async fn names_tell_teams_and_people_apart(home: Home) {
    let firm = firm(home).await;
    let second = firm.stranger.user_id;
    let work = async |unit: Unit| {
        let read: user::Model = unit.get(second).await?;
        let change = user::ActiveModel {
            name: Set("Name of rep".to_owned()),
            ..Default::default()
        };
        unit.update(&read, change).await
    };
    let actor = Actor::system("test");
    let _: user::Model = firm.home.store.write(&actor, work).await.unwrap();
    let names = target::Names::read(firm.home.store.reader()).await.unwrap();
    let long = format!("Name of rep (user-{second})");
    assert_eq!(names.person("Name of rep"), None);
    assert_eq!(names.person(&long), Some(second));
    assert_eq!(names.label(Whom::Person(second)), Some(long.as_str()));
    assert_eq!(names.team("South"), Some(firm.south));
    assert_eq!(
        names.team(&format!("South (team-{})", firm.south)),
        Some(firm.south)
    );
    assert_eq!(names.person("Name of lead"), Some(firm.lead.user_id));
    assert_eq!(names.whole(&[firm.south]), Some(firm.south));
    let both = [firm.region, firm.east];
    assert_eq!(names.whole(&both), Some(firm.region));
    assert_eq!(names.whole(&[firm.region]), None);
    assert_eq!(names.whole(&[firm.east, firm.south]), None);
}
