//! Who may hold how many connections: all together, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use shield::AddressKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections open at a time; the next ones wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 20_000;

/// Connections from one address: a hundred shoppers behind it, each with a browser's six to a host, and as much again
/// three times. Where there are few places in all, one address gets half of them.
const MAX_CONNECTIONS_PER_ADDRESS: usize = 2_000;

/// Descriptors kept for the record, the site's files and the log.
const DESCRIPTORS_KEPT: u64 = 256;

/// The places of one listener.
#[derive(Clone)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    open: Arc<AtomicUsize>,
    /// None where addresses do not count.
    by_address: Option<Arc<ByAddress>>,
}

struct ByAddress {
    most: usize,
    /// Many clients stand behind each.
    proxies: Vec<IpNet>,
    taken: Mutex<HashMap<AddressKey, usize>>,
}

/// One connection's place, for as long as it is open.
pub(crate) struct Place {
    places: Places,
    counted_for: Option<AddressKey>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// As many as the process's descriptors allow. `open` counts those that are taken.
    pub(crate) fn new(open: Arc<AtomicUsize>) -> Self {
        Self { free: Arc::new(Semaphore::new(connections_that_fit())), open, by_address: None }
    }

    /// Lets no address but the proxies' take all.
    pub(crate) fn shared_out(mut self, proxies: Vec<IpNet>) -> Self {
        let most = (self.free.available_permits() / 2).clamp(1, MAX_CONNECTIONS_PER_ADDRESS);
        self.by_address = Some(Arc::new(ByAddress { most, proxies, taken: Mutex::default() }));
        self
    }

    /// Waits until there is a place for anybody.
    pub(crate) async fn next(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Gives the place to a peer; none where its address has as many as it may.
    pub(crate) fn take(&self, permit: OwnedSemaphorePermit, peer: SocketAddr) -> Option<Place> {
        let counted_for = match &self.by_address {
            Some(by_address) if !by_address.is_proxy(peer.ip()) => Some(by_address.count(peer.ip())?),
            _ => None,
        };
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Place { places: self.clone(), counted_for, _permit: permit })
    }
}

impl ByAddress {
    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(&peer.to_canonical()))
    }

    fn count(&self, peer: IpAddr) -> Option<AddressKey> {
        let key = AddressKey::from(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(key).or_default();
        (*count < self.most).then(|| {
            *count += 1;
            key
        })
    }

    fn uncount(&self, key: AddressKey) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&key);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.open.fetch_sub(1, Ordering::Relaxed);
        if let (Some(by_address), Some(key)) = (&self.places.by_address, self.counted_for) {
            by_address.uncount(key);
        }
    }
}

/// Raises the process's own limit on descriptors as far as it may, and leaves some for what is not a connection.
fn connections_that_fit() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _as_it_was = setrlimit(Resource::Nofile, limit);
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fit = usize::try_from(descriptors.saturating_sub(DESCRIPTORS_KEPT)).unwrap_or(usize::MAX);
    fit.clamp(1, MAX_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_gets_its_share_back_when_a_connection_ends_and_proxies_are_not_counted() {
        let open = Arc::new(AtomicUsize::new(0));
        let mut places = Places::new(Arc::clone(&open)).shared_out(vec!["10.0.0.0/8".parse().unwrap()]);
        Arc::get_mut(places.by_address.as_mut().unwrap()).unwrap().most = 2;
        let knock = async |peer: &str| places.take(places.next().await.unwrap(), peer.parse().unwrap());
        let one = knock("192.0.2.1:1").await;
        let two = knock("[::ffff:192.0.2.1]:2").await;
        assert!(one.is_some() && two.is_some());
        assert!(knock("192.0.2.1:3").await.is_none(), "its share is taken");
        assert!(knock("192.0.2.2:1").await.is_some(), "another address has its own");
        drop(one);
        assert!(knock("192.0.2.1:4").await.is_some(), "what ended is free again");
        let proxied = [knock("10.0.0.1:1").await, knock("10.0.0.1:2").await, knock("10.0.0.1:3").await];
        assert!(proxied.iter().all(Option::is_some));
        assert_eq!(open.load(Ordering::Relaxed), 4, "one of the first address, and the proxy's three");
        drop((two, proxied));
        assert_eq!(open.load(Ordering::Relaxed), 0);
    }
}
