//! The contents of a saved plan: its components, and the result of each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::saved_plans::{ANEW, CONTENTS, SavedPlans};
use super::unplanned::Unplanned;
use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::Holder;
use crate::model::{Blueprint, Branch, Name};
use crate::operation::request::call::CallPlace;
use crate::report::Status;
use crate::words::{Words, words};
use crate::workdir::{ensure_lasting, read_json, write_json};

/// The components of a `plan` under its plan_id.
#[derive(Serialize, Deserialize)]
pub struct PlanContents {
    /// The components that have a plan here, and those that need none.
    pub statuses: BTreeMap<String, String>,
    /// Those that have no plan here although they need one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unplanned: BTreeMap<Name, Unplanned>,
    /// Whether these plans destroy their components. Then they are applied in reverse order.
    #[serde(default)]
    pub destroy: bool,
    /// The call that made it. Absent in plans of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<Holder>,
    /// The branch whose pillar was planned. Such plans are never applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
}

impl PlanContents {
    /// The components that have a saved plan: all, or those of `only`.
    ///
    /// A plan that policy stopped counts as saved: it is applied after its approval.
    pub fn planned(&self, blueprint: &Blueprint, only: Option<&BTreeSet<Name>>) -> Result<BTreeSet<Name>> {
        let mut planned = BTreeSet::new();
        for (name, status) in &self.statuses {
            let node = Name::new(name).ok().and_then(|name| blueprint.nodes.get_key_value(&name));
            let planned_now = |status| matches!(Status::from_word(status), Status::Planned | Status::Blocked);
            let Some((name, _)) =
                node.filter(|(_, node)| node.component.step.is_none() || !planned_now(status))
            else {
                let message = format!(
                    "after this plan was made, {name} was removed from the pillar or became a Salt step"
                );
                return Err(Error::new(
                    Layer::Salt,
                    Phase::Planning,
                    Code::PlanMoved,
                    message,
                    words!["make a new plan: ", command("plan").of(&blueprint.environment)],
                ));
            };
            if planned_now(status) && only.is_none_or(|only| only.contains(name)) {
                planned.insert(name.clone());
            }
        }
        Ok(planned)
    }

    /// The names of all its components.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.statuses.keys().map(String::as_str).chain(self.unplanned.keys().map(Name::as_str))
    }
}

impl SavedPlans {
    pub fn write_contents(&self, contents: &PlanContents) -> Result<()> {
        ensure_lasting(self.folder())?;
        write_json(&self.folder().join(CONTENTS), contents)
    }

    pub fn contents(&self) -> Result<PlanContents> {
        let contents = read_json(&self.folder().join(CONTENTS), ANEW)?.ok_or_else(|| {
            let message = format!("plan {} does not exist", self.plan_id());
            let remedy = words![
                "make a plan with ",
                command("plan").here(),
                " in the same environment; only the newest plans are kept"
            ];
            Error::new(Layer::Salt, Phase::Validation, Code::NoSuchPlan, message, remedy)
        })?;
        Ok(self.with_unplanned(contents))
    }

    /// The command that makes the same plans again.
    pub fn again_command(&self, blueprint: &Blueprint, place: &CallPlace) -> Words {
        let environment = &blueprint.environment;
        let contents = self.contents().ok();
        let destroys = contents.as_ref().is_some_and(|contents| contents.destroy);
        let is_enabled = |name: &Name| blueprint.nodes.get(name).is_some_and(|node| node.component.enabled);
        let names =
            contents.iter().flat_map(|contents| contents.names()).filter_map(|name| Name::new(name).ok());
        let names: BTreeSet<Name> = names.filter(is_enabled).collect();
        let is_all = blueprint.nodes.keys().filter(|name| is_enabled(name)).all(|name| names.contains(name));
        match place {
            CallPlace::Master { .. } if destroys => {
                let destroy = command("destroy").of(environment);
                let some = names.iter().map(Name::as_str).collect::<Vec<_>>().join(",");
                let destroy = if is_all { destroy } else { destroy.with("components", some) };
                destroy.with("confirm", environment).into()
            }
            CallPlace::Master { .. } if is_all => command("plan").of(environment).into(),
            _ => place.plan_command(environment, &names),
        }
    }

    /// An earlier version listed the components without a plan among the others.
    fn with_unplanned(&self, mut contents: PlanContents) -> PlanContents {
        contents.statuses.retain(|name, status| {
            let Ok(name) = Name::new(name) else { return true };
            let status = Status::from_word(status);
            let has_none = match status {
                Status::Blocked => !self.of(&name).is_there(),
                status => status == Status::PendingInputs,
            };
            if has_none {
                contents.unplanned.insert(name, Unplanned::with_status(status));
            }
            !has_none
        });
        contents
    }
}
