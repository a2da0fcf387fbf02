//! The blocks that a service may have, by the place in the job: <https://developer.hashicorp.com/nomad/docs/job-specification>.

use super::table::{COUNT, Key, Kind, MANY, SOME, Table, key, named};

use Kind::{
    Block, Blocks, Flag, Label, Limit, Lists, Map, NamePattern, Number, Perms, Port, Source, Targets, Text,
    Texts, Time, UrlPath, Word,
};

pub const JOB: [Key; 6] = [
    key("priority", Number(1, 32766)),
    key("node_pool", Label),
    key("periodic", Block(&PERIODIC)),
    key("parameterized", Block(&PARAMETERIZED)),
    key("affinity", Blocks(&AFFINITY)),
    key("spread", Blocks(&SPREAD)),
];

pub const GROUP: [Key; 5] = [
    key("scaling", Block(&SCALING)),
    key("reschedule", Block(&RESCHEDULE)),
    key("migrate", Block(&MIGRATE)),
    key("disconnect", Block(&DISCONNECT)),
    key("ephemeral_disk", Block(&EPHEMERAL_DISK)),
];

pub const TASK: [Key; 8] = [
    key("user", Text),
    key("kill_timeout", Limit),
    key("kill_signal", Text),
    key("leader", Flag),
    key("logs", Block(&LOGS)),
    named("templates", "template", Blocks(&TEMPLATE)),
    named("artifacts", "artifact", Blocks(&ARTIFACT)),
    key("dispatch_payload", Block(&DISPATCH_PAYLOAD)),
];

pub const RESOURCES: [Key; 1] = [key("memory_max", Number(10, MANY))];

pub const SIDE_RESOURCES: [Key; 3] =
    [key("cpu", SOME), key("memory", Number(10, MANY)), key("memory_max", Number(10, MANY))];

pub const SIDE_TASK: [Key; 1] = [key("lifecycle", Block(&LIFECYCLE))];

/// More of the registration that Eos generates. Its name is not here: Eos needs it.
pub const REGISTRATION: [Key; 3] =
    [key("canary_tags", Texts), key("address_mode", Word(&ADDRESS_MODES)), key("enable_tag_override", Flag)];

pub static OWN_REGISTRATION: Table = Table {
    kind: "service",
    keys: &[
        key("name", NamePattern),
        key("provider", Word(&["consul", "nomad"])),
        key("port", Port),
        key("tags", Texts),
        key("canary_tags", Texts),
        key("meta", Map),
        key("task", Label),
        key("address_mode", Word(&ADDRESS_MODES)),
        key("enable_tag_override", Flag),
        key("check", Blocks(&CHECK)),
    ],
    required: &["name", "port"],
};

const ADDRESS_MODES: [&str; 5] = ["alloc", "auto", "auto_advertise", "driver", "host"];

pub static CHECK: Table = Table {
    kind: "check",
    keys: &[
        key("name", Text),
        key("type", Word(&["http", "https", "tcp", "grpc", "script"])),
        key("path", UrlPath),
        key("expose", Flag),
        key("interval", Limit),
        key("timeout", Limit),
        key("port", Port),
        key("method", Text),
        key("header", Lists),
        key("body", Text),
        key("protocol", Word(&["http", "https"])),
        key("tls_skip_verify", Flag),
        key("tls_server_name", Text),
        key("grpc_service", Text),
        key("grpc_use_tls", Flag),
        key("task", Label),
        key("command", Text),
        key("args", Texts),
        key("address_mode", Word(&["alloc", "driver", "host"])),
        key("initial_status", Word(&["critical", "passing", "warning"])),
        key("success_before_passing", COUNT),
        key("failures_before_critical", COUNT),
        key("failures_before_warning", COUNT),
        key("on_update", Word(&["ignore", "ignore_warnings", "require_healthy"])),
        key("check_restart", Block(&CHECK_RESTART)),
    ],
    required: &[],
};

static CHECK_RESTART: Table = Table {
    kind: "check_restart",
    keys: &[key("limit", COUNT), key("grace", Time), key("ignore_warnings", Flag)],
    required: &["limit"],
};

static PERIODIC: Table = Table {
    kind: "periodic",
    keys: &[
        key("cron", Text),
        key("crons", Texts),
        key("prohibit_overlap", Flag),
        key("time_zone", Text),
        key("enabled", Flag),
    ],
    required: &[],
};

static PARAMETERIZED: Table = Table {
    kind: "parameterized",
    keys: &[
        key("payload", Word(&["optional", "required", "forbidden"])),
        key("meta_required", Texts),
        key("meta_optional", Texts),
    ],
    required: &[],
};

static DISPATCH_PAYLOAD: Table =
    Table { kind: "dispatch_payload", keys: &[key("file", Text)], required: &["file"] };

static AFFINITY: Table = Table {
    kind: "affinity",
    keys: &[
        key("attribute", Text),
        key("operator", Text),
        key("value", Text),
        key("weight", Number(-100, 100)),
    ],
    required: &["attribute"],
};

static SPREAD: Table = Table {
    kind: "spread",
    keys: &[
        key("attribute", Text),
        key("weight", Number(0, 100)),
        named("targets", "target", Targets("target", "percent")),
    ],
    required: &["attribute"],
};

static SCALING: Table = Table {
    kind: "scaling",
    keys: &[key("enabled", Flag), key("min", COUNT), key("max", COUNT)],
    required: &["max"],
};

static RESCHEDULE: Table = Table {
    kind: "reschedule",
    keys: &[
        key("attempts", COUNT),
        key("interval", Limit),
        key("delay", Limit),
        key("delay_function", Word(&["constant", "exponential", "fibonacci"])),
        key("max_delay", Limit),
        key("unlimited", Flag),
    ],
    required: &[],
};

static MIGRATE: Table = Table {
    kind: "migrate",
    keys: &[
        key("max_parallel", COUNT),
        key("health_check", Word(&["checks", "task_states"])),
        key("min_healthy_time", Time),
        key("healthy_deadline", Limit),
    ],
    required: &[],
};

static DISCONNECT: Table = Table {
    kind: "disconnect",
    keys: &[
        key("lost_after", Limit),
        key("stop_on_client_after", Limit),
        key("replace", Flag),
        key("reconcile", Word(&["best_score", "keep_original", "keep_replacement", "longest_running"])),
    ],
    required: &[],
};

static EPHEMERAL_DISK: Table = Table {
    kind: "ephemeral_disk",
    keys: &[key("size", Number(10, MANY)), key("sticky", Flag), key("migrate", Flag)],
    required: &[],
};

static LOGS: Table = Table {
    kind: "logs",
    keys: &[key("max_files", SOME), key("max_file_size", SOME), key("disabled", Flag)],
    required: &[],
};

static LIFECYCLE: Table = Table {
    kind: "lifecycle",
    keys: &[key("hook", Word(&["prestart", "poststart", "poststop"])), key("sidecar", Flag)],
    required: &["hook"],
};

static ARTIFACT: Table = Table {
    kind: "artifact",
    keys: &[
        key("source", Text),
        key("destination", Text),
        key("mode", Word(&["any", "dir", "file"])),
        key("options", Map),
        key("headers", Map),
        key("insecure", Flag),
        key("chown", Flag),
    ],
    required: &["source"],
};

pub static TEMPLATE: Table = Table {
    kind: "template",
    keys: &[
        key("data", Text),
        key("source", Source),
        key("destination", Text),
        key("change_mode", Word(&["noop", "restart", "script", "signal"])),
        key("change_signal", Text),
        key("change_script", Block(&CHANGE_SCRIPT)),
        key("env", Flag),
        key("error_on_missing_key", Flag),
        key("left_delimiter", Text),
        key("right_delimiter", Text),
        key("perms", Perms),
        key("uid", COUNT),
        key("gid", COUNT),
        key("once", Flag),
        key("splay", Time),
        key("wait", Block(&WAIT)),
    ],
    required: &["destination"],
};

static CHANGE_SCRIPT: Table = Table {
    kind: "change_script",
    keys: &[key("command", Text), key("args", Texts), key("timeout", Limit), key("fail_on_error", Flag)],
    required: &["command"],
};

static WAIT: Table = Table { kind: "wait", keys: &[key("min", Time), key("max", Limit)], required: &[] };
