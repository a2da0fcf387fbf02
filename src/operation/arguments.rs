//! Reads a call's arguments: every one is checked here, once, and all problems are said together.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Request;
use crate::error::Result;
use crate::model::{self, Name, Overrides, PillarPath, Problem, nearest};

/// Arguments that are taken one by one; what is left at the end is unknown.
pub struct Arguments {
    given: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl Arguments {
    pub fn new(request: &Request) -> Self {
        let mut arguments =
            Self { given: request.arguments.clone(), known: Vec::new(), problems: request.problems.clone() };
        if request.surplus > 0 {
            arguments.problems.push(Problem::new(
                &PillarPath::arguments(),
                format!("{} positional argument(s) too many; name them: key=value", request.surplus),
            ));
        }
        arguments
    }

    /// `environment`, or one of the words that are accepted for it.
    pub fn environment(&mut self) -> Name {
        let given: Vec<_> = ["environment", "env", "workspace"]
            .into_iter()
            .filter_map(|key| self.take(key).map(|value| (key, value)))
            .collect();
        // A signature's default arrives beside the word that the caller used.
        let chosen = given.iter().find(|(_, value)| value != "production").or(given.first());
        let named: Vec<_> = given.iter().filter(|(_, value)| value != "production").collect();
        if named.len() > 1 && named.iter().any(|(_, value)| value != &named[0].1) {
            self.problem("environment", "is given twice, under two words, with two values");
        }
        match chosen.cloned() {
            Some((key, value)) => self.as_name(key, &value),
            None => Name::new("production").ok(),
        }
        .unwrap_or_else(Self::placeholder)
    }

    /// A name that must be given.
    pub fn name(&mut self, key: &'static str) -> Name {
        match self.take(key) {
            Some(value) => self.as_name(key, &value),
            None => {
                self.problem(key, "is missing: name one");
                None
            }
        }
        .unwrap_or_else(Self::placeholder)
    }

    /// A run_id or plan_id: a ULID, as a report shows it.
    pub fn run_id(&mut self, key: &'static str) -> String {
        let given = self.given.get(key).is_some_and(|value| !value.is_null());
        if !given {
            self.problem(key, "is missing: a report shows it");
        }
        self.maybe_run_id(key).unwrap_or_default()
    }

    /// The same, where it may be left out.
    pub fn maybe_run_id(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        let is_id = ulid::Ulid::from_string(&text).is_ok();
        if !is_id {
            self.problem(key, "is no id that a report shows, such as 01JD3KV6T0W8Q5YB4E2N9RZXCM");
        }
        is_id.then_some(text)
    }

    /// A list or a comma string of names; None means all.
    pub fn names(&mut self, key: &'static str) -> Option<BTreeSet<Name>> {
        Some(self.ordered(key)?.into_iter().collect())
    }

    /// The same, in the order in which they are given.
    pub fn ordered(&mut self, key: &'static str) -> Option<Vec<Name>> {
        let items: Vec<Value> = match self.take(key)? {
            Value::String(text) => {
                text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Value::from).collect()
            }
            Value::Array(items) => items,
            other => vec![other],
        };
        if items.is_empty() {
            self.problem(key, "is empty: name one at least, or leave it out for all");
        }
        Some(items.iter().filter_map(|item| self.as_name(key, item)).collect())
    }

    pub fn flag(&mut self, key: &'static str) -> bool {
        self.maybe_flag(key).unwrap_or(false)
    }

    pub fn maybe_flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(flag) => Some(flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                self.problem(key, "is neither true nor false");
                None
            }
        }
    }

    /// A number of things, one at least.
    pub fn count(&mut self, key: &'static str) -> Option<usize> {
        let value = self.take(key)?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        if count.is_none() {
            self.problem(key, "is no whole number above zero");
        }
        count
    }

    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.problem(key, "is no text: quote it");
                None
            }
        }
    }

    pub fn value(&mut self, key: &'static str) -> Option<Value> {
        self.take(key)
    }

    /// What a call may give to a component's variables; secrets are references, as in the pillar.
    pub fn inputs(&mut self, component: &Name) -> Overrides {
        let [variables, secrets] =
            ["variables", "secrets"].map(|key| self.take(key).map(|value| (component.clone(), value)));
        Overrides { variables, secrets, ..Overrides::default() }
    }

    /// What a call may say in place of the pillar's settings.
    pub fn overrides(&mut self) -> Overrides {
        // The host has used it already: it chose whose pillar this is.
        self.take("minion");
        Overrides {
            parallelism: self.take("parallelism"),
            on_failure: self.take("on_failure"),
            ..Overrides::default()
        }
    }

    /// Whether `confirm` names this environment; another name is a problem.
    pub fn confirmed(&mut self, environment: &Name) -> bool {
        match self.text("confirm") {
            Some(confirmed) if confirmed == environment.as_str() => true,
            Some(_) => {
                self.problem("confirm", format!("is not the environment's name: say confirm={environment}"));
                false
            }
            None => false,
        }
    }

    /// Whether a version that failed is to be registered again: a person's word, which no schedule has.
    pub fn retry(&mut self, identity: &super::Identity) -> bool {
        let retry = self.flag("retry");
        if retry && identity.scheduled {
            self.problem("retry", "is not for a schedule: a version that failed waits for a person");
        }
        retry
    }

    /// A state comes round again and again.
    pub fn refuse_retry(&mut self) {
        if self.given.remove("retry").is_some_and(|given| !given.is_null()) {
            self.problem(
                "retry",
                "is not for a state: a version that failed waits for a person, who calls infrastructure.orchestrate \
                 or eos_terraform.apply",
            );
        }
    }

    /// Salt's test, unless the call has its own.
    pub fn test(&mut self, identity: &super::Identity) -> bool {
        self.maybe_flag("test").unwrap_or(identity.test)
    }

    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(&PillarPath::arguments().child(key), message));
    }

    /// The same, for a call that needs nothing else to say what is wrong.
    pub fn check(self) -> Result<()> {
        match self.finish() {
            problems if problems.is_empty() => Ok(()),
            problems => Err(model::refusal(problems)),
        }
    }

    /// Whatever was not asked for is unknown.
    pub fn finish(mut self) -> Vec<Problem> {
        for key in self.given.keys() {
            let hint = nearest(key, self.known.iter().copied()).map_or_else(
                || format!("it takes: {}", self.known.join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            self.problems
                .push(Problem::new(&PillarPath::arguments().child(key), format!("unknown argument; {hint}")));
        }
        self.problems
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.given.remove(key).filter(|value| !value.is_null())
    }

    fn as_name(&mut self, key: &str, value: &Value) -> Option<Name> {
        let refusal = match value {
            Value::String(text) => match Name::new(text) {
                Ok(name) => return Some(name),
                Err(reason) => format!("{:?} {reason}", shorten(text)),
            },
            Value::Bool(flag) => {
                format!("arrived as the boolean {flag}: quote the name, as '\"no\"'")
            }
            _ => "is no name: a text is needed".to_owned(),
        };
        self.problem(key, refusal);
        None
    }

    /// Stands in for a name that has a problem; the call ends with that problem.
    fn placeholder() -> Name {
        Name::new("unknown").unwrap_or_else(|_| unreachable!("a valid name"))
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
