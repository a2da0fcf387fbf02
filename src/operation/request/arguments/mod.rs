//! Reads the arguments of a call. Each is checked here, once, and all problems are reported together.

mod components;
mod context;
mod forms;
mod items;
mod naming;
mod service_secrets;

use serde_json::{Map, Value};

use self::context::EnvironmentContext;
use self::items::items;
use super::call::{CallerIdentity, Request};
use super::pillar::Pillar;
use crate::command_line::{self, command, option};
use crate::count::counted;
use crate::decide::{id_fault, is_id, is_like_an_id};
use crate::error::Result;
use crate::model::{self, Name, NamePattern, Overrides, PillarPath, Problem, hint};
use crate::words::{Words, words};

/// Arguments that are taken one by one. An argument that is left at the end is unknown.
pub struct Arguments {
    given: Map<String, Value>,
    /// All arguments, as they arrived.
    received: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
    /// Each pattern of the call, and the components that it means.
    matched: Vec<(NamePattern, Vec<Name>)>,
    context: EnvironmentContext,
}

impl Arguments {
    pub fn new(request: &Request) -> Self {
        Self::with_pillar(request, &request.infrastructure)
    }

    /// The same, if the pillar is read in parts.
    pub fn with_pillar(request: &Request, pillar: &dyn Pillar) -> Self {
        let mut arguments = Self {
            given: request.arguments.clone(),
            received: request.arguments.clone(),
            known: Vec::new(),
            problems: request.problems.clone(),
            matched: Vec::new(),
            context: EnvironmentContext::of(request, pillar),
        };
        // Also a call that is refused names commands.
        if let Some(environment) = arguments.context.likely(&arguments.received) {
            command_line::about(environment);
        }
        if request.surplus > 0 {
            arguments.problems.push(Problem::new(
                &PillarPath::arguments(),
                format!("{} too many; name them: key=value", counted(request.surplus, "positional argument")),
            ));
        }
        arguments
    }

    /// A required name.
    pub fn name(&mut self, key: &'static str) -> Name {
        self.name_or(key, "is missing: name one")
    }

    /// The same. `missing` is the problem if the call does not give it.
    pub fn name_or(&mut self, key: &'static str, missing: impl Into<Words>) -> Name {
        match self.take(key) {
            Some(value) => self.as_name(key, &value),
            None => {
                self.problem(key, missing);
                None
            }
        }
        .unwrap_or_else(Self::placeholder)
    }

    /// A run_id or plan_id: a ULID, as in a report. It may be given in place of the environment. `shown_by` says where
    /// the caller finds it.
    pub fn run_id(&mut self, key: &'static str, shown_by: impl FnOnce() -> Words) -> String {
        self.move_id(key);
        if !self.gives(key) {
            self.problem(key, words!["is missing: ", shown_by()]);
        }
        self.maybe_run_id(key).unwrap_or_default()
    }

    /// The same, but optional.
    pub fn maybe_run_id(&mut self, key: &'static str) -> Option<String> {
        self.move_id(key);
        let text = self.text(key)?;
        if !is_id(&text) {
            let more = if is_like_an_id(&text) {
                words![": ", id_fault(&text)]
            } else if self.context.is_environment(&text) {
                words![" is an environment, and ", command("history").of(&text), " shows its runs"]
            } else {
                "; an id looks like 01JD3KV6T0W8Q5YB4E2N9RZXCM".into()
            };
            self.problem(key, words![format!("is not a valid id: {:?}", shorten(&text)), more]);
        }
        is_id(&text).then_some(text)
    }

    pub fn flag(&mut self, key: &'static str) -> bool {
        self.maybe_flag(key).unwrap_or(false)
    }

    pub fn maybe_flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(flag) => Some(flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::String(text) => {
                self.problem(key, format!("is {:?}: it must be True or False", shorten(&text)));
                None
            }
            _ => {
                self.problem(key, "must be True or False");
                None
            }
        }
    }

    /// Whether everything is planned, so that changes outside of Terraform are found too.
    pub fn refresh(&mut self) -> bool {
        self.maybe_flag("refresh").unwrap_or(true)
    }

    /// Whether `format` asks for markdown, and not for text.
    pub fn is_markdown(&mut self) -> bool {
        match self.text("format").as_deref() {
            None | Some("text") => false,
            Some("markdown") => true,
            Some(_) => {
                self.problem("format", "must be one of: text, markdown");
                false
            }
        }
    }

    /// A positive integer.
    pub fn count(&mut self, key: &'static str) -> Option<usize> {
        let value = self.take(key)?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        if count.is_none() {
            self.problem(key, "must be a positive integer");
        }
        count
    }

    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.problem(key, "must be a string (quote it)");
                None
            }
        }
    }

    /// A list of texts, or a text with commas.
    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let given = items(&value);
        let texts: Vec<_> = given.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
        if texts.len() < given.len() {
            self.problem(key, "must be texts (quote them)");
        }
        texts
    }

    pub fn value(&mut self, key: &'static str) -> Option<Value> {
        self.take(key)
    }

    /// The values that a call gives to a component's variables. Secrets are references, as in the pillar.
    pub fn inputs(&mut self, component: &Name) -> Overrides {
        let [variables, secrets] =
            ["variables", "secrets"].map(|key| self.take(key).map(|value| (component.clone(), value)));
        Overrides { variables, secrets, ..Overrides::default() }
    }

    /// The arguments that choose a branch. The host has used them already, to compile its pillar.
    pub fn branch(&mut self) {
        ["pillarenv", "saltenv", "pillar_root", "file_root"].into_iter().for_each(|key| drop(self.take(key)));
    }

    /// The values of a call that replace settings of the pillar.
    pub fn overrides(&mut self) -> Overrides {
        // The host has used it already, to choose the minion whose pillar this is.
        self.take("minion");
        Overrides {
            parallelism: self.take("parallelism"),
            on_failure: self.take("on_failure"),
            ..Overrides::default()
        }
    }

    /// Whether `confirm` names this environment. Any other value is a problem. Without an environment nothing is
    /// reported.
    pub fn confirmed(&mut self, environment: Option<&Name>) -> bool {
        let confirmed = self.value("confirm").map(|value| match value {
            Value::Number(number) => Value::from(number.to_string()),
            other => other,
        });
        match (confirmed, environment) {
            (Some(confirmed), Some(environment)) if confirmed == environment.as_str() => true,
            (Some(confirmed), Some(environment)) => {
                let given = match &confirmed {
                    Value::String(text) => format!("{:?}", shorten(text)),
                    // YAML makes True of yes.
                    Value::Bool(true) => "a yes".to_owned(),
                    _ => "something else".to_owned(),
                };
                let confirm = option("confirm", environment);
                let message = format!("must be the name of the environment, not {given}: set {confirm}");
                self.problem("confirm", message);
                false
            }
            _ => false,
        }
    }

    /// Whether to register a failed version again. Only a person may ask for that.
    pub fn retry(&mut self, identity: &CallerIdentity) -> bool {
        let retry = self.flag("retry");
        if let (true, Some(automation)) = (retry, &identity.automation) {
            self.retry_is_not_for(automation);
        }
        retry
    }

    /// A state is run again and again, so it may not ask for that.
    pub fn refuse_retry(&mut self) {
        if self.given.remove("retry").is_some_and(|given| !given.is_null()) {
            self.retry_is_not_for("a state");
        }
    }

    fn retry_is_not_for(&mut self, automation: &str) {
        let message = words![
            format!("is not allowed in {automation}: a failed version waits for a person, who runs "),
            command("orchestrate").here().flag("retry")
        ];
        self.problem("retry", message);
    }

    /// Salt's `test`, unless the call has its own.
    pub fn test(&mut self, identity: &CallerIdentity) -> bool {
        self.maybe_flag("test").unwrap_or(identity.test)
    }

    /// Whether an argument is given and was not read yet.
    pub fn gives(&self, key: &str) -> bool {
        self.given.get(key).is_some_and(|value| !value.is_null())
    }

    /// Whether there is no problem so far.
    pub fn is_right(&self) -> bool {
        self.problems.is_empty()
    }

    pub fn problem(&mut self, key: &str, message: impl Into<Words>) {
        self.problems.push(Problem::new(&PillarPath::arguments().child(key), message));
    }

    /// The same, for a call that needs nothing else to report its problems.
    pub fn check(self) -> Result<()> {
        match self.finish() {
            problems if problems.is_empty() => Ok(()),
            problems => Err(model::refusal(problems)),
        }
    }

    /// Every argument that no function read is unknown.
    pub fn finish(mut self) -> Vec<Problem> {
        for key in self.given.keys() {
            let hint = hint(key, self.known.iter().copied());
            self.problems
                .push(Problem::new(&PillarPath::arguments().child(key), format!("unknown argument; {hint}")));
        }
        self.explain_order();
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
                format!("arrived as the boolean {flag}: quote the name, such as '\"no\"'")
            }
            _ => "is not a name: it must be a text".to_owned(),
        };
        self.problem(key, refusal);
        None
    }

    /// A name to use in place of one that has a problem. The call ends with that problem.
    pub fn placeholder() -> Name {
        Name::new("unknown").unwrap_or_else(|_| unreachable!("a valid name"))
    }
}

/// The environment in the report of a call. Empty if the call is refused and names none.
pub fn shown_environment<'a>(environment: &'a Name, problems: &[Problem]) -> &'a str {
    let is_refused = problems.iter().any(|problem| problem.path.is_argument());
    if is_refused && *environment == Arguments::placeholder() { "" } else { environment.as_str() }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
