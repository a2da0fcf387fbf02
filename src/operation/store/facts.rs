//! What a component's plan was made from.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::digest::{hex, sha256};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Version;
use crate::resolve::Module;
use crate::workdir::{Layout, replace};

/// Inputs stand as a keyed digest: they may hold secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    module: String,
    inputs: String,
    backend: String,
    terraform: String,
}

impl Facts {
    /// `inputs`: their keyed digest.
    pub fn new(module: &Module, inputs: String, backend: Option<&str>, terraform: &Version) -> Self {
        Self {
            module: module.interface.digest.clone(),
            inputs,
            backend: backend.unwrap_or_default().to_owned(),
            terraform: terraform.to_string(),
        }
    }

    pub fn digest(&self) -> String {
        sha256(json!(self).to_string())
    }

    /// What a person changes to get another version; another terraform or backend makes none. `declared` is the
    /// component's entry in the pillar.
    pub fn version(&self, declared: &Map<String, Value>) -> String {
        sha256(json!([self.module, self.inputs, declared]).to_string())
    }

    /// In words, what differs.
    pub fn moved(&self, now: &Self) -> Vec<&'static str> {
        let pairs = [
            (&self.module, &now.module, "the module's files"),
            (&self.inputs, &now.inputs, "the values of its variables"),
            (&self.backend, &now.backend, "the backend"),
            (&self.terraform, &now.terraform, "terraform's version"),
        ];
        pairs.into_iter().filter(|(then, now, _)| then != now).map(|(.., what)| what).collect()
    }
}

/// A digest that tells nothing of what it is made from without the environment's key.
pub fn keyed(layout: &Layout, value: &Value) -> Result<String> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key(layout)?)
        .map_err(|error| Error::new(Layer::Host, Phase::Preparation, "key", error.to_string(), ""))?;
    mac.update(value.to_string().as_bytes());
    Ok(hex(&mac.finalize().into_bytes()))
}

/// The environment's own key for digests over secrets, made when it is first needed.
fn key(layout: &Layout) -> Result<Vec<u8>> {
    let path = layout.control().join("key");
    if let Ok(key) = std::fs::read(&path)
        && key.len() == 32
    {
        return Ok(key);
    }
    let mut key = [0; 32];
    rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Error::file(&path, "make a key for", &error.into()))?;
    replace(&path, &key)?;
    Ok(key.to_vec())
}
