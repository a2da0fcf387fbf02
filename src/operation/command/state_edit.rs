//! The requests of `import_resource`, `move_resource` and `remove_resource`, and their answers.

use serde_json::Value;

use super::one_component;
use crate::model::{ResourceAddress, StateEdit};
use crate::operation::intent::{Intent, What};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run::run_request::RunRequest;

/// One of [`crate::journal::STATE_EDITS`]: a report with a `message`.
pub(super) fn run(call: &Call<'_>, operation: &'static str) -> Value {
    let mut wanted_surgery = None;
    let mut report = one_component::one(call, operation, |arguments, _, wanted| {
        wanted_surgery = surgery(arguments, operation);
        // Without one, the arguments have a problem, and the call is refused.
        let what = wanted_surgery.clone().map_or(What::Configuration, What::StateEdit);
        RunRequest { intent: Intent { what, ..wanted.intent }, ..wanted }
    });
    report["message"] = message(wanted_surgery.as_ref(), &report).into();
    report
}

fn surgery(arguments: &mut Arguments, operation: &str) -> Option<StateEdit> {
    match operation {
        "import_resource" => {
            let address = address(arguments, "resource_address");
            let id = arguments.text("resource_id");
            let id = id.filter(|id| !id.is_empty() && !id.chars().any(char::is_control));
            if id.is_none() {
                arguments.problem("resource_id", "must be the id that the provider uses for it");
            }
            let address = address?;
            if !address.is_resource() {
                arguments.problem("resource_address", "is a module: name a resource");
            }
            Some(StateEdit::Import { address, id: id? })
        }
        "move_resource" => {
            let (from, to) = (address(arguments, "from_address"), address(arguments, "to_address"));
            let (from, to) = (from?, to?);
            if from.is_resource() != to.is_resource() || from == to {
                arguments.problem(
                    "to_address",
                    "must differ from the first address, and be of the same kind: both resources, or both \
                     modules",
                );
            }
            Some(StateEdit::Move { from, to })
        }
        _ => {
            let destroy = arguments.flag("destroy");
            let address = address(arguments, "resource_address")?;
            if address.has_index() {
                arguments.problem(
                    "resource_address",
                    "has an index: Terraform removes only whole resources or modules from a state",
                );
            }
            Some(StateEdit::Remove { address, destroy })
        }
    }
}

fn address(arguments: &mut Arguments, key: &'static str) -> Option<ResourceAddress> {
    let Some(text) = arguments.text(key) else {
        arguments.problem(key, "is missing: name an address");
        return None;
    };
    ResourceAddress::new(&text).map_err(|reason| arguments.problem(key, reason)).ok()
}

/// One sentence: what was done, what would be done, or what went wrong.
fn message(surgery: Option<&StateEdit>, report: &Value) -> String {
    if let Some(message) = report["error"]["message"].as_str() {
        return message.to_owned();
    }
    let what = match surgery {
        None => return String::new(),
        Some(StateEdit::Import { address, id }) => format!("{address} is in the state with the id {id}"),
        Some(StateEdit::Move { from, to }) => format!("{from} is now {to}"),
        Some(StateEdit::Remove { address, destroy: false }) => {
            format!("{address} is no longer in the state; the resource itself still exists")
        }
        Some(StateEdit::Remove { address, destroy: true }) => format!("{address} is destroyed"),
    };
    match report["status"].as_str() {
        Some("planned") => format!("planned: {what}, when run without test"),
        Some("unchanged") => format!("nothing to do: {what}"),
        _ => what,
    }
}
