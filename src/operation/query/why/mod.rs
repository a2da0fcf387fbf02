//! Where the values of a component or of the settings come from: the level, and the file of the pillar.
//!
//! The answer needs neither a sound pillar nor a module that can be read.

mod defaults;
mod setting;
mod settings;
mod sources;
mod target;
mod used;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use self::settings::Asked;
use self::target::Target;
pub(super) use self::used::{UsedValue, settings_used, used};
use crate::command_line::command;
use crate::count::counted;
use crate::error::Result;
use crate::model::{
    self, Draft, Interface, Name, Overrides, PillarPath, Problem, Trace, component_name, hint,
};
use crate::operation::blueprint::read;
use crate::operation::blueprint::saved_arguments::secret_literals;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::report::Report;
use crate::resolve::{self, Module, Modules};
use crate::words::{Words, words};

pub fn why(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    arguments.move_from_environment("what", target::is_path);
    let environment = arguments.environment();
    let target = target::target(&mut arguments);
    let overrides = arguments.inputs(target.name());
    arguments.value("minion");
    let builder = ReportBuilder::new("why", environment.as_str(), false, &call.request.identity);
    match answer(call, &environment, &target, &overrides, arguments.finish()) {
        Ok(extra) => builder.answer(BTreeMap::new(), extra),
        Err(error) => builder.failed(error),
    }
}

fn answer(
    call: &Call<'_>,
    environment: &Name,
    target: &Target,
    overrides: &Overrides,
    mut problems: Vec<Problem>,
) -> Result<BTreeMap<String, Value>> {
    let infrastructure = &call.request.infrastructure;
    let is_wrong = |problems: &[Problem]| problems.iter().any(|problem| problem.path.is_argument());
    if is_wrong(&problems) || (infrastructure.is_null() && !problems.is_empty()) {
        return Err(model::refusal(problems));
    }
    let (draft, found) = read(&call.request, environment, overrides);
    problems.extend(found);
    let Some(draft) = draft.filter(|_| !is_wrong(&problems)) else { return Err(model::refusal(problems)) };
    let refuse =
        |message: String| model::refusal(vec![Problem::new(&PillarPath::arguments().child("what"), message)]);

    let name = target.name();
    let trace = match Trace::of_component(infrastructure, environment.as_str(), overrides, name) {
        None if target.may_be_settings() => {
            Trace::of_settings(infrastructure, environment.as_str(), overrides)
        }
        trace => trace,
    };
    let Some(trace) = trace else { return Err(refuse(no_component(name, &draft))) };
    let component = draft.components.get(name);

    let mut notes: Vec<Words> = Vec::new();
    let mut module: Option<Arc<Module>> = None;
    if let Some((component, found)) = component.and_then(|one| Some((one, Modules::new(call.host).of(one)?)))
    {
        match found {
            Ok(read) => module = Some(read),
            Err(reason) => notes.push(words![
                "the module cannot be read, so its own defaults are not known, and each value may be a secret: ",
                reason
            ]),
        }
        let modules = module.iter().map(|module| (component.name.clone(), module.clone())).collect();
        let secrets = secret_literals(&call.request.operation, overrides, &modules);
        if !secrets.is_empty() {
            return Err(model::refusal(secrets));
        }
        let undeclared: Vec<_> =
            module.iter().flat_map(|one| undeclared(overrides, &one.interface)).collect();
        if !undeclared.is_empty() {
            return Err(model::refusal(undeclared));
        }
    }
    if !problems.is_empty() {
        let many = counted(problems.len(), "problem");
        notes.push(words![
            format!("the pillar has {many}: "),
            command("validate").of(environment),
            " shows all"
        ]);
    }
    let values = module.as_deref().map(resolve::values).unwrap_or_default();
    let defaults = match component {
        Some(component) => defaults::of_component(component),
        None if trace.is_settings() => defaults::of_settings(&draft.settings),
        None => Value::Null,
    };
    let asked = Asked {
        trace: &trace,
        environment,
        component,
        interface: module.as_ref().map(|module| module.interface.as_ref()),
        values: &values,
        defaults: &defaults,
        salt_root: call.request.identity.salt_root.as_deref(),
    };
    let settings = match target.path() {
        Some((first, rest)) => asked.one(first, rest).map_err(refuse)?,
        None => asked.all(),
    };
    let setters = settings.iter().flat_map(|setting| &setting.setters);
    let origins = sources::of(call, setters, &mut notes);
    let shown: Vec<Value> = settings.iter().map(|one| one.shown(&origins)).collect();
    Ok(BTreeMap::from([
        ("what".to_owned(), target.text().into()),
        ("why".to_owned(), shown.into()),
        ("why_notes".to_owned(), json!(notes)),
        ("commands".to_owned(), notes.iter().flat_map(Words::commands).collect()),
    ]))
}

/// The values of the call for variables that the module does not declare.
fn undeclared(overrides: &Overrides, interface: &Interface) -> Vec<Problem> {
    let given = [("variables", &overrides.variables), ("secrets", &overrides.secrets)];
    let mut problems = Vec::new();
    for (argument, (_, values)) in
        given.into_iter().filter_map(|(argument, given)| Some((argument, given.as_ref()?)))
    {
        for name in values.as_object().into_iter().flat_map(|values| values.keys()) {
            if interface.variable(name).is_none() {
                let place = PillarPath::arguments().child(argument).child(name);
                problems.push(Problem::new(&place, interface.no_variable(name)));
            }
        }
    }
    problems
}

fn no_component(name: &Name, draft: &Draft) -> String {
    let known = || draft.mentioned.iter().map(Name::as_str).chain(["settings"]);
    let service = component_name(name.as_str());
    let near = match known().any(|known| known == service) {
        true => format!("did you mean {service:?}?"),
        false => hint(name.as_str(), known().collect::<Vec<_>>().iter().copied()),
    };
    format!("no component {:?} in {}; {near}", name.as_str(), draft.environment)
}
