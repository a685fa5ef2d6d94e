//! What the sale's island knows. Signals hold what is shown; the rest stands still or changes unseen.

use api::{Admission, DrawStage, QuizIssued, SalePhase, SkuState};
use leptos::prelude::*;
use ui::Locale;

use super::{super::board::Board, kinds};
use crate::facts::Facts;

/// How far this shopper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing is under way.
    Idle,
    /// A request is on its way.
    Busy,
    /// The question is on the screen.
    Quiz,
    /// In the line.
    InLine,
    /// In the waiting line, for units that come back.
    Waiting,
    /// Units are held and wait for the payment.
    Held,
    Paid,
}

impl Stage {
    /// For a `data-stage` attribute.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Quiz => "quiz",
            Self::InLine => "in-line",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Paid => "paid",
        }
    }
}

/// How an unpaid order stands.
#[derive(Clone, Copy)]
pub(super) struct Hold {
    /// Units are kept for it. Otherwise payment decides.
    pub reserved: bool,
    /// None where that lasts until it is paid or given up.
    pub expires_at_ms: Option<i64>,
}

pub(super) struct Unseen {
    /// As the page told them, and then the server's fragment.
    pub facts: Facts,
    /// The phase as the server last told it.
    pub told_phase: SalePhase,
    /// In the order of the page.
    pub kinds: Vec<SkuState>,
    /// The merchant has ended the sale for good.
    pub called_off: bool,
    /// Of a sale by draw, as the server last told it.
    pub draw_stage: DrawStage,
    pub signed_in: bool,
    /// The shopper's, where it is known.
    pub lot: Option<u32>,
    /// While more would begin than can, as the server last told it, and when, by the browser's monotonic clock.
    pub admission: Option<(Admission, f64)>,
    /// Units to order.
    pub quantity: u32,
    /// None where nothing is held.
    pub hold: Option<Hold>,
    /// The order in the waiting line.
    pub waiting_order_id: String,
    /// The line's state has changed by the shopper's own doing: it is asked for at once.
    pub ask_now: bool,
    /// The question on the screen.
    pub quiz: Option<QuizIssued>,
}

#[derive(Clone, Copy)]
pub(super) struct Model {
    pub locale: Locale,
    pub board: Board,
    /// Never shown, or shown by way of a signal.
    pub unseen: StoredValue<Unseen>,

    /// By the server's word and the clock together.
    pub phase: RwSignal<SalePhase>,
    pub price_minor: RwSignal<i64>,
    /// Buy is enabled, and all that follows from the start is still to be shown.
    pub opening: StoredValue<bool>,
    /// Nothing is free now, but one may wait for units that come back.
    pub can_wait: RwSignal<bool>,
    /// Where among the kinds the shopper's choice stands; negative before there is one.
    pub chosen: RwSignal<i64>,
    /// Grows when the server has told how the sale and its kinds stand.
    pub kinds_told: RwSignal<i64>,

    pub stage: RwSignal<Stage>,
    pub status: RwSignal<String>,
    /// What a visitor who keeps reloading hears beside the rest.
    pub live_note: RwSignal<String>,
    /// Known not to be signed in.
    pub visitor: RwSignal<bool>,
    /// Units that this shopper holds or has paid for.
    pub owned: RwSignal<i64>,
    /// The order to pay for or to look at; empty while there is none.
    pub order_id: RwSignal<String>,
    /// 0 to 100: how far the line has moved since this shopper joined it.
    pub line_percent: RwSignal<i64>,

    /// Empty where the question comes in words.
    pub quiz_picture: RwSignal<String>,
    pub quiz_words: RwSignal<String>,
    pub quiz_note: RwSignal<String>,
    pub quiz_time: RwSignal<String>,
    /// 0 to 100 of the question's time that is left.
    pub quiz_percent: RwSignal<i64>,
    pub quiz_sendable: RwSignal<bool>,
    pub quiz_over: RwSignal<bool>,
}

impl Model {
    pub(super) fn new(facts: Facts) -> Self {
        let phase = facts.phase.unwrap_or(SalePhase::Upcoming);
        Self {
            locale: facts.locale,
            board: Board::new(),
            phase: RwSignal::new(phase),
            price_minor: RwSignal::new(facts.price_minor),
            opening: StoredValue::new(false),
            can_wait: RwSignal::new(false),
            chosen: RwSignal::new(kinds::first_choice(&facts)),
            kinds_told: RwSignal::new(0),
            stage: RwSignal::new(Stage::Idle),
            status: RwSignal::new(String::new()),
            live_note: RwSignal::new(String::new()),
            visitor: RwSignal::new(false),
            owned: RwSignal::new(0),
            order_id: RwSignal::new(String::new()),
            line_percent: RwSignal::new(0),
            quiz_picture: RwSignal::new(String::new()),
            quiz_words: RwSignal::new(String::new()),
            quiz_note: RwSignal::new(String::new()),
            quiz_time: RwSignal::new(String::new()),
            quiz_percent: RwSignal::new(100),
            quiz_sendable: RwSignal::new(false),
            quiz_over: RwSignal::new(false),
            unseen: StoredValue::new(Unseen {
                told_phase: phase,
                called_off: false,
                draw_stage: DrawStage::Entering,
                signed_in: false,
                lot: None,
                admission: None,
                quantity: 1,
                hold: None,
                waiting_order_id: String::new(),
                ask_now: false,
                quiz: None,
                kinds: kinds::of_page(&facts),
                facts,
            }),
        }
    }

    /// `/api/sales/{sale_id}` and what follows.
    pub(super) fn sale_path(self, rest: &str) -> String {
        self.look(|unseen| ["/api/sales/", &unseen.facts.sale_id, rest].concat())
    }

    pub(super) fn sale_id(self) -> String {
        self.look(|unseen| unseen.facts.sale_id.clone())
    }

    pub(super) fn look<T>(self, look: impl FnOnce(&Unseen) -> T) -> T {
        self.unseen.with_value(look)
    }

    pub(super) fn change(self, change: impl FnOnce(&mut Unseen)) {
        self.unseen.update_value(change);
    }

    /// Whether the shopper has as many units as one may buy.
    pub(super) fn is_full(self) -> bool {
        self.owned.get() >= self.look(|unseen| unseen.facts.per_shopper_limit)
    }

    /// Whether all but the sale's phase lets the shopper buy.
    pub(super) fn is_ready(self) -> bool {
        let free = matches!(self.stage.get(), Stage::Idle | Stage::Held | Stage::Paid);
        // Until the board runs, the page does not know whether the sale is open.
        free && !self.is_full() && self.board.left_s.get() >= 0
    }

    pub(super) fn can_buy(self) -> bool {
        let open = match self.phase.get() {
            SalePhase::Open => true,
            SalePhase::SoldOut => self.can_wait.get(),
            SalePhase::Upcoming | SalePhase::Ended | SalePhase::Paused => false,
        };
        open && self.is_ready()
    }

    /// Of a sale by draw: until when orders are entries, while they still are or the draw is to come.
    pub(super) fn entries_close_at_ms(self) -> Option<i64> {
        let close_ms = self.look(
            |Unseen { facts, draw_stage, .. }| {
                if *draw_stage == DrawStage::Drawn { 0 } else { facts.entries_close_at_ms }
            },
        );
        (close_ms > 0).then_some(close_ms)
    }

    /// Back to where the shopper stood before the last press, with a word on why.
    pub(super) fn settle(self, status: String) {
        let has_order = !self.order_id.with_untracked(String::is_empty);
        self.status.set(status);
        self.stage.set(if has_order && self.look(|unseen| unseen.hold.is_some()) {
            Stage::Held
        } else if has_order {
            Stage::Paid
        } else {
            Stage::Idle
        });
    }
}
