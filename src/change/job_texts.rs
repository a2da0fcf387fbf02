//! Nomad's texts about a job whose jobspec is sensitive.
//!
//! The plan marks such a jobspec as a whole. It does not say which part of it is the secret, and it does not list a
//! secret that is made from another value, or that only the function `sensitive` marks. So a word that a text may repeat
//! from the jobspec is hidden, unless it is known not to be secret.

use std::collections::BTreeSet;

use serde_json::Value;

use super::diff::SENSITIVE;
use super::nomad_jobs::JobSpec;
use super::sensitive::sensitive_values;

/// Words of the language of jobspecs. Nomad's texts would say nothing without them.
const LANGUAGE: &str = "affinity artifact args attribute attributes canary check command config connect constraint \
    constraints consul count cpu csi datacenter datacenters default device disk distinct docker driver enabled env \
    ephemeral exec group host http id image interval job kill lifecycle logs max memory meta migrate min mode name \
    namespace network node operator parameterized path periodic plan policy port ports priority provider region \
    reschedule resources restart scaling service services sidecar source spread static system batch task tasks template \
    timeout to type update upstreams value variable variables vault version volume volumes";

pub struct JobTexts {
    /// In lower case.
    hidden: BTreeSet<String>,
}

impl JobTexts {
    /// `source`: the texts of the module's files.
    pub fn new(spec: &JobSpec, plan: &Value, source: &[String]) -> Self {
        let mut open: BTreeSet<String> = words(LANGUAGE).map(|(_, word)| word.to_lowercase()).collect();
        let declared = &plan["configuration"]["root_module"]["variables"];
        for (name, variable) in plan["variables"].as_object().into_iter().flatten() {
            if declared[name].is_object() && declared[name]["sensitive"] != true {
                collect(&variable["value"].to_string(), &mut open);
            }
        }
        if is_open(plan, source) {
            // A secret may be a variable's default.
            let (mut of_source, mut secret) = (BTreeSet::new(), BTreeSet::new());
            source.iter().for_each(|text| collect(text, &mut of_source));
            sensitive_values(plan).iter().for_each(|value| collect(&value.to_string(), &mut secret));
            open.extend(of_source.difference(&secret).cloned());
        }
        let mut hidden = BTreeSet::new();
        collect(&spec.text, &mut hidden);
        for (name, value) in &spec.variables {
            collect(name, &mut hidden);
            collect(value, &mut hidden);
        }
        hidden.retain(|word| !open.contains(word));
        Self { hidden }
    }

    /// The text without the parts that have a hidden word. A part ends at a blank, a quote, a bracket or a comma.
    pub fn text(&self, text: &str) -> String {
        let (mut shown, mut at, mut is_after_hidden) = (String::with_capacity(text.len()), 0, false);
        for (start, part) in runs(text, |c| !c.is_whitespace() && !"\"'`(),;".contains(c)) {
            let is_mark = text[..start].ends_with('(') && text[start - 1..].starts_with(SENSITIVE);
            let is_hidden = !is_mark && words(part).any(|(_, word)| self.hides(word));
            if is_hidden {
                let before = &text[at..start];
                if !is_after_hidden || !before.trim().is_empty() {
                    shown.push_str(before);
                    shown.push_str(SENSITIVE);
                }
                at = start + part.len();
            }
            is_after_hidden = is_hidden;
        }
        shown.push_str(&text[at..]);
        shown
    }

    fn hides(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let holds = |hidden: &String| hidden.chars().nth(3).is_some() && word.contains(hidden.as_str());
        self.hidden.contains(&word) || self.hidden.iter().any(holds)
    }
}

/// Whether no text of the source is a secret: nothing but a variable or a resource of the plan marks a value.
fn is_open(plan: &Value, source: &[String]) -> bool {
    are_children_open(&plan["configuration"]["root_module"]) && !source.iter().any(|text| marks_values(text))
}

/// A child from elsewhere is not part of the source, and a variable or an output of a child may mark a literal.
fn are_children_open(module: &Value) -> bool {
    module["module_calls"].as_object().into_iter().flatten().all(|(_, call)| {
        let marks = |kind: &str| {
            let declared = call["module"][kind].as_object().into_iter().flatten();
            declared.into_iter().any(|(_, one)| one["sensitive"] == true)
        };
        call["source"].as_str().is_some_and(|source| source.starts_with('.'))
            && !marks("variables")
            && !marks("outputs")
            && are_children_open(&call["module"])
    })
}

/// Whether the text calls the function `sensitive`.
fn marks_values(text: &str) -> bool {
    text.match_indices("sensitive").any(|(start, word)| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut rest = text[start + word.len()..].trim_start();
        while let Some((_, after)) = rest.strip_prefix("/*").and_then(|rest| rest.split_once("*/")) {
            rest = after.trim_start();
        }
        rest.starts_with('(') && !text[..start].ends_with(is_part)
    })
}

fn collect(text: &str, found: &mut BTreeSet<String>) {
    found.extend(words(text).map(|(_, word)| word.to_lowercase()));
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    runs(text, char::is_alphanumeric)
}

/// The runs of such characters, each with its place.
fn runs(text: &str, is_part: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(&is_part)?;
        let rest = &text[start..];
        at = start + rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        Some((start, &text[start..at]))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SOURCE: &str = "jobspec = <<-SPEC\n group \"web\" { operator = \"${upper(var.token)}\" }\n SPEC\n";

    fn texts(jobspec: &str, plan: &Value, source: &str) -> JobTexts {
        let variables = [("region".to_owned(), "inner".to_owned())].into();
        let spec = JobSpec { text: jobspec.to_owned(), is_json: false, variables };
        JobTexts::new(&spec, plan, &[source.to_owned()])
    }

    fn plan() -> Value {
        json!({
            "variables": { "token": { "value": "hunter" }, "zone": { "value": ["zone-7"] } },
            "configuration": { "root_module": { "variables": { "token": { "sensitive": true }, "zone": {} } } },
        })
    }

    #[test]
    fn a_word_that_only_an_expression_can_have_made_is_hidden() {
        let texts = texts("group \"web\" { operator = \"HUNTER two!\" zone = \"zone-7\" }", &plan(), SOURCE);
        let said = "group web: operator \"HUNTER two!\" of Zone-7 is unknown, (sensitive) xhunterx, inner";
        let shown =
            "group web: operator \"(sensitive)\" of Zone-7 is unknown, (sensitive) (sensitive), (sensitive)";
        assert_eq!(texts.text(said), shown);
    }

    #[test]
    fn a_secret_that_is_a_default_in_the_source_is_hidden_in_any_spelling() {
        let mut plan = plan();
        plan["variables"]["token"]["value"] = json!("hunter2-plain");
        let source = format!("variable \"token\" {{ default = \"hunter2-plain\" }} {SOURCE}");
        let texts = texts("group \"web\" { operator = \"HUNTER2-PLAIN\" }", &plan, &source);
        assert_eq!(
            texts.text("group \"web\": operator \"HUNTER2-PLAIN\" is unknown"),
            "group \"web\": operator \"(sensitive)\" is unknown"
        );
    }

    #[test]
    fn a_literal_of_the_source_is_hidden_where_the_source_marks_values_itself() {
        let jobspec = "group \"web\" { operator = \"literal-7\" }";
        let (said, hidden) =
            ("group web: \"literal-7\" is unknown", "group (sensitive) \"(sensitive)\" is unknown");
        for call in ["sensitive(\"literal-7\")", "sensitive /* why */ (\"literal-7\")"] {
            let source = format!("{SOURCE} {call} \"web\"");
            assert_eq!(texts(jobspec, &plan(), &source).text(said), hidden, "{call}");
        }
        for other in ["nonsensitive(\"literal-7\")", "sensitive = \"literal-7\""] {
            assert_eq!(texts(jobspec, &plan(), &format!("{SOURCE} {other}")).text(said), said, "{other}");
        }
        let mut remote = plan();
        remote["configuration"]["root_module"]["module_calls"] =
            json!({ "c": { "source": "./c", "module": { "module_calls": { "d": { "source": "a/b/c" } } } } });
        let mut child = plan();
        child["configuration"]["root_module"]["module_calls"] =
            json!({ "c": { "source": "./c", "module": { "outputs": { "o": { "sensitive": true } } } } });
        for plan in [remote, child] {
            assert_eq!(texts(jobspec, &plan, &format!("{SOURCE} literal-7")).text(said), hidden);
        }
    }
}
