//! The policies of docs/reference/rights.md.

use std::path::Path;

/// The rules for each token, as the page shows them.
pub struct Policies {
    pub nomad: String,
    pub locks: String,
    pub gates: String,
    pub vault: String,
    /// More rules for Nomad, if services have volumes.
    pub volumes: String,
    /// More rules for the gates' token, if components have hooks.
    pub hooks: String,
    /// For the token with which Nomad registers services in Consul.
    pub nomads_own: String,
}

impl Policies {
    pub fn of_the_page() -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/rights.md");
        let page = std::fs::read_to_string(page).unwrap();
        let after = |words: &str| {
            let (_, rest) = page.split_once(words).unwrap_or_else(|| panic!("{words} is not on the page"));
            rest.split("```hcl\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
        };
        Self {
            nomad: after("## Nomad"),
            locks: after("Locks in Consul need"),
            gates: after("Health gates need"),
            nomads_own: after("Nomad's clients need"),
            vault: after("## Vault"),
            volumes: after("Services with volumes need"),
            hooks: after("Hooks need"),
        }
    }
}

/// Each right of some rules, with the rules without it: a word of `capabilities`, or a line with `policy`.
pub fn each_taken_away(rules: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, line) in rules.lines().enumerate() {
        let with = |replaced: &str| {
            let lines = rules.lines().enumerate();
            lines
                .map(|(other, line)| if other == at { replaced } else { line })
                .collect::<Vec<_>>()
                .join("\n")
        };
        if line.contains("policy = ") {
            found.push((line.split(" {").next().unwrap().to_owned(), with("")));
        }
        let Some((head, listed)) = line.split_once("capabilities = [") else { continue };
        let (words, tail) = listed.split_once(']').unwrap();
        for taken in words.split(", ") {
            let rest: Vec<_> = words.split(", ").filter(|word| *word != taken).collect();
            let path = head.trim().split('"').nth(1).map(|path| format!(" {path}")).unwrap_or_default();
            let line = format!("{head}capabilities = [{}]{tail}", rest.join(", "));
            found.push((format!("{}{path}", taken.trim_matches('"')), with(&line)));
        }
    }
    found
}
