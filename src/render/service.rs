//! Renders the module of a Nomad service. Terraform manages the job, and `templatefile` renders it.

mod body;
mod config;
mod extras;
mod job;
mod json;
mod merge;
mod names;
mod native;
mod outputs;
mod removals;
mod secrets;
mod terraform;
mod text;
mod variables;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::PillarPath;
use crate::model::service::{JobPart, JobSource, NomadService};
pub use merge::Idle;
pub use names::template_name;
pub use removals::{idle as idle_removals, question as removed_names};

/// Path to text. If the user supplies the template, it is not included.
pub fn module(service: &NomadService) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([
        ("main.tf".to_owned(), terraform::main(service)),
        ("outputs.tf".to_owned(), outputs::outputs(service)),
        ("variables.tf".to_owned(), variables::variables(service)),
    ]);
    if let JobSource::Generated(shape) = &service.job {
        files.insert(template_name(service), job::template(service, shape));
    }
    files
}

/// The job that Terraform would render from these variables. None if the user supplies the template, or if a value is
/// an output of another component.
pub fn job(service: &NomadService, variables: &BTreeMap<&str, &Value>) -> Option<String> {
    let JobSource::Generated(shape) = &service.job else { return None };
    let values = terraform::values(service, variables)?;
    let template = job::template(service, shape);
    let mut rest = template.as_str();
    let mut text = String::new();
    // Literals that Eos writes contain no `${`, so each `${` begins a slot.
    while let Some((before, after)) = rest.split_once("${") {
        let (slot, after) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&text::encoded(values.get(slot)?, job::syntax(shape)));
        rest = after;
    }
    Some(text + rest)
}

/// These attributes and blocks alone, in the JSON syntax of Nomad's language. `head` is a comment.
pub(super) fn in_json<const N: usize>(head: &str, parts: [(&str, JobPart); N]) -> String {
    let mut body = body::Body::default();
    for (name, part) in parts {
        body.set(name, body::Term::Part(part));
    }
    json::json(head, &body).text
}

/// The places in the pillar from which a line of the job comes, numbered from 1. None if Eos wrote it.
pub fn job_place(service: &NomadService, line: usize) -> Option<PillarPath> {
    let JobSource::Generated(shape) = &service.job else { return None };
    job::places(service, shape).into_iter().nth(line.checked_sub(1)?)?
}
