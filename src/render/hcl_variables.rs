//! An HCL variables file of texts.

use std::collections::BTreeMap;

/// `name = "value"`, a line each; a template in a value stays what it is.
pub fn hcl_variables(variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut body = hcl::Body::builder();
    for (name, value) in variables {
        let name = hcl::Identifier::new(name.as_str()).map_err(|error| error.to_string())?;
        body = body.add_attribute(hcl::Attribute::new(name, value.as_str()));
    }
    hcl::format::to_string(&body.build()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_templates_are_escaped() {
        let text = hcl_variables(&[("x".to_owned(), "a\"b\\ ${up} %{ if y }\n".to_owned())].into()).unwrap();
        assert_eq!(text, "x = \"a\\\"b\\\\ $${up} %%{ if y }\\n\"\n");
    }

    #[test]
    fn a_name_that_is_no_identifier_is_refused() {
        assert!(hcl_variables(&[("a b".to_owned(), String::new())].into()).is_err());
    }
}
