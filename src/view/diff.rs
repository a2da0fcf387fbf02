//! Draws what differs between two environments.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::quote::line;
use super::why::content;
use super::width::pad;
use super::wrap::{COLUMNS, listed, shortened};
use crate::count::counted;

pub fn diff(diff: &Value) -> String {
    let [from, to] = ["environment", "target"].map(|key| line(&diff[key]));
    let parts = Parts::of(diff);
    let mut summary = parts.summary(&from, &to);
    summary[0].insert_str(0, &format!("{from} → {to}: "));
    let mut text = listed(&summary, "");
    for (environment, other) in [(&from, &to), (&to, &from)] {
        let lines: String = parts.only(environment).map(only).collect();
        if !lines.is_empty() {
            text.push_str(&format!("\n  only in {environment}, not in {other}\n{lines}"));
        }
    }
    let names = [from.as_str(), to.as_str()];
    let differing: String = parts.differing().map(|one| component(one, names)).collect();
    if !differing.is_empty() {
        text.push_str(&format!("\n  in both, with other values ({from} → {to})\n{differing}"));
    }
    let settings: String = array(&diff["settings"]).map(|one| difference(one, names)).collect();
    if !settings.is_empty() {
        text.push_str(&format!("\n  settings of the environments\n{settings}"));
    }
    let defaults = parts.by_default();
    if !defaults.is_empty() {
        text.push_str(&format!("\n  by the defaults of each environment\n{}", listed(&defaults, "    ")));
    }
    text
}

/// The parts of a difference, as text and markdown show them.
pub(super) struct Parts<'a> {
    components: Vec<&'a Value>,
    same: usize,
    settings: usize,
}

impl<'a> Parts<'a> {
    pub fn of(diff: &'a Value) -> Self {
        let same = diff["same"].as_u64().and_then(|same| usize::try_from(same).ok()).unwrap_or(0);
        let settings = array(&diff["settings"]).count();
        Self { components: array(&diff["components"]).collect(), same, settings }
    }

    pub fn only(&self, environment: &str) -> impl Iterator<Item = &'a Value> {
        self.components.iter().copied().filter(move |one| one["only"] == environment)
    }

    /// The components that both have, if more than defaults of the environments differ.
    pub fn differing(&self) -> impl Iterator<Item = &'a Value> {
        self.components.iter().copied().filter(|one| written(one).next().is_some())
    }

    /// `api replicas 2 → 3`: what nobody has written.
    pub fn by_default(&self) -> Vec<String> {
        let of = |one: &&'a Value| {
            let name = name(one);
            let defaults = array(&one["differences"]).filter(|one| one["by"] == "default");
            defaults
                .map(move |one| format!("{name} {} {}", line(&one["name"]), change(one)))
                .collect::<Vec<_>>()
        };
        self.components.iter().flat_map(of).collect()
    }

    /// At least one part of a sentence.
    pub fn summary(&self, from: &str, to: &str) -> Vec<String> {
        let only = |environment: &str| {
            let count = self.only(environment).count();
            (count > 0).then(|| format!("{count} only in {environment}"))
        };
        let differing = self.differing().count();
        let said = [
            only(from),
            only(to),
            (differing > 0).then(|| format!("{differing} with other values")),
            (self.settings > 0).then(|| counted(self.settings, "other setting")),
        ];
        let mut said: Vec<_> = said.into_iter().flatten().collect();
        match said.is_empty() {
            true => vec!["the pillar makes no difference".to_owned()],
            false => {
                said.push(format!("{} the same", self.same));
                said
            }
        }
    }
}

/// The differences that the pillar makes.
pub(super) fn written(one: &Value) -> impl Iterator<Item = &Value> {
    array(&one["differences"]).filter(|one| one["by"] != "default")
}

/// The service's own name, if it is one.
pub(super) fn name(one: &Value) -> String {
    line(if one["service"].is_string() { &one["service"] } else { &one["name"] })
}

/// `"a" → "b"`
pub(super) fn change(difference: &Value) -> String {
    let [from, to] = ["from", "to"].map(|key| said(&difference[key]));
    format!("{from} → {to}")
}

fn said(side: &Value) -> String {
    content(side).unwrap_or_else(|| "(not set)".to_owned())
}

/// What a component is made from that only one environment has.
pub(super) fn what(one: &Value) -> String {
    let what = array(&one["what"]).map(|part| format!("{} {}", line(&part["name"]), said(&part["value"])));
    what.collect::<Vec<_>>().join(", ")
}

fn only(one: &Value) -> String {
    let head = format!("    {}", name(one));
    match what(one).as_str() {
        "" => format!("{head}\n"),
        what => format!("{head}  {}\n", shortened(what, COLUMNS.saturating_sub(head.width() + 2))),
    }
}

fn component(one: &Value, environments: [&str; 2]) -> String {
    let lines: String = written(one).map(|one| difference(one, environments)).collect();
    format!("    {}\n{lines}", name(one))
}

/// One line, or one for each environment if that is too long.
fn difference(one: &Value, environments: [&str; 2]) -> String {
    let name = line(&one["name"]);
    let whole = format!("      {name}  {}", change(one));
    if whole.width() <= COLUMNS {
        return format!("{whole}\n");
    }
    let wide = environments.iter().map(|name| name.width()).max().unwrap_or(0);
    let sides = environments.iter().zip(["from", "to"]).map(|(environment, key)| {
        let head = format!("        {}  ", pad(environment, wide));
        format!("{head}{}\n", shortened(&said(&one[key]), COLUMNS.saturating_sub(head.width())))
    });
    format!("      {name}\n{}", sides.collect::<String>())
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(value: Value) -> Value {
        json!({ "level": "component", "value": value })
    }

    fn image(tag: &str) -> Value {
        value(json!(format!("registry.example.com/a-long-name/of-a-team/api:{tag}")))
    }

    #[test]
    fn what_the_other_environment_lacks_comes_first_and_defaults_last_and_no_line_is_too_long() {
        let drawn = diff(&json!({
            "environment": "staging", "target": "production", "same": 1,
            "components": [
                { "name": "nomad-web", "service": "web", "only": "staging", "what": [
                    { "name": "image", "value": image(&"9".repeat(60)) } ] },
                { "name": "nomad-api", "service": "api", "differences": [
                    { "name": "image", "by": "pillar", "from": image("1.5"), "to": image("1.4") },
                    { "name": "port", "by": "pillar", "from": value(json!(80)), "to": null },
                    { "name": "replicas", "by": "default", "from": value(json!(2)), "to": value(json!(3)) } ] },
            ],
            "settings": [],
        }));
        let expected = "\
staging → production: 1 only in staging, 1 with other values, 1 the same

  only in staging, not in production
    web  image \"registry.example.com/a-long-name/of-a-team/api:9999999999999999…

  in both, with other values (staging → production)
    api
      image
        staging     \"registry.example.com/a-long-name/of-a-team/api:1.5\"
        production  \"registry.example.com/a-long-name/of-a-team/api:1.4\"
      port  80 → (not set)

  by the defaults of each environment
    api replicas 2 → 3
";
        assert_eq!(drawn, expected);
        assert!(drawn.lines().all(|line| line.width() <= COLUMNS), "{drawn}");
    }
}
