//! Reads the references of one call: as late as possible, and once in each component's turn.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::channel::HostChannel;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Component, Credential, CredentialOrigin, Reference, VaultAuth, VaultPath, VaultServer};
use crate::operation::request::host_reference;
use crate::process::Cancel;
use crate::vault::{self, Login, Vault, VaultSecret};
use crate::words::{Words, words};

/// The secrets of one call. Nothing of them outlives it.
pub struct CallSecrets {
    server: Option<VaultServer>,
    channel: HostChannel,
    /// How long one read of sdb or of a file may take.
    limit: Duration,
    /// A request to stop ends a read too.
    cancel: Cancel,
    /// One login, made at the first read. If it fails, it is not tried again.
    vault: OnceCell<Result<Arc<Vault>>>,
}

impl CallSecrets {
    pub fn new(server: Option<VaultServer>, channel: HostChannel, cancel: Cancel) -> Self {
        Self { server, channel, limit: host_reference::LIMIT, cancel, vault: OnceCell::new() }
    }

    /// The same for work that ends within this limit: its caller stops it, and says why.
    pub fn within(limit: Duration, server: Option<VaultServer>, channel: HostChannel) -> Self {
        const SPARE: Duration = Duration::from_secs(1);
        Self { limit: limit + SPARE, ..Self::new(server, channel, Cancel::new()) }
    }

    /// The readings of one turn: each turn has its own dynamic credentials.
    pub fn reading(self: &Rc<Self>) -> Rc<SecretReader> {
        Rc::new(SecretReader { secrets: self.clone(), vault: OnceCell::new() })
    }

    /// Revokes the leases and tokens of this call. Logs and returns one sentence for each failure.
    pub async fn close(&self) -> Vec<String> {
        let Some(Ok(vault)) = self.vault.get() else { return Vec::new() };
        let left = vault.close().await;
        left.iter().for_each(|one| self.channel.note(one));
        left
    }

    /// A client that is logged in as the settings say.
    pub async fn vault(&self) -> Result<Arc<Vault>> {
        self.vault.get_or_init(async || self.log_in().await).await.clone()
    }

    async fn log_in(&self) -> Result<Arc<Vault>> {
        let Some(server) = &self.server else {
            let remedy = "set infrastructure:settings:vault (address, auth)";
            return Err(refuse(Code::Reference, "the address of Vault is not set", remedy));
        };
        let read = |reference| self.read(reference);
        let login = match &server.auth {
            VaultAuth::Token { token } => Login::Token(read(token).await?),
            VaultAuth::AppRole { mount, role_id, secret_id } => Login::AppRole {
                mount: mount.clone(),
                role_id: read(role_id).await?,
                secret_id: match secret_id {
                    Some(secret_id) => Some(read(secret_id).await?),
                    None => None,
                },
            },
            VaultAuth::Wrapped { mount, role_id, wrapped_secret_id } => Login::Wrapped {
                mount: mount.clone(),
                role_id: read(role_id).await?,
                wrapping: read(wrapped_secret_id).await?,
            },
            VaultAuth::Jwt { mount, role, jwt } => {
                Login::Jwt { mount: mount.clone(), role: role.clone(), jwt: read(jwt).await? }
            }
        };
        Vault::open(server, login).await
    }

    /// Reads any reference except one to Vault.
    async fn read(&self, reference: &Reference) -> Result<SecretString> {
        // On the heap, because many futures contain this one.
        let read = Box::pin(async {
            match reference {
                Reference::Sdb(uri) => self
                    .channel
                    .sdb(uri, self.limit)
                    .await
                    .map_err(|why| host_reference::refused_by_sdb(uri, &why)),
                // A pipe or a network file system may never answer.
                Reference::File(_) => host_reference::read_beside(reference.clone()).await,
                other => host_reference::read(other),
            }
        });
        // After a request to stop, hooks may still need their secrets.
        let is_stopping = self.cancel.cause().is_some();
        tokio::select! {
            biased;
            value = read => value,
            () = tokio::time::sleep(self.limit) => Err(host_reference::too_late(reference, self.limit)),
            _ = self.cancel.cancelled(), if !is_stopping => {
                let message = format!("stopped on request while {reference} was read");
                Err(Error::new(Layer::Host, Phase::Preparation, Code::Cancelled, message, "run again to continue"))
            }
        }
    }
}

/// The references that one turn reads.
pub struct SecretReader {
    secrets: Rc<CallSecrets>,
    vault: OnceCell<vault::VaultReader>,
}

impl SecretReader {
    pub async fn read(&self, reference: &Reference) -> Result<SecretString> {
        match reference {
            Reference::Vault { path, key } => Ok(self.path(path).await?.key(key)?.clone()),
            other => self.secrets.read(other).await,
        }
    }

    pub async fn read_all(
        &self,
        references: impl IntoIterator<Item = (&String, &Reference)>,
    ) -> Result<BTreeMap<String, SecretString>> {
        let mut values = BTreeMap::new();
        for (name, reference) in references {
            values.insert(name.clone(), self.read_for(name, reference).await?);
        }
        Ok(values)
    }

    /// The same as `read`. An error names the variable that the reference is for.
    pub async fn read_for(&self, variable: &str, reference: &Reference) -> Result<SecretString> {
        let named = |error: Error| {
            let message = words![Words::own(variable.to_owned()), ": ", &error.message];
            Error { message, ..error }
        };
        self.read(reference).await.map_err(named)
    }

    /// The login variables of the component's providers that have a credential: for each provider, all of them or
    /// none.
    pub async fn credentials(
        &self,
        component: &Component,
        uses: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, SecretString>> {
        let mut values = BTreeMap::new();
        for (_, credential) in component.credentials.iter().filter(|(provider, _)| uses(provider)) {
            let read = self.credential(credential).await;
            values.extend(read.map_err(|error| {
                let message = words![Words::own(credential.path.to_string()), ": ", &error.message];
                Error { message, ..error }
            })?);
        }
        Ok(values)
    }

    async fn credential(&self, credential: &Credential) -> Result<Vec<(String, SecretString)>> {
        let variables = credential.provider.variables;
        let path = match &credential.origin {
            CredentialOrigin::Value(reference) => {
                let value = self.read(reference).await?;
                return Ok(variables.iter().map(|one| (one.name.to_owned(), value.clone())).collect());
            }
            CredentialOrigin::Path(path) => path,
        };
        let secret = self.path(path).await?;
        let mut values = Vec::new();
        for variable in variables {
            match variable.keys.iter().find_map(|key| secret.maybe(key)) {
                Some(value) => values.push((variable.name.to_owned(), value.clone())),
                None if variable.optional => {}
                None => {
                    return Err(refuse(
                        Code::SecretKeyMissing,
                        format!(
                            "vault:{path} has no value for {}: it has none of the keys {}",
                            variable.name,
                            variable.keys.join(", ")
                        ),
                        "add it under one of these names, or use another path. Eos never passes only some of \
                         a provider's credentials",
                    ));
                }
            }
        }
        Ok(values)
    }

    /// Refuses to begin work that may take longer than its credentials live.
    pub async fn must_last(&self, needed: Duration) -> Result<()> {
        match self.vault.get() {
            Some(vault) => vault.must_last(needed).await,
            None => Ok(()),
        }
    }

    /// The error of work that cannot begin, because its credentials expire soon.
    pub async fn is_expiring(&self) -> Option<Error> {
        self.vault.get()?.is_expiring().await
    }

    /// Resolves when the credentials of this turn are about to expire.
    pub async fn expiring(&self) -> Error {
        match self.vault.get() {
            Some(vault) => vault.expiring().await,
            None => std::future::pending().await,
        }
    }

    /// The secret in a key-value store of Vault. None if another engine would create one.
    pub async fn stored(&self, path: &VaultPath) -> Result<Option<Arc<VaultSecret>>> {
        self.vault().await?.stored(path).await
    }

    /// Forgets a cached secret, because it was written since.
    pub async fn forget(&self, path: &VaultPath) -> Result<()> {
        self.vault().await?.forget(path).await;
        Ok(())
    }

    async fn path(&self, path: &VaultPath) -> Result<Arc<VaultSecret>> {
        self.vault().await?.read(path).await
    }

    async fn vault(&self) -> Result<&vault::VaultReader> {
        self.vault.get_or_try_init(async || Ok(vault::VaultReader::of(&self.secrets.vault().await?))).await
    }
}

/// Whether the value may differ the next time it is read.
pub fn is_late(reference: &Reference) -> bool {
    matches!(reference, Reference::Vault { .. } | Reference::Sdb(_))
}

fn refuse(code: Code, message: impl Into<Words>, remedy: &'static str) -> Error {
    Error::new(Layer::Salt, Phase::Preparation, code, message, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Redactor;
    use crate::model::Name;

    fn read(limit: Duration, cancel: &Cancel) -> Error {
        // Somebody listens, and never answers.
        let (sender, _receiver) = std::sync::mpsc::channel();
        let channel = HostChannel {
            sender,
            environment: Name::new("staging").unwrap(),
            run_id: String::new(),
            secrets: Redactor::default(),
            muted: Arc::default(),
        };
        let secrets = Rc::new(CallSecrets { limit, ..CallSecrets::new(None, channel, cancel.clone()) });
        let reference = Reference::Sdb("sdb://slow/key".to_owned());
        crate::operation::runtime::runtime()
            .unwrap()
            .block_on(async { secrets.reading().read_for("token", &reference).await })
            .err()
            .unwrap()
    }

    #[test]
    fn a_read_of_sdb_ends_at_its_limit_and_the_error_names_its_variable_and_what_to_do() {
        let late = read(Duration::from_millis(20), &Cancel::new());
        assert_eq!(late.code, Code::Reference);
        assert_eq!(late.message, "token: sdb://slow/key gave no value within 20ms");
        assert!(late.remedy.contains("check the server behind this profile"), "{late:?}");
    }

    #[test]
    fn a_request_to_stop_ends_a_read_of_sdb() {
        let cancel = Cancel::new();
        let asking = cancel.clone();
        let asked = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            asking.cancel(crate::process::Cause::User);
        });
        assert_eq!(read(Duration::from_secs(60), &cancel).code, Code::Cancelled);
        asked.join().unwrap();
    }
}
