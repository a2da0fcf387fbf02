//! One key of Consul's key-value store, as its API shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// Consul's convention for a key that is a lock. Source: `LockFlagValue` in its Go client.
pub const LOCK_FLAG: u64 = 0x2ddc_cbc0_58a5_0c18;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct KvEntry {
    pub key: String,
    /// The session that holds the key.
    pub session: Option<String>,
    pub flags: u64,
    /// Increases with every write, so it distinguishes one holding of the lock from another.
    pub modify_index: u64,
    pub value: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EncodedEntry {
    key: String,
    #[serde(default)]
    session: Option<String>,
    flags: u64,
    modify_index: u64,
    /// Null if the key has no value, and in the answer to a transaction.
    value: Option<String>,
}

impl KvEntry {
    pub fn is_lock(&self) -> bool {
        self.flags == LOCK_FLAG
    }
}

/// Reads the entries of an answer.
pub fn entries(body: &[u8]) -> Result<Vec<KvEntry>, serde_json::Error> {
    let raw: Vec<EncodedEntry> = serde_json::from_slice(body)?;
    Ok(raw.into_iter().map(KvEntry::from).collect())
}

impl From<EncodedEntry> for KvEntry {
    fn from(raw: EncodedEntry) -> Self {
        Self {
            key: raw.key,
            session: raw.session.filter(|session| !session.is_empty()),
            flags: raw.flags,
            modify_index: raw.modify_index,
            value: raw.value.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default(),
        }
    }
}

pub fn encode(value: &[u8]) -> String {
    STANDARD.encode(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consul_key_is_read_whether_it_is_held_or_not() {
        let body = br#"[{"LockIndex":1,"Key":"a/lock","Flags":3304740253564472344,"Value":"e30=","Session":"s",
            "CreateIndex":5,"ModifyIndex":7},{"LockIndex":0,"Key":"b","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":2}]"#;
        let [held, free] = entries(body).unwrap().try_into().unwrap();
        let expected = KvEntry {
            key: "a/lock".into(),
            session: Some("s".into()),
            flags: LOCK_FLAG,
            modify_index: 7,
            value: b"{}".to_vec(),
        };
        assert_eq!(held, expected);
        assert!(held.is_lock() && !free.is_lock());
        assert_eq!(free, KvEntry { key: "b".into(), modify_index: 2, ..KvEntry::default() });
    }
}
