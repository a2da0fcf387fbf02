//! The value of a lock's key: one JSON object with Terraform's fields for a lock's holder, and with those of Eos.

use serde_json::{Map, Value, json};

use crate::lock::holder::Holder;

/// Fields that both have: the name in Eos, and the name in Terraform's `statemgr.LockInfo`.
const RENAMED: [(&str, &str); 2] = [("operation", "Operation"), ("since", "Created")];

/// `info` is for people. The value does not contain the holder's terraform: another host cannot use it, and the lock's
/// file on this host names it.
pub fn write(holder: &Holder, session: &str, key: &str, info: &str) -> Vec<u8> {
    let Holder { user, host, .. } = holder;
    let mut value = json!(Holder { terraform: None, ..holder.clone() });
    for (ours, terraforms) in RENAMED {
        value[terraforms] = value[ours].take();
        value.as_object_mut().map(|fields| fields.remove(ours));
    }
    value["ID"] = session.into();
    value["Info"] = info.into();
    value["Who"] = if user.is_empty() { host.clone() } else { format!("{user}@{host}") }.into();
    value["Version"] = env!("CARGO_PKG_VERSION").into();
    value["Path"] = key.into();
    value.to_string().into_bytes()
}

/// Reads a lock's value. If Eos did not write the value, the holder is empty.
pub fn read(value: &[u8]) -> Holder {
    let mut fields: Map<String, Value> = serde_json::from_slice(value).unwrap_or_default();
    for (ours, terraforms) in RENAMED {
        let value = fields.remove(terraforms).unwrap_or_else(|| "".into());
        fields.insert(ours.to_owned(), value);
    }
    fields.remove("terraform");
    serde_json::from_value(fields.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_value_has_terraforms_and_eoss_fields_and_is_read_back_completely() {
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
    fn a_value_of_another_program_shows_no_holder() {
        for value in ["", "{", "[]", "null", "{\"pid\": \"x\"}"] {
            assert_eq!(read(value.as_bytes()), Holder::default());
        }
    }
}
