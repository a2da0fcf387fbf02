//! A path in Vault, and the rules for its parts.

use std::fmt;

/// `mount/path`: at least two parts. No part is empty, `.` or `..`. A URL can contain the path without escaping.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultPath(String);

impl VaultPath {
    pub fn new(text: &str) -> Result<Self, String> {
        let parts = || text.split('/');
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~@:=+,".contains(&byte);
        if parts().count() < 2 || !parts().all(is_plain_part) {
            return Err("must be followed by mount/path, without empty parts, '.' and '..'".to_owned());
        }
        match parts().all(|part| part.bytes().all(good)) {
            true => Ok(Self(text.to_owned())),
            false => Err("a path must contain only letters, digits and -_.~@:=+".to_owned()),
        }
    }

    /// The path at which the secrets of one service in one environment are stored.
    pub fn of_service(mount: &str, environment: &str, service: &str) -> Result<Self, String> {
        Self::new(&format!("{mount}/services/{environment}/{service}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this is a part of a path that is not empty, not `.` or `..`, and without control characters.
pub fn is_plain_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(char::is_control)
}
