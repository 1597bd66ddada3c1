//! The workbook of a report: what it was made from, the definitions, and a sheet for each question with
//! all numbers as they were answered.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use millrace_lake::query::{ColumnKind, QueryResult, Row};
use millrace_models::metric::Unit;
use millrace_operations::service::target::Mark;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};
use serde_json::Value;

use super::asked::{Asked, Book};
use super::document::Document;
use super::language::{Language, stage_name, status_name};

/// What Excel holds in a sheet.
const ROWS: usize = 1_048_000;
/// What Excel holds in a cell.
const LETTERS: usize = 32_767;

struct Looks {
    head: Format,
    whole: Format,
    amount: Format,
    ratio: Format,
    decimal: Format,
    wrapped: Format,
}

impl Looks {
    fn new() -> Self {
        let number = |text: &str| Format::new().set_num_format(text);
        Self {
            head: Format::new().set_bold().set_align(FormatAlign::Top),
            whole: number("#,##0"),
            amount: number("#,##0.00"),
            ratio: number("0.0%"),
            decimal: number("#,##0.00"),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        }
    }

    fn of(&self, unit: Option<Unit>) -> &Format {
        match unit {
            Some(Unit::Amount) => &self.amount,
            Some(Unit::Ratio) => &self.ratio,
            Some(Unit::Count) => &self.whole,
            _ => &self.decimal,
        }
    }
}

/// The workbook; the same answers give the same bytes.
pub(super) fn write(
    document: &Document,
    book: &Book,
    language: Language,
    made_at: NaiveDateTime,
    facts: &[(String, String)],
) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks::new();
    let mut workbook = Workbook::new();
    let at = ExcelDateTime::parse_from_str(&made_at.format("%Y-%m-%dT%H:%M:%S").to_string())?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(&document.title)
            .set_creation_datetime(&at),
    );
    about(
        workbook.add_worksheet(),
        document,
        book,
        language,
        &looks,
        facts,
    )?;
    let mut index = Vec::new();
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for asked in &book.asked {
        let title = sheet_name(language.of(asked.title[0], asked.title[1]), &mut used);
        answer(
            workbook.add_worksheet(),
            &title,
            asked,
            book,
            language,
            &looks,
        )?;
        index.push(title);
    }
    for report in &book.drivers {
        let name = book.name(&report.metric, language);
        let title = match language {
            Language::Zh => format!("原因 {name}"),
            Language::En => format!("Why {name}"),
        };
        let title = sheet_name(&title, &mut used);
        causes(
            workbook.add_worksheet(),
            &title,
            report,
            book,
            language,
            &looks,
        )?;
    }
    if book.asked.iter().any(|own| own.marks.is_some()) {
        targets(workbook.add_worksheet(), book, language, &looks)?;
    }
    definitions(workbook.add_worksheet(), book, language, &looks)?;
    workbook.save_to_buffer()
}

/// A name that Excel takes: 31 letters, none of `[]:*?/\`, each once.
fn sheet_name(title: &str, used: &mut BTreeMap<String, usize>) -> String {
    let allowed: String = title
        .chars()
        .map(|letter| {
            if "[]:*?/\\".contains(letter) {
                ' '
            } else {
                letter
            }
        })
        .take(28)
        .collect();
    let count = used.entry(allowed.to_lowercase()).or_insert(0);
    *count += 1;
    let allowed = allowed.trim_matches(['\'', ' ']);
    match *count {
        1 => allowed.to_owned(),
        count => format!("{allowed} {count}"),
    }
}

fn about(
    sheet: &mut Worksheet,
    document: &Document,
    book: &Book,
    language: Language,
    looks: &Looks,
    facts: &[(String, String)],
) -> Result<(), XlsxError> {
    sheet.set_name(language.of("说明", "About"))?;
    sheet.set_column_width(0, 22)?.set_column_width(1, 110)?;
    let mut at = 0;
    let mut say = |name: &str, value: &str| -> Result<(), XlsxError> {
        sheet.write_string_with_format(at, 0, name, &looks.head)?;
        sheet.write_string_with_format(at, 1, value, &looks.wrapped)?;
        at += 1;
        Ok(())
    };
    say(&document.title, &document.subtitle)?;
    for (name, value) in facts {
        say(name, value)?;
    }
    for own in &document.conclusions {
        say(&own.head, &own.text)?;
    }
    let asked = language.of("查询", "Query");
    for own in &book.asked {
        let query = serde_json::to_string(&own.query).unwrap_or_default();
        say(
            &format!("{asked}: {}", language.of(own.title[0], own.title[1])),
            &query,
        )?;
    }
    for report in &book.drivers {
        let compared = format!(
            "{} {}..{} / {}..{}",
            report.metric,
            report.period.from,
            report.period.to,
            report.compared.from,
            report.compared.to
        );
        say(language.of("原因分析", "Drivers"), &compared)?;
    }
    Ok(())
}

fn answer(
    sheet: &mut Worksheet,
    title: &str,
    asked: &Asked,
    book: &Book,
    language: Language,
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_name(title)?;
    sheet.set_freeze_panes(2, 0)?;
    let columns = Columns::of(&asked.result);
    for (place, column) in columns.0.iter().enumerate() {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        // the second row are the names by which a program knows the columns
        sheet.write_string_with_format(0, place, column.told(book, language), &looks.head)?;
        sheet.write_string(1, place, &column.name)?;
        sheet.set_column_width(place, if column.is_dimension { 26 } else { 16 })?;
    }
    let result = &asked.result;
    let mut rows: Vec<(&Row, Option<&str>)> = result
        .rows
        .iter()
        .take(ROWS)
        .map(|row| (row, None))
        .collect();
    if let Some(rest) = &result.rest {
        rows.push((rest, Some(language.of("其余", "rest"))));
    }
    if !asked.query.by.is_empty() {
        rows.push((&result.total, Some(language.of("合计", "total"))));
    }
    for (line, (row, name)) in rows.into_iter().enumerate() {
        let line = u32::try_from(line + 2).unwrap_or(u32::MAX);
        for (place, column) in columns.0.iter().enumerate() {
            let at = u16::try_from(place).unwrap_or(u16::MAX);
            let named = name.filter(|_| place == 0 && column.is_dimension);
            match (named, row.get(&column.name)) {
                (Some(name), _) => {
                    sheet.write_string_with_format(line, at, name, &looks.head)?;
                }
                (None, Some(Value::Number(number))) => {
                    let value = number.as_f64().unwrap_or_default();
                    sheet.write_number_with_format(line, at, value, looks.of(column.unit))?;
                }
                (None, Some(Value::String(text))) => {
                    let text: String = member(&column.name, text, language)
                        .chars()
                        .take(LETTERS)
                        .collect();
                    sheet.write_string(line, at, text)?;
                }
                (None, Some(Value::Bool(flag))) => {
                    sheet.write_boolean(line, at, *flag)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn member(column: &str, text: &str, language: Language) -> String {
    match column {
        "stage" => stage_name(text, language),
        "health_status" => status_name(text, language),
        _ => text.to_owned(),
    }
}

struct Column {
    name: String,
    metric: String,
    part: &'static str,
    unit: Option<Unit>,
    is_dimension: bool,
}

impl Column {
    fn told(&self, book: &Book, language: Language) -> String {
        if self.is_dimension {
            return book.dimension(&self.name, language);
        }
        let name = book.name(&self.metric, language);
        let part = match self.part {
            "_n" => language.of("记录数", "records"),
            "_before" => language.of("之前", "before"),
            "_before_n" => language.of("之前记录数", "records before"),
            "_change" => language.of("变化", "change"),
            "_immature" => language.of("未满", "too young"),
            "_events" => language.of("已结束", "ended"),
            "_censored" => language.of("未结束", "still open"),
            _ => return name,
        };
        format!("{name} · {part}")
    }
}

struct Columns(Vec<Column>);

impl Columns {
    /// The columns of an answer: its dimensions, and of each metric what any row says of it.
    fn of(result: &QueryResult) -> Self {
        const PARTS: [&str; 8] = [
            "",
            "_n",
            "_before",
            "_before_n",
            "_change",
            "_immature",
            "_events",
            "_censored",
        ];
        let mut columns = Vec::new();
        for column in &result.columns {
            if matches!(column.kind, ColumnKind::Dimension) {
                columns.push(Column {
                    name: column.name.clone(),
                    metric: String::new(),
                    part: "",
                    unit: None,
                    is_dimension: true,
                });
                continue;
            }
            for part in PARTS {
                let name = format!("{}{part}", column.name);
                if result.total.contains_key(&name) {
                    let is_count = !matches!(part, "" | "_before" | "_change");
                    columns.push(Column {
                        name,
                        metric: column.name.clone(),
                        part,
                        unit: if is_count {
                            Some(Unit::Count)
                        } else {
                            column.unit
                        },
                        is_dimension: false,
                    });
                }
            }
        }
        Self(columns)
    }
}

fn causes(
    sheet: &mut Worksheet,
    title: &str,
    report: &millrace_lake::query::DriversResult,
    book: &Book,
    language: Language,
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_name(title)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_column_width(0, 50)?;
    let names = match language {
        Language::Zh => [
            "哪一块",
            "带来的变化",
            "自身变化",
            "占比变化",
            "之前",
            "之后",
            "之前记录数",
            "之后记录数",
            "超出偶然",
        ],
        Language::En => [
            "Segment",
            "Contribution",
            "Rate",
            "Mix",
            "Before",
            "After",
            "Records before",
            "Records after",
            "Beyond chance",
        ],
    };
    for (place, name) in names.iter().enumerate() {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        sheet.write_string_with_format(0, place, *name, &looks.head)?;
    }
    let unit = looks.of(book.metric(&report.metric).map(|metric| metric.unit));
    for (line, segment) in report.segments.iter().chain([&report.rest]).enumerate() {
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        let name = if segment.values.is_empty() {
            language.of("其余", "rest").to_owned()
        } else {
            serde_json::to_string(&segment.values).unwrap_or_default()
        };
        sheet.write_string(line, 0, name)?;
        let numbers = [
            Some(segment.contribution),
            Some(segment.rate),
            Some(segment.mix),
            segment.before,
            segment.after,
        ];
        for (place, value) in (1..).zip(numbers) {
            if let Some(value) = value {
                sheet.write_number_with_format(line, place, value, unit)?;
            }
        }
        for (place, count) in [(6, segment.n_before), (7, segment.n_after)] {
            sheet.write_number_with_format(line, place, count as f64, &looks.whole)?;
        }
        sheet.write_boolean(line, 8, segment.significant)?;
    }
    Ok(())
}

/// What the numbers were to reach, one in a row.
fn targets(
    sheet: &mut Worksheet,
    book: &Book,
    language: Language,
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_name(language.of("目标", "Targets"))?;
    sheet.set_freeze_panes(1, 0)?;
    let names = match language {
        Language::Zh => [
            "指标", "名称", "分组", "属于", "期间", "目标", "数值", "完成", "达到",
        ],
        Language::En => [
            "Metric", "Name", "Split by", "Of", "Period", "Target", "Value", "Reached", "Met",
        ],
    };
    for (place, name) in (0..).zip(names) {
        sheet.write_string_with_format(0, place, name, &looks.head)?;
        sheet.set_column_width(place, if place < 4 { 22 } else { 16 })?;
    }
    let mut line = 0;
    for own in &book.asked {
        let Some(marks) = &own.marks else { continue };
        let split = own.query.by.first().map_or("", String::as_str);
        let rows = own.result.rows.iter().zip(&marks.rows);
        let all = rows.chain([(&own.result.total, &marks.total)]);
        for (row, marks) in all {
            let member = row.get(split).and_then(Value::as_str).unwrap_or_default();
            for (metric, mark) in marks {
                line += 1;
                let value = row.get(metric).and_then(Value::as_f64);
                target(
                    sheet,
                    line,
                    [metric, split, member],
                    (mark, value),
                    book,
                    language,
                    looks,
                )?;
            }
        }
    }
    Ok(())
}

fn target(
    sheet: &mut Worksheet,
    line: u32,
    [metric, split, member]: [&str; 3],
    (mark, value): (&Mark, Option<f64>),
    book: &Book,
    language: Language,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let split = match split {
        "" => String::new(),
        split => book.dimension(split, language),
    };
    let texts = [
        metric.to_owned(),
        book.name(metric, language),
        split,
        member.to_owned(),
        mark.period.to_string(),
    ];
    for (place, text) in (0..).zip(texts) {
        sheet.write_string(line, place, text)?;
    }
    let unit = looks.of(book.metric(metric).map(|own| own.unit));
    let numbers = [
        (Some(mark.target), unit),
        (value, unit),
        (mark.attainment, &looks.ratio),
    ];
    for (place, (number, format)) in (5..).zip(numbers) {
        if let Some(number) = number {
            sheet.write_number_with_format(line, place, number, format)?;
        }
    }
    sheet.write_boolean(line, 8, mark.met)?;
    Ok(())
}

fn definitions(
    sheet: &mut Worksheet,
    book: &Book,
    language: Language,
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_name(language.of("指标定义", "Definitions"))?;
    sheet.set_freeze_panes(1, 0)?;
    let names = match language {
        Language::Zh => ["指标", "名称", "定义", "公式", "单位", "数据表"],
        Language::En => ["Metric", "Name", "Definition", "Formula", "Unit", "Table"],
    };
    for (place, name) in names.iter().enumerate() {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        sheet.write_string_with_format(0, place, *name, &looks.head)?;
        sheet.set_column_width(place, [24, 24, 70, 60, 10, 20][usize::from(place)])?;
    }
    let asked = |name: &str| {
        book.asked
            .iter()
            .any(|own| own.query.metrics.iter().any(|one| one == name))
    };
    let all = book
        .labels
        .metrics
        .iter()
        .filter(|metric| asked(&metric.name));
    for (line, metric) in all.enumerate() {
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        let unit = serde_json::to_value(metric.unit).ok();
        let unit = unit
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let cells = [
            metric.name.clone(),
            language.label(&metric.label),
            language.label(&metric.description),
            metric.formula.clone(),
            unit,
            metric.table.clone(),
        ];
        for (place, text) in (0..).zip(cells) {
            sheet.write_string_with_format(line, place, text, &looks.wrapped)?;
        }
    }
    Ok(())
}
