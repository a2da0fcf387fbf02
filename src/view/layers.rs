//! Draws the layers below an environment: one line for each, and its faults below it. Lines fit 80 columns.

use serde_json::Value;

use super::quote::{flat, line};
use super::style::Style;
use super::wrap::{commands, filled};

/// The order in which a change passes through them.
const ORDER: [&str; 5] = ["salt", "terraform", "nomad", "consul", "vault"];
/// The columns of the longest name, and of the longest status.
const NAME: usize = 9;
const STATUS: usize = 9;

/// Empty if the report has no layers.
pub fn layers(report: &Value, style: Style) -> String {
    let Some(layers) = report["layers"].as_object() else { return String::new() };
    let mut text = "\n".to_owned();
    for name in ORDER {
        let Some(layer) = layers.get(name) else { continue };
        let status = style.status(layer["status"].as_str().unwrap_or_default(), STATUS);
        let head = format!("  {name:NAME$}  {status}");
        let column = 2 + NAME + 2 + STATUS + 2;
        let commands = commands(&layer["commands"]);
        match filled(&line(&layer["summary"]), &commands, column) {
            none if none.is_empty() => text.push_str(head.trim_end()),
            summary => text.push_str(&format!("{head}  {summary}")),
        }
        text.push('\n');
        for fault in layer["faults"].as_array().into_iter().flatten() {
            text.push_str(&format!("    {}\n", filled(&flat(&fault["message"]), &commands, 4)));
            text.push_str(&format!("      next: {}\n", filled(&flat(&fault["remedy"]), &commands, 12)));
        }
    }
    text
}

/// `layers salt, vault unhealthy`, `layer nomad degraded`: the layers that are not well, the worst first.
pub fn worst(report: &Value) -> Vec<String> {
    let named = |status: &'static str| {
        let of_status = ORDER.into_iter().filter(|name| report["layers"][*name]["status"] == status);
        let names: Vec<_> = of_status.collect();
        let layers = if names.len() == 1 { "layer" } else { "layers" };
        (!names.is_empty()).then(|| format!("{layers} {} {status}", names.join(", ")))
    };
    ["unhealthy", "degraded", "unknown"].into_iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::super::wrap::COLUMNS;
    use super::*;

    fn report() -> Value {
        let fault = json!({
            "message": "the Nomad at http://127.0.0.1:4646 cannot be reached: Connection refused (os error 111)\nfake: 1 applied",
            "remedy": "start Nomad there, or correct infrastructure:settings:nomad:address in the pillar of this minion",
        });
        json!({ "layers": {
            "vault": { "status": "not_used", "summary": "", "faults": [] },
            "nomad": { "status": "unhealthy", "summary": "no answer from http://127.0.0.1:4646", "faults": [fault] },
            "salt": { "status": "healthy", "summary": "3008.5 on the master, 3 of 3 minions answer", "faults": [] },
            "consul": { "status": "degraded", "summary": "leader 127.0.0.1:8300, 2 of 3 agents alive", "faults": [] },
        } })
    }

    #[test]
    fn layers_are_drawn_in_their_order_within_80_columns() {
        let text = layers(&report(), Style { colour: false });
        assert_eq!(
            text,
            "
  salt       healthy    3008.5 on the master, 3 of 3 minions answer
  nomad      unhealthy  no answer from http://127.0.0.1:4646
    the Nomad at http://127.0.0.1:4646 cannot be reached: Connection refused (os
    | error 111) fake: 1 applied
      next: start Nomad there, or correct infrastructure:settings:nomad:address
            | in the pillar of this minion
  consul     degraded   leader 127.0.0.1:8300, 2 of 3 agents alive
  vault      not used
"
        );
        assert!(text.lines().all(|line| line.width() <= COLUMNS), "{text}");
    }

    #[test]
    fn a_command_in_a_summary_or_a_remedy_is_never_broken() {
        let long = "salt-run -c /srv/salt/of/the/team infrastructure.locks staging minion=web1.example.com";
        let fault = json!({ "message": "one is stale", "remedy": format!("free it: {long}") });
        let summary = format!("Terraform 1.14.0, backend local reachable, 2 locks held ({long})");
        let layer =
            json!({ "status": "degraded", "summary": summary, "faults": [fault], "commands": [long] });
        assert_eq!(
            layers(&json!({ "layers": { "terraform": layer } }), Style { colour: false }),
            format!(
                "
  terraform  degraded   Terraform 1.14.0, backend local reachable, 2 locks held
    {long}
    one is stale
      next: free it:
    {long}
"
            )
        );
    }

    #[test]
    fn the_worst_layers_are_named_first_and_healthy_ones_not() {
        assert_eq!(worst(&report()), ["layer nomad unhealthy", "layer consul degraded"]);
        let two = json!({ "layers": { "salt": { "status": "unknown" }, "vault": { "status": "unknown" } } });
        assert_eq!(worst(&two), ["layers salt, vault unknown"]);
        assert_eq!(worst(&json!({})), Vec::<String>::new());
    }

    #[test]
    fn a_report_without_layers_draws_none() {
        assert_eq!(layers(&json!({ "components": {} }), Style { colour: false }), "");
    }
}
