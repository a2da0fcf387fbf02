//! Asks Nomad about the jobs of a plan, before any of it is applied.

use std::path::Path;

use serde_json::{Value, json};

use super::job_place::{by_line, located, place};
use super::removals;
use super::sensitive_job::SensitiveJob;
use crate::change::{Changes, PlannedJob, jobs};
use crate::command_line::command;
use crate::count::counted;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{self, Component, Name};
use crate::nomad::{
    CheckedJob, JobName, JobNote, JobRefusal, JobSubmission, KindChange, NomadClient, NomadError,
};
use crate::operation::exec::context::Context;
use crate::operation::exec::servers::patiently;
use crate::operation::exec::{Invoker, saved_plan_file, servers};
use crate::render;
use crate::shell::quote;
use crate::words::{Words, words};

/// What a plan may do to the jobs that Nomad has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::operation::component) enum JobCheck {
    /// It is a new plan.
    New,
    /// Time has passed since the plan was made. The provider refuses a job that was registered again since.
    Kept,
    /// It takes jobs over that run, and must not change them.
    Adopts,
}

/// Notes on the jobs that the plan in `file` registers. An error if a job is not valid, if no node fits it, or if it
/// runs already and another owner registered it. Without a job in the plan it costs nothing.
pub(in crate::operation::component) async fn check(
    invoker: &Invoker<'_>,
    file: &Path,
    changes: &Changes,
    check: JobCheck,
) -> Result<Vec<String>> {
    let registers = |action: &String| action == "create" || action == "update";
    let mut planned = changes.resources.iter().filter(|one| one.kind == "nomad_job");
    if !planned.any(|one| one.actions.iter().any(registers)) {
        return Ok(Vec::new());
    }
    let document = saved_plan_file::document(invoker, file).await?;
    let settings = &invoker.context.session.blueprint.settings;
    let nomad = servers::nomad(settings, invoker.context.component, &invoker.context.reader).await?;
    let component = &invoker.context.component.name;
    let mut notes = removals::notes(invoker.context.component);
    notes.extend(model::unchecked_in_mesh(invoker.context.component));
    for job in jobs(&document) {
        let Some(spec) = spec(&job, check == JobCheck::Kept)? else {
            notes.push(format!(
                "{}: Nomad could not check it before the apply: its jobspec is known only after apply, or \
                 reads files",
                job.address
            ));
            continue;
        };
        let go_on = async || invoker.context.go_on(Phase::Planning).await;
        let ask = async || asked(&nomad, invoker.context.component, &spec).await;
        let asked = patiently(&nomad, go_on, JobRefusal::is_away, ask);
        let checked = asked.await?.and_then(|checked| match check {
            JobCheck::Adopts => checked.unchanged(),
            JobCheck::New | JobCheck::Kept => Ok(checked),
        });
        match checked {
            Ok(CheckedJob { notes: told, .. }) if job.is_sensitive => {
                let sensitive = SensitiveJob::new(&invoker.context, &document, &job);
                let masked = |note: &JobNote| note.masked(|text| sensitive.text(text));
                let shown: Vec<_> = told.iter().filter_map(masked).collect();
                if shown.len() < told.len() {
                    notes.push(format!(
                        "{}: left out, because of a possible secret: {} from Nomad",
                        job.address,
                        counted(told.len() - shown.len(), "note")
                    ));
                }
                notes.extend(shown.iter().map(JobNote::text));
            }
            Ok(CheckedJob { notes: told, name, .. }) => {
                if check == JobCheck::Adopts {
                    notes.push(format!(
                        "Nomad's plan for {} changes nothing: only the state gets the job",
                        name.id
                    ));
                }
                notes.extend(told.iter().map(JobNote::text));
            }
            Err(refusal) if job.is_sensitive => {
                let sensitive = SensitiveJob::new(&invoker.context, &document, &job);
                return Err(match sensitive.refusal(&refusal) {
                    Some(refusal) => explain(&job.address, component, refusal, &nomad.address),
                    None => withheld(&job.address, &refusal),
                });
            }
            Err(refusal) => return Err(explain(&job.address, component, refusal, &nomad.address)),
        }
    }
    Ok(notes)
}

/// What Nomad says about a job. A refusal of a service's job has its place in the pillar.
pub(in crate::operation) async fn asked(
    nomad: &NomadClient,
    component: &Component,
    spec: &JobSubmission,
) -> std::result::Result<CheckedJob, JobRefusal> {
    let names = removals::check(nomad, component).await;
    let job = nomad.preflight(spec).await.map_err(|refusal| located(component, refusal));
    match (names, job) {
        (Err(JobRefusal::Invalid(names)), Err(JobRefusal::Invalid(more))) => {
            Err(JobRefusal::Invalid([names, more].concat()))
        }
        (names, job) => names.and(job),
    }
}

/// None if it is not known yet.
fn spec(job: &PlannedJob, is_kept: bool) -> Result<Option<JobSubmission>> {
    let Some(spec) = &job.spec else { return Ok(None) };
    let variables = render::hcl_variables(&spec.variables).map_err(|reason| {
        let message = format!("{}: a variable of hcl2 cannot be written: {reason}", job.address);
        Error::new(Layer::Terraform, Phase::Planning, Code::NomadInvalid, message, "correct its name")
    })?;
    let before = job.before.clone().map(|(namespace, id)| JobName { namespace, id });
    Ok(Some(JobSubmission {
        jobspec: spec.text.clone(),
        is_json: spec.is_json,
        variables,
        before,
        is_removed_first: job.is_removed_first,
        planned_from: job.before_index.filter(|_| is_kept),
    }))
}

/// The error of a plan that failed at a job, from the provider's text. If Nomad itself is unreachable or refuses, the
/// error gives its address and the remedy instead.
pub(super) async fn blame(context: &Context<'_>, failed: Error) -> Error {
    let of_a_job = |address: &Value| address.as_str().is_some_and(|address| address.contains("nomad_job."));
    let addresses = failed.details["addresses"].as_array();
    if !addresses.is_some_and(|addresses| addresses.iter().any(of_a_job)) {
        return failed;
    }
    let settings = &context.session.blueprint.settings;
    let said = by_line(context.component, failed.message.as_str());
    if !said.is_empty() {
        let place = addresses.and_then(|addresses| addresses[0].as_str()).unwrap_or_default();
        return explain(place, &context.component.name, JobRefusal::Invalid(said), "").with(failed.details);
    }
    let Ok(nomad) = servers::nomad(settings, context.component, &context.reader).await else {
        return failed;
    };
    match nomad.may_plan().await {
        Err(error @ (NomadError::Unreachable(_) | NomadError::Denied(_))) => {
            unasked(&error, &nomad.address).with(failed.details)
        }
        _ => match place(context.component, failed.message.as_str()) {
            Some(place) => Error { message: Words::own(format!("{place}: ")).and(failed.message), ..failed },
            None => failed,
        },
    }
}

fn unasked(api_error: &NomadError, address: &str) -> Error {
    let error = api_error.explain(address, Phase::Planning);
    Error { message: words![&error.message, "; nothing was changed"], ..error }
}

/// The error in place of a refusal that may repeat a secret.
fn withheld(place: &str, refusal: &JobRefusal) -> Error {
    let code = match refusal {
        JobRefusal::Unplaceable(..) => Code::NomadUnplaceable,
        JobRefusal::Foreign(_) => Code::NomadJobForeign,
        JobRefusal::Moved(_) => Code::PlanMoved,
        JobRefusal::Differs(_) => Code::NomadJobDiffers,
        JobRefusal::Invalid(_) | JobRefusal::Kind(_) | JobRefusal::Api(_) => Code::NomadInvalid,
    };
    let message = format!(
        "{place}: Nomad rejects its jobspec; Nomad's message is not shown, because it repeats a secret that cannot be \
         masked; nothing was changed"
    );
    Error::new(Layer::Nomad, Phase::Planning, code, message, "check it with nomad job validate")
}

/// `place` names the job of the component, `address` the Nomad server.
pub fn explain(place: &str, component: &Name, refusal: JobRefusal, address: &str) -> Error {
    let told = |code: Code, message: String, remedy: Words| {
        let message = format!("{place}: {message}; nothing was changed");
        Error::new(Layer::Nomad, Phase::Planning, code, message, remedy)
    };
    let refuse = |code: Code, message: String, remedy: &'static str| told(code, message, remedy.into());
    match refusal {
        JobRefusal::Invalid(reasons) => refuse(
            Code::NomadInvalid,
            format!("Nomad rejects its jobspec: {}", reasons.join("; ")),
            match model::service_name(component.as_str()) {
                Some(_) => "correct the service in the pillar, and run again",
                None => "correct the jobspec, and run again",
            },
        ),
        JobRefusal::Unplaceable(name, groups) => refuse(
            Code::NomadUnplaceable,
            format!("job {} would have no node to run on: {}", name.id, groups.join("; ")),
            "correct its constraints, datacenters, driver or resources, or add capacity",
        )
        .with(json!({ "job": name.id, "namespace": name.namespace, "groups": groups })),
        JobRefusal::Foreign(name) => {
            let message = format!(
                "Nomad already has a job {} in namespace {}, which is not in the state of this component",
                name.id, name.namespace
            );
            let adopt = command("adopt_job").here().with("jobs", &name.id);
            let remedy = match model::service_name(component.as_str()) {
                Some(_) => words![
                    "choose another name. If the job belongs to this service, this takes it over as it runs: ",
                    adopt
                ],
                None => words![
                    "choose another name. If the job belongs to this component, import it with \
                     eos_terraform.import_resource"
                ],
            };
            told(Code::NomadJobForeign, message, remedy)
                .with(json!({ "job": name.id, "namespace": name.namespace }))
        }
        JobRefusal::Differs(notes) => refuse(
            Code::NomadJobDiffers,
            format!(
                "the running job is not the one that the pillar describes: {}",
                notes.iter().map(JobNote::text).collect::<Vec<_>>().join("; ")
            ),
            "correct the service in the pillar until it describes the running job, and call it again",
        ),
        JobRefusal::Kind(KindChange { name: JobName { namespace, id }, from, to, is_own }) => {
            let stopped = if is_own { "" } else { ", stopped, in no state of this component" };
            let message = format!(
                "Nomad has {id} in namespace {namespace} as a {from} job{stopped}, and refuses to make a {to} job \
                 from it"
            );
            let destroy = command("destroy").here().with("components", component);
            let remedy = match is_own {
                true => words![
                    "choose another name; or destroy the job, which stops its tasks, and run again: ",
                    destroy
                ],
                false => words![
                    "choose another name; or remove the stopped job, and run again: ",
                    Words::shell(format!(
                        "nomad job stop -purge -namespace {} {}",
                        quote(&namespace),
                        quote(&id)
                    ))
                ],
            };
            told(Code::NomadInvalid, message, remedy)
                .with(json!({ "job": id, "namespace": namespace, "from": from, "to": to }))
        }
        JobRefusal::Moved(JobName { namespace, id }) => refuse(
            Code::PlanMoved,
            format!(
                "job {id} in namespace {namespace} was registered again after the plan was made, such as by an \
                 autoscaler, by `nomad job scale` or by another run"
            ),
            "make a new plan",
        )
        .with(json!({ "job": id, "namespace": namespace })),
        JobRefusal::Api(error) => unasked(&error, address),
    }
}
