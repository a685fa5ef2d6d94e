//! What keeps the shop standing when too many ask: rate limits by key, pools that are bounded in work and in
//! waiting, a bar that rises with the delay, lots for a crowd, breakers for what fails, and switches for the worst.

mod admission;
mod breaker;
mod limiter;
mod overload;
mod pool;
mod rollout;
mod room;
mod settings;
#[cfg(test)]
mod simulated;
mod switches;
mod watch;

pub use admission::{ByLot, Lottery, Rounds};
pub use breaker::Breaker;
pub use limiter::{
    AddressKey, MAX_KEYS, PER_ADDRESS, PER_SALE, PER_SHOPPER, Quota, RateLimit, SIGN_INS_PER_ACCOUNT,
    SIGN_INS_PER_ADDRESS,
};
pub use overload::{Class, LOOK_EVERY_MS, MOST_DELAY_US, Overload};
pub use pool::{Pool, PoolFull};
pub use rollout::{Bucketed, SettableLimit};
pub use settings::{BUCKETS, Chosen, Setting, SettingRefused, Settings, bucket_of};
pub use switches::{SWITCH_LASTS_AT_MOST_MS, Scope, Switch, SwitchBoard, SwitchSet};
pub use watch::{LEAST_PER_SECOND, Look, Watch};
