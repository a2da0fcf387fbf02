//! What differs between two environments of the pillar: components that one lacks, and values.
//!
//! Knows the pillar and the interfaces of modules. Must not know states, records and what is deployed.
//! In: two environments. Out: their differences, without secrets.

mod compared;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::compared::{Side, component, differences};
use super::why::{settings_used, used};
use crate::error::Result;
use crate::model::{self, Draft, Name, PillarPath, Problem, component_name};
use crate::operation::blueprint::draft;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::report::Report;
use crate::resolve::Modules;
use crate::view;

pub const OPERATION: &str = "diff";

pub fn diff(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment_in_the_call();
    let target = arguments.target(environment.as_ref());
    let environment = environment.unwrap_or_else(Arguments::placeholder);
    let components = arguments.components(&environment);
    let is_page = arguments.is_markdown();
    arguments.value("minion");
    let builder = ReportBuilder::new(OPERATION, environment.as_str(), false, &call.request.identity);
    let found = arguments.check().and_then(|()| found(call, [&environment, &target], components));
    match found {
        Ok(found) => {
            let mut extra = BTreeMap::from([("diff".to_owned(), found)]);
            if is_page {
                let page = view::markdown_of_diff(&extra["diff"]);
                extra.insert("drawing".to_owned(), page.into());
            }
            builder.answer(BTreeMap::new(), extra)
        }
        Err(error) => builder.failed(error),
    }
}

fn found(call: &Call<'_>, environments: [&Name; 2], named: Option<BTreeSet<Name>>) -> Result<Value> {
    let infrastructure = &call.request.infrastructure;
    let [from, to] = environments;
    let drafts = [draft(&call.request, from)?, draft(&call.request, to)?];
    let names = names(&drafts, named)?;
    let mut modules = Modules::new(call.host);
    let (mut components, mut same) = (Vec::new(), 0);
    for name in &names {
        let sides = drafts
            .each_ref()
            .map(|draft| Side { draft, values: used(infrastructure, draft, name, &mut modules) });
        match component(name, sides) {
            Some(differs) => components.push(differs),
            None => same += 1,
        }
    }
    let [from_settings, to_settings] = drafts.each_ref().map(|draft| settings_used(infrastructure, draft));
    Ok(json!({
        "environment": from,
        "target": to,
        "components": components,
        "settings": differences(&from_settings, &to_settings),
        "same": same,
    }))
}

/// The components of both environments, or those of them that the call names. A service has two names.
fn names(drafts: &[Draft; 2], named: Option<BTreeSet<Name>>) -> Result<BTreeSet<Name>> {
    let all: BTreeSet<Name> = drafts.iter().flat_map(|draft| draft.mentioned.iter().cloned()).collect();
    let Some(named) = named else { return Ok(all) };
    let found = |name: &Name| {
        let service = component_name(name.as_str());
        all.iter().find(|one| *one == name || one.as_str() == service).cloned().ok_or_else(|| {
            let environments = drafts.each_ref().map(|draft| draft.environment.as_str()).join(" and ");
            let hint = model::hint(name.as_str(), all.iter().map(Name::as_str));
            let message = format!("no component {:?} in {environments}; {hint}", name.as_str());
            model::refusal(vec![Problem::new(&PillarPath::arguments().child("components"), message)])
        })
    };
    named.iter().map(found).collect()
}
