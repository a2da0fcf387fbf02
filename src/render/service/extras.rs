//! Renders checked blocks, and the tasks beside the main one.

use serde_json::Value;

use super::body::{Body, Term, written};
use super::config;
use crate::model::service::{BlockBody, Setting, SideTask};

pub fn level(body: &mut Body, from: &BlockBody) {
    for (name, setting) in &from.settings {
        body.set(name, term(setting));
    }
    for block in &from.blocks {
        body.add(block.kind, block.label.clone(), Some(block.place.clone()), |body| level(body, &block.body));
    }
}

fn term(setting: &Setting) -> Term {
    Term::Value(match setting {
        Setting::Flag(flag) => (*flag).into(),
        Setting::Number(number) => (*number).into(),
        Setting::Time(time) => written(*time).into(),
        Setting::Text(text) => text.as_str().into(),
        Setting::Texts(texts) => texts.clone().into(),
        Setting::Map(map) => {
            map.iter().map(|(key, text)| (key.clone(), Value::from(text.as_str()))).collect()
        }
        Setting::Lists(map) => {
            map.iter().map(|(key, texts)| (key.clone(), Value::from(texts.clone()))).collect()
        }
        Setting::File(slot) => return Term::File(slot.clone()),
    })
}

pub fn task(body: &mut Body, task: &SideTask) {
    body.value("driver", task.driver.as_str());
    body.block("config", |body| {
        for (key, value) in &task.config {
            body.value(key, config::escape(&value.0));
        }
    });
    if !task.env.is_empty() {
        let env: Value =
            task.env.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
        body.value("env", env);
    }
    level(body, &task.body);
    if !task.resources.settings.is_empty() {
        body.block("resources", |body| level(body, &task.resources));
    }
}
