//! What will be won, told from a small lake whose deals are known: held against the queries of the
//! same numbers, against probabilities worked out day by day, and against the lake of one person.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use millrace_lake::query::{
    DrillRequest, Engine, ForecastBy, ForecastOrder, ForecastRequest, ForecastResult, QueryError,
};
use millrace_lake::{Close, PublishedSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::config::{Company, NumbersSettings};
use millrace_models::entity::Entity;
use millrace_models::forecast::Lacking;
use millrace_models::query::{Condition, Op, Period, Query};
use millrace_models::scope::{Access, default_roles};
use serde_json::{Value, json};

use crate::support::TestLake;

/// The people and their teams.
const PEOPLE: [(&str, &str, &str); 3] = [
    ("user-1", "李雷", "华东"),
    ("user-2", "韩梅梅", "华南"),
    ("user-3", "王芳", "华东"),
];
/// Thursday.
const NOW: &str = "2025-11-20T02:00:00Z";
const LEAD: usize = 0;
const QUOTATION: usize = 1;

/// Draws that follow each other.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A deal: when it entered its stages and how it ended, on working days.
#[derive(Debug, Clone)]
struct Deal {
    id: String,
    owner: usize,
    opened: NaiveDate,
    quoted: Option<NaiveDate>,
    ended: Option<(NaiveDate, bool)>,
    amount: Option<i64>,
    expected: Option<NaiveDate>,
}

fn calendar() -> WorkingCalendar {
    let company = Company::default();
    WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2025-11-20")
}

/// A firm since May 2024, up to yesterday.
fn firm() -> Vec<Deal> {
    let calendar = calendar();
    let after = |from: NaiveDate, working: u64| {
        let mut left = working;
        let mut date = from;
        while left > 0 {
            date = date + Days::new(1);
            left -= u64::from(calendar.is_working(date));
        }
        date
    };
    let mut draws = Draws(7);
    let mut deals = Vec::new();
    let days = day("2024-05-06")
        .iter_days()
        .take_while(|date| *date < today());
    for opened in days.filter(|date| calendar.is_working(*date)) {
        for _ in 0..=draws.below(2) {
            let place = deals.len();
            let leaves = after(opened, 1 + draws.below(8));
            let goes_on = draws.below(10) < 6;
            let decided = after(leaves, 1 + draws.below(11));
            let won = draws.below(10) < 5;
            let known = |date: &NaiveDate| *date < today();
            let amount = 10_000 + 5_000 * i64::try_from(draws.below(9)).unwrap();
            let quoted = Some(leaves).filter(|_| goes_on).filter(known);
            let end = if goes_on {
                (decided, won)
            } else {
                (leaves, false)
            };
            deals.push(Deal {
                id: format!("D{place:04}"),
                owner: usize::try_from(draws.below(3)).unwrap(),
                opened,
                quoted,
                ended: Some(end).filter(|(date, _)| known(date)),
                amount: (place % 17 != 3).then_some(amount),
                expected: (place % 5 != 2).then(|| opened + Days::new(20)),
            });
        }
    }
    deals
}

async fn lake_of(deals: &[Deal]) -> TestLake {
    let mut lake = TestLake::new().await;
    let people = PEOPLE.map(|(id, name, team)| json!({"id": id, "name": name, "team": team}));
    lake.raw(Entity::User, json!(people)).await;
    lake.raw(
        Entity::Account,
        json!([{"id": "a1", "name": "阀门厂", "region": "上海"}]),
    )
    .await;
    let (mut records, mut changes) = (Vec::new(), Vec::new());
    for deal in deals {
        records.push(json!({
            "id": deal.id, "account": "a1", "owner": PEOPLE[deal.owner].0,
            "opened_at": format!("{}T09:30", deal.opened), "amount": deal.amount,
            "expected_close_on": deal.expected.map(|date| date.to_string()),
        }));
        let mut change = |stage: &str, date: NaiveDate, time: &str| {
            changes.push(json!({
                "opportunity": deal.id, "stage": stage, "changed_at": format!("{date}T{time}"),
            }));
        };
        change("lead", deal.opened, "09:30");
        if let Some(date) = deal.quoted {
            change("quotation", date, "14:00");
        }
        if let Some((date, won)) = deal.ended {
            change(if won { "won" } else { "lost" }, date, "16:00");
        }
    }
    lake.raw(Entity::Opportunity, Value::Array(records)).await;
    lake.raw(Entity::StageChange, Value::Array(changes)).await;
    lake.run().await;
    lake
}

fn request(period: &str) -> ForecastRequest {
    ForecastRequest {
        period: Some(period.parse().unwrap()),
        limit: Some(1_000),
        ..ForecastRequest::default()
    }
}

async fn asked(engine: &Engine, request: &ForecastRequest) -> ForecastResult {
    let everybody = Access::everything();
    engine.forecast(&everybody, request, now()).await.unwrap()
}

fn near(left: f64, right: f64, what: &str) {
    assert!(
        (left - right).abs() <= 1e-9 * right.abs().max(1.0),
        "{what}: {left}, not {right}"
    );
}

/// What a visit came to by now: the working days it lasted, and whether it went on (`Some(true)`),
/// ended otherwise, or is open.
fn visits(deals: &[Deal], at: NaiveDate) -> Vec<(usize, usize, Option<&'static str>)> {
    let calendar = calendar();
    let working = |from: NaiveDate, to: NaiveDate| {
        usize::try_from(calendar.working_days_between(from, to)).unwrap()
    };
    // what is open is watched up to the last day that is over
    let over = at.pred_opt().unwrap();
    let mut seen = Vec::new();
    for deal in deals {
        let ended = deal.ended;
        match (deal.quoted, ended) {
            (Some(quoted), _) => {
                seen.push((LEAD, working(deal.opened, quoted), Some("on")));
                seen.push(match ended {
                    Some((date, won)) => {
                        let end = if won { "won" } else { "lost" };
                        (QUOTATION, working(quoted, date), Some(end))
                    }
                    None => (QUOTATION, working(quoted, over), None),
                });
            }
            (None, Some((date, _))) => {
                seen.push((LEAD, working(deal.opened, date), Some("lost")));
            }
            (None, None) => seen.push((LEAD, working(deal.opened, over), None)),
        }
    }
    seen
}

/// The chances of a day of a visit, worked out anew for each question: those that were there on that
/// day against those that went each way on it, with ten days of the stage's mean mixed in.
struct Naive {
    visits: Vec<(usize, usize, Option<&'static str>)>,
}

impl Naive {
    fn chance(&self, stage: usize, day: usize, end: &str) -> f64 {
        let own = || self.visits.iter().filter(|(of, ..)| *of == stage);
        let days: usize = own().map(|(_, lasted, _)| lasted + 1).sum();
        let went = |on: Option<usize>| {
            let gone = own()
                .filter(|(_, lasted, to)| *to == Some(end) && on.is_none_or(|on| *lasted == on));
            gone.count() as f64
        };
        let there = own().filter(|(_, lasted, _)| *lasted >= day).count() as f64;
        let mean = went(None) / days as f64;
        assert!(day < 20, "later days are grouped, which this does not know");
        (went(Some(day)) + 10.0 * mean) / (there + 10.0)
    }

    /// Won within so many days, of a visit that has lasted for some.
    fn won(&self, stage: usize, lasted: usize, left: usize) -> f64 {
        if left == 0 {
            return 0.0;
        }
        let next = lasted + 1;
        self.on(stage, next, left - 1) + self.stays(stage, next) * self.won(stage, next, left - 1)
    }

    fn stays(&self, stage: usize, day: usize) -> f64 {
        let ends = ["on", "won", "lost"];
        1.0 - ends
            .iter()
            .map(|end| self.chance(stage, day, end))
            .sum::<f64>()
    }

    /// Won by what happens on a day of a visit, with so many days after it.
    fn on(&self, stage: usize, day: usize, left: usize) -> f64 {
        let onwards = if stage == LEAD {
            self.chance(LEAD, day, "on") * self.entered(QUOTATION, left)
        } else {
            0.0
        };
        self.chance(stage, day, "won") + onwards
    }

    fn entered(&self, stage: usize, left: usize) -> f64 {
        self.on(stage, 0, left) + self.stays(stage, 0) * self.won(stage, 0, left)
    }
}

#[tokio::test]
async fn each_probability_is_that_of_the_days_before() {
    let deals = firm();
    let lake = lake_of(&deals).await;
    let told = asked(&lake.engine(), &request("2025-11")).await;
    assert_eq!(told.lacking, None);
    // the 20th to the 28th
    assert_eq!((told.working_days, told.working_days_left), (20, 7));
    let naive = Naive {
        visits: visits(&deals, today()),
    };
    let calendar = calendar();
    let over = today().pred_opt().unwrap();
    let mut worked = BTreeMap::new();
    let mut expected = 0.0;
    assert!(told.deals.len() > 10);
    for open in &told.deals {
        let id = open.record["opportunity_id"].as_str().unwrap();
        let deal = deals.iter().find(|deal| deal.id == id).unwrap();
        assert_eq!(deal.ended, None, "{id} is open");
        let (stage, since) = match deal.quoted {
            Some(quoted) => (QUOTATION, quoted),
            None => (LEAD, deal.opened),
        };
        let lasted = usize::try_from(calendar.working_days_between(since, over)).unwrap();
        assert_eq!(usize::try_from(open.days_in_stage).unwrap(), lasted, "{id}");
        let own = worked
            .entry((stage, lasted))
            .or_insert_with(|| naive.won(stage, lasted, 7));
        near(open.probability.unwrap(), *own, id);
        assert_eq!(
            open.record.get("amount").and_then(Value::as_f64),
            deal.amount.map(|own| own as f64)
        );
        expected += *own * open.counted_amount;
    }
    near(
        told.total.from_open.unwrap().amount,
        expected,
        "of open deals",
    );
    // where there is no amount, the mean of those won counts
    let won = deals
        .iter()
        .filter(|deal| deal.ended.is_some_and(|(_, won)| won));
    let amounts: Vec<f64> = won
        .filter_map(|deal| deal.amount)
        .map(|own| own as f64)
        .collect();
    let mean = amounts.iter().sum::<f64>() / amounts.len() as f64;
    let without = told
        .deals
        .iter()
        .filter(|open| open.record["amount"].is_null());
    let without: Vec<f64> = without.map(|open| open.counted_amount).collect();
    assert!(!without.is_empty());
    assert_eq!(without.len(), told.total.standing.without_amount);
    for counted in without {
        near(counted, mean, "the mean");
    }
}

#[tokio::test]
async fn deals_not_opened_yet_are_the_mean_of_earlier_months() {
    let deals = firm();
    let lake = lake_of(&deals).await;
    let told = asked(&lake.engine(), &request("2025-11")).await;
    assert_eq!(told.new_before.len(), 12);
    let calendar = calendar();
    let mut sums = Vec::new();
    for brought in &told.new_before {
        let days = brought.period.days();
        // the last seven working days of it
        let mut first = days.to;
        while calendar.working_days_between(first.pred_opt().unwrap(), days.to) < 7
            || !calendar.is_working(first)
        {
            first = first.pred_opt().unwrap();
        }
        let own = deals.iter().filter(|deal| {
            let won = deal.ended.filter(|(_, won)| *won);
            deal.opened >= first && won.is_some_and(|(date, _)| date <= days.to)
        });
        let amounts: Vec<i64> = own.map(|deal| deal.amount.unwrap_or(0)).collect();
        near(
            brought.sum.count,
            amounts.len() as f64,
            &brought.period.to_string(),
        );
        near(
            brought.sum.amount,
            amounts.iter().sum::<i64>() as f64,
            "its amount",
        );
        sums.push(brought.sum.amount);
    }
    assert!(sums.iter().sum::<f64>() > 0.0);
    near(
        told.total.from_new.unwrap().amount,
        sums.iter().sum::<f64>() / 12.0,
        "the mean",
    );
    let total = &told.total;
    let parts = total.standing.won + total.from_open.unwrap() + total.from_new.unwrap();
    near(total.expected.unwrap().amount, parts.amount, "all together");
    let (low, high) = (total.low.unwrap().amount, total.high.unwrap().amount);
    assert!(low < parts.amount && parts.amount < high, "{low} {high}");
}

#[tokio::test]
async fn its_numbers_are_those_of_the_queries_and_records() {
    let deals = firm();
    let lake = lake_of(&deals).await;
    let engine = lake.engine();
    let told = asked(&engine, &request("2025-11")).await;
    let everybody = Access::everything();
    let number = async |metric: &str, period: Option<Period>| {
        let query = Query {
            metrics: vec![metric.to_owned()],
            period,
            ..Query::default()
        };
        let answer = engine.query(&everybody, &query, now()).await.unwrap();
        answer.total[metric].as_f64().unwrap()
    };
    let standing = &told.total.standing;
    near(
        standing.won.amount,
        number("won_amount", Some(told.days)).await,
        "won",
    );
    near(
        standing.won.count,
        number("opportunities_won", Some(told.days)).await,
        "deals won",
    );
    near(
        standing.open.amount,
        number("open_amount", None).await,
        "open",
    );
    let drill = DrillRequest {
        query: Query {
            metrics: vec!["open_amount".to_owned()],
            ..Query::default()
        },
        limit: Some(1_000),
        ..DrillRequest::default()
    };
    let records = engine.drill(&everybody, &drill, now()).await.unwrap();
    assert_eq!(records.count, i64::try_from(told.deals_count).unwrap());
    let ids = |rows: Vec<&serde_json::Map<String, Value>>| {
        let mut ids: Vec<String> = rows
            .iter()
            .map(|row| row["opportunity_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(
        ids(records.rows.iter().collect()),
        ids(told.deals.iter().map(|deal| &deal.record).collect())
    );
    // the weighted pipeline: the told chance of its stage, where it is due
    let weighted: f64 = deals
        .iter()
        .filter(|deal| deal.ended.is_none() && deal.expected.is_some_and(|on| on <= told.days.to))
        .map(|deal| {
            let chance = if deal.quoted.is_some() { 0.5 } else { 0.05 };
            chance * deal.amount.unwrap_or(0) as f64
        })
        .sum();
    near(
        standing.weighted.amount,
        standing.won.amount + weighted,
        "the weighted pipeline",
    );
    let shown: f64 = told
        .deals
        .iter()
        .map(|deal| deal.weight * deal.record["amount"].as_f64().unwrap_or(0.0))
        .sum();
    near(shown, weighted, "what the deals show of it");
    // day by day
    assert_eq!(told.path.len(), 30);
    let of = |date: &str| told.path.iter().find(|own| own.date == day(date)).unwrap();
    assert_eq!(of("2025-11-20").won, Some(standing.won));
    assert_eq!(of("2025-11-21").won, None);
    assert_eq!(of("2025-11-19").expected, None);
    assert_eq!(
        of("2025-11-22").expected,
        of("2025-11-21").expected,
        "nobody signs on Saturday"
    );
    near(
        of("2025-11-30").expected.unwrap().amount,
        told.total.expected.unwrap().amount,
        "at last",
    );
    let low = of("2025-11-30").low.unwrap();
    assert_eq!(low, told.total.low.unwrap());
    let mut before = 0.0;
    for own in &told.path {
        let amount = own.won.or(own.expected).unwrap().amount;
        assert!(amount >= before, "{}", own.date);
        before = amount;
    }
}

#[tokio::test]
async fn teams_and_people_add_up_and_conditions_leave_probabilities_alone() {
    let lake = lake_of(&firm()).await;
    let engine = lake.engine();
    let whole = asked(&engine, &request("2025-Q4")).await;
    for (by, count) in [(ForecastBy::Team, 2), (ForecastBy::Owner, 3)] {
        let split = asked(
            &engine,
            &ForecastRequest {
                by: Some(by),
                ..request("2025-Q4")
            },
        )
        .await;
        assert_eq!(split.total, whole.total);
        assert_eq!(split.groups.len(), count);
        let (mut expected, mut won, mut open) = (0.0, 0.0, 0.0);
        for group in &split.groups {
            let figures = &group.figures;
            expected += figures.expected.unwrap().amount;
            won += figures.standing.won.amount;
            open += figures.standing.open.count;
            let only = asked(
                &engine,
                &ForecastRequest {
                    conditions: vec![Condition {
                        dimension: by.name().to_owned(),
                        op: Op::In,
                        values: vec![group.name.clone().unwrap()],
                    }],
                    ..request("2025-Q4")
                },
            )
            .await;
            near(
                only.total.expected.unwrap().amount,
                figures.expected.unwrap().amount,
                "of one alone",
            );
            assert!(only.deals_count < whole.deals_count);
            for deal in &only.deals {
                let id = &deal.record["opportunity_id"];
                let same = whole
                    .deals
                    .iter()
                    .find(|own| own.record["opportunity_id"] == *id);
                assert_eq!(same, Some(deal));
            }
        }
        near(
            expected,
            whole.total.expected.unwrap().amount,
            "expected of all",
        );
        near(won, whole.total.standing.won.amount, "won by all");
        near(open, whole.total.standing.open.count, "open deals of all");
    }
}

#[tokio::test]
async fn a_rep_is_told_of_his_own_deals_alone() {
    let deals = firm();
    let lake = lake_of(&deals).await;
    let own: Vec<Deal> = deals.into_iter().filter(|deal| deal.owner == 0).collect();
    let alone = lake_of(&own).await;
    let roles = default_roles();
    let rep = roles.into_iter().find(|role| role.code == "rep").unwrap();
    let team = vec!["华东".to_owned()];
    let access = Access::of_user(rep.rights, 1, team.clone(), team);
    let request = ForecastRequest {
        by: Some(ForecastBy::Owner),
        ..request("2025-11")
    };
    let comparable = |told: ForecastResult| {
        let mut told = serde_json::to_value(told).unwrap();
        told.as_object_mut()
            .unwrap()
            .retain(|name, _| name != "versions");
        for deal in told["deals"].as_array_mut().unwrap() {
            deal["account_id"].take();
        }
        told
    };
    let scoped = lake
        .engine()
        .forecast(&access, &request, now())
        .await
        .unwrap();
    assert_eq!(scoped.lacking, None);
    assert!(scoped.deals_count > 0);
    assert_eq!(scoped.groups.len(), 1);
    // the account is not the rep's, so its name is not told
    assert!(
        scoped
            .deals
            .iter()
            .all(|deal| deal.record["account_id"] == "a1")
    );
    let alone = asked(&alone.engine(), &request).await;
    assert_eq!(comparable(scoped), comparable(alone));
}

#[tokio::test]
async fn a_past_month_is_forecast_as_the_proof_says() {
    let lake = lake_of(&firm()).await;
    let engine = lake.engine();
    let told = asked(&engine, &request("2025-11")).await;
    let proof = told.proof.unwrap();
    // May 2024 has nothing before it, and three whole months must lie before each
    assert!(proof.periods.len() >= 8, "{}", proof.periods.len());
    let mut off = 0.0;
    for own in &proof.periods {
        let query = Query {
            metrics: vec!["won_amount".to_owned()],
            period: Some(own.period.days()),
            ..Query::default()
        };
        let actual = engine
            .query(&Access::everything(), &query, now())
            .await
            .unwrap();
        near(
            own.actual.amount,
            actual.total["won_amount"].as_f64().unwrap(),
            "what was won",
        );
        // the first hours of the next day, in which nothing happens, so that it is the day that is left
        let at: DateTime<Utc> = own.as_of.parse().unwrap();
        let again = asked(
            &engine,
            &ForecastRequest {
                as_of: Some(at + chrono::TimeDelta::hours(2)),
                ..request(&own.period.to_string())
            },
        )
        .await;
        assert_eq!(
            again.working_days_left, told.working_days_left,
            "{}",
            own.period
        );
        near(
            again.total.expected.unwrap().amount,
            own.expected.amount,
            "expected then",
        );
        near(
            again.total.standing.weighted.amount,
            own.weighted.amount,
            "weighted then",
        );
        off += (own.expected.amount - own.actual.amount).abs() / own.actual.amount;
    }
    near(
        proof.forecast.unwrap().amount,
        off / proof.periods.len() as f64,
        "how far off",
    );
    assert!(proof.periods.iter().any(|own| own.year_before.is_some()));
    assert!(proof.periods.iter().any(|own| own.year_before.is_none()));
}

#[tokio::test]
async fn pages_hold_all_open_deals_once_in_the_order_that_is_asked_for() {
    let lake = lake_of(&firm()).await;
    let engine = lake.engine().keeping(NumbersSettings::default());
    let whole = asked(&engine, &request("2025-11")).await;
    for order in [
        ForecastOrder::Expected,
        ForecastOrder::Amount,
        ForecastOrder::Probability,
    ] {
        let mut cursor = None;
        let mut deals = Vec::new();
        loop {
            let page = asked(
                &engine,
                &ForecastRequest {
                    limit: Some(7),
                    order,
                    cursor,
                    ..request("2025-11")
                },
            )
            .await;
            assert_eq!(page.total, whole.total);
            deals.extend(page.deals);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(deals.len(), whole.deals_count);
        let key = |deal: &millrace_lake::query::OpenDeal| match order {
            ForecastOrder::Amount => deal.counted_amount,
            ForecastOrder::Probability => deal.probability.unwrap(),
            _ => deal.expected_amount.unwrap(),
        };
        assert!(
            deals.windows(2).all(|pair| key(&pair[0]) >= key(&pair[1])),
            "{order:?}"
        );
        let expected: f64 = deals.iter().map(|deal| deal.expected_amount.unwrap()).sum();
        near(
            expected,
            whole.total.from_open.unwrap().amount,
            "what the pages add up to",
        );
    }
    // asked again, and of an engine that remembers nothing: the same
    let again = asked(&engine, &request("2025-11")).await;
    assert_eq!(again, whole);
    assert_eq!(asked(&lake.engine(), &request("2025-11")).await, whole);
    for wrong in ["x", "s999o0"] {
        let refused = engine
            .forecast(
                &Access::everything(),
                &ForecastRequest {
                    cursor: Some(wrong.to_owned()),
                    ..request("2025-11")
                },
                now(),
            )
            .await;
        assert!(matches!(refused, Err(QueryError::Unusable(_))), "{wrong}");
    }
}

#[tokio::test]
async fn a_short_history_says_what_it_lacks() {
    let recent: Vec<Deal> = firm()
        .into_iter()
        .filter(|deal| deal.opened >= day("2025-08-10"))
        .collect();
    let told = asked(&lake_of(&recent).await.engine(), &request("2025-11")).await;
    assert_eq!(told.lacking, Some(Lacking::Periods));
    assert_eq!(told.learned.least_periods, 3);
    let few: Vec<Deal> = firm()
        .into_iter()
        .filter(|deal| deal.id.ends_with('0'))
        .take(30)
        .collect();
    let told = asked(&lake_of(&few).await.engine(), &request("2025-11")).await;
    assert_eq!(told.lacking, Some(Lacking::Wins));
    assert!(told.learned.wins < told.learned.least_wins);

    // what needs no history is told all the same
    let lake = lake_of(&recent).await;
    let told = asked(
        &lake.engine(),
        &ForecastRequest {
            by: Some(ForecastBy::Team),
            ..request("2025-11")
        },
    )
    .await;
    assert!(told.total.standing.won.amount > 0.0 && told.total.standing.open.count > 0.0);
    assert!(told.total.expected.is_none() && told.proof.is_none());
    assert_eq!(told.groups.len(), 2);
    assert!(told.deals.iter().all(|deal| deal.probability.is_none()));
    assert!(told.path.iter().all(|own| own.expected.is_none()));
}

#[tokio::test]
async fn periods_that_cannot_be_forecast_are_refused() {
    let lake = lake_of(&firm()).await;
    let engine = lake.engine();
    for (period, message) in [
        (
            "2025",
            "a forecast is of a month or a quarter, such as 2025-11 or 2025-Q4, not of the year 2025",
        ),
        (
            "2025-10",
            "2025-10 is over: what was won in it is won_amount; as of a day in it, it can be forecast again",
        ),
        (
            "2026-06",
            "2026-06 begins more than half a year after 2025-11-20",
        ),
    ] {
        let refused = engine
            .forecast(&Access::everything(), &request(period), now())
            .await;
        assert_eq!(refused.unwrap_err().to_string(), message);
    }
    // the month after this one, of which nothing is won yet
    let ahead = asked(&engine, &request("2025-12")).await;
    assert_eq!(ahead.total.standing.won.count.to_bits(), 0.0_f64.to_bits());
    assert!(ahead.total.expected.unwrap().count > 1.0);
    assert_eq!(ahead.working_days_left, ahead.working_days);
    // and without naming one it is this month
    let usual = asked(&engine, &ForecastRequest::default()).await;
    assert_eq!(usual.period.to_string(), "2025-11");
}

/// What is changed of a closed month later is in none of the numbers that a query does not have it in.
#[tokio::test]
async fn a_closed_month_was_won_as_it_was_told() {
    let deals = firm();
    let mut lake = lake_of(&deals).await;
    let before = lake.lake.latest_set().await.unwrap().unwrap();
    let october = |deal: &&Deal| {
        deal.ended
            .is_some_and(|(date, won)| won && date.to_string().starts_with("2025-10"))
    };
    let changed = deals.iter().find(october).unwrap();
    lake.raw(
        Entity::Opportunity,
        json!([{
            "id": changed.id, "account": "a1", "owner": PEOPLE[changed.owner].0,
            "opened_at": format!("{}T09:30", changed.opened), "amount": 1_000_000,
        }]),
    )
    .await;
    lake.run().await;
    let set = lake.lake.latest_set().await.unwrap().unwrap();
    let open = asked(&lake.engine(), &request("2025-Q4")).await;
    let close = Close {
        month: day("2025-10-01"),
        set: before.id,
        closed_at: "2025-11-05T02:00:00Z".parse().unwrap(),
        stands: true,
    };
    let closed = PublishedSet {
        closes: vec![close],
        ..set
    };
    lake.lake.publish(closed).await.unwrap();
    let told = asked(&lake.engine(), &request("2025-Q4")).await;
    let more = 1_000_000.0 - changed.amount.unwrap_or(0) as f64;
    let since_october = deals.iter().filter(|deal| {
        deal.ended
            .is_some_and(|(date, won)| won && date >= day("2025-10-01"))
    });
    let won: i64 = since_october.map(|deal| deal.amount.unwrap_or(0)).sum();
    near(
        told.total.standing.won.amount,
        won as f64,
        "won as it was told",
    );
    near(
        open.total.standing.won.amount,
        won as f64 + more,
        "won as it is known",
    );
    for (told, open) in [
        (told.total.expected, open.total.expected),
        (told.total.low, open.total.low),
        (told.total.high, open.total.high),
        (
            told.path.last().unwrap().expected,
            open.path.last().unwrap().expected,
        ),
    ] {
        near(
            told.unwrap().amount,
            open.unwrap().amount - more,
            "moved by as much",
        );
    }
    let month = asked(&lake.engine(), &request("2025-11")).await;
    let proof = &month.proof.unwrap().periods[0];
    assert_eq!(proof.period.to_string(), "2025-10");
    let told: i64 = deals
        .iter()
        .filter(october)
        .map(|deal| deal.amount.unwrap_or(0))
        .sum();
    near(
        proof.actual.amount,
        told as f64,
        "what October was told to be",
    );
}
