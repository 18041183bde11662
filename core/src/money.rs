//! Money as whole minor units (cents), and the one way to split it: largest remainder, ties to the earlier share.

/// An amount in minor units of a currency that the context names. No float ever holds money.
pub type Minor = i64;

/// A splitting scale fine enough that any two `f64` weights that differ do so after scaling, and small enough that
/// `i64::MAX` times it fits an `i128`.
const SCALE: f64 = (1_u64 << 62) as f64;

/// Splits `total` in proportion to `weights` (finite, >= 0, not all zero) so that the parts add up to it exactly.
///
/// Largest remainder: each part is first rounded towards zero, then the units left go to the largest remainders,
/// ties to the earlier part. All weights zero: everything on the first part. No weights: an empty list.
pub fn split(total: Minor, weights: &[f64]) -> Vec<Minor> {
    let scaled: Vec<i128> = weights.iter().map(|weight| (weight * SCALE) as i128).collect();
    split_scaled(total, &scaled)
}

/// As [`split`], by whole weights (such as line amounts), each >= 0.
pub fn split_by(total: Minor, weights: &[u64]) -> Vec<Minor> {
    let scaled: Vec<i128> = weights.iter().map(|weight| i128::from(*weight)).collect();
    split_scaled(total, &scaled)
}

/// As [`split`], each part with the unit of it (-1, 0 or 1) that it got in the rounding.
pub fn split_rounded(total: Minor, weights: &[f64]) -> Vec<(Minor, Minor)> {
    let scaled: Vec<i128> = weights.iter().map(|weight| (weight * SCALE) as i128).collect();
    let (sum, magnitude) = (scaled.iter().sum::<i128>(), i128::from(total).abs());
    let rounding = |(part, weight): (Minor, &i128)| {
        let down = if sum == 0 { i128::from(part).abs() } else { multiply_divide(magnitude, *weight, sum).0 };
        let unit = i64::try_from(i128::from(part).abs() - down).expect("a part is at most a unit above its share");
        (part, if total < 0 { -unit } else { unit })
    };
    split_scaled(total, &scaled).into_iter().zip(&scaled).map(rounding).collect()
}

fn split_scaled(total: Minor, weights: &[i128]) -> Vec<Minor> {
    let sum: i128 = weights.iter().sum();
    let Some(first) = weights.first() else { return Vec::new() };
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        parts[0] = total;
        return parts;
    }
    if weights.len() == 1 && *first > 0 {
        return vec![total];
    }
    if weights.iter().all(|weight| weight == first) {
        return split_evenly(total, weights.len());
    }
    let magnitude = i128::from(total).abs();
    let mut parts: Vec<i128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let (part, remainder) = multiply_divide(magnitude, *weight, sum);
        parts.push(part);
        remainders.push((remainder, index));
    }
    let left = magnitude - parts.iter().sum::<i128>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders.iter().take(usize::try_from(left).expect("fewer units are left than there are parts")) {
        parts[*index] += 1;
    }
    let sign = if total < 0 { -1 } else { 1 };
    parts.into_iter().map(|part| i64::try_from(part * sign).expect("a part never exceeds its total")).collect()
}

/// What largest remainders come to where all are the same.
fn split_evenly(total: Minor, count: usize) -> Vec<Minor> {
    let parts = i64::try_from(count).expect("a list is shorter than 2^63");
    let (part, left) = (total / parts, total % parts);
    (0..parts).map(|index| part + if index < left.abs() { left.signum() } else { 0 }).collect()
}

/// `a * b / c` with its remainder, without overflow for `a < 2^63`, `b <= c`.
fn multiply_divide(a: i128, b: i128, c: i128) -> (i128, i128) {
    match a.checked_mul(b) {
        Some(product) => (product / c, product % c),
        None => {
            // Weights sum above 2^64: drop the low bits of both alike; the units lost are laid by the caller.
            let shift = 64 - (b.leading_zeros().min(64));
            let (b, c) = (b >> shift, (c >> shift).max(1));
            multiply_divide(a, b, c)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_third_of_a_cent_goes_to_the_earlier_share() {
        assert_eq!(split(10_000_000, &[1.0 / 6.0; 6]), [1_666_667, 1_666_667, 1_666_667, 1_666_667, 1_666_666, 1_666_666]);
        assert_eq!(split(-100, &[1.0, 1.0, 1.0]), [-34, -33, -33]);
        assert_eq!(split(5, &[0.0, 0.0]), [5, 0]);
        assert_eq!(split_by(100, &[1, 0, 3]), [25, 0, 75]);
    }

    #[test]
    fn equal_shares_of_any_size_are_split_alike() {
        for total in [0, 1, -1, 99, -100, i64::MAX, i64::MIN + 1] {
            for count in [1, 2, 3, 7] {
                let (ones, thirds) = (split_by(total, &vec![1; count]), split(total, &vec![1.0 / 3.0; count]));
                assert_eq!(ones, thirds, "{total} by {count}");
                assert_eq!(ones.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
                assert!(ones.iter().all(|part| (part - ones[0]).abs() <= 1), "{ones:?}");
            }
        }
    }

    #[test]
    fn the_units_of_the_rounding_are_shown() {
        let sixth = split_rounded(10_000_000, &[1.0 / 6.0; 6]);
        assert_eq!(sixth.iter().map(|(_, unit)| *unit).collect::<Vec<_>>(), [1, 1, 1, 1, 0, 0]);
        assert_eq!(split_rounded(-100, &[1.0, 1.0, 1.0]), [(-34, -1), (-33, 0), (-33, 0)]);
        assert_eq!(split_rounded(5, &[0.0, 0.0]), [(5, 0), (0, 0)]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_off_by_a_unit(total in any::<i64>(), weights in prop::collection::vec(0.0_f64..1.0, 1..40)) {
            let parts = split(total, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
            let sum: f64 = weights.iter().sum();
            if sum > 0.0 && total.abs() < 1_i64 << 50 {
                for (part, weight) in parts.iter().zip(&weights) {
                    prop_assert!((*part as f64 - total as f64 * weight / sum).abs() < 1.01);
                }
            }
        }

        #[test]
        fn whole_weights_add_up_too(total in any::<i64>(), weights in prop::collection::vec(any::<u64>(), 1..10)) {
            let parts = split_by(total, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
        }
    }
}
