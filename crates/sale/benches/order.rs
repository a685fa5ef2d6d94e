//! What the rules cost an order: its tokens, its id, and the book's decision.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sale::{
    Book, Intent, Keyring, OrderId, PassClaims, PassId, QueueClaims, QuizClaims, QuizId, QuizTerms, SaleId,
    SessionClaims, ShopperId, StockPolicy, StrikeTerms, Terms, Token, Units, order_id_of, proof_holds,
};
use uuid::Uuid;

const SALE: SaleId = SaleId(Uuid::from_u128(1));
const SHOPPER: ShopperId = ShopperId(Uuid::from_u128(2));
const NOW_MS: i64 = 1_800_000_000_000;

/// What the committer takes from a line at a time.
const BATCH: u64 = 500;

fn keyring() -> Keyring {
    Keyring::new(&[7; 32], None).expect("32 bytes are enough")
}

fn quiz(tokens: &Token<QuizClaims>) -> QuizClaims {
    let terms = QuizTerms { min_answer_ms: 800, max_answer_ms: 20_000 };
    terms.ask(tokens, QuizId(Uuid::from_u128(3)), SALE, SHOPPER, 9, NOW_MS, "55", 0)
}

/// `sealed` and `opened` are one kind of token's.
fn sealed_and_opened(
    criterion: &mut Criterion,
    name: &str,
    sealed: impl Fn() -> String,
    opened: impl Fn(&str) -> bool,
) {
    let text = sealed();
    assert!(opened(&text), "what is sealed can be opened");
    criterion.bench_function(&format!("{name} sealed"), |bencher| bencher.iter(&sealed));
    criterion.bench_function(&format!("{name} opened"), |bencher| bencher.iter(|| opened(black_box(&text))));
}

fn tokens(criterion: &mut Criterion) {
    let expires_at_ms = NOW_MS + 60_000;
    let session = SessionClaims { shopper_id: SHOPPER, display_name: "Ann".to_owned(), expires_at_ms };
    let sessions = Token::<SessionClaims>::new(&keyring());
    let seal = || sessions.seal(black_box(&session));
    sealed_and_opened(criterion, "session", seal, |text| sessions.open(text).is_ok());

    let quizzes = Token::<QuizClaims>::new(&keyring());
    let quiz = quiz(&quizzes);
    sealed_and_opened(criterion, "quiz", || quizzes.seal(black_box(&quiz)), |text| quizzes.open(text).is_ok());

    let pass_id = PassId(Uuid::from_u128(4));
    let pass = PassClaims { pass_id, sale_id: SALE, shopper_id: SHOPPER, queue_life: 9, expires_at_ms };
    let passes = Token::<PassClaims>::new(&keyring());
    sealed_and_opened(criterion, "pass", || passes.seal(black_box(&pass)), |text| passes.open(text).is_ok());

    let order_id = OrderId(Uuid::from_u128(5));
    let place = QueueClaims { sale_id: SALE, shopper_id: SHOPPER, order_id, queue_life: 9, queue_seq: 70_000 };
    let places = Token::<QueueClaims>::new(&keyring());
    sealed_and_opened(criterion, "queue token", || places.seal(black_box(&place)), |text| places.open(text).is_ok());
}

fn answers(criterion: &mut Criterion) {
    let tokens = Token::new(&keyring());
    let (claims, token) = (quiz(&tokens), tokens.seal(&quiz(&tokens)));
    criterion.bench_function("quiz asked", |bencher| bencher.iter(|| quiz(&tokens)));
    criterion.bench_function("answer judged", |bencher| {
        bencher.iter(|| claims.judge(&tokens, NOW_MS + 1_000, black_box(" ５５ ")));
    });
    criterion.bench_function("proof of work checked", |bencher| {
        bencher.iter(|| proof_holds(&token, black_box(131_072), 17));
    });
    criterion.bench_function("order_id_of", |bencher| {
        bencher.iter(|| order_id_of(SALE, SHOPPER, black_box("7f0b6a3e-2f5c-4a53-9b5e-5d1f0a5f1a11")));
    });
}

fn intent(number: u64) -> Intent {
    let id = Uuid::from_u128(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
    Intent {
        order_id: OrderId(id),
        shopper_id: ShopperId(id),
        pass_id: PassId(id),
        idempotency_key: id.to_string(),
        body_hash: number,
        sku: None,
        quantity: 1,
        queue_life: 9,
        queue_seq: number,
    }
}

fn book(units: u64) -> Book {
    let terms = Terms {
        price_minor: 9_900,
        sku_prices_minor: BTreeMap::new(),
        currency: "CNY".to_owned(),
        per_shopper_limit: 1,
        hold_seconds: 600,
        stock_policy: StockPolicy::Hold,
        waitlist_units: 0,
        strikes: StrikeTerms::OFF,
        ends_at_ms: NOW_MS + 3_600_000,
        draw: None,
    };
    Book::new(SALE, terms, &Units::plain(units))
}

/// In batches of 500, as the committer has them decided.
fn decisions(criterion: &mut Criterion) {
    let intents: Vec<Intent> = (1..=BATCH).map(intent).collect();
    let mut group = criterion.benchmark_group("book");
    group.throughput(Throughput::Elements(BATCH));
    for (name, units) in [("500 orders held", BATCH), ("500 orders sold out", 0)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || book(units),
                |book| intents.iter().map(|intent| book.place(intent, false, NOW_MS)).collect::<Vec<_>>(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, tokens, answers, decisions);
criterion_main!(benches);
