//! Decides which environment a call is about. One table covers all operations.
//!
//! | in the call | id of a run or plan | pillar, then settings | environments | means |
//! |---|---|---|---|---|
//! | two that differ | | | | refused |
//! | one | of another environment | | | refused |
//! | one | none, or of the same | | | that one |
//! | none | of one | | | that one |
//! | none | none | not read, since the call must name one | | refused |
//! | none | none | names one | | that one |
//! | none | none | none | exactly one | that one |
//! | none | none | none | several, or none | refused |

use std::collections::BTreeSet;
use std::fmt;

use crate::count::counted;
use crate::model::{self, Name};

/// Everything that can name the environment of a call.
#[derive(Debug, Default)]
pub struct EnvironmentSources<'a> {
    /// Names in the call itself: argument and value.
    pub call: Vec<(&'a str, &'a str)>,
    /// An id in the call, and the environment of that run or plan.
    pub id: Option<(&'a str, &'a Name)>,
    /// The key `environment` of the pillar.
    pub pillar: Option<&'a str>,
    /// `infrastructure:settings:default_environment`.
    pub default: Option<&'a str>,
    /// The environments in the pillar.
    pub environments: BTreeSet<Name>,
}

/// Whether the environment may also be named outside of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentRequirement {
    Named,
    NamedInTheCall,
}

/// The environment, and whether the call itself names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenEnvironment {
    pub environment: Name,
    pub in_the_call: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentError {
    Two { first: (String, String), second: (String, String) },
    OtherThanTheIds { named: String, id: String, its: Name },
    NoSuch { named: String, environments: BTreeSet<Name> },
    NotInTheCall { environments: BTreeSet<Name> },
    NoSuchDefault { place: &'static str, named: String, environments: BTreeSet<Name> },
    Several { environments: BTreeSet<Name> },
    NoneAtAll,
}

const PILLAR: &str = "the pillar's key environment";
const DEFAULT: &str = "infrastructure:settings:default_environment";

/// Whether a text is the id of a run or a plan. An environment's name is never an id: names begin with a letter.
pub fn is_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit()) && ulid::Ulid::from_string(text).is_ok()
}

/// Whether a text is meant as an id, but has a character too few, too many or a wrong one.
pub fn is_like_an_id(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric();
    text.starts_with(|first: char| first.is_ascii_digit())
        && (ID / 2..ID * 2).contains(&text.len())
        && text.bytes().all(is_part)
        && !is_id(text)
}

/// The characters of an id.
const ID: usize = ulid::ULID_LEN;

/// Why a text is not an id.
pub fn id_fault(text: &str) -> String {
    match text.chars().count() {
        ID => "it has a character that no id has".to_owned(),
        many => format!("it has {}, and an id has {ID}", counted(many, "character")),
    }
}

/// Applies the table.
pub fn choose_environment(
    naming: &EnvironmentSources<'_>,
    demand: EnvironmentRequirement,
) -> Result<ChosenEnvironment, EnvironmentError> {
    let EnvironmentSources { call, id, pillar, default, environments } = naming;
    let owned = |(word, value): &(&str, &str)| ((*word).to_owned(), (*value).to_owned());
    if let Some(first) = call.first() {
        if let Some(second) = call.iter().find(|(_, value)| *value != first.1) {
            return Err(EnvironmentError::Two { first: owned(first), second: owned(second) });
        }
        let named = first.1.to_owned();
        return match (id, environments.get(first.1)) {
            (_, None) => Err(EnvironmentError::NoSuch { named, environments: environments.clone() }),
            (Some((id, its)), Some(one)) if *its != one => {
                Err(EnvironmentError::OtherThanTheIds { named, id: (*id).to_owned(), its: (*its).clone() })
            }
            (_, Some(one)) => Ok(ChosenEnvironment { environment: one.clone(), in_the_call: true }),
        };
    }
    if let Some((_, its)) = id {
        return Ok(ChosenEnvironment { environment: (*its).clone(), in_the_call: true });
    }
    if demand == EnvironmentRequirement::NamedInTheCall {
        return Err(EnvironmentError::NotInTheCall { environments: environments.clone() });
    }
    let outside = [(PILLAR, pillar), (DEFAULT, default)];
    if let Some((place, named)) = outside.into_iter().find_map(|(place, named)| Some((place, (*named)?))) {
        return match environments.get(named) {
            Some(one) => Ok(ChosenEnvironment { environment: one.clone(), in_the_call: false }),
            None => {
                let (named, environments) = (named.to_owned(), environments.clone());
                Err(EnvironmentError::NoSuchDefault { place, named, environments })
            }
        };
    }
    match (environments.first(), environments.len()) {
        (Some(only), 1) => Ok(ChosenEnvironment { environment: only.clone(), in_the_call: false }),
        (Some(_), _) => Err(EnvironmentError::Several { environments: environments.clone() }),
        (None, _) => Err(EnvironmentError::NoneAtAll),
    }
}

impl fmt::Display for EnvironmentError {
    /// The text follows `arguments:environment`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |all: &BTreeSet<Name>| match model::some_listed(all.iter().map(Name::as_str)) {
            none if none.is_empty() => "the pillar has no environments".to_owned(),
            all => format!("there are: {all}"),
        };
        match self {
            Self::Two { first: (word, one), second: (other, two) } if word == other => {
                write!(f, "two environments in one call: {one:?} and {two:?}. Name one")
            }
            Self::Two { first: (word, one), second: (other, two) } => {
                write!(f, "two environments in one call: {word} is {one:?}, and {other} is {two:?}. Name one")
            }
            Self::OtherThanTheIds { named, id, its } => {
                write!(
                    f,
                    "is {named}, and {id} belongs to {its}. Leave the environment out, or give another id"
                )
            }
            Self::NoSuch { named, environments } => match Name::new(named) {
                _ if is_id(named) => {
                    write!(
                        f,
                        "{named:?} is the id of a run or a plan, not an environment; {}",
                        list(environments)
                    )
                }
                _ if is_like_an_id(named) => write!(
                    f,
                    "{named:?} is not the id of a run or a plan: {}. Nor is it an environment; {}",
                    id_fault(named),
                    list(environments)
                ),
                Err(reason) => write!(f, "{named:?} {reason}"),
                Ok(_) => {
                    let hint = model::environment_hint(named, environments.iter().map(Name::as_str));
                    write!(f, "no environment {named:?}; {hint}")
                }
            },
            Self::NotInTheCall { environments } => {
                write!(
                    f,
                    "is missing: this function has no default, so the call must name it; {}",
                    list(environments)
                )
            }
            Self::NoSuchDefault { place, named, environments } => {
                write!(
                    f,
                    "is missing, and {place} is {named:?}, which is not an environment; {}. Name one in the call",
                    list(environments)
                )
            }
            Self::Several { environments } => {
                write!(
                    f,
                    "is missing, and the pillar has several: {}. Name one in the call, or set {DEFAULT}",
                    model::some_listed(environments.iter().map(Name::as_str))
                )
            }
            Self::NoneAtAll => f.write_str("is missing, and the pillar has no environments"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn environments(names: &[&str]) -> BTreeSet<Name> {
        names.iter().map(|one| name(one)).collect()
    }

    fn both() -> EnvironmentSources<'static> {
        EnvironmentSources {
            environments: environments(&["production", "staging"]),
            ..EnvironmentSources::default()
        }
    }

    fn read(naming: &EnvironmentSources<'_>) -> Result<String, String> {
        choose_environment(naming, EnvironmentRequirement::Named)
            .map(|meant| meant.environment.to_string())
            .map_err(|unclear| unclear.to_string())
    }

    fn refused(naming: &EnvironmentSources<'_>, words: &str) {
        let refusal = read(naming).unwrap_err();
        assert!(refusal.contains(words), "{refusal}");
    }

    #[test]
    fn the_call_wins_over_the_pillar_and_the_pillar_over_the_settings() {
        let mut naming = both();
        naming.default = Some("production");
        assert_eq!(read(&naming).as_deref(), Ok("production"));
        naming.pillar = Some("staging");
        assert_eq!(read(&naming).as_deref(), Ok("staging"));
        naming.call = vec![("environment", "production")];
        assert_eq!(read(&naming).as_deref(), Ok("production"));
    }

    #[test]
    fn several_environments_without_a_named_one_are_refused_and_listed() {
        refused(&both(), "several: production, staging. Name one");
    }

    #[test]
    fn the_only_environment_needs_no_name() {
        for only in ["production", "staging"] {
            let naming =
                EnvironmentSources { environments: environments(&[only]), ..EnvironmentSources::default() };
            assert_eq!(read(&naming).as_deref(), Ok(only));
        }
        refused(&EnvironmentSources::default(), "the pillar has no environments");
    }

    #[test]
    fn operations_that_need_a_named_environment_read_no_default() {
        let naming = EnvironmentSources { pillar: Some("staging"), default: Some("staging"), ..both() };
        let unclear = choose_environment(&naming, EnvironmentRequirement::NamedInTheCall).unwrap_err();
        assert!(unclear.to_string().contains("there are: production, staging"), "{unclear}");
        let only =
            EnvironmentSources { environments: environments(&["staging"]), ..EnvironmentSources::default() };
        assert!(choose_environment(&only, EnvironmentRequirement::NamedInTheCall).is_err());
        let named = EnvironmentSources { call: vec![("env", "staging")], ..naming };
        assert_eq!(
            choose_environment(&named, EnvironmentRequirement::NamedInTheCall).unwrap().environment,
            name("staging")
        );
    }

    #[test]
    fn two_environments_are_refused_by_name_and_the_same_one_twice_is_not() {
        let mut naming = EnvironmentSources {
            call: vec![("environment", "production"), ("workspace", "staging")],
            ..both()
        };
        refused(&naming, r#"environment is "production", and workspace is "staging""#);
        naming.call = vec![("environment", "networking"), ("environment", "staging")];
        refused(&naming, r#""networking" and "staging""#);
        naming.call = vec![("environment", "staging"), ("env", "staging"), ("workspace", "staging")];
        assert_eq!(read(&naming).as_deref(), Ok("staging"));
    }

    #[test]
    fn an_id_determines_the_environment_and_a_different_one_is_refused() {
        let (id, its) = ("01JD3KV6T0W8Q5YB4E2N9RZXCM", name("production"));
        let mut naming = EnvironmentSources { id: Some((id, &its)), pillar: Some("staging"), ..both() };
        assert_eq!(read(&naming).as_deref(), Ok("production"));
        naming.call = vec![("environment", "production")];
        assert_eq!(read(&naming).as_deref(), Ok("production"));
        naming.call = vec![("environment", "staging")];
        refused(&naming, "is staging, and 01JD3KV6T0W8Q5YB4E2N9RZXCM belongs to production");
    }

    #[test]
    fn an_unknown_environment_is_refused_everywhere() {
        refused(
            &EnvironmentSources { call: vec![("environment", "stagin")], ..both() },
            r#"did you mean "staging"?"#,
        );
        refused(&EnvironmentSources { call: vec![("environment", "Staging")], ..both() }, "is not a name");
        let id = "01JD3KV6T0W8Q5YB4E2N9RZXCM";
        refused(
            &EnvironmentSources { call: vec![("environment", id)], ..both() },
            "is the id of a run or a plan",
        );
        refused(
            &EnvironmentSources { call: vec![("environment", &id[1..])], ..both() },
            "it has 25 characters, and an id has 26",
        );
        refused(
            &EnvironmentSources { call: vec![("environment", &id.replace("KV", "KU"))], ..both() },
            "it has a character that no id has",
        );
        refused(
            &EnvironmentSources { pillar: Some("prod"), ..both() },
            r#"the pillar's key environment is "prod""#,
        );
        refused(&EnvironmentSources { default: Some("prod"), ..both() }, "default_environment is \"prod\"");
    }

    proptest! {
        /// The answer is an environment of the pillar, or that of the id. It never contradicts the call.
        #[test]
        fn the_result_is_never_an_environment_that_the_call_does_not_name(
            call in proptest::collection::vec("[a-d]|A|", 0..4),
            id in proptest::option::of("[a-d]"),
            pillar in proptest::option::of("[a-e]|A|"),
            default in proptest::option::of("[a-e]|A|"),
            all in proptest::collection::btree_set("[a-d]", 0..4),
            in_the_call in any::<bool>(),
        ) {
            let its = id.as_deref().map(name);
            let naming = EnvironmentSources {
                call: call.iter().map(|one| ("environment", one.as_str())).collect(),
                id: its.as_ref().map(|its| ("01JD3KV6T0W8Q5YB4E2N9RZXCM", its)),
                pillar: pillar.as_deref(),
                default: default.as_deref(),
                environments: all.iter().map(|one| name(one)).collect(),
            };
            let demand = if in_the_call { EnvironmentRequirement::NamedInTheCall } else { EnvironmentRequirement::Named };
            match choose_environment(&naming, demand) {
                Ok(meant) => {
                    let chosen = meant.environment.as_str();
                    prop_assert!(call.iter().all(|one| one == chosen));
                    prop_assert!(id.iter().all(|one| one == chosen));
                    prop_assert!(all.contains(chosen) || (call.is_empty() && id.is_some()));
                    prop_assert_eq!(meant.in_the_call, !call.is_empty() || id.is_some());
                    prop_assert!(!in_the_call || meant.in_the_call);
                    // An environment is never chosen from several if nothing names it.
                    let outside = pillar.as_deref().or(default.as_deref());
                    prop_assert!(meant.in_the_call || outside.map_or(all.len() == 1, |one| one == chosen));
                }
                Err(unclear) => prop_assert!(!unclear.to_string().is_empty()),
            }
        }
    }
}
