//! Resources that hold data: deleting such a resource loses the data. A destroy may keep them, with what they need.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::is_named;
use super::{State, StateInstance};
use crate::report::{KeptBecause, KeptResource, ResourceChange};

/// Resource types that hold data, by provider. The pillar may name others.
const DATA: [&str; 38] = [
    "aws_db_instance",
    "aws_docdb_cluster",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_ecr_repository",
    "aws_efs_file_system",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_kms_key",
    "aws_neptune_cluster",
    "aws_opensearch_domain",
    "aws_rds_cluster",
    "aws_redshift_cluster",
    "aws_s3_bucket",
    "aws_s3_object",
    "aws_secretsmanager_secret",
    "azurerm_cosmosdb_account",
    "azurerm_key_vault",
    "azurerm_managed_disk",
    "azurerm_mssql_database",
    "azurerm_mysql_flexible_server",
    "azurerm_postgresql_flexible_server",
    "azurerm_storage_account",
    "azurerm_storage_container",
    "cloudflare_d1_database",
    "cloudflare_r2_bucket",
    "cloudflare_workers_kv_namespace",
    "consul_keys",
    "consul_key_prefix",
    "google_bigquery_dataset",
    "google_compute_disk",
    "google_filestore_instance",
    "google_kms_crypto_key",
    "google_spanner_database",
    "google_sql_database_instance",
    "google_storage_bucket",
    "hcloud_volume",
    "nomad_csi_volume",
];

/// Whether a resource holds data. `named`: the types and addresses that the pillar names.
pub fn holds_data(named: &BTreeSet<String>, kind: &str, address: &str) -> bool {
    DATA.contains(&kind) || is_named(named, kind, address)
}

/// The addresses of these changes that hold data.
pub fn taken_data<'a>(
    named: &BTreeSet<String>,
    destroyed: impl Iterator<Item = &'a ResourceChange>,
) -> Vec<String> {
    let data = destroyed.filter(|change| holds_data(named, &change.kind, &change.address));
    data.map(|change| change.address.clone()).collect()
}

/// The resources of a state that a destroy keeps: those that hold data, those that policy protects, and all that these
/// need.
pub fn kept(state: &State, named: &BTreeSet<String>, protect: &BTreeSet<String>) -> Vec<KeptResource> {
    let mut kept: BTreeMap<&str, KeptResource> = BTreeMap::new();
    for (address, instance) in &state.instances {
        let because = match instance.kind.as_str() {
            kind if is_named(named, kind, address) => KeptBecause::Data,
            kind if is_named(protect, kind, address) => KeptBecause::Protect,
            kind if DATA.contains(&kind) => KeptBecause::Type,
            _ => continue,
        };
        kept.insert(address, keep(address, instance, because));
    }
    let mut open: Vec<&str> = kept.keys().copied().collect();
    while let Some(needing) = open.pop() {
        let needs = &state.instances[needing].dependencies;
        for (address, instance) in &state.instances {
            if needs.contains(&without_keys(&instance.resource)) && !kept.contains_key(address.as_str()) {
                kept.insert(address, keep(address, instance, KeptBecause::NeededBy(needing.to_owned())));
                open.push(address);
            }
        }
    }
    kept.into_values().collect()
}

fn keep(address: &str, instance: &StateInstance, because: KeptBecause) -> KeptResource {
    KeptResource { address: address.to_owned(), kind: instance.kind.clone(), because }
}

/// The addresses of everything else: a whole resource where no instance of it is kept.
pub fn not_kept(state: &State, kept: &[KeptResource]) -> BTreeSet<String> {
    let kept: BTreeSet<&str> = kept.iter().map(|one| one.address.as_str()).collect();
    let is_kept = |(address, _): &(&String, &StateInstance)| kept.contains(address.as_str());
    let partly: BTreeSet<&str> =
        state.instances.iter().filter(is_kept).map(|(_, one)| one.resource.as_str()).collect();
    let rest = state.instances.iter().filter(|one| !is_kept(one));
    rest.map(|(address, one)| match partly.contains(one.resource.as_str()) {
        true => address.clone(),
        false => one.resource.clone(),
    })
    .collect()
}

/// The address in the configuration: `module.m["a"].t.n` without the keys of its modules.
fn without_keys(address: &str) -> String {
    let (mut plain, mut is_in_key, mut is_quoted, mut is_escaped) = (String::new(), false, false, false);
    for letter in address.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if is_in_key => is_quoted = !is_quoted,
            '[' if !is_quoted => is_in_key = true,
            ']' if !is_quoted => is_in_key = false,
            letter if !is_in_key => plain.push(letter),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn state(resources: Value) -> State {
        let text = json!({ "version": 4, "lineage": "l", "serial": 1, "resources": resources });
        State::parse(text.to_string().as_bytes()).unwrap()
    }

    fn resource(kind: &str, name: &str, instances: Value) -> Value {
        json!({ "mode": "managed", "type": kind, "name": name, "instances": instances })
    }

    fn texts(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|&one| one.to_owned()).collect()
    }

    #[test]
    fn a_destroy_keeps_what_holds_data_and_what_that_needs() {
        let mut subnet =
            resource("aws_subnet", "a", json!([{ "index_key": "x", "dependencies": ["aws_vpc.v"] }]));
        subnet["module"] = json!("module.net[\"a[.]\\\"b\"]");
        let state = state(json!([
            resource("aws_vpc", "v", json!([{}])),
            subnet,
            resource("aws_db_instance", "d", json!([{ "dependencies": ["module.net.aws_subnet.a"] }])),
            resource("aws_instance", "i", json!([{ "dependencies": ["aws_db_instance.d"] }])),
            resource("thing", "t", json!([{ "index_key": 0 }, { "index_key": 1 }])),
            resource("thing", "u", json!([{ "index_key": 0 }, { "index_key": 1 }])),
            resource("lock", "l", json!([{}])),
        ]));
        let found = kept(&state, &texts(&["thing.t[0]"]), &texts(&["lock"]));
        let because =
            |address: &str| found.iter().find(|one| one.address == address).map(|one| one.because.clone());
        let subnet = "module.net[\"a[.]\\\"b\"].aws_subnet.a[\"x\"]";
        assert_eq!(because("thing.t[0]"), Some(KeptBecause::Data));
        assert_eq!(because("lock.l"), Some(KeptBecause::Protect));
        assert_eq!(because("aws_db_instance.d"), Some(KeptBecause::Type));
        assert_eq!(because(subnet), Some(KeptBecause::NeededBy("aws_db_instance.d".to_owned())));
        assert_eq!(because("aws_vpc.v"), Some(KeptBecause::NeededBy(subnet.to_owned())));
        assert_eq!(found.len(), 5, "{found:?}");
        assert_eq!(not_kept(&state, &found), texts(&["aws_instance.i", "thing.t[1]", "thing.u"]));
    }

    #[test]
    fn nothing_is_kept_of_a_state_without_data() {
        let state = state(json!([resource("thing", "t", json!([{}]))]));
        assert_eq!(kept(&state, &BTreeSet::new(), &BTreeSet::new()), Vec::new());
    }
}
