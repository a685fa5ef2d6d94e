//! What a draw costs: an entrant's rank, a receipt's check, and the whole of a large one.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use draw::{Digest, Entry, Sha256, Tree, draw_key, leaf_hash, proof_holds, rank_key, ranking};

const SALE: [u8; 16] = *b"a sale's own id.";
const ENTRIES: u32 = 100_000;

struct Sha;

impl Sha256 for Sha {
    fn digest(parts: &[&[u8]]) -> Digest {
        use sha2::Digest as _;
        parts.iter().fold(sha2::Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
    }
}

fn entry(number: u32) -> Entry {
    let mut order_id = [7; 16];
    order_id[..4].copy_from_slice(&number.to_be_bytes());
    Entry { order_id, quantity: 1, reserves: true, sku: None }
}

fn cost(criterion: &mut Criterion) {
    let leaves: Vec<Digest> = (0..ENTRIES).map(|number| leaf_hash::<Sha>(&SALE, &entry(number))).collect();
    let tree = Tree::of::<Sha>(leaves.clone());
    let (root, key) = (tree.root::<Sha>(), draw_key::<Sha>(&[5; 32], &tree.root::<Sha>(), None));
    let (index, proof) = tree.proof(&leaves[7]).expect("it is a leaf");
    criterion.bench_function("leaf of an entry", |bencher| {
        let entry = entry(7);
        bencher.iter(|| leaf_hash::<Sha>(&SALE, black_box(&entry)));
    });
    criterion.bench_function("rank key of an entry", |bencher| {
        bencher.iter(|| rank_key::<Sha>(&key, black_box(&leaves[7])));
    });
    criterion.bench_function("receipt made, 100,000 entries", |bencher| {
        bencher.iter(|| tree.proof(black_box(&leaves[7])));
    });
    criterion.bench_function("receipt checked, 100,000 entries", |bencher| {
        bencher.iter(|| proof_holds::<Sha>(&root, ENTRIES as usize, index, black_box(&leaves[7]), &proof));
    });
    let mut group = criterion.benchmark_group("100,000 entries");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(ENTRIES)));
    group.bench_function("tree", |bencher| {
        bencher.iter_batched(|| leaves.clone(), Tree::of::<Sha>, BatchSize::LargeInput);
    });
    group.bench_function("ranking", |bencher| bencher.iter(|| ranking::<Sha>(&key, black_box(&leaves))));
    group.finish();
}

criterion_group!(benches, cost);
criterion_main!(benches);
