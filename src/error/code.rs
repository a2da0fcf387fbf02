//! The codes of errors, and the reasons of reports: one vocabulary, explained in docs/reference/reasons.md.

use std::fmt;

use serde::{Serialize, Serializer};

/// Each code with its text. Users' scripts read the texts, so a text never changes.
macro_rules! codes {
    ($($code:ident = $text:literal,)+) => {
        /// What went wrong, or why a component has its status. An error's code is the reason of its component.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($code,)+
        }

        impl Code {
            /// In the order of the page.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// None if no version that this one knows has such a code.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                }
            }
        }
    };
}

impl Code {
    /// The reasons for which policy stops a plan. A person can approve such a plan.
    pub const OF_POLICY: [Self; 6] = [
        Self::Destroys,
        Self::TakesData,
        Self::MaxDestroys,
        Self::Protected,
        Self::Asks,
        Self::MaxMonthlyCost,
    ];

    /// Whether it says that a saved plan cannot be applied, however often the call is made.
    pub fn refuses_a_plan(self) -> bool {
        matches!(self, Self::PlanMoved | Self::PlanSpent | Self::NoSuchPlan)
    }
}

codes! {
    // Nothing to do
    NothingThere = "nothing_there",
    DataKept = "data_kept",
    NeededByData = "needed_by_data",
    Prepared = "prepared",
    DoneBefore = "done_before",
    SameFingerprint = "same_fingerprint",
    ByFingerprint = "by_fingerprint",
    InState = "in_state",
    MovedBefore = "moved_before",
    NotInState = "not_in_state",
    NothingToPutRight = "nothing_to_put_right",
    NothingToPromote = "nothing_to_promote",
    Acknowledged = "acknowledged",
    NothingToAcknowledge = "nothing_to_acknowledge",
    SaltNotPlanned = "salt_not_planned",
    SaltStep = "salt_step",
    SaltNotUndone = "salt_not_undone",
    Promoted = "promoted",
    NoGates = "no_gates",
    NeverRanHere = "never_ran_here",
    NoState = "no_state",
    NeverApplied = "never_applied",
    NeverSynced = "never_synced",
    // Waiting
    ReadsPendingOutputs = "reads_pending_outputs",
    LeftWithoutAPlan = "left_without_a_plan",
    Approved = "approved",
    Pending = "pending",
    Destroys = "destroys",
    TakesData = "takes_data",
    MaxDestroys = "max_destroys",
    Protected = "protected",
    Asks = "asks",
    MaxMonthlyCost = "max_monthly_cost",
    MissingVariable = "missing_variable",
    FailedVersion = "failed_version",
    AwaitingPromotion = "awaiting_promotion",
    Waits = "waits",
    GoneFromThePillar = "gone_from_the_pillar",
    // Not started
    DependencyNotDone = "dependency_not_done",
    StoppedAfterFailure = "stopped_after_failure",
    Cancelled = "cancelled",
    Busy = "busy",
    UnfinishedApply = "unfinished_apply",
    // Kept after a failed run
    NoKnownGood = "no_known_good",
    IsKnownGood = "is_known_good",
    RollbackOff = "rollback_off",
    UnclearFailure = "unclear_failure",
    ProviderDowngrade = "provider_downgrade",
    MovedSince = "moved_since",
    // The pillar and the call
    Invalid = "invalid",
    UnknownOperation = "unknown_operation",
    ModuleInvalid = "module_invalid",
    MissingOutput = "missing_output",
    NullOutput = "null_output",
    Reference = "reference",
    SensitiveInput = "sensitive_input",
    HasResources = "has_resources",
    EnvironmentTooLong = "environment_too_long",
    AnswerTooLarge = "answer_too_large",
    StillNeeded = "still_needed",
    SourceChanged = "source_changed",
    PillarEntryChanged = "pillar_entry_changed",
    PillarEntryRefused = "pillar_entry_refused",
    NoSuchOutput = "no_such_output",
    NoSuchResource = "no_such_resource",
    // Plans and runs
    NoSuchPlan = "no_such_plan",
    PlanMoved = "plan_moved",
    PlanSpent = "plan_spent",
    PlanStale = "plan_stale",
    PlanOfBranch = "plan_of_branch",
    NothingToApprove = "nothing_to_approve",
    MayNotApprove = "may_not_approve",
    NoSuchRun = "no_such_run",
    NotComparable = "not_comparable",
    RunEnded = "run_ended",
    RunGone = "run_gone",
    RunComplete = "run_complete",
    RunAlive = "run_alive",
    NotResumable = "not_resumable",
    Timeout = "timeout",
    // Rollback and drift
    RollbackNeedsApproval = "rollback_needs_approval",
    RollbackFailed = "rollback_failed",
    NoEarlierConfiguration = "no_earlier_configuration",
    Order = "order",
    ConfigurationUnusable = "configuration_unusable",
    NotClean = "not_clean",
    DriftMoved = "drift_moved",
    NoSuchSnapshot = "no_such_snapshot",
    SnapshotIncomplete = "snapshot_incomplete",
    SnapshotCorrupt = "snapshot_corrupt",
    // Terraform
    TerraformMissing = "terraform_missing",
    TerraformNotExecutable = "terraform_not_executable",
    TerraformNotStarted = "terraform_not_started",
    TerraformVersion = "terraform_version",
    TerraformTooOld = "terraform_too_old",
    TerraformGarbage = "terraform_garbage",
    TerraformHangs = "terraform_hangs",
    StreamVersion = "stream_version",
    Garbage = "garbage",
    TerraformFailed = "terraform_failed",
    ProviderUnavailable = "provider_unavailable",
    ProviderLock = "provider_lock",
    RateLimited = "rate_limited",
    ModuleUnavailable = "module_unavailable",
    NotDeclared = "not_declared",
    OtherId = "other_id",
    AddressTaken = "address_taken",
    OtherChanges = "other_changes",
    // Layers
    NoLeader = "no_leader",
    NodesDown = "nodes_down",
    NoReadyNode = "no_ready_node",
    AgentsFailed = "agents_failed",
    MinionsAway = "minions_away",
    TokenExpires = "token_expires",
    LockStale = "lock_stale",
    BackendLockLeft = "backend_lock_left",
    RightsMissing = "rights_missing",
    ConsulUnreachable = "consul_unreachable",
    ConsulDenied = "consul_denied",
    ConsulRefused = "consul_refused",
    ConsulUnusable = "consul_unusable",
    // The doctor
    LockNotShared = "lock_not_shared",
    ClockWrong = "clock_wrong",
    DiskLow = "disk_low",
    NoPrograms = "no_programs",
    RunDied = "run_died",
    VersionsDiffer = "versions_differ",
    NoSuchFunction = "no_such_function",
    OpenMaster = "open_master",
    // Health
    Unhealthy = "unhealthy",
    HealthGate = "health_gate",
    HealthUnknown = "health_unknown",
    LastRunFailed = "last_run_failed",
    DeploymentFailed = "deployment_failed",
    JobStopped = "job_stopped",
    Superseded = "superseded",
    // Nomad
    NomadInvalid = "nomad_invalid",
    NomadUnplaceable = "nomad_unplaceable",
    NomadJobForeign = "nomad_job_foreign",
    NomadJobDiffers = "nomad_job_differs",
    NotAdoptable = "not_adoptable",
    Described = "described",
    NomadDenied = "nomad_denied",
    NomadUnreachable = "nomad_unreachable",
    NomadNotFound = "nomad_not_found",
    NomadRefused = "nomad_refused",
    NomadUnusable = "nomad_unusable",
    NomadMoved = "nomad_moved",
    NomadVariableForeign = "nomad_variable_foreign",
    NotKnownYet = "not_known_yet",
    NotPromotable = "not_promotable",
    // Salt steps and hooks
    SaltFailed = "salt_failed",
    HookFailed = "hook_failed",
    // State and backends
    StateEmpty = "state_empty",
    StateReplaced = "state_replaced",
    StateOlder = "state_older",
    StateCorrupt = "state_corrupt",
    RecoveryRequired = "recovery_required",
    StateLocked = "state_locked",
    StateLock = "state_lock",
    StateElsewhere = "state_elsewhere",
    BackendChanged = "backend_changed",
    BackendLost = "backend_lost",
    BackendOccupied = "backend_occupied",
    BackendUnreachable = "backend_unreachable",
    Backend = "backend",
    // Secrets
    SecretMissing = "secret_missing",
    SecretDeleted = "secret_deleted",
    SecretKeyMissing = "secret_key_missing",
    SecretUnreadable = "secret_unreadable",
    SecretLent = "secret_lent",
    RotationUnderWay = "rotation_under_way",
    NotRotatable = "not_rotatable",
    VaultUnreachable = "vault_unreachable",
    VaultSealed = "vault_sealed",
    VaultDenied = "vault_denied",
    VaultRefused = "vault_refused",
    VaultSettings = "vault_settings",
    VaultLogin = "vault_login",
    VaultWrappingUsed = "vault_wrapping_used",
    VaultWrappingForeign = "vault_wrapping_foreign",
    VaultRandom = "vault_random",
    LeaseTooShort = "lease_too_short",
    LeaseExpiring = "lease_expiring",
    // Locks
    Locked = "locked",
    LockUnreachable = "lock_unreachable",
    LockDenied = "lock_denied",
    LockRefused = "lock_refused",
    LockTls = "lock_tls",
    LockForeign = "lock_foreign",
    LockLost = "lock_lost",
    LockUnknown = "lock_unknown",
    LockIsAFile = "lock_is_a_file",
    LockRemote = "lock_remote",
    NotThatLock = "not_that_lock",
    // This host
    FolderNotTrusted = "folder_not_trusted",
    EditedByHand = "edited_by_hand",
    FileCorrupt = "file_corrupt",
    RecordCorrupt = "record_corrupt",
    File = "file",
    DiskFull = "disk_full",
    ReadOnly = "read_only",
    Runtime = "runtime",
    Key = "key",
    Internal = "internal",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
