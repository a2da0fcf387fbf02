//! operation
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::host::Host;
use crate::model::{Name, Problem};

pub struct Call<'a> {
    pub request: Request,
    pub host: &'a dyn Host,
    pub progress: fn(&str, &BTreeSet<Name>, usize) -> crate::view::progress::Progress,
}

pub struct Request {
    pub operation: String,
    pub arguments: Map<String, Value>,
    pub surplus: usize,
    pub infrastructure: Value,
    pub problems: Vec<Problem>,
    pub identity: Identity,
}

pub struct Identity {
    pub jid: String,
    pub user: String,
    pub minion: String,
    pub test: bool,
    pub salt_version: String,
}

pub fn run(call: Call<'_>) -> Value {
    let request = call.request;
    if let Some(fake) = request.arguments.get("fake") {
        return match request.arguments.get("fake_test") {
            Some(planned) if request.identity.test => planned.clone(),
            _ => fake.clone(),
        };
    }
    let ok = request.problems.is_empty() && request.surplus == 0;
    let mut waited = 0;
    let mut stopped = false;
    while let Some(Value::Number(wait)) = request.arguments.get("wait")
        && waited < wait.as_u64().unwrap_or(0)
        && !stopped
    {
        std::thread::sleep(std::time::Duration::from_millis(100));
        waited += 100;
        stopped = call.host.tick();
    }
    call.host.log(tracing::Level::INFO, "stub");
    call.host.emit("eos/stub/x/planning", &json!({"n": 1}));
    let fetched = request
        .arguments
        .get("fetch")
        .and_then(Value::as_str)
        .map(|u| match call.host.fetch(u) {
            Ok(files) => files
                .into_iter()
                .map(|(name, path)| {
                    let text = call.host.render(&path);
                    json!([name, path.display().to_string(), format!("{text:?}")])
                })
                .collect::<Value>(),
            Err(e) => json!(e),
        });
    json!({"schema": 1, "operation": request.operation, "environment": request.arguments.get("environment"), "result": ok && !stopped, "retcode": i32::from(!ok || stopped), "test": request.identity.test,
      "jid": request.identity.jid, "user": request.identity.user, "minion": request.identity.minion,
      "arguments": request.arguments, "surplus": request.surplus, "infrastructure": request.infrastructure, "stopped": stopped,
      "fetched": fetched, "error": null, "components": {}, "problems": request.problems})
}
