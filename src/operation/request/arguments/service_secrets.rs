//! The secrets of services that a call names: `SERVICE/NAME`, several with commas.

use serde_json::Value;

use super::context::WORDS;
use super::items::items;
use super::{Arguments, shorten};
use crate::command_line::command;
use crate::model::{Name, ServiceSecret};

impl Arguments {
    /// The environment of a call whose first word may already be such a secret: then the call leaves it out.
    pub fn environment_beside(&mut self, key: &'static str) -> Name {
        let is_secret = |value: &Value| value.as_str().is_some_and(|text| text.contains('/'));
        if self.given.get(WORDS[0]).is_some_and(is_secret) {
            let first = self.given.remove(WORDS[0]);
            let others = self.given.remove(key).filter(|value| !value.is_null());
            let all: Vec<_> = first.iter().chain(&others).flat_map(items).collect();
            self.given.insert(key.to_owned(), all.into());
        }
        self.environment()
    }

    pub fn service_secrets(&mut self, key: &'static str, environment: &Name) -> Vec<ServiceSecret> {
        let given = self.take(key).map(|value| items(&value)).unwrap_or_default();
        if given.is_empty() {
            let example = command("rotate").of(environment).with(key, "SERVICE/NAME");
            self.problem(key, format!("is missing: name the secrets to rotate, such as {example}"));
        }
        given.iter().filter_map(|item| self.as_secret(key, item)).collect()
    }

    fn as_secret(&mut self, key: &str, item: &Value) -> Option<ServiceSecret> {
        let Some(text) = item.as_str() else {
            self.problem(key, "must be texts, such as SERVICE/NAME");
            return None;
        };
        match text.split_once('/') {
            Some((service, name)) if !service.is_empty() && !name.is_empty() => {
                Some(ServiceSecret { service: service.to_owned(), name: name.to_owned() })
            }
            _ => {
                let text = shorten(text);
                self.problem(
                    key,
                    format!("is {text:?}: write SERVICE/NAME, as in the secrets of the service"),
                );
                None
            }
        }
    }
}
