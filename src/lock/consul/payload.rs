//! What a lock's value says, in one JSON: Terraform's names for a lock's holder, and ours.

use serde::{Deserialize, Serialize};

use crate::lock::Holder;

/// Names as Terraform's `statemgr.LockInfo` has them; ours are small.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Payload {
    /// The session.
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Operation")]
    operation: String,
    #[serde(rename = "Info")]
    info: String,
    #[serde(rename = "Who")]
    who: String,
    #[serde(rename = "Version")]
    version: String,
    /// RFC 3339, UTC.
    #[serde(rename = "Created")]
    created: String,
    #[serde(rename = "Path")]
    path: String,
    run_id: String,
    jid: String,
    minion: String,
    user: String,
    host: String,
    pid: u32,
    start_time: u64,
    boot_id: String,
    environment: String,
    component: String,
}

/// `info` is for people. The holder's terraform is of no use to another host, and named in the file of this one.
pub fn write(holder: &Holder, session: &str, key: &str, info: &str) -> Vec<u8> {
    let Holder {
        run_id,
        jid,
        minion,
        user,
        operation,
        environment,
        component,
        host,
        pid,
        start_time,
        boot_id,
        since,
        terraform: _,
    } = holder.clone();
    let payload = Payload {
        id: session.to_owned(),
        operation,
        info: info.to_owned(),
        who: if user.is_empty() { host.clone() } else { format!("{user}@{host}") },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created: since,
        path: key.to_owned(),
        run_id,
        jid,
        minion,
        user,
        host,
        pid,
        start_time,
        boot_id,
        environment,
        component,
    };
    // Texts and a number: nothing in it can fail.
    serde_json::to_vec(&payload).unwrap_or_default()
}

/// A value that is none of ours tells nothing.
pub fn read(value: &[u8]) -> Holder {
    let Payload {
        operation,
        created,
        run_id,
        jid,
        minion,
        user,
        host,
        pid,
        start_time,
        boot_id,
        environment,
        component,
        ..
    } = serde_json::from_slice(value).unwrap_or_default();
    Holder {
        run_id,
        jid,
        minion,
        user,
        operation,
        environment,
        component,
        host,
        pid,
        start_time,
        boot_id,
        since: created,
        terraform: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_terraforms_names_and_ours_and_is_read_back_whole() {
        let holder = Holder {
            run_id: "01RUN".into(),
            jid: "2026".into(),
            minion: "web1".into(),
            user: "joe".into(),
            operation: "apply".into(),
            environment: "staging".into(),
            component: "net".into(),
            ..Holder::here()
        };
        let value = write(&holder, "s-1", "terraform/staging/net/lock", "by hand");
        let json: serde_json::Value = serde_json::from_slice(&value).unwrap();
        let expected = serde_json::json!({
            "ID": "s-1", "Operation": "apply", "Info": "by hand", "Who": format!("joe@{}", holder.host),
            "Version": env!("CARGO_PKG_VERSION"), "Created": holder.since, "Path": "terraform/staging/net/lock",
            "run_id": "01RUN", "jid": "2026", "minion": "web1", "user": "joe", "host": holder.host,
            "pid": holder.pid, "start_time": holder.start_time, "boot_id": holder.boot_id, "environment": "staging", "component": "net",
        });
        assert_eq!(json, expected);
        assert_eq!(read(&value), holder);
    }

    #[test]
    fn a_value_of_anothers_tells_nothing() {
        for value in ["", "{", "[]", "null", "{\"pid\": \"x\"}"] {
            assert_eq!(read(value.as_bytes()), Holder::default());
        }
    }
}
