//! Draws the order in which components run: what each needs in `graph`, and only the names in `validate`.

use std::collections::HashMap;

use serde_json::Value;

use super::alike::{FEW, folded, label};
use super::quote::line;
use super::wrap::filled;
use crate::command_line::command;

/// Empty if the report has no order.
pub fn order(report: &Value) -> String {
    let names: Vec<&str> =
        report["order"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match report["edges"].as_array() {
        _ if report["order"].is_null() => String::new(),
        Some(edges) => lines(&names, edges),
        None => paragraph(&names, report),
    }
}

fn paragraph(names: &[&str], report: &Value) -> String {
    let shows = command("graph").of(line(&report["environment"])).to_string();
    let text = match names.len().checked_sub(FEW) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more ({shows})", names[..FEW].join(", ")),
    };
    format!("\n  order: {}\n", filled(&text, &[shows], "  order: ".len()))
}

fn lines(names: &[&str], edges: &[Value]) -> String {
    let folds = names.len() > FEW;
    let mut needed = HashMap::<&str, Vec<&str>>::new();
    for edge in edges {
        if let (Some(from), Some(to)) = (edge["from"].as_str(), edge["to"].as_str()) {
            needed.entry(from).or_default().push(to);
        }
    }
    let needs = |name: &str| needed.get(name).map_or(&[][..], Vec::as_slice);
    let after = |name: &str| match needs(name) {
        [] => String::new(),
        needs if folds => format!("   after {}", label(needs)),
        needs => format!("   after {}", needs.join(", ")),
    };
    // Those that need the same are one line in the place of the first: what they need is above it.
    let groups = folded(folds, names.iter().map(|name| (*name, needs(name).join(", "))));
    let lines: String =
        groups.iter().map(|one| format!("  {}{}\n", one.label(), after(one.names[0]))).collect();
    format!("\n{lines}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(count: usize, edges: &Value) -> Value {
        let names: Vec<_> = (0..count).map(|number| format!("t{number:03}")).collect();
        json!({ "environment": "staging", "order": names, "edges": edges })
    }

    #[test]
    fn each_of_few_components_has_a_line_with_what_it_needs() {
        let edges = json!([{ "from": "t002", "to": "t000" }, { "from": "t002", "to": "t001" }]);
        assert_eq!(order(&report(3, &edges)), "\n  t000\n  t001\n  t002   after t000, t001\n");
        assert_eq!(order(&report(3, &Value::Null)), "\n  order: t000, t001, t002\n");
    }

    #[test]
    fn of_500_components_those_that_need_the_same_are_one_line_below_what_they_need() {
        let edges: Vec<_> = (1..400)
            .map(|from| (from, 0))
            .chain((0..400).map(|to| (499, to)))
            .map(|(from, to)| json!({ "from": format!("t{from:03}"), "to": format!("t{to:03}") }))
            .collect();
        assert_eq!(
            order(&report(500, &edges.into())),
            "\n  t000, t400 and 98 more\n  t001, t002 and 397 more   after t000\n  \
             t499   after t000, t001 and 398 more\n"
        );
        let short = order(&report(500, &Value::Null));
        assert!(short.ends_with(" t023 and 476 more (salt-run infrastructure.graph staging)\n"), "{short}");
    }
}
