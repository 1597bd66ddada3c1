//! What each account bought, and when.

use super::evidence::Evidence;

/// What an order line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Something was bought.
    Sale,
    /// Goods or money went back.
    Return,
    /// A sale that did not come about.
    Cancellation,
}

/// A line of the `orders` mart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderLine {
    /// Which account; an index below the number of accounts of the history.
    pub account: usize,
    /// Day of the order, from 1970-01-01 in the company's zone.
    pub day: i32,
    /// What it is.
    pub kind: LineKind,
    /// In the company's currency; what is taken off is negative.
    pub amount: f64,
    /// The same without tax, where that is known.
    pub untaxed: Option<f64>,
    /// Which product, where that is known.
    pub product: Option<u32>,
}

/// An amount of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayAmount {
    /// The day, from 1970-01-01.
    pub day: i32,
    /// The sum of the day.
    pub amount: f64,
}

/// What one account did, by day.
#[derive(Debug, Clone, Default, PartialEq)]
struct Account {
    /// Days with a sale; all sales of a day are one purchase.
    purchases: Vec<DayAmount>,
    /// What went back.
    returned: Vec<DayAmount>,
    /// What was cancelled.
    cancelled: Vec<DayAmount>,
    /// The amounts of the first days of these without tax, up to the first day that it is not known of.
    untaxed: [Vec<f64>; 3],
    /// What was bought: each product once a day.
    products: Vec<(i32, u32)>,
    evidence: Evidence,
}

/// What a line adds to its day.
#[derive(Clone, Copy)]
struct OfDay {
    day: i32,
    amount: f64,
    untaxed: Option<f64>,
}

/// The purchases of all accounts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    accounts: Vec<Account>,
}

impl History {
    /// From order lines in any order.
    ///
    /// A line of an account that is not below `accounts` is left out.
    pub fn new(accounts: usize, lines: impl IntoIterator<Item = OrderLine>) -> Self {
        let mut all = vec![Account::default(); accounts];
        let mut amounts: Vec<[Vec<OfDay>; 3]> = vec![Default::default(); accounts];
        for line in lines {
            let Some(account) = all.get_mut(line.account) else {
                continue;
            };
            let kind = match line.kind {
                LineKind::Sale => 0,
                LineKind::Return => 1,
                LineKind::Cancellation => 2,
            };
            amounts[line.account][kind].push(OfDay {
                day: line.day,
                amount: line.amount,
                untaxed: line.untaxed,
            });
            if line.kind == LineKind::Sale {
                let products = &mut account.products;
                products.extend(line.product.map(|product| (line.day, product)));
            }
        }
        for (account, amounts) in all.iter_mut().zip(amounts) {
            let [purchases, returned, cancelled] = amounts.map(by_day);
            let all = [&purchases, &returned, &cancelled];
            let lacking = all.map(|days| days.iter().find(|own| own.untaxed.is_none()));
            let lacking = lacking.into_iter().flatten().map(|own| own.day).min();
            let is_known = |own: &&OfDay| lacking.is_none_or(|day| own.day < day);
            account.untaxed = all.map(|days| {
                let known = days.iter().take_while(is_known);
                known.filter_map(|own| own.untaxed).collect()
            });
            let days = |days: Vec<OfDay>| days.into_iter().map(DayAmount::from).collect();
            account.purchases = days(purchases);
            account.returned = days(returned);
            account.cancelled = days(cancelled);
            account.products.sort_unstable();
            account.products.dedup();
        }
        Self { accounts: all }
    }

    /// With what else is known of accounts, each once; of those that are not below the number of
    /// accounts it is left out.
    #[must_use]
    pub fn with_evidence(mut self, evidence: impl IntoIterator<Item = (usize, Evidence)>) -> Self {
        for (account, mut evidence) in evidence {
            if let Some(own) = self.accounts.get_mut(account) {
                evidence.sort();
                own.evidence = evidence;
            }
        }
        self
    }

    /// What was known at the end of a day; amounts are without tax from here on where that is known
    /// of all lines of an account up to then.
    #[must_use]
    pub fn until(&self, day: i32) -> Self {
        let accounts = self.accounts.iter().map(|account| {
            let [purchases, returned, cancelled] = account.amounts_up_to(day);
            Account {
                purchases,
                returned,
                cancelled,
                untaxed: Default::default(),
                products: products_up_to(&account.products, day).to_vec(),
                evidence: account.evidence.until(day),
            }
        });
        Self {
            accounts: accounts.collect(),
        }
    }

    /// The number of accounts, with or without a purchase.
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// The day of the first purchase of all.
    pub fn first_day(&self) -> Option<i32> {
        let first = |account: &Account| account.purchases.first().map(|purchase| purchase.day);
        self.accounts.iter().filter_map(first).min()
    }

    /// The day of the last purchase of all.
    pub fn last_day(&self) -> Option<i32> {
        let last = |account: &Account| account.purchases.last().map(|purchase| purchase.day);
        self.accounts.iter().filter_map(last).max()
    }

    /// Whether anything that went back is in it: where nothing ever is, returns are not recorded.
    pub fn has_returns(&self) -> bool {
        let has = |account: &Account| !account.returned.is_empty();
        self.accounts.iter().any(has)
    }

    /// Whether any interaction of both sides is in it: where none ever is, they are not recorded.
    pub fn has_interactions(&self) -> bool {
        let has = |account: &Account| !account.evidence.two_way.is_empty();
        self.accounts.iter().any(has)
    }

    /// Whether any contract that runs out is in it.
    pub fn has_terms(&self) -> bool {
        let has = |account: &Account| !account.evidence.terms.is_empty();
        self.accounts.iter().any(has)
    }

    /// Whether any ticket is in it.
    pub fn has_tickets(&self) -> bool {
        let has = |account: &Account| !account.evidence.tickets.is_empty();
        self.accounts.iter().any(has)
    }

    /// How each account with a purchase up to the end of `day` stood then, by account.
    pub fn standings(&self, day: i32) -> Vec<Standing<'_>> {
        (0..self.accounts.len())
            .filter_map(|account| self.standing(account, day))
            .collect()
    }

    /// How an account stood at the end of `day`; `None` before its first purchase.
    pub fn standing(&self, account: usize, day: i32) -> Option<Standing<'_>> {
        let own = self.accounts.get(account)?;
        let purchases = up_to(&own.purchases, day);
        Some(Standing {
            account,
            day,
            first: purchases.first()?.day,
            last: purchases.last()?.day,
            purchases,
            returned: up_to(&own.returned, day),
            cancelled: up_to(&own.cancelled, day),
            products: products_up_to(&own.products, day),
            evidence: &own.evidence,
        })
    }

    /// Whether an account bought anything in the `horizon_days` after `day`.
    pub fn buys_after(&self, account: usize, day: i32, horizon_days: i32) -> bool {
        self.accounts.get(account).is_some_and(|own| {
            let before = up_to(&own.purchases, day).len();
            let end = day.saturating_add(horizon_days);
            up_to(&own.purchases, end).len() > before
        })
    }
}

impl From<OfDay> for DayAmount {
    fn from(own: OfDay) -> Self {
        Self {
            day: own.day,
            amount: own.amount,
        }
    }
}

impl Account {
    /// Purchases, returns and cancellations up to a day, without tax where it is known of all.
    fn amounts_up_to(&self, day: i32) -> [Vec<DayAmount>; 3] {
        let all = [&self.purchases, &self.returned, &self.cancelled];
        let mut own = all.map(|amounts| up_to(amounts, day).to_vec());
        let is_known = own
            .iter()
            .zip(&self.untaxed)
            .all(|(own, untaxed)| own.len() <= untaxed.len());
        if is_known {
            for (own, untaxed) in own.iter_mut().zip(&self.untaxed) {
                for (own, untaxed) in own.iter_mut().zip(untaxed) {
                    own.amount = *untaxed;
                }
            }
        }
        own
    }
}

/// Sums what is of one day. The amounts of a day are added from the smallest to the largest, so
/// that the sum does not depend on the order in which they came.
fn by_day(mut amounts: Vec<OfDay>) -> Vec<OfDay> {
    let untaxed = |own: &OfDay| own.untaxed.unwrap_or(f64::NEG_INFINITY);
    amounts.sort_unstable_by(|left, right| {
        let by_amount = left.amount.total_cmp(&right.amount);
        let by_untaxed = untaxed(left).total_cmp(&untaxed(right));
        left.day.cmp(&right.day).then(by_amount).then(by_untaxed)
    });
    amounts.dedup_by(|next, kept| {
        let is_same = next.day == kept.day;
        if is_same {
            kept.amount += next.amount;
            kept.untaxed = kept
                .untaxed
                .zip(next.untaxed)
                .map(|(kept, next)| kept + next);
        }
        is_same
    });
    amounts
}

fn up_to(amounts: &[DayAmount], day: i32) -> &[DayAmount] {
    &amounts[..amounts.partition_point(|own| own.day <= day)]
}

fn products_up_to(products: &[(i32, u32)], day: i32) -> &[(i32, u32)] {
    &products[..products.partition_point(|own| own.0 <= day)]
}

/// How an account with a purchase stood at the end of a day.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Which account.
    pub account: usize,
    /// The day.
    pub day: i32,
    /// Day of the first purchase.
    pub first: i32,
    /// Day of the last purchase.
    pub last: i32,
    /// All purchases, by day, at least one.
    pub purchases: &'a [DayAmount],
    returned: &'a [DayAmount],
    cancelled: &'a [DayAmount],
    products: &'a [(i32, u32)],
    pub(super) evidence: &'a Evidence,
}

impl Standing<'_> {
    /// The number of days with a purchase.
    pub fn count(&self) -> f64 {
        self.purchases.len() as f64
    }

    /// Days since the last purchase.
    pub fn silent_days(&self) -> f64 {
        f64::from(self.day - self.last)
    }

    /// Days since the first purchase.
    pub fn age_days(&self) -> f64 {
        f64::from(self.day - self.first)
    }

    /// Everything bought, less what was returned or cancelled.
    pub fn spend(&self) -> f64 {
        sum(self.purchases) + sum(self.returned) + sum(self.cancelled)
    }

    /// Purchases of the days from `newest` (inclusive) to `oldest` (exclusive) days ago.
    pub fn purchases_between(&self, newest: i32, oldest: i32) -> f64 {
        self.between(self.purchases, newest, oldest).len() as f64
    }

    /// Net amount of the days from `newest` (inclusive) to `oldest` (exclusive) days ago.
    pub fn amount_between(&self, newest: i32, oldest: i32) -> f64 {
        [self.purchases, self.returned, self.cancelled]
            .into_iter()
            .map(|amounts| sum(self.between(amounts, newest, oldest)))
            .sum()
    }

    /// Net amount of the days after `begin` to `end`, both from 1970-01-01.
    pub fn amount_of(&self, begin: i32, end: i32) -> f64 {
        self.amount_between(self.day.saturating_sub(end), self.day.saturating_sub(begin))
    }

    /// Purchases of the days after `begin` to `end`, both from 1970-01-01.
    pub fn purchases_of(&self, begin: i32, end: i32) -> f64 {
        self.purchases_between(self.day.saturating_sub(end), self.day.saturating_sub(begin))
    }

    /// Sales without cancelled ones, and what of goods and money went back (at least 0), in the days
    /// from `newest` (inclusive) to `oldest` (exclusive) days ago.
    pub fn sold_and_returned_between(&self, newest: i32, oldest: i32) -> (f64, f64) {
        let of = |amounts| sum(self.between(amounts, newest, oldest));
        let sold = of(self.purchases) + of(self.cancelled);
        (sold, (-of(self.returned)).max(0.0))
    }

    /// The number of distinct products bought in the last `days` days.
    pub fn products_within(&self, days: i32) -> usize {
        let begin = self
            .products
            .partition_point(|own| own.0 <= self.day.saturating_sub(days));
        let mut products: Vec<u32> = self.products[begin..].iter().map(|own| own.1).collect();
        products.sort_unstable();
        products.dedup();
        products.len()
    }

    /// Whether any purchase names its product.
    pub fn has_products(&self) -> bool {
        !self.products.is_empty()
    }

    /// Days between purchases, the oldest first.
    pub fn gaps(&self) -> impl Iterator<Item = i32> {
        self.purchases
            .windows(2)
            .map(|pair| pair[1].day - pair[0].day)
    }

    /// The median of the days between purchases; `None` after the first.
    pub fn median_gap_days(&self) -> Option<f64> {
        median(self.gaps().collect())
    }

    fn between<'b>(&self, amounts: &'b [DayAmount], newest: i32, oldest: i32) -> &'b [DayAmount] {
        let begin = up_to(amounts, self.day.saturating_sub(oldest)).len();
        let end = up_to(amounts, self.day.saturating_sub(newest)).len();
        amounts.get(begin..end).unwrap_or_default()
    }
}

/// The median of all gaps of all accounts; `None` where nobody bought twice.
pub(crate) fn median_gap_of_all(standings: &[Standing<'_>]) -> Option<f64> {
    median(standings.iter().flat_map(Standing::gaps).collect())
}

/// The median amount of a day with a purchase in the last `days` days, of all accounts; `None` where
/// nobody bought for an amount.
pub(crate) fn median_purchase_of_all(standings: &[Standing<'_>], days: i32) -> Option<f64> {
    let of = |own: &Standing<'_>| -> Vec<f64> {
        let amounts = own.between(own.purchases, 0, days).iter();
        amounts
            .map(|own| own.amount)
            .filter(|own| *own > 0.0)
            .collect()
    };
    let mut amounts: Vec<f64> = standings.iter().flat_map(of).collect();
    let middle = amounts.len() / 2;
    let has_any = middle < amounts.len();
    has_any.then(|| *amounts.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn median(mut gaps: Vec<i32>) -> Option<f64> {
    if gaps.is_empty() {
        return None;
    }
    gaps.sort_unstable();
    let middle = gaps.len() / 2;
    Some(if gaps.len().is_multiple_of(2) {
        f64::midpoint(f64::from(gaps[middle - 1]), f64::from(gaps[middle]))
    } else {
        f64::from(gaps[middle])
    })
}

fn sum(amounts: &[DayAmount]) -> f64 {
    amounts.iter().map(|own| own.amount).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(day: i32, kind: LineKind, amount: f64) -> OrderLine {
        OrderLine {
            account: 0,
            day,
            kind,
            amount,
            untaxed: None,
            product: Some(1),
        }
    }

    #[test]
    fn sales_of_a_day_are_one_purchase_and_returns_are_none() {
        let history = History::new(
            2,
            [
                line(10, LineKind::Sale, 5.0),
                line(3, LineKind::Sale, 1.0),
                line(3, LineKind::Sale, 2.0),
                line(12, LineKind::Return, -4.0),
            ],
        );
        let standings = history.standings(20);
        assert_eq!(standings.len(), 1, "an account without a purchase has none");
        let standing = &standings[0];
        assert_eq!(standing.purchases.len(), 2);
        assert_eq!((standing.first, standing.last), (3, 10));
        assert!((standing.spend() - 4.0).abs() < 1e-12);
        assert!((standing.amount_between(0, 10) - -4.0).abs() < 1e-12);
        assert_eq!(standing.sold_and_returned_between(0, 365), (8.0, 4.0));
        assert_eq!(standing.median_gap_days(), Some(7.0));
        assert_eq!(standing.products_within(365), 1);
    }

    #[test]
    fn tax_is_taken_off_where_it_is_known_of_all_that_was_seen() {
        let of = |day, kind, amount, untaxed| OrderLine {
            untaxed,
            ..line(day, kind, amount)
        };
        let history = History::new(
            1,
            [
                of(1, LineKind::Sale, 113.0, Some(100.0)),
                of(1, LineKind::Sale, 226.0, Some(200.0)),
                of(5, LineKind::Return, -113.0, Some(-100.0)),
                of(9, LineKind::Sale, 113.0, None),
            ],
        );
        let spend = |day: i32| history.until(day).standing(0, day).unwrap().spend();
        assert!((spend(1) - 300.0).abs() < 1e-9);
        assert!((spend(8) - 200.0).abs() < 1e-9);
        assert!((spend(9) - 339.0).abs() < 1e-9, "all with tax, or none");
    }

    #[test]
    fn a_window_holds_its_newest_day_and_not_its_oldest() {
        let days = [1, 5, 10];
        let history = History::new(1, days.map(|day| line(day, LineKind::Sale, 1.0)));
        let standing = history.standing(0, 10).unwrap();
        assert!((standing.purchases_between(0, 5) - 1.0).abs() < 1e-12);
        assert!((standing.purchases_between(5, 9) - 1.0).abs() < 1e-12);
        assert!(history.standing(0, 0).is_none());
    }

    #[test]
    fn the_outcome_begins_after_the_day_and_ends_with_the_horizon() {
        let history = History::new(1, [5, 15].map(|day| line(day, LineKind::Sale, 1.0)));
        assert!(!history.buys_after(0, 5, 9));
        assert!(history.buys_after(0, 5, 10));
        assert!(!history.buys_after(0, 15, 100));
    }
}
