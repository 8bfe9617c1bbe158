//! Questions whose answer is a grid: RFM and pivot.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_query::{Pivot, Rfm};
use serde_json::Value;

use crate::http::insights::{Settled, answer};
use crate::http::problem::Problem;
use crate::server::Server;

/// `POST /api/v1/insights/rfm`.
pub async fn rfm(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let settled: Settled<Rfm> = |q| (&q.timezone, &mut q.people, &mut []);
    answer(&server, &headers, sent, settled, Rfm::ask).await
}

/// `POST /api/v1/insights/pivot`.
pub async fn pivot(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let settled: Settled<Pivot> = |q| (&q.timezone, &mut q.people, &mut []);
    answer(&server, &headers, sent, settled, Pivot::ask).await
}
