//! The steps of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lock::Holder;
use crate::model::Name;

/// The operation name of a run that repairs drift.
pub const REMEDIATE: &str = "remediate";
pub const ROTATE: &str = "rotate";

/// The operation name of a run that takes drift into the state.
pub const ACCEPT_DRIFT: &str = "accept_drift";

/// The operation that returns components to an earlier configuration.
pub const ROLLBACK: &str = "rollback";

/// The operations that are one change of a state by hand.
pub const STATE_EDITS: [&str; 4] = ["adopt_job", "import_resource", "move_resource", "remove_resource"];

/// The version of these formats. Readers ignore steps that they do not know.
const SCHEMA: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JournalLine {
    /// RFC 3339, UTC.
    pub at: String,
    #[serde(flatten)]
    pub entry: JournalEntry,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum JournalEntry {
    Began(Box<RunStart>),
    /// The run holds the lock of the component.
    Started {
        component: Name,
        /// Identifies what is to be deployed.
        #[serde(default)]
        deployment_id: String,
    },
    /// Terraform is about to change resources. This line is on disk before that.
    Applying {
        component: Name,
        /// The snapshot taken just before.
        snapshot_id: Option<String>,
    },
    /// A person approved its saved plan.
    Approved {
        component: Name,
        plan_id: String,
        change_set: String,
    },
    Ended {
        component: Name,
        status: String,
        reason: String,
        done: Option<CompletedComponent>,
    },
    Finished {
        result: Option<bool>,
        components: BTreeMap<Name, String>,
        error: Option<String>,
    },
}

/// The request of a run, and who made it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStart {
    pub schema: u32,
    pub who: Holder,
    pub user: String,
    #[serde(rename = "wish")]
    pub kind: Kind,
    /// The interrupted run that this one resumes.
    pub resumes: Option<String>,
    /// The saved plan that is applied, if there is one.
    pub plan_id: Option<String>,
    pub components: BTreeSet<Name>,
    #[serde(default, skip_serializing_if = "CallOptions::is_default")]
    pub options: CallOptions,
    /// Others were told that it started, so they are also told how it ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub announced: bool,
    /// Absent in runs of earlier versions, and where no component has a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<RunOrder>,
}

/// What decides when the turn of a component begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrder {
    /// How many turns may run at the same time.
    pub parallelism: usize,
    /// A component, and those that it waits for. In a destroy, a component waits for those that need it.
    pub waits_for: BTreeMap<Name, BTreeSet<Name>>,
}

/// What the call of a run gave beside the components. A run that resumes it uses the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallOptions {
    pub migrate_backend: bool,
    pub upgrade: bool,
    pub parallelism: Option<Value>,
    pub on_failure: Option<Value>,
    pub values: CallValues,
}

impl CallOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether the call gave values to a component, and whether they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallValues {
    #[default]
    None,
    /// They are in the folder of the run, sealed.
    Sealed,
    /// One of them belongs to an ephemeral variable, so they are not stored.
    NotStored,
}

impl RunStart {
    pub fn new(who: Holder, user: &str, kind: Kind, components: BTreeSet<Name>) -> Self {
        Self {
            schema: SCHEMA,
            who,
            user: user.to_owned(),
            kind,
            resumes: None,
            plan_id: None,
            components,
            options: CallOptions::default(),
            announced: false,
            order: None,
        }
    }

    /// Whether the run changes things.
    pub fn changes_things(&self) -> bool {
        self.kind != Kind::Look
    }

    pub fn destroys(&self) -> bool {
        matches!(self.kind, Kind::Destroy | Kind::TakeDown)
    }

    /// Whether it was about a drift that a check had found. That drift may differ by now.
    pub fn is_about_drift(&self) -> bool {
        [REMEDIATE, ACCEPT_DRIFT].contains(&self.who.operation.as_str())
    }

    pub fn is_rollback(&self) -> bool {
        self.who.operation == ROLLBACK
    }

    /// Whether it was one change of a state by hand.
    pub fn is_state_edit(&self) -> bool {
        STATE_EDITS.contains(&self.who.operation.as_str())
    }

    /// Whether a destroy keeps the resources that hold data.
    pub fn preserves_data(&self) -> bool {
        self.kind == Kind::TakeDown
    }
}

/// What readers of the journal have to know of the run's intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Apply,
    Destroy,
    /// It destroys everything except the resources that hold data.
    TakeDown,
    /// It plans or prepares, and changes nothing.
    Look,
}

/// The properties of a component when its turn succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedComponent {
    /// Digest of its module, its inputs, its backend, and the version of terraform.
    pub made_from: String,
    pub lineage: String,
    pub serial: u64,
}
