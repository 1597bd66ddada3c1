//! The shapes of health scores.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Label, Row};

/// How an account stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct StandingOfAccount {
    /// Its id.
    pub(crate) account_id: String,
    /// What people call it.
    pub(crate) label: String,
    /// The last score.
    pub(crate) now: Scoring,
    /// The last one that is at least 30 days older; null where there is none.
    pub(crate) before: Option<Scoring>,
    /// The factors that moved most since then, at most 3, and what happened meanwhile.
    pub(crate) moves: Vec<FactorMove>,
    /// The group that it belongs to; null where it has no kin with a score.
    pub(crate) group: Option<AccountGroup>,
    /// What it lacks for a better status; null where it is green or unrated.
    pub(crate) lift: Option<Lift>,
    /// What is to be done about each factor.
    pub(crate) steps: Vec<PlayOfFactor>,
    /// All scored days, the oldest first.
    pub(crate) days: Vec<ScoredDay>,
}

/// Groups of accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupsOfAccounts {
    /// That with most at risk first.
    pub(crate) groups: Vec<AccountGroup>,
}

/// The accounts under one parent that have a score and that the caller sees.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountGroup {
    /// The id of the uppermost account.
    pub(crate) account_id: String,
    /// What people call it.
    pub(crate) label: String,
    /// The worst status of its members.
    pub(crate) status: String,
    /// What they bought in 12 months; null for who sees no amounts.
    pub(crate) amount_12_months: Option<f64>,
    /// What of that is at risk.
    pub(crate) amount_at_risk: Option<f64>,
    /// Those with most at risk first.
    pub(crate) members: Vec<GroupMember>,
}

/// An account of a group.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupMember {
    /// Its id.
    pub(crate) account_id: String,
    /// What people call it.
    pub(crate) label: String,
    /// 0 to 100.
    pub(crate) score: f64,
    /// By that score.
    pub(crate) status: String,
    /// What it bought in 12 months; null for who sees no amounts.
    pub(crate) amount_12_months: Option<f64>,
    /// What of that is at risk.
    pub(crate) amount_at_risk: Option<f64>,
}

/// A factor that moved, and what happened meanwhile.
#[derive(Serialize, ToSchema)]
pub(crate) struct FactorMove {
    /// Which.
    pub(crate) factor: String,
    /// The points that it gained or lost.
    pub(crate) points: f64,
    /// How many events there were; of none, time alone moved it.
    pub(crate) count: usize,
    /// The latest of them, at most 10.
    pub(crate) events: Vec<HealthEvent>,
}

/// Something that happened to an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthEvent {
    /// What: `ordered`, `cancelled`, `returned`, `overdue`, `paid`, `opened`, `resolved`, `accepted`,
    /// `declined`, `expired`, `talked`, `delivered`, `delivered_late`, `not_delivered`, `signed`,
    /// `ran_out`.
    pub(crate) what: String,
    /// When.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// The id of the record.
    pub(crate) record: String,
    /// What it is worth, where it is worth something and the caller sees amounts.
    pub(crate) amount: Option<f64>,
}

/// What is to be done about a factor.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlayOfFactor {
    /// Which.
    pub(crate) factor: String,
    /// In both languages.
    pub(crate) text: Label,
}

/// The rules that customers are scored by.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesInForce {
    /// What each factor weighs against the others.
    pub(crate) weights: BTreeMap<String, f64>,
    /// The same for the accounts of a segment that is called so.
    pub(crate) segments: BTreeMap<String, BTreeMap<String, f64>>,
    /// From this score on an account is green.
    pub(crate) green_from: f64,
    /// From this score on it is yellow.
    pub(crate) yellow_from: f64,
    /// With less of the weight having data, 0 to 1, an account is unrated.
    pub(crate) coverage_from: f64,
    /// With fewer days with an order an account is unrated.
    pub(crate) orders_from: u32,
    /// Silent for more than so many times its rhythm, an account is red.
    pub(crate) silent_at: f64,
    /// So is one with something overdue for more than so many days.
    pub(crate) overdue_days: i32,
    /// Whether years are compared by the distance to the Spring Festival, instead of by 365 days.
    pub(crate) lunar_years: bool,
    /// Where the curves bend.
    pub(crate) curves: BTreeMap<String, f64>,
    /// What is to be done about a factor, beside what is shipped.
    pub(crate) playbook: BTreeMap<String, Label>,
    /// When a fall is told of.
    pub(crate) notices: NoticeRules,
}

/// When the fall of a score is told of, and to whom how often.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeRules {
    /// By at least so many points.
    pub(crate) points: f64,
    /// Within so many days.
    pub(crate) days: u32,
    /// So many new ones a success manager gets in a week; the rest is summed up.
    pub(crate) per_week: u32,
    /// Of accounts of these tiers.
    pub(crate) tiers: Vec<String>,
}

/// Who may look after customers.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuccessManagers {
    /// Those first whose role it is.
    pub(crate) people: Vec<SuccessManager>,
    /// Whether the caller chooses success managers at all.
    pub(crate) may_choose: bool,
}

/// Somebody who may look after customers.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuccessManager {
    /// The user.
    pub(crate) user_id: i64,
    /// Their name.
    pub(crate) name: String,
    /// Whether that is what they are there for; others manage sales.
    pub(crate) dedicated: bool,
    /// The accounts that they look after.
    pub(crate) accounts: i64,
}

/// Who looks after an account, and who did.
#[derive(Serialize, ToSchema)]
pub(crate) struct Appointments {
    /// The id of the record of the account.
    pub(crate) account_id: i64,
    /// Who does now.
    pub(crate) user_id: Option<i64>,
    /// The latest first.
    pub(crate) history: Vec<Appointment>,
}

/// That somebody looks after an account since a moment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Appointment {
    /// Who; nobody from then on where there is none.
    pub(crate) user_id: Option<i64>,
    /// Their name.
    pub(crate) name: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// Who decided it, where it was a person.
    pub(crate) by: Option<String>,
    /// Why, where that was said.
    pub(crate) reason: Option<String>,
    /// Why, where the program decided it: `large` or `gone`.
    pub(crate) cause: Option<String>,
}

/// What became of each account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Appointing {
    /// In the order of the request.
    pub(crate) results: Vec<AppointOutcome>,
}

/// What became of one account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppointOutcome {
    /// It, as the request names it.
    pub(crate) account: String,
    /// What went wrong with it; none where it was given.
    pub(crate) problem: Option<crate::error::Problem>,
}

/// What a score is made of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FactorName {
    /// How late the next order is, by the account's own rhythm.
    Rhythm,
    /// How often it orders.
    Frequency,
    /// Net amount against the year before.
    AmountTrend,
    /// What went back.
    Returns,
    /// How many products it buys.
    Breadth,
    /// Which part of its quotes it accepts.
    QuoteAcceptance,
    /// What it pays in time.
    Payment,
    /// What we deliver in time.
    Delivery,
    /// How often one talks with it.
    Interaction,
    /// Whether one talks more or less with it than before.
    InteractionTrend,
    /// How many persons talk to us.
    Contacts,
    /// Complaints and severe tickets.
    Service,
    /// How long its contracts run.
    Contract,
}

/// The models behind kept scores.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelsOfScorings {
    /// The latest scoring first.
    pub(crate) scorings: Vec<ModelsOfScoring>,
}

/// The models of a scored day.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelsOfScoring {
    /// The day that was scored.
    pub(crate) as_of: NaiveDate,
    /// Of an order, of shrinking, of a contract that is not renewed.
    pub(crate) models: Vec<ScoringModel>,
}

/// What a probability was learned from.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScoringModel {
    /// What it is of: `order`, `shrink`, `non_renewal`.
    pub(crate) target: String,
    /// Where it comes from: `fitted`, `purchase_process`, `not_enough_history`.
    pub(crate) kind: String,
    /// The days ahead that it is about.
    pub(crate) horizon_days: i32,
    /// The first of the days that it was learned from.
    pub(crate) learned_from: Option<NaiveDate>,
    /// The last of them.
    pub(crate) learned_to: Option<NaiveDate>,
    /// How many they are.
    pub(crate) learned_days: i32,
    /// Accounts (of contracts: those) on these days.
    pub(crate) learned_rows: i32,
    /// Those that it came true of.
    pub(crate) learned_positives: i32,
    /// Whether it was calibrated on a day that it had not seen.
    pub(crate) calibrated: bool,
    /// What a model of the earlier of these days said of the last one: accounts on it.
    pub(crate) trial_rows: Option<i32>,
    /// Those of them that it came true of.
    pub(crate) trial_positives: Option<i32>,
    /// Area under the receiver operating characteristic.
    pub(crate) auc: Option<f64>,
    /// Mean precision over those that it came true of.
    pub(crate) average_precision: Option<f64>,
    /// Mean squared error.
    pub(crate) brier: Option<f64>,
}

/// How another probability than that of an order did.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProvenOutlook {
    /// The accounts that it can come true of.
    pub(crate) accounts: usize,
    /// Those of them that it came true of.
    pub(crate) positives: usize,
    /// The probability; null where the history before the cutoff is too short, or nobody was at risk.
    pub(crate) probability: Option<ProvenProbability>,
    /// What it is to beat.
    pub(crate) baselines: OutlookBaselines,
    /// Where the probability came from.
    pub(crate) model: LearnedFrom,
}

/// What anybody would say first.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutlookBaselines {
    /// For each account the part of the earlier days that it came true of; null without any.
    pub(crate) base_rate: Option<ProvenBaseRate>,
    /// How the last days of the same length did against those a year before.
    pub(crate) last_trend: ProvenRanking,
}

/// The same probability for all.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProvenBaseRate {
    /// That one.
    pub(crate) probability: f64,
    /// Its mean squared error.
    pub(crate) brier: f64,
}

/// Who would stand otherwise by other rules.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesPreview {
    /// The last day that is seen.
    pub(crate) as_of: NaiveDate,
    /// How many accounts have each status now.
    pub(crate) before: BTreeMap<String, usize>,
    /// How many would have it.
    pub(crate) after: BTreeMap<String, usize>,
    /// How many would have another.
    pub(crate) count: usize,
    /// Those of them whose score would move most, at most 50.
    pub(crate) moved: Vec<MovedAccount>,
}

/// An account that would have another status.
#[derive(Serialize, ToSchema)]
pub(crate) struct MovedAccount {
    /// Its id.
    pub(crate) account_id: String,
    /// What people call it.
    pub(crate) label: String,
    /// Its status now.
    pub(crate) before: String,
    /// The one that it would have.
    pub(crate) after: String,
    /// Its score now.
    pub(crate) score_before: f64,
    /// The one that it would have.
    pub(crate) score_after: f64,
}

/// How accounts stand now.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScoresOfAccounts {
    /// Those that have a score and that the caller sees.
    pub(crate) scores: Vec<ScoreOfAccount>,
}

/// How an account stands now, in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScoreOfAccount {
    /// Its id.
    pub(crate) account_id: String,
    /// 0 to 100.
    pub(crate) score: f64,
    /// `green`, `yellow`, `red` or `unrated`.
    pub(crate) status: String,
    /// The day of the last order.
    #[schema(format = DateTime)]
    pub(crate) last_order_at: Option<String>,
}

/// The score of a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct Scoring {
    /// The last moment of the day.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// The columns of `account_health` that the caller sees.
    pub(crate) scored: Row,
    /// What the score is made of; the points and `held_down` add up to it.
    pub(crate) factors: Vec<FactorScore>,
}

/// What a factor added to a score.
#[derive(Serialize, ToSchema)]
pub(crate) struct FactorScore {
    /// Which.
    #[schema(example = "rhythm")]
    pub(crate) factor: String,
    /// What it measures, in its unit; null without data.
    pub(crate) value: Option<f64>,
    /// What it adds to the score.
    pub(crate) points: f64,
    /// What it could add at most; 0 without data.
    pub(crate) weight: f64,
}

/// A scored day in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScoredDay {
    /// The last moment of the day.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// 0 to 100.
    pub(crate) score: f64,
    /// By the score of that day: `green`, `yellow`, `red` or `unrated`.
    pub(crate) status: String,
    /// The one that held.
    pub(crate) settled_status: String,
    /// `A`, `B` or `C`.
    pub(crate) value_tier: String,
}

/// What an account lacks for a better status.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lift {
    /// The next better status.
    pub(crate) to: String,
    /// The points that its factors lack for it; at most 0 where only `held_by` is in the way.
    pub(crate) missing: f64,
    /// What has to end first: `open_complaint`, `overdue`, `silent`.
    pub(crate) held_by: Option<String>,
    /// What could bring points, the most first.
    pub(crate) gains: Vec<Gain>,
}

/// What a factor could bring.
#[derive(Serialize, ToSchema)]
pub(crate) struct Gain {
    /// Which.
    pub(crate) factor: String,
    /// Points, when all of it is well.
    pub(crate) points: f64,
}

/// Scores of the past, and what came of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Proofs {
    /// The latest first.
    pub(crate) proofs: Vec<Proof>,
}

/// Scores as of a past day, judged by the days after it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Proof {
    /// The last day that the scores see.
    pub(crate) cutoff: NaiveDate,
    /// The days after it that they are judged by.
    pub(crate) horizon_days: i32,
    /// The accounts with an order up to the cutoff.
    pub(crate) accounts: usize,
    /// Those of them that ordered in the horizon.
    pub(crate) positives: usize,
    /// The probability of an order.
    pub(crate) probability: ProvenProbability,
    /// The scorecard.
    pub(crate) scorecard: ProvenRanking,
    /// What came of the accounts of each status.
    pub(crate) statuses: Vec<StatusOutcome>,
    /// What both are to beat.
    pub(crate) baselines: ProvenBaselines,
    /// Where the probability came from.
    pub(crate) model: LearnedFrom,
    /// The probability of buying less than half of what was bought in the same span a year before.
    pub(crate) shrinking: ProvenOutlook,
    /// The probability that a contract which runs out is not renewed; null where that is not decided yet,
    /// 90 days after the horizon.
    pub(crate) non_renewal: Option<ProvenOutlook>,
    /// What the reader should know.
    pub(crate) warnings: Vec<String>,
}

/// How well a score put buyers before others; null where everybody or nobody bought.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProvenRanking {
    /// Area under the receiver operating characteristic.
    pub(crate) auc: Option<f64>,
    /// Mean precision over the buyers, best scores first.
    pub(crate) average_precision: Option<f64>,
    /// Buyers among the tenth with the best scores, against chance.
    pub(crate) lift_at_10: Option<f64>,
}

/// How well a probability ranked and held.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProvenProbability {
    /// Area under the receiver operating characteristic.
    pub(crate) auc: Option<f64>,
    /// Mean precision over the buyers, best scores first.
    pub(crate) average_precision: Option<f64>,
    /// Buyers among the tenth with the best scores, against chance.
    pub(crate) lift_at_10: Option<f64>,
    /// Mean squared error.
    pub(crate) brier: Option<f64>,
    /// Mean distance between what was predicted and what came.
    pub(crate) calibration_error: Option<f64>,
    /// Ten bins of equally many accounts, the least likely first.
    pub(crate) calibration: Vec<CalibrationBin>,
}

/// Accounts with about the same probability.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalibrationBin {
    /// How many.
    pub(crate) accounts: usize,
    /// Their mean probability.
    pub(crate) predicted: f64,
    /// The part of them that bought.
    pub(crate) observed: f64,
}

/// What came of the accounts that had a status at the cutoff.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusOutcome {
    /// The status.
    pub(crate) status: String,
    /// How many had it.
    pub(crate) accounts: usize,
    /// The part of them that ordered in the horizon.
    pub(crate) ordered: Option<f64>,
    /// The part of them that still had it at the end of the horizon.
    pub(crate) kept: Option<f64>,
}

/// How the simple rules did.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProvenBaselines {
    /// Minus the days since the last order.
    pub(crate) recency: ProvenRanking,
    /// Days with an order.
    pub(crate) frequency: ProvenRanking,
    /// Recency, frequency and money by fifths.
    pub(crate) rfm: ProvenRanking,
    /// Purchases to expect by the purchase process.
    pub(crate) bg_nbd: ProvenRanking,
}

/// What a probability was learned from.
#[derive(Serialize, ToSchema)]
pub(crate) struct LearnedFrom {
    /// `fitted`, or `purchase_process` where the history is too short.
    pub(crate) kind: String,
    /// Earlier days that it learned from.
    pub(crate) days: usize,
    /// Accounts on those days.
    pub(crate) rows: usize,
    /// Whether it was calibrated on days that it had not seen.
    pub(crate) calibrated: bool,
}
