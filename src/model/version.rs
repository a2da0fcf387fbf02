//! Versions and constraints, in Terraform's notation.

use std::cmp::Ordering;
use std::fmt;

/// `1.11.4`, or `1.12.0-beta1`, which sorts below `1.12.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    prerelease: String,
}

impl Version {
    /// Parses one to three numbers. Missing numbers are zero.
    pub fn parse(text: &str) -> Option<Self> {
        let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let mut numbers = [0; 3];
        let parts: Vec<_> = core.split('.').collect();
        if parts.len() > numbers.len() {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = part.parse().ok()?;
        }
        Some(Self { numbers, prerelease: prerelease.to_owned() })
    }
}

impl Version {
    /// Whether it is of this minor version or a newer one. A prerelease counts as its release.
    pub fn is_since(&self, major: u64, minor: u64) -> bool {
        self.numbers[..2] >= [major, minor][..]
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let releases = || match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.prerelease.cmp(&other.prerelease),
        };
        self.numbers.cmp(&other.numbers).then_with(releases)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if self.prerelease.is_empty() { Ok(()) } else { write!(f, "-{}", self.prerelease) }
    }
}

/// `>=1.5, <2`: all parts must hold. Operators: `= != > >= < <= ~>`.
#[derive(Clone, Debug)]
pub struct VersionConstraint {
    text: String,
    parts: Vec<(Operator, Version)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    Unequal,
    Above,
    AtLeast,
    Below,
    AtMost,
    /// At least this version, with the same numbers except the last one written. Holds how many numbers were written.
    Near(usize),
}

impl VersionConstraint {
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text.split(',').map(|part| Self::part(part.trim())).collect::<Option<_>>()?;
        Some(Self { text: text.to_owned(), parts })
    }

    /// In older versions, saved plans and the `-json` stream have other formats than Eos reads.
    pub fn oldest() -> Self {
        let version = Version { numbers: [1, 5, 0], prerelease: String::new() };
        Self { text: ">=1.5".to_owned(), parts: vec![(Operator::AtLeast, version)] }
    }

    fn part(part: &str) -> Option<(Operator, Version)> {
        let digits = part.find(|letter: char| letter.is_ascii_digit())?;
        let (operator, version) = part.split_at(digits);
        let operator = match operator.trim() {
            "" | "=" => Operator::Equal,
            "!=" => Operator::Unequal,
            ">" => Operator::Above,
            ">=" => Operator::AtLeast,
            "<" => Operator::Below,
            "<=" => Operator::AtMost,
            "~>" => Operator::Near(version.split('.').count()),
            _ => return None,
        };
        Some((operator, Version::parse(version)?))
    }

    pub fn allows(&self, version: &Version) -> bool {
        self.parts.iter().all(|(operator, bound)| match operator {
            Operator::Equal => version == bound,
            Operator::Unequal => version != bound,
            Operator::Above => version > bound,
            Operator::AtLeast => version >= bound,
            Operator::Below => version < bound,
            Operator::AtMost => version <= bound,
            Operator::Near(written) => {
                let kept = written.saturating_sub(1);
                version >= bound && version.numbers[..kept] == bound.numbers[..kept]
            }
        })
    }
}

/// The text as it was written.
impl fmt::Display for VersionConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_allows_the_same_versions_as_terraform() {
        let table = [
            (">=1.5", "1.5.0", true),
            (">=1.5", "1.4.9", false),
            (">=1.5, <2", "2.0.0", false),
            ("~> 1.6", "1.11.4", true),
            ("~> 1.6", "2.0.0", false),
            ("~> 1.6.1", "1.6.9", true),
            ("~> 1.6.1", "1.7.0", false),
            ("1.11.4", "1.11.4", true),
            ("= 1.11", "1.11.4", false),
            ("!= 1.11.4", "1.11.4", false),
            (">= 1.12", "1.12.0-beta1", false),
            ("> 1.9", "1.10.0", true),
        ];
        for (constraint, version, expected) in table {
            let allowed =
                VersionConstraint::parse(constraint).unwrap().allows(&Version::parse(version).unwrap());
            assert_eq!(allowed, expected, "{constraint} {version}");
        }
    }

    #[test]
    fn invalid_versions_and_constraints_are_refused() {
        assert!(["", "x", "1.2.3.4", "1..2", "v1"].iter().all(|text| Version::parse(text).is_none()));
        assert!(["", ">=", "=> 1", ">=1.5,"].iter().all(|text| VersionConstraint::parse(text).is_none()));
    }
}
