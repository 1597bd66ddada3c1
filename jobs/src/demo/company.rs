//! The people of the demo firm and its accounts.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::catalog::{DISTRIBUTORS, INDUSTRIES, REGIONS, SOURCES};
use super::days::{Days, Stamp, days_after};
use super::names::{ENDINGS, FIRST, SECOND, SIZES};
use super::random::Dice;

/// The stretch of time that the demo covers.
pub(super) struct Span {
    /// The first day.
    pub(super) start: NaiveDate,
    /// The day after the last one.
    pub(super) end: NaiveDate,
    /// The calendar around it.
    pub(super) days: Days,
    /// The stamps of `start`, of the change half way, and of `end`.
    pub(super) open: Stamp,
    pub(super) change: Stamp,
    pub(super) close: Stamp,
}

impl Span {
    /// The stamp at a share of the span.
    pub(super) fn at(&self, share: f64) -> Stamp {
        self.days.later(self.open, share * self.length())
    }

    /// Its length in calendar days.
    pub(super) fn length(&self) -> f64 {
        (self.end - self.start).num_days() as f64
    }

    /// Whether something has happened by the end.
    pub(super) fn seen(&self, stamp: Stamp) -> bool {
        stamp < self.close
    }
}

/// A sales representative.
pub(super) struct Rep {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) region: usize,
    /// Against the team: how often deals are won, how long they take, how much is given away.
    pub(super) win: f64,
    pub(super) pace: f64,
    pub(super) discount: f64,
    /// The share of moves that are entered days later.
    pub(super) late: f64,
    /// When the rep joined.
    pub(super) from: Stamp,
}

/// The kind of business with an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
    Project,
    Repeat,
    Distributor,
}

impl Segment {
    /// Its name in the records.
    pub(super) fn name(self) -> &'static str {
        match self {
            Segment::Project => "项目客户",
            Segment::Repeat => "复购客户",
            Segment::Distributor => "经销商",
        }
    }
}

/// A customer.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) parent: Option<String>,
    pub(super) region: usize,
    pub(super) province: &'static str,
    pub(super) industry: usize,
    pub(super) size: &'static str,
    pub(super) scale: f64,
    pub(super) segment: Segment,
    pub(super) source: &'static str,
    /// The first owner, and who took over when.
    owner: usize,
    handover: Option<(Stamp, usize)>,
    pub(super) created: Stamp,
    /// How much of the firm's business comes from here.
    pub(super) weight: f64,
    /// Days between repeat orders, for those who place them.
    pub(super) rhythm: Option<f64>,
    /// When it began to order less.
    pub(super) sinks: Option<Stamp>,
    /// Days of credit.
    pub(super) credit: i64,
    /// How reliably it pays: 0 well, 1 slowly, 2 badly.
    pub(super) payer: usize,
    pub(super) key: bool,
}

impl Account {
    /// Who looks after it at a time.
    pub(super) fn owner(&self, at: Stamp) -> usize {
        match self.handover {
            Some((from, to)) if at >= from => to,
            _ => self.owner,
        }
    }

    /// Whether it has begun to order less by then.
    pub(super) fn sinking(&self, at: Stamp) -> bool {
        self.sinks.is_some_and(|from| at >= from)
    }
}

/// The reps, team by team. Two of them join later and take over accounts of their team.
pub(super) fn reps(seed: u64, span: &Span) -> Vec<Rep> {
    let mut dice = Dice::new(seed, "reps");
    let mut reps: Vec<Rep> = Vec::new();
    for (region, team) in REGIONS.iter().enumerate() {
        // Spread evenly and dealt out, so that a team's mean stays the team's.
        let count = team.reps.len();
        let mut ranks: Vec<usize> = (0..count).collect();
        for place in (1..count).rev() {
            ranks.swap(
                place,
                super::random::index_of(dice.unit() * (place + 1) as f64, count),
            );
        }
        for (place, name) in team.reps.iter().copied().enumerate() {
            let rank = ranks[place] as f64 / (count - 1) as f64 * 2.0 - 1.0;
            let joins = match (region, place) {
                (0, 6) => Some(0.38),
                (2, 4) => Some(0.62),
                _ => None,
            };
            reps.push(Rep {
                id: format!("U{:03}", 101 + reps.len()),
                name,
                region,
                win: 1.0 + 0.26 * rank + dice.between(-0.04, 0.04),
                pace: 1.0 - 0.09 * rank + dice.between(-0.03, 0.03),
                discount: dice.between(0.85, 1.2),
                late: if reps.len() % 8 == 3 {
                    0.17
                } else {
                    dice.between(0.02, 0.06)
                },
                from: joins.map_or(Stamp::MIN, |share| span.at(share)),
            });
        }
    }
    reps
}

/// The accounts, by the time they were created.
pub(super) fn accounts(seed: u64, count: usize, span: &Span, reps: &[Rep]) -> Vec<Account> {
    let mut dice = Dice::new(seed, "accounts");
    let mut taken = BTreeSet::new();
    let mut accounts: Vec<Account> = (0..count)
        .map(|_| account(&mut dice, span, reps, &mut taken))
        .collect();
    accounts.sort_by(|left, right| (left.created, &left.name).cmp(&(right.created, &right.name)));
    for (index, account) in accounts.iter_mut().enumerate() {
        account.id = format!("KH{:05}", index + 1);
    }
    group(&mut dice, &mut accounts);
    accounts
}

fn account(dice: &mut Dice, span: &Span, reps: &[Rep], taken: &mut BTreeSet<String>) -> Account {
    let region = dice.weighted(&REGIONS.map(|region| region.share));
    let (province, cities) = *dice.pick(REGIONS[region].places);
    let industry = dice.weighted(&INDUSTRIES.map(|industry| industry.1));
    let segment = dice.choose(&[
        (Segment::Project, 0.4),
        (Segment::Repeat, 0.38),
        (Segment::Distributor, 0.22),
    ]);
    let (size, scale) = dice.choose(&SIZES);
    let name = name(dice, cities, industry, segment, taken);

    // A key account in twenty is looked after from another region.
    let team = if dice.chance(0.05) {
        dice.weighted(&REGIONS.map(|r| r.share))
    } else {
        region
    };
    let members: Vec<usize> = (0..reps.len())
        .filter(|rep| reps[*rep].region == team)
        .collect();
    let (old, new): (Vec<usize>, Vec<usize>) =
        members.iter().partition(|rep| reps[**rep].from < span.open);
    let owner = *dice.pick(&old);
    let handover = match new.first() {
        Some(to) if dice.chance(0.2) => Some((reps[*to].from, *to)),
        _ => None,
    };

    let created = if dice.chance(0.62) {
        span.days.later(span.open, -dice.between(5.0, 380.0))
    } else {
        span.at(dice.unit() * 0.97)
    };
    let rhythm = match segment {
        Segment::Project => dice.chance(0.22).then(|| dice.between(80.0, 160.0)),
        Segment::Repeat => Some(dice.between(34.0, 110.0)),
        Segment::Distributor => Some(dice.between(16.0, 48.0)),
    };
    let sinks = dice.chance(0.16).then(|| span.at(dice.between(0.3, 0.97)));
    let weight = dice.factor(0.85)
        * if segment == Segment::Distributor {
            1.2
        } else {
            1.0
        };
    Account {
        id: String::new(),
        name,
        parent: None,
        region,
        province,
        industry,
        size,
        scale,
        segment,
        source: dice.choose(&SOURCES),
        owner,
        handover,
        created,
        weight,
        rhythm,
        sinks,
        credit: dice.choose(&[(30, 0.5), (45, 0.2), (60, 0.3)]),
        payer: dice.weighted(&[0.8, 0.16, 0.04]),
        key: weight > 2.2,
    }
}

fn name(
    dice: &mut Dice,
    cities: &[&str],
    industry: usize,
    segment: Segment,
    taken: &mut BTreeSet<String>,
) -> String {
    loop {
        let trade = if segment == Segment::Distributor {
            *dice.pick(&DISTRIBUTORS)
        } else {
            *dice.pick(INDUSTRIES[industry].2)
        };
        let own = format!("{}{}", dice.pick(&FIRST), dice.pick(&SECOND));
        let ending = if segment == Segment::Distributor {
            "有限公司"
        } else {
            dice.choose(&ENDINGS)
        };
        let name = format!("{}{own}{trade}{ending}", dice.pick(cities));
        // A large demo runs out of cities and names: a branch is still believable.
        let name = if taken.contains(&name) {
            format!("{name}第{}分公司", taken.len())
        } else {
            name
        };
        if taken.insert(name.clone()) {
            return name;
        }
    }
}

/// Some of the large ones own some of the later ones of their region.
fn group(dice: &mut Dice, accounts: &mut [Account]) {
    let parents: Vec<(usize, usize, String)> = accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| account.scale > 1.4 && account.segment != Segment::Distributor)
        .map(|(index, account)| (index, account.region, account.id.clone()))
        .step_by(4)
        .collect();
    let heads: BTreeSet<usize> = parents.iter().map(|parent| parent.0).collect();
    for (index, account) in accounts.iter_mut().enumerate() {
        let candidates: Vec<&(usize, usize, String)> = parents
            .iter()
            .filter(|parent| parent.1 == account.region && parent.0 < index)
            .collect();
        let eligible = account.segment != Segment::Distributor && !heads.contains(&index);
        if eligible && !candidates.is_empty() && dice.chance(0.07) {
            account.parent = Some(dice.pick(&candidates).2.clone());
        }
    }
}

/// The rows of the people.
pub(super) fn user_rows(reps: &[Rep]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (index, region) in REGIONS.iter().enumerate() {
        rows.push(vec![
            format!("U{:03}", 11 + index),
            region.manager.into(),
            region.name.into(),
            String::new(),
            "区域经理".into(),
            region.name.into(),
        ]);
    }
    for rep in reps {
        let region = &REGIONS[rep.region];
        rows.push(vec![
            rep.id.clone(),
            rep.name.into(),
            region.name.into(),
            region.manager.into(),
            "销售代表".into(),
            region.name.into(),
        ]);
    }
    rows
}

/// The rows of the accounts, as they are known on the last day. `last_order` says when each
/// ordered last.
pub(super) fn account_rows(
    span: &Span,
    accounts: &[Account],
    reps: &[Rep],
    last_order: &[Option<NaiveDate>],
) -> Vec<Vec<String>> {
    accounts
        .iter()
        .zip(last_order)
        .map(|(account, last)| {
            let status = match last {
                None => "潜在",
                Some(date) if *date >= days_after(span.end, -180) => "活跃",
                Some(_) => "沉睡",
            };
            vec![
                account.id.clone(),
                account.name.clone(),
                account.parent.clone().unwrap_or_default(),
                REGIONS[account.region].name.into(),
                INDUSTRIES[account.industry].0.into(),
                account.size.into(),
                account.segment.name().into(),
                account.source.into(),
                reps[account.owner(span.close)].id.clone(),
                status.into(),
                span.days.time(account.created).to_string(),
                if account.key {
                    "重点客户".into()
                } else {
                    String::new()
                },
                account.province.into(),
            ]
        })
        .collect()
}
