//! All the ways in which programs write one number.

/// All programs write longer numbers with an exponent.
const LONGEST: i64 = 400;

/// `0.DIGITS` times ten to the power of `point`. The digits neither begin nor end with a zero.
struct Decimal {
    negative: bool,
    digits: String,
    point: i64,
}

/// Parses a number like JSON, YAML, Terraform and Go do. None if it is not a number.
fn parse(text: &str) -> Option<Decimal> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let significant = digits.trim_start_matches('0');
    let point = point - i64::try_from(digits.len() - significant.len()).ok()?;
    Some(Decimal { negative, digits: significant.trim_end_matches('0').to_owned(), point })
}

impl Decimal {
    /// Without an exponent, in Terraform's format.
    fn plain(&self) -> Option<String> {
        let (length, point) = (i64::try_from(self.digits.len()).ok()?, self.point);
        if self.digits.is_empty() {
            return Some("0".to_owned());
        }
        if !(-LONGEST..=LONGEST).contains(&point) {
            return None;
        }
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        Some(match usize::try_from(point) {
            Ok(0) | Err(_) => format!("0.{}{}", zeros(-point), self.digits),
            Ok(_) if point >= length => format!("{}{}", self.digits, zeros(point - length)),
            Ok(at) => format!("{}.{}", &self.digits[..at], &self.digits[at..]),
        })
    }

    /// Forms with an exponent, such as `1.25e+09`.
    fn scientific(&self) -> Vec<String> {
        if self.digits.is_empty() {
            return Vec::new();
        }
        let (first, rest) = self.digits.split_at(1);
        let mantissa = if rest.is_empty() { first.to_owned() } else { format!("{first}.{rest}") };
        let exponent = self.point - 1;
        let (sign, size) = if exponent < 0 { ("-", -exponent) } else { ("+", exponent) };
        let mut exponents = vec![format!("{sign}{size:02}"), format!("{sign}{size}")];
        if exponent >= 0 {
            exponents.extend([format!("{size:02}"), size.to_string()]);
        }
        // `%e` in C, Go and Terraform prints six digits after the point.
        let padded = (rest.len() < 6).then(|| format!("{first}.{rest:0<6}"));
        let letters = exponents.iter().flat_map(|exponent| [format!("e{exponent}"), format!("E{exponent}")]);
        let mantissas: Vec<String> = std::iter::once(mantissa).chain(padded).collect();
        letters.flat_map(|exponent| mantissas.iter().map(move |one| format!("{one}{exponent}"))).collect()
    }

    /// The spellings with and without the sign.
    fn signed(&self, spellings: Vec<String>) -> Vec<String> {
        match self.negative {
            true => spellings.iter().map(|text| format!("-{text}")).chain(spellings.clone()).collect(),
            false => spellings,
        }
    }
}

/// All spellings of the number in `text`. Empty if it is not a number.
pub fn spellings(text: &str) -> Vec<String> {
    let Some(exact) = parse(text) else { return Vec::new() };
    let mut all: Vec<_> = exact.plain().into_iter().chain(exact.scientific()).collect();
    // Spellings of programs that store numbers in 64 bits.
    let float = all.first().and_then(|text| text.parse::<f64>().ok());
    if let Some(float) = float.filter(|float| float.is_finite()) {
        all.extend([format!("{float}"), format!("{float:.0}")].into_iter().filter(|_| float.abs() >= 1e15));
        all.extend(parse(&format!("{float:e}")).into_iter().flat_map(|rounded| rounded.scientific()));
    }
    exact.signed(all)
}

/// The number in `text`, in Terraform's format.
pub fn plain(text: &str) -> Option<String> {
    let number = parse(text)?;
    let plain = number.plain()?;
    Some(if number.negative { format!("-{plain}") } else { plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_of_a_number_is_found_from_any_other() {
        for text in ["5432", "5432.0", "5.432e3", "+5432", "005432", "54320E-1"] {
            let all = spellings(text);
            for one in ["5432", "5.432e+03", "5.432e3", "5.432E+3", "5.432000e+03"] {
                assert!(all.iter().any(|spelling| spelling == one), "{text}: {one} is not in {all:?}");
            }
            assert_eq!(plain(text).unwrap(), "5432");
        }
    }

    #[test]
    fn fractions_signs_and_very_long_numbers_have_all_spellings() {
        let spelt = |text: &str| plain(text).unwrap_or_default();
        assert_eq!(
            ["0.00125", "-12.50", "1e3", "0.0", "-0", "1e-3"].map(spelt),
            ["0.00125", "-12.5", "1000", "0", "-0", "0.001"]
        );
        assert_eq!(plain("1e999999999"), None);
        assert!(spellings("1.5e999999999").contains(&"1.5e+999999999".to_owned()));
        let large = spellings("12345678901234567890");
        for one in
            ["12345678901234567890", "12345678901234567000", "12345678901234567168", "1.2345678901234567e+19"]
        {
            assert!(large.iter().any(|spelling| spelling == one), "{one} is not in {large:?}");
        }
        assert!(spellings("-1234.5").contains(&"1234.5".to_owned()));
    }

    #[test]
    fn a_text_that_is_not_a_number_has_no_spellings() {
        for text in ["", "-", "1.2.3", "0x1f", "12ab", "e5", ".", "1e", "NaN", "inf", "1_000", "١٢٣٤"] {
            assert!(spellings(text).is_empty(), "{text}");
        }
    }
}
