//! A job as a template of Terraform, in which nothing is left to evaluate.

use serde_json::{Map, Value};

use crate::model::PillarPath;
use crate::model::service::{JobPart, Opaque, PartKind};
use crate::render::service::in_json as written;

/// The text of a job file, as its author wrote it.
pub fn verbatim(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A job in the JSON syntax of Nomad's language.
pub fn in_json(id: &str, tree: &Map<String, Value>) -> String {
    let job = Map::from_iter([(id.to_owned(), Value::Object(tree.clone()))]);
    written("A job that Nomad already had, written by Eos.", [("job", part(&job.into()))])
}

fn part(value: &Value) -> JobPart {
    let kind = match value {
        Value::Array(items) => PartKind::List(items.iter().map(part).collect()),
        Value::Object(map) => PartKind::Map(map.iter().map(|(key, one)| (key.clone(), part(one))).collect()),
        leaf => PartKind::Leaf(Opaque(leaf.clone())),
    };
    JobPart { path: PillarPath::root(), kind }
}
