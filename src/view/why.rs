//! Draws where values came from: the levels of one value, or one line for each value.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::attribute::short;
use super::quote::line;
use super::width::pad;
use super::wrap::shortened;
use crate::count::counted;

/// In columns: a value in a list of values.
const VALUE: usize = 24;
/// The number of keys that are named.
const KEYS: usize = 6;

pub fn why(report: &Value) -> String {
    let environment = line(&report["environment"]);
    let what = line(&report["what"]);
    let settings: Vec<&Value> = report["why"].as_array().into_iter().flatten().collect();
    let mut text = match what.contains(['.', '[']) {
        true => settings.iter().map(|one| whole(&environment, &what, one)).collect::<String>(),
        false => format!("{environment}: {what}\n{}", list(&settings)),
    };
    for note in report["why_notes"].as_array().into_iter().flatten() {
        text.push_str(&format!("  note: {}\n", line(note)));
    }
    text
}

/// One value: its levels, the most specific first, each with its sources.
fn whole(environment: &str, what: &str, setting: &Value) -> String {
    let component = what.split(['.', '[']).next().unwrap_or_default();
    let (name, kind) = (line(&setting["name"]), line(&setting["kind"]));
    let levels: Vec<&Value> = setting["levels"].as_array().into_iter().flatten().collect();
    let mut text = format!("{environment}: {kind} {component}.{name}\n");
    if levels.is_empty() {
        return text + "  nothing sets it\n";
    }
    if levels.iter().all(|level| level["effect"] == "overridden") {
        text.push_str("  none of these is used: a more specific level sets something that excludes it\n");
    }
    for level in levels {
        let parts: Vec<String> = level["parts"].as_array().into_iter().flatten().map(line).collect();
        let parts = if parts.is_empty() { String::new() } else { format!(" (used: {})", named(&parts)) };
        let value = equals(level, usize::MAX);
        text.push_str(&format!("  {}  {}{value}{parts}\n", mark(level), level_name(level)));
        if let Some(path) = level["path"].as_str() {
            text.push_str(&format!("{INDENT}{}\n", line(&path.into())));
        }
        for source in sources(level) {
            text.push_str(&format!("{INDENT}{source}\n"));
        }
    }
    text
}

/// Small, because paths are long.
const INDENT: &str = "      ";
/// The width of the longest mark.
const MARK: usize = 12;

/// Every value on a line, with the level and the source that win.
fn list(settings: &[&Value]) -> String {
    let row = |setting: &&Value| {
        let levels: Vec<&Value> = setting["levels"].as_array().into_iter().flatten().collect();
        let used: Vec<&&Value> = levels.iter().filter(|level| level["effect"] != "overridden").collect();
        let value = match &used[..] {
            [level] => equals(level, VALUE),
            _ => String::new(),
        };
        let origin: Vec<String> =
            used.iter().map(|level| format!("{}{}", level_name(level), brief(level))).collect();
        let origin = if levels.is_empty() { "nothing sets it".to_owned() } else { origin.join(" and ") };
        // A default is no news: something else nearly always overrides it.
        let lost = levels.iter().filter(|level| level["effect"] == "overridden" && level["path"].is_string());
        let lost = lost.count();
        let over = if lost == 0 { String::new() } else { format!(", over {}", counted(lost, "other level")) };
        (format!("{}{value}", line(&setting["name"])), format!("{origin}{over}"))
    };
    let rows: Vec<(String, String)> = settings.iter().map(row).collect();
    let width = rows.iter().map(|(left, _)| left.width()).max().unwrap_or(0);
    rows.iter().map(|(left, right)| format!("  {}  {right}\n", pad(left, width))).collect()
}

fn mark(level: &Value) -> String {
    pad(
        match level["effect"].as_str() {
            Some("wins") => "wins",
            Some("part") => "used in part",
            Some("added") => "added",
            _ => "overridden",
        },
        MARK,
    )
}

fn level_name(level: &Value) -> &'static str {
    match level["level"].as_str().unwrap_or_default() {
        "call" => "this call",
        "salt_option" => "the option eos of Salt's configuration, which takes the place of the pillar's",
        "environment_component" => "the environment's component",
        "environment_nomad_service" => "nomad_service of the environment",
        "component" => "component",
        "nomad_service" => "nomad_service",
        "environment_settings" => "the environment's settings",
        "settings" => "settings",
        "profile" => "the profile",
        "standard_input" => "a standard input of Eos",
        "module_file" => "a tfvars file of the module",
        "module_default" => "the module's default",
        _ => "the default of Eos",
    }
}

/// `"x"`, `output networking.vpc_id`, `secret env:TOKEN`. None if the level has no value there.
pub(super) fn content(level: &Value) -> Option<String> {
    let text = if !level["value"].is_null() || level.get("value").is_some() {
        short(&level["value"])
    } else if let Some(outputs) = level["outputs"].as_array() {
        let names: Vec<String> = outputs.iter().map(line).collect();
        format!("output {}", names.join(", "))
    } else if level["secret"].is_string() {
        format!("secret {}", line(&level["secret"]))
    } else if level["generated"] == true {
        "generated secret".to_owned()
    } else if level["hidden"] == true {
        "(not shown)".to_owned()
    } else {
        return None;
    };
    Some(text)
}

/// ` = "x"`
fn equals(level: &Value, width: usize) -> String {
    match content(level) {
        Some(text) => format!(" = {}", shortened(&text, width)),
        None if level["absent"] == true => " sets the variable as a whole, without this".to_owned(),
        None => String::new(),
    }
}

/// Every source of a level, and what is not known.
fn sources(level: &Value) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for source in level["sources"].as_array().into_iter().flatten() {
        let verb = match source["effect"].as_str() {
            Some("overridden") => "overrides",
            Some("possible") => "perhaps from",
            _ => "from",
        };
        let keys: Vec<String> = source["keys"].as_array().into_iter().flatten().map(line).collect();
        let keys = if keys.is_empty() { String::new() } else { format!(": {}", named(&keys)) };
        lines.push(format!("{verb} {}{keys}", place(source)));
    }
    if let Some(unknown) = level["unknown"].as_str() {
        let head = if lines.is_empty() { "the file is not known" } else { "which of these is not known" };
        lines.push(format!("{head}: {}", line(&unknown.into())));
    }
    lines
}

/// Not more than [`KEYS`] of them.
fn named(keys: &[String]) -> String {
    let shown = &keys[..keys.len().min(KEYS)];
    match keys.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The winning source, for a list.
fn brief(level: &Value) -> String {
    let all = level["sources"].as_array().into_iter().flatten();
    let used = all.filter(|source| source["effect"] != "overridden");
    let brief = |source: &Value| match source["effect"] == "possible" {
        true => format!("perhaps {}", place(source)),
        false => place(source),
    };
    let used: Vec<String> = used.map(brief).collect();
    if used.is_empty() { String::new() } else { format!(", {}", used.join(" and ")) }
}

/// `/srv/pillar/web.sls, line 4`
fn place(source: &Value) -> String {
    let ext_pillar = source["ext_pillar"].as_str().map(|name| {
        let position = source["position"].as_u64().unwrap_or_default();
        format!("ext_pillar {}, entry {position}", line(&name.into()))
    });
    let file = source["file"].as_str().map(|file| line(&file.into()));
    let of: Vec<String> = [file, ext_pillar].into_iter().flatten().collect();
    let repository = source["repository"].as_str().map(|name| format!(" of {}", line(&name.into())));
    let repository = repository.unwrap_or_default();
    let row = source["line"].as_u64().map_or_else(String::new, |row| format!(", line {row}"));
    let anchor =
        source["anchor"].as_u64().map_or_else(String::new, |row| format!(" (the anchor: line {row})"));
    match &of[..] {
        [file, ext_pillar] => format!("{file}{repository}{row}{anchor} ({ext_pillar})"),
        _ => format!("{}{row}{anchor}", of.concat()),
    }
}
