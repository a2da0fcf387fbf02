//! What the settings of one block, and the blocks of a job, require of each other.

use crate::model::PillarPath;
use crate::model::read::problems::Problems;
use crate::model::service::{BlockBody, JobExtras, JobKind, Setting};

pub(super) fn block(kind: &str, body: &BlockBody, path: &PillarPath, problems: &Problems) {
    let one_of = |one: &str, other: &str, noun: &str| match (body.has(one), body.has(other)) {
        (true, true) => problems.add(path, format!("{one} and {other} exclude each other")),
        (false, false) => problems.add(path, format!("{noun} needs {one} or {other}")),
        _ => {}
    };
    let needs = |given: bool, name: &str, why: &str| {
        if given && !body.has(name) {
            problems.add(&path.child(name), format!("is missing: {why}"));
        }
    };
    let only = |given: bool, name: &str, why: &'static str| {
        if !given && body.has(name) {
            problems.add(&path.child(name), why);
        }
    };
    let number = |name: &str| {
        body.settings.iter().find_map(|(key, setting)| match setting {
            Setting::Number(number) if *key == name => Some(*number),
            _ => None,
        })
    };
    match kind {
        "template" => {
            one_of("data", "source", "a template");
            let mode = body.text("change_mode");
            needs(mode == Some("signal"), "change_signal", "change_mode is signal");
            needs(mode == Some("script"), "change_script", "change_mode is script");
            only(mode == Some("signal"), "change_signal", "is only for change_mode: signal");
            only(mode == Some("script"), "change_script", "is only for change_mode: script");
        }
        "check" => {
            let kind = body.text("type").unwrap_or(if body.has("path") { "http" } else { "" });
            let http = matches!(kind, "http" | "https");
            if kind.is_empty() {
                problems.add(&path.child("type"), "is missing: http, https, tcp, grpc or script");
            }
            if http && !body.has("path") {
                problems.add(path, "an http check needs a path");
            }
            needs(kind == "script", "command", "it is the program of a script check");
            for name in ["path", "method", "header", "body", "protocol"] {
                only(http, name, "is only for an http check");
            }
            for name in ["command", "args"] {
                only(kind == "script", name, "is only for a script check");
            }
            for name in ["grpc_service", "grpc_use_tls"] {
                only(kind == "grpc", name, "is only for a grpc check");
            }
        }
        "periodic" => one_of("cron", "crons", "a periodic job"),
        "scaling" if number("min").zip(number("max")).is_some_and(|(min, max)| min > max) => {
            problems.add(path, "max must not be less than min");
        }
        "reschedule" => {
            let unlimited = body.settings.contains(&("unlimited", Setting::Flag(true)));
            if unlimited && number("attempts").is_some_and(|attempts| attempts > 0) {
                problems.add(path, "attempts and unlimited: true exclude each other");
            }
        }
        _ => {}
    }
}

/// Blocks that a job of this type cannot have.
pub(in super::super) fn check(extras: &JobExtras, kind: JobKind, path: &PillarPath, problems: &Problems) {
    let kinds = |level: &BlockBody, name: &str, allowed: &[JobKind]| {
        if level.has(name) && !allowed.contains(&kind) {
            let words: Vec<_> = allowed.iter().map(|kind| kind.word()).collect();
            problems.add(&path.child(name), format!("is only for a job of type: {}", words.join(" or ")));
        }
    };
    let counted = [JobKind::Service, JobKind::Batch];
    let ends = [JobKind::Batch, JobKind::Sysbatch];
    kinds(&extras.job, "periodic", &ends);
    kinds(&extras.job, "parameterized", &ends);
    kinds(&extras.job, "affinity", &counted);
    kinds(&extras.job, "spread", &counted);
    kinds(&extras.group, "scaling", &counted);
    kinds(&extras.group, "reschedule", &counted);
    kinds(&extras.group, "migrate", &[JobKind::Service]);
    if extras.job.has("periodic") && extras.job.has("parameterized") {
        problems.add(&path.child("parameterized"), "periodic and parameterized exclude each other");
    }
    let others = extras.tasks.iter().map(|(name, task)| (path.child("tasks").child(name), &task.body));
    for (path, task) in others.chain([(path.clone(), &extras.task)]) {
        if task.has("dispatch_payload") && !extras.job.has("parameterized") {
            problems.add(&path.child("dispatch_payload"), "needs a parameterized job");
        }
    }
}
