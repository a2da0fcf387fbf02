//! The arguments of each operation on an environment, and what it then runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::command_line::{command, option, switch, switched_off};
use crate::error::Result;
use crate::journal;
use crate::model::{Name, Overrides, RotationRequest, StateEdit};
use crate::operation::intent::rollback::RollbackRequest;
use crate::operation::intent::{Destruction, Intent, Mode, Options, What};
use crate::operation::query::find_run;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Request;
use crate::operation::run::run_request::RunRequest;
use crate::words::{Words, words};

/// A state of one component.
pub fn state_apply(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let component = arguments.name("component");
    let overrides = arguments.inputs(&component);
    arguments.refuse_retry();
    let test = arguments.test(&request.identity);
    let intent = Intent::new(What::Configuration, Mode::of(test));
    let wanted = RunRequest {
        components: Some([component].into()),
        overrides,
        by_fingerprint: !arguments.refresh(),
        ..RunRequest::new("apply", arguments.environment(), intent)
    };
    end(arguments, wanted)
}

pub fn orchestrate(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let retry = arguments.retry(&request.identity);
    bring_up(arguments, request, retry)
}

/// A state of an environment.
pub fn state_orchestrate(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    arguments.refuse_retry();
    bring_up(arguments, request, false)
}

fn bring_up(mut arguments: Arguments, request: &Request, retry: bool) -> RunRequest {
    let test = arguments.test(&request.identity);
    several(arguments, "orchestrate", Mode::of(test), |arguments| Options {
        migrate_backend: arguments.flag("migrate_backend"),
        upgrade: arguments.flag("upgrade"),
        retry,
        ..Options::default()
    })
}

/// The second result: whether the call asks for a page in markdown.
pub fn plan(request: &Request) -> (RunRequest, bool) {
    let mut arguments = Arguments::new(request);
    arguments.branch();
    let of_branch = request.identity.branch.is_some();
    let options = |arguments: &mut Arguments| Options {
        upgrade: arguments.flag("upgrade"),
        of_branch,
        ..Options::default()
    };
    let affected = arguments.text("affected");
    let is_page = arguments.is_markdown();
    (RunRequest { affected, ..several(arguments, "plan", Mode::SavePlans, options) }, is_page)
}

/// The pillar's configuration of the components that the call names, or of all.
fn several(
    mut arguments: Arguments,
    operation: &'static str,
    mode: Mode,
    options: impl FnOnce(&mut Arguments) -> Options,
) -> RunRequest {
    let environment = arguments.environment();
    let components = arguments.components(&environment);
    let include_dependencies = arguments.flag("include_dependencies");
    let overrides = overrides(&mut arguments, components.as_ref());
    let options = options(&mut arguments);
    let by_fingerprint = !arguments.refresh();
    if by_fingerprint && options.upgrade {
        arguments.problem(
            "refresh",
            format!("{} and {} exclude each other", switched_off("refresh"), switch("upgrade")),
        );
    }
    let intent = Intent { options, ..Intent::new(What::Configuration, mode) };
    let wanted = RunRequest {
        components,
        by_fingerprint,
        include_dependencies,
        overrides,
        ..RunRequest::new(operation, environment, intent)
    };
    end(arguments, wanted)
}

/// The values of a call that replace those of the pillar. Variables and secrets belong to one component.
fn overrides(arguments: &mut Arguments, components: Option<&BTreeSet<Name>>) -> Overrides {
    let given = ["variables", "secrets"].into_iter().find(|key| arguments.gives(key));
    let only = components.filter(|names| names.len() == 1).and_then(BTreeSet::first);
    if let (Some(given), None) = (given, only) {
        let message = format!("must name one component, because {given} belongs to one component");
        arguments.problem("components", message);
    }
    let component = only.cloned().unwrap_or_else(Arguments::placeholder);
    let Overrides { variables, secrets, .. } = arguments.inputs(&component);
    Overrides { variables, secrets, ..arguments.overrides() }
}

fn no_plan() -> Words {
    let (plan, apply) = (command("plan").here(), command("orchestrate").here());
    words![plan, " saves a plan and shows its plan_id. To deploy without a saved plan: ", apply]
}

pub fn apply(request: &Request) -> Result<RunRequest> {
    let mut arguments = Arguments::new(request);
    let plan_id = arguments.run_id("plan_id", no_plan);
    let environment = find_run::environment_of_plan(&mut arguments, request, &plan_id)?;
    let test = arguments.test(&request.identity);
    let intent = Intent::new(What::SavedPlan { plan_id, destroys: false }, Mode::of(test));
    let wanted =
        RunRequest { overrides: arguments.overrides(), ..RunRequest::new("apply", environment, intent) };
    Ok(end(arguments, wanted))
}

/// The drift that a check reported is undone.
pub fn remediate(request: &Request) -> RunRequest {
    of_drift(request, journal::REMEDIATE, |drift_id| What::Drift { drift_id })
}

/// The drift that a check reported is taken into the state.
pub fn accept_drift(request: &Request) -> RunRequest {
    of_drift(request, journal::ACCEPT_DRIFT, |drift_id| What::AcceptedDrift { drift_id })
}

fn of_drift(request: &Request, operation: &'static str, what: fn(String) -> What) -> RunRequest {
    let mut arguments = Arguments::new(request);
    arguments.move_into_environment(["component", "drift_id"]);
    let missing = words![
        "is missing: ",
        command("drift").here(),
        " shows each component that has drifted, and its drift_id"
    ];
    let (names_one, component) = (arguments.gives("component"), arguments.name_or("component", missing));
    let drift_id = arguments.text("drift_id");
    if drift_id.is_none() && names_one {
        let drift = command("drift").here().with("components", &component);
        let message = words!["is missing: ", drift, " shows it"];
        arguments.problem("drift_id", message);
    }
    let test = arguments.test(&request.identity);
    arguments.value("minion");
    let intent = Intent::new(what(drift_id.unwrap_or_default()), Mode::of(test));
    let wanted = RunRequest {
        components: Some([component].into()),
        ..RunRequest::new(operation, arguments.environment(), intent)
    };
    end(arguments, wanted)
}

/// New values for generated secrets of services, and a deployment of everything that reads them.
pub fn rotate(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let environment = arguments.environment_beside("keys");
    let secrets = arguments.service_secrets("keys", &environment);
    let keeps_previous = arguments.flag("keep_previous");
    let test = arguments.test(&request.identity);
    // What a failure means is not to choose here: the old values return.
    let parallelism = arguments.value("parallelism");
    arguments.value("minion");
    let intent = Intent::new(What::Configuration, Mode::of(test));
    let wanted = RunRequest {
        rotation: Some(RotationRequest { secrets, keeps_previous }),
        overrides: Overrides { parallelism, ..Overrides::default() },
        ..RunRequest::new(journal::ROTATE, environment, intent)
    };
    end(arguments, wanted)
}

pub fn destroy(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let environment = arguments.environment_in_the_call();
    let test = arguments.test(&request.identity);
    let is_given = arguments.gives("confirm");
    let place = environment.clone().unwrap_or_else(Arguments::placeholder);
    let components = arguments.components(&place);
    if !arguments.confirmed(environment.as_ref())
        && !is_given
        && !test
        && let Some(environment) = &environment
    {
        let whole = || vec!["it".to_owned()];
        let named = components.as_ref().map(|names| names.iter().map(Name::to_string).collect());
        let destroyed = named.unwrap_or_else(whole).join(", ");
        let confirm = option("confirm", environment);
        arguments.problem("confirm", format!("is missing: set {confirm} to destroy {destroyed}"));
    }
    let what = What::Destroy(Destruction::confirmed(arguments.flag("preserve_data")));
    let wanted = RunRequest {
        overrides: overrides(&mut arguments, components.as_ref()),
        components,
        ..RunRequest::new("destroy", place, Intent::new(what, Mode::of(test)))
    };
    end(arguments, wanted)
}

/// Back to a snapshot, or to the configuration before the last one.
pub fn rollback(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let snapshot_id = arguments.maybe_run_id("snapshot_id");
    let environment = arguments.environment_in_the_call();
    let place = environment.clone().unwrap_or_else(Arguments::placeholder);
    let order = arguments.ordered("order", &place);
    let components = arguments.components(&place);
    let components = components.or_else(|| order.as_ref().map(|order| order.iter().cloned().collect()));
    if let (Some(names), Some(order)) = (&components, &order)
        && (order.len() != names.len() || order.iter().any(|name| !names.contains(name)))
    {
        arguments.problem("order", "must name each of the components once");
    }
    if snapshot_id.is_some() && components.as_ref().is_some_and(|names| names.len() > 1) {
        arguments.problem("snapshot_id", "is for one component: name that component");
    }
    let preserve_data = arguments.flag("preserve_data");
    back(
        arguments,
        request,
        environment,
        components,
        RollbackRequest { snapshot_id, order, preserve_data, ..RollbackRequest::default() },
    )
}

/// Several components, in the named order: dependents first.
pub fn staged_rollback(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let environment = arguments.environment_in_the_call();
    let place = environment.clone().unwrap_or_else(Arguments::placeholder);
    let order = arguments.ordered("components", &place);
    let components = order.as_ref().map(|order| order.iter().cloned().collect());
    let preserve_data = arguments.maybe_flag("preserve_data").unwrap_or(true);
    back(
        arguments,
        request,
        environment,
        components,
        RollbackRequest { order, preserve_data, takes_down: true, ..RollbackRequest::default() },
    )
}

fn back(
    mut arguments: Arguments,
    request: &Request,
    environment: Option<Name>,
    components: Option<BTreeSet<Name>>,
    rollback: RollbackRequest,
) -> RunRequest {
    if components.is_none() {
        arguments.problem("components", "is missing: name the components to roll back");
    }
    let confirmed = arguments.confirmed(environment.as_ref());
    let test = arguments.test(&request.identity);
    let intent = Intent::new(What::Rollback(RollbackRequest { confirmed, ..rollback }), Mode::of(test));
    let environment = environment.unwrap_or_else(Arguments::placeholder);
    let wanted = RunRequest {
        components,
        overrides: arguments.overrides(),
        ..RunRequest::new(journal::ROLLBACK, environment, intent)
    };
    end(arguments, wanted)
}

/// A person has examined the result of a failed rollback.
pub fn acknowledge(request: &Request) -> RunRequest {
    let mut arguments = Arguments::new(request);
    let environment = arguments.environment();
    let components = arguments.components(&environment);
    if components.is_none() {
        arguments.problem("components", "is missing: name the components that you have checked");
    }
    let intent = Intent::new(What::Acknowledge, Mode::Apply);
    let wanted = RunRequest {
        components,
        overrides: arguments.overrides(),
        ..RunRequest::new("acknowledge", environment, intent)
    };
    end(arguments, wanted)
}

/// The imports of jobs that run, each by its component.
pub(super) fn adoption(
    operation: &'static str,
    environment: Name,
    imports: BTreeMap<Name, StateEdit>,
    test: bool,
) -> RunRequest {
    let components = Some(imports.keys().cloned().collect());
    let intent = Intent::new(What::Adoption(imports), Mode::of(test));
    RunRequest { components, ..RunRequest::new(operation, environment, intent) }
}

/// One component is deployed, after its entry was written into the pillar.
pub(super) fn creation(
    operation: &'static str,
    environment: Name,
    component: Name,
    test: bool,
) -> RunRequest {
    let intent = Intent::new(What::Configuration, Mode::of(test));
    RunRequest { components: Some([component].into()), ..RunRequest::new(operation, environment, intent) }
}

/// One component is destroyed, before its entry is removed from the pillar.
pub(super) fn deletion(
    operation: &'static str,
    environment: Name,
    component: Name,
    test: bool,
) -> RunRequest {
    let intent = Intent::new(What::Destroy(Destruction::confirmed(false)), Mode::of(test));
    RunRequest { components: Some([component].into()), ..RunRequest::new(operation, environment, intent) }
}

fn end(arguments: Arguments, wanted: RunRequest) -> RunRequest {
    RunRequest { meanings: arguments.meanings(), problems: arguments.finish(), ..wanted }
}
