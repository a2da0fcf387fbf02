//! The arguments of each operation on an environment, and what it then runs.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::journal;
use crate::model::Name;
use crate::operation::query::find_run;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Request;
use crate::operation::run::rollback;
use crate::operation::run::rollback::asked::Asked;
use crate::operation::run::wanted::{Wanted, Wish};

/// A state of one component.
pub fn state_apply(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let component = arguments.name("component");
    let overrides = arguments.inputs(&component);
    arguments.refuse_retry();
    let test = arguments.test(&request.identity);
    let wanted = Wanted {
        test,
        components: Some([component].into()),
        overrides,
        wish: if test { Wish::Preview } else { Wish::Apply },
        ..Wanted::new("apply", arguments.environment())
    };
    end(arguments, wanted)
}

pub fn orchestrate(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let retry = arguments.retry(&request.identity);
    bring_up(arguments, request, retry)
}

/// A state of an environment.
pub fn state_orchestrate(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    arguments.refuse_retry();
    bring_up(arguments, request, false)
}

fn bring_up(mut arguments: Arguments, request: &Request, retry: bool) -> Wanted {
    let test = arguments.test(&request.identity);
    let wanted = Wanted {
        test,
        components: arguments.names("components"),
        include_dependencies: arguments.flag("include_dependencies"),
        overrides: arguments.overrides(),
        wish: if test { Wish::Preview } else { Wish::Apply },
        migrate_backend: arguments.flag("migrate_backend"),
        upgrade: arguments.flag("upgrade"),
        retry,
        ..Wanted::new("orchestrate", arguments.environment())
    };
    end(arguments, wanted)
}

pub fn plan(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let wanted = Wanted {
        test: true,
        components: arguments.names("components"),
        include_dependencies: arguments.flag("include_dependencies"),
        overrides: arguments.overrides(),
        wish: Wish::Keep,
        upgrade: arguments.flag("upgrade"),
        ..Wanted::new("plan", arguments.environment())
    };
    end(arguments, wanted)
}

pub fn apply(request: &Request) -> Result<Wanted> {
    let mut arguments = Arguments::new(request);
    let plan_id = arguments.run_id("plan_id");
    let environment = find_run::environment_of_plan(&mut arguments, request, &plan_id)?;
    let test = arguments.test(&request.identity);
    let wanted = Wanted {
        test,
        overrides: arguments.overrides(),
        wish: if test { Wish::ShowKept(plan_id) } else { Wish::ApplyKept(plan_id) },
        ..Wanted::new("apply", environment)
    };
    Ok(end(arguments, wanted))
}

pub fn remediate(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let component = arguments.name("component");
    let drift_id = arguments.text("drift_id");
    if drift_id.is_none() {
        arguments.problem("drift_id", "is missing: infrastructure.drift shows it");
    }
    let test = arguments.test(&request.identity);
    arguments.value("minion");
    let wanted = Wanted {
        test,
        components: Some([component].into()),
        wish: Wish::Remediate { drift_id: drift_id.unwrap_or_default(), apply: !test },
        ..Wanted::new(journal::REMEDIATE, arguments.environment())
    };
    end(arguments, wanted)
}

pub fn destroy(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let environment = arguments.environment_in_the_call();
    let test = arguments.test(&request.identity);
    let is_given = arguments.gives("confirm");
    if !arguments.confirmed(environment.as_ref())
        && !is_given
        && !test
        && let Some(environment) = &environment
    {
        arguments.problem("confirm", format!("is missing: say confirm={environment} to destroy it"));
    }
    let wanted = Wanted {
        test,
        components: arguments.names("components"),
        overrides: arguments.overrides(),
        wish: if test { Wish::PreviewDestroy } else { Wish::Destroy },
        ..Wanted::new("destroy", environment.unwrap_or_else(Arguments::placeholder))
    };
    end(arguments, wanted)
}

/// Back to a snapshot, or to the configuration before the last one.
pub fn rollback(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let order = arguments.ordered("order");
    let components = arguments.names("components");
    let components = components.or_else(|| order.as_ref().map(|order| order.iter().cloned().collect()));
    if let (Some(names), Some(order)) = (&components, &order)
        && (order.len() != names.len() || order.iter().any(|name| !names.contains(name)))
    {
        arguments.problem("order", "must name each of the components once");
    }
    let snapshot_id = arguments.maybe_run_id("snapshot_id");
    if snapshot_id.is_some() && components.as_ref().is_some_and(|names| names.len() > 1) {
        arguments.problem("snapshot_id", "is of one component: name that one");
    }
    let preserve_data = arguments.flag("preserve_data");
    back(arguments, request, components, Asked { snapshot_id, order, preserve_data, ..Asked::default() })
}

/// Several components, in the named order: dependents first.
pub fn staged_rollback(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let order = arguments.ordered("components");
    let components = order.as_ref().map(|order| order.iter().cloned().collect());
    let preserve_data = arguments.maybe_flag("preserve_data").unwrap_or(true);
    back(arguments, request, components, Asked { order, preserve_data, ..Asked::default() })
}

fn back(
    mut arguments: Arguments,
    request: &Request,
    components: Option<BTreeSet<Name>>,
    asked: Asked,
) -> Wanted {
    if components.is_none() {
        arguments.problem("components", "is missing: name what is to go back");
    }
    let environment = arguments.environment_in_the_call();
    let confirmed = arguments.confirmed(environment.as_ref());
    let shown = arguments.test(&request.identity);
    let wanted = Wanted {
        test: shown,
        components,
        overrides: arguments.overrides(),
        wish: Wish::RollBack(Asked { confirmed, shown, ..asked }),
        ..Wanted::new(rollback::OPERATION, environment.unwrap_or_else(Arguments::placeholder))
    };
    end(arguments, wanted)
}

/// A person has examined the result of a failed rollback.
pub fn acknowledge(request: &Request) -> Wanted {
    let mut arguments = Arguments::new(request);
    let components = arguments.names("components");
    if components.is_none() {
        arguments.problem("components", "is missing: name those that you have looked at");
    }
    let wanted = Wanted {
        components,
        overrides: arguments.overrides(),
        wish: Wish::Acknowledge,
        ..Wanted::new("acknowledge", arguments.environment())
    };
    end(arguments, wanted)
}

fn end(arguments: Arguments, wanted: Wanted) -> Wanted {
    Wanted { problems: arguments.finish(), ..wanted }
}
