//! Reads and checks everything, and runs nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::examined::Examined;
use crate::model::{Name, Overrides, shared_names};
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::blueprint::{draft, today};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{Call, CallPlace};
use crate::report::{ComponentReport, Report};

/// Also false if a component lacks a required variable, because the pillar alone cannot create it, and if Terraform will
/// refuse a module.
pub fn validate(call: &Call<'_>) -> Report {
    read(call, ReportBuilder::report, Examined::of)
}

/// The order in which components are created. A missing variable or a wrong module does not change the order.
pub fn order(call: &Call<'_>) -> Report {
    read(call, ReportBuilder::answer, |prepared, _| Examined::without_modules(prepared))
}

type BuildAnswer = fn(ReportBuilder, BTreeMap<Name, ComponentReport>, BTreeMap<String, Value>) -> Report;

fn read(
    call: &Call<'_>,
    answer: BuildAnswer,
    examine: impl FnOnce(&Prepared, &CallPlace) -> Examined,
) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    arguments.value("minion");
    if call.request.operation == "validate" {
        arguments.branch();
    }
    let builder = ReportBuilder::new("validate", environment.as_str(), false, &call.request.identity);
    let mut problems = arguments.finish();
    if call.request.operation == "validate" {
        let pillar = &call.request.infrastructure;
        problems.extend(shared_names(pillar, environment.as_str(), &Overrides::default()));
    }
    match today(call, &environment, problems) {
        Ok(prepared) => {
            let mut extra = BTreeMap::from([("order".to_owned(), json!(prepared.blueprint.graph.order()))]);
            let Examined { refused, unchecked, notes } = examine(&prepared, &builder.identity.place);
            if !notes.is_empty() {
                extra.insert("notes".to_owned(), json!(notes));
            }
            if !unchecked.is_empty() {
                let command = builder.identity.place.plan_command(&environment, &unchecked);
                extra.insert("plan_command".to_owned(), json!(command));
                extra.insert("unchecked".to_owned(), json!(unchecked));
            }
            answer(builder, refused, extra)
        }
        Err(error) => builder.failed(error),
    }
}

/// The environment that a call is about. Nothing else of the pillar is read.
pub fn which_environment(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let builder =
        ReportBuilder::new("which_environment", environment.as_str(), false, &call.request.identity);
    match arguments.check().and_then(|()| draft(&call.request, &environment)) {
        Ok(_) => builder.report(BTreeMap::new(), BTreeMap::new()),
        Err(error) => builder.failed(error),
    }
}
