//! Which environment a call names, and the id of a run or a plan that may be given in its place.

use serde_json::Value;

use super::Arguments;
use super::context::WORDS;
use super::forms::form;
use crate::command_line;
use crate::decide::{
    ChosenEnvironment, EnvironmentError, EnvironmentRequirement, EnvironmentSources, choose_environment,
    is_id,
};
use crate::model::{Name, PillarPath, environment_hint};
use crate::words::words;

/// The other parameters of these functions.
const PLACED: [&str; 6] = ["component", "components", "drift_id", "id", "plan_id", "run_id"];

impl Arguments {
    /// The environment, from the call or from the pillar's default.
    pub fn environment(&mut self) -> Name {
        self.meant(EnvironmentRequirement::Named, None)
            .map_or_else(Self::placeholder, |meant| meant.environment)
    }

    /// The environment, which only the call itself may name. None if it does not, which is a problem.
    pub fn environment_in_the_call(&mut self) -> Option<Name> {
        self.meant(EnvironmentRequirement::NamedInTheCall, None).map(|meant| meant.environment)
    }

    /// The other environment of a call that names two. A placeholder if it does not, which is a problem.
    pub fn target(&mut self, environment: Option<&Name>) -> Name {
        let target = self.name_or("target", "is missing: name the other environment");
        let is_given =
            self.received.get("target").is_some_and(|given| given.as_str() == Some(target.as_str()));
        if is_given && environment == Some(&target) {
            self.problem("target", format!("{target} is the same environment: name another one"));
        } else if is_given && !self.context.is_environment(target.as_str()) {
            let all = self.context.environments.iter().flatten().map(Name::as_str);
            let hint = environment_hint(target.as_str(), all);
            self.problem("target", format!("no environment {:?}; {hint}", target.as_str()));
        }
        target
    }

    /// The environment of a run or a plan whose id the call gives. It must agree with the rest of the call.
    ///
    /// None if no run or plan has that id, and the call names no environment either.
    pub fn environment_of(&mut self, id: &str, its: Option<&Name>) -> Option<Name> {
        match its {
            None if self.names_no_environment() => {
                self.named();
                None
            }
            its => self
                .meant(EnvironmentRequirement::Named, its.map(|its| (id, its)))
                .map(|meant| meant.environment),
        }
    }

    /// None if it is not clear, which is a problem, and if there is no pillar.
    pub fn meant(
        &mut self,
        demand: EnvironmentRequirement,
        id: Option<(&str, &Name)>,
    ) -> Option<ChosenEnvironment> {
        let before = self.problems.len();
        let call = self.named();
        if self.problems.len() > before {
            return None;
        }
        let environments = self.context.environments.clone();
        let Some(environments) = environments.filter(|all| !all.is_empty() || call.is_empty()) else {
            // The pillar has no environment, and its own problems report that.
            let (word, value) = call.first()?;
            let environment = self.as_name(word, &value.as_str().into())?;
            return Some(ChosenEnvironment { environment, in_the_call: true });
        };
        let is_known = |name: &str| environments.iter().any(|one| one.as_str() == name);
        let of_component = match call.iter().any(|(word, name)| *word == WORDS[2] && !is_known(name)) {
            true => "; workspace means the environment here: name a component with component=NAME",
            false => "",
        };
        let naming = EnvironmentSources {
            call: call.iter().map(|(word, value)| (*word, value.as_str())).collect(),
            id,
            pillar: self.context.pillar.as_deref(),
            default: self.context.default.as_deref(),
            environments,
        };
        let meant = choose_environment(&naming, demand);
        meant
            .inspect(|meant| command_line::about(&meant.environment))
            .map_err(|unclear| {
                let message = match &unclear {
                    EnvironmentError::NoSuch { named, environments } if self.is_component(named) => {
                        match environments.first() {
                            None => format!("{named} is a component: write the environment before it"),
                            Some(first) => format!(
                                "{named} is a component: write the environment before it, such as {first} {named}"
                            ),
                        }
                    }
                    unclear => format!("{unclear}{of_component}"),
                };
                self.problem(WORDS[0], message);
            })
            .ok()
    }

    /// The names of environments that the call gives, for an operation that takes any name and none.
    pub fn environments_named(&mut self) -> Vec<String> {
        let mut names: Vec<_> = self.named().into_iter().map(|(_, name)| name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Every name that the call gives, with the argument that gives it.
    fn named(&mut self) -> Vec<(&'static str, String)> {
        let mut named = Vec::new();
        for word in WORDS {
            let Some(value) = self.take(word) else { continue };
            for one in several(&value) {
                match one {
                    Value::String(text) => named.push((word, text.clone())),
                    other => drop(self.as_name(word, other)),
                }
            }
        }
        named
    }

    fn is_component(&self, name: &str) -> bool {
        self.context.components.contains(name)
    }

    fn names_no_environment(&self) -> bool {
        !WORDS.iter().any(|word| self.gives(word))
    }

    /// Moves a text that was given in place of the environment to its own key, if the key is not given.
    pub fn move_from_environment(&mut self, key: &'static str, is_meant: fn(&str) -> bool) {
        if self.gives(key) || !self.given.get(WORDS[0]).and_then(Value::as_str).is_some_and(is_meant) {
            return;
        }
        let moved = self.given.remove(WORDS[0]);
        self.given.extend(moved.map(|value| (key.to_owned(), value)));
    }

    /// `ENVIRONMENT COMPONENT` in place of `COMPONENT ID` lacks the id: moves each word to its own key.
    pub fn move_into_environment(&mut self, [first, second]: [&'static str; 2]) {
        let Some(name) = self.given.get(first).and_then(Value::as_str).map(str::to_owned) else { return };
        if !self.names_no_environment() || !self.context.is_environment(&name) || self.is_component(&name) {
            return;
        }
        command_line::about(&name);
        let component = self.given.remove(second).unwrap_or_default();
        self.given.insert(first.to_owned(), component);
        self.given.insert(WORDS[0].to_owned(), name.into());
        self.received = self.given.clone();
    }

    /// Moves an id that was given in place of the environment to its own key.
    pub(super) fn move_id(&mut self, key: &'static str) {
        let Some(place) = self.given.get(WORDS[0]) else { return };
        let (ids, others): (Vec<_>, Vec<_>) =
            several(place).iter().cloned().partition(|one| one.as_str().is_some_and(is_id));
        let [id] = &ids[..] else { return };
        let left = match others.as_slice() {
            [one] => one.clone(),
            _ => Value::Null,
        };
        self.given.insert(WORDS[0].to_owned(), left);
        match self.given.insert(key.to_owned(), id.clone()) {
            Some(other) if !other.is_null() && other != *id => {
                self.problem(
                    key,
                    format!("is {other}, but the first argument is another id, {id}: give one id"),
                );
            }
            _ => {}
        }
    }

    /// If the arguments of a call are in another order, which an older version accepted, reports only that.
    pub(super) fn explain_order(&mut self) {
        let Some(form) = form(&self.context.operation) else { return };
        let at = |key: &str| PillarPath::arguments().child(key);
        let environment = at(WORDS[0]);
        let is_unclear = self.problems.iter().any(|problem| problem.path == environment);
        if !is_unclear && !self.is_order_doubtful() {
            return;
        }
        if is_unclear {
            // What the other arguments lack follows from that.
            let placed = PLACED.map(at);
            self.problems.retain(|problem| !placed.contains(&problem.path));
        }
        let first = match is_unclear {
            true => self.problems.iter_mut().find(|problem| problem.path == environment),
            false => self.problems.iter_mut().filter(|problem| problem.path.is_argument()).min(),
        };
        if let Some(problem) = first {
            let message = std::mem::take(&mut problem.message);
            problem.message = words![message, "; the environment comes first: ", form];
        }
    }

    /// Whether the first argument may be that of another parameter. A name of an environment alone is not.
    fn is_order_doubtful(&self) -> bool {
        let first = WORDS.iter().find_map(|word| self.received.get(*word).filter(|value| !value.is_null()));
        let is_right = |name: &str| self.context.is_environment(name) && !self.is_component(name);
        first.is_some_and(|value| !value.as_str().is_some_and(is_right))
    }
}

/// A value that is given by position and another that is given by name arrive as a list of both.
fn several(value: &Value) -> &[Value] {
    match value {
        Value::Array(both) if both.len() > 1 => both,
        one => std::slice::from_ref(one),
    }
}
