//! What moved the three numbers that changed most.

use millrace_lake::query::{DriversResult, Flag, Segment, Values};
use serde_json::Value;

use crate::report::MonthlyReportError;
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::{
    Language, Measured, NONE, short, signed, stage_name, status_name, tone,
};
use crate::report::maker::Maker;

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    if maker.book.drivers.is_empty() {
        return Ok(None);
    }
    let mut section = Section {
        id: "causes",
        title: maker.of("变动原因", "What moved the numbers"),
        lead: vec![maker.of(
            "近 3 个月与去年同期相比, 变化最大的三项。每一块互不重叠, 与「其余」相加正好等于总变化; 「超出偶然」已计入查找过的所有分块。",
            "The three largest changes of three months against a year ago. Segments are disjoint and sum with the rest to the change; \"beyond chance\" takes everything searched into account.",
        )],
        ..Section::default()
    };
    for report in &maker.book.drivers {
        section.lead.push(sentence(maker, report));
        if let Some(table) = parts(maker, report) {
            section.tables.push(table);
        }
        if let (Some(before), Some(after)) = (report.before, report.after) {
            let mut labels: Vec<String> =
                report.segments.iter().map(|own| name(maker, own)).collect();
            let mut steps: Vec<f64> = report.segments.iter().map(|own| own.contribution).collect();
            if has_rest(report) {
                labels.push(maker.of("其余", "the rest"));
                steps.push(report.rest.contribution);
            }
            let ends = [
                maker.of("去年同期", "a year ago"),
                maker.of("近 3 个月", "3 months"),
            ];
            let svg = maker.pen.waterfall(
                &labels,
                &steps,
                (before, after),
                [&ends[0], &ends[1]],
                maker.book.measured(&report.metric),
            );
            let title = maker.book.name(&report.metric, maker.language);
            let told = sentence(maker, report);
            section.charts.push(Maker::chart(
                &format!("cause_{}", report.metric),
                title,
                told,
                svg,
            )?);
        }
    }
    Ok(Some(section))
}

/// Whether anything is left beside the segments.
fn has_rest(report: &DriversResult) -> bool {
    report.rest.n_before + report.rest.n_after > 0
}

/// A segment as people call it.
fn name(maker: &Maker<'_>, segment: &Segment) -> String {
    if segment.values.is_empty() {
        return maker.of("其余", "the rest");
    }
    let own = values(maker, &segment.values);
    if segment.except.is_empty() {
        return own;
    }
    let except: Vec<String> = segment
        .except
        .iter()
        .map(|one| values(maker, one))
        .collect();
    let except = maker.language.list(&except);
    match maker.language {
        Language::Zh => format!("{own}(不含 {except})"),
        Language::En => format!("{own} (without {except})"),
    }
}

fn values(maker: &Maker<'_>, values: &Values) -> String {
    let told = values.iter().map(|(dimension, value)| {
        let bare = dimension.rsplit('.').next().unwrap_or(dimension);
        match value {
            Value::String(code) if bare == "stage" => stage_name(code, maker.language),
            Value::String(code) if bare == "health_status" => status_name(code, maker.language),
            Value::String(name) if !name.is_empty() => name.clone(),
            other => {
                let value = match other {
                    Value::Bool(true) => maker.of("是", "yes"),
                    Value::Bool(false) => maker.of("否", "no"),
                    _ => maker.of("(空)", "(none)"),
                };
                format!(
                    "{}: {value}",
                    maker.book.dimension(dimension, maker.language)
                )
            }
        }
    });
    told.collect::<Vec<_>>().join(" · ")
}

/// What a report says, in a sentence.
pub(super) fn sentence(maker: &Maker<'_>, report: &DriversResult) -> String {
    let measured = maker.book.measured(&report.metric);
    let title = maker.book.name(&report.metric, maker.language);
    let told = |value: Option<f64>| short(value, measured, maker.language);
    let change = report.change.map_or_else(
        || NONE.to_owned(),
        |change| signed(change, measured, maker.language),
    );
    let (before, after) = (told(report.before), told(report.after));
    let mut text = match maker.language {
        Language::Zh => format!("{title}: 从 {before} 到 {after}({change})"),
        Language::En => format!("{title}: from {before} to {after} ({change})"),
    };
    let found: Vec<String> = report
        .segments
        .iter()
        .filter(|own| own.significant)
        .map(|own| part(maker, own, measured))
        .collect();
    text.push_str(
        &match (maker.language, found.is_empty(), report.significant) {
            (Language::Zh, true, false) => "; 没有超出偶然, 不必找原因。".to_owned(),
            (Language::En, true, false) => {
                "; not beyond chance, so there is nothing to explain.".to_owned()
            }
            (Language::Zh, true, true) => {
                "; 变化超出偶然, 但各处一起动, 没有哪一块特别。".to_owned()
            }
            (Language::En, true, true) => "; beyond chance, but everything moved alike.".to_owned(),
            (Language::Zh, false, _) => format!("; 超出偶然的是 {}。", maker.language.list(&found)),
            (Language::En, false, _) => {
                format!("; beyond chance: {}.", maker.language.list(&found))
            }
        },
    );
    for flag in &report.flags {
        match (flag, maker.language) {
            (Flag::Immature { after, .. }, Language::Zh) if *after > 0 => {
                text.push_str(&format!("有 {after} 条记录太新, 还不能算。"));
            }
            (Flag::Immature { after, .. }, Language::En) if *after > 0 => {
                text.push_str(&format!(" {after} records are too young to count."));
            }
            (Flag::Reversal { dimension, .. }, language) => {
                let name = maker.book.dimension(dimension, language);
                text.push_str(&match language {
                    Language::Zh => {
                        format!("注意: 在每个{name}之内方向相反, 总数是占比变化造成的。")
                    }
                    Language::En => format!(
                        " Mind: within each {name} it moved the other way; the mix changed."
                    ),
                });
            }
            _ => {}
        }
    }
    text
}

fn part(maker: &Maker<'_>, segment: &Segment, measured: Measured) -> String {
    let given = signed(segment.contribution, measured, maker.language);
    format!("{} {given}", name(maker, segment))
}

fn parts(maker: &Maker<'_>, report: &DriversResult) -> Option<Table> {
    if report.segments.is_empty() {
        return None;
    }
    let measured = maker.book.measured(&report.metric);
    let names = match maker.language {
        Language::Zh => [
            "哪一块",
            "去年同期",
            "近 3 个月",
            "带来的变化",
            "记录数",
            "超出偶然",
        ],
        Language::En => [
            "Segment",
            "A year ago",
            "3 months",
            "Contribution",
            "Records",
            "Beyond chance",
        ],
    };
    let told = |segment: &Segment| {
        let value = |value: Option<f64>| Cell::new(short(value, measured, maker.language));
        let sure = match (segment.values.is_empty(), segment.significant) {
            (true, _) => NONE.to_owned(),
            (false, true) => maker.of("是", "yes"),
            (false, false) => maker.of("否", "no"),
        };
        let direction = if segment.significant {
            report.direction
        } else {
            millrace_models::metric::Direction::None
        };
        vec![
            Cell::new(name(maker, segment)).strong(),
            value(segment.before),
            value(segment.after),
            Cell::toned(
                signed(segment.contribution, measured, maker.language),
                tone(segment.contribution, direction),
            ),
            Cell::new(format!("{} → {}", segment.n_before, segment.n_after)),
            Cell::new(sure),
        ]
    };
    let rest = has_rest(report).then_some(&report.rest);
    Some(Table {
        title: maker.book.name(&report.metric, maker.language),
        columns: columns(names),
        rows: report.segments.iter().chain(rest).map(told).collect(),
        note: String::new(),
        ..Table::default()
    })
}
