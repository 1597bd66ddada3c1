//! The sheet that is handed out: the targets of a year, and rows for those that there could be.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::Datelike;
use millrace_models::metric::{Metric, Registry, Unit};
use millrace_models::period::Grain;
use millrace_models::scope::Action;
use millrace_models::target::{self as exact, TargetPeriod, Whom};
use millrace_operations::service::target::{self, Held, Names, Setter};
use millrace_operations::{Caller, Store};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet};

use super::form::{COMPANY, KIND, METRIC, NAME, PERSON, TEAM};

/// What firms set targets for first: rows of these are there to be filled.
const USUAL: [&str; 5] = [
    "won_amount",
    "order_amount",
    "opportunities_won",
    "win_rate",
    "collection_rate",
];
const COLUMN_WIDTH: f64 = 13.0;
/// Columns before those of the periods.
const LEADING: u16 = 5;

/// A workbook with the targets of the year of a day as the caller sees them, one row a metric and whom,
/// and empty rows of the usual metrics for whom the caller may set them; on its second sheet what can
/// stand in it. The same targets give the same bytes.
///
/// # Errors
///
/// Those of the database, and when the workbook cannot be made.
pub async fn template(
    store: &Store,
    caller: Option<&Caller>,
    year: TargetPeriod,
    english: bool,
) -> anyhow::Result<Vec<u8>> {
    let registry = Registry::shipped()?;
    let names = Names::read(store.reader()).await?;
    let setter = Setter::read(store.reader(), caller).await?;
    let mut rows: BTreeMap<(usize, Whom), BTreeMap<TargetPeriod, i64>> = BTreeMap::new();
    let place = |name: &str| {
        let metrics = registry.metrics();
        metrics.iter().position(|metric| metric.name == name)
    };
    for record in target::read(store.reader(), caller, &[], year.days()).await? {
        if let (Some(held), Some(metric)) = (Held::of(&record), place(&record.metric)) {
            let row = rows.entry((metric, held.whom)).or_default();
            row.insert(held.period, held.parts);
        }
    }
    let teams = names.teams().map(Whom::Team);
    let whoms: Vec<Whom> = [Whom::Company]
        .into_iter()
        .chain(teams)
        .filter(|whom| setter.may(Action::Create, *whom))
        .collect();
    for metric in USUAL.iter().filter_map(|name| place(name)) {
        let amount = registry.metrics()[metric].unit == Unit::Amount;
        for whom in whoms.iter().filter(|_| !amount || setter.sees_amounts()) {
            rows.entry((metric, *whom)).or_default();
        }
    }
    let sheet = Sheet {
        registry,
        names: &names,
        year,
        english,
    };
    sheet.write(&rows, &whoms, &setter)
}

struct Sheet<'a> {
    registry: &'static Registry,
    names: &'a Names,
    year: TargetPeriod,
    english: bool,
}

struct Formats {
    header: Format,
    text: Format,
    number: BTreeMap<&'static str, Format>,
}

type Rows = BTreeMap<(usize, Whom), BTreeMap<TargetPeriod, i64>>;

impl Sheet<'_> {
    fn word(&self, words: [&'static str; 2]) -> &'static str {
        words[usize::from(self.english)]
    }

    fn write(&self, rows: &Rows, whoms: &[Whom], setter: &Setter<'_>) -> anyhow::Result<Vec<u8>> {
        let mut workbook = Workbook::new();
        // the time that it says it was made at is the year's first, whenever it was
        let made = format!("{}T00:00:00", self.year.starts_on());
        workbook.set_properties(
            &DocProperties::new()
                .set_author("Millrace")
                .set_creation_datetime(&ExcelDateTime::parse_from_str(&made)?),
        );
        let formats = Formats {
            header: Format::new().set_bold().set_align(FormatAlign::Center),
            text: Format::new(),
            number: ["#,##0.00", "0.00%", "#,##0", "#,##0.0##"]
                .into_iter()
                .map(|format| (format, Format::new().set_num_format(format)))
                .collect(),
        };
        let sheet = workbook.add_worksheet();
        sheet.set_name(format!("{} {}", self.word(["目标", "Targets"]), self.year))?;
        self.header(sheet, &formats)?;
        for (row, ((metric, whom), cells)) in (1_u32..).zip(rows) {
            let metric = &self.registry.metrics()[*metric];
            self.row(sheet, row, (metric, *whom), cells, &formats)?;
        }
        self.about(workbook.add_worksheet(), whoms, setter, &formats)?;
        Ok(workbook.save_to_buffer()?)
    }

    /// The months, quarters and the year, in this order.
    fn periods(&self) -> Vec<TargetPeriod> {
        let quarters = self.year.parts();
        let months: Vec<TargetPeriod> = quarters
            .iter()
            .flat_map(|quarter| quarter.parts())
            .collect();
        months
            .into_iter()
            .chain(quarters)
            .chain([self.year])
            .collect()
    }

    fn header(&self, sheet: &mut Worksheet, formats: &Formats) -> anyhow::Result<()> {
        let leading = [
            (METRIC, 26.0),
            (["名称", "Label"], 18.0),
            (["单位", "Unit"], 10.0),
            (KIND, 10.0),
            (NAME, 16.0),
        ];
        for (column, (words, width)) in (0_u16..).zip(leading) {
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, self.word(words), &formats.header)?;
        }
        for (column, period) in (LEADING..).zip(self.periods()) {
            sheet.set_column_width(column, COLUMN_WIDTH)?;
            sheet.write_string_with_format(0, column, period.to_string(), &formats.header)?;
        }
        sheet.set_freeze_panes(1, LEADING)?;
        Ok(())
    }

    fn row(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        (metric, whom): (&Metric, Whom),
        cells: &BTreeMap<TargetPeriod, i64>,
        formats: &Formats,
    ) -> anyhow::Result<()> {
        let label = if self.english {
            &metric.label.en
        } else {
            &metric.label.zh
        };
        let kind = self.word(match whom {
            Whom::Company => COMPANY,
            Whom::Team(_) => TEAM,
            Whom::Person(_) => PERSON,
        });
        let name = self.names.label(whom).unwrap_or_default();
        let unit = self.word(unit(metric.unit));
        for (column, text) in (0_u16..).zip([&metric.name, label, unit, kind, name]) {
            sheet.write_string_with_format(row, column, text, &formats.text)?;
        }
        let format = &formats.number[number_format(metric.unit)];
        for (column, period) in (LEADING..).zip(self.periods()) {
            match cells.get(&period) {
                Some(parts) => {
                    let number = exact::number(metric.unit, *parts);
                    sheet.write_number_with_format(row, column, number, format)?;
                }
                None => {
                    sheet.write_blank(row, column, format)?;
                }
            }
        }
        Ok(())
    }

    /// The second sheet: how it is filled, and what can stand in it.
    fn about(
        &self,
        sheet: &mut Worksheet,
        whoms: &[Whom],
        setter: &Setter<'_>,
        formats: &Formats,
    ) -> anyhow::Result<()> {
        sheet.set_name(self.word(["说明", "About"]))?;
        for (column, width) in [(0, 30.0), (1, 24.0), (2, 10.0), (3, 24.0)] {
            sheet.set_column_width(column, width)?;
        }
        let help = [
            self.word([
                "每行一个指标和对象, 每列一个月、季度或年度。空单元格不改变任何目标; 在网页上删除目标。",
                "A row is a metric and whom it is for, a column a month, quarter or year. An empty cell changes nothing; targets are deleted on the page.",
            ]),
            self.word([
                "比率可写 92.5% 或 0.925; 金额以元计, 最多两位小数, 也可写 120万。",
                "Shares are written as 92.5% or 0.925; amounts in yuan with at most two decimals, also as 120万.",
            ]),
        ];
        for (row, text) in (0_u32..).zip(help) {
            sheet.write_string(row, 0, text)?;
        }
        let headers = [
            METRIC,
            ["名称", "Label"],
            ["单位", "Unit"],
            ["可填的对象", "Teams and people"],
        ];
        for (column, words) in (0_u16..).zip(headers) {
            sheet.write_string_with_format(3, column, self.word(words), &formats.header)?;
        }
        let metrics = self.registry.metrics().iter().filter(|metric| {
            exact::check(metric).is_ok() && (metric.unit != Unit::Amount || setter.sees_amounts())
        });
        for (row, metric) in (4_u32..).zip(metrics) {
            let label = if self.english {
                &metric.label.en
            } else {
                &metric.label.zh
            };
            sheet.write_string(row, 0, &metric.name)?;
            sheet.write_string(row, 1, label)?;
            sheet.write_string(row, 2, self.word(unit(metric.unit)))?;
        }
        let people = self.names.people().map(Whom::Person);
        let people = people.filter(|whom| setter.may(Action::Create, *whom));
        let all: BTreeSet<Whom> = whoms.iter().copied().chain(people).collect();
        let named = all.iter().filter_map(|whom| self.names.label(*whom));
        for (row, name) in (4_u32..).zip(named) {
            sheet.write_string(row, 3, name)?;
        }
        Ok(())
    }
}

/// How numbers of a unit look.
fn number_format(unit: Unit) -> &'static str {
    match unit {
        Unit::Amount => "#,##0.00",
        Unit::Ratio => "0.00%",
        Unit::Count => "#,##0",
        Unit::Days | Unit::Hours | Unit::Score => "#,##0.0##",
    }
}

/// What a unit is called.
fn unit(unit: Unit) -> [&'static str; 2] {
    match unit {
        Unit::Amount => ["元", "yuan"],
        Unit::Ratio => ["比率", "share"],
        Unit::Count => ["个", "count"],
        Unit::Days => ["天", "days"],
        Unit::Hours => ["小时", "hours"],
        Unit::Score => ["分", "points"],
    }
}

/// The years that there are sheets of.
pub const YEARS: RangeInclusive<i32> = 2000..=2099;

/// The year that a text names, if there are sheets of it.
pub fn year(text: &str) -> Option<TargetPeriod> {
    let period: TargetPeriod = text.parse().ok()?;
    let is_known = YEARS.contains(&period.starts_on().year());
    (period.grain() == Grain::Year && is_known).then_some(period)
}
