//! The wire types: what the server answers and what it accepts.
//!
//! JSON throughout. A time is an integer with its unit in the name (`…_ms` is Unix epoch milliseconds, `…_us`
//! microseconds); money is integer minor units beside an ISO 4217 code; an id is UUID text. Requests refuse
//! fields that they do not know, so that a typing error is told and not ignored.

mod admission;
mod csi;
mod draw;
mod heat;
mod merchant;
mod order;
mod page;
mod problem;
mod quiz;
mod session;
mod switches;

pub use admission::{Admission, MILLION};
pub use csi::{Me, Recommendation, Recommendations, SalePhase, SaleState, ServerTime, SkuState};
pub use draw::{
    BeaconInput, DRAW_FILE_FORMAT, DRAW_FILE_VERSION, Draw, DrawBeacon, DrawFile, DrawFileBeacon, DrawFileEntry,
    DrawReceipt, DrawReceipts, DrawStage, GiveBeacon, SaleDraw,
};
pub use heat::{HeatBoard, HeatCause, HotItem};
pub use merchant::{
    ChangeShoppers, CreateItem, CreateSale, CreatedItem, CreatedSale, EligibilityRule, Item, ItemList, LedgerState,
    ListedShoppers, MarkedOrders, MerchantOrder, MerchantOrders, PatchItem, PatchSale, Published, QuestionInput,
    QuizInput, QuizKind, Sale, SaleList, SaleMode, ShopperStrikes, SkuCounts, SkuInput, StockPolicy, StrikeList,
    StrikeRule,
};
pub use order::{
    Accepted, Cancelled, Chance, Mine, Order, OrderHistory, OrderList, OrderState, PaymentOpened, PlaceOrder,
    QueueState, QueueStatus, Refund, RefundCause, ReleaseCause, SandboxTrick, SettleOutcome, SettlePayment,
    WebhookEvent, WebhookReceipt,
};
pub use page::{DrawSummary, ItemCard, ItemPage, OrderDetail, SaleSummary, SkuSummary};
pub use problem::{Code, Problem};
pub use quiz::{AnswerQuiz, OpenQuiz, PassIssued, QuizIssued};
pub use session::{MerchantMe, MerchantSignIn, SignIn, SignUp, SignedIn};
pub use switches::{
    OnOff, OrdersSwitch, PutSwitches, QuizSwitch, SwitchAudit, SwitchLine, SwitchScope, SwitchSet, SwitchValues,
    Switches,
};
