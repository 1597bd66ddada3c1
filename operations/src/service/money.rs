//! Arithmetic of money in whole numbers: fen, unit prices and rates in millionths, quantities in
//! thousandths, shares in basis points. Halves are rounded away from zero; nothing overflows
//! silently.

use crate::error::{OperationsError, Result};

/// The company's currency.
pub const COMPANY_CURRENCY: &str = "CNY";
/// The rate of the company's own currency.
pub const PAR: i64 = 1_000_000;
/// The whole, in basis points.
pub const WHOLE: i64 = 10_000;

/// The currency that is given, as in ISO 4217, or else the company's.
///
/// # Errors
///
/// When it is no code of three capital letters.
pub fn currency(given: Option<String>) -> Result<String> {
    let Some(code) = given else {
        return Ok(COMPANY_CURRENCY.to_owned());
    };
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(code);
    }
    let fault = "must be a code of three capital letters, as USD";
    Err(OperationsError::field("currency", fault))
}

/// `value * factor / divisor`, rounded.
fn ratio(value: i64, factor: i64, divisor: i64) -> Option<i64> {
    let (product, divisor) = (
        i128::from(value) * i128::from(factor),
        i128::from(divisor).max(1),
    );
    let half = if product < 0 { -divisor } else { divisor };
    i64::try_from((2 * product + half) / (2 * divisor)).ok()
}

/// What is told of a number beyond the bounds of the database.
fn too_large(field: &'static str) -> OperationsError {
    OperationsError::field(field, "is too large")
}

/// The amount of a quantity at a unit price, in fen.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn amount_of(quantity: i64, unit_price: i64) -> Result<i64> {
    // Thousandths times millionths are 1e-9 of a unit; a fen is 1e-2.
    ratio(quantity, unit_price, 10_000_000).ok_or_else(|| too_large("quantity"))
}

/// An amount that holds tax of that rate, without it.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn without_tax(amount: i64, tax_rate: i64) -> Result<i64> {
    ratio(amount, WHOLE, WHOLE + tax_rate).ok_or_else(|| too_large("amount"))
}

/// A unit price less a discount in basis points.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn discounted(unit_price: i64, discount: i64) -> Result<i64> {
    ratio(unit_price, WHOLE - discount, WHOLE).ok_or_else(|| too_large("unit_price"))
}

/// An amount in another currency in the company's, at a rate in millionths.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn converted(amount: i64, rate: i64) -> Result<i64> {
    ratio(amount, rate, PAR).ok_or_else(|| too_large("amount"))
}

/// A part of one whole as the same part of another one.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn scaled(part: i64, from: i64, to: i64) -> Result<i64> {
    ratio(part, to, from).ok_or_else(|| too_large("amount"))
}

/// A price of the company's currency in another one, at that one's rate.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn in_currency(price: i64, rate: i64) -> Result<i64> {
    ratio(price, PAR, rate).ok_or_else(|| too_large("unit_price"))
}

/// A part of a whole in basis points; none of nothing.
pub fn share_of(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    ratio(part, WHOLE, whole)
}

/// The sum.
///
/// # Errors
///
/// When it is beyond what can be stored.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64> {
    amounts
        .into_iter()
        .try_fold(0_i64, i64::checked_add)
        .ok_or_else(|| too_large("amount"))
}

/// A total spread by weights (not below zero), so that the parts add up to it exactly and each is
/// within a fen of its share. All goes to the last where all weights are zero.
pub fn spread(total: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let (mut weighed, mut given) = (0_i128, 0_i64);
    let mut parts = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        weighed += i128::from(*weight);
        let upto = if index + 1 == weights.len() {
            total
        } else if whole == 0 {
            0
        } else {
            i64::try_from(i128::from(total) * weighed / whole).unwrap_or(total)
        };
        parts.push(upto - given);
        given = upto;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_rounded_to_the_fen() {
        // 2.5 pieces at 3.333333.
        assert_eq!(amount_of(2_500, 3_333_333).unwrap(), 833);
        assert_eq!(amount_of(1_000, 5_000).unwrap(), 1);
        assert_eq!(amount_of(1_000, 4_999).unwrap(), 0);
        assert!(amount_of(i64::MAX, i64::MAX).is_err());
        assert_eq!(without_tax(11_300, 1_300).unwrap(), 10_000);
        assert_eq!(discounted(100_000_000, 500).unwrap(), 95_000_000);
        assert_eq!(converted(10_000, 7_123_456).unwrap(), 71_235);
        assert_eq!(in_currency(71_234_560, 7_123_456).unwrap(), 10_000_000);
        assert_eq!(share_of(-250, 10_000), Some(-250));
        assert_eq!(share_of(1, 0), None);
        assert_eq!(ratio(-5, 1, 10), Some(-1));
    }

    proptest! {
        #[test]
        fn what_is_spread_adds_up(total in 0..1_000_000_000_000_i64, weights in prop::collection::vec(0..100_000_i64, 1..12)) {
            let parts = spread(total, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            prop_assert!(parts.iter().all(|part| *part >= 0));
            let whole: i64 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = i128::from(total) * i128::from(*weight);
                let off = i128::from(*part) * i128::from(whole) - exact;
                prop_assert!(whole == 0 || off.abs() <= i128::from(whole));
            }
        }

        #[test]
        fn tax_is_never_more_than_its_rate(amount in 0..1_000_000_000_000_i64, rate in 0..10_000_i64) {
            let net = without_tax(amount, rate).unwrap();
            prop_assert!(net <= amount);
            let again = ratio(net, WHOLE + rate, WHOLE).unwrap();
            prop_assert!((again - amount).abs() <= 1);
        }
    }
}
