//! What a scorecard weighs and where its curves bend, as a firm has it.
//!
//! As JSON in the setting `health`, as TOML on the command line. What is left out is as shipped, but
//! that factors without a weight are not weighed where weights are given.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::lunar::Years;
use super::scorecard::{Factor, Status};
use super::value::ValueTier;
use crate::identity::text_number;
use crate::metric::Label;

/// Weights of factors; those that are not in it weigh nothing.
pub type Weights = BTreeMap<Factor, f64>;

/// The rules of a scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScorecardRules {
    /// What each factor weighs against the others.
    pub weights: Weights,
    /// The same for the accounts of a segment that is called so.
    pub segments: BTreeMap<String, Weights>,
    /// From this score on an account is green.
    pub green_from: f64,
    /// From this score on it is yellow.
    pub yellow_from: f64,
    /// With less of the weight having data, 0 to 1, an account is unrated.
    pub coverage_from: f64,
    /// With fewer days with an order an account is unrated.
    pub orders_from: u32,
    /// Silent for more than so many times its rhythm, an account is not above red.
    pub silent_at: f64,
    /// Nor is one with something overdue for more than so many days.
    pub overdue_days: i32,
    /// Whether years are compared by the distance to the Spring Festival, instead of by 365 days.
    pub lunar_years: bool,
    /// Where the curves bend.
    pub curves: Curves,
    /// What is to be done about a factor, beside what is shipped.
    pub playbook: BTreeMap<Factor, Label>,
    /// When a fall is told of.
    pub notices: NoticeRules,
}

/// When the fall of a score is told of, and to whom how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoticeRules {
    /// By at least so many points.
    pub points: f64,
    /// Within so many days.
    pub days: u32,
    /// So many new ones a success manager gets in a week; the rest is summed up.
    pub per_week: u32,
    /// Of accounts of these tiers; where there is none, nobody is told.
    pub tiers: Vec<ValueTier>,
}

impl Default for NoticeRules {
    fn default() -> Self {
        Self {
            points: 15.0,
            days: 30,
            per_week: 5,
            tiers: vec![ValueTier::A, ValueTier::B],
        }
    }
}

/// Where the curves of the factors bend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Curves {
    /// At so many times the rhythm half of the points of the rhythm are lost.
    pub rhythm_half_at: f64,
    /// So many order days a year are as good as more.
    pub orders_full: f64,
    /// So many products a year are as good as more.
    pub products_full: f64,
    /// When the later of two years has this part of the amount of both, it is as good as more.
    pub trend_full: f64,
    /// When no more than this part was delivered in time, nothing is left.
    pub delivered_none: f64,
    /// When this part of a year's sales went back, nothing is left.
    pub returns_none: f64,
    /// When no more than this part was paid in time, nothing is left.
    pub paid_none: f64,
    /// So many conversations in 90 days are as good as more.
    pub interactions_full: f64,
    /// When the later of two quarters has this part of the conversations of both, it is as good as more.
    pub interaction_trend_full: f64,
    /// So many persons who talk to us are as good as more; with one nothing is left.
    pub contacts_full: f64,
    /// At so many complaints for each typical order's worth of sales nothing is left.
    pub trouble_none: f64,
    /// A contract that runs for so many days more is as good as one that runs longer.
    pub contract_days_full: f64,
    /// When this part of the decided quotes is accepted, it is as good as more.
    pub accepted_full: f64,
}

impl Default for Curves {
    fn default() -> Self {
        Self {
            rhythm_half_at: 1.5,
            orders_full: 12.0,
            products_full: 10.0,
            trend_full: 0.6,
            delivered_none: 0.6,
            returns_none: 0.2,
            paid_none: 0.5,
            interactions_full: 6.0,
            interaction_trend_full: 0.5,
            contacts_full: 3.0,
            trouble_none: 0.5,
            contract_days_full: 90.0,
            accepted_full: 0.6,
        }
    }
}

impl Default for ScorecardRules {
    fn default() -> Self {
        Self {
            weights: Factor::WEIGHTS.into_iter().collect(),
            segments: BTreeMap::new(),
            green_from: 75.0,
            yellow_from: 60.0,
            coverage_from: 0.6,
            orders_from: 3,
            silent_at: 2.5,
            overdue_days: 60,
            lunar_years: true,
            curves: Curves::default(),
            playbook: BTreeMap::new(),
            notices: NoticeRules::default(),
        }
    }
}

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{key} is {value}, must be {right}")]
pub struct RulesError {
    /// Which of them, as `weights.rhythm`.
    pub key: String,
    /// What it is.
    pub value: f64,
    /// What would be right.
    pub right: &'static str,
}

impl ScorecardRules {
    /// Those that Millrace comes with.
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<ScorecardRules> = OnceLock::new();
        SHIPPED.get_or_init(Self::default)
    }

    /// Reads them from TOML.
    ///
    /// # Errors
    ///
    /// What the reader says, with the line, where the text is no rules.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// They as TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// That scores can be made by them.
    ///
    /// # Errors
    ///
    /// [`RulesError`] for the first that cannot be used.
    pub fn check(&self) -> Result<(), RulesError> {
        let within = |key: &str, value: f64, least: f64, greatest: f64, right: &'static str| {
            if (least..=greatest).contains(&value) {
                return Ok(());
            }
            Err(RulesError {
                key: key.to_owned(),
                value,
                right,
            })
        };
        let all = std::iter::once(("weights".to_owned(), &self.weights));
        let segments = self.segments.iter();
        let all = all.chain(segments.map(|(name, own)| (format!("segments.{name}"), own)));
        for (key, weights) in all {
            for (factor, weight) in weights {
                let key = format!("{key}.{}", factor.name());
                within(&key, *weight, 0.0, 100.0, "from 0 to 100")?;
            }
            let sum = weights.values().fold(0.0, |sum, weight| sum + weight);
            within(&key, sum, 1.0, 10_000.0, "1 or more in all")?;
        }
        let (green, yellow) = (self.green_from, self.yellow_from);
        within("green_from", green, 2.0, 100.0, "from 2 to 100")?;
        within(
            "yellow_from",
            yellow,
            1.0,
            green - 1.0,
            "from 1 to below green_from",
        )?;
        within("coverage_from", self.coverage_from, 0.0, 1.0, "from 0 to 1")?;
        let orders = f64::from(self.orders_from);
        within("orders_from", orders, 1.0, 100.0, "from 1 to 100")?;
        within("silent_at", self.silent_at, 1.0, 100.0, "from 1 to 100")?;
        let days = f64::from(self.overdue_days);
        within("overdue_days", days, 0.0, 3_660.0, "from 0 to 3660")?;
        let notices = &self.notices;
        within(
            "notices.points",
            notices.points,
            1.0,
            100.0,
            "from 1 to 100",
        )?;
        let days = f64::from(notices.days);
        within("notices.days", days, 1.0, 60.0, "from 1 to 60")?;
        let per_week = f64::from(notices.per_week);
        within("notices.per_week", per_week, 1.0, 100.0, "from 1 to 100")?;
        let Curves {
            rhythm_half_at,
            orders_full,
            products_full,
            trend_full,
            delivered_none,
            returns_none,
            paid_none,
            interactions_full,
            interaction_trend_full,
            contacts_full,
            trouble_none,
            contract_days_full,
            accepted_full,
        } = self.curves;
        let counts = [
            ("rhythm_half_at", rhythm_half_at),
            ("orders_full", orders_full),
            ("products_full", products_full),
            ("interactions_full", interactions_full),
            ("trouble_none", trouble_none),
            ("contract_days_full", contract_days_full),
        ];
        for (key, value) in counts {
            within(
                &format!("curves.{key}"),
                value,
                0.01,
                1_000.0,
                "from 0.01 to 1000",
            )?;
        }
        let parts = [
            ("trend_full", trend_full),
            ("interaction_trend_full", interaction_trend_full),
            ("returns_none", returns_none),
            ("accepted_full", accepted_full),
        ];
        for (key, value) in parts {
            within(&format!("curves.{key}"), value, 0.01, 1.0, "from 0.01 to 1")?;
        }
        let most = "from 0 to 0.99";
        within("curves.delivered_none", delivered_none, 0.0, 0.99, most)?;
        within(
            "curves.contacts_full",
            contacts_full,
            2.0,
            100.0,
            "from 2 to 100",
        )?;
        within("curves.paid_none", paid_none, 0.0, 0.99, most)
    }

    /// How years are compared.
    pub fn years(&self) -> Years {
        if self.lunar_years {
            Years::Lunar
        } else {
            Years::Solar
        }
    }

    /// The status of a score with enough behind it.
    pub fn status_of(&self, score: f64) -> Status {
        match score {
            score if score >= self.green_from => Status::Green,
            score if score >= self.yellow_from => Status::Yellow,
            _ => Status::Red,
        }
    }

    /// The most that an account which is held down can have.
    pub fn held_most(&self) -> f64 {
        self.yellow_from - 1.0
    }

    /// What is to be done about a factor.
    pub fn play(&self, factor: Factor) -> Label {
        let own = self.playbook.get(&factor).cloned();
        own.unwrap_or_else(|| shipped_play(factor))
    }

    /// A number that rules which score otherwise hardly share, the same in all releases; as a signed
    /// one never negative. What is done about a score is not in it.
    pub fn fingerprint(&self) -> u64 {
        let scoring = Self {
            playbook: BTreeMap::new(),
            notices: NoticeRules::default(),
            ..self.clone()
        };
        text_number(&scoring.to_toml()) >> 1
    }
}

fn shipped_play(factor: Factor) -> Label {
    let (zh, en) = match factor {
        Factor::Rhythm => (
            "打电话问库存和排产：“上次的货用得怎样，这个月的用量有变化吗？”有变化就问清原因。",
            "Call about stock and production plans: “How did the last delivery work out, has this \
             month's need changed?” If it has, find out why.",
        ),
        Factor::Frequency => (
            "看能否改成按月框架叫货，让客户少操心，也让我们早知道。",
            "Offer a monthly call-off: less trouble for them, earlier news for us.",
        ),
        Factor::AmountTrend => (
            "约一次当面回顾：对比两年的品种和数量，问清少买的部分去了哪里。",
            "Review the two years together: which products and quantities fell, and who supplies \
             them now.",
        ),
        Factor::Delivery => (
            "和计划、生产核对未交和晚交的订单，给客户一个守得住的交期，晚交的逐笔说明原因。",
            "Go through what is late with planning, promise dates that hold, and explain each delay.",
        ),
        Factor::Returns => (
            "请质量工程师复核最近的退货，一周内给客户书面结论。",
            "Have quality look at the last returns and answer in writing within a week.",
        ),
        Factor::Breadth => (
            "带上同行业客户常配的产品，问一问客户现在从哪里买。",
            "Bring what their industry usually buys beside it, and ask where they buy it today.",
        ),
        Factor::QuoteAcceptance => (
            "回访最近没成的报价：价格、交期还是技术？把答复记到报价上。",
            "Follow up the quotes that failed: price, time or technology? Note the answer on the \
             quote.",
        ),
        Factor::Payment => (
            "和财务一起对账，确认逾期原因；是我方票据或质量问题先解决。",
            "Go through the account with finance; solve what is our paperwork or quality first.",
        ),
        Factor::Interaction => (
            "本周安排一次拜访或通话，并留下客户的回应。",
            "Arrange a visit or a call this week, and note what they said.",
        ),
        Factor::InteractionTrend => (
            "联系变少了：看是谁不再回复，换一个时间、方式或由主管出面。",
            "Contact is fading: see who stopped answering, and try another time, way or person.",
        ),
        Factor::Contacts => (
            "只靠一个人：请他引荐技术和采购各一位，并把他们录为联系人。",
            "It hangs on one person: ask for an introduction to engineering and purchasing, and enter \
             them as contacts.",
        ),
        Factor::Contract => (
            "合同快到期或已到期：约续签，带上去年的用量和交付记录。",
            "The contract runs out or has: arrange the renewal, with last year's volumes and \
             deliveries at hand.",
        ),
        Factor::Service => (
            "逐件看未结的投诉，给客户一个明确的解决时间，由主管回访。",
            "Go through the open complaints, promise a date, and have the manager call back.",
        ),
    };
    Label {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

/// The rules of a firm, and to which segment each account belongs.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    /// The rules.
    pub rules: &'a ScorecardRules,
    /// The segment of each account of a history; none of those beyond its end.
    pub segments: &'a [Option<String>],
}

impl Default for Card<'static> {
    fn default() -> Self {
        Self {
            rules: ScorecardRules::shipped(),
            segments: &[],
        }
    }
}

impl Card<'_> {
    /// What the factors weigh for an account.
    pub(super) fn weights(&self, account: usize) -> &Weights {
        let segment = self.segments.get(account).and_then(Option::as_ref);
        let own = segment.and_then(|segment| self.rules.segments.get(segment));
        own.unwrap_or(&self.rules.weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(toml: &str) -> ScorecardRules {
        ScorecardRules::from_toml(toml).unwrap()
    }

    #[test]
    fn what_is_left_out_is_as_shipped() {
        assert_eq!(rules(""), ScorecardRules::default());
        let own = rules("yellow_from = 50\n[weights]\nrhythm = 3\n[curves]\norders_full = 4");
        assert_eq!(own.weights, Weights::from([(Factor::Rhythm, 3.0)]));
        assert_eq!(own.curves.products_full.to_string(), "10");
        assert_eq!(own.status_of(55.0), Status::Yellow);
        assert_eq!(own.check(), Ok(()));
        assert_ne!(own.fingerprint(), ScorecardRules::default().fingerprint());
        assert_eq!(ScorecardRules::from_toml(&own.to_toml()), Ok(own));
    }

    #[test]
    fn what_is_done_about_a_score_scores_nothing_anew() {
        let shipped = ScorecardRules::default();
        let own = rules(
            "[playbook.rhythm]\nzh = \"打电话\"\nen = \"Call\"\n[notices]\npoints = 20\ntiers = [\"A\"]",
        );
        assert_eq!(own.notices.days, 30);
        assert_eq!(own.notices.tiers, [ValueTier::A]);
        assert_ne!(own, shipped);
        assert_eq!(own.fingerprint(), shipped.fingerprint());
        assert!(
            shipped
                .to_toml()
                .contains("[notices]\npoints = 15.0\ndays = 30")
        );
    }

    #[test]
    fn names_what_cannot_be_used() {
        let wrong = |toml: &str| rules(toml).check().unwrap_err().to_string();
        assert_eq!(
            wrong("[segments.distributor]\npayment = -1"),
            "segments.distributor.payment is -1, must be from 0 to 100"
        );
        assert_eq!(wrong("[weights]"), "weights is 0, must be 1 or more in all");
        assert_eq!(
            wrong("yellow_from = 80"),
            "yellow_from is 80, must be from 1 to below green_from"
        );
        assert_eq!(
            wrong("curves.paid_none = 1"),
            "curves.paid_none is 1, must be from 0 to 0.99"
        );
        assert_eq!(
            wrong("notices.days = 90"),
            "notices.days is 90, must be from 1 to 60"
        );
        assert_eq!(
            wrong("notices.points = 0"),
            "notices.points is 0, must be from 1 to 100"
        );
        assert_eq!(
            wrong("notices.per_week = 0"),
            "notices.per_week is 0, must be from 1 to 100"
        );
        let unknown = ScorecardRules::from_toml("[weights]\nluck = 1").unwrap_err();
        assert!(
            unknown.contains("luck") && unknown.contains("line 2"),
            "{unknown}"
        );
    }
}
