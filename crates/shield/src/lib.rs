//! What keeps the shop standing when too many ask: rate limits by key, pools that are bounded in work and in
//! waiting, and switches for the worst.

mod limiter;
mod pool;
mod rollout;
mod settings;
mod switches;

pub use limiter::{
    AddressKey, MAX_KEYS, PER_ADDRESS, PER_SHOPPER, Quota, RateLimit, SIGN_INS_PER_ACCOUNT, SIGN_INS_PER_ADDRESS,
};
pub use pool::{Pool, PoolFull};
pub use rollout::{Bucketed, SettableLimit};
pub use settings::{BUCKETS, Chosen, Setting, SettingRefused, Settings, bucket_of};
pub use switches::{SWITCH_LASTS_AT_MOST_MS, Scope, Switch, SwitchBoard, SwitchSet};
