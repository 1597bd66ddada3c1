//! The numbers of the first page: against the month before, the year before and what was aimed at.

use millrace_models::metric::{Direction, Unit};

use crate::report::asked::{KEY_FIGURES, number};
use crate::report::document::{Cell, Table, columns};
use crate::report::language::{Language, NONE};
use crate::report::maker::Maker;

pub(super) fn table(maker: &Maker<'_>) -> Table {
    let (Some(figures), Some(year)) = (maker.book.get("figures"), maker.book.get("figures_year"))
    else {
        return Table::default();
    };
    let has_targets = !maker.targets.whole.is_empty();
    let names = match maker.language {
        Language::Zh => [
            "指标",
            "本月",
            "上月",
            "比上月",
            "去年同月",
            "比去年",
            "目标",
            "完成",
            "记录数",
        ],
        Language::En => [
            "Figure",
            "This month",
            "Month before",
            "Change",
            "A year ago",
            "Change",
            "Target",
            "Reached",
            "Records",
        ],
    };
    let keep = |place: &usize| has_targets || !matches!(place, 6 | 7);
    let kept: Vec<usize> = (0..names.len()).filter(keep).collect();
    let (mut rows, mut metrics) = (Vec::new(), Vec::new());
    for metric in KEY_FIGURES {
        if maker.book.metric(metric).is_none() || !maker.book.has("figures", metric) {
            continue;
        }
        let (now, then) = (&figures.total, &year.total);
        let before = format!("{metric}_before");
        let [target, reached] = target(maker, metric, number(now, metric));
        let cells = [
            Cell::new(maker.book.name(metric, maker.language)).strong(),
            maker.cell(now, metric).strong(),
            Cell::new(maker.told(metric, number(now, &before))),
            maker.change(now, metric),
            Cell::new(maker.told(metric, number(then, &before))),
            maker.change(then, metric),
            target,
            reached,
            Cell::new(maker.told("", number(now, &format!("{metric}_n")))),
        ];
        metrics.push(metric.to_owned());
        rows.push(kept.iter().map(|place| cells[*place].clone()).collect());
    }
    Table {
        title: maker.of("关键指标", "Key figures"),
        columns: columns(kept.iter().map(|place| names[*place])),
        rows,
        metrics,
        note: maker.of(
            "颜色表示好坏, 箭头表示升降; 浅色的数字所依据的记录不足 20 条, 仅供参考。",
            "Colours say better or worse, arrows up or down; what is lighter stands on fewer than 20 records.",
        ),
    }
}

/// What was aimed at, and how far it is reached.
fn target(maker: &Maker<'_>, metric: &str, value: Option<f64>) -> [Cell; 2] {
    let Some(target) = maker.targets.whole.get(metric).copied() else {
        return [Cell::new(NONE), Cell::new(NONE)];
    };
    let told = Cell::new(maker.told(metric, Some(target)));
    let Some(value) = value else {
        return [told, Cell::new(NONE)];
    };
    let is_reached = match maker.book.direction(metric) {
        Direction::Down => value <= target,
        _ => value >= target,
    };
    let is_sum = matches!(maker.book.measured(metric).unit, Unit::Amount | Unit::Count);
    let text = if is_sum && target > 0.0 {
        format!("{:.0} %", (value / target * 100.0).floor())
    } else if is_reached {
        maker.of("达到", "yes")
    } else {
        maker.of("未达到", "no")
    };
    [
        told,
        Cell::toned(text, if is_reached { "good" } else { "bad" }),
    ]
}
