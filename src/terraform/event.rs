//! The `-json` stream: <https://developer.hashicorp.com/terraform/internals/machine-readable-ui>.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::report::{ActionInvocation, Counts};

/// One line of the stream. An unknown type, and a line that is not JSON, is `Other`.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    PlannedChange(PlannedChange),
    PlannedAction(ActionInvocation),
    /// Terraform leaves a change to a later plan. The whole plan describes it.
    Deferred,
    /// A change that was made outside Terraform.
    ResourceDrift(PlannedChange),
    ChangeSummary(ChangeSummary),
    /// From an output's name to its action. After an apply there is no action.
    Outputs(BTreeMap<String, Option<String>>),
    ApplyStart(OperationEvent),
    ApplyComplete(OperationEvent),
    ApplyErrored(OperationEvent),
    /// An action of a provider has ended well.
    ActionComplete,
    /// A state that terraform could not save anywhere else.
    StateDump(Value),
    Diagnostic(Diagnostic),
    Other,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PlannedChange {
    pub resource: EventResource,
    pub action: TerraformAction,
    #[serde(default)]
    pub reason: Option<String>,
    /// Where a moved resource was before.
    #[serde(default)]
    pub previous_resource: Option<EventResource>,
    /// An object if the resource is imported.
    #[serde(default)]
    pub importing: Value,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ChangeSummary {
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OperationEvent {
    pub resource: EventResource,
    pub action: TerraformAction,
    #[serde(default)]
    id_key: Option<String>,
    #[serde(default)]
    id_value: Option<String>,
    /// Only at the end of an operation.
    #[serde(default, rename = "elapsed_seconds")]
    pub seconds: Option<f64>,
}

impl OperationEvent {
    /// The object's id, if Terraform reports one. Terraform may report a `name` in this field instead.
    pub fn id(&self) -> Option<&str> {
        self.id_value.as_deref().filter(|_| self.id_key.as_deref() == Some("id"))
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct EventResource {
    #[serde(rename = "addr")]
    pub address: String,
    #[serde(rename = "resource_type")]
    pub kind: String,
    #[serde(rename = "resource_name")]
    pub name: String,
}

/// An action in Terraform's words, such as `create`, `replace`, `noop`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct TerraformAction(String);

impl TerraformAction {
    pub fn word(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    #[serde(other)]
    Warning,
}

/// An error or a warning of Terraform.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    pub summary: String,
    #[serde(default)]
    pub detail: String,
    /// The address of the resource.
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub range: Option<Range>,
    #[serde(default)]
    snippet: Option<Snippet>,
}

/// The part of the module that it is about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Snippet {
    /// The block around it, without the block's content: `check "certificate"`.
    #[serde(default)]
    context: Option<String>,
}

impl Diagnostic {
    pub fn warning(summary: String, detail: String, range: Option<Range>) -> Self {
        Self { severity: Severity::Warning, summary, detail, address: None, range, snippet: None }
    }

    /// The name of the `check` block that it comes from.
    pub fn check(&self) -> Option<&str> {
        let context = self.snippet.as_ref()?.context.as_ref()?;
        context.strip_prefix("check \"")?.strip_suffix('"')
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Range {
    pub filename: String,
    pub start: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Position {
    pub line: u64,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail.trim())?;
        }
        match &self.range {
            Some(range) => write!(f, " [{}:{}]", range.filename, range.start.line),
            None => Ok(()),
        }
    }
}

/// Reads one line. The only error is a stream with an unknown major version.
pub fn parse(line: &str) -> Result<Event> {
    let Ok(mut message) = serde_json::from_str::<Value>(line) else {
        return Ok(Event::Other);
    };
    let kind = message["type"].as_str().unwrap_or_default().to_owned();
    let dump = message["@message"] == "Emergency state dump";
    let mut part = |key: &str| message[key].take();
    let event = match kind.as_str() {
        "planned_action_invocation" => Some(Event::PlannedAction(action(&part("invocation")))),
        "action_complete" => Some(Event::ActionComplete),
        kind if kind.starts_with("deferred_") => Some(Event::Deferred),
        "version" => return version(&part("ui")),
        "planned_change" => read(part("change")).map(Event::PlannedChange),
        "resource_drift" => read(part("change")).map(Event::ResourceDrift),
        "change_summary" => read(part("changes")).map(Event::ChangeSummary),
        "outputs" => read::<BTreeMap<String, Value>>(part("outputs")).map(|outputs| {
            let action = |output: &Value| output["action"].as_str().map(str::to_owned);
            Event::Outputs(outputs.iter().map(|(name, output)| (name.clone(), action(output))).collect())
        }),
        "apply_start" => read(part("hook")).map(Event::ApplyStart),
        "apply_complete" => read(part("hook")).map(Event::ApplyComplete),
        "apply_errored" => read(part("hook")).map(Event::ApplyErrored),
        "log" if dump => Some(part("state")).filter(Value::is_object).map(Event::StateDump),
        "diagnostic" => read(part("diagnostic")).map(Event::Diagnostic),
        _ => None,
    };
    Ok(event.unwrap_or(Event::Other))
}

fn action(invocation: &Value) -> ActionInvocation {
    let (address, trigger) = (&invocation["action_addr"], &invocation["lifecycle_trigger"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ActionInvocation {
        address: text(&address["addr"]),
        kind: text(&address["action_type"]),
        name: text(&address["action_name"]),
        resource: trigger["triggering_resource"]["addr"].as_str().map(str::to_owned),
        event: trigger["triggering_event"].as_str().map(str::to_owned),
        deferred: None,
    }
}

fn read<T: serde::de::DeserializeOwned>(part: Value) -> Option<T> {
    serde_json::from_value(part).ok()
}

fn version(ui: &Value) -> Result<Event> {
    let ui = ui.as_str().unwrap_or_default();
    match ui.split('.').next() {
        Some("1") => Ok(Event::Other),
        _ => {
            let message = format!("terraform uses version {ui:?} of its -json stream; Eos reads version 1");
            let remedy = "use a terraform that Eos supports, or a newer Eos";
            Err(Error::new(Layer::Terraform, Phase::Planning, Code::StreamVersion, message, remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_planned_change_is_read() {
        let line = r#"{"type":"planned_change","change":{"resource":{"addr":"module.m.aws_x.y[0]","resource_type":"aws_x",
            "resource_name":"y","resource_key":0},"action":"replace","reason":"cannot_update"}}"#;
        let Event::PlannedChange(planned) = parse(line).unwrap() else { panic!("another event") };
        assert_eq!(
            (planned.resource.address.as_str(), planned.action.word()),
            ("module.m.aws_x.y[0]", "replace")
        );
    }

    #[test]
    fn an_action_names_the_resource_and_the_event_that_trigger_it() {
        let addr = json!({ "addr": "action.t.n", "module": "", "action_type": "t", "action_name": "n", "action_key": null });
        let resource = json!({ "addr": "a.b", "resource_type": "a", "resource_name": "b" });
        let trigger = json!({ "triggering_resource": resource, "triggering_event": "AfterCreate", "actions_list_index": 0 });
        let invocation = json!({ "action_addr": addr, "lifecycle_trigger": trigger });
        let line = json!({ "type": "planned_action_invocation", "invocation": invocation }).to_string();
        let expected = ActionInvocation {
            address: "action.t.n".to_owned(),
            kind: "t".to_owned(),
            name: "n".to_owned(),
            resource: Some("a.b".to_owned()),
            event: Some("AfterCreate".to_owned()),
            deferred: None,
        };
        assert_eq!(parse(&line).unwrap(), Event::PlannedAction(expected));
    }

    #[test]
    fn unknown_types_newer_fields_and_plain_text_are_accepted() {
        for line in [
            "",
            "plain text",
            "{}",
            r#"{"type":"of_the_future","x":1}"#,
            r#"{"type":"version","ui":"1.99"}"#,
            "[1]",
        ] {
            assert_eq!(parse(line).unwrap(), Event::Other, "{line}");
        }
    }

    #[test]
    fn a_stream_of_another_major_version_is_refused() {
        assert_eq!(parse(r#"{"type":"version","ui":"2.0"}"#).unwrap_err().code, Code::StreamVersion);
    }

    #[test]
    fn a_diagnostic_names_its_file_and_line() {
        let line = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"S","detail":"D",
            "range":{"filename":"main.tf","start":{"line":3,"column":1,"byte":2}}}}"#;
        let Event::Diagnostic(diagnostic) = parse(line).unwrap() else { panic!("another event") };
        assert_eq!(diagnostic.to_string(), "S: D [main.tf:3]");
    }

    #[test]
    fn a_warning_names_the_check_block_that_it_comes_from() {
        let check = |context: serde_json::Value| {
            let diagnostic =
                json!({ "severity": "warning", "summary": "S", "snippet": { "context": context } });
            let line = json!({ "type": "diagnostic", "diagnostic": diagnostic }).to_string();
            let Event::Diagnostic(diagnostic) = parse(&line).unwrap() else { panic!("another event") };
            diagnostic.check().map(str::to_owned)
        };
        assert_eq!(check(json!("check \"certificate\"")), Some("certificate".to_owned()));
        assert_eq!(check(json!("resource \"a\" \"check\"")), None);
        assert_eq!(check(json!(null)), None);
    }
}
