use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// An answer in which every text of others is `hostile`.
fn answer(hostile: &str) -> Value {
    let attribute = json!({ "path": hostile, "before": hostile, "after": [hostile], "replaces": true });
    let change = json!({
        "address": hostile, "actions": ["update"], "attributes": [attribute], "previous_address": hostile,
        "deposed": hostile, "import_id": hostile, "deferred": hostile,
    });
    let error = json!({
        "message": hostile, "remedy": hostile, "phase": hostile, "layer": "terraform",
        "details": { "addresses": [hostile] },
    });
    let state = json!({ "function": hostile, "name": hostile, "comment": hostile });
    let warning = json!({ "summary": hostile, "detail": hostile });
    let orphan = json!({ "address": hostile, "import": hostile });
    let mut full = json!({
        "status": hostile, "reason": hostile, "changes": { "change": 1 }, "notes": [hostile], "error": null,
        "resource_changes": [change], "output_changes": { hostile: hostile }, "outputs": { hostile: hostile },
        "action_invocations": [{ "address": hostile, "event": hostile, "resource": hostile }],
        "warnings": [warning], "possible_orphans": [orphan], "duration": 1.5,
        "salt": { "minions": { hostile: { "status": hostile, "changed": [state], "failed": [state] } } },
    });
    let mut failed = full.clone();
    failed["error"] = error.clone();
    full["rollback"] = failed.clone();
    let (name, other) = (format!("1{hostile}"), format!("2{hostile}"));
    let step = |second: u32, word: &str, name: &str| json!({ "at": format!("2026-01-01T00:00:{second:02}Z"), "step": word, "component": name, "status": hostile });
    let steps = json!([
        step(0, "began", ""),
        step(1, "started", &name),
        step(2, "applying", &name),
        step(3, "ended", &name),
        step(3, "started", &other),
        step(4, "ended", &other),
        step(5, "finished", ""),
    ]);
    json!({
        "run": {
            "run_id": hostile, "operation": hostile, "environment": hostile, "state": hostile, "user": hostile,
            "host": hostile, "began": hostile, "duration": 41.2, "jid": hostile, "plan_id": hostile,
            "resumes": hostile, "resumed_by": hostile,
        },
        "environment": hostile, "steps": steps, "order": { "waits_for": { hostile: [hostile] }, "parallelism": 1 },
        "report": { "environment": hostile, "components": { name: failed, other: full }, "failed_hooks": [hostile] },
        "plan": {
            "plan_id": hostile, "applicable": true, "apply_command": hostile, "next_command": hostile, "error": error,
            "components": { "c": { "why": hostile, "approved": hostile } },
        },
    })
}

/// The tags of a page with the names of their attributes, and the values of those that can lead elsewhere.
fn tags(page: &str) -> Vec<String> {
    let body = page.split("</style>").nth(1).unwrap();
    let tags = body.split('<').skip(1).map(|one| one.split_once('>').expect("a tag ends").0);
    tags.map(|tag| {
        let mut shape = tag.split([' ', '/']).next().unwrap().to_owned();
        for (at, part) in tag.split('"').enumerate() {
            match at % 2 {
                0 => shape.push_str(part.trim_start_matches(|one: char| one != ' ')),
                _ if shape.ends_with("href=") => {
                    shape.push_str(part.trim_end_matches(|one: char| one.is_ascii_digit()))
                }
                _ => {}
            }
        }
        shape
    })
    .collect()
}

const PIECES: [&str; 20] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style>",
    "</pre>",
    "<!--",
    "-->",
    "]]>",
    "&lt;",
    "\" onload=\"x",
    "' x='",
    "`",
    "javascript:alert(1)",
    "\u{0}",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "日本",
    "👩‍👩‍👧",
    "{{ x }}",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![proptest::sample::select(&PIECES[..]).prop_map(str::to_owned), any::<String>()];
    // Line breaks are drawn as lines, and a dash begins a removal.
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat().replace(['\n', '\r'], "n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_text_of_others_changes_the_structure_of_the_page(hostile in hostile()) {
        let page = page(&answer(&format!("t{hostile}t")));
        prop_assert!(page.bytes().all(|one| matches!(one, b'\n' | b'\t' | b' '..=b'~')));
        prop_assert_eq!(tags(&page), tags(&super::page(&answer("tt"))));
    }
}

#[test]
fn a_page_loads_nothing_runs_nothing_and_leads_nowhere() {
    let page = page(&answer("<script src=http://h/x></script><a href=http://h onclick=x>"));
    let policy = format!("default-src 'none'; style-src 'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE)));
    assert!(page.contains(&policy), "{page:.1000}");
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    for tag in tags(&page) {
        let name = tag.split(' ').next().unwrap();
        assert!(!["script", "img", "iframe", "link", "object", "base", "form"].contains(&name), "{tag}");
        assert!(!tag.contains(" src=") && !tag.contains(" style=") && !tag.contains(" on"), "{tag}");
        assert!(tag.split("href=").skip(1).all(|to| to.starts_with('#')), "{tag}");
    }
}

#[test]
fn every_link_leads_to_a_place_of_the_page_and_every_id_is_there_once() {
    let page = page(&many(60, |at| format!("c{at:03}")));
    let values = |key: &str| -> Vec<String> {
        page.split(key).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = values(" id=\"");
    let unique: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    for link in values(" href=\"#") {
        assert!(unique.contains(&link), "{link}");
    }
}

/// A run in which each component has changes of its own, and each tenth has failed.
fn many(count: usize, text: impl Fn(usize) -> String) -> Value {
    let (mut components, mut steps, mut waits_for) = (Map::new(), Vec::new(), Map::new());
    let name = |at: usize| format!("component-with-quite-a-long-name-{at:04}");
    let at = |millis: usize| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis as u64);
        humantime::format_rfc3339_millis(time).to_string()
    };
    for number in 0..count {
        let change = |kind: &str| {
            let attribute = json!({ "path": "tags", "before": text(number), "after": text(number + 1) });
            json!({ "address": format!("{kind}.main[{number}]"), "actions": ["update"], "attributes": [attribute] })
        };
        let error = json!({ "message": text(number), "remedy": text(number), "phase": "application" });
        let is_bad = number % 10 == 9;
        let changes = ["a", "b", "c", "d", "e"].map(change);
        components.insert(
            name(number),
            json!({
                "status": if is_bad { "failed" } else { "applied" }, "reason": "", "duration": 2.0,
                "changes": { "change": 5 }, "resource_changes": changes,
                "error": if is_bad { error } else { Value::Null },
            }),
        );
        let step = |millis: usize, word: &str| json!({ "at": at(millis), "step": word, "component": name(number), "status": "applied" });
        steps.extend([
            step(number * 100, "started"),
            step(number * 100 + 50, "applying"),
            step(number * 100 + 90, "ended"),
        ]);
        if number > 0 {
            waits_for.insert(name(number), json!([name(number / 3), name(number * 7919 % number)]));
        }
    }
    steps.push(json!({ "at": at(count * 100), "step": "finished" }));
    json!({
        "run": { "run_id": "01R", "operation": "orchestrate", "environment": "e", "state": "failed" }, "plan": null,
        "steps": steps, "order": { "waits_for": waits_for, "parallelism": 4 }, "report": { "components": components },
    })
}

#[test]
fn a_page_of_500_components_has_less_than_500_kilobytes_whatever_they_say() {
    let hostile = "日<&\u{202e}".repeat(100);
    let (one, all) = (many(1, |_| "x".repeat(1_000_000)), many(500, |_| hostile.clone()));
    for answer in [many(500, |at| format!("the value of {at}")), all, one] {
        let page = page(&answer);
        assert!(page.len() < 500_000, "{}", page.len());
        assert!(page.contains("</html>"));
        assert!(page.contains("component-with-quite-a-long-name-0000"), "{}", page.len());
    }
}

#[test]
fn what_has_no_room_is_counted_and_failures_come_first() {
    let page = page(&many(500, |at| format!("{at} {}", "word ".repeat(400))));
    let shown = page.matches("class=\"failure\"").count();
    assert!(shown > 30, "{shown}");
    assert!(
        page.contains("components have</p>") || page.contains("components have no room"),
        "{}",
        page.len()
    );
}

#[test]
fn equal_sections_of_many_components_are_one_and_name_all_of_them() {
    let page = page(&many(60, |_| "the same".to_owned()));
    let names = |part: &str| part.matches("component-with-quite-a-long-name-").count();
    let failures = page.split("id=\"failures\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(names(failures) >= 6, "{failures}");
}

/// <https://www.w3.org/TR/WCAG22/#contrast-minimum>
#[test]
fn every_colour_of_a_text_has_enough_contrast_in_light_and_dark() {
    let colours = |block: &str| -> Vec<(String, f64)> {
        let values = block.split("--").skip(1).filter_map(|one| one.split_once(":#"));
        values.map(|(name, value)| (name.to_owned(), luminance(&value[..6]))).collect()
    };
    let blocks: Vec<&str> = STYLE.split(":root{").skip(1).map(|one| one.split('}').next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let colours = colours(block);
        let of = |name: &str| colours.iter().find(|(one, _)| one == name).unwrap().1;
        for (name, colour) in
            colours.iter().filter(|(name, _)| !["page", "box", "line"].contains(&name.as_str()))
        {
            for ground in ["page", "box"] {
                let (one, other) = (colour.max(of(ground)), colour.min(of(ground)));
                let contrast = (one + 0.05) / (other + 0.05);
                assert!(contrast >= 4.5, "{name} on {ground}: {contrast:.2}");
            }
        }
    }
}

fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

#[test]
fn a_part_that_is_missing_leaves_no_empty_part() {
    let none = page(&json!({ "run": null, "plan": null, "steps": [], "report": null }));
    assert!(none.contains("</html>") && !none.contains("id=\"time\""), "{none}");
    let refused = json!({ "message": "no such module", "remedy": "correct it" });
    let run = json!({ "run_id": "01R", "operation": "plan", "environment": "e", "state": "failed" });
    let failed = page(
        &json!({ "run": run, "steps": [], "report": { "components": {}, "error": refused }, "plan": null }),
    );
    assert!(failed.contains("no such module") && failed.contains("correct it"), "{failed}");
}
