//! Commands other than `serve`. They make the store and the secret where there is none yet, and may run beside a live
//! server: each writes in one transaction of its own.

use std::io::{BufWriter, Read, Write as _};
use std::path::Path;

use ledger::{Batch, LONG_LOG_BYTES, Ledger, LedgerError, MerchantRow, Refusal, ShopperRow, SqliteLedger, Write};
use sale::{MerchantId, SESSION_LIFETIME_MS, SessionClaims, ShopperId, Token};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::ServerClock;
use crate::http::{MERCHANT_TOKEN_PREFIX, SESSION_COOKIE};
use crate::passwords;
use crate::secret;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Shoppers in one transaction.
const SHOPPERS_PER_BATCH: usize = 1_000;

/// A password on standard input, at most, in bytes.
const MAX_PASSWORD_INPUT_BYTES: u64 = 1_000;

pub(crate) fn add_merchant(store: &Path, email: &str) -> Result<(), Failure> {
    let email = checked_email(email)?;
    let mut password = String::new();
    std::io::stdin().take(MAX_PASSWORD_INPUT_BYTES).read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    if !passwords::PASSWORD_CHARS.contains(&password.chars().count()) {
        return Err("the password on standard input must have 8 to 200 characters".into());
    }
    let row = MerchantRow {
        merchant_id: MerchantId(Uuid::now_v7()),
        email: email.clone(),
        password_hash: passwords::hash(password)?,
        created_at_ms: ServerClock::start().now_ms(),
    };
    secret::keyring(store)?;
    match write(store, vec![Write::AddMerchant(row)])?.as_slice() {
        [Ok(())] => {
            println!("merchant {email} added");
            Ok(())
        }
        [Err(Refusal::EmailTaken)] => Err(format!("there is a merchant {email} already").into()),
        _ => Err("the merchant was not added".into()),
    }
}

pub(crate) fn merchant_token(store: &Path, email: &str) -> Result<(), Failure> {
    let email = checked_email(email)?;
    secret::keyring(store)?;
    let mut ledger = SqliteLedger::open(store)?;
    let Some(merchant) = ledger.reader()?.merchant_by_email(&email)? else {
        return Err(format!("there is no merchant {email}; add one: stampede merchant add {email}").into());
    };
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| "this system gives no random bytes")?;
    let token = format!("{MERCHANT_TOKEN_PREFIX}{}", secret::hex(&random));
    let write = Write::AddMerchantToken {
        merchant_id: merchant.merchant_id,
        token_sha256: Sha256::digest(token.as_bytes()).into(),
        at_ms: ServerClock::start().now_ms(),
    };
    ledger.apply(&Batch { writes: vec![write], ..Batch::default() })?;
    println!("{token}");
    Ok(())
}

pub(crate) fn shopper_sessions(store: &Path, count: u32) -> Result<(), Failure> {
    let keyring = secret::keyring(store)?;
    let sessions = Token::<SessionClaims>::new(&keyring);
    let mut ledger = SqliteLedger::open(store)?;
    let now_ms = ServerClock::start().now_ms();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let numbers: Vec<u32> = (1..=count).collect();
    for numbers in numbers.chunks(SHOPPERS_PER_BATCH) {
        let rows: Vec<ShopperRow> = numbers
            .iter()
            .map(|number| ShopperRow {
                shopper_id: ShopperId(Uuid::now_v7()),
                email: None,
                display_name: format!("Shopper {number}"),
                password_hash: None,
                created_at_ms: now_ms,
            })
            .collect();
        let writes = rows.iter().cloned().map(Write::AddShopper).collect();
        ledger.apply(&Batch { writes, ..Batch::default() })?;
        ledger.move_log_longer_than(LONG_LOG_BYTES)?;
        for row in rows {
            let claims = SessionClaims {
                shopper_id: row.shopper_id,
                display_name: row.display_name,
                expires_at_ms: now_ms + SESSION_LIFETIME_MS,
            };
            writeln!(output, "{SESSION_COOKIE}={}", sessions.seal(&claims))?;
        }
    }
    Ok(output.flush()?)
}

fn write(store: &Path, writes: Vec<Write>) -> Result<Vec<Result<(), Refusal>>, LedgerError> {
    SqliteLedger::open(store)?.apply(&Batch { writes, ..Batch::default() })
}

fn checked_email(email: &str) -> Result<String, Failure> {
    passwords::normalised_email(email).ok_or_else(|| format!("{email:?} is not an e-mail address").into())
}
