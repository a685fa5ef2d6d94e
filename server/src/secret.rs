//! The secret that everything is signed with.
//!
//! From `STAMPEDE_SECRET`, or from a file beside the store that is made when there is none. Hexadecimal, at least 32
//! bytes. After a rotation the former secret stands behind the present one, parted by a comma or a new line.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sale::{Keyring, MIN_SECRET_BYTES};

const VARIABLE: &str = "STAMPEDE_SECRET";

#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    #[error(
        "{0} holds no usable secret: hexadecimal of at least {MIN_SECRET_BYTES} bytes, then perhaps the former one"
    )]
    Unusable(String),
    #[error("this system gives no random bytes")]
    NoRandomness,
}

/// The keyring for the store at `store`.
pub(crate) fn keyring(store: &Path) -> Result<Keyring, SecretError> {
    if let Ok(text) = std::env::var(VARIABLE) {
        return parse(&text).ok_or_else(|| SecretError::Unusable(VARIABLE.to_owned()));
    }
    let path = store.with_extension("secret");
    let name = path.display().to_string();
    if !path.exists() {
        make(&path)?;
    }
    let text = std::fs::read_to_string(&path).map_err(|error| SecretError::File(name.clone(), error))?;
    parse(&text).ok_or(SecretError::Unusable(name))
}

/// Makes the file whole or not at all, readable by its owner only. Of two processes that try, one wins.
fn make(path: &Path) -> Result<(), SecretError> {
    let name = path.display().to_string();
    let failed = |error| SecretError::File(name.clone(), error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut secret = [0_u8; MIN_SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|_| SecretError::NoRandomness)?;
    let draft = path.with_extension(format!("secret.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = file.write_all(format!("{}\n", hex(&secret)).as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Option<Keyring> {
    let mut secrets = text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(unhex);
    let current = secrets.next()??;
    let previous = match secrets.next() {
        Some(previous) => Some(previous?),
        None => None,
    };
    Keyring::new(&current, previous.as_deref()).ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some((value(pair[0])? * 16 + value(pair[1])?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_missing_secret_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/stampede.secret");
        make(&path).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        make(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn short_odd_or_foreign_text_is_no_secret() {
        let good = "ab".repeat(32);
        assert!(parse(&good).is_some());
        assert!(parse(&format!("{good}\n{good}\n")).is_some());
        for wrong in ["", "ab", "zz", &"a".repeat(63), &format!("{good},zz"), &"ab".repeat(31)] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
