//! Certificates: several by server name, read again when their files change.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use media::Blame;
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsAcceptor;

/// Where a certificate and its key lie, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The chain, the server's certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Certificate files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is absent, unreadable, or has nothing of the kind in it.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not belong together, or the key is of no use.
    #[error("cannot use {certificate} with its key: {reason}")]
    Use {
        /// The certificate's file.
        certificate: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is no certificate at all.
    #[error("no certificate is configured")]
    None,
}

impl TlsError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        Blame::Us
    }

    /// Whether trying again helps: not without a change.
    pub fn is_transient(&self) -> bool {
        false
    }
}

/// The certificates in use. Cheap to clone; all clones see a reload.
#[derive(Debug, Clone)]
pub struct Identities {
    files: Arc<Vec<IdentityFiles>>,
    resolver: Arc<Resolver>,
    config: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Resolver {
    keys: RwLock<Vec<Arc<CertifiedKey>>>,
}

impl Identities {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn load(files: Vec<IdentityFiles>) -> Result<Self, TlsError> {
        let resolver = Arc::new(Resolver { keys: RwLock::new(read_all(&files)?) });
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the cipher suites of TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&resolver) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { files: Arc::new(files), resolver, config: Arc::new(config) })
    }

    /// Reads the files again. Connections under way keep what they have; after
    /// an error the certificates in use stay.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn reload(&self) -> Result<(), TlsError> {
        let keys = read_all(&self.files)?;
        *self.resolver.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The files that a reload reads.
    pub fn files(&self) -> &[IdentityFiles] {
        &self.files
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl ResolvesServerCert for Resolver {
    /// The first certificate that is for the name; else the first of all.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let named = name.and_then(|name| keys.iter().find(|key| is_for(key, &name)));
        named.or_else(|| keys.first()).cloned()
    }
}

fn is_for(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let certificate = key.cert.first().map(ParsedCertificate::try_from);
    certificate
        .is_some_and(|parsed| parsed.is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok()))
}

fn read_all(files: &[IdentityFiles]) -> Result<Vec<Arc<CertifiedKey>>, TlsError> {
    let keys: Vec<_> = files.iter().map(read).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(TlsError::None) } else { Ok(keys) }
}

fn read(files: &IdentityFiles) -> Result<Arc<CertifiedKey>, TlsError> {
    let unread = |path: &PathBuf, reason: String| TlsError::Read { path: path.clone(), reason };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unread(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(unread(&files.certificate, "no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unread(&files.key, error.to_string()))?;
    let identity = CertifiedKey::from_der(chain, key, &ring::default_provider());
    identity.map(Arc::new).map_err(|error| TlsError::Use {
        certificate: files.certificate.clone(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
