//! Converts a site to files that are the same on every machine, and back.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::support::server::Server;

/// Texts that replace the site's folder, the name of this host, and the addresses of the servers.
const FOLDER: &str = "/srv/site";
const HOST: &str = "host.example";
pub const CONSUL: &str = "127.0.0.1:8500";
pub const NOMAD: &str = "127.0.0.1:4646";

/// Texts of this machine, and their replacements.
pub struct Words(Vec<(String, String)>);

impl Words {
    /// `servers` has the ports on this machine, and the replacements of their addresses.
    pub fn of(folder: &Path, servers: &[(u16, &str)]) -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let servers = servers.iter().map(|(port, word)| (format!("127.0.0.1:{port}"), (*word).to_owned()));
        let words = [
            (folder.to_str().unwrap().to_owned(), FOLDER.to_owned()),
            (format!("\"{}\"", host.trim()), format!("\"{HOST}\"")),
        ];
        Self(words.into_iter().chain(servers).collect())
    }

    fn portable(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (here, word)| text.replace(here, word))
    }

    fn here(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (here, word)| text.replace(word, here))
    }

    /// Copies a folder of texts. Leaves out links, plan files, and files that terraform can make again.
    pub fn keep(&self, from: &Path, to: &Path) {
        each(from, &mut |path| {
            let relative = path.strip_prefix(from).unwrap();
            let bytes = fs::read(path).unwrap();
            let portable = in_text(&bytes, |text| self.portable(text));
            // An object is named by its digest, so it must not change.
            let is_object = relative.iter().any(|part| part == "objects");
            assert!(!is_object || portable == bytes, "{} names a machine", path.display());
            let target = to.join(relative);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, portable).unwrap();
        });
    }

    /// Copies a stored folder to a site, with the private modes that Eos uses.
    pub fn lay_out(&self, from: &Path, to: &Path) {
        each(from, &mut |path| {
            let target = to.join(path.strip_prefix(from).unwrap());
            private(target.parent().unwrap());
            fs::write(target, in_text(&fs::read(path).unwrap(), |text| self.here(text))).unwrap();
        });
    }

    /// All keys of a Consul, with their flags.
    pub fn keys(&self, consul: &Server) -> Value {
        let keys = consul.get("/v1/kv/?recurse&consistent").unwrap();
        let kept = keys.as_array().unwrap().iter().map(|key| {
            let value = base64(key["Value"].as_str().unwrap_or_default());
            let value = self.portable(&String::from_utf8(value).unwrap());
            (key["Key"].as_str().unwrap().to_owned(), json!({ "flags": key["Flags"], "value": value }))
        });
        Value::Object(kept.collect())
    }

    pub fn put_keys(&self, consul: &Server, keys: &Map<String, Value>) {
        for (key, kept) in keys {
            let path = format!("/v1/kv/{key}?flags={}", kept["flags"]);
            let (status, answer) = consul.call("PUT", &path, &self.here(kept["value"].as_str().unwrap()));
            assert_eq!(status, 200, "{answer}");
        }
    }

    pub fn json(&self, value: &Value) -> Value {
        serde_json::from_str(&self.portable(&value.to_string())).unwrap()
    }

    pub fn json_here(&self, value: &Value) -> Value {
        serde_json::from_str(&self.here(&value.to_string())).unwrap()
    }
}

/// Changes a text. The key for digests is not a text, so it stays unchanged.
fn in_text(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    str::from_utf8(bytes).map_or_else(|_| bytes.to_vec(), |text| change(text).into_bytes())
}

fn private(folder: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).unwrap();
}

fn each(folder: &Path, work: &mut dyn FnMut(&Path)) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let kind = fs::symlink_metadata(&path).unwrap();
        if kind.is_dir() && ![".terraform", "home", "look"].contains(&name) {
            each(&path, work);
        } else if kind.is_file() && !name.ends_with(".tfplan") && name != "tfplan" {
            work(&path);
        }
    }
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
