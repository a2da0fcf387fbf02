//! Reads `settings:run_hooks`.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::hooks::{consul_prefix, items, kind, labels, needs};
use super::problems::Problems;
use super::scalars::{absolute, texts};
use super::tree::Tree;
use super::webhook::webhook;
use crate::model::hint;
use crate::model::hook::ENVIRONMENT;
use crate::model::run_hook::{RunHook, RunHookAction, RunMetrics, RunMoment};

const KINDS: [&str; 3] = ["consul_kv", "prometheus", "webhook"];
/// Keys that Eos sets in the body of a webhook.
const OURS: [&str; 20] = [
    "approve_command",
    "changes",
    "components",
    "counts",
    "died",
    "duration",
    "environment",
    "failed",
    "host",
    "jid",
    "message",
    "moment",
    "operation",
    "plan_id",
    "reason",
    "result",
    "resumes",
    "run_id",
    "total",
    "user",
];

pub(super) fn run_hooks(tree: Tree, problems: &Problems) -> Vec<RunHook> {
    items(tree, problems).into_iter().filter_map(|item| hook(item, problems)).collect()
}

/// `{KIND: {..., when: [finished, failed]}}`.
fn hook(tree: Tree, problems: &Problems) -> Option<RunHook> {
    let path = tree.path.clone();
    let (kind, tree) = kind(tree, &KINDS, problems)?;
    if !KINDS.contains(&kind.as_str()) {
        let hint = hint(&kind, KINDS.into_iter());
        problems.add(&tree.path, format!("unknown kind of hook of a run; {hint}"));
        return None;
    }
    let mut fields = Fields::open(tree, problems);
    let when_place = fields.place("when");
    let when = fields.read("when", when);
    let timeout_place = fields.place("timeout");
    let action = match kind.as_str() {
        "consul_kv" => Some(RunHookAction::ConsulKv { prefix: consul_prefix(&mut fields) }),
        "prometheus" => metrics(&mut fields).map(RunHookAction::Prometheus),
        _ => webhook(&mut fields, &OURS).map(RunHookAction::Webhook),
    };
    fields.close();
    let when = when.unwrap_or_else(|| [RunMoment::Finished, RunMoment::Failed].into());
    if let (Some(RunHookAction::Prometheus(_)), Some(place)) = (&action, when_place)
        && when.contains(&RunMoment::Started)
    {
        problems.add(&place, "the metrics are about a run that has ended: leave started out");
    }
    if let (Some(RunHookAction::Webhook(webhook)), Some(place)) = (&action, timeout_place)
        && webhook.timeout > RunHook::LONGEST
    {
        let longest = humantime::format_duration(RunHook::LONGEST);
        problems.add(&place, format!("must be at most {longest}: the run waits for it"));
    }
    Some(RunHook { path, when, action: action? })
}

fn when(tree: &Tree) -> Result<BTreeSet<RunMoment>, String> {
    let words = texts(tree)?;
    let moment = |word: &String| RunMoment::ALL.into_iter().find(|one| one.word() == word);
    let moments: Option<BTreeSet<_>> = words.iter().map(moment).collect();
    let moments = moments.filter(|moments| !moments.is_empty());
    moments.ok_or_else(|| "must be a list of: started, finished, failed".to_owned())
}

fn metrics(fields: &mut Fields<'_>) -> Option<RunMetrics> {
    let file = fields.required("file", |tree| match absolute(tree)? {
        path if path.extension().is_some_and(|end| end == "prom") => Ok(path),
        _ => Err("must be an absolute path that ends with .prom".to_owned()),
    });
    if let Some(file) = &file {
        needs(&fields.path.child("file"), file, &[ENVIRONMENT], fields.problems);
    }
    let labels = labels(fields);
    for ours in ["environment", "operation", "status"].into_iter().filter(|one| labels.contains_key(*one)) {
        fields.problems.add(&fields.path.child("labels").child(ours), "is set by Eos");
    }
    Some(RunMetrics { file: file?, labels })
}
