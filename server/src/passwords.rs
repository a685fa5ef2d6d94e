//! Passwords: argon2id (RFC 9106) with the library's parameters (19 MiB, 2 passes: OWASP's).

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Characters of a password.
pub(crate) const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=200;

/// How many may wait for their turn.
pub(crate) const POOL_WAITING: usize = 64;

/// Half of the cores: the other half goes on selling.
pub(crate) fn pool_running() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2).max(1)
}

/// Checked against when there is no account, so that the answer takes as long as when there is one.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash("nobody's password").unwrap_or_default());

#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub(crate) struct HashError(argon2::password_hash::Error);

/// A PHC string with a salt of its own. Takes tens of milliseconds.
pub(crate) fn hash(password: &str) -> Result<String, HashError> {
    Ok(Argon2::default().hash_password(password.as_bytes()).map_err(HashError)?.to_string())
}

/// Whether the password is the one that was hashed. Takes as long when there is no hash.
pub(crate) fn matches(password: &str, phc: Option<&str>) -> bool {
    let verified = |phc: &str| {
        PasswordHash::new(phc).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    };
    let by_account = verified(phc.unwrap_or(&NOBODYS));
    phc.is_some() && by_account
}

/// An e-mail address as it is kept and looked up; none when it cannot be one.
pub(crate) fn normalised_email(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    let (name, host) = email.rsplit_once('@')?;
    let good = !name.is_empty()
        && !host.is_empty()
        && email.len() <= 254
        && !email.chars().any(|character| character.is_whitespace() || character.is_control());
    good.then_some(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let phc = hash("correct horse").unwrap();
        assert!(phc.starts_with("$argon2id$"), "{phc}");
        assert!(matches("correct horse", Some(&phc)));
        assert!(!matches("battery staple", Some(&phc)));
        assert!(!matches("nobody's password", None));
        assert!(!matches("x", Some("not a hash")));
    }

    #[test]
    fn addresses_are_kept_in_one_form() {
        assert_eq!(normalised_email("  Ann@Example.COM ").as_deref(), Some("ann@example.com"));
        for wrong in ["", "ann", "@x", "ann@", "a b@x", &format!("{}@x", "a".repeat(260))] {
            assert_eq!(normalised_email(wrong), None, "{wrong}");
        }
    }
}
