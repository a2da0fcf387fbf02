//! Names of Nomad's API, and what its language calls the same.

/// Names that are not the API's own in other letters.
const RENAMED: [(&str, &str); 53] = [
    ("Actions", "action"),
    ("Affinities", "affinity"),
    ("Artifacts", "artifact"),
    ("Audience", "aud"),
    ("CPU", "cpu"),
    ("CSIPluginConfig", "csi_plugin"),
    ("Checks", "check"),
    ("Constraints", "constraint"),
    ("DestPath", "destination"),
    ("Devices", "device"),
    ("EmbeddedTmpl", "data"),
    ("Envvars", "env"),
    ("ErrMissingKey", "error_on_missing_key"),
    ("ExposeConfig", "expose"),
    ("GetterHeaders", "headers"),
    ("GetterInsecure", "insecure"),
    ("GetterMode", "mode"),
    ("GetterOptions", "options"),
    ("GetterSource", "source"),
    ("Identities", "identity"),
    ("LTarget", "attribute"),
    ("LeftDelim", "left_delimiter"),
    ("Links", "link"),
    ("LogConfig", "logs"),
    ("MaxFileSizeMB", "max_file_size"),
    ("MemoryMB", "memory"),
    ("MemoryMaxMB", "memory_max"),
    ("Networks", "network"),
    ("Operand", "operator"),
    ("ParameterizedJob", "parameterized"),
    ("Paths", "path"),
    ("PortLabel", "port"),
    ("RTarget", "value"),
    ("RelativeDest", "destination"),
    ("ReschedulePolicy", "reschedule"),
    ("RestartPolicy", "restart"),
    ("RightDelim", "right_delimiter"),
    ("SELinuxLabel", "selinux_label"),
    ("ScalingPolicies", "scaling"),
    ("SecretsMB", "secrets"),
    ("Secrets", "secret"),
    ("Services", "service"),
    ("SizeMB", "size"),
    ("SourcePath", "source"),
    ("Specs", "crons"),
    ("SpreadTarget", "target"),
    ("Spreads", "spread"),
    ("TaskGroups", "group"),
    ("TaskName", "task"),
    ("Tasks", "task"),
    ("Templates", "template"),
    ("VolumeMounts", "volume_mount"),
    ("Volumes", "volume"),
];

/// Facts about a registered job that nobody writes, and old names that others have replaced.
const ABSENT: [&str; 33] = [
    "ConsulNamespace",
    "ConsulToken",
    "CreateIndex",
    "DiskMB",
    "DispatchIdempotencyToken",
    "Dispatched",
    "DispatchedID",
    "DynamicPorts",
    "ID",
    "IOPS",
    "IP",
    "Id",
    "JobModifyIndex",
    "MBits",
    "ModifyIndex",
    "ModifyTime",
    "Name",
    "NomadTokenID",
    "ParentID",
    "Payload",
    "ReservedPorts",
    "SpecType",
    "Stable",
    "Status",
    "StatusDescription",
    "Stop",
    "SubmitTime",
    "VaultGrace",
    "VaultNamespace",
    "VaultToken",
    "Version",
    "VersionTag",
    "Kind",
];

/// Numbers and flags that are zero or false where nobody has set them.
const ZERO_IS_UNSET: [&str; 25] = [
    "Chown",
    "Cores",
    "DisableDefaultTCPCheck",
    "EnableTagOverride",
    "Expose",
    "FailuresBeforeCritical",
    "FailuresBeforeWarning",
    "GRPCUseTLS",
    "GetterInsecure",
    "IgnoreCollision",
    "IgnoreWarnings",
    "Interval",
    "Leader",
    "LocalBindPort",
    "LocalServicePort",
    "MemoryMaxMB",
    "Native",
    "PerAlloc",
    "PreventRescheduleOnLost",
    "ReadOnly",
    "SecretsMB",
    "ShutdownDelay",
    "SuccessBeforePassing",
    "TLSSkipVerify",
    "Timeout",
];

/// Mappings with names of the user's own.
const FREE: [&str; 13] = [
    "Args",
    "CanaryMeta",
    "Config",
    "Env",
    "GetterHeaders",
    "GetterOptions",
    "Header",
    "Meta",
    "NodeMeta",
    "Options",
    "Policy",
    "TaggedAddresses",
    "Weights",
];

/// Times in nanoseconds.
const TIMES: [&str; 20] = [
    "Delay",
    "Grace",
    "HealthyDeadline",
    "Interval",
    "KillTimeout",
    "LostAfter",
    "Max",
    "MaxClientDisconnect",
    "MaxDelay",
    "Min",
    "MinHealthyTime",
    "ProgressDeadline",
    "ShutdownDelay",
    "Splay",
    "Stagger",
    "StopAfterClientDisconnect",
    "StopOnClientAfter",
    "TTL",
    "Timeout",
    "ConnectTimeout",
];

pub fn in_language(name: &str) -> String {
    let renamed = RENAMED.iter().find(|(api, _)| *api == name).map(|(_, own)| (*own).to_owned());
    renamed.unwrap_or_else(|| snake(name))
}

pub fn is_absent(name: &str) -> bool {
    ABSENT.contains(&name)
}

pub fn is_unset_if_zero(name: &str) -> bool {
    ZERO_IS_UNSET.contains(&name)
}

pub fn is_free(name: &str) -> bool {
    FREE.contains(&name)
}

pub fn is_time(name: &str) -> bool {
    TIMES.contains(&name)
}

/// `TLSSkipVerify` is `tls_skip_verify`.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let begins = letter.is_ascii_uppercase()
            && at > 0
            && (!letters[at - 1].is_ascii_uppercase()
                || letters.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if begins {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_api_becomes_the_name_of_the_language() {
        for (api, own) in [
            ("MaxParallel", "max_parallel"),
            ("TLSSkipVerify", "tls_skip_verify"),
            ("GRPCUseTLS", "grpc_use_tls"),
            ("DisableDefaultTCPCheck", "disable_default_tcp_check"),
            ("DNS", "dns"),
            ("MemoryMB", "memory"),
            ("EmbeddedTmpl", "data"),
        ] {
            assert_eq!(in_language(api), own);
        }
    }
}
