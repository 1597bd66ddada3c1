//! The people of the demo firm and its accounts.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::catalog::{
    DISTRIBUTORS, INDUSTRIES, Name, REGIONS, SECOND_TEAM_INDUSTRIES, SOURCES, TEAMS,
};
use super::days::{Days, Stamp};
use super::names::{ENDINGS, FIRST, SECOND, SIZES};
use super::random::{Dice, index_of};

/// The stretch of time that the demo covers.
pub(super) struct Span {
    /// The first day.
    pub(super) start: NaiveDate,
    /// The day after the last one.
    pub(super) end: NaiveDate,
    /// The calendar around it.
    pub(super) days: Days,
    /// The stamp of the first record: what is under way on the first day began before.
    pub(super) begin: Stamp,
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
    pub(super) name: Name,
    /// The place of the team in [`TEAMS`].
    pub(super) team: usize,
    pub(super) region: usize,
    /// Against the team: how often deals are won, how long they take, how much is given away.
    pub(super) win: f64,
    pub(super) pace: f64,
    pub(super) discount: f64,
    /// The share of moves that are entered days later.
    pub(super) late: f64,
    /// When the rep joined, where that is later than the first record.
    pub(super) from: Option<Stamp>,
    /// When the rep leaves.
    pub(super) until: Option<Stamp>,
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

/// How an account came into the system.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It was known before the first record.
    Stock,
    /// Its first owner entered it.
    Rep,
    /// It was entered into the pool, and claimed then, or not yet.
    Pool(Stamp),
}

/// A customer.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) parent: Option<usize>,
    pub(super) region: usize,
    pub(super) place: (&'static str, (i64, i64)),
    pub(super) city: &'static str,
    pub(super) industry: usize,
    pub(super) size: &'static str,
    pub(super) scale: f64,
    pub(super) segment: Segment,
    pub(super) source: &'static str,
    pub(super) entry: Entry,
    /// The first owner, and who took over when.
    pub(super) owner: usize,
    pub(super) handover: Option<(Stamp, usize)>,
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
    /// Who looks after it at a time, handovers of those who leave aside.
    pub(super) fn owner(&self, at: Stamp) -> usize {
        match self.handover {
            Some((from, to)) if at >= from => to,
            _ => self.owner,
        }
    }

    /// From when on somebody looks after it.
    pub(super) fn owned_from(&self) -> Stamp {
        match self.entry {
            Entry::Pool(claimed) => claimed,
            Entry::Stock | Entry::Rep => self.created,
        }
    }

    /// Whether it has begun to order less by then.
    pub(super) fn sinking(&self, at: Stamp) -> bool {
        self.sinks.is_some_and(|from| at >= from)
    }
}

/// The reps, team by team. Two of them join later and take over accounts of their team; one leaves.
pub(super) fn reps(seed: u64, span: &Span) -> Vec<Rep> {
    let mut dice = Dice::new(seed, "reps");
    let mut reps: Vec<Rep> = Vec::new();
    for region in 0..REGIONS.len() {
        let people: Vec<(usize, Name)> = TEAMS
            .iter()
            .enumerate()
            .filter(|(_, team)| team.region == region)
            .flat_map(|(index, team)| team.reps.iter().map(move |name| (index, *name)))
            .collect();
        // Spread evenly and dealt out, so that a region's mean stays the region's.
        let count = people.len();
        let mut ranks: Vec<usize> = (0..count).collect();
        for place in (1..count).rev() {
            let other = index_of(dice.unit() * (place + 1) as f64, count);
            ranks.swap(place, other);
        }
        for (place, (team, name)) in people.into_iter().enumerate() {
            let rank = ranks[place] as f64 / (count - 1) as f64 * 2.0 - 1.0;
            reps.push(Rep {
                name,
                team,
                region,
                win: 1.0 + 0.26 * rank + dice.between(-0.04, 0.04),
                pace: 1.0 - 0.09 * rank + dice.between(-0.03, 0.03),
                discount: dice.between(0.85, 1.2),
                late: if reps.len() % 8 == 3 {
                    0.17
                } else {
                    dice.between(0.02, 0.06)
                },
                from: match name.0 {
                    "jiang.haoran" => Some(span.at(0.38)),
                    "ma.xiaodong" => Some(span.at(0.62)),
                    _ => None,
                },
                until: (name.0 == "xu.jiayi").then(|| span.at(0.72)),
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
    group(&mut dice, &mut accounts);
    accounts
}

/// The team that accounts of a region and an industry are routed to.
pub(super) fn routed(region: usize, industry: usize) -> usize {
    match region {
        0 if SECOND_TEAM_INDUSTRIES.contains(&industry) => 1,
        0 => 0,
        other => other + 1,
    }
}

fn account(dice: &mut Dice, span: &Span, reps: &[Rep], taken: &mut BTreeSet<String>) -> Account {
    let region = dice.weighted(&REGIONS.map(|region| region.share));
    let (province, at, cities) = *dice.pick(REGIONS[region].places);
    let city = *dice.pick(cities);
    let industry = dice.weighted(&INDUSTRIES.map(|industry| industry.1));
    let segment = dice.choose(&[
        (Segment::Project, 0.4),
        (Segment::Repeat, 0.38),
        (Segment::Distributor, 0.22),
    ]);
    let (size, scale) = dice.choose(&SIZES);
    let name = name(dice, city, industry, segment, taken);

    let (created, entry) = if dice.chance(0.62) {
        let known = span.days.later(span.open, -dice.between(5.0, 380.0));
        let entry = if known < span.begin {
            Entry::Stock
        } else {
            Entry::Rep
        };
        (known, entry)
    } else {
        let created = span.at(dice.unit() * 0.985);
        let wait = dice.choose(&[(200, 0.4), (900, 0.35), (2_700, 0.17), (60_000, 0.08)]);
        let claimed = created + dice.whole(30, wait);
        let pool = Entry::Pool(claimed);
        (created, if dice.chance(0.5) { pool } else { Entry::Rep })
    };
    // A key account in twenty is looked after from another region; what comes by the pool is not.
    let afar = entry == Entry::Stock && dice.chance(0.05);
    let team = if afar {
        dice.weighted(&TEAMS.map(|team| team.reps.len() as f64))
    } else {
        routed(region, industry)
    };
    let members = || (0..reps.len()).filter(|rep| reps[*rep].team == team);
    let old: Vec<usize> = members().filter(|rep| reps[*rep].from.is_none()).collect();
    let new = members().find_map(|rep| Some((reps[rep].from?, rep)));
    // Nobody who has left by then enters or claims anything.
    let since = match entry {
        Entry::Pool(claimed) => claimed,
        Entry::Stock | Entry::Rep => created,
    };
    let there = |rep: &usize| reps[*rep].until.is_none_or(|until| since < until);
    let old: Vec<usize> = old.into_iter().filter(there).collect();
    let owner = *dice.pick(&old);
    let handover = new.filter(|(from, _)| dice.chance(0.3) && since < *from);

    let rhythm = match segment {
        Segment::Project => dice.chance(0.1).then(|| dice.between(110.0, 200.0)),
        Segment::Repeat => dice.chance(0.55).then(|| dice.between(75.0, 170.0)),
        Segment::Distributor => dice.chance(0.75).then(|| dice.between(48.0, 110.0)),
    };
    let sinks = dice.chance(0.16).then(|| span.at(dice.between(0.3, 0.97)));
    let weight = dice.factor(0.85)
        * if segment == Segment::Distributor {
            1.2
        } else {
            1.0
        };
    Account {
        name,
        parent: None,
        region,
        place: (province, at),
        city,
        industry,
        size,
        scale,
        segment,
        source: dice.choose(&SOURCES),
        entry,
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
    city: &str,
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
        let name = format!("{city}{own}{trade}{ending}");
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
    let parents: Vec<(usize, usize)> = accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| account.scale > 1.4 && account.segment != Segment::Distributor)
        .map(|(index, account)| (index, account.region))
        .step_by(4)
        .collect();
    let heads: BTreeSet<usize> = parents.iter().map(|parent| parent.0).collect();
    for (index, account) in accounts.iter_mut().enumerate() {
        let candidates: Vec<&(usize, usize)> = parents
            .iter()
            .filter(|parent| parent.1 == account.region && parent.0 < index)
            .collect();
        let eligible = account.segment != Segment::Distributor && !heads.contains(&index);
        if eligible && !candidates.is_empty() && dice.chance(0.07) {
            account.parent = Some(dice.pick(&candidates).0);
        }
    }
}
