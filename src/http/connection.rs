//! Why no connection to a server came about, and what to do about it.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::error::open_files;

/// A reason that has a remedy of its own. Any other reason is none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// No known authority signed the server's certificate.
    UnknownAuthority,
    /// The server's certificate is itself the certificate of an authority.
    IsAuthority,
    Expired,
    /// The certificate is for other names.
    OtherName,
    /// The server wants a certificate of Eos, or does not accept the one that it got.
    OwnCertificate,
    /// The server does not speak TLS.
    NotEncrypted,
    OpenFiles,
}

impl ConnectionFailure {
    pub fn of(error: &reqwest::Error) -> Option<Self> {
        if open_files::caused(error) {
            return Some(Self::OpenFiles);
        }
        let mut cause: &(dyn Error + 'static) = error;
        loop {
            if let Some(error) = rustls_error(cause) {
                return Self::of_tls(error);
            }
            cause = cause.source()?;
        }
    }

    fn of_tls(error: &rustls::Error) -> Option<Self> {
        match error {
            rustls::Error::InvalidCertificate(certificate) => Self::of_certificate(certificate),
            rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateUnknown,
            ) => Some(Self::OwnCertificate),
            rustls::Error::InvalidMessage(_) => Some(Self::NotEncrypted),
            _ => None,
        }
    }

    fn of_certificate(error: &CertificateError) -> Option<Self> {
        match error {
            CertificateError::UnknownIssuer => Some(Self::UnknownAuthority),
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Some(Self::Expired),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Some(Self::OtherName)
            }
            // The error of rustls's own verifier, which has no variant here.
            CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                Some(Self::IsAuthority)
            }
            _ => None,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::UnknownAuthority => "invalid peer certificate: no authority that Eos trusts signed it",
            Self::IsAuthority => "invalid peer certificate: it is itself that of an authority (CA:TRUE)",
            Self::Expired => "invalid peer certificate: it is not valid at this time",
            Self::OtherName => "invalid peer certificate: it is for other names than this address",
            Self::OwnCertificate => "it does not accept the certificate of Eos, or Eos has none",
            Self::NotEncrypted => "it does not speak TLS at this address",
            Self::OpenFiles => "too many open files on this host",
        }
    }

    /// `settings`: the place of the server's settings, such as `infrastructure:settings:nomad`.
    pub fn remedy(self, settings: &str) -> String {
        match self {
            Self::UnknownAuthority => format!("set {settings}:tls:ca_file to the authority's certificate"),
            Self::IsAuthority => format!(
                "give the server a certificate that is not an authority: sign one with this authority, or make \
                 the self-signed one again with basicConstraints=CA:FALSE. {settings}:tls:ca_file names the \
                 signer"
            ),
            Self::Expired => "renew the server's certificate, and check the clocks of both hosts".to_owned(),
            Self::OtherName => format!(
                "write in {settings}:address a name that the certificate contains, or add this one to the \
                 certificate (subjectAltName)"
            ),
            Self::OwnCertificate => {
                format!("set {settings}:tls:cert_file and key_file to a certificate that the server accepts")
            }
            Self::NotEncrypted => format!("write http:// in {settings}:address, or another port"),
            Self::OpenFiles => {
                "raise ulimit -n of the process that runs Eos, or lower infrastructure:settings:parallelism"
                    .to_owned()
            }
        }
    }
}

/// An `io::Error` hides the error that it wraps from `source`.
fn rustls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => wrapped.downcast_ref().or_else(|| rustls_error(wrapped)),
        None => error.downcast_ref(),
    }
}
