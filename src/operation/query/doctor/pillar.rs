//! The environments that the pillar has, and what is wrong with it.

use serde_json::{Value, json};

use super::references;
use crate::command_line::command;
use crate::count::counted;
use crate::decide::doctor::{Check, CheckStatus, Group};
use crate::error::{Code, Error};
use crate::model::{self, Draft, Name, Overrides, Problem, SharedNames, environment_hint};
use crate::operation::blueprint::no_pillar;
use crate::operation::layers::Subject;
use crate::operation::query::examined::Examined;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{Call, Request};
use crate::words::{Words, words};

const NAME: &str = "pillar";

/// Each check with the environment that it is about. None: it is about this host.
pub type Found = Vec<(Option<String>, Check)>;

pub struct ExaminedPillar {
    /// Never empty. Without a readable environment, it has the settings of the pillar, or else the defaults.
    pub subjects: Vec<Subject>,
    pub found: Found,
    /// Whether the subjects are environments of the pillar.
    pub is_known: bool,
}

/// `named`: the environments of the call. Empty: all of the pillar.
pub fn examined(call: &Call<'_>, named: &[String]) -> ExaminedPillar {
    let (request, mut found, mut subjects) = (&call.request, Found::new(), Vec::new());
    let pillar = &request.infrastructure;
    let of_pillar: Vec<_> = request.problems.iter().filter(|one| !one.path.is_argument()).cloned().collect();
    if !of_pillar.is_empty() {
        found.push((None, wrong(&of_pillar, what_salt_compiles(request, &of_pillar))));
    } else if pillar.is_null() {
        found.push((None, wrong(&[no_pillar(request)], "write the pillar, or name the minion that has it")));
    }
    let known: Vec<String> =
        pillar["environments"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let chosen = if named.is_empty() { &known } else { named };
    let shared_names = SharedNames::new(pillar);
    for name in chosen {
        let (draft, problems) = match known.contains(name) {
            true => model::read(pillar, name, &Overrides::default()),
            // Without any environment, the pillar itself is the finding.
            false if known.is_empty() => continue,
            false => {
                let hint = environment_hint(name, known.iter().map(String::as_str));
                let place = model::PillarPath::root().child("environments");
                (None, vec![Problem::new(&place, format!("no environment {name:?}; {hint}"))])
            }
        };
        match draft {
            None => found.push((None, wrong(&problems, "correct the pillar or the call"))),
            Some(draft) => {
                let (subject, prepared) = Subject::of(call, draft);
                let interface = |component: &Name| {
                    let nodes = &prepared.as_ref().ok()?.blueprint.nodes;
                    nodes.get(component).map(|node| &*node.interface)
                };
                let shared = shared_names.of(name, &Overrides::default());
                let mut checks = references::checks(&subject.draft, interface);
                checks.insert(
                    0,
                    match &prepared {
                        // It has the problems of the pillar too.
                        Err(error) => broken(name, error),
                        Ok(_) if !shared.is_empty() => {
                            wrong(&shared, words!["all of them: ", command("validate").of(name)])
                        }
                        Ok(prepared) => sound(name, &Examined::of(prepared, &request.identity.place)),
                    },
                );
                found.extend(checks.into_iter().map(|check| (Some(name.clone()), check)));
                subjects.push(subject);
            }
        }
    }
    if !pillar.is_null() && known.is_empty() {
        let message = "infrastructure:environments has no environment";
        let verdict = (CheckStatus::Wrong, Code::Invalid);
        found.push((None, Check::bad(Group::Salt, NAME, verdict, message, "add one, such as staging: {}")));
    }
    let is_known = !subjects.is_empty();
    if !is_known {
        subjects.extend(stand_in(pillar, named).map(|draft| Subject::of(call, draft).0));
    }
    ExaminedPillar { subjects, found, is_known }
}

/// An environment without components, so that the host can be examined with the settings of the pillar.
fn stand_in(pillar: &Value, named: &[String]) -> Option<Draft> {
    let name = named.first().and_then(|name| Name::new(name).ok()).unwrap_or_else(Arguments::placeholder);
    let with = |settings: &Value| {
        let alone = json!({ "settings": settings, "environments": { name.as_str(): {} } });
        model::read(&alone, name.as_str(), &Overrides::default()).0
    };
    with(&pillar["settings"]).or_else(|| with(&json!({})))
}

/// What would fail in a run of a component, although its pillar fits its module.
fn sound(environment: &str, examined: &Examined) -> Check {
    let mut errors = examined.refused.values().filter_map(|report| report.error.clone());
    match (errors.next(), examined.refused.len()) {
        (None, _) => Check::ok(Group::Salt, NAME, words!["it and its modules are correct"]),
        (Some(error), 1) => Check::of_error(Group::Salt, NAME, CheckStatus::Wrong, error),
        (Some(first), many) => {
            let verdict = (CheckStatus::Wrong, first.code);
            let first = Check::of_error(Group::Salt, NAME, CheckStatus::Wrong, first);
            let message = words![counted(many, "component"), " would fail, first: ", first.message];
            let remedy = words!["all of them: ", command("validate").of(environment)];
            Check::bad(Group::Salt, NAME, verdict, message, remedy)
        }
    }
}

/// A problem that names the command itself needs no other one.
fn what_salt_compiles(request: &Request, problems: &[Problem]) -> Words {
    let is_named = problems.iter().any(|problem| problem.message.commands().next().is_some());
    match request.identity.shows_pillar().filter(|_| !is_named) {
        Some(shows) => words!["correct it; this shows what Salt compiles: ", shows],
        None => "correct it".into(),
    }
}

fn wrong(problems: &[Problem], remedy: impl Into<Words>) -> Check {
    let first =
        problems.first().map(|one| words![format!("{}: ", one.path), &one.message]).unwrap_or_default();
    let more = match problems.len() {
        0 | 1 => String::new(),
        many => format!(" (and {} more)", counted(many - 1, "problem")),
    };
    let verdict = (CheckStatus::Wrong, Code::Invalid);
    Check::bad(Group::Salt, NAME, verdict, words![first, more], remedy)
}

/// The error has all problems of the environment. The first one is enough here.
fn broken(environment: &str, error: &Error) -> Check {
    let problems: Vec<_> = error.details["problems"].as_array().into_iter().flatten().collect();
    let verdict = (CheckStatus::Wrong, error.code);
    let Some(first) = problems.first() else {
        return Check::of_error(Group::Salt, NAME, CheckStatus::Wrong, error.clone());
    };
    let text = |key: &str| first[key].as_str().unwrap_or_default();
    let message =
        format!("{}, first: {}: {}", counted(problems.len(), "problem"), text("path"), text("message"));
    let remedy = words!["all of them: ", command("validate").of(environment)];
    Check::bad(Group::Salt, NAME, verdict, message, remedy)
}
