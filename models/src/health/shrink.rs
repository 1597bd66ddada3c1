//! The probability that an account buys less than half of what it bought a year before.
//!
//! The span ahead is compared with the one of as many days that lies to the Spring Festival alike a year
//! before, by net amounts. An account that bought nothing then has nothing to shrink from. It is learned
//! as the probability of an order is, with the same days, ridge and weights.

use super::features::FEATURES;
use super::history::{History, Standing};
use super::learning::{self, Lesson, regression, tried};
use super::logistic::{Calibration, Logistic, logistic};
use super::lunar::Years;
use super::probability::{Known, Model};
use super::version::{Target, Version};

/// Less than this part is shrinking.
const PART: f64 = 0.5;
/// Amounts up to this are none.
const SMALLEST: f64 = 0.005;
const OWN: usize = 5;
const ALL: usize = FEATURES + OWN;

/// The span ahead of a day, and that of a year before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    day: i32,
    end: i32,
    base_begin: i32,
    base_end: i32,
    years: Years,
}

impl Spans {
    /// `None` where the span of a year before is not over.
    pub(super) fn of(day: i32, horizon_days: i32, years: Years) -> Option<Self> {
        let end = day.saturating_add(horizon_days);
        let base_end = years.end_before(end, horizon_days);
        (base_end <= day).then_some(Self {
            day,
            end,
            base_begin: base_end.saturating_sub(horizon_days),
            base_end,
            years,
        })
    }

    /// What an account bought in the span of a year before; `None` where that was nothing.
    pub(super) fn base(&self, standing: &Standing<'_>) -> Option<f64> {
        let base = standing.amount_of(self.base_begin, self.base_end);
        Some(base).filter(|base| *base > SMALLEST)
    }

    /// Whether an account with that base bought less than half of it; `seen` is what is known later.
    pub(super) fn shrinks(&self, seen: &History, account: usize, base: f64) -> bool {
        let later = seen.standing(account, self.end);
        let bought = later.map_or(0.0, |own| own.amount_of(self.day, self.end));
        bought < PART * base
    }

    /// How the last days of as many did against those a year before: the part of both, 0 to 1.
    pub(super) fn trend(&self, standing: &Standing<'_>) -> f64 {
        let days = self.end - self.day;
        let before = self.years.end_before(self.day, days);
        let now = standing.amount_of(self.day - days, self.day);
        part(now, standing.amount_of(before - days, before))
    }

    fn features(&self, standing: &Standing<'_>, own: &[f64; FEATURES], base: f64) -> [f64; ALL] {
        let middle = self.years.before(self.day);
        let year = standing.amount_of(middle, self.day);
        let year_before = standing.amount_of(self.years.before(middle), middle);
        let more: [f64; OWN] = [
            standing
                .purchases_of(self.base_begin, self.base_end)
                .ln_1p(),
            part(base, year),
            self.trend(standing),
            part(year, year_before),
            base.ln_1p(),
        ];
        let all = own.iter().chain(&more).copied();
        let mut features = [0.0; ALL];
        features
            .iter_mut()
            .zip(all)
            .for_each(|(to, from)| *to = from);
        features
    }
}

/// The first of two amounts as a part of both; half of nothing.
fn part(first: f64, second: f64) -> f64 {
    let (first, second) = (first.max(0.0), second.max(0.0));
    if first + second > SMALLEST {
        first / (first + second)
    } else {
        0.5
    }
}

/// Gathers what earlier days teach, from the earliest.
pub(super) struct ShrinkLessons {
    horizon_days: i32,
    years: Years,
    lessons: Vec<Lesson<ALL>>,
}

/// A model of who shrinks.
pub(super) struct ShrinkModel {
    fitted: Option<(Logistic<ALL>, Calibration)>,
    years: Years,
    pub(super) version: Version,
}

impl ShrinkLessons {
    pub(super) fn new(horizon_days: i32, years: Years) -> Self {
        Self {
            horizon_days,
            years,
            lessons: Vec::new(),
        }
    }

    /// Takes up what a day knew, and what came of it.
    pub(super) fn take(&mut self, known: &Known<'_>) {
        let Some(spans) = Spans::of(known.day, self.horizon_days, self.years) else {
            return;
        };
        if known
            .seen
            .first_day()
            .is_none_or(|first| first > spans.base_begin)
        {
            return;
        }
        let mut lesson = Lesson {
            day: known.day,
            features: Vec::new(),
            outcomes: Vec::new(),
        };
        let stride = learning::stride(known.standings.len(), known.days);
        for (standing, own) in known.standings.iter().zip(known.features).step_by(stride) {
            if let Some(base) = spans.base(standing) {
                lesson.features.push(spans.features(standing, own, base));
                let shrinks = spans.shrinks(known.seen, standing.account, base);
                lesson.outcomes.push(shrinks);
            }
        }
        self.lessons.push(lesson);
    }

    /// Learns from all; without a day to calibrate on there is too little.
    pub(super) fn learn(mut self) -> ShrinkModel {
        self.lessons.reverse();
        let tried = tried(&self.lessons, self.horizon_days);
        let trial = tried.as_ref().map(|tried| tried.trial);
        let fitted = tried.and_then(|tried| Some((regression(&self.lessons)?, tried.calibration)));
        let kind = if fitted.is_some() {
            Model::Fitted
        } else {
            Model::NotEnoughHistory
        };
        let horizon = self.horizon_days;
        ShrinkModel {
            fitted,
            years: self.years,
            version: Version::of(Target::Shrink, kind, horizon, &self.lessons, trial),
        }
    }
}

impl ShrinkModel {
    /// The probability of each standing; `None` where it bought nothing a year before, and for all where
    /// the history is too short.
    pub(super) fn predict(&self, known: &Known<'_>) -> Vec<Option<f64>> {
        let spans = Spans::of(known.day, self.version.horizon_days, self.years);
        let all = known.standings.iter().zip(known.features);
        all.map(|(standing, own)| {
            let (model, calibration) = self.fitted.as_ref()?;
            let spans = spans.as_ref()?;
            let features = spans.features(standing, own, spans.base(standing)?);
            Some(logistic(calibration.apply(model.log_odds(&features))))
        })
        .collect()
    }
}
