//! The holder of a lock. It is written into the lock, and shown to those who wait for it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::command_line::{Command, command};
use crate::model::Identity;
use crate::process::{ProcessIdentity, ProcessText};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    pub run_id: String,
    pub jid: String,
    pub minion: String,
    pub user: String,
    /// The same user, and how the name is known. Absent in files of earlier versions.
    #[serde(skip_serializing_if = "Identity::is_absent")]
    pub identity: Identity,
    pub operation: String,
    pub environment: String,
    pub component: String,
    pub host: String,
    /// `pid`, `start_time` and `boot_id` are the fields of a [`ProcessIdentity`].
    pub pid: u32,
    pub start_time: u64,
    pub boot_id: String,
    /// RFC 3339, UTC.
    pub since: String,
    /// The last terraform that was started under the lock. Only the file of this host has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terraform: Option<ProcessIdentity>,
}

/// The name of this host.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

impl Holder {
    /// The user who made the call. A file of an earlier version does not say how the name is known.
    pub fn who(&self) -> Identity {
        match self.identity.is_absent() {
            true => Identity { name: self.user.clone(), ..Identity::default() },
            false => self.identity.clone(),
        }
    }

    /// This process, now.
    pub fn here() -> Self {
        let ProcessIdentity { pid, start_time, boot_id } = ProcessIdentity::here();
        Self { host: host_name(), pid, start_time, boot_id, since: clock::now(), ..Self::default() }
    }

    /// The command that asks its run to stop.
    pub fn cancelled_by(&self) -> Command {
        command("cancel").with("run_id", &self.run_id)
    }

    /// Whether the process that holds the lock is surely gone.
    pub fn is_gone(&self) -> bool {
        let Self { pid, start_time, ref boot_id, .. } = *self;
        !ProcessIdentity { pid, start_time, boot_id: boot_id.clone() }.lives()
    }

    /// The terraform that was started under the lock, if it still runs.
    pub fn running(&self) -> Option<&ProcessIdentity> {
        self.terraform.as_ref().filter(|terraform| terraform.lives())
    }

    /// The text of the lock's file once a terraform is started: the same JSON, with the field `terraform`.
    pub fn naming_terraform(&self) -> serde_json::Result<ProcessText> {
        let holder = Self { terraform: None, ..self.clone() };
        let text = serde_json::to_string_pretty(&holder)?;
        let open = text.trim_end_matches('}').trim_end();
        let boot_id = serde_json::to_string(&crate::process::boot_id())?;
        Ok(ProcessText {
            before_pid: format!("{open},\n  \"terraform\": {{\n    \"pid\": ").into_bytes(),
            before_start_time: b",\n    \"start_time\": ".to_vec(),
            after: format!(",\n    \"boot_id\": {boot_id}\n  }}\n}}").into_bytes(),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("an unknown process");
        }
        let Self { run_id, operation, host, pid, boot_id, since, jid, .. } = self;
        write!(f, "run {run_id} ({operation}) of process {pid} on {host}, boot {boot_id}, since {since}")?;
        if jid.is_empty() { Ok(()) } else { write!(f, ", job {jid}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_ends_with_its_process_or_with_its_boot() {
        let here = Holder::here();
        assert!(!here.is_gone());
        assert!(Holder { boot_id: "another".into(), ..here.clone() }.is_gone());
        assert!(Holder { start_time: here.start_time + 1, ..here.clone() }.is_gone());
        // An older version of Eos wrote no start time.
        assert!(!Holder { start_time: 0, ..here.clone() }.is_gone());
        // No process has these numbers.
        assert!(
            [0, i32::MAX as u32, u32::MAX].map(|pid| Holder { pid, ..here.clone() }.is_gone()) == [true; 3]
        );
    }

    #[test]
    fn a_lock_text_with_a_terraform_is_the_json_of_the_holder() {
        let holder = Holder { run_id: "01 \"RUN\" }".into(), user: "\u{e9}\n".into(), ..Holder::here() };
        let here = ProcessIdentity::here();
        let ProcessText { before_pid, before_start_time, after } = holder.naming_terraform().unwrap();
        let numbers = [here.pid.to_string(), here.start_time.to_string()].map(String::into_bytes);
        let text = [&before_pid, &numbers[0], &before_start_time, &numbers[1], &after];
        let read: Holder = serde_json::from_slice(&text.map(Vec::as_slice).concat()).unwrap();
        assert_eq!(read, Holder { terraform: Some(here), ..holder });
        assert!(read.running().is_some());
    }

    #[test]
    fn a_lock_text_without_a_holder_is_reported_as_such() {
        assert_eq!(Holder::default().to_string(), "an unknown process");
    }
}
