//! Reads `infrastructure:settings`, and those parts of it that a component may override.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::fields::Fields;
use super::fields::{entries, mapping};
use super::problems::Problems;
use super::tree::Tree;
use super::{
    approvals, backend, hooks, lock, profile, provider, rules, run_hooks, scalars, server, service,
    terraform, vault,
};
use crate::model::settings::{OnFailure, Settings};
use crate::model::{PillarPath, Prices, environment_hint};

const MINUTE: u64 = 60;

pub(super) fn settings(tree: Tree, environments: &[String], problems: &Problems) -> Settings {
    let mut fields = Fields::open(tree, problems);
    // A call without an environment uses this key. It is not allowed in the settings of an environment.
    fields.read("default_environment", |tree| default_environment(tree, environments));
    fields.read("profile", profile::profile);
    let root = fields.read("root", scalars::absolute);
    let settings = Settings {
        root: root.unwrap_or_else(|| "/srv/terraform".into()),
        terraform: terraform::terraform(fields.take_or_empty("terraform"), problems),
        backend: backend::backend(fields.take_or_empty("backend"), problems),
        lock: lock::lock(fields.take_or_empty("lock"), problems),
        lock_timeout: fields
            .read("lock_timeout", scalars::duration)
            .unwrap_or(Duration::from_secs(5 * MINUTE)),
        parallelism: fields
            .read("parallelism", scalars::positive)
            .unwrap_or(const { NonZeroUsize::new(4).unwrap() }),
        concurrency: mapping(fields.take_or_empty("concurrency"), problems, |_, tree| {
            scalars::positive(tree)
        }),
        timeouts: rules::timeouts(fields.take_or_empty("timeouts"), problems),
        on_failure: fields.read("on_failure", rules::on_failure).unwrap_or(OnFailure::Stop),
        approvals: approvals::approvals(fields.take_or_empty("approvals"), problems),
        policy: rules::policy(fields.take_or_empty("policy"), problems),
        prices: prices(fields.take_or_empty("prices"), problems),
        rollback: rules::rollback(fields.take_or_empty("rollback"), problems),
        drift: rules::drift(fields.take_or_empty("drift"), problems),
        nomad: server::nomad(fields.take_or_empty("nomad"), problems),
        consul: server::consul(fields.take_or_empty("consul"), problems),
        consul_name: fields.read("consul_name", service::pattern_of_all),
        vault: vault::vault(fields.take_or_empty("vault"), problems),
        credentials: provider::credentials(fields.take_or_empty("credentials"), problems),
        hooks: hooks::shared(fields.take_or_empty("hooks"), problems),
        run_hooks: run_hooks::run_hooks(fields.take_or_empty("run_hooks"), problems),
    };
    fields.close();
    settings
}

/// Provider to size to price.
fn prices(tree: Tree, problems: &Problems) -> Prices {
    let providers = entries(tree, problems).into_iter();
    let of_provider =
        |(provider, sizes)| (provider, mapping(sizes, problems, |_, price| scalars::price(price)));
    providers.map(of_provider).collect()
}

fn default_environment(tree: &Tree, environments: &[String]) -> Result<(), String> {
    if tree.path != PillarPath::root().child("settings").child("default_environment") {
        return Err(
            "belongs in infrastructure:settings, because it is the same for all environments".to_owned()
        );
    }
    match tree.text() {
        Some(name) if environments.iter().any(|one| one == name) => Ok(()),
        Some(name) => Err(format!(
            "no environment {name:?}; {}",
            environment_hint(name, environments.iter().map(String::as_str))
        )),
        None => Err("must be the name of an environment".to_owned()),
    }
}
