//! The numbers of the first page: against the month before and the year before.

use crate::report::asked::{KEY_FIGURES, number};
use crate::report::document::{Cell, Table, columns};
use crate::report::language::Language;
use crate::report::maker::Maker;

pub(super) fn table(maker: &Maker<'_>) -> Table {
    let (Some(figures), Some(year)) = (maker.book.get("figures"), maker.book.get("figures_year"))
    else {
        return Table::default();
    };
    let names = match maker.language {
        Language::Zh => [
            "指标",
            "本月",
            "上月",
            "比上月",
            "去年同月",
            "比去年",
            "记录数",
        ],
        Language::En => [
            "Figure",
            "This month",
            "Month before",
            "Change",
            "A year ago",
            "Change",
            "Records",
        ],
    };
    let (mut rows, mut metrics) = (Vec::new(), Vec::new());
    for metric in KEY_FIGURES {
        if maker.book.metric(metric).is_none() || !maker.book.has("figures", metric) {
            continue;
        }
        let (now, then) = (&figures.total, &year.total);
        let before = format!("{metric}_before");
        metrics.push(metric.to_owned());
        rows.push(vec![
            Cell::new(maker.book.name(metric, maker.language)).strong(),
            maker.cell(now, metric).strong(),
            Cell::new(maker.told(metric, number(now, &before))),
            maker.change(now, metric),
            Cell::new(maker.told(metric, number(then, &before))),
            maker.change(then, metric),
            Cell::new(maker.told("", number(now, &format!("{metric}_n")))),
        ]);
    }
    Table {
        title: maker.of("关键指标", "Key figures"),
        columns: columns(names),
        rows,
        metrics,
        note: note(maker),
    }
}

fn note(maker: &Maker<'_>) -> String {
    let mut note = maker.of(
        "颜色表示好坏, 箭头表示升降; 浅色的数字所依据的记录不足 20 条, 仅供参考。",
        "Colours say better or worse, arrows up or down; what is lighter stands on fewer than 20 records.",
    );
    if !maker.is_over {
        note.push_str(maker.language.of(
            "月内未完, 金额与数量不与整月比较。",
            " The month is not over: sums and counts are not compared with whole months.",
        ));
    }
    note
}
