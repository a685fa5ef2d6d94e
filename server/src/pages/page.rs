//! One page as bytes.

use std::io::Write;
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use sale::ItemId;
use sha2::{Digest, Sha256};

use crate::edges::{ALL_PAGES, Version};
use crate::express::Wire;

/// An encoding that pages are kept in (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
    Brotli,
}

/// zstd's highest level within its ordinary memory (RFC 8878); a page is compressed once and sent a million times.
const ZSTD_LEVEL: i32 = 19;

impl Encoding {
    /// The best that `accept_encoding` allows. Only `q=0` is looked at: our own order is by size.
    pub(crate) fn negotiated(accept_encoding: &str) -> Self {
        let allows = |name: &str| {
            accept_encoding.split(',').any(|part| {
                let (coding, weight) = part.split_once(';').unwrap_or((part, ""));
                let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
                coding.trim().eq_ignore_ascii_case(name) && !refused
            })
        };
        if allows("br") {
            Self::Brotli
        } else if allows("zstd") {
            Self::Zstd
        } else if allows("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// The `Content-Encoding`, where there is one to name.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Brotli => Some("br"),
        }
    }
}

/// A page in every encoding, each with a strong tag of its own (RFC 9110, section 8.8.3).
#[derive(Debug)]
pub(crate) struct Page {
    identity: Variant,
    gzip: Variant,
    zstd: Variant,
    brotli: Variant,
    /// With tags that an edge replaces by what they name; made when the first edge asks for it.
    with_includes: OnceLock<Variant>,
    /// What the page asks for as soon as it runs, and an edge may put into it: the same for everybody.
    fragment_path: Option<String>,
    /// The item that it is about.
    pub(crate) item_id: Option<ItemId>,
    /// Its own tag, which pages share that always change together.
    pub(crate) tag: String,
    /// What a CDN purges it by: its own tag and the one that all pages carry.
    pub(crate) tags: HeaderValue,
    /// Stands in for another page for a while: kept for moments only, and known to its script by a header.
    pub(crate) is_waiting: bool,
    /// When it was made, so that an edge can tell it from an older one.
    pub(crate) version: HeaderValue,
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) body: Bytes,
    pub(crate) etag: HeaderValue,
    /// All that goes before the bytes, made when they are first asked for.
    pub(crate) heads: OnceLock<Heads>,
}

impl Variant {
    /// The same bytes. What goes before them names the page, and is made anew.
    fn on_another_page(&self) -> Self {
        Self { body: self.body.clone(), etag: self.etag.clone(), heads: OnceLock::new() }
    }
}

/// The header fields of a variant's two answers, for hyper and for the express lane.
#[derive(Debug)]
pub(crate) struct Heads {
    pub(crate) whole: HeaderMap,
    pub(crate) whole_wire: Wire,
    pub(crate) not_modified: HeaderMap,
    pub(crate) not_modified_wire: Wire,
}

impl Page {
    pub(crate) fn new(
        html: String,
        tag: &str,
        version: Version,
        fragment_path: Option<String>,
        item_id: Option<ItemId>,
    ) -> std::io::Result<Self> {
        let digest = Sha256::digest(&html);
        let etag = crate::secret::hex(&digest[..12]);
        let html = html.into_bytes();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&html)?;
        let zstd = zstd::bulk::compress(&html, ZSTD_LEVEL)?;
        let parameters = brotli::enc::BrotliEncoderParams { quality: 11, size_hint: html.len(), ..Default::default() };
        let mut brotli = Vec::new();
        brotli::BrotliCompress(&mut html.as_slice(), &mut brotli, &parameters)?;
        Ok(Self {
            gzip: variant(gzip.finish()?, &etag, "-gz"),
            zstd: variant(zstd, &etag, "-zst"),
            brotli: variant(brotli, &etag, "-br"),
            identity: variant(html, &etag, ""),
            with_includes: OnceLock::new(),
            fragment_path,
            item_id,
            tags: tags_with(tag),
            tag: tag.to_owned(),
            is_waiting: false,
            version: HeaderValue::from(version),
        })
    }

    /// The same bytes in the place of another page, or in their own place again: an edge tells them from what stood there by
    /// their version.
    pub(crate) fn in_place_of(&self, tag: &str, version: Version) -> Self {
        Self {
            identity: self.identity.on_another_page(),
            gzip: self.gzip.on_another_page(),
            zstd: self.zstd.on_another_page(),
            brotli: self.brotli.on_another_page(),
            with_includes: OnceLock::new(),
            fragment_path: self.fragment_path.clone(),
            item_id: self.item_id,
            tag: tag.to_owned(),
            tags: tags_with(tag),
            is_waiting: self.is_waiting,
            version: HeaderValue::from(version),
        }
    }

    /// For a page that only stands in.
    pub(crate) fn that_waits(self) -> Self {
        Self { is_waiting: true, ..self }
    }

    pub(crate) fn variant(&self, encoding: Encoding) -> &Variant {
        match encoding {
            Encoding::Identity => &self.identity,
            Encoding::Gzip => &self.gzip,
            Encoding::Zstd => &self.zstd,
            Encoding::Brotli => &self.brotli,
        }
    }

    /// The page for an edge that processes ESI (W3C Note, 2001), not compressed. None where there is nothing to include.
    ///
    /// The fragment stands where no script runs and nothing is shown; the page takes it for the answer to its first
    /// request, and asks for itself where there is none.
    pub(crate) fn with_includes(&self) -> Option<&Variant> {
        let path = self.fragment_path.as_ref()?;
        Some(self.with_includes.get_or_init(|| {
            let html = String::from_utf8_lossy(&self.identity.body);
            let include =
                format!("<div hidden data-fragment=\"{path}\"><esi:include src=\"{path}\"/></div>{END_OF_BODY}");
            let etag = self.identity.etag.to_str().unwrap_or_default().trim_matches('"').to_owned();
            variant(html.replacen(END_OF_BODY, &include, 1).into_bytes(), &etag, "-esi")
        }))
    }
}

fn tags_with(tag: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{ALL_PAGES} {tag}")).unwrap_or(HeaderValue::from_static(ALL_PAGES))
}

const END_OF_BODY: &str = "</body>";

fn variant(body: Vec<u8>, tag: &str, suffix: &str) -> Variant {
    let etag = HeaderValue::from_str(&format!("\"{tag}{suffix}\"")).expect("hexadecimal is a header value");
    Variant { body: body.into(), etag, heads: OnceLock::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept_encoding: &str, expected: Encoding) {
        assert_eq!(Encoding::negotiated(accept_encoding), expected, "{accept_encoding}");
    }

    #[test]
    fn the_smallest_allowed_encoding_is_sent() {
        check("", Encoding::Identity);
        check("gzip, deflate, br, zstd", Encoding::Brotli);
        check("gzip;q=1.0, br;q=0", Encoding::Gzip);
        check("gzip, zstd", Encoding::Zstd);
        check("GZIP", Encoding::Gzip);
        check("brotli, gzipped", Encoding::Identity);
    }

    #[test]
    fn an_edges_variant_holds_the_page_and_one_include_at_its_end() {
        let page = |fragment: Option<&str>| {
            let html = "<html><body><main></main></body></html>".to_owned();
            Page::new(html, "item-a", 1, fragment.map(str::to_owned), None).unwrap()
        };
        assert!(page(None).with_includes().is_none());
        let page = page(Some("/csi/sales/1"));
        let included = page.with_includes().unwrap();
        let include = "<div hidden data-fragment=\"/csi/sales/1\"><esi:include src=\"/csi/sales/1\"/></div>";
        assert_eq!(included.body, format!("<html><body><main></main>{include}</body></html>"));
        assert_ne!(included.etag, page.variant(Encoding::Identity).etag);
    }

    #[test]
    fn every_encoding_holds_the_same_page_and_has_its_own_tag() {
        let html = "<p>夜市</p>".repeat(200);
        let page = Page::new(html.clone(), "item-a", 1, None, None).unwrap();
        let mut unzipped = String::new();
        let zipped = page.variant(Encoding::Gzip).body.clone();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(zipped.as_ref()), &mut unzipped).unwrap();
        assert_eq!(unzipped, html);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut page.variant(Encoding::Brotli).body.as_ref(), &mut plain).unwrap();
        assert_eq!(plain, html.as_bytes());
        let zstd = zstd::bulk::decompress(&page.variant(Encoding::Zstd).body, html.len()).unwrap();
        assert_eq!(zstd, html.as_bytes());
        let tags: std::collections::HashSet<_> = [Encoding::Identity, Encoding::Gzip, Encoding::Zstd, Encoding::Brotli]
            .map(|encoding| page.variant(encoding).etag.clone())
            .into();
        assert_eq!(tags.len(), 4);
        let again = Page::new(html, "item-a", 2, None, None).unwrap();
        assert_eq!(again.variant(Encoding::Brotli).etag, page.variant(Encoding::Brotli).etag);
    }
}
