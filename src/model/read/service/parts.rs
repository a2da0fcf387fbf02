//! Reads `job`: parts of Nomad's own job, in the names of its language. Nomad says what these names mean.

use crate::model::read::fields::Fields;
use crate::model::read::problems::Problems;
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::service::{JobPart, JobParts, Opaque, PartKind, plain};

use super::task::OURS;
use super::values::no_references;

/// Attributes of the job that other keys of a service set: Eos needs to know their values.
const ELSEWHERE: [(&str, &str); 5] = [
    ("id", "the job has the name of the service"),
    ("name", "the job has the name of the service"),
    ("namespace", "use the key namespace of the service"),
    ("region", "use the key region of the service"),
    ("type", "use the key type of the service"),
];

pub(super) fn parts(fields: &mut Fields<'_>) -> JobParts {
    let problems = fields.problems;
    let Some(tree) = fields.take("job") else { return JobParts::new() };
    let TreeKind::Map(map) = &tree.kind else {
        problems.add(&tree.path, "must be a mapping with the names of Nomad's job, such as {priority: 80}");
        return JobParts::new();
    };
    for (key, tree) in map {
        if let Some((_, why)) = ELSEWHERE.iter().find(|(name, _)| *name == plain(key).0) {
            problems.add(&tree.path, format!("cannot be set here: {why}"));
        }
        if plain(key).0 == "meta" {
            for name in OURS {
                if let Some(tree) = tree.get(name) {
                    problems.add(&tree.path, "is a name that Eos uses: choose another name");
                }
            }
        }
    }
    no_references(&tree, problems);
    let PartKind::Map(parts) = part(&tree, problems).kind else { return JobParts::new() };
    parts
}

fn part(tree: &Tree, problems: &Problems) -> JobPart {
    let kind = match &tree.kind {
        TreeKind::Leaf(value) => {
            if value.as_str().is_some_and(|text| text.contains('\0')) {
                problems.add(&tree.path, "must not contain a NUL");
            }
            PartKind::Leaf(Opaque(value.clone()))
        }
        TreeKind::List(items) => PartKind::List(items.iter().map(|item| part(item, problems)).collect()),
        TreeKind::Map(map) => {
            let mut parts = JobParts::new();
            for (key, tree) in map {
                if let Err(message) = name(key, map.contains_key(&format!("{key}!"))) {
                    problems.add(&tree.path, message);
                }
                parts.insert(key.clone(), part(tree, problems));
            }
            PartKind::Map(parts)
        }
    };
    JobPart { path: tree.path.clone(), kind }
}

fn name(key: &str, replaced: bool) -> Result<(), String> {
    let name = plain(key).0;
    match name {
        "" | "//" => Err("is not a name of Nomad's language".to_owned()),
        _ if name.contains('\0') => Err("is a key that contains a NUL".to_owned()),
        _ if name.contains("${") || name.contains("%{") => {
            Err("is a key in which a template would begin: Nomad's language has no such name".to_owned())
        }
        _ if replaced => Err(format!("is set twice: as {name} and as {name}!; keep one")),
        _ => Ok(()),
    }
}
