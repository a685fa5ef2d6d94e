//! What each request pays for being judged: its address's limit, and a switch.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use sale::{MerchantId, SaleId};
use shield::{
    AddressKey, PER_ADDRESS, Quota, RateLimit, SIGN_INS_PER_ACCOUNT, Scope, SettableLimit, Setting, Settings, Switch,
    SwitchBoard, SwitchSet,
};
use uuid::Uuid;

/// So many that none runs out, asked by turns.
const ADDRESSES: u32 = 100_000;

fn addresses() -> impl Iterator<Item = AddressKey> + Clone {
    (0..ADDRESSES).map(|number| AddressKey::from(IpAddr::from(Ipv4Addr::from_bits(0x0A00_0000 + number)))).cycle()
}

fn limits(criterion: &mut Criterion) {
    let limit = RateLimit::new(PER_ADDRESS);
    let mut address = addresses();
    assert!(address.by_ref().take(ADDRESSES as usize).all(|address| limit.check(&address).is_ok()));
    criterion.bench_function("RateLimit::check, let through, 100,000 addresses", |bencher| {
        bencher.iter(|| limit.check(black_box(&address.next().expect("they come round"))));
    });
    let strict = RateLimit::new(Quota { interval: Duration::from_secs(3_600), ..SIGN_INS_PER_ACCOUNT });
    let one = addresses().next().expect("there are some");
    while strict.check(&one).is_ok() {}
    criterion.bench_function("RateLimit::check, refused", |bencher| bencher.iter(|| strict.check(black_box(&one))));
    let settable = SettableLimit::new(&Settings::default().quotas(Setting::AddressPerSecond, Setting::AddressBurst));
    criterion.bench_function("SettableLimit::check, let through, 100,000 addresses", |bencher| {
        bencher.iter(|| settable.check(black_box(&address.next().expect("they come round"))));
    });
}

fn switches(criterion: &mut Criterion) {
    let (merchant_id, sale_id) = (MerchantId(Uuid::from_u128(1)), SaleId(Uuid::from_u128(2)));
    let set = |scope| SwitchSet { scope, switch: Switch::Quiz, value: 1, until_ms: Some(1_000) };
    let others = (10..1_000).map(|number| set(Scope::Sale(SaleId(Uuid::from_u128(number)))));
    let board = SwitchBoard::new(&others.chain([set(Scope::Sale(sale_id))]).collect::<Vec<_>>());
    criterion.bench_function("SwitchBoard::of_sale, 991 sales with one set", |bencher| {
        bencher.iter(|| board.of_sale(Switch::Quiz, merchant_id, black_box(sale_id), 500));
    });
}

criterion_group!(benches, limits, switches);
criterion_main!(benches);
