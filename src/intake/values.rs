//! Values of single fields: ids, money, booleans, numbers.

use pipewright_core::vendor_credit::WHOLE_PPM;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use std::str::FromStr;

const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// A Salesforce id in its 18-character form; `None` where the text is no id.
///
/// The three characters added to a 15-character id hold one bit for each character: set where it is a capital letter.
pub fn id18(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match text.len() {
        18 => Some(text.to_owned()),
        15 => {
            let mut id = text.to_owned();
            for block in text.as_bytes().chunks(5) {
                let bits = block.iter().rev().fold(0, |bits, byte| bits << 1 | usize::from(byte.is_ascii_uppercase()));
                id.push(char::from(SUFFIX[bits]));
            }
            Some(id)
        }
        _ => None,
    }
}

/// A number with a decimal point, also in scientific notation; `None` where the text is none.
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// An amount in minor units with this many decimals, half a unit rounded away from zero; `None` where it is none or too large.
pub fn minor(text: &str, decimals: u32) -> Option<i64> {
    scaled(decimal(text)?, decimals)
}

/// A number times ten to the power of `digits`, half a unit rounded away from zero.
pub fn scaled(number: Decimal, digits: u32) -> Option<i64> {
    let factor = Decimal::from(10_i64.checked_pow(digits)?);
    number.checked_mul(factor)?.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()
}

/// A percentage, 0 to 100, in parts per million of the whole, with or without its sign; `None` where it is none.
pub fn share_ppm(text: &str) -> Option<i32> {
    let ppm = scaled(decimal(text.trim().trim_end_matches('%'))?, 4)?;
    i32::try_from(ppm).ok().filter(|ppm| (0..=WHOLE_PPM).contains(ppm))
}

/// A boolean as Data Loader reads it; `None` where the text is none.
pub fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" | "" => Some(false),
        _ => None,
    }
}

/// `amount` times `numerator` over `denominator`, rounded half away from zero; `None` where it does not fit.
pub fn proportion(amount: i64, numerator: i64, denominator: i64) -> Option<i64> {
    let (top, bottom) = (i128::from(amount) * i128::from(numerator), i128::from(denominator));
    if bottom == 0 {
        return None;
    }
    let (top, bottom) = if bottom < 0 { (-top, -bottom) } else { (top, bottom) };
    let half = if top < 0 { -(bottom / 2) } else { bottom / 2 };
    i64::try_from((top + half) / bottom).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fifteen_characters_become_eighteen() {
        let cases = [
            ("0061G00000Ja7B6", Some("0061G00000Ja7B6QAJ")),
            ("0011G00000eLwuW", Some("0011G00000eLwuWQAS")),
            ("0011G00000eLwuWQAS", Some("0011G00000eLwuWQAS")),
            ("0011G00000eLwu", None),
            ("0011G00000eLw-W", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(id18(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn money_is_read_exactly() {
        let cases = [
            ("15000", 2, Some(1_500_000)),
            ("0.005", 2, Some(1)),
            ("-0.005", 2, Some(-1)),
            ("1.5E7", 2, Some(1_500_000_000)),
            ("1500", 0, Some(1500)),
            ("1,5", 2, None),
            ("99999999999999999999", 2, None),
        ];
        for (text, decimals, expected) in cases {
            assert_eq!(minor(text, decimals), expected, "{text}");
        }
    }

    #[test]
    fn a_percentage_lies_between_nothing_and_the_whole() {
        let cases = [
            ("33.3333", Some(333_333)),
            ("33.33335", Some(333_334)),
            ("100", Some(1_000_000)),
            ("12.5 %", Some(125_000)),
            ("0", Some(0)),
            ("100.1", None),
            ("-1", None),
            ("half", None),
            ("%", None),
        ];
        for (text, expected) in cases {
            assert_eq!(share_ppm(text), expected, "{text}");
        }
    }
}
