//! Renders `main.tf`: the provider, the values as literals of the job's language, and the job.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::names::{mark, template_name};
use super::text::{Syntax, TextWriter, literal};
use super::{config, job, merge};
use crate::model::service::{DataFolder, JobKind, JobSource, NomadService, REVISION, ServiceVariable};

/// An expression for JSON as a literal of the job's language. Three escapes of JSON are not HCL's, and the start of a
/// template is escaped.
fn encode(syntax: Syntax) -> String {
    let json = r#"replace(replace(replace(jsonencode(value), "\\\\", "\\u005c"), "\\b", "\\u0008"), "\\f", "\\u000c")"#;
    match syntax {
        Syntax::Native => format!(r#"replace(replace({json}, "$${{", "\\u0024{{"), "%%{{", "\\u0025{{")"#),
        Syntax::Json => format!(
            r#"replace(replace({json}, "%", "\\u0024{{\\\"\\\\u0025\\\"}}"), "$", "\\u0024{{\\\"\\\\u0024\\\"}}")"#
        ),
    }
}

/// Part of each job, together with the component and the environment: they identify the job's owner. Values that change
/// with each deployment are not included, because Nomad would restart all tasks when they change.
const MANAGED_BY: &str = "eos";

pub fn main(service: &NomadService) -> String {
    let mut text = TextWriter::new(mark(service));
    text.block("terraform", |text| {
        text.block("required_providers", |text| {
            text.block("nomad =", |text| {
                text.value("source", "hashicorp/nomad");
                text.value("version", "~> 2.0");
            });
        });
    });
    text.gap();
    text.line("# Its address, region and token come from the environment.");
    text.line("provider \"nomad\" {}");
    text.gap();
    let name = &service.name;
    let expressions = expressions(service);
    text.block("locals", |text| {
        text.block("values =", |text| {
            for (name, expression) in &expressions {
                text.set(name, expression);
            }
        });
        let configured = configured(&expressions);
        if !configured.is_empty() {
            text.line("# A driver's config is a template once more when the task starts: what would begin one is escaped,");
            text.line("# but for what Nomad knows.");
            text.set("known", format!("[{}]", config::KNOWN.join(", ")));
            text.set("named", format!("[{}]", config::NAMED.join(", ")));
            text.block("config =", |text| {
                for (name, expression) in &configured {
                    text.set(name, expression);
                }
            });
        }
        let all = if configured.is_empty() { "local.values" } else { "merge(local.values, local.config)" };
        text.line("# As literals of the job's language.");
        let encode = encode(syntax(service));
        text.set("literals", format!("{{ for name, value in {all} : name => {encode} }}"));
    });
    text.gap();
    text.block(&format!("resource \"nomad_job\" \"{name}\""), |text| {
        let values = match service.job {
            JobSource::Generated(_) => "local.literals",
            // The author of the template writes texts; `literal` supplies complete literals.
            JobSource::Own { .. } => "merge(local.values, { literal = local.literals })",
        };
        let file = template_name(service);
        text.set("jobspec", format!("templatefile(\"${{path.module}}/{file}\", {values})"));
        text.set("purge_on_destroy", "true");
        text.set("detach", service.detach.to_string());
        if let JobSource::Generated(shape) = &service.job {
            // Nomad keeps the count that an autoscaler has set.
            if shape.extras.group.has("scaling") {
                text.set("preserve_counts", "true");
            }
            // A batch job ends normally. A service without replicas looks as dead as a stopped one.
            match shape.kind {
                JobKind::Batch | JobKind::Sysbatch => {}
                JobKind::Service => text.set("rerun_if_dead", "var.replicas > 0"),
                JobKind::System => text.set("rerun_if_dead", "true"),
            }
        }
    });
    text.finish()
}

/// The names that the template may use, with expressions over the module's variables.
fn expressions(service: &NomadService) -> BTreeMap<String, String> {
    let own = service.own.iter().map(|name| (name.clone(), format!("var.{name}")));
    let knobs = service
        .variables
        .iter()
        .map(|variable| (variable.name().to_owned(), format!("var.{}", variable.name())));
    let mut all: BTreeMap<_, _> = own.chain(knobs).collect();
    let fed = service.env_outputs.iter().map(|name| format!("{name} = var.env_{name}"));
    if !service.env_outputs.is_empty() {
        let fed = format!("merge(var.env, {{ {} }})", fed.collect::<Vec<_>>().join(", "));
        // An output that is null is not set.
        all.insert(
            "env".to_owned(),
            format!("{{ for name, value in {fed} : name => value if value != null }}"),
        );
    }
    let [managed_by, component] = of_us(service).map(|(key, value)| format!("{key} = {}", literal(&value)));
    all.insert(
        "meta".to_owned(),
        format!("merge({{ {managed_by}, {component}, environment = var.environment }}, var.meta)"),
    );
    if service.tells_its_deployment() {
        all.insert("deployment_id".to_owned(), "var.deployment_id".to_owned());
    }
    if !service.secrets.by_variable.is_empty() {
        all.insert(REVISION.to_owned(), format!("var.{REVISION}"));
    }
    for (slot, over) in over(service) {
        if let Some(base) = all.get_mut(slot) {
            let merged = format!("merge({base}, {})", literal(&over));
            *base = format!("{{ for name, value in {merged} : name => value if value != null }}");
        }
    }
    match &service.job {
        JobSource::Generated(shape) => {
            if service.variables.contains(&ServiceVariable::DataPath) && shape.driver == "docker" {
                let mount = match &shape.data {
                    Some(DataFolder::Host { target: Some(target) }) => {
                        format!("\"${{var.data_path}}:${{{}}}\"", literal(&target.as_str().into()))
                    }
                    _ => "\"${var.data_path}:${var.data_path}\"".to_owned(),
                };
                all.insert("data_mount".to_owned(), mount);
            }
            for slot in shape.extras.files.keys() {
                all.insert(slot.clone(), format!("file(\"${{path.module}}/{slot}\")"));
            }
            // Only names that the template uses.
            all.retain(|name, _| name != "data_path");
        }
        JobSource::Own { .. } => {
            all.insert("service".to_owned(), literal(&service.name.as_str().into()));
            all.insert("environment".to_owned(), "var.environment".to_owned());
        }
    }
    all
}

/// What the pillar's parts of the job say about values that Terraform supplies. Null removes.
fn over(service: &NomadService) -> BTreeMap<&'static str, Value> {
    let mut found = BTreeMap::new();
    if let JobSource::Generated(shape) = &service.job {
        merge::over_slots(&job::body(service, shape), &mut found);
    }
    found
}

fn syntax(service: &NomadService) -> Syntax {
    match &service.job {
        JobSource::Generated(shape) => job::syntax(shape),
        JobSource::Own { .. } => Syntax::Native,
    }
}

/// The values that appear in the driver's config.
const CONFIG: [&str; 4] = ["args", "command", "data_mount", "image"];

fn configured(expressions: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    let found = CONFIG.into_iter().filter(|name| expressions.contains_key(*name));
    let escape = |name: &str| match name {
        "args" => format!("[for text in local.values.{name} : {}]", config::ESCAPE),
        _ => format!("[for text in [local.values.{name}] : {}][0]", config::ESCAPE),
    };
    found.map(|name| (name, escape(name))).collect()
}

fn of_us(service: &NomadService) -> [(&'static str, Value); 2] {
    let component = crate::model::component_name(service.name.as_str());
    [("managed_by", MANAGED_BY.into()), ("component", component.into())]
}

/// Computes the values of the slots from the values of the variables. None if a value is missing.
pub fn values(service: &NomadService, variables: &BTreeMap<&str, &Value>) -> Option<BTreeMap<String, Value>> {
    let get = |name: &str| variables.get(name).map(|value| (*value).clone());
    let (mut all, over) = (BTreeMap::new(), over(service));
    for name in expressions(service).into_keys() {
        let mut value = match name.as_str() {
            "data_mount" => {
                let host = get("data_path")?.as_str()?.to_owned();
                let JobSource::Generated(shape) = &service.job else { return None };
                let target = match &shape.data {
                    Some(DataFolder::Host { target: Some(target) }) => target,
                    _ => &host,
                };
                format!("{host}:{target}").into()
            }
            "env" => {
                let mut env = get("env")?.as_object()?.clone();
                for name in &service.env_outputs {
                    match get(&format!("env_{name}"))? {
                        Value::Null => env.remove(name),
                        value => env.insert(name.clone(), value),
                    };
                }
                env.into()
            }
            "meta" => {
                let mut meta: Map<_, _> =
                    of_us(service).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                meta.insert("environment".to_owned(), get("environment")?);
                meta.extend(get("meta")?.as_object()?.clone());
                meta.into()
            }
            REVISION => get(REVISION).unwrap_or_else(|| 0.into()),
            other => get(other)?,
        };
        if let (Some(Value::Object(over)), Value::Object(map)) = (over.get(name.as_str()), &mut value) {
            map.extend(over.clone());
            map.retain(|_, value| !value.is_null());
        }
        let value = if CONFIG.contains(&name.as_str()) { config::escape(&value) } else { value };
        all.insert(name, value);
    }
    Some(all)
}
