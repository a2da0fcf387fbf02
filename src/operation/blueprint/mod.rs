//! From the pillar to a blueprint. All problems are reported at once, before anything runs.

pub mod broken_modules;
pub mod earlier_configuration;
pub mod gone;
pub mod prepared;
pub mod saved_arguments;

use std::collections::{BTreeMap, BTreeSet};

use self::broken_modules::BrokenComponents;
use self::prepared::{AppliedConfigurations, Broken, Prepared};
use crate::command_line::option;
use crate::error::Error;
use crate::model::{self, Blueprint, Draft, Name, Overrides, Problem};
use crate::operation::request::call::{Call, Request};
use crate::operation::store::given_values::with_given;
use crate::operation::store::saved_plans::SavedPlans;
use crate::render;
use crate::resolve::Modules;
use crate::workdir::Layout;

/// Reads the pillar and all modules that it names. `problems` are those of the call itself.
pub(super) fn prepare(
    call: &Call<'_>,
    environment: &Name,
    overrides: &Overrides,
    mut problems: Vec<Problem>,
    past: AppliedConfigurations<'_>,
) -> Result<Prepared, Error> {
    let (request, host) = (&call.request, call.host);
    // A wrong call may name no environment to read the pillar for. The host says why there is no pillar.
    let wrong_call = problems.iter().any(|problem| problem.path.is_argument());
    if wrong_call || (request.infrastructure.is_null() && !problems.is_empty()) {
        return Err(model::refusal(problems));
    }
    let (draft, found) = read(request, environment, overrides);
    problems.extend(found);
    let Some(mut draft) = draft else {
        return Err(model::refusal(problems));
    };
    if let Some(named) = past.gone {
        problems.extend(gone::adopt(&mut draft, named, overrides)?);
    }

    let mut cache = Modules::new(host);
    let mut modules = BTreeMap::new();
    let mut unread = Broken::new();
    for (name, component) in &draft.components {
        let Some(module) = cache.of(component) else { continue };
        match module {
            Ok(module) => {
                modules.insert(name.clone(), module);
            }
            Err(message) => {
                unread.insert(name.clone(), vec![Problem::new(&component.place("source"), message)]);
            }
        }
        if let Err(message) = render::backend(&component.backend, environment, name) {
            problems.push(Problem::new(&component.place("backend"), message));
        }
    }
    problems.extend(saved_arguments::secret_literals(&request.operation, overrides, &modules));
    let BrokenComponents { as_applied, left_out, problems: left } = match past.broken {
        Some(destruction) => broken_modules::swap(&mut draft, &mut modules, unread, destruction)?,
        None => BrokenComponents {
            problems: unread.into_values().flatten().collect(),
            ..BrokenComponents::default()
        },
    };
    problems.extend(left);
    let interfaces = modules.iter().map(|(name, module)| (name.clone(), module.interface.clone())).collect();
    let laid_out = broken_modules::laid_out(&draft, past.broken)?;
    let blueprint = model::check(draft, &interfaces, problems).map_err(|problems| {
        laid_out.iter().for_each(|run| drop(std::fs::remove_dir_all(run)));
        model::refusal(problems)
    })?;
    Ok(Prepared { blueprint, modules, given: overrides.clone(), as_applied, left_out })
}

/// The values of a call that applies or approves a saved plan: its own, and those of the call that made the plan.
pub(super) fn given_for_plan(
    request: &Request,
    environment: &Name,
    plan_id: &str,
    call: &Overrides,
) -> Result<Overrides, Error> {
    // The run reports a pillar that cannot be read.
    let Ok(draft) = draft(request, environment) else { return Ok(call.clone()) };
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    with_given(&SavedPlans::new(&layout, plan_id), &layout, call)
}

/// The pillar alone, and its problems.
pub(super) fn read(
    request: &Request,
    environment: &Name,
    overrides: &Overrides,
) -> (Option<Draft>, Vec<Problem>) {
    match request.infrastructure.is_null() {
        true => (None, vec![no_pillar(request)]),
        false => model::read(&request.infrastructure, environment.as_str(), overrides),
    }
}

/// Names the minion, because a runner reads the master's own pillar if the call names no other.
pub(super) fn no_pillar(request: &Request) -> Problem {
    let minion = &request.identity.minion;
    let other = option("minion", "ID");
    let message = format!(
        "the pillar of the minion {minion:?} does not have this key. Either name the minion that has it: {other}. Or give {minion:?} the pillar file in top.sls (base: {{'{minion}': [FILE]}}), and \
         refresh it there: saltutil.refresh_pillar"
    );
    Problem::new(&model::PillarPath::root(), message)
}

/// The same with today's pillar, and no component replaced: for questions.
pub(super) fn today(call: &Call<'_>, environment: &Name, problems: Vec<Problem>) -> Result<Prepared, Error> {
    prepare(call, environment, &Overrides::default(), problems, AppliedConfigurations::NONE)
}

/// The pillar alone, for questions that must be answered even if a module is broken.
pub(super) fn draft(request: &Request, environment: &Name) -> Result<Draft, Error> {
    let (draft, problems) = read(request, environment, &Overrides::default());
    draft.ok_or_else(|| model::refusal(problems))
}

/// The pillar alone, if it has no problems.
pub(super) fn sound(request: &Request, environment: &Name) -> Result<Draft, Error> {
    let (draft, problems) = read(request, environment, &Overrides::default());
    let all = request.problems.iter().cloned().chain(problems).collect::<Vec<_>>();
    match draft.filter(|_| all.is_empty()) {
        Some(draft) => Ok(draft),
        None => Err(model::refusal(all)),
    }
}

/// Refuses an operation on modules that names a Salt step.
pub(super) fn refuse_steps(
    blueprint: &Blueprint,
    names: &BTreeSet<Name>,
    operation: &str,
) -> Result<(), Error> {
    let path = model::PillarPath::arguments().child("components");
    let step = |name: &&Name| blueprint.nodes.get(*name).is_some_and(|node| node.component.step.is_some());
    let problem = |name| {
        Problem::new(&path, format!("{name} is a Salt step, but {operation} is for Terraform components"))
    };
    match names.iter().filter(step).map(problem).collect::<Vec<_>>() {
        none if none.is_empty() => Ok(()),
        problems => Err(model::refusal(problems)),
    }
}

/// The components of a call: the named ones, or all that are enabled.
pub(super) fn select(
    blueprint: &Blueprint,
    named: Option<BTreeSet<Name>>,
    include_dependencies: bool,
) -> Result<BTreeSet<Name>, Error> {
    let enabled = |name: &Name| blueprint.nodes[name].component.enabled;
    let path = model::PillarPath::arguments().child("components");
    let Some(named) = named else {
        return Ok(blueprint.nodes.keys().filter(|name| enabled(name)).cloned().collect());
    };
    let mut problems = Vec::new();
    for name in &named {
        match blueprint.nodes.get(name) {
            None if let Some(message) = gone::refusal(blueprint, name) => {
                problems.push(Problem::new(&path, message));
            }
            None => {
                let known = blueprint.nodes.keys().map(Name::as_str);
                let service = model::component_name(name.as_str());
                let near = match blueprint.nodes.contains_key(service.as_str()) {
                    true => Some(service.as_str()),
                    false => model::nearest(name.as_str(), known.clone()),
                };
                let hint = near.map_or_else(
                    || format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean {near:?}?"),
                );
                problems.push(Problem::new(
                    &path,
                    format!(
                        "no component {name:?} in {}; {hint}",
                        blueprint.environment,
                        name = name.as_str()
                    ),
                ));
            }
            Some(node) if !node.component.enabled => problems.push(Problem::new(
                &path,
                format!("{name} is disabled; set {}:enabled to true", node.component.path),
            )),
            Some(_) => {}
        }
    }
    if !problems.is_empty() {
        return Err(model::refusal(problems));
    }
    Ok(match include_dependencies {
        true => blueprint.graph.closure(&named).into_iter().filter(enabled).collect(),
        false => named,
    })
}
