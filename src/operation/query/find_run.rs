//! Finds a run or a saved plan by its id, in any environment of the pillar.

use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Draft, Name};
use crate::operation::blueprint::draft;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Request;
use crate::operation::store::run_log::{LoggedRun, one};
use crate::operation::store::saved_plans::SavedPlans;
use crate::words::words;
use crate::workdir::Layout;

/// A run by its id, in any environment of the pillar.
pub fn find(request: &Request, run_id: &str) -> Result<LoggedRun> {
    let mut refused = None;
    for draft in drafts(request)? {
        match layout(&draft).and_then(|layout| one(&layout, &draft.environment, run_id)) {
            Ok(Some(run)) => return Ok(run),
            Ok(None) => {}
            Err(error) => refused = Some(error),
        }
    }
    if let Some(error) = refused {
        return Err(error);
    }
    let message = format!("no run {run_id} in any environment of this pillar");
    let remedy = words![command("history").here(), " shows the runs of an environment"];
    Err(Error::new(Layer::Salt, Phase::Validation, Code::NoSuchRun, message, remedy))
}

/// The environment of a call that gives the id of a saved plan.
pub fn environment_of_plan(arguments: &mut Arguments, request: &Request, plan_id: &str) -> Result<Name> {
    let drafts = drafts(request).unwrap_or_default();
    let has_it = |layout: Layout| SavedPlans::new(&layout, plan_id).is_whole();
    let found = drafts.into_iter().find(|draft| layout(draft).is_ok_and(has_it));
    if found.is_none() {
        refuse_branch(request, plan_id)?;
    }
    let environment = arguments.environment_of(plan_id, found.map(|draft| draft.environment).as_ref());
    match environment {
        None if arguments.is_right() => Err(no_plan(request, plan_id)),
        environment => Ok(environment.unwrap_or_else(Arguments::placeholder)),
    }
}

/// A plan of a branch is never applied, whatever happens to the branch.
fn refuse_branch(request: &Request, plan_id: &str) -> Result<()> {
    for draft in drafts(request).unwrap_or_default() {
        let Ok(plans) = layout(&draft).map(|layout| SavedPlans::of_branch(&layout, plan_id)) else {
            continue;
        };
        if let Some(branch) = plans.contents().ok().filter(|_| plans.is_whole()).and_then(|it| it.branch) {
            let message = words![
                format!("plan {plan_id} is of a branch ("),
                branch.to_string(),
                "). Such a plan only shows what would change: it is never approved or applied"
            ];
            let again = command("plan").of(&draft.environment);
            let remedy = words!["merge the branch, then plan the environment itself: ", again];
            return Err(Error::new(Layer::Salt, Phase::Validation, Code::PlanOfBranch, message, remedy));
        }
    }
    Ok(())
}

fn no_plan(request: &Request, plan_id: &str) -> Error {
    let (message, remedy) = match find(request, plan_id) {
        Ok(run) if run.history.began.who.operation != "plan" => (
            format!(
                "{plan_id} is the run of an {operation}, which keeps no plan",
                operation = run.history.began.who.operation
            ),
            words!["to plan: ", command("plan").of(&run.environment), ", which shows the id of its plan"],
        ),
        Ok(_) => (
            format!("run {plan_id} kept no plan that can be applied"),
            words![command("show").with("run_id", plan_id), " says why; correct that, then plan again"],
        ),
        Err(_) => (
            format!("no plan {plan_id} in any environment of this pillar"),
            words![
                "make a plan with ",
                command("plan").here(),
                ", or with eos_terraform.plan on a minion; only the newest plans are kept"
            ],
        ),
    };
    Error::new(Layer::Salt, Phase::Validation, Code::NoSuchPlan, message, remedy)
}

/// What has an id: a run, the plans that it saved, or both.
pub struct Found {
    pub draft: Draft,
    pub run: Option<LoggedRun>,
    pub plans: Option<SavedPlans>,
}

/// A run or a saved plan that the call gives by its id. An environment that the call names too has to be its own.
pub fn run_or_plan(arguments: &mut Arguments, request: &Request, id: &str) -> Result<Found> {
    let found = of_id(request, id);
    arguments.environment_of(id, found.as_ref().ok().map(|found| &found.draft.environment));
    found
}

/// A run or a saved plan in any environment of the pillar.
pub fn of_id(request: &Request, id: &str) -> Result<Found> {
    let mut refused = None;
    for draft in drafts(request)? {
        let found = layout(&draft).and_then(|layout| {
            let plans = [SavedPlans::new(&layout, id), SavedPlans::of_branch(&layout, id)];
            let plans = plans.into_iter().find(SavedPlans::is_whole);
            Ok((one(&layout, &draft.environment, id)?, plans))
        });
        match found {
            Ok((None, None)) => {}
            Ok((run, plans)) => return Ok(Found { draft, run, plans }),
            Err(error) => refused = Some(error),
        }
    }
    if let Some(error) = refused {
        return Err(error);
    }
    let message = format!("no run and no kept plan {id} in any environment of this pillar");
    let remedy = words![
        command("history").here(),
        " shows the runs of an environment. Only the newest runs and plans are kept, and nothing of a question such \
         as status or drift"
    ];
    Err(Error::new(Layer::Salt, Phase::Validation, Code::NoSuchRun, message, remedy))
}

/// A run that the call gives by its id. An environment that the call names too has to be the run's.
pub fn named(arguments: &mut Arguments, request: &Request, run_id: &str) -> Result<LoggedRun> {
    let found = find(request, run_id);
    arguments.environment_of(run_id, found.as_ref().ok().map(|run| &run.environment));
    found
}

/// Every environment of the pillar.
pub fn drafts(request: &Request) -> Result<Vec<Draft>> {
    let environments = request.infrastructure["environments"].as_object();
    let names = environments.into_iter().flatten().filter_map(|(name, _)| Name::new(name).ok());
    names.map(|name| draft(request, &name)).collect()
}

pub fn layout(draft: &Draft) -> Result<Layout> {
    Layout::new(&draft.settings.root, &draft.environment)
}
