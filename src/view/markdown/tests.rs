use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use super::markdown;
use crate::printable::one_line;

/// An answer in which every text of others is `hostile`.
fn answer(hostile: &str) -> Value {
    let attribute = json!({ "path": hostile, "before": hostile, "after": [hostile] });
    let change = json!({ "address": hostile, "actions": ["update"], "attributes": [attribute] });
    let error = json!({
        "message": hostile, "remedy": hostile, "phase": "application", "layer": "terraform",
        "details": { "addresses": [hostile] },
    });
    let counts = json!({ "add": 1, "change": 2, "remove": 0 });
    let failed = json!({ "status": "failed", "changes": counts, "notes": [hostile], "error": error, "resource_changes": [change] });
    let (name, other) = (format!("1{hostile}"), format!("2{hostile}"));
    let applied = json!({ "status": "applied", "changes": counts, "notes": [hostile], "duration": 1.5 });
    json!({
        "run": {
            "run_id": hostile, "operation": hostile, "environment": hostile, "state": "failed", "user": hostile,
            "host": hostile, "began": hostile, "duration": 41.2,
        },
        "steps": [],
        "report": { "environment": hostile, "components": { name: failed, other: applied } },
        "plan": { "plan_id": hostile, "applicable": false, "components": { "c": { "why": hostile, "approved": hostile } } },
    })
}

/// The structure of a document without its texts, and what is code in it.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut shape, mut codes, mut html_code): (Vec<String>, Vec<String>, Option<String>) =
        (Vec::new(), Vec::new(), None);
    // Everything that GitHub or GitLab reads, and so not the change of quotes and dashes.
    for event in Parser::new_ext(text, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Code(text) => {
                codes.push(text.into_string());
                shape.push("code".to_owned());
            }
            Event::InlineHtml(tag) if &*tag == "<code>" => html_code = Some(String::new()),
            Event::InlineHtml(tag) if &*tag == "</code>" => {
                codes.extend(html_code.take());
                shape.push("code".to_owned());
            }
            Event::Text(text) => match &mut html_code {
                Some(code) => code.push_str(&text),
                None if shape.last().is_some_and(|last| last == "text") => {}
                None => shape.push("text".to_owned()),
            },
            Event::Start(Tag::CodeBlock(kind)) => shape.push(format!("{kind:?}")),
            Event::Start(tag) => shape.push(format!("{:?}", tag.to_end())),
            Event::End(TagEnd::CodeBlock) => shape.push("end of code".to_owned()),
            other => shape.push(format!("{other:?}")),
        }
    }
    (shape, codes)
}

const PIECES: [&str; 28] = [
    "```",
    "````",
    "~~~",
    "`",
    "|",
    "\\",
    "\\|",
    "<b>",
    "</details>",
    "<!--",
    "&lt;",
    "*",
    "_",
    "**",
    "# ",
    "- ",
    "> ",
    "[a](b)",
    "![a](b)",
    "$x$",
    "@root",
    "#12",
    "\n",
    "http://a.b",
    "\u{1b}[2J",
    "\u{202e}",
    " ",
    "é",
];

proptest! {
    #[test]
    fn no_text_of_others_changes_the_structure_of_the_page(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..8),
        other in "[ -~]{0,12}",
    ) {
        // At most two breaks, so that no part becomes long enough to be folded.
        let mut breaks = 0;
        let pieces: String = pieces.into_iter().filter(|piece| *piece != "\n" || { breaks += 1; breaks < 3 }).collect();
        let hostile = format!("x{pieces}{other}x");
        let (shape, codes) = read(&markdown(&answer(&hostile)));
        let (expected, _) = read(&markdown(&answer("plain")));
        prop_assert_eq!(shape, expected, "{}", markdown(&answer(&hostile)));
        for name in [hostile.clone(), format!("1{hostile}"), format!("2{hostile}")] {
            let name = one_line(&name).into_owned();
            prop_assert!(codes.contains(&name), "{name:?} in {codes:?}");
        }
    }
}

#[test]
fn a_run_is_drawn_with_a_heading_a_table_its_changes_and_why_it_failed() {
    let mut answer = answer("app");
    answer["plan"] = Value::Null;
    let expected = "\
### `app of app`, run `app`: 1 failed, 1 applied `+2 ~4 -0`

by `app` · on `app` · began `app` · took `41.2s`

| component | status | changes | time |
|---|---|---|---:|
| `1app` | failed | `+1 ~2 -0` |  |
| `2app` | applied | `+1 ~2 -0` | 1.5s |

why it failed:

```text
  1app  failed at application, app
    terraform: app
    app
    next: app
```

`1app` `+1 ~2 -0` of this plan

```diff
~ app
    app: \"app\" → [\"app\"]
```

notes:

```text
  2app: app
```
";
    assert_eq!(markdown(&answer), expected);
}

#[test]
fn many_changes_are_folded_and_what_does_not_fit_is_counted() {
    let change = |number: usize| json!({ "address": format!("t.a[{number}]"), "actions": ["create"] });
    let many = |count: usize| json!({ "status": "applied", "resource_changes": (0..count).map(change).collect::<Vec<_>>() });
    let components: serde_json::Map<_, _> =
        (0..60).map(|number| (format!("c<b>{number}"), many(100))).collect();
    let answer = json!({ "run": { "state": "complete" }, "report": { "components": components } });
    let text = markdown(&answer);
    let folded = text.matches("<details>").count();
    assert!(folded > 10 && text.matches("\n</details>\n").count() == folded, "{folded}");
    assert!(text.contains("<summary><code>c&#60;b&#62;0</code>") && !text.contains("<b>"), "{text}");
    assert!(text.contains(&format!("the changes of {} more components", 60 - folded)), "{text}");
    assert!(text.len() <= 65_536, "{}", text.len());
}

#[test]
fn a_fence_is_longer_than_every_row_of_backticks_in_it() {
    let fenced = super::fence("text", "a ```` b\n```", 1000);
    assert_eq!(fenced, "`````text\na ```` b\n```\n`````\n");
    let long = super::fence("text", &"line\n".repeat(401), 10_000);
    assert!(long.ends_with("\n… and 1 more line\n```\n"), "{long}");
}

#[test]
fn a_page_of_many_failures_fits_into_a_comment_and_has_every_part() {
    for text in ["w".repeat(300), "`".repeat(5000), "é\n".repeat(900), "<".repeat(3000)] {
        let error = json!({ "message": text, "remedy": text, "phase": "application", "layer": "terraform" });
        let change = json!({ "address": text, "actions": ["create"] });
        let failed = json!({ "status": "failed", "error": error, "resource_changes": [change], "why": text });
        let noted = json!({ "status": "applied", "notes": [text, text], "resource_changes": [change] });
        let each = (0..500).map(|number| {
            (format!("c{number}<>&|-{}", "x".repeat(50)), if number % 2 == 0 { &failed } else { &noted })
        });
        let components: serde_json::Map<_, _> = each.map(|(name, one)| (name, one.clone())).collect();
        let answer = json!({
            "run": { "state": "failed", "run_id": "r" }, "report": { "components": components },
            "plan": { "plan_id": "p", "applicable": true, "components": components, "apply_command": "eos apply p" },
        });
        let page = markdown(&answer);
        assert!(page.len() <= 65_536, "{}", page.len());
        for part in [
            "| component |",
            "more components: format=text shows them",
            "why it failed",
            "```diff",
            "notes",
            "plan p is kept",
        ] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
        assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
    }
}
