//! Questions, drawn ahead as pictures with names that nobody can guess, each asked a few times only.

mod drawer;
mod picture;
mod pool;
mod quizzes;
mod sum;
mod telling;
mod wording;

pub(crate) use drawer::draw_ahead;
pub(crate) use picture::can_be_drawn;
pub(crate) use pool::Picture;
pub(crate) use quizzes::{Difficulty, Quizzes};
pub(crate) use wording::{Language, Told, told};

pub(crate) fn random() -> u64 {
    // Without randomness nothing here is safe to go on with.
    getrandom::u64().expect("the system gives random bytes")
}

#[cfg(test)]
mod testing {
    use ledger::{QuizKind, SaleRow};
    use sale::{Eligibility, ItemId, MerchantId, SaleId, StockPolicy, StrikeTerms};
    use uuid::Uuid;

    /// A sale that asks sums.
    pub(super) fn arithmetic() -> SaleRow {
        SaleRow {
            sale_id: SaleId(Uuid::from_u128(3)),
            item_id: ItemId(Uuid::from_u128(2)),
            merchant_id: MerchantId(Uuid::from_u128(1)),
            price_minor: 1,
            currency: "CNY".to_owned(),
            starts_at_ms: 0,
            ends_at_ms: i64::MAX,
            opened_at_ms: None,
            stock_units: 1,
            per_shopper_limit: 1,
            stock_policy: StockPolicy::Hold,
            hold_seconds: 1,
            waitlist_units: 0,
            skus: Vec::new(),
            strikes: StrikeTerms::OFF,
            eligibility: Eligibility::default(),
            draw: None,
            called_off_at_ms: None,
            quiz_kind: QuizKind::Arithmetic,
            questions: Vec::new(),
            min_answer_ms: 800,
            max_answer_ms: 20_000,
            published: true,
            paused: false,
            revision: 1,
            updated_at_ms: 0,
        }
    }
}
