//! The pipeline: what is open in each stage, how deals go on, how long they take, why they are lost;
//! and how long they stay in each stage.

use millrace_lake::query::Row;
use millrace_models::metric::Unit;
use millrace_models::stage::{self, DEFAULT_PIPELINE};

use crate::report::MonthlyReportError;
use crate::report::asked::{FEW, member, number};
use crate::report::chart::{Series, Shape};
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::{Language, Measured, NONE, percent, stage_name};
use crate::report::maker::{MONTHS, Maker};

const REASONS: usize = 6;

/// The stages of an answer in the order of the pipeline, then those of other systems by their
/// records; ends of a deal are no stages that time passes in.
fn stages<'a>(rows: &'a [Row], metric: &str) -> Vec<&'a Row> {
    let count = |row: &Row| number(row, &format!("{metric}_n")).unwrap_or(0.0);
    let place = |row: &Row| {
        let code = member(row, "stage").unwrap_or_default();
        DEFAULT_PIPELINE.iter().position(|own| own.code == code)
    };
    let mut all: Vec<&Row> = rows
        .iter()
        .filter(|row| {
            !member(row, "stage")
                .and_then(stage::find)
                .is_some_and(|own| own.terminal)
        })
        .collect();
    all.sort_by(|one, other| {
        let by_place = |row| place(row).unwrap_or(usize::MAX);
        by_place(one)
            .cmp(&by_place(other))
            .then(count(other).total_cmp(&count(one)))
    });
    all
}

fn row_of<'a>(rows: &'a [Row], stage: Option<&str>) -> Option<&'a Row> {
    rows.iter().find(|row| member(row, "stage") == stage)
}

/// The stage before winning where finished visits took longest, of those with enough of them.
pub(super) fn bottleneck<'a>(maker: &'a Maker<'_>) -> Option<&'a Row> {
    let fit: Vec<&Row> = stages(maker.book.rows("dwell"), "dwell_median")
        .into_iter()
        .filter(|row| member(row, "stage") != Some("delivery_payment"))
        .filter(|row| number(row, "dwell_median_n").is_some_and(|count| count >= FEW))
        .collect();
    let longest = fit.iter().copied().max_by(|one, other| {
        let value = |row| number(row, "dwell_median").unwrap_or(0.0);
        value(one).total_cmp(&value(other))
    });
    longest.filter(|_| fit.len() > 1)
}

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let mut section = Section {
        id: "pipeline",
        title: maker.of("漏斗与转化周期", "Pipeline and conversion cycle"),
        ..Section::default()
    };
    if let Some(table) = open_stages(maker) {
        section.tables.push(table);
    }
    let cycle = maker.by_month("conversion_cycle_median", Shape::Line)?;
    section.charts.extend(cycle);
    let open = maker.series("cycle_cohorts", "conversion_cycle_km_median", MONTHS, 2);
    if open.iter().flatten().count() > 1 {
        let name = maker.of(
            "中位, 含未结商机, 按登记月份",
            "median with open deals, by opening",
        );
        let series = Series {
            name: &name,
            values: &open,
        };
        let metric = "conversion_cycle_km_median";
        let labels = maker.month_labels(MONTHS, 2);
        let measured = maker.book.measured(metric);
        let svg = maker
            .pen
            .over_time(&labels, &series, None, measured, Shape::Line);
        let title = maker.book.name(metric, maker.language);
        section
            .charts
            .push(Maker::chart("cycle_open", title.clone(), title, svg)?);
    }
    if let Some(table) = lost(maker) {
        section.tables.push(table);
    }
    section.lead = lead(maker);
    let is_empty = section.tables.is_empty() && section.charts.is_empty();
    Ok((!is_empty).then_some(section))
}

fn lead(maker: &Maker<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let total = |metric: &str| maker.book.total("figures", metric);
    let count = |name: &str| maker.told("", total(name));
    if maker.book.has("figures", "opportunities_opened") {
        let (opened, won) = (count("opportunities_opened"), count("opportunities_won"));
        said.push(match maker.language {
            Language::Zh => format!("本月新增商机 {opened} 个, 赢单 {won} 个。"),
            Language::En => {
                let opened = maker.things(total("opportunities_opened"), "deal");
                format!("{opened} opened, {won} won.")
            }
        });
    }
    if maker.book.has("figures", "conversion_cycle_median") {
        let row = maker.book.get("figures").map(|own| &own.total);
        let value = maker.told("conversion_cycle_median", total("conversion_cycle_median"));
        let few = row.map_or_else(String::new, |row| maker.few(row, "conversion_cycle_median"));
        said.push(match maker.language {
            Language::Zh => format!("赢单商机的转化周期中位 {value}{few}; 只看赢单会偏短, 含未结商机的曲线一并列出。"),
            Language::En => format!(
                "The median cycle of won deals was {value}{few}; won deals alone look too quick, so the curve with open deals is shown as well."
            ),
        });
    }
    said
}

fn open_stages(maker: &Maker<'_>) -> Option<Table> {
    let rows = maker.book.rows("stages");
    let conversion = maker.book.rows("conversion");
    let known = stages(rows, "open_age_median");
    if known.is_empty() {
        return None;
    }
    let names = match maker.language {
        Language::Zh => [
            "阶段",
            "在手商机",
            "比上月",
            "金额",
            "停留中位",
            "停滞",
            "停滞金额",
            "90 天转化率",
        ],
        Language::En => [
            "Stage",
            "Open deals",
            "Change",
            "Amount",
            "Median age",
            "Stalled",
            "Stalled amount",
            "Go on in 90 days",
        ],
    };
    let sees = |metric: &str| maker.book.metric(metric).is_some();
    let keep = |place: &usize| match place {
        3 => sees("stage_open_amount"),
        6 => sees("stalled_amount"),
        _ => true,
    };
    let kept: Vec<usize> = (0..names.len()).filter(keep).collect();
    let told = |row: &Row| {
        let code = member(row, "stage");
        let (now, then) = ["open_age_median_n", "open_age_median_before_n"]
            .map(|name| number(row, name))
            .into();
        let change = match (now, then) {
            (Some(now), Some(then)) if (now - then).abs() > 0.0 => {
                Cell::new(format!("{:+.0}", now - then))
            }
            (Some(_), Some(_)) => Cell::new(maker.of("持平", "same")),
            _ => Cell::new(NONE),
        };
        let rate = row_of(conversion, code).map_or(Cell::new(NONE), |row| {
            maker.cell(row, "stage_conversion_rate")
        });
        let stalled = number(row, "stalled_count").unwrap_or(0.0);
        let cells = [
            Cell::new(maker.member(row, "stage")).strong(),
            Cell::new(maker.told("", now)),
            change,
            maker.cell(row, "stage_open_amount"),
            maker.cell(row, "open_age_median"),
            Cell::toned(
                maker.told("", Some(stalled)),
                if stalled > 0.0 { "bad" } else { "" },
            ),
            maker.cell(row, "stalled_amount"),
            rate,
        ];
        kept.iter().map(|place| cells[*place].clone()).collect()
    };
    let rate = crate::report::asked::months(maker.book.month, 6, 4);
    let note = match maker.language {
        Language::Zh => format!(
            "月末未结的阶段停留。停滞: 在阶段的工作日超过该阶段允许的天数。转化率: {} 至 {} 首次进入该阶段的商机, 90 天内进入后续阶段的比例。",
            rate.from.format("%Y-%m"),
            rate.to.format("%Y-%m")
        ),
        Language::En => format!(
            "Visits open at the end of the month. Stalled: in the stage for more working days than it allows. Go on: of the deals that first entered the stage from {} to {}, those that reached a later one within 90 days.",
            rate.from.format("%Y-%m"),
            rate.to.format("%Y-%m")
        ),
    };
    Some(Table {
        title: maker.of("月末各阶段", "Stages at the end of the month"),
        columns: columns(kept.iter().map(|place| names[*place])),
        rows: known.into_iter().map(told).collect(),
        note,
        ..Table::default()
    })
}

fn lost(maker: &Maker<'_>) -> Option<Table> {
    let rows = maker.book.rows("lost");
    let all = maker
        .book
        .total("lost", "opportunities_lost")
        .filter(|count| *count > 0.0)?;
    let sees_amount = maker.book.metric("lost_amount").is_some();
    let mut names = vec![
        maker.of("输单原因", "Reason"),
        maker.of("输单数", "Lost"),
        maker.of("占比", "Share"),
    ];
    if sees_amount {
        names.push(maker.of("输单金额", "Lost amount"));
    }
    let told = |row: &Row| {
        let count = number(row, "opportunities_lost");
        let share = count.map(|count| percent(count / all, maker.language));
        let mut cells = vec![
            Cell::new(maker.member(row, "lost_reason")).strong(),
            Cell::new(maker.told("", count)),
            Cell::new(share.unwrap_or_default()),
        ];
        if sees_amount {
            cells.push(maker.cell(row, "lost_amount"));
        }
        cells
    };
    Some(Table {
        title: maker.of("输单原因(近 3 个月)", "Why deals were lost (3 months)"),
        columns: columns(names.iter().map(String::as_str)),
        rows: rows.iter().take(REASONS).map(told).collect(),
        note: left_out(maker, rows.len(), REASONS),
        ..Table::default()
    })
}

/// What is said where a table does not show all rows.
pub(super) fn left_out(maker: &Maker<'_>, all: usize, shown: usize) -> String {
    if all <= shown {
        return String::new();
    }
    match maker.language {
        Language::Zh => format!("共 {all} 行, 其余见工作簿。"),
        Language::En => format!("{all} rows in all; the others are in the workbook."),
    }
}

/// How long deals stay in each stage, with the bottleneck.
pub(super) fn dwell(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let rows = stages(maker.book.rows("dwell"), "dwell_median");
    let fit: Vec<&Row> = rows
        .into_iter()
        .filter(|row| {
            number(row, "dwell_median").is_some() || number(row, "dwell_median_before").is_some()
        })
        .collect();
    if fit.is_empty() {
        return Ok(None);
    }
    let slowest = bottleneck(maker).and_then(|row| member(row, "stage"));
    let labels: Vec<String> = fit.iter().map(|row| maker.member(row, "stage")).collect();
    let values = |name: &str| fit.iter().map(|row| number(row, name)).collect::<Vec<_>>();
    let (now, before) = (values("dwell_median"), values("dwell_median_before"));
    let names = [
        maker.of("本月离开", "left this month"),
        maker.of("之前 12 个月", "12 months before"),
    ];
    let series =
        [(&names[0], &now), (&names[1], &before)].map(|(name, values)| Series { name, values });
    let marked = fit
        .iter()
        .position(|row| slowest.is_some() && member(row, "stage") == slowest);
    let measured = Measured::plain(Unit::Hours);
    let svg = maker
        .pen
        .bars(&labels, &series[0], Some(&series[1]), measured, marked);
    let title = maker.of("阶段停留中位(自然小时)", "Median dwell, calendar hours");
    let chart = Maker::chart("dwell", title.clone(), title, svg)?;
    let names = match maker.language {
        Language::Zh => [
            "阶段",
            "中位",
            "比之前",
            "工作时间中位",
            "九成",
            "含未结中位",
            "次数",
        ],
        Language::En => [
            "Stage",
            "Median",
            "Change",
            "Working time",
            "p90",
            "With open visits",
            "Visits",
        ],
    };
    let open = maker.book.rows("dwell_open");
    let told = |row: &&Row| {
        let code = member(row, "stage");
        vec![
            Cell::new(maker.member(row, "stage")).strong(),
            maker.cell(row, "dwell_median"),
            maker.change(row, "dwell_median"),
            maker.cell(row, "dwell_business_median"),
            maker.cell(row, "dwell_p90"),
            row_of(open, code).map_or(Cell::new(NONE), |row| maker.cell(row, "dwell_km_median")),
            Cell::new(maker.told("", number(row, "dwell_median_n"))),
        ]
    };
    let table = Table {
        title: maker.of("各阶段停留", "Dwell by stage"),
        columns: columns(names),
        rows: fit.iter().map(told).collect(),
        note: maker.of(
            "按离开时间; 「含未结」为近 12 个月进入该阶段的停留, 未离开的按月末删失(Kaplan-Meier)。",
            "By leaving; \"with open visits\" are those entered in 12 months, open ones censored at the end of the month (Kaplan-Meier).",
        ),
        ..Table::default()
    };
    Ok(Some(Section {
        id: "dwell",
        title: maker.of("阶段停留与瓶颈", "Dwell and the bottleneck"),
        lead: slowest_sentence(maker).into_iter().collect(),
        charts: vec![chart],
        tables: vec![table],
    }))
}

/// Where deals waited longest.
pub(super) fn slowest_sentence(maker: &Maker<'_>) -> Option<String> {
    let row = bottleneck(maker)?;
    let code = member(row, "stage")?;
    let name = stage_name(code, maker.language);
    let value = maker.told("dwell_median", number(row, "dwell_median"));
    let before =
        number(row, "dwell_median_before").map(|before| maker.told("dwell_median", Some(before)));
    let stage = row_of(maker.book.rows("stages"), Some(code));
    let stalled = stage
        .and_then(|row| number(row, "stalled_count"))
        .filter(|count| *count > 0.0);
    let mut text = match maker.language {
        Language::Zh => format!("瓶颈是「{name}」: 停留中位 {value}"),
        Language::En => format!("The bottleneck is {name}: a median dwell of {value}"),
    };
    if let Some(before) = before {
        text.push_str(&match maker.language {
            Language::Zh => format!(", 之前 12 个月为 {before}"),
            Language::En => format!(", {before} in the 12 months before"),
        });
    }
    if let Some(stalled) = stalled {
        text.push_str(&match maker.language {
            Language::Zh => format!("; 月末有 {stalled:.0} 个商机停滞在此"),
            Language::En => {
                format!("; {stalled:.0} deals were stalled in it at the end of the month")
            }
        });
    }
    text.push_str(maker.language.of("。", "."));
    Some(text)
}
