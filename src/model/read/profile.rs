//! `settings:profile`: one key that switches on several settings. Each explicit setting wins over it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::tree::{Tree, TreeKind};
use crate::model::{Name, PillarPath, Provider};

/// The profile of the project's first documents.
pub const DOCUMENTS: &str = "documents";

/// The environment of a call that names none, if the pillar has it.
pub const DEFAULT_ENVIRONMENT: &str = "production";

/// Providers whose credentials are read from their default path in Vault.
const PROVIDERS: [&str; 4] = ["aws", "azurerm", "cloudflare", "hcloud"];

/// Secrets that a service of this name needs. They are created if they are missing.
const SECRETS: [(&str, &[&str]); 3] = [
    ("grafana", &["admin_password", "secret_key"]),
    ("jenkins", &["admin_password", "api_token", "jwt_secret"]),
    ("mattermost", &["database_password", "invite_salt"]),
];

/// What the profile adds. Without a profile, nothing.
#[derive(Default)]
pub(super) struct Profile {
    is_documents: bool,
    has_vault: bool,
    has_consul: bool,
    has_hooks: bool,
}

impl Profile {
    /// `settings` are those of the pillar, with all levels merged.
    pub fn of(settings: &Tree) -> Self {
        let has = |key: &str| settings.get(key).is_some_and(|tree| !tree.is_empty());
        let is_documents = settings.get("profile").and_then(Tree::text) == Some(DOCUMENTS);
        Self {
            is_documents,
            has_vault: has("vault"),
            has_consul: has("consul"),
            has_hooks: settings.get("hooks").is_some_and(|tree| !tree.is_null()),
        }
    }

    pub fn path() -> PillarPath {
        PillarPath::root().child("settings").child("profile")
    }

    /// Settings below those of the pillar.
    pub fn settings(&self, settings: &Tree) -> Tree {
        let mut base = Map::new();
        if self.is_documents {
            base.insert("on_failure".to_owned(), "rollback".into());
        }
        if self.is_documents && self.has_vault {
            let free = PROVIDERS.iter().filter(|name| !is_given(settings, name));
            let credentials: Map<_, _> = free.map(|name| ((*name).to_owned(), true.into())).collect();
            base.insert("credentials".to_owned(), credentials.into());
        }
        Tree::new(&base.into(), Self::path())
    }

    /// The source and the hooks of a component that has none. A Salt step gets neither.
    pub fn component(&self, name: &Name, tree: &mut Tree) {
        if tree.get("salt").is_some_and(|tree| !tree.is_empty()) {
            return;
        }
        self.add(tree, "source", || json!(format!("salt://components/{name}")));
        self.hooks(tree);
    }

    /// The secrets and the hooks of a service that has none.
    pub fn service(&self, name: &Name, tree: &mut Tree) {
        self.hooks(tree);
        let own = SECRETS.iter().find(|(service, _)| *service == name.as_str());
        let (Some((_, secrets)), true, true) = (own, self.is_documents, self.has_vault) else { return };
        // A template of one's own reads the secrets that it names.
        if tree.get("template").is_some_and(|tree| !tree.is_null()) {
            return;
        }
        let is_set = |variable: &str| {
            ["secrets", "env", "from_outputs"]
                .iter()
                .any(|key| tree.get(key).is_some_and(|map| map.get(variable).is_some()))
        };
        let missing = secrets.iter().map(|key| (key.to_uppercase(), *key)).filter(|(name, _)| !is_set(name));
        let generated: BTreeMap<_, _> = missing
            .map(|(name, key)| {
                (name, Tree::new(&json!({ "generate": "password", "key": key }), Self::path()))
            })
            .collect();
        if let TreeKind::Map(map) = &mut tree.kind {
            let nothing = Tree::empty(tree.path.child("secrets"));
            let secrets = map.entry("secrets".to_owned()).or_insert_with(|| nothing.clone());
            if secrets.is_null() {
                *secrets = nothing;
            }
            if let TreeKind::Map(secrets) = &mut secrets.kind {
                secrets.extend(generated);
            }
        }
    }

    fn hooks(&self, tree: &mut Tree) {
        if self.has_consul && !self.has_hooks {
            self.add(tree, "hooks", || json!([{ "consul_kv": { "prefix": "terraform" } }]));
        }
    }

    fn add(&self, tree: &mut Tree, key: &str, value: impl FnOnce() -> Value) {
        if let (true, TreeKind::Map(map)) = (self.is_documents, &mut tree.kind) {
            map.entry(key.to_owned()).or_insert_with(|| Tree::new(&value(), Self::path()));
        }
    }
}

/// Whether Terraform's environment already has a variable of this provider.
fn is_given(settings: &Tree, provider: &str) -> bool {
    let Some(terraform) = settings.get("terraform") else { return false };
    let passed = match terraform.get("pass_env").map(|tree| &tree.kind) {
        Some(TreeKind::List(items)) => items.iter().filter_map(Tree::text).collect(),
        _ => Vec::new(),
    };
    let variables = Provider::find(provider).map(|provider| provider.variables).unwrap_or_default();
    variables.iter().any(|variable| {
        passed.contains(&variable.name)
            || terraform.get("env").is_some_and(|env| env.get(variable.name).is_some())
    })
}

pub(super) fn profile(tree: &Tree) -> Result<(), String> {
    match tree.text() {
        Some(DOCUMENTS) => Ok(()),
        _ => Err(format!("must be {DOCUMENTS}, or absent")),
    }
}
