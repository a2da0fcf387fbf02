//! The service that a call describes.

use serde_json::{Map, Value};

use crate::command_line::{argument, option};
use crate::operation::request::arguments::Arguments;
use crate::render::described::verbatim;

pub(super) struct Given {
    /// As the pillar has it.
    pub service: Map<String, Value>,
    /// The template of its job, if the call has a job. The service then lacks only the path of it.
    pub template: Option<String>,
}

const KEYS: [&str; 7] = ["image", "command", "command_args", "port", "count", "health_path", "env_vars"];

pub(super) fn service(arguments: &mut Arguments) -> Given {
    if let Some(job) = arguments.text("job") {
        for key in KEYS.into_iter().filter(|key| arguments.value(key).is_some()).collect::<Vec<_>>() {
            arguments.problem(key, format!("cannot be given with {}, which says it itself", argument("job")));
        }
        return Given { service: Map::new(), template: Some(verbatim(&job)) };
    }
    Given { service: keys(arguments), template: None }
}

fn keys(arguments: &mut Arguments) -> Map<String, Value> {
    let [image, command] = ["image", "command"].map(|key| arguments.text(key));
    match (&image, &command) {
        (None, None) => {
            let [program, job] = [option("command", "PROGRAM"), argument("job")];
            let message =
                format!("is missing: name an image of Docker, a program with {program}, or a job with {job}");
            arguments.problem("image", message);
        }
        (Some(_), Some(_)) => arguments.problem("command", "cannot be given with an image: give one of both"),
        _ => {}
    }
    let args = arguments.texts("command_args");
    if !args.is_empty() && command.is_none() {
        arguments.problem("command_args", "needs a command");
    }
    let [port, replicas] = ["port", "count"].map(|key| arguments.count(key).map(Value::from));
    let health_path = arguments.text("health_path");
    if health_path.is_some() && port.is_none() {
        arguments.problem("health_path", "needs a port");
    }
    let env = arguments.value("env_vars");
    if env.as_ref().is_some_and(|env| !env.is_object()) {
        arguments.problem("env_vars", "must be a mapping of names to values");
    }
    let pairs = [
        ("image", image.map(Value::from)),
        ("command", command.map(Value::from)),
        ("args", Some(args).filter(|args| !args.is_empty()).map(Value::from)),
        ("port", port),
        ("replicas", replicas),
        ("health_path", health_path.map(Value::from)),
        ("env", env.filter(|env| env != &Value::from(Map::new()))),
    ];
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
