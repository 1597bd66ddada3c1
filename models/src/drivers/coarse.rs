//! Numbers as they are compared.

/// A number in seven digits. What is chosen is chosen by these: sums of the same records in another order
/// differ in their last bits, and of two choices that are worth the same the first must win each time.
#[expect(
    clippy::cast_possible_truncation,
    reason = "fewer digits is what is wanted"
)]
pub(super) fn coarse(value: f64) -> f64 {
    f64::from(value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_another_order_are_the_same() {
        let parts = [0.1, 0.2, 0.3];
        let forth: f64 = parts.iter().sum();
        let back: f64 = parts.iter().rev().sum();
        assert!(forth.total_cmp(&back).is_ne());
        assert!(coarse(forth).total_cmp(&coarse(back)).is_eq());
        assert!(coarse(1.0) < coarse(1.000_001));
    }
}
