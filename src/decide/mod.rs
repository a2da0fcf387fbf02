//! Decisions, made from facts.
//!
//! This room knows policy, the changes of a plan, and the content of the record, the state and measurements. It must
//! not know files or processes.
//! In: facts. Out: a verdict.

mod approval;
mod approver;
mod baseline;
mod carry;
mod completed;
mod cost;
mod data;
mod deployment;
pub mod doctor;
mod drift_alert;
mod drift_cause;
mod environment;
mod going_back;
mod health;
mod instances;
pub mod job_key;
pub mod layers;
mod listed;
mod orphan_candidates;
mod policy;
mod rate_limit;
mod recovery;
mod retention;
mod rollback;
mod rollout;
mod rotation;
mod secret_variable;
mod service;
mod stale_lock;
mod state;
mod state_edit;
mod state_objects;
pub mod step;

pub use approval::{SavedPlanAction, SavedPlanStatus, saved_plan_action};
pub use approver::{ApproverFault, approver_fault};
pub use baseline::{Baseline, Course, FailedVersion, Previous, TurnEnd};
pub use carry::{Carried, CarriedComponent, carried};
pub use completed::CompletedOperations;
pub use cost::{EnvironmentMachines, MonthlyCost, judge_cost};
pub use data::{holds_data, kept, not_kept, taken_data};
pub use deployment::{RolloutStatus, rollout_status};
pub use drift_alert::{RepeatedFinding, next_alert};
pub use drift_cause::{DriftFacts, drift_cause};
pub use environment::{
    ChosenEnvironment, EnvironmentError, EnvironmentRequirement, EnvironmentSources, choose_environment,
    id_fault, is_id, is_like_an_id,
};
pub use going_back::{RollbackFacts, RollbackGoal, rollback_goal};
pub use health::{GateRequirement, HealthVerdict, PassingWindow, health_verdict};
use instances::address;
pub use instances::{StateInstance, instances};
pub use listed::listed_briefly;
pub use orphan_candidates::{ApplyOperations, OrphanCandidate, PlannedCreation, TerraformEnd};
pub use policy::{Consent, PolicyViolation, covers, judge};
pub use rate_limit::RateLimit;
pub use recovery::{
    LocalStateAction, StateComparison, StateFile, StateVersion, UnsavedStateAction, local_state_action,
    unsaved_state_action,
};
pub use retention::{Aged, surplus};
pub use rollback::{
    ApplyFailure, ChangeProgress, FailedRunComponent, RollbackDecision, decide_rollback, needs_approval,
};
pub use rollout::{
    Allocation, BatchGoal, CheckStatus, ClientStatus, Deployment, DeploymentStatus, DesiredStatus,
    Evaluation, JobVersion, JobVersions, NomadAnswers, PlacementFailure, RegisteredJob, Rollout,
    RolloutQuery, TaskGroup, short_id,
};
pub use rotation::{
    ROTATION, Rotation, RotationFault, RotationStage, SecretReaderState, begin_rotation, end_rotation,
    rotation_ends, withdraw_rotation,
};
pub use secret_variable::{Items, VariableUpdate, handed, variable_update, without_own_keys};
pub use service::{RegisteredInstance, SIDECAR, remembered, served, with_sidecars};
pub use stale_lock::{BackendLock, KilledTerraform, LockKeptReason, check_stale};
pub use state::{RecordedState, State, StateJob, StateOutput, StateProblem, compare};
pub use state_edit::{StateEditNeed, need, others};
pub use state_objects::state_objects;
