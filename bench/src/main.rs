//! Load on a real shop over HTTP, and what it did with it. Everything runs on this machine, on loopback.

mod allocations;
mod connection;
mod crowd;
mod flat;
mod load;
mod memory;
mod neighbours;
mod orders;
mod overload;
mod percentiles;
mod process;
mod shop;
mod slow_disk;
mod soak;

use clap::{Parser, Subcommand};

/// What went wrong, in words.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Orders on one hot item, each of another shopper with a pass of its own: accepted and durable ones a second
    Orders(orders::Plan),
    /// A whole sale with its crowd, from the open page to the payment: who hears what, how soon, at what cost
    Crowd(crowd::Plan),
    /// Many times more shoppers than can be served, or a disk that has become slow: who is served in time all the same
    Overload(overload::Plan),
    /// A stampede on one item, and what the shoppers at another notice of it
    Neighbours(neighbours::Plan),
    /// What an order and a poll cost by the stock, and by how many are in the line before them
    Flat(flat::Plan),
    /// What the server weighs at rest, with many idle connections, and with many orders in a line
    Memory(memory::Plan),
    /// How often one request of each kind asks the allocator for memory; needs root
    Allocations(allocations::Plan),
    /// An hour of mixed load, and whether memory, descriptors, threads or tasks grow in it
    Soak(soak::Plan),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    match Args::parse().what {
        What::Orders(plan) => orders::run(&plan).await,
        What::Crowd(plan) => crowd::run(&plan).await,
        What::Overload(plan) => overload::run(&plan).await,
        What::Neighbours(plan) => neighbours::run(&plan).await,
        What::Flat(plan) => flat::run(&plan).await,
        What::Memory(plan) => memory::run(&plan).await,
        What::Allocations(plan) => allocations::run(&plan).await,
        What::Soak(plan) => soak::run(&plan).await,
    }
}
