//! Hints and search find what they should and tell nothing that is not the caller's to know.

use std::collections::BTreeSet;

use millrace_models::scope::{Action, Visibility};
use millrace_operations::entity::{account, contact, opportunity};
use millrace_operations::log::replay;
use millrace_operations::resources::{ListQuery, create, delete, list, update};
use millrace_operations::service::hints::{Alike, Elsewhere, Hints, Typed, hints};
use millrace_operations::service::search::search;
use millrace_operations::{Actor, Caller, ErrorKind, Unit};
use sea_orm::{ConnectionTrait, EntityTrait, Set, Statement};

use crate::scopes::{all_rows, expected as oracle};
use crate::support::{Dice, Home, contract, row};
use crate::world::World;

contract! {
    two_characters_are_found_and_follow_the_record,
    a_duplicate_is_hinted_at_by_name_code_and_number,
    hints_agree_with_the_oracle,
    search_agrees_with_the_oracle,
    a_wrong_code_is_refused,
}

const CODE: &str = "91350100M000100Y43";

async fn found(home: &Home, caller: &Caller, text: &str) -> Vec<(&'static str, i64)> {
    let hits = search(&home.store, caller, text, 50).await.unwrap();
    let ids = hits
        .iter()
        .map(|hit| (hit.entity, hit.record["id"].as_i64().unwrap()));
    ids.collect()
}

async fn grams(home: &Home) -> i64 {
    let statement = Statement::from_string(
        home.store.backend(),
        "SELECT COUNT(*), COUNT(*) FROM search_grams",
    );
    let row = home.store.reader().query_one_raw(statement).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

async fn two_characters_are_found_and_follow_the_record(home: Home) {
    let home = home.initialised().await;
    let root = home.user("root", "administrator", None).await;
    let empty = grams(&home).await;
    let made = create(
        &home.store,
        &root,
        &account::RESOURCE,
        &row! {"name": "上海良工阀门厂有限公司", "phone": "021-5555 1234"},
    )
    .await
    .unwrap();
    let person = row! {"account_id": 1, "name": "欧阳 Anna", "mobile": "138 1234 5678"};
    create(&home.store, &root, &contact::RESOURCE, &person)
        .await
        .unwrap();
    create(
        &home.store,
        &root,
        &opportunity::RESOURCE,
        &row! {"account_id": 1, "name": "阀门 DN50"},
    )
    .await
    .unwrap();
    let (firm, person, deal) = (("account", 1), ("contact", 1), ("opportunity", 1));
    for (text, hits) in [
        ("阀门", vec![firm, deal]),
        ("门厂", vec![firm]),
        ("阀", vec![firm, deal]),
        ("司", vec![firm]),
        ("阀门 dn50", vec![deal]),
        ("ＤＮ５０", vec![deal]),
        ("anna", vec![person]),
        ("5555", vec![firm]),
        ("5678", vec![person]),
        ("OPP-2026", vec![deal]),
        // The pairs are there and the word is not.
        ("良工工阀", vec![]),
        ("门阀", vec![]),
        ("a%", vec![]),
        ("球阀", vec![]),
    ] {
        assert_eq!(found(&home, &root, text).await, hits, "{text}");
    }
    let listed = async |word: &str| {
        let query = ListQuery {
            search: Some(word.to_owned()),
            ..ListQuery::default()
        };
        let page = list(&home.store, &root, &account::RESOURCE, &query).await;
        page.unwrap().rows.len()
    };
    assert_eq!(
        (
            listed("阀门").await,
            listed("球阀").await,
            listed("门").await
        ),
        (1, 0, 1)
    );
    let version = made["version"].as_i64().unwrap();
    let input = row! {"name": "上海球阀"};
    let made = update(&home.store, &root, &account::RESOURCE, 1, version, &input)
        .await
        .unwrap();
    assert_eq!(found(&home, &root, "阀门").await, [deal]);
    assert_eq!(found(&home, &root, "球阀").await, [firm]);

    let other = home.another().await;
    home.settle().await;
    replay(&home.store, &other.store).await.unwrap();
    assert_eq!(grams(&other).await, grams(&home).await);
    assert_eq!(found(&other, &root, "球阀").await, [firm]);

    for (resource, version) in [
        (&account::RESOURCE, made["version"].as_i64().unwrap()),
        (&contact::RESOURCE, 1),
        (&opportunity::RESOURCE, 1),
    ] {
        delete(&home.store, &root, resource, 1, version)
            .await
            .unwrap();
    }
    assert_eq!(grams(&home).await, empty, "nothing stays behind");
    for (text, limit) in [(" ", 5), ("a", 0), ("a", 51)] {
        let error = search(&home.store, &root, text, limit).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

async fn account_of(home: &Home, owner: Option<&Caller>, name: &str) -> i64 {
    let work = async |unit: Unit| {
        let account = account::ActiveModel {
            name: Set(name.to_owned()),
            normalised_name: Set(millrace_operations::names::normalise(name)),
            credit_code: Set(Some(CODE.to_owned())),
            pool_state: Set(if owner.is_some() { "owned" } else { "pooled" }.to_owned()),
            owner_id: Set(owner.map(|owner| owner.user_id)),
            created_at: Set(unit.now()),
            ..Default::default()
        };
        let account = unit.insert::<account::Model>(account).await?;
        let person = contact::ActiveModel {
            account_id: Set(account.id),
            name: Set("Li".to_owned()),
            mobile: Set(Some("+86 138-1234-5678".to_owned())),
            ..Default::default()
        };
        unit.insert::<contact::Model>(person).await?;
        Ok(account.id)
    };
    home.store
        .write(&Actor::system("test"), work)
        .await
        .unwrap()
}

fn typed(name: &str, code: &str, phone: &str) -> Typed {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Typed {
        name: some(name),
        credit_code: some(code),
        phone: some(phone),
    }
}

async fn a_duplicate_is_hinted_at_by_name_code_and_number(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let bob = home.user("bob", "rep", None).await;
    let cs = home.user("cs", "customer_success", None).await;
    let id = account_of(&home, Some(&ann), "上海良工阀门厂有限公司").await;
    let whole = typed("上海良工 阀门厂", CODE, "13812345678");
    let known = |by| millrace_operations::service::hints::Known {
        account_id: id,
        number: "ACC-2026-00001".to_owned(),
        name: "上海良工阀门厂有限公司".to_owned(),
        by,
    };
    let elsewhere = |by| Elsewhere {
        by,
        ask: Some("Name of ann".to_owned()),
    };
    for (input, by) in [
        (whole.clone(), Alike::CreditCode),
        (typed("上海良工（阀门厂）", "", ""), Alike::Name),
        (typed("", "", "138 1234 5678"), Alike::Phone),
        (typed("阀门", "", ""), Alike::PartOfName),
    ] {
        let told = hints(&home.store, &ann, &input).await.unwrap();
        assert_eq!((told.known, told.elsewhere), (vec![known(by)], vec![]));
    }
    let told = hints(&home.store, &bob, &whole).await.unwrap();
    assert!(told.known.is_empty());
    let all = [Alike::CreditCode, Alike::Name, Alike::Phone];
    assert_eq!(told.elsewhere, all.map(elsewhere));
    assert_eq!(told.credit_code_valid, Some(true));
    // A part of it finds nothing: nobody can feel their way to it.
    for input in [
        typed("上海良工阀门", "91350100M000100Y4", "1381234567"),
        typed("阀门", "", "5678"),
    ] {
        let told = hints(&home.store, &bob, &input).await.unwrap();
        assert_eq!((told.known, told.elsewhere), (vec![], vec![]));
    }
    let refused = hints(&home.store, &cs, &whole).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let wrong = hints(&home.store, &bob, &typed("", "91350100M000100Y44", ""))
        .await
        .unwrap();
    assert_eq!(
        (wrong.credit_code_valid, wrong.elsewhere),
        (Some(false), vec![])
    );
}

async fn a_wrong_code_is_refused(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    let enter = async |code: &str| {
        let input = row! {"name": "A", "credit_code": code};
        create(&home.store, &rep, &account::RESOURCE, &input).await
    };
    let error = enter("91350100M000100Y44").await.unwrap_err().to_string();
    assert!(
        error.starts_with("credit_code: must be a unified social credit code"),
        "{error}"
    );
    let made = enter("91350100 m000100y43").await.unwrap();
    assert_eq!(made["credit_code"], CODE);
    assert!(enter(" ").await.unwrap()["credit_code"].is_null());
}

/// Naively: whether a person reads an account, by loops and the rules in words.
fn reads(caller: &Caller, account: &account::Model, pool: bool) -> bool {
    use millrace_models::scope::Scope;
    let within = match caller.rights.scope("account", Action::Read) {
        None => return false,
        Some(Scope::All) => true,
        Some(Scope::Team) => account.team_id.is_some() && account.team_id == caller.team_id,
        Some(Scope::TeamTree) => account
            .team_id
            .is_some_and(|team| caller.team_tree.contains(&team)),
        Some(Scope::Own) => false,
    };
    let claims = caller.rights.scope("account", Action::Claim).is_some();
    within
        || account.owner_id == Some(caller.user_id)
        || (pool && claims && account.owner_id.is_none())
}

async fn hints_agree_with_the_oracle(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 31).await;
    let accounts = account::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    let contacts = contact::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    let users = millrace_operations::entity::user::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    let mut dice = Dice::new(5);
    for caller in &world.people {
        if caller.rights.scope("account", Action::Create).is_none() {
            let refused = hints(&home.store, caller, &typed("Company 1", "", "")).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
            continue;
        }
        for account in &accounts {
            let person = contacts
                .iter()
                .find(|one| one.account_id == account.id)
                .unwrap();
            let mobile = person.mobile.clone().unwrap();
            let owner = users.iter().find(|user| Some(user.id) == account.owner_id);
            let ask = owner.map(|owner| owner.name.clone());
            let by_name = hints(&home.store, caller, &typed(&account.name, "", ""))
                .await
                .unwrap();
            let ids = |told: &Hints| {
                let ids = told.known.iter().map(|known| known.account_id);
                ids.collect::<BTreeSet<_>>()
            };
            for id in ids(&by_name) {
                let other = accounts.iter().find(|account| account.id == id).unwrap();
                assert!(reads(caller, other, true), "{} {id}", caller.role);
            }
            let seen = reads(caller, account, true);
            assert_eq!(ids(&by_name).contains(&account.id), seen, "{}", caller.role);
            let others = if seen {
                vec![]
            } else {
                vec![Elsewhere {
                    by: Alike::Name,
                    ask: ask.clone(),
                }]
            };
            assert_eq!(by_name.elsewhere, others, "{}", caller.role);

            let number = if dice.below(2) == 0 {
                mobile
            } else {
                account.phone.clone().unwrap()
            };
            let by_phone = hints(&home.store, caller, &typed("", "", &number))
                .await
                .unwrap();
            if !caller.rights.sees(Visibility::FullPhone) {
                assert_eq!(by_phone, Hints::default());
                continue;
            }
            let seen = reads(caller, account, false);
            assert_eq!(
                ids(&by_phone),
                seen.then_some(account.id).into_iter().collect()
            );
            let others = if seen {
                vec![]
            } else {
                vec![Elsewhere {
                    by: Alike::Phone,
                    ask,
                }]
            };
            assert_eq!(by_phone.elsewhere, others, "{} {number}", caller.role);
        }
    }
}

async fn search_agrees_with_the_oracle(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 41).await;
    let accounts = account::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    let contacts = contact::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap();
    for caller in &world.people {
        let reads_contacts = caller.rights.scope("contact", Action::Read).is_some();
        let full = caller.rights.sees(Visibility::FullPhone);
        for text in [
            "company",
            "Company 3",
            "1380000",
            "80000000",
            "13",
            "person",
            "9000",
        ] {
            let lower = text.to_lowercase();
            let words: Vec<&str> = lower.split_whitespace().collect();
            let has = |texts: &[String]| {
                let hit = |word: &&str| texts.iter().any(|text| text.to_lowercase().contains(word));
                words.iter().all(hit)
            };
            let shown = |phone: Option<&String>| match phone {
                Some(phone) if full => phone.clone(),
                Some(phone) => format!("{}****{}", &phone[..3], &phone[7..]),
                None => String::new(),
            };
            let mut expected = BTreeSet::new();
            let mut indexed = BTreeSet::new();
            for account in accounts
                .iter()
                .filter(|account| reads(caller, account, true))
            {
                let mut texts = vec![
                    account.number.clone(),
                    account.name.clone(),
                    account.normalised_name.clone(),
                ];
                if has(&texts) {
                    indexed.insert(("account", account.id));
                }
                if reads(caller, account, false) {
                    texts.push(shown(account.phone.as_ref()));
                }
                if has(&texts) {
                    expected.insert(("account", account.id));
                }
            }
            for person in contacts.iter().filter(|_| reads_contacts) {
                let parent = accounts
                    .iter()
                    .find(|one| one.id == person.account_id)
                    .unwrap();
                if reads(caller, parent, false)
                    && has(&[person.name.clone(), shown(person.mobile.as_ref())])
                {
                    expected.insert(("contact", person.id));
                }
            }
            let hits: BTreeSet<_> = found(&home, caller, text)
                .await
                .into_iter()
                .filter(|(entity, _)| ["account", "contact"].contains(entity))
                .collect();
            // Masked numbers are no words of the index; what is found by them is found by more.
            assert!(hits.is_subset(&expected), "{} {text}", caller.role);
            assert!(hits.is_superset(&indexed), "{} {text}", caller.role);
            if full {
                assert_eq!(hits, expected, "{} {text}", caller.role);
            }
        }
    }
    let tables = all_rows(&home).await;
    for caller in &world.people {
        for (text, entity) in [
            ("deal", "opportunity"),
            ("opp-2026", "opportunity"),
            ("QUO-", "quote"),
            ("quo-2026", "quote"),
        ] {
            let hits: BTreeSet<i64> = found(&home, caller, text)
                .await
                .into_iter()
                .map(|(of, id)| {
                    assert_eq!(of, entity);
                    id
                })
                .collect();
            let seen = oracle(&tables, caller, entity, true);
            assert_eq!(hits, seen, "{} {text}", caller.role);
        }
    }
}
