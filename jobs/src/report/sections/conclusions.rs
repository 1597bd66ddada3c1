//! The month in sentences: each from the answers, and none where there are no records.

use super::{causes, health, payments, pipeline, quotes, records, service};
use crate::report::asked::number;
use crate::report::document::Sentence;
use crate::report::language::{Language, tone};
use crate::report::maker::{Maker, percent_down};

pub(super) fn sentences(maker: &Maker<'_>) -> Vec<Sentence> {
    let mut said = Vec::new();
    let mut say = |head: String, text: Option<String>, tone: &'static str| {
        if let Some(text) = text {
            said.push(Sentence { head, text, tone });
        }
    };
    let of = |zh: &str, en: &str| maker.of(zh, en);
    say(
        of("成单", "Won"),
        won(maker),
        moved(maker, "figures", "won_amount"),
    );
    say(
        of("订单", "Orders"),
        ordered(maker),
        moved(maker, "figures", "order_amount"),
    );
    say(
        of("赢单率", "Win rate"),
        win_rate(maker),
        moved(maker, "figures", "win_rate"),
    );
    say(
        of("瓶颈", "Bottleneck"),
        pipeline::slowest_sentence(maker),
        "",
    );
    say(
        of("报价", "Quotes"),
        quotes::sentence(maker),
        moved(maker, "figures", "quote_acceptance_rate"),
    );
    say(
        of("回款", "Payments"),
        payments::sentence(maker),
        moved(maker, "figures", "overdue_amount"),
    );
    say(
        of("服务", "Service"),
        service::sentence(maker),
        moved(maker, "figures", "sla_met_rate"),
    );
    say(
        of("客户", "Customers"),
        health::sentence(maker),
        moved(maker, "figures", "accounts_at_risk"),
    );
    let causes: Vec<String> = maker
        .book
        .drivers
        .iter()
        .filter(|report| report.segments.iter().any(|own| own.significant) || report.significant)
        .take(1)
        .map(|report| causes::sentence(maker, report))
        .collect();
    let cause = causes.into_iter().next().map(|text| match maker.language {
        Language::Zh => format!("近 3 个月比去年同期, {text}"),
        Language::En => format!("Three months against a year ago. {text}"),
    });
    say(of("原因", "Causes"), cause, "");
    say(of("记录", "Records"), records::sentence(maker), "");
    said
}

/// Whether a number moved to the better or worse.
fn moved(maker: &Maker<'_>, id: &str, metric: &str) -> &'static str {
    let change = maker
        .book
        .total(id, metric)
        .zip(maker.book.total(id, &format!("{metric}_before")))
        .map(|(now, before)| now - before);
    change.map_or("", |change| tone(change, maker.book.direction(metric)))
}

/// A sum with what it is compared with and what it was to reach.
fn summed(maker: &Maker<'_>, metric: &str) -> Option<String> {
    if !maker.book.has("figures", metric) {
        return None;
    }
    let now = &maker.book.get("figures")?.total;
    let year = maker.book.get("figures_year").map(|own| &own.total);
    let mut text = maker.told(metric, number(now, metric));
    let before = maker.against(now, metric, &maker.month_name(1));
    let year = year
        .and_then(|row| maker.against(row, metric, maker.language.of("去年同月", "a year ago")));
    for against in [before, year].into_iter().flatten() {
        text.push_str(", ");
        text.push_str(&against);
    }
    if let Some(mark) = maker.book.aim("figures", metric)
        && let Some(share) = mark.attainment
    {
        let target = maker.told(metric, Some(mark.target));
        let share = percent_down(share, maker.language);
        text.push_str(&match maker.language {
            Language::Zh => format!("; 完成目标({target})的 {share}"),
            Language::En => format!("; {share} of the target of {target}"),
        });
    }
    Some(text)
}

fn won(maker: &Maker<'_>) -> Option<String> {
    let (text, count) = match summed(maker, "won_amount") {
        Some(text) => (text, maker.book.total("figures", "opportunities_won")),
        // who sees no amounts is told the number of deals
        None => (summed(maker, "opportunities_won")?, None),
    };
    let month = maker.month_name(0);
    let month = month.trim();
    let so_far = if maker.is_over {
        ""
    } else {
        maker.language.of("(月内, 未完)", " (so far)")
    };
    Some(match (maker.language, count) {
        (Language::Zh, Some(count)) => format!("{month}成单 {count:.0} 单, {text}{so_far}。"),
        (Language::Zh, None) => format!("{month}赢单 {text}{so_far}。"),
        (Language::En, Some(count)) => {
            let deals = maker.things(Some(count), "deal");
            format!("{deals} won in {month}: {text}{so_far}.")
        }
        (Language::En, None) => format!("Deals won in {month}: {text}{so_far}."),
    })
}

fn ordered(maker: &Maker<'_>) -> Option<String> {
    let text = summed(maker, "order_amount")?;
    let count = maker.book.total("figures", "order_amount_n");
    let new = maker
        .book
        .total("figures", "new_accounts")
        .filter(|count| *count > 0.0);
    let mut told = match (maker.language, count) {
        (Language::Zh, Some(count)) => format!("订单净额 {text}(订单行 {count:.0} 条)"),
        (Language::Zh, None) => format!("订单净额 {text}"),
        (Language::En, Some(count)) => {
            let lines = maker.things(Some(count), "order line");
            format!("Net orders {text} ({lines})")
        }
        (Language::En, None) => format!("Net orders {text}"),
    };
    if let Some(new) = new {
        told.push_str(&match maker.language {
            Language::Zh => format!("; 新成交客户 {new:.0} 家"),
            Language::En => format!("; {}", maker.things(Some(new), "new account")),
        });
    }
    Some(told + maker.language.of("。", "."))
}

fn win_rate(maker: &Maker<'_>) -> Option<String> {
    let now = &maker.book.get("figures")?.total;
    let rate = maker.told("win_rate", Some(number(now, "win_rate")?));
    let decided = number(now, "win_rate_n")?;
    let against = maker.against(now, "win_rate", &maker.month_name(1));
    let against = against.map_or_else(String::new, |text| format!(", {text}"));
    let few = maker.few(now, "win_rate");
    let mut text = match maker.language {
        Language::Zh => format!("{rate}(已决 {decided:.0} 单){against}{few}"),
        Language::En => {
            let decided = maker.things(Some(decided), "deal");
            format!("{rate} of {decided} decided{against}{few}")
        }
    };
    if let Some(cycle) = number(now, "conversion_cycle_median") {
        let cycle = maker.told("conversion_cycle_median", Some(cycle));
        text.push_str(&match maker.language {
            Language::Zh => format!("; 赢单的转化周期中位 {cycle}"),
            Language::En => format!("; the median cycle of won deals was {cycle}"),
        });
    }
    Some(text + maker.language.of("。", "."))
}
