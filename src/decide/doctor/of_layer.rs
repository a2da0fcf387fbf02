//! The checks of one layer.

use super::check::{CHECKS, Check, CheckStatus, Group};
use crate::decide::layers::{Fault, LayerLine, LayerReport, LayerStatus};
use crate::error::Code;

/// Its faults, and its parts without a fault.
pub fn of_layer(layer: &str, report: LayerReport) -> Vec<Check> {
    let group = group(layer);
    if report.status == LayerStatus::NotUsed {
        let check = Check::ok(group, usual(group), "not used");
        return vec![Check { status: CheckStatus::NotUsed, ..check }];
    }
    let faults: Vec<_> = report
        .faults
        .into_iter()
        .map(|Fault { status, error }| Check::of_error(group, part(group, error.code), status.into(), error))
        .collect();
    let well = report.lines.into_iter().filter(|line| faults.iter().all(|fault| fault.name != line.name));
    let well: Vec<_> = well
        .map(|LayerLine { name, said, is_known }| match is_known {
            true => Check::ok(group, name, said),
            false => Check::unknown(group, name, said),
        })
        .collect();
    well.into_iter().chain(faults).collect()
}

fn group(layer: &str) -> Group {
    match layer {
        "terraform" => Group::Terraform,
        "nomad" => Group::Nomad,
        "consul" => Group::Consul,
        "vault" => Group::Vault,
        _ => Group::Salt,
    }
}

impl From<LayerStatus> for CheckStatus {
    fn from(status: LayerStatus) -> Self {
        match status {
            LayerStatus::NotUsed => Self::NotUsed,
            LayerStatus::Healthy => Self::Ok,
            LayerStatus::Unknown => Self::Unknown,
            LayerStatus::Degraded => Self::Warning,
            LayerStatus::Unhealthy => Self::Wrong,
        }
    }
}

/// The part that a fault belongs to.
fn part(group: Group, code: Code) -> &'static str {
    let part = match code {
        Code::TokenExpires | Code::VaultLogin | Code::Reference => "token",
        Code::VaultWrappingUsed | Code::VaultWrappingForeign => "token",
        Code::RightsMissing => "rights",
        Code::LockStale | Code::BackendLockLeft | Code::LockUnreachable => "locks",
        Code::LockDenied | Code::LockRefused | Code::LockTls => "locks",
        Code::FolderNotTrusted | Code::File | Code::ReadOnly => "folders",
        Code::BackendUnreachable | Code::Backend | Code::TerraformFailed => "backends",
        _ => usual(group),
    };
    if CHECKS.contains(&(group, part)) { part } else { usual(group) }
}

fn usual(group: Group) -> &'static str {
    match group {
        Group::Salt => "minions",
        Group::Host => "root",
        Group::Terraform => "program",
        Group::Nomad | Group::Consul => "cluster",
        Group::Vault => "server",
    }
}
