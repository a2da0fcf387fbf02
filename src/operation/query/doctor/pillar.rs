//! The environments that the pillar has, and what is wrong with it.

use serde_json::{Value, json};

use crate::command_line::command;
use crate::count::counted;
use crate::decide::doctor::{Check, CheckStatus, Group};
use crate::error::{Code, Error};
use crate::model::{self, Draft, Name, Overrides, Problem, environment_hint};
use crate::operation::blueprint::no_pillar;
use crate::operation::layers::Subject;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::words::words;

const NAME: &str = "pillar";

/// Each check with the environment that it is about. None: it is about this host.
pub type Found = Vec<(Option<String>, Check)>;

pub struct Examined {
    /// Never empty. Without a readable environment, it has the settings of the pillar, or else the defaults.
    pub subjects: Vec<Subject>,
    pub found: Found,
    /// Whether the subjects are environments of the pillar.
    pub is_known: bool,
}

/// `named`: the environments of the call. Empty: all of the pillar.
pub fn examined(call: &Call<'_>, named: &[String]) -> Examined {
    let (request, mut found, mut subjects) = (&call.request, Found::new(), Vec::new());
    let pillar = &request.infrastructure;
    let of_pillar: Vec<_> = request.problems.iter().filter(|one| !one.path.is_argument()).cloned().collect();
    if !of_pillar.is_empty() {
        found.push((None, wrong(&of_pillar, "salt-run pillar.show_pillar MINION shows what Salt compiles")));
    } else if pillar.is_null() {
        found.push((None, wrong(&[no_pillar(request)], "write the pillar, or name the minion that has it")));
    }
    let known: Vec<String> =
        pillar["environments"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let chosen = if named.is_empty() { &known } else { named };
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
                let (subject, error) = Subject::of(call, draft);
                let check = match error {
                    // It has the problems of the pillar too.
                    Some(error) => broken(name, &error),
                    None => Check::ok(Group::Salt, NAME, words!["it and its modules are correct"]),
                };
                found.push((Some(name.clone()), check));
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
    Examined { subjects, found, is_known }
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

fn wrong(problems: &[Problem], remedy: &'static str) -> Check {
    let first = problems.first().map(|one| format!("{}: {}", one.path, one.message)).unwrap_or_default();
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
