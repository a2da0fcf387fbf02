//! Converts `nomad_service`, a mapping or a list of mappings, to the format of `services`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::label::label;
use crate::model::read::fields::Fields;
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::reference::reference;
use crate::model::{Name, Reference, environment_hint};

/// Settings of services with their names: for all environments, and for this environment only.
#[derive(Default)]
pub(in crate::model::read) struct MappedServices {
    pub everywhere: Vec<(Name, Tree)>,
    pub here: Vec<(Name, Tree)>,
}

/// Keys of a service's configuration that are secrets.
const SECRETS: [&str; 8] = [
    "admin_password",
    "api_token",
    "database_password",
    "file_private_key",
    "file_public_key",
    "invite_salt",
    "jwt_secret",
    "secret_key",
];

/// For the mapping of another environment, only the names of the environment and of the service are read.
pub(in crate::model::read) fn mapped(
    tree: Tree,
    environment: &str,
    environments: &[String],
    problems: &Problems,
) -> MappedServices {
    let mut found = MappedServices::default();
    let items = match tree.kind {
        TreeKind::List(items) => items,
        _ if tree.is_empty() => return found,
        _ => vec![tree],
    };
    let mut seen = BTreeSet::new();
    for item in items {
        let is_mapping = item.is_null() || matches!(item.kind, TreeKind::Map(_));
        let mut fields = Fields::open(item, problems);
        if is_mapping && fields.place("name").is_none() {
            problems.add(&fields.path.child("name"), "is missing: the name of the service");
        }
        let name = fields.read("name", |tree| label(&scalars::text(tree)?));
        let meant = fields.take("environment").map(|tree| {
            let known = environment_name(&tree, environments);
            known.map_err(|message| problems.add(&tree.path, message))
        });
        let config = fields.take_or_empty("config");
        let path = fields.path.clone();
        fields.close();
        let (Some(name), Ok(own)) = (name, meant.transpose()) else { continue };
        if !seen.insert((own.clone(), name.clone())) {
            let whose = own.map_or_else(String::new, |own| format!(" in {own}"));
            problems.add(&path, format!("also configures {name}{whose}: use one mapping for a service"));
            continue;
        }
        match own {
            None => found.everywhere.push((name, config_of(config, problems))),
            Some(own) if own == environment => found.here.push((name, config_of(config, problems))),
            Some(_) => {}
        }
    }
    found
}

fn environment_name(tree: &Tree, environments: &[String]) -> Result<String, String> {
    let text = scalars::text(tree)?;
    match environments.contains(&text) {
        true => Ok(text),
        false => {
            let hint = environment_hint(&text, environments.iter().map(String::as_str));
            Err(format!("no environment {text:?}; {hint}"))
        }
    }
}

/// The mappings in `nomad_service` about one service in one environment. The rest is left out.
pub fn about(written: &Value, service: &str, environment: &str) -> Value {
    let items = match written {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let is_meant = |item: &&Value| {
        item["name"] == service && (item["environment"].is_null() || item["environment"] == environment)
    };
    let meant: Vec<_> = items.iter().filter(is_meant).cloned().collect();
    if meant.is_empty() { Value::Null } else { meant.into() }
}

/// Moves the keys in [`SECRETS`] to `secrets`. The name there is the key in capital letters: the variable that the task
/// reads.
pub(super) fn config_of(mut tree: Tree, problems: &Problems) -> Tree {
    let TreeKind::Map(map) = &mut tree.kind else { return tree };
    let mut moved = BTreeMap::new();
    for key in SECRETS {
        let Some(found) = map.remove(key).filter(|tree| !tree.is_null()) else { continue };
        let path = found.path.clone();
        match secret(found, key) {
            Ok(secret) => drop(moved.insert(key.to_uppercase(), secret)),
            Err(message) => problems.add(&path, message),
        }
    }
    if moved.is_empty() {
        return tree;
    }
    let nothing = Tree::empty(tree.path.child("secrets"));
    let secrets = map.entry("secrets".to_owned()).or_insert_with(|| nothing.clone());
    if secrets.is_null() {
        *secrets = nothing;
    }
    // If `secrets` is not a mapping, it is refused elsewhere.
    if let TreeKind::Map(secrets) = &mut secrets.kind {
        for (name, secret) in moved {
            match secrets.contains_key(&name) {
                true => problems
                    .add(&secret.path, format!("is set twice: here and as {name} in secrets; keep one")),
                false => drop(secrets.insert(name, secret)),
            }
        }
    }
    tree
}

/// The entry as `secrets` expects it. A generated secret is stored under the name of the original key.
fn secret(mut tree: Tree, key: &str) -> Result<Tree, String> {
    // The text may be the secret itself, so the message does not repeat it.
    let held = "must be a reference, because a pillar must not contain secrets: put the secret into Vault and \
                write vault:mount/path#key, write {generate: password}, or remove it";
    match &mut tree.kind {
        TreeKind::Leaf(Value::String(text)) => match reference(text)? {
            Reference::Plain(_) => Err(held.to_owned()),
            _ => Ok(tree),
        },
        TreeKind::Map(map) if map.contains_key("generate") => {
            let kept = Tree::new(&key.into(), tree.path.child("key"));
            map.entry("key".to_owned()).or_insert(kept);
            Ok(tree)
        }
        TreeKind::Map(map) if map.contains_key("from") || map.contains_key("output") => Ok(tree),
        _ => Err(held.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::config_of;
    use crate::model::PillarPath;
    use crate::model::read::problems::Problems;
    use crate::model::read::tree::Tree;

    /// The converted configuration, and its problems.
    fn moved(config: &Value) -> (Tree, Vec<String>) {
        let problems = Problems::default();
        let tree = config_of(Tree::new(config, PillarPath::root()), &problems);
        let said = problems.into_inner();
        (tree, said.iter().map(|one| format!("{}: {}", one.path, one.message)).collect())
    }

    #[test]
    fn a_secret_is_moved_to_its_upper_case_name_and_keeps_its_path() {
        let (tree, said) = moved(&json!({
            "admin_password": "vault:secret/grafana#admin", "secret_key": { "generate": "hex" },
            "jwt_secret": { "generate": "base64", "key": "jwt" }, "api_token": null, "port": 3000,
            "database_password": { "output": "db.password" },
            "secrets": { "OTHER": "env:OTHER" },
        }));
        assert_eq!(said, Vec::<String>::new());
        let secrets = json!({
            "ADMIN_PASSWORD": "vault:secret/grafana#admin", "JWT_SECRET": { "generate": "base64", "key": "jwt" },
            "DATABASE_PASSWORD": { "output": "db.password" },
            "SECRET_KEY": { "generate": "hex", "key": "secret_key" }, "OTHER": "env:OTHER",
        });
        assert_eq!(tree.to_value(), json!({ "port": 3000, "secrets": secrets }));
        let pillar_path = &tree.get("secrets").unwrap().get("ADMIN_PASSWORD").unwrap().path;
        assert_eq!(pillar_path.to_string(), "infrastructure:admin_password");
        let nothing = json!({ "port": 3000 });
        assert_eq!(moved(&nothing).0.to_value(), nothing);
    }

    #[test]
    fn a_plain_secret_is_refused_and_not_shown() {
        for held in [
            json!("hunter2"),
            json!(7),
            json!(["hunter2"]),
            json!({ "value": "hunter2" }),
            json!("vault:hunter2"),
        ] {
            let (tree, said) = moved(&json!({ "database_password": held }));
            assert_eq!((tree.to_value(), said.len()), (json!({}), 1), "{said:?}");
            assert!(said[0].starts_with("infrastructure:database_password: "), "{said:?}");
            assert!(said[0].contains("vault:") && said[0].contains("mount/path#key"), "{said:?}");
            assert!(!said[0].contains("hunter2"), "{said:?}");
        }
    }

    #[test]
    fn a_secret_set_in_both_ways_is_refused() {
        let twice = json!({ "api_token": "env:A", "secrets": { "API_TOKEN": "env:B" } });
        assert_eq!(
            moved(&twice).1,
            ["infrastructure:api_token: is set twice: here and as API_TOKEN in secrets; keep one"]
        );
    }
}
