//! The steps of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::lock::Holder;
use crate::model::Name;

/// The version of these shapes; a reader leaves out steps that it does not know.
const SCHEMA: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// RFC 3339, UTC.
    pub at: String,
    #[serde(flatten)]
    pub entry: Entry,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Entry {
    Began(Box<Began>),
    /// The component's lock is held.
    Started {
        component: Name,
        /// Of what it is to be made.
        #[serde(default)]
        deployment_id: String,
    },
    /// Terraform is about to change things; this stands on the disk before it does.
    Applying {
        component: Name,
        /// Taken just before.
        snapshot_id: Option<String>,
    },
    /// A person approved its kept plan.
    Approved {
        component: Name,
        plan_id: String,
        change_set: String,
    },
    Ended {
        component: Name,
        status: String,
        reason: String,
        done: Option<Done>,
    },
    Finished {
        result: Option<bool>,
        components: BTreeMap<Name, String>,
        error: Option<String>,
    },
}

/// What was asked for, and by whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Began {
    pub schema: u32,
    pub who: Holder,
    pub user: String,
    pub wish: Wish,
    /// The run that this one goes on with.
    pub resumes: Option<String>,
    /// The plan that is applied, where it is a kept one.
    pub plan_id: Option<String>,
    pub components: BTreeSet<Name>,
}

impl Began {
    pub fn new(who: Holder, user: &str, wish: Wish, components: BTreeSet<Name>) -> Self {
        Self { schema: SCHEMA, who, user: user.to_owned(), wish, resumes: None, plan_id: None, components }
    }
}

/// What a run is to do to its components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    Apply,
    Destroy,
    /// It plans or prepares, and changes nothing.
    Look,
}

/// What a component was when its turn ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Digest of its module, its inputs, its backend and terraform's version.
    pub made_from: String,
    pub lineage: String,
    pub serial: u64,
}
