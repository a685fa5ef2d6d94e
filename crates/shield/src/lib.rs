//! What keeps the shop standing when too many ask: rate limits by key, and pools that are bounded in work and in
//! waiting.

mod limiter;
mod pool;

pub use limiter::{
    AddressKey, MAX_KEYS, PER_ADDRESS, PER_SHOPPER, Quota, RateLimit, SIGN_INS_PER_ACCOUNT, SIGN_INS_PER_ADDRESS,
};
pub use pool::{Pool, PoolFull};
