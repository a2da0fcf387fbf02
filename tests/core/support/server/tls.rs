//! Certificates of an authority of their own, and TLS with them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::program;

/// A configuration of `openssl ca`, which sets both ends of a certificate's time.
const EXPIRED: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\n\
                       default_md = sha256\npolicy = any\nx509_extensions = server\n[any]\ncommonName = supplied\n\
                       [server]\nsubjectAltName = IP:127.0.0.1\n";

/// An authority and its certificates, in a folder.
pub struct Authority {
    folder: tempfile::TempDir,
}

/// The files of one certificate.
#[derive(Clone)]
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// None, with a message, if the program that makes certificates is missing.
    pub fn new() -> Option<Self> {
        program("consul")?;
        let made = Self { folder: tempfile::tempdir().unwrap() };
        made.consul(&["ca", "create"]);
        Some(made)
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("consul-agent-ca.pem")
    }

    /// A certificate for servers of Consul and of each of these regions of Nomad, at 127.0.0.1.
    pub fn server(&self, regions: &[&str]) -> Certificate {
        let names: Vec<_> = regions
            .iter()
            .flat_map(|region| {
                ["server", "client"].map(|kind| format!("-additional-dnsname={kind}.{region}.nomad"))
            })
            .collect();
        let words = ["cert", "create", "-server", "-additional-ipaddress=127.0.0.1"];
        self.consul(&words.into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>());
        self.newest("server")
    }

    /// A certificate of a server that has expired. None, with a message, if there is no openssl to make it.
    pub fn expired(&self) -> Option<Certificate> {
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.args(arguments.split(' ')).current_dir(self.folder.path()).stdin(Stdio::null());
            command.output().map(|done| assert!(done.status.success(), "{arguments}: {done:?}"))
        };
        if openssl("version").is_err() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is missing");
            eprintln!("SKIPPED, missing: openssl");
            return None;
        }
        let file = |name: &str| self.folder.path().join(name);
        std::fs::write(file("expired.cnf"), EXPIRED).unwrap();
        std::fs::write(file("index"), "").unwrap();
        openssl("req -newkey rsa:2048 -nodes -keyout expired.key -out expired.csr -subj /CN=expired")
            .unwrap();
        openssl(
            "ca -batch -notext -config expired.cnf -cert consul-agent-ca.pem -keyfile consul-agent-ca-key.pem \
             -startdate 20200101000000Z -enddate 20210101000000Z -in expired.csr -out expired.pem",
        )
        .unwrap();
        Some(Certificate { certificate: file("expired.pem"), key: file("expired.key") })
    }

    /// A certificate for another address than 127.0.0.1.
    pub fn elsewhere(&self) -> Certificate {
        self.consul(&["cert", "create", "-cli"]);
        self.newest("cli")
    }

    pub fn client(&self) -> Certificate {
        self.consul(&["cert", "create", "-client"]);
        self.newest("client")
    }

    fn consul(&self, words: &[&str]) {
        let done = Command::new(program("consul").unwrap())
            .arg("tls")
            .args(words)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{words:?}: {done:?}");
    }

    /// The newest certificate of this kind. Consul numbers them.
    fn newest(&self, kind: &str) -> Certificate {
        let of = |number: usize, end: &str| {
            self.folder.path().join(format!("dc1-{kind}-consul-{number}{end}.pem"))
        };
        let number = (0..).take_while(|number| of(*number, "").exists()).last().unwrap();
        Certificate { certificate: of(number, ""), key: of(number, "-key") }
    }

    /// `tls` in a pillar, for a caller with this certificate.
    pub fn pillar(&self, own: &Certificate) -> Value {
        json!({ "ca_file": self.file(), "cert_file": own.certificate, "key_file": own.key })
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.file()).unwrap()).unwrap();
        Arc::new(roots)
    }

    /// The TLS of a test's own requests, with this certificate.
    pub fn requests(&self, own: &Certificate) -> Arc<ClientConfig> {
        let (chain, key) = own.read();
        let config =
            ClientConfig::builder_with_provider(ring()).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_root_certificates(self.roots()).with_client_auth_cert(chain, key).unwrap())
    }
}

impl Certificate {
    fn read(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::pem_file_iter(&self.certificate).unwrap();
        (chain.map(Result::unwrap).collect(), PrivateKeyDer::from_pem_file(&self.key).unwrap())
    }
}

fn ring() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

pub fn stream(
    tls: &Arc<ClientConfig>,
    plain: TcpStream,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = "127.0.0.1".try_into().unwrap();
    let connection = ClientConnection::new(tls.clone(), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, plain))
}

/// TLS in front of a server without it. A connection serves one request. It accepts clients of the same authority.
pub struct Front {
    pub port: u16,
}

impl Front {
    pub fn before(target: u16, authority: &Authority, own: &Certificate) -> Self {
        let (chain, key) = own.read();
        let clients = WebPkiClientVerifier::builder_with_provider(authority.roots(), ring()).build().unwrap();
        let config =
            ServerConfig::builder_with_provider(ring()).with_safe_default_protocol_versions().unwrap();
        let config = config.with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // The thread ends with the test's process.
        thread::spawn(move || {
            for plain in listener.incoming().flatten() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                // A client that does not trust this certificate ends the connection.
                thread::spawn(move || pass(StreamOwned::new(connection, plain), target));
            }
        });
        Self { port }
    }

    pub fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

fn pass(client: StreamOwned<ServerConnection, TcpStream>, target: u16) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        client.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    let mut server = TcpStream::connect(("127.0.0.1", target))?;
    write!(server, "{head}Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    let client = client.get_mut();
    client.write_all(&answer)?;
    client.conn.send_close_notify();
    client.flush()
}

/// The settings of TLS in a Nomad's configuration.
pub fn of_nomad(authority: &Path, own: &Certificate) -> Value {
    json!({
        "http": true, "rpc": true, "ca_file": authority, "cert_file": own.certificate, "key_file": own.key,
        "verify_server_hostname": true, "verify_https_client": true,
    })
}
