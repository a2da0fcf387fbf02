//! Digests of secrets, which reveal nothing without the environment's own key.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::digest::hex;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::workdir::{Layout, replace};

/// A digest that reveals nothing about the value without the environment's key.
pub fn keyed(layout: &Layout, value: &Value) -> Result<String> {
    Ok(DigestKey::of(layout)?.digest(value))
}

/// The environment's own key, read once for many digests.
pub struct DigestKey(Hmac<Sha256>);

impl DigestKey {
    pub fn of(layout: &Layout) -> Result<Self> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key(layout)?).map_err(|error| {
            Error::new(Layer::Host, Phase::Preparation, Code::Key, error.to_string(), "").because(error)
        })?;
        Ok(Self(mac))
    }

    pub fn digest(&self, value: &Value) -> String {
        hex(&self.bytes(value.to_string().as_bytes()))
    }

    pub fn bytes(&self, text: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text);
        mac.finalize().into_bytes().into()
    }
}

/// The environment's own key for digests of secrets. It is made at its first use.
fn key(layout: &Layout) -> Result<Vec<u8>> {
    let path = layout.control().join("key");
    if let Ok(key) = std::fs::read(&path)
        && key.len() == 32
    {
        return Ok(key);
    }
    let mut key = [0; 32];
    rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Error::file(&path, "create a key for", error.into()))?;
    replace(&path, &key)?;
    Ok(key.to_vec())
}
