//! Renders `variables.tf`: types, and validations that Terraform checks before it plans.

use super::names::mark;
use super::text::TextWriter;
use crate::model::service::{NomadService, REVISION, ServiceVariable};

struct Declared {
    kind: &'static str,
    what: &'static str,
    /// A condition, and the message when it does not hold.
    rule: Option<(&'static str, &'static str)>,
}

fn declared(variable: ServiceVariable) -> Declared {
    let of = |kind, what, rule| Declared { kind, what, rule };
    let text = |what, condition| of("string", what, Some((condition, "It must not be empty.")));
    match variable {
        ServiceVariable::Args => of("list(string)", "What the command is given.", None),
        ServiceVariable::Command => text("The program that runs.", r#"var.command != """#),
        ServiceVariable::Cpu => of(
            "number",
            "MHz for each of them.",
            Some(("var.cpu >= 1 && floor(var.cpu) == var.cpu", "It must be a whole number of MHz from 1.")),
        ),
        ServiceVariable::DataPath => of(
            "string",
            "The folder of the host that keeps its data.",
            Some((
                r#"startswith(var.data_path, "/") && !strcontains(var.data_path, ":")"#,
                "It must be an absolute path without a colon.",
            )),
        ),
        ServiceVariable::Datacenters => of(
            "list(string)",
            "Where it may run.",
            Some(("length(var.datacenters) > 0", "It must name one datacenter at least.")),
        ),
        ServiceVariable::Env => of("map(string)", "The environment of the task.", None),
        ServiceVariable::Image => text("The image that runs.", r#"var.image != """#),
        ServiceVariable::Memory => of(
            "number",
            "MB for each of them.",
            Some((
                "var.memory >= 10 && floor(var.memory) == var.memory",
                "It must be a whole number of MB from 10.",
            )),
        ),
        ServiceVariable::Meta => of("map(string)", "What the job says of itself.", None),
        ServiceVariable::Namespace => text("Nomad's namespace.", r#"var.namespace != """#),
        ServiceVariable::Port => of(
            "number",
            "Where it listens.",
            Some((
                "var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port",
                "It must be a port: 1 to 65535.",
            )),
        ),
        ServiceVariable::Region => text("Nomad's region.", r#"var.region != """#),
        ServiceVariable::Replicas => of(
            "number",
            "How many of them run.",
            Some((
                "var.replicas >= 0 && floor(var.replicas) == var.replicas",
                "It must be a whole number, not negative.",
            )),
        ),
        ServiceVariable::Tags => of("list(string)", "What it is registered with.", None),
    }
}

pub fn variables(service: &NomadService) -> String {
    let mut text = TextWriter::new(mark(service));
    for variable in &service.variables {
        let Declared { kind, what, rule } = declared(*variable);
        one(&mut text, variable.name(), kind, what, rule);
    }
    // A variable that is null is not set in the environment of the task.
    for name in &service.env_outputs {
        let what = "For the environment of the task.";
        if service.literals.contains(name) {
            declare(&mut text, &format!("env_{name}"), "string", true, what, |text| {
                text.value("sensitive", true)
            });
        } else {
            declare(&mut text, &format!("env_{name}"), "string", true, what, |_| ());
        }
    }
    for name in &service.own {
        one(&mut text, name, "any", "For the job's template.", None);
    }
    if !service.secrets.by_variable.is_empty() {
        let what = "Which secrets Nomad's variable has: Eos counts.";
        declare(&mut text, REVISION, "number", false, what, |text| text.value("default", 0));
    }
    if service.tells_its_deployment() {
        one(
            &mut text,
            "deployment_id",
            "string",
            "Changes with what the job is made from, and with nothing else.",
            None,
        );
    }
    one(&mut text, "environment", "string", "The environment that it belongs to.", None);
    text.finish()
}

fn one(text: &mut TextWriter, name: &str, kind: &str, what: &str, rule: Option<(&str, &str)>) {
    declare(text, name, kind, kind == "any", what, |text| {
        if let Some((condition, message)) = rule {
            text.block("validation", |text| {
                text.set("condition", condition);
                text.value("error_message", message);
            });
        }
    });
}

fn declare(
    text: &mut TextWriter,
    name: &str,
    kind: &str,
    nullable: bool,
    what: &str,
    more: impl FnOnce(&mut TextWriter),
) {
    text.gap();
    text.block(&format!("variable \"{name}\""), |text| {
        text.value("description", what);
        text.set("type", kind);
        text.set("nullable", nullable.to_string());
        more(text);
    });
}
