//! The texts of Nomad's statuses, as types. A text that only another version of Nomad has is kept as it is.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident { $($status:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(from = "String")]
        pub enum $name {
            $($status,)+
            Other(String),
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$status => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$status,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

statuses! {
    /// What Nomad wants of an allocation.
    DesiredStatus {
        Run = "run",
    }
    /// What the node says of an allocation.
    ClientStatus {
        Pending = "pending",
        Running = "running",
        Complete = "complete",
        Failed = "failed",
        Lost = "lost",
        Unknown = "unknown",
    }
    DeploymentStatus {
        Running = "running",
        Successful = "successful",
        Failed = "failed",
        Cancelled = "cancelled",
    }
    EvaluationStatus {
        Pending = "pending",
        Blocked = "blocked",
        Failed = "failed",
    }
    /// The type of a job.
    JobKind {
        Service = "service",
        Batch = "batch",
        System = "system",
        Sysbatch = "sysbatch",
    }
    /// The result of a check that Nomad runs.
    CheckStatus {
        Success = "success",
        Failure = "failure",
    }
}

impl JobKind {
    /// Its allocations end by themselves.
    pub fn ends(&self) -> bool {
        matches!(self, Self::Batch | Self::Sysbatch)
    }

    /// Each node that is allowed has one allocation.
    pub fn is_on_each_node(&self) -> bool {
        matches!(self, Self::System | Self::Sysbatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_not_known_keeps_its_text() {
        let read = |text: &str| serde_json::from_value::<DeploymentStatus>(text.into()).unwrap();
        assert_eq!(read("successful"), DeploymentStatus::Successful);
        assert_eq!(read("unblocking"), DeploymentStatus::Other("unblocking".to_owned()));
        for text in ["successful", "unblocking"] {
            assert_eq!(serde_json::to_value(read(text)).unwrap(), text);
        }
    }
}
