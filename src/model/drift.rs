//! Rules that decide which drift is reported, and when.

use std::num::NonZeroU64;

/// `infrastructure:settings:drift`. A component may override it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftRules {
    pub ignore: Vec<DriftPattern>,
    /// Whether null, an empty text, an empty list and an empty mapping count as equal.
    pub equal_empty: bool,
    /// How many checks in a row must find the same drift before an alert is sent.
    pub alert_after: NonZeroU64,
    /// Whether each apply looks for what providers fill in, even if no drift check ever ran.
    pub baseline: bool,
}

impl Default for DriftRules {
    fn default() -> Self {
        let alert_after = const { NonZeroU64::new(2).unwrap() };
        Self { ignore: Vec::new(), equal_empty: false, alert_after, baseline: false }
    }
}

/// `aws_instance.*.tags.LastSeen`: a resource, or an attribute with everything below it.
///
/// `*` matches any text within a step. A step without an index matches every index. Modules before the resource may be
/// omitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftPattern(Vec<String>);

impl DriftPattern {
    pub fn new(text: &str) -> Result<Self, String> {
        let steps: Vec<_> = address_steps(text).into_iter().map(str::to_owned).collect();
        match steps.len() < 2 || steps.iter().any(String::is_empty) || text.contains(char::is_control) {
            true => Err(format!(
                "{text:?} must be a resource, such as aws_instance.*, or an attribute of it, such as \
                 aws_instance.*.tags.LastSeen"
            )),
            false => Ok(Self(steps)),
        }
    }

    /// Whether the pattern matches the whole resource, so that all its drift is ignored.
    pub fn covers_resource(&self, address: &str) -> bool {
        self.covers(&address_steps(address))
    }

    /// Whether the pattern matches this attribute or one that contains it. `path` is below the resource:
    /// `tags.LastSeen`.
    pub fn covers_attribute(&self, address: &str, path: &str) -> bool {
        self.covers(&address_steps(&format!("{address}.{path}")))
    }

    fn covers(&self, subject: &[&str]) -> bool {
        let modules = subject.chunks(2).take_while(|pair| pair[0] == "module").count() * 2;
        let begins = |subject: &[&str]| {
            self.0.len() <= subject.len() && self.0.iter().zip(subject).all(|(step, one)| is(step, one))
        };
        begins(subject) || begins(&subject[modules.min(subject.len())..])
    }
}

/// Splits at dots outside of brackets: `module.m["a.b"].t.n[0]` has four steps.
pub fn address_steps(text: &str) -> Vec<&str> {
    let (mut steps, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if depth > 0 => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth = depth.saturating_sub(1),
            b'.' if depth == 0 => {
                steps.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    steps.push(&text[from..]);
    steps
}

fn is(pattern: &str, step: &str) -> bool {
    let bare = step.split('[').next().unwrap_or(step);
    matches(pattern, step) || (!pattern.contains('[') && matches(pattern, bare))
}

/// `*` matches any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, address: &str, path: &str) -> bool {
        DriftPattern::new(pattern).unwrap().covers_attribute(address, path)
    }

    #[test]
    fn a_pattern_matches_an_attribute_and_all_below_it() {
        for (pattern, address, path) in [
            ("aws_instance.*.tags.LastSeen", "aws_instance.web", "tags.LastSeen"),
            ("aws_instance.*.tags", "aws_instance.web", "tags.LastSeen"),
            ("aws_instance.web", "aws_instance.web", "tags.LastSeen"),
            ("aws_instance.web.tags", "aws_instance.web[0]", "tags.a"),
            ("aws_instance.web[0].tags", "aws_instance.web[0]", "tags.a"),
            ("aws_instance.*.tags", "module.a[\"x.y\"].module.b.aws_instance.web[\"z.w\"]", "tags.a"),
            ("module.a.aws_instance.*.tags", "module.a[1].aws_instance.web", "tags"),
            ("aws_*.*.ingress.*_blocks", "aws_security_group.a", "ingress[3].cidr_blocks[0]"),
            ("*.*.ta*s", "x.y", "tags"),
        ] {
            assert!(covers(pattern, address, path), "{pattern} {address} {path}");
        }
    }

    #[test]
    fn a_pattern_matches_nothing_beside_or_above() {
        for (pattern, address, path) in [
            ("aws_instance.*.tags.LastSeen", "aws_instance.web", "tags"),
            ("aws_instance.*.tags.LastSeen", "aws_instance.web", "tags.LastSeenAt"),
            ("aws_instance.*.tags", "aws_instance.web", "tags_all.x"),
            ("aws_instance.web[0].tags", "aws_instance.web[1]", "tags.a"),
            ("aws_instance.*.tags", "aws_instances.web", "tags.a"),
            ("module.b.aws_instance.*.tags", "module.a.aws_instance.web", "tags"),
            ("*.*.ta*s", "x.y", "tag"),
        ] {
            assert!(!covers(pattern, address, path), "{pattern} {address} {path}");
        }
        let attribute = DriftPattern::new("aws_instance.web.tags").unwrap();
        assert!(!attribute.covers_resource("aws_instance.web"));
        assert!(DriftPattern::new("aws_instance.w*").unwrap().covers_resource("aws_instance.web[2]"));
    }

    #[test]
    fn a_text_without_a_resource_is_not_a_pattern() {
        for text in ["", "*", "tags", "aws_instance.", ".web", "a..b", "a.b\n"] {
            assert!(DriftPattern::new(text).is_err(), "{text:?}");
        }
    }
}
