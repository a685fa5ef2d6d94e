//! The funnel: how many each layer between the crowd and the record let through, and how many it turned away. What the
//! edge kept away is in the edge's own counters.

use std::sync::LazyLock;

use ::metrics::{Counter, counter, describe_counter};

const NAME: &str = "stampede_layer_total";

/// The layers, in the order in which an order meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Requests an address, of any kind.
    ReadLimit,
    /// Who begins at the item that the crowd is at, while lots are drawn for it.
    Admission,
    Eligibility,
    Quiz,
    /// Requests a shopper, of those that change something.
    WriteLimit,
    Pass,
    SoldOutGate,
    Queue,
    Ledger,
}

const LAYERS: [(Layer, &str); 9] = [
    (Layer::ReadLimit, "read_limit"),
    (Layer::Admission, "admission"),
    (Layer::Eligibility, "eligibility"),
    (Layer::Quiz, "quiz"),
    (Layer::WriteLimit, "write_limit"),
    (Layer::Pass, "pass"),
    (Layer::SoldOutGate, "sold_out_gate"),
    (Layer::Queue, "queue"),
    (Layer::Ledger, "ledger"),
];

struct Counts {
    passed: Counter,
    refused: Counter,
}

/// In the order of the layers. Looked up once, after the recorder has been installed.
static COUNTS: LazyLock<[Counts; LAYERS.len()]> = LazyLock::new(|| {
    LAYERS.map(|(_, layer)| Counts {
        passed: counter!(NAME, "layer" => layer, "outcome" => "passed"),
        refused: counter!(NAME, "layer" => layer, "outcome" => "refused"),
    })
});

pub(crate) fn describe() {
    describe_counter!(NAME, "Requests and orders at each layer before the record, by whether it let them through.");
    LazyLock::force(&COUNTS);
}

pub(crate) fn passed(layer: Layer, count: u64) {
    COUNTS[layer as usize].passed.increment(count);
}

pub(crate) fn refused(layer: Layer, count: u64) {
    COUNTS[layer as usize].refused.increment(count);
}

/// Notes what became of it and hands it on.
pub(crate) fn noted<T, E>(layer: Layer, result: Result<T, E>) -> Result<T, E> {
    if result.is_ok() {
        passed(layer, 1)
    } else {
        refused(layer, 1)
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_has_the_counter_of_its_name() {
        for (place, (layer, _)) in LAYERS.iter().enumerate() {
            assert_eq!(*layer as usize, place);
        }
    }
}
