//! The numbers of the first page: against the month before, the year before and what was to be reached.

use millrace_operations::service::target::Mark;

use crate::report::asked::{KEY_FIGURES, number};
use crate::report::document::{Cell, Table, columns};
use crate::report::language::{Language, NONE};
use crate::report::maker::Maker;

/// The places of what was to be reached.
const AIMS: [usize; 2] = [6, 7];

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
    let aim = |metric: &str| maker.book.aim("figures", metric);
    let has_aims = KEY_FIGURES.iter().any(|metric| aim(metric).is_some());
    let kept = |place: usize| has_aims || !AIMS.contains(&place);
    let (mut rows, mut metrics) = (Vec::new(), Vec::new());
    for metric in KEY_FIGURES {
        if maker.book.metric(metric).is_none() || !maker.book.has("figures", metric) {
            continue;
        }
        let (now, then) = (&figures.total, &year.total);
        let before = format!("{metric}_before");
        metrics.push(metric.to_owned());
        let [target, reached] = aimed(maker, metric, aim(metric));
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
        let cells = (0..).zip(cells).filter(|(place, _)| kept(*place));
        rows.push(cells.map(|(_, cell)| cell).collect());
    }
    Table {
        title: maker.of("关键指标", "Key figures"),
        columns: columns(
            (0..)
                .zip(names)
                .filter(|(place, _)| kept(*place))
                .map(|(_, name)| name),
        ),
        rows,
        metrics,
        note: note(maker),
    }
}

/// What a number was to reach, and how far it is.
fn aimed(maker: &Maker<'_>, metric: &str, mark: Option<&Mark>) -> [Cell; 2] {
    let Some(mark) = mark else {
        return [Cell::new(NONE), Cell::new(NONE)];
    };
    [
        Cell::new(maker.told(metric, Some(mark.target))),
        maker.reached(mark),
    ]
}

fn note(maker: &Maker<'_>) -> String {
    let mut note = maker.of(
        "颜色表示好坏, 箭头表示升降; 浅色的数字所依据的记录不足 20 条, 仅供参考。",
        "Colours say better or worse, arrows up or down; what is lighter stands on fewer than 20 records.",
    );
    if !maker.is_over {
        note.push_str(maker.language.of(
            "月内未完, 金额与数量不与整月比较, 目标是整月的。",
            " The month is not over: sums and counts are not compared with whole months; targets are of the whole month.",
        ));
    }
    note
}
