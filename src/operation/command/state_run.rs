//! The calls of states, which know the other states of their state run.

use serde_json::Value;

use crate::model::{Name, Overrides};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{Call, Request};
use crate::operation::run::run_request::RunRequest;

/// A test plans the components whose outputs it reads. For these, the values count that other states of the same state
/// run give them.
pub fn beside_others(call: &Call<'_>, mut wanted: RunRequest) -> RunRequest {
    let Some(selected) = wanted.components.clone().filter(|_| wanted.intent.foresees_outputs()) else {
        return wanted;
    };
    for mut low in call.host.apply_states() {
        if low.get("component").is_none_or(Value::is_null)
            && let Some(name) = low.get("name").cloned()
        {
            low.insert("component".to_owned(), name);
        }
        let request = Request {
            operation: "state.apply".to_owned(),
            arguments: low,
            surplus: 0,
            infrastructure: Value::Null,
            problems: Vec::new(),
            identity: call.request.identity.clone(),
        };
        let (environment, component, given) = read(&request, &call.request.infrastructure);
        if environment == wanted.environment && !selected.contains(&component) {
            wanted.overrides.beside.push(given);
        }
    }
    wanted
}

/// Wrong arguments are reported by the state that has them.
fn read(request: &Request, pillar: &Value) -> (Name, Name, Overrides) {
    let mut arguments = Arguments::with_pillar(request, pillar);
    let component = arguments.name("component");
    let given = arguments.inputs(&component);
    (arguments.environment(), component, given)
}
