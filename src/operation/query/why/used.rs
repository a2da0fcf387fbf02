//! What one environment uses for each value of a component or of its settings, whatever level sets it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::defaults;
use super::setting::{PUBLIC, Setting, shown_content};
use super::settings::Asked;
use crate::model::{Content, Draft, Effect, Input, Level, Name, Overrides, Trace};
use crate::resolve::{self, ModuleValues, Modules};

#[derive(Clone, Debug, PartialEq)]
pub(in crate::operation::query) struct UsedValue {
    /// The level that wins.
    pub level: Level,
    content: Content,
    is_shown: bool,
}

/// `variable` or `key`, and the name.
type ValueName = (&'static str, String);

impl UsedValue {
    /// Whether both are the same. Of a text in the place of a secret, nothing is known.
    pub fn is_same(&self, other: &Self) -> bool {
        self.content == other.content
    }

    pub fn shown(&self) -> Value {
        let (key, value) = shown_content(&self.content, self.is_shown);
        let mut shown = Value::Object(serde_json::Map::new());
        shown["level"] = self.level.word().into();
        shown[key] = value;
        shown
    }
}

/// All values of a component. None if the environment does not have it.
pub(in crate::operation::query) fn used(
    infrastructure: &Value,
    draft: &Draft,
    name: &Name,
    modules: &mut Modules<'_>,
) -> Option<BTreeMap<ValueName, UsedValue>> {
    let environment = &draft.environment;
    let trace = Trace::of_component(infrastructure, environment.as_str(), &Overrides::default(), name)?;
    let component = draft.components.get(name);
    let module = component.and_then(|component| modules.of(component)?.ok());
    let values = module.as_deref().map(resolve::values).unwrap_or_default();
    let defaults = component.map(defaults::of_component).unwrap_or_default();
    let asked = Asked {
        trace: &trace,
        environment,
        component,
        interface: module.as_ref().map(|module| module.interface.as_ref()),
        values: &values,
        defaults: &defaults,
        salt_root: None,
    };
    let inputs = component.map(|component| &component.inputs);
    let default = |name: &str| inputs.and_then(|inputs| inputs.get(name)).and_then(Input::literal);
    let values = asked.all().into_iter().filter_map(|setting| {
        let name = setting.name.join(".");
        // What the environment gives to a service is no level of its own.
        let used = one(&trace, &setting, &name).or_else(|| {
            let content = Content::Value(default(&name)?.clone());
            Some(UsedValue { level: Level::Default, content, is_shown: setting.is_shown })
        })?;
        Some(((setting.kind, name), used))
    });
    Some(values.collect())
}

/// The settings that some level sets.
pub(in crate::operation::query) fn settings_used(
    infrastructure: &Value,
    draft: &Draft,
) -> BTreeMap<ValueName, UsedValue> {
    let environment = &draft.environment;
    let trace = Trace::of_settings(infrastructure, environment.as_str(), &Overrides::default());
    let Some(trace) = trace else { return BTreeMap::new() };
    let asked = Asked {
        trace: &trace,
        environment,
        component: None,
        interface: None,
        values: &ModuleValues::default(),
        defaults: &Value::Null,
        salt_root: None,
    };
    let settings = asked.all().into_iter().filter_map(|setting| {
        let name = setting.name.join(".");
        Some(((setting.kind, name.clone()), one(&trace, &setting, &name)?))
    });
    settings.collect()
}

fn one(trace: &Trace, setting: &Setting, name: &str) -> Option<UsedValue> {
    let winner = setting.setters.iter().find(|setter| setter.effect != Effect::Overridden)?;
    let merged = match setting.kind {
        "variable" => trace.merged_variable(name),
        _ => trace.merged_key(name).map(|content| (String::new(), content)),
    };
    let (key, content) = match merged {
        Some(merged) => merged,
        None => (String::new(), winner.content.clone()?),
    };
    let is_shown = setting.is_shown || key == PUBLIC;
    Some(UsedValue { level: winner.level, content, is_shown })
}
