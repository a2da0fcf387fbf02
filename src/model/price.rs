//! What a machine costs a month, exactly: a sum of prices is not rounded.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;

/// An amount of money, in millionths. The pillar does not say in which currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(u128);

const UNIT: u128 = 1_000_000;
/// The digits of a millionth.
const DIGITS: usize = 6;
/// A price and a limit may not be longer, so that no sum overflows.
const LONGEST: usize = 12;

/// Provider to size to the price of one machine.
pub type Prices = BTreeMap<String, BTreeMap<String, Price>>;

impl Price {
    /// A number as the pillar writes it, such as `4.5`. None if it is negative, too long, or has too many decimals.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let rest = rest.trim_end_matches('0');
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > LONGEST || rest.len() > DIGITS {
            return None;
        }
        if !are_digits(whole) || !are_digits(rest) {
            return None;
        }
        let millionths: u128 = format!("{rest:0<DIGITS$}").parse().ok()?;
        Some(Self(whole.parse::<u128>().ok()? * UNIT + millionths))
    }

    pub fn times(self, number: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(number)))
    }
}

impl Sum for Price {
    fn sum<I: Iterator<Item = Self>>(prices: I) -> Self {
        Self(prices.fold(0, |sum, price| sum.saturating_add(price.0)))
    }
}

/// `4.50`, `0.0125`: two decimals, or as many as it has.
impl fmt::Display for Price {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = format!("{:0DIGITS$}", self.0 % UNIT);
        let kept = rest.trim_end_matches('0').len().max(2);
        write!(out, "{}.{}", self.0 / UNIT, &rest[..kept])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_and_shown_exactly() {
        let shown = |text| Price::parse(text).map(|price| price.to_string());
        for (text, expected) in
            [("4.5", "4.50"), ("0", "0.00"), ("118.020", "118.02"), ("0.0125", "0.0125"), ("7", "7.00")]
        {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", ".5", "-1", "+1", "1e3", "1.2345678", "1.2.3", "1234567890123", "NaN"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_of_prices_is_not_rounded() {
        let dime = Price::parse("0.1").unwrap();
        assert_eq!([dime, dime, dime].into_iter().sum::<Price>(), Price::parse("0.3").unwrap());
        assert_eq!(dime.times(3), Price::parse("0.3").unwrap());
        let most = Price::parse("999999999999.999999").unwrap();
        assert!(most.times(u64::MAX) > most);
    }
}
