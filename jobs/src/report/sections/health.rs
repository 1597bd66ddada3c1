//! Customer health: how accounts stand by tier, whose score moved, who is at risk, and how well the
//! probability was borne out.

use millrace_lake::query::Row;
use millrace_models::metric::{Direction, Unit};

use crate::report::MonthlyReportError;
use crate::report::asked::{member, number};
use crate::report::chart::Series;
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::{Language, Measured, NONE, decimal, mark, status_name};
use crate::report::maker::Maker;

const STATUSES: [&str; 4] = ["red", "yellow", "green", "unrated"];
const MOVERS: usize = 6;
const AT_RISK: usize = 15;
/// Smaller moves are no news.
const MOVED: f64 = 5.0;

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    if !maker.book.has("health_status", "accounts_scored") {
        return Ok(None);
    }
    let rows = maker.book.rows("health_status");
    let count = |name: &str| {
        STATUSES
            .iter()
            .map(|status| {
                let row = rows
                    .iter()
                    .find(|row| member(row, "health_status") == Some(status));
                Some(row.and_then(|row| number(row, name)).unwrap_or(0.0))
            })
            .collect::<Vec<_>>()
    };
    let (now, before) = (count("accounts_scored"), count("accounts_scored_before"));
    let labels: Vec<String> = STATUSES
        .iter()
        .map(|status| status_name(status, maker.language))
        .collect();
    let names = [
        maker.of("月末", "end of the month"),
        maker.of("上月末", "a month before"),
    ];
    let series =
        [(&names[0], &now), (&names[1], &before)].map(|(name, values)| Series { name, values });
    let measured = Measured::plain(Unit::Count);
    let svg = maker
        .pen
        .bars(&labels, &series[0], Some(&series[1]), measured, None);
    let title = maker.of("客户数, 按健康状态", "Accounts by health status");
    let chart = Maker::chart("health", title.clone(), title, svg)?;
    let tables = [tiers(maker), movers(maker), at_risk(maker), proof(maker)];
    Ok(Some(Section {
        id: "health",
        title: maker.of("客户健康", "Customer health"),
        lead: sentence(maker).into_iter().collect(),
        charts: vec![chart],
        tables: tables.into_iter().flatten().collect(),
    }))
}

fn tiers(maker: &Maker<'_>) -> Option<Table> {
    let mut rows: Vec<&Row> = maker.book.rows("health_tiers").iter().collect();
    rows.retain(|row| member(row, "value_tier").is_some());
    rows.sort_by_key(|row| member(row, "value_tier"));
    let sees_amount = maker.book.metric("amount_at_risk").is_some();
    let mut names = match maker.language {
        Language::Zh => vec![
            "客户等级",
            "客户数",
            "平均健康度",
            "比上月",
            "风险客户",
            "比上月",
        ],
        Language::En => vec![
            "Value tier",
            "Accounts",
            "Mean score",
            "Change",
            "At risk",
            "Change",
        ],
    };
    if sees_amount {
        names.push(maker.language.of("风险金额", "Amount at risk"));
    }
    let told = |row: &&Row| {
        let mut cells = vec![
            Cell::new(maker.member(row, "value_tier")).strong(),
            maker.cell(row, "accounts_scored"),
            maker.cell(row, "health_score_mean"),
            maker.change(row, "health_score_mean"),
            maker.cell(row, "accounts_at_risk"),
            difference(row, "accounts_at_risk"),
        ];
        if sees_amount {
            cells.push(maker.cell(row, "amount_at_risk"));
        }
        cells
    };
    (!rows.is_empty()).then(|| Table {
        title: maker.of("按客户等级", "By value tier"),
        columns: columns(names),
        rows: rows.iter().map(told).collect(),
        note: maker.of(
            "等级按近 12 个月毛利(无毛利时按净额)累计的 70, 90, 100 %; 与健康度分开看, 大客户变差仍是大客户。",
            "Tiers by 70, 90 and 100 % of the 12-month margin, else net sales; a large account in trouble stays a large account.",
        ),
        ..Table::default()
    })
}

/// How many more or fewer: of small counts a percentage says nothing.
fn difference(row: &Row, metric: &str) -> Cell {
    let before = number(row, &format!("{metric}_before"));
    match (number(row, metric), before) {
        (Some(now), Some(before)) if (now - before).abs() > 0.0 => {
            let tone = if now > before { "bad" } else { "good" };
            Cell::toned(
                format!(
                    "{} {:.0}",
                    mark(now - before, Direction::Down),
                    (now - before).abs()
                ),
                tone,
            )
        }
        (Some(_), Some(_)) => Cell::new("0"),
        _ => Cell::new(NONE),
    }
}

/// The accounts of tiers A and B whose score moved most, the falls first.
fn moves<'a>(maker: &'a Maker<'_>) -> Vec<(f64, &'a Row)> {
    let mut moves: Vec<(f64, &Row)> = maker
        .book
        .rows("health_moves")
        .iter()
        .filter_map(|row| {
            let change =
                number(row, "health_score_mean")? - number(row, "health_score_mean_before")?;
            (change.abs() >= MOVED).then_some((change, row))
        })
        .collect();
    moves.sort_by(|one, other| one.0.total_cmp(&other.0));
    moves
}

fn movers(maker: &Maker<'_>) -> Option<Table> {
    let moves = moves(maker);
    let falls = moves
        .iter()
        .filter(|(change, _)| *change < 0.0)
        .take(MOVERS);
    let rises = moves
        .iter()
        .rev()
        .filter(|(change, _)| *change > 0.0)
        .take(MOVERS);
    let names = match maker.language {
        Language::Zh => ["客户", "等级", "上月", "本月", "变化"],
        Language::En => ["Account", "Tier", "Before", "Now", "Change"],
    };
    let told = |(change, row): &(f64, &Row)| {
        let score = |name: &str| Cell::new(maker.told("health_score_mean", number(row, name)));
        vec![
            Cell::new(maker.member(row, "account")).strong(),
            Cell::new(maker.member(row, "value_tier")),
            score("health_score_mean_before"),
            score("health_score_mean"),
            Cell::toned(
                format!(
                    "{} {}",
                    mark(*change, Direction::Up),
                    decimal(change.abs(), 1)
                ),
                if *change < 0.0 { "bad" } else { "good" },
            ),
        ]
    };
    let rows: Vec<Vec<Cell>> = falls.chain(rises).map(told).collect();
    (!rows.is_empty()).then(|| Table {
        title: maker.of(
            "变化最大的 A, B 级客户",
            "Accounts of tiers A and B that moved most",
        ),
        columns: columns(names),
        rows,
        note: maker.of(
            "相差 5 分以上; 全部见工作簿。",
            "By 5 points or more; all are in the workbook.",
        ),
        ..Table::default()
    })
}

fn at_risk(maker: &Maker<'_>) -> Option<Table> {
    let rows = maker.book.rows("at_risk");
    if rows.is_empty() {
        return None;
    }
    let sees_amount = maker.book.metric("amount_at_risk").is_some();
    let mut names = match maker.language {
        Language::Zh => vec!["客户", "等级", "健康度"],
        Language::En => vec!["Account", "Tier", "Score"],
    };
    if sees_amount {
        names.push(maker.language.of("风险金额", "Amount at risk"));
    }
    let told = |row: &Row| {
        let mut cells = vec![
            Cell::new(maker.member(row, "account")).strong(),
            Cell::new(maker.member(row, "value_tier")),
            Cell::new(maker.told("health_score_mean", number(row, "health_score_mean"))),
        ];
        if sees_amount {
            cells.push(maker.cell(row, "amount_at_risk"));
        }
        cells
    };
    let all = maker
        .book
        .total("figures", "accounts_at_risk")
        .unwrap_or(0.0);
    let shown = rows.len().min(AT_RISK);
    let note = match maker.language {
        _ if all <= shown as f64 => String::new(),
        Language::Zh => format!("共 {all:.0} 家, 其余见工作簿。"),
        Language::En => format!("{all:.0} in all; the others are in the workbook."),
    };
    Some(Table {
        title: maker.of(
            "风险客户, 按风险金额",
            "Accounts at risk, by amount at risk",
        ),
        columns: columns(names),
        rows: rows.iter().take(AT_RISK).map(told).collect(),
        note,
        ..Table::default()
    })
}

/// What each probability was tried on.
fn proof(maker: &Maker<'_>) -> Option<Table> {
    let names = match maker.language {
        Language::Zh => [
            "概率",
            "学习区间",
            "检验客户数",
            "发生",
            "AUC",
            "AP",
            "Brier",
        ],
        Language::En => [
            "Probability",
            "Learned from",
            "Tried on",
            "Came true",
            "AUC",
            "AP",
            "Brier",
        ],
    };
    let kept = maker.models.as_ref()?;
    let rows: Vec<Vec<Cell>> = kept
        .models
        .iter()
        .map(|model| {
            let name = match model.target.as_str() {
                "order" => maker.of("再次下单", "orders again"),
                "shrink" => maker.of("采购萎缩", "shrinks"),
                "non_renewal" => maker.of("不续约", "does not renew"),
                other => other.to_owned(),
            };
            let span = match (model.learned_from, model.learned_to) {
                (Some(from), Some(to)) if model.kind != "not_enough_history" => {
                    Cell::new(format!("{} – {}", from.format("%Y-%m"), to.format("%Y-%m")))
                }
                _ => Cell::new(maker.of("历史不足, 不给出", "not enough history, not told")),
            };
            let measure = |value: Option<f64>| {
                Cell::new(value.map_or_else(|| NONE.to_owned(), |value| decimal(value, 3)))
            };
            vec![
                Cell::new(name).strong(),
                span,
                Cell::new(maker.told("", model.trial_rows.map(f64::from))),
                Cell::new(maker.told("", model.trial_positives.map(f64::from))),
                measure(model.auc),
                measure(model.average_precision),
                measure(model.brier),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        title: match maker.language {
            Language::Zh => format!("概率的检验({} 的评分)", kept.as_of),
            Language::En => format!(
                "How the probabilities were tried (scores of {})",
                kept.as_of
            ),
        },
        columns: columns(names),
        rows,
        note: maker.of(
            "在学习时没有见过的最近一段历史上检验; AUC 0.5 等于猜。",
            "Tried on the latest span, which was not learned from; an AUC of 0.5 is guessing.",
        ),
        ..Table::default()
    })
}

/// How customers fare.
pub(super) fn sentence(maker: &Maker<'_>) -> Option<String> {
    let scored = maker.book.has("health_status", "accounts_scored");
    let figures = maker.book.get("figures").filter(|_| scored)?;
    let red = number(&figures.total, "accounts_at_risk")?;
    let before = number(&figures.total, "accounts_at_risk_before");
    let mut text = match maker.language {
        Language::Zh => format!("风险(红色)客户 {red:.0} 家"),
        Language::En => format!("{} at risk (red)", maker.things(Some(red), "account")),
    };
    if let Some(before) = before {
        text.push_str(&match maker.language {
            Language::Zh => format!(", 上月末 {before:.0} 家"),
            Language::En => format!(", {before:.0} a month before"),
        });
    }
    let fall = moves(maker)
        .first()
        .copied()
        .filter(|(change, _)| *change < 0.0);
    if let Some((change, row)) = fall {
        let name = maker.member(row, "account");
        let tier = maker.member(row, "value_tier");
        let points = decimal(change.abs(), 0);
        text.push_str(&match maker.language {
            Language::Zh => format!("; 下降最多的 A, B 级客户是{name}({tier} 级, 降 {points} 分)"),
            Language::En => {
                format!("; of tiers A and B {name} ({tier}) fell most, by {points} points")
            }
        });
    }
    Some(text + maker.language.of("。", "."))
}
