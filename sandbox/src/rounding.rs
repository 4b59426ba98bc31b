//! Rounding as Odoo does it: half away from zero, on what the decimal number was meant to be.

/// Rounds to so many decimals: 1.005 is 1.01, though as a binary number it is a little less.
pub(crate) fn half_up(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let factor = 10_f64.powi(digits);
    let scaled = value * factor;
    let epsilon = (scaled.abs().log2() - 50.0).exp2();
    // Nothing is -0.0.
    (scaled + epsilon.copysign(scaled)).round() / factor + 0.0
}

#[cfg(test)]
mod tests {
    use super::half_up;

    #[test]
    #[allow(clippy::float_cmp)]
    fn halves_go_away_from_zero() {
        for (value, rounded) in [
            (0.004, 0.0),
            (0.005, 0.01),
            (1.005, 1.01),
            (-1.005, -1.01),
            (2.675, 2.68),
            (-0.004, 0.0),
            (1.004_999, 1.0),
            (12_500.0, 12_500.0),
        ] {
            assert_eq!(half_up(value, 2), rounded);
        }
    }
}
