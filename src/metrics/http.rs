//! The HTTP around it: one request a connection, bounded in time, in size and in number.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use prometheus_client::encoding::prometheus_text;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::Exporter;
use crate::server::Readiness;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 16;

/// How long one may take, from its first byte to its last.
const TIME: Duration = Duration::from_secs(5);

/// The most bytes of a request, the head of which is all that is read.
const REQUEST: usize = 8 * 1024;

/// Text for people.
const PLAIN: &str = "text/plain; charset=utf-8";

impl Exporter {
    /// Answers those who connect here, until it is dropped.
    pub async fn serve(self: Arc<Exporter>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let exporter = Arc::clone(&self);
                    tokio::spawn(async move {
                        exporter.converse(stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    debug!(%error, "cannot accept a connection for metrics");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn converse(&self, stream: TcpStream) {
        let service = service_fn(async |request| Ok::<_, Infallible>(self.answer(&request)));
        let conversation = http1::Builder::new()
            .keep_alive(false)
            .max_buf_size(REQUEST)
            .serve_connection(TokioIo::new(stream), service);
        match timeout(TIME, conversation).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "a request for metrics failed"),
            Err(_elapsed) => debug!("a request for metrics took too long"),
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<String> {
        if request.method() != Method::GET {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            return response;
        }
        // It takes the room's lock, also to answer that the process lives.
        match (request.uri().path(), self.stats.readiness()) {
            ("/metrics", _) => match self.metrics() {
                Ok(page) => response(StatusCode::OK, prometheus_text::CONTENT_TYPE, page),
                Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written"),
            },
            ("/healthz", _) => plain(StatusCode::OK, "alive"),
            ("/readyz", Readiness::Ready) => plain(StatusCode::OK, "ready"),
            ("/readyz", Readiness::Waiting) => plain(StatusCode::SERVICE_UNAVAILABLE, "waiting for the journal"),
            ("/readyz", Readiness::Full) => plain(StatusCode::SERVICE_UNAVAILABLE, "full"),
            ("/readyz", Readiness::Stopping) => plain(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            _ => plain(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz"),
        }
    }
}

fn plain(status: StatusCode, text: &str) -> Response<String> {
    response(status, PLAIN, format!("{text}\n"))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
