//! Renders `import`, `moved` and `removed` blocks for a plan that contains only this state edit.

use serde_json::Value;

use crate::model::StateEdit;

/// The text of a `.tf` file. An address cannot contain anything else. An id is written as a text, whatever it contains.
pub fn surgery(edit: &StateEdit) -> String {
    let block = match edit {
        StateEdit::Import { address, id } => format!("import {{\n  to = {address}\n  id = {}\n}}", text(id)),
        StateEdit::Move { from, to } => format!("moved {{\n  from = {from}\n  to   = {to}\n}}"),
        StateEdit::Remove { address, destroy } => {
            format!("removed {{\n  from = {address}\n\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}")
        }
    };
    format!("# Written by Eos for one plan, and removed after it.\n{block}\n")
}

/// A literal. JSON's quotes and escapes are the same as HCL's; the start of a template is escaped.
fn text(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResourceAddress;

    #[test]
    fn an_import_id_is_a_text_and_not_a_template() {
        let address = ResourceAddress::new(r#"a.b["c"]"#).unwrap();
        let written = surgery(&StateEdit::Import { address, id: r#"x "${y}" \ %{z}"#.to_owned() });
        assert!(written.contains(r#"  to = a.b["c"]"#), "{written}");
        assert!(written.contains(r#"  id = "x \"$${y}\" \\ %%{z}""#), "{written}");
    }
}
