//! Which providers a module uses; the built-in one needs no init.

use std::collections::BTreeSet;

use hcl::Expression;

use super::document::Block;

/// Terraform's own provider, for `terraform_data` and `terraform_remote_state`.
const BUILT_IN: &str = "terraform";
const BUILT_IN_SOURCE: &str = "terraform.io/builtin/terraform";

/// Local names, the built-in provider left out whatever its local name is.
pub fn providers(blocks: &[Block]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut built_in = BTreeSet::from([BUILT_IN.to_owned()]);
    for block in blocks {
        match block.kind.as_str() {
            "provider" => drop(found.insert(block.label().to_owned())),
            "resource" | "data" | "ephemeral" => drop(found.insert(of_resource(block))),
            // A check may read data of its own.
            "check" => found.extend(block.blocks.iter().filter(|one| one.kind == "data").map(of_resource)),
            "terraform" => {
                let required = block.blocks.iter().filter(|nested| nested.kind == "required_providers");
                for (name, entry) in required.flat_map(|nested| &nested.attributes) {
                    let names = if is_built_in(entry) { &mut built_in } else { &mut found };
                    names.insert(name.clone());
                }
            }
            _ => {}
        }
    }
    found.difference(&built_in).cloned().collect()
}

/// `provider = aws.west`, or else the type's first word.
fn of_resource(block: &Block) -> String {
    let named = block.attributes.get("provider").map(|expression| match expression {
        Expression::String(text) => text.clone(),
        other => hcl::format::to_string(other).unwrap_or_default(),
    });
    let word = |text: &str, end: char| text.split(end).next().unwrap_or_default().trim().to_owned();
    match named {
        Some(named) => word(&named, '.'),
        None => word(block.label(), '_'),
    }
}

fn is_built_in(entry: &Expression) -> bool {
    let Expression::Object(entry) = entry else {
        return false;
    };
    entry.iter().any(|(key, value)| {
        key.to_string().trim_matches('"') == "source"
            && matches!(value, Expression::String(source) if source == BUILT_IN_SOURCE)
    })
}
