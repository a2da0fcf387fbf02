//! The contents of a saved plan: its components, and the result of each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::saved_plans::{ANEW, CONTENTS, SavedPlans};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::Holder;
use crate::model::{Blueprint, Name};
use crate::report::{ComponentReport, Status};
use crate::workdir::{ensure_lasting, read_json, write_json};

/// The components of a `plan` under its plan_id.
#[derive(Serialize, Deserialize)]
pub struct PlanContents {
    pub statuses: BTreeMap<String, String>,
    /// Whether these plans destroy their components. Then they are applied in reverse order.
    #[serde(default)]
    pub destroy: bool,
    /// The call that made it. Absent in plans of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<Holder>,
}

impl PlanContents {
    /// The components that have a saved plan, and the reports of the others.
    ///
    /// A plan that policy stopped counts as saved: it is applied after its approval.
    pub fn split(
        &self,
        blueprint: &Blueprint,
        only: Option<&BTreeSet<Name>>,
    ) -> Result<(BTreeSet<Name>, BTreeMap<Name, ComponentReport>)> {
        let (mut planned, mut left) = (BTreeSet::new(), BTreeMap::new());
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
                    "make a new plan",
                ));
            };
            if only.is_some_and(|only| !only.contains(name)) {
                continue;
            }
            match Status::from_word(status) {
                Status::Planned | Status::Blocked => drop(planned.insert(name.clone())),
                Status::PendingInputs => {
                    left.insert(
                        name.clone(),
                        ComponentReport::new(Status::PendingInputs, Code::LeftWithoutAPlan),
                    );
                }
                _ => {}
            }
        }
        Ok((planned, left))
    }
}

impl SavedPlans {
    pub fn write_contents(&self, contents: &PlanContents) -> Result<()> {
        ensure_lasting(self.folder())?;
        write_json(&self.folder().join(CONTENTS), contents)
    }

    pub fn contents(&self) -> Result<PlanContents> {
        read_json(&self.folder().join(CONTENTS), ANEW)?.ok_or_else(|| {
            let message = format!("plan {} does not exist", self.plan_id());
            let remedy = "make a plan with infrastructure.plan in the same environment; only the newest plans \
                          are kept";
            Error::new(Layer::Salt, Phase::Validation, Code::NoSuchPlan, message, remedy)
        })
    }
}
