//! When a score has fallen so far that somebody is to be told, and of what it fell.

use chrono::NaiveDate;

use super::rules::NoticeRules;
use super::scorecard::{Factor, Held};
use crate::metric::Label;

/// What the sentence of a fall names, at most.
const NAMED: usize = 3;
/// What moved a factor by less is not worth a word.
const WORTH_POINTS: f64 = 0.5;

/// A score that was told of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayScore {
    /// The day.
    pub day: NaiveDate,
    /// 0 to 100.
    pub score: f64,
}

/// A fall, from its highest score to the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fall {
    /// Where it fell from: the last day with the highest score.
    pub from: DayScore,
    /// The last score.
    pub to: DayScore,
}

impl Fall {
    /// The fall that is to be told of at the last of these scores, which are in the order of their
    /// days. `told` is the last one of the account that somebody was told of.
    ///
    /// A fall is told of once: until so many days as it may take have passed, another is one only from
    /// a score at which half of the first was made good again.
    pub fn to_tell(rules: &NoticeRules, scores: &[DayScore], told: Option<Fall>) -> Option<Self> {
        let to = *scores.last()?;
        let age = |day: NaiveDate| (to.day - day).num_days();
        let days = i64::from(rules.days);
        let mut since = None;
        if let Some(told) = told
            && age(told.to.day) < days
        {
            let half = f64::midpoint(told.from.score, told.to.score);
            let mut later = scores.iter();
            let good = later.find(|own| own.day > told.to.day && own.score >= half)?;
            since = Some(good.day);
        }
        let seen = scores.iter().filter(|own| {
            (0..=days).contains(&age(own.day)) && since.is_none_or(|since| own.day >= since)
        });
        let from = seen.max_by(|left, right| left.score.total_cmp(&right.score))?;
        let fall = Self { from: *from, to };
        (fall.points() >= rules.points).then_some(fall)
    }

    /// How many points it fell by.
    pub fn points(&self) -> f64 {
        self.from.score - self.to.score
    }

    /// It in words, with what it fell by most.
    pub fn sentence(&self, lost: &Lost) -> Label {
        let days = (self.to.day - self.from.day).num_days();
        let scores = |score: &DayScore| score.score.round();
        let (from, to) = (scores(&self.from), scores(&self.to));
        let mut zh = format!("健康度 {days} 天内从 {from} 降到 {to}");
        let mut en = format!("health fell from {from} to {to} in {days} days");
        let mut reasons: Vec<Label> = lost.held_by.map(held).into_iter().collect();
        reasons.extend(lost.named().map(|(factor, points)| {
            let Label { zh, en } = named(factor);
            Label {
                zh: format!("{zh} -{points:.0}"),
                en: format!("{en} -{points:.0}"),
            }
        }));
        for (place, reason) in reasons.iter().enumerate() {
            zh.push_str(if place == 0 { "：" } else { "、" });
            en.push_str(if place == 0 { ": " } else { ", " });
            zh.push_str(&reason.zh);
            en.push_str(&reason.en);
        }
        Label { zh, en }
    }
}

/// What a score lost between two days.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lost {
    /// The points that each factor lost; below 0 where it gained.
    pub factors: Vec<(Factor, f64)>,
    /// What holds the score down that did not before.
    pub held_by: Option<Held>,
}

impl Lost {
    /// The factors that lost most.
    fn named(&self) -> impl Iterator<Item = (Factor, f64)> {
        let worth = self.factors.iter().copied();
        let mut worth: Vec<_> = worth
            .filter(|(_, points)| *points >= WORTH_POINTS)
            .collect();
        worth.sort_by(|left, right| right.1.total_cmp(&left.1));
        worth.into_iter().take(NAMED)
    }
}

fn held(by: Held) -> Label {
    let (zh, en) = match by {
        Held::OpenComplaint => ("严重投诉未解决", "a severe complaint is open"),
        Held::Overdue => ("长期逾期", "long overdue"),
        Held::Silent => ("长期没有下单", "long silent"),
    };
    Label {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

/// What people call a factor.
fn named(factor: Factor) -> Label {
    let (zh, en) = match factor {
        Factor::Rhythm => ("下单节奏", "order rhythm"),
        Factor::Frequency => ("下单频次", "order frequency"),
        Factor::AmountTrend => ("金额趋势", "amount trend"),
        Factor::Delivery => ("按时交货", "delivery in time"),
        Factor::Returns => ("退货", "returns"),
        Factor::Breadth => ("产品广度", "product breadth"),
        Factor::QuoteAcceptance => ("报价接受", "quote acceptance"),
        Factor::Payment => ("付款准时", "payment in time"),
        Factor::Interaction => ("双向沟通", "conversations"),
        Factor::InteractionTrend => ("沟通变化", "trend of conversations"),
        Factor::Contacts => ("联系人", "persons who talk to us"),
        Factor::Contract => ("合同剩余", "contract left"),
        Factor::Service => ("投诉与严重工单", "complaints"),
    };
    Label {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of days that count from the first of January.
    fn scores(of: &[(u32, f64)]) -> Vec<DayScore> {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let days = of.iter().map(|(day, score)| DayScore {
            day: first + chrono::Days::new(u64::from(*day)),
            score: *score,
        });
        days.collect()
    }

    /// From which to which score a fall is to be told of.
    fn check(of: &[(u32, f64)], told: Option<[(u32, f64); 2]>, expected: Option<(f64, f64)>) {
        let told = told.map(|told| {
            let told = scores(&told);
            Fall {
                from: told[0],
                to: told[1],
            }
        });
        let found = Fall::to_tell(&NoticeRules::default(), &scores(of), told);
        let found = found.map(|own| (own.from.score, own.to.score));
        assert_eq!(found, expected, "{of:?} after {told:?}");
    }

    #[test]
    fn a_fall_is_from_the_highest_score_of_thirty_days() {
        check(&[], None, None);
        check(&[(0, 80.0)], None, None);
        check(&[(0, 80.0), (30, 65.0)], None, Some((80.0, 65.0)));
        check(&[(0, 80.0), (30, 65.1)], None, None);
        check(&[(0, 80.0), (31, 60.0)], None, None);
        check(
            &[(0, 80.0), (10, 90.0), (20, 74.0)],
            None,
            Some((90.0, 74.0)),
        );
        check(&[(0, 90.0), (10, 60.0), (20, 80.0)], None, None);
    }

    #[test]
    fn a_fall_is_told_of_once() {
        let told = Some([(0, 80.0), (10, 60.0)]);
        check(&[(0, 80.0), (10, 60.0)], told, None);
        check(&[(0, 80.0), (10, 60.0), (20, 40.0)], told, None);
        // 30 days after it was told of, all that was since counts
        check(
            &[(10, 60.0), (20, 58.0), (40, 43.0)],
            told,
            Some((60.0, 43.0)),
        );
        check(&[(10, 60.0), (20, 58.0), (39, 43.0)], told, None);
    }

    #[test]
    fn an_account_that_recovered_can_fall_again() {
        let told = Some([(0, 80.0), (10, 60.0)]);
        let back = [(0, 80.0), (10, 60.0), (15, 70.0)];
        // not from what it had before
        check(&[back[0], back[1], back[2], (20, 60.0)], told, None);
        check(
            &[back[0], back[1], back[2], (20, 55.0)],
            told,
            Some((70.0, 55.0)),
        );
        let hardly = [(0, 80.0), (10, 60.0), (15, 69.0), (20, 50.0)];
        check(&hardly, told, None);
    }

    #[test]
    fn says_what_the_score_fell_by() {
        let days = scores(&[(0, 82.4), (21, 60.6)]);
        let fall = Fall {
            from: days[0],
            to: days[1],
        };
        let lost = Lost {
            factors: vec![
                (Factor::Rhythm, 3.0),
                (Factor::Payment, 12.2),
                (Factor::Interaction, -4.0),
                (Factor::Breadth, 0.4),
            ],
            held_by: Some(Held::Overdue),
        };
        let Label { zh, en } = fall.sentence(&lost);
        assert_eq!(
            zh,
            "健康度 21 天内从 82 降到 61：长期逾期、付款准时 -12、下单节奏 -3"
        );
        assert_eq!(
            en,
            "health fell from 82 to 61 in 21 days: long overdue, payment in time -12, order rhythm -3"
        );
        let plain = fall.sentence(&Lost::default());
        assert_eq!(plain.zh, "健康度 21 天内从 82 降到 61");
    }
}
