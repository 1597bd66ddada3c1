use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;

use super::*;

type Row = BTreeMap<String, String>;

/// The records of a generated demo by file, with headers as keys.
struct Demo {
    dir: tempfile::TempDir,
    options: DemoOptions,
}

impl Demo {
    fn new(accounts: usize, months: u32, until: &str, seed: u64) -> Demo {
        let options = DemoOptions {
            accounts,
            months,
            until: until.parse().unwrap(),
            seed,
        };
        let dir = tempfile::tempdir().unwrap();
        let mapping = generate(dir.path(), &options).unwrap();
        assert_eq!(mapping, dir.path().join("mapping.toml"));
        Demo { dir, options }
    }

    fn rows(&self, entity: &str) -> Vec<Row> {
        let path = self.dir.path().join(format!("{entity}.csv"));
        csv::Reader::from_path(path)
            .unwrap()
            .deserialize()
            .map(Result::unwrap)
            .collect()
    }

    fn ids(&self, entity: &str, column: &str) -> BTreeSet<String> {
        let rows = self.rows(entity);
        let ids: BTreeSet<String> = rows.iter().map(|row| row[column].clone()).collect();
        assert!(!ids.contains(""), "{entity}");
        ids
    }

    fn bytes(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, std::fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

fn usual() -> Demo {
    Demo::new(800, 24, "2026-11-23", 1)
}

fn time(text: &str) -> NaiveDateTime {
    text.parse::<NaiveDateTime>()
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"))
        .unwrap()
}

fn cycle(row: &Row) -> f64 {
    (time(&row["赢单时间"]) - time(&row["创建时间"])).num_seconds() as f64 / 86_400.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn same_options_give_the_same_bytes() {
    let (left, right) = (
        Demo::new(60, 12, "2026-03-10", 9),
        Demo::new(60, 12, "2026-03-10", 9),
    );
    assert!(left.bytes() == right.bytes());
    let other = Demo::new(60, 12, "2026-03-10", 10);
    assert!(left.bytes() != other.bytes());
}

#[test]
fn refuses_options_out_of_range() {
    let dir = tempfile::tempdir().unwrap();
    let until = "2026-11-23".parse().unwrap();
    let none = DemoOptions {
        accounts: 0,
        months: 24,
        until,
        seed: 1,
    };
    let error = generate(dir.path(), &none).unwrap_err();
    assert_eq!(error.to_string(), "accounts is 0, must be 1 to 1000000");
    let none = DemoOptions {
        accounts: 1,
        months: 0,
        until,
        seed: 1,
    };
    let error = generate(dir.path(), &none).unwrap_err();
    assert_eq!(error.to_string(), "months is 0, must be 1 to 240");
}

#[test]
fn small_and_odd_demos_work() {
    Demo::new(1, 1, "2026-02-18", 3);
    Demo::new(7, 3, "2027-05-01", 4);
    Demo::new(40, 36, "2032-02-29", 5);
}

#[test]
fn counts_are_those_of_the_firm() {
    let demo = usual();
    let count = |entity| demo.rows(entity).len();
    assert_eq!(count("account"), 800);
    assert_eq!(count("user"), 24);
    assert_eq!(count("product"), 24);
    assert!(
        (7_600..8_900).contains(&count("opportunity")),
        "{}",
        count("opportunity")
    );
    for entity in [
        "quote",
        "order",
        "payment_plan",
        "receipt",
        "delivery",
        "interaction",
    ] {
        assert!(count(entity) > 3_000, "{entity}: {}", count(entity));
    }
    assert!(count("contract") > 1_500 && count("ticket") > 800);
    let names: BTreeSet<String> = demo
        .rows("account")
        .into_iter()
        .map(|row| row["客户名称"].clone())
        .collect();
    assert_eq!(names.len(), 800);
    let people: BTreeSet<String> = demo
        .rows("user")
        .into_iter()
        .map(|row| row["姓名"].clone())
        .collect();
    assert_eq!(people.len(), 23, "two people share a name");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for row in demo.rows("opportunity") {
        *outcomes.entry(row["结果"].clone()).or_default() += 1;
    }
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
    assert!(outcomes.values().all(|count| *count > 100), "{outcomes:?}");
}

#[test]
fn nothing_happens_after_the_end_or_outside_working_hours() {
    let demo = usual();
    let end = demo.options.until.and_time(chrono::NaiveTime::MIN);
    let moments = [
        ("account", &["创建时间"][..]),
        (
            "opportunity",
            &["创建时间", "赢单时间", "关闭时间", "录入时间"],
        ),
        ("stage_change", &["变更时间", "录入时间"]),
        ("quote", &["发送时间", "答复时间"]),
        ("order", &["下单时间", "录入时间"]),
        ("interaction", &["时间"]),
        ("ticket", &["提交时间", "首次响应时间", "解决时间"]),
    ];
    for (entity, columns) in moments {
        for row in demo.rows(entity) {
            for cell in columns
                .iter()
                .map(|column| &row[*column])
                .filter(|cell| !cell.is_empty())
            {
                let at = time(cell);
                assert!(at < end, "{entity} {cell}");
                let clock = at.time().format("%H%M").to_string();
                let morning = ("0900".."1200").contains(&clock.as_str());
                assert!(
                    morning || ("1330".."1800").contains(&clock.as_str()),
                    "{entity} {cell}"
                );
                let exception = WorkingCalendar::statutory_exception(at.date());
                let weekday = at.date().weekday().number_from_monday() < 6;
                assert!(exception.unwrap_or(weekday), "{entity} {cell}");
            }
        }
    }
    for (entity, column) in [("receipt", "到账日期"), ("delivery", "实际交付日期")] {
        let until = demo.options.until.to_string();
        assert!(
            demo.rows(entity).iter().all(|row| row[column] < until),
            "{entity}"
        );
    }
}

#[test]
fn references_lead_somewhere() {
    let demo = usual();
    let accounts = demo.ids("account", "客户编号");
    let users = demo.ids("user", "工号");
    let products = demo.ids("product", "产品编号");
    let deals = demo.ids("opportunity", "商机编号");
    let contracts = demo.ids("contract", "合同编号");
    let plans = demo.ids("payment_plan", "回款计划编号");
    let orders = demo.ids("order", "订单编号");
    let check = |entity: &str, column: &str, known: &BTreeSet<String>| {
        for row in demo.rows(entity) {
            let cell = &row[column];
            assert!(
                cell.is_empty() || known.contains(cell),
                "{entity} {column} {cell}"
            );
        }
    };
    for entity in [
        "opportunity",
        "quote",
        "contract",
        "order",
        "payment_plan",
        "receipt",
        "ticket",
        "delivery",
    ] {
        check(entity, "客户编号", &accounts);
    }
    check("account", "上级客户", &accounts);
    check("account", "负责人", &users);
    check("opportunity", "负责人", &users);
    check("opportunity", "产品编号", &products);
    check("order", "产品编号", &products);
    for entity in ["stage_change", "quote", "contract"] {
        check(entity, "商机编号", &deals);
    }
    check("stage_change", "操作人", &users);
    check("interaction", "跟进人", &users);
    check("contract", "续签自", &contracts);
    check("payment_plan", "合同编号", &contracts);
    check("receipt", "回款计划编号", &plans);
    check("delivery", "订单编号", &orders);
    for (entity, column) in [
        ("account", "客户编号"),
        ("opportunity", "商机编号"),
        ("quote", "报价版本编号"),
        ("contract", "合同编号"),
        ("payment_plan", "回款计划编号"),
        ("receipt", "回款编号"),
        ("ticket", "工单编号"),
        ("delivery", "发货单号"),
    ] {
        assert_eq!(
            demo.ids(entity, column).len(),
            demo.rows(entity).len(),
            "{entity}"
        );
    }
}

#[test]
fn stages_run_from_opening_to_end() {
    let demo = usual();
    let mut moves: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in demo.rows("stage_change") {
        moves.entry(row["商机编号"].clone()).or_default().push(row);
    }
    let mut came_back = 0;
    let mut delivered = 0;
    for deal in demo.rows("opportunity") {
        let moves = &moves[&deal["商机编号"]];
        let times: Vec<&String> = moves.iter().map(|row| &row["变更时间"]).collect();
        assert!(times.is_sorted_by(|left, right| left < right), "{times:?}");
        assert_eq!(
            (&moves[0]["阶段"], times[0]),
            (&"lead".to_string(), &deal["创建时间"])
        );
        let last = &moves[moves.len() - 1];
        match deal["结果"].as_str() {
            "赢单" => {
                let stages = moves.iter().map(|row| row["阶段"].as_str());
                let won = stages.clone().position(|stage| stage == "delivery_payment");
                let won = won.expect("what is won is delivered");
                assert_eq!(
                    (times[won], &deal["关闭时间"]),
                    (&deal["赢单时间"], &deal["赢单时间"])
                );
                let after: Vec<&str> = stages.skip(won + 1).collect();
                assert!(
                    after.is_empty() || after == ["delivery_completed"],
                    "{after:?}"
                );
                assert_eq!(last["阶段"], deal["当前阶段"]);
                delivered += after.len();
            }
            "进行中" => {
                assert_eq!(last["阶段"], deal["当前阶段"]);
                assert_eq!(deal["关闭时间"], "");
            }
            _ => assert_eq!(last["变更时间"], deal["关闭时间"]),
        }
        let stages: BTreeSet<&String> = moves.iter().map(|row| &row["阶段"]).collect();
        came_back += usize::from(stages.len() < moves.len());
    }
    assert!(came_back > 200, "{came_back}");
    assert!(delivered > 200, "{delivered}");
}

#[test]
fn cycle_of_the_south_falls_and_the_others_stay() {
    for seed in [1, 2, 3] {
        let demo = Demo::new(800, 24, "2026-11-23", seed);
        let teams: BTreeMap<String, String> = demo
            .rows("user")
            .into_iter()
            .map(|row| (row["工号"].clone(), row["团队"].clone()))
            .collect();
        let half = time("2025-11-27 00:00:00");
        let mut cycles: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        let won = demo
            .rows("opportunity")
            .into_iter()
            .filter(|row| row["结果"] == "赢单");
        for row in won {
            let halves = cycles.entry(&teams[&row["负责人"]]).or_default();
            let first = time(&row["赢单时间"]) < half;
            if first { &mut halves.0 } else { &mut halves.1 }.push(cycle(&row));
        }
        for (team, (before, after)) in cycles {
            let (before, after) = (mean(&before), mean(&after));
            if team == "华南" {
                assert!((before - 47.0).abs() < 2.5, "seed {seed}: {before}");
                assert!((after - 33.0).abs() < 2.0, "seed {seed}: {after}");
            } else {
                assert!(
                    (after / before - 1.0).abs() < 0.12,
                    "seed {seed} {team}: {before} {after}"
                );
            }
        }
    }
}

#[test]
fn rates_are_believable() {
    let demo = usual();
    let deals = demo.rows("opportunity");
    let count = |outcome: &str| deals.iter().filter(|row| row["结果"] == outcome).count() as f64;
    let won = count("赢单") / (count("赢单") + count("输单"));
    assert!((0.3..0.4).contains(&won), "{won}");
    for row in deals.iter().filter(|row| !row["预计金额"].is_empty()) {
        let amount: f64 = row["预计金额"].parse().unwrap();
        assert!((20_000.0..=800_000.0).contains(&amount), "{amount}");
    }
    let mut last: BTreeMap<String, Row> = BTreeMap::new();
    for row in demo.rows("quote") {
        last.insert(row["报价单号"].clone(), row);
    }
    let until = demo.options.until.to_string();
    let (mut accepted, mut decided) = (0.0, 0.0);
    for row in last.values() {
        match row["结果"].as_str() {
            "已接受" | "部分接受" => (accepted, decided) = (accepted + 1.0, decided + 1.0),
            "已拒绝" | "已过期" => decided += 1.0,
            "已发送" if row["有效期至"] < until => decided += 1.0,
            _ => {}
        }
    }
    let rate = accepted / decided;
    assert!((0.41..0.49).contains(&rate), "{rate}");
}
