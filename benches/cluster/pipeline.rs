//! Single messages in a window, beside one batch in flight: what NATS itself takes.
//!
//! The journal has one record in flight, into the next of which all lines gather. This is what
//! it would have with a record for each line and so many of them in flight.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Result;
use super::cluster::Nats;

/// The bytes of a line of the load.
const LINE: usize = 76;

const LASTS: Duration = Duration::from_secs(3);

pub(super) fn compare() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    for replicas in [1, 3] {
        let nats = Nats::start(replicas)?;
        let context = runtime.block_on(stream(&nats.urls(), replicas))?;
        for (lines, window) in [(1, 1), (1, 16), (1, 256), (1, 1024), (64, 1), (1024, 1)] {
            let records = runtime.block_on(publish(&context, lines, window))?;
            let lines_a_second = records * f64::from(lines);
            println!(
                "R{replicas} records of {lines:4} lines, {window:4} in flight: {records:7.0} records/s, {lines_a_second:8.0} lines/s"
            );
        }
    }
    Ok(())
}

async fn stream(urls: &str, replicas: usize) -> Result<jetstream::Context> {
    let client = async_nats::connect(urls.split(',').collect::<Vec<_>>()).await?;
    let context = jetstream::new(client);
    let subjects = vec!["lines".to_owned()];
    let config = Config { name: "lines".to_owned(), subjects, num_replicas: replicas, ..Config::default() };
    context.create_stream(config).await?;
    Ok(context)
}

/// Publishes for a while; gives how many records a second NATS has taken.
async fn publish(context: &jetstream::Context, lines: u32, window: usize) -> Result<f64> {
    let payload = Bytes::from(vec![b'x'; LINE * usize::try_from(lines)?]);
    let start = Instant::now();
    let marks = (0_u64..).take_while(|_| start.elapsed() < LASTS);
    let records = stream::iter(marks).map(|mark| {
        let id = format!("{lines}/{window}/{mark}");
        let message = PublishMessage::build().payload(payload.clone()).message_id(id);
        async { context.send_publish("lines", message).await?.await }
    });
    let taken = records.buffered(window).try_fold(0_u32, |taken, _| async move { Ok(taken + 1) }).await?;
    Ok(f64::from(taken) / start.elapsed().as_secs_f64())
}
