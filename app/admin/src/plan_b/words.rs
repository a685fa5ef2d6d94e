//! What each switch is called, and what shoppers see at each of its values.

use api::{OnOff, OrdersSwitch, PutSwitches, QuizSwitch, SwitchValues};

/// One value of a switch, as the merchant reads it.
pub(super) struct Choice {
    pub value: &'static str,
    /// On the button.
    pub word: &'static str,
    pub shoppers_see: &'static str,
    /// What is told once it is done.
    pub done: &'static str,
}

pub(super) struct Card {
    /// As in the API.
    pub name: &'static str,
    pub title: &'static str,
    /// The ordinary one first.
    pub choices: &'static [Choice],
}

pub(super) const CARDS: [Card; 6] = [
    Card {
        name: "orders",
        title: "Orders",
        choices: &[
            Choice {
                value: "on",
                word: "Taken",
                shoppers_see: "Shoppers buy as ever.",
                done: "Orders are taken again.",
            },
            Choice {
                value: "paused",
                word: "Paused",
                shoppers_see: "Shoppers read that the sale is paused, and Buy cannot be pressed. Who is in line, holds units or pays goes on.",
                done: "No new orders are taken.",
            },
        ],
    },
    Card {
        name: "quiz",
        title: "Quiz",
        choices: &[
            Choice {
                value: "on",
                word: "As set",
                shoppers_see: "Shoppers answer the question that each sale has.",
                done: "The quiz is as each sale has it.",
            },
            Choice {
                value: "harder",
                word: "Harder",
                shoppers_see: "No answer counts in the first 3 seconds. Sums have one number more. The question in words costs machines four times the work.",
                done: "The quiz is harder.",
            },
            Choice {
                value: "off",
                word: "Off",
                shoppers_see: "Buy leads straight into the line. Nothing keeps machines from being first.",
                done: "The quiz is off.",
            },
        ],
    },
    Card {
        name: "extras",
        title: "Extras",
        choices: &[
            Choice {
                value: "on",
                word: "Shown",
                shoppers_see: "Item pages end with other sales that may please.",
                done: "Extras are shown again.",
            },
            Choice {
                value: "off",
                word: "Left out",
                shoppers_see: "Item pages end without recommendations, and without a gap.",
                done: "Extras are left out.",
            },
        ],
    },
    Card {
        name: "waiting_page",
        title: "Waiting page",
        choices: &[
            Choice {
                value: "off",
                word: "Away",
                shoppers_see: "Shoppers see your item pages.",
                done: "Your item pages are back.",
            },
            Choice {
                value: "on",
                word: "In place of items",
                shoppers_see: "Who comes now reads a short waiting page that turns back into the item by itself. Pages that are open already go on.",
                done: "The waiting page stands in for your items.",
            },
        ],
    },
    Card {
        name: "queue_only",
        title: "Queue only",
        choices: &[
            Choice {
                value: "off",
                word: "Everything",
                shoppers_see: "All parts of the shop are served.",
                done: "Everything is served again.",
            },
            Choice {
                value: "on",
                word: "Orders only",
                shoppers_see: "Only the way of an order is served: no recommendations, and your own lists of orders rest.",
                done: "Only the way of an order is served.",
            },
        ],
    },
    Card {
        name: "read_only",
        title: "Changes",
        choices: &[
            Choice {
                value: "off",
                word: "Allowed",
                shoppers_see: "Orders and terms change as ever.",
                done: "Changes are allowed again.",
            },
            Choice {
                value: "on",
                word: "Read only",
                shoppers_see: "Nobody changes anything, you included, but what is paid is still taken. Sales say that they are paused.",
                done: "Nothing is changed any more.",
            },
        ],
    },
];

/// The value at which a switch stands, as on the wire.
pub(super) fn value_of(values: &SwitchValues, name: &str) -> &'static str {
    let on_off = |value: OnOff| if value == OnOff::On { "on" } else { "off" };
    match name {
        "orders" if values.orders == OrdersSwitch::Paused => "paused",
        "orders" => "on",
        "quiz" => match values.quiz {
            QuizSwitch::On => "on",
            QuizSwitch::Harder => "harder",
            QuizSwitch::Off => "off",
        },
        "extras" => on_off(values.extras),
        "waiting_page" => on_off(values.waiting_page),
        "queue_only" => on_off(values.queue_only),
        _ => on_off(values.read_only),
    }
}

/// The request that sets one switch.
pub(super) fn wanted(name: &str, value: &str) -> PutSwitches {
    let on_off = Some(if value == "on" { OnOff::On } else { OnOff::Off });
    let nothing = PutSwitches::default();
    match name {
        "orders" => {
            let orders = if value == "paused" { OrdersSwitch::Paused } else { OrdersSwitch::On };
            PutSwitches { orders: Some(orders), ..nothing }
        }
        "quiz" => {
            let quiz = match value {
                "harder" => QuizSwitch::Harder,
                "off" => QuizSwitch::Off,
                _ => QuizSwitch::On,
            };
            PutSwitches { quiz: Some(quiz), ..nothing }
        }
        "extras" => PutSwitches { extras: on_off, ..nothing },
        "waiting_page" => PutSwitches { waiting_page: on_off, ..nothing },
        "queue_only" => PutSwitches { queue_only: on_off, ..nothing },
        _ => PutSwitches { read_only: on_off, ..nothing },
    }
}

/// A switch's value in the words of its card.
pub(super) fn said(name: &str, value: &str) -> String {
    let card = CARDS.iter().find(|card| card.name == name);
    let choice = card.and_then(|card| card.choices.iter().find(|choice| choice.value == value));
    choice.map_or_else(|| value.to_owned(), |choice| choice.word.to_owned())
}

pub(super) fn title(name: &str) -> String {
    CARDS.iter().find(|card| card.name == name).map_or_else(|| name.to_owned(), |card| card.title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_asks_for_what_it_says() {
        for card in &CARDS {
            for choice in card.choices {
                let sent = serde_json::to_value(wanted(card.name, choice.value)).unwrap();
                assert_eq!(sent, serde_json::json!({ card.name: choice.value }));
            }
        }
    }

    #[test]
    fn a_card_stands_at_what_the_server_says() {
        let values = SwitchValues {
            orders: OrdersSwitch::Paused,
            quiz: QuizSwitch::Harder,
            extras: OnOff::Off,
            waiting_page: OnOff::On,
            queue_only: OnOff::Off,
            read_only: OnOff::On,
        };
        let told: Vec<_> = CARDS.iter().map(|card| value_of(&values, card.name)).collect();
        assert_eq!(told, ["paused", "harder", "off", "on", "off", "on"]);
    }
}
