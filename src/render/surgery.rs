//! `import`, `moved` and `removed` blocks, for the one plan that does what they say.

use serde_json::Value;

use crate::model::Surgery;

/// The text of a `.tf` file. Addresses can be nothing else; an id is a text, whatever it looks like.
pub fn surgery(surgery: &Surgery) -> String {
    let block = match surgery {
        Surgery::Import { address, id } => format!("import {{\n  to = {address}\n  id = {}\n}}", text(id)),
        Surgery::Move { from, to } => format!("moved {{\n  from = {from}\n  to   = {to}\n}}"),
        Surgery::Remove { address, destroy } => {
            format!("removed {{\n  from = {address}\n\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}")
        }
    };
    format!("# Written by Eos for one plan, and removed after it.\n{block}\n")
}

/// A literal: JSON's quotes and escapes are HCL's, as long as nothing in it is a template.
fn text(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    #[test]
    fn an_id_is_a_text_and_no_template() {
        let address = Address::new(r#"a.b["c"]"#).unwrap();
        let written = surgery(&Surgery::Import { address, id: r#"x "${y}" \ %{z}"#.to_owned() });
        assert!(written.contains(r#"  to = a.b["c"]"#), "{written}");
        assert!(written.contains(r#"  id = "x \"$${y}\" \\ %%{z}""#), "{written}");
    }
}
