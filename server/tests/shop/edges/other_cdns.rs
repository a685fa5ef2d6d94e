//! A CDN that takes purges by HTTP, over TLS.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::{PATIENCE, Shop};

/// Takes what is sent to it, and answers with the status that it was told to.
struct Cdn {
    address: String,
    certificate: PathBuf,
    status: Arc<Mutex<u16>>,
    /// Head and body of each request.
    purges: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Cdn {
    async fn start(folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = folder.join("cdn.pem");
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}/zones/1/purge_cache", listener.local_addr().unwrap().port());
        let (status, purges) = (Arc::new(Mutex::new(200)), Arc::new(Mutex::new(Vec::new())));
        let cdn = Self { address, certificate, status: Arc::clone(&status), purges: Arc::clone(&purges) };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut chunk = [0; 4_096];
                    let length = stream.read(&mut chunk).await.unwrap();
                    bytes.extend_from_slice(&chunk[..length]);
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    if let Some((head, body)) = text.split_once("\r\n\r\n")
                        && let Ok(body) = serde_json::from_str(body)
                    {
                        break (head.to_ascii_lowercase(), body);
                    }
                };
                purges.lock().unwrap().push((head, body));
                let status = *status.lock().unwrap();
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                let _closed = stream.shutdown().await;
            }
        });
        cdn
    }

    async fn until(&self, wanted: impl Fn(&[(String, Value)]) -> bool) {
        let looking = async {
            while !wanted(&self.purges.lock().unwrap()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("the CDN is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cdn_is_told_by_tag_over_tls_and_known_by_a_header_that_is_not_logged() {
    let folder = tempfile::tempdir().unwrap();
    let cdn = Cdn::start(folder.path()).await;
    let environment: [(&str, &OsStr); 2] = [
        ("SSL_CERT_FILE", cdn.certificate.as_os_str()),
        ("STAMPEDE_PURGE_HEADER", OsStr::new("Fastly-Key: hush-hush")),
    ];
    let shop = Shop::start_in(&["--edge", &cdn.address], &environment);
    // At a start nobody knows what is out there.
    cdn.until(|purges| purges.iter().filter(|(_, body)| *body == json!({ "tags": ["shop"] })).count() == 2).await;
    let (sale_id, slug) = shop.sale_and_slug(json!({})).await;
    let (head, body) = cdn.purges.lock().unwrap().last().unwrap().clone();
    assert_eq!(body, json!({ "tags": ["catalogue", format!("item-{slug}")] }));
    assert!(head.starts_with("post /zones/1/purge_cache http/1.1"), "{head}");
    assert!(head.contains(&format!("surrogate-key: catalogue item-{slug}")) && head.contains("fastly-key: hush-hush"));

    *cdn.status.lock().unwrap() = 500;
    let change = json!({ "price_minor": 77 });
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), change).await.is_problem(503, "purge_pending");
    *cdn.status.lock().unwrap() = 204;
    let publish = async || shop.merchant("POST", &format!("/sales/{sale_id}/publish"), Value::Null).await.status;
    let telling = async {
        while publish().await.as_u16() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, telling).await.expect("the CDN is told again until it takes it");
    assert!(!shop.log().contains("hush"), "{}", shop.log());
}
