//! Errors of the JSON API, as RFC 9457 problems. The only place that knows status codes.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use candor_sql::{Asked, Position};
use serde::Serialize;
use serde_json::json;

use crate::refusal::Refusal;
use crate::server::NeverOpens;

/// What went wrong with a request, in words that say what to change. Holds nothing of the body.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    position: Option<Position>,
}

/// A place in a JSON body and what is wrong there.
#[derive(Debug, Serialize)]
pub struct FieldError {
    /// RFC 6901 pointer.
    pub pointer: String,
    /// What should be there.
    pub message: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
            position: None,
        }
    }

    /// What went wrong, in words.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The body or query cannot be understood; `errors` say where.
    pub fn bad_request(detail: impl Into<String>, errors: Vec<FieldError>) -> Problem {
        Problem { errors, ..Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail) }
    }

    /// No credentials, or none that hold.
    pub fn unauthorized() -> Problem {
        let detail = "send an API token as 'Authorization: Bearer …', or log in";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// No such publisher, or a wrong passcode; answered alike, in the words of CleverTap.
    pub fn unknown_account() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "Account ID is not valid")
    }

    /// The ids name nobody of whom anything is held.
    pub fn nobody(detail: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The address is there, for another method.
    pub fn wrong_method() -> Problem {
        let detail = "this address takes another method";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// The e-mail and password do not belong together, or to nobody.
    pub fn wrong_password() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "wrong_password", "the e-mail or password is wrong")
    }

    /// A page of another site asked, by the browser of somebody who may be logged in.
    pub fn cross_site() -> Problem {
        let detail = "this came from a page of another site; send an API token as 'Authorization: \
                      Bearer …' instead";
        Problem::new(StatusCode::FORBIDDEN, "cross_site", detail)
    }

    /// Too many wrong passwords; later again.
    pub fn too_many_attempts(seconds: u32) -> Problem {
        let detail = "too many log-ins of this e-mail failed: come again later";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail);
        Problem { retry_after_s: Some(seconds), ..problem }
    }

    /// The credentials hold, but not for this.
    pub fn forbidden(scope: &str) -> Problem {
        let detail = format!("this token lacks the scope '{scope}'");
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// The question is about what is masked for the caller.
    pub fn masked(scope: &str) -> Problem {
        let detail = format!(
            "a property of this question tells who people are: that needs the scope '{scope}'"
        );
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// Nothing is there, or nothing that the caller may know of.
    pub fn not_found() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
    }

    /// What is asked for does not go with what is there.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, code, detail)
    }

    /// The body is larger than the limit.
    pub fn too_large(limit: usize) -> Problem {
        let detail = format!("the body is larger than {limit} bytes; send smaller batches");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    /// Nothing was kept; the same request may be sent again later.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Problem {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        Problem { retry_after_s: Some(1), ..problem }
    }

    /// Too much at once; the same request may be sent again later.
    pub fn too_many(detail: impl Into<String>) -> Problem {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        Problem { retry_after_s: Some(1), ..problem }
    }

    /// SQL that cannot be answered as it stands.
    fn bad_sql(message: String, position: Option<Position>) -> Problem {
        let errors = vec![FieldError { pointer: "/sql".into(), message: message.clone() }];
        Problem { position, ..Problem::bad_request(message, errors) }
    }

    /// The same of a question that stands within SQL.
    pub fn within_sql(self, asked: &Asked) -> Problem {
        let name = asked.function.name();
        let said = |error: &FieldError| format!("{name} {}: {}", error.pointer, error.message);
        let errors = self
            .errors
            .iter()
            .map(|error| FieldError { pointer: "/sql".into(), message: said(error) });
        let detail = self.errors.first().map(said);
        Problem {
            errors: errors.collect(),
            detail: detail.unwrap_or_else(|| format!("{name}: {}", self.detail)),
            position: Some(asked.position),
            ..self
        }
    }

    /// The same where the question is a part of the body that lies at `place`.
    pub fn within(self, place: &str) -> Problem {
        let own = format!("{place}: {}", self.detail);
        let mut errors: Vec<FieldError> = self
            .errors
            .into_iter()
            .map(|error| FieldError { pointer: format!("{place}{}", error.pointer), ..error })
            .collect();
        let detail = match errors.first() {
            Some(first) => format!("{}: {}", first.pointer, first.message),
            None => own,
        };
        if errors.is_empty() && self.status == StatusCode::BAD_REQUEST {
            errors.push(FieldError { pointer: place.to_owned(), message: self.detail.clone() });
        }
        Problem { errors, detail, ..self }
    }

    /// Our own failure. The cause is traced where it is handled and not told.
    pub fn internal() -> Problem {
        let detail = "the server failed to answer; its traces say why";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl Problem {
    /// The same as CleverTap's REST API says it.
    pub fn in_clevertap_shape(self) -> Response {
        let code = self.status.as_u16();
        let answer = json!({"status": "fail", "error": self.detail, "code": code});
        let mut response = (self.status, Json(answer)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        match refusal {
            Refusal::Overloaded => Problem::too_many("an index of recent records is full"),
            Refusal::Full => {
                Problem::unavailable("log_full", "nothing was kept: the log cannot take more now")
            }
            Refusal::Ends => Problem::from(NeverOpens),
            Refusal::Nobody => {
                let errors = vec![FieldError {
                    pointer: "/identity".into(),
                    message: "an 'identity' or a 'guid'".into(),
                }];
                Problem::bad_request("the ids name nobody", errors)
            }
            Refusal::Internal => Problem::internal(),
        }
    }
}

impl From<NeverOpens> for Problem {
    fn from(_: NeverOpens) -> Problem {
        Problem::unavailable("server_ends", "nothing was kept: the server ends")
    }
}

impl From<candor_catalog::Error> for Problem {
    fn from(error: candor_catalog::Error) -> Problem {
        tracing::error!(%error, "the catalog failed");
        match error.may_pass() {
            true => Problem::unavailable(
                "catalog_unavailable",
                "nothing was changed: the catalog cannot be written now; is the disk full?",
            ),
            false => Problem::internal(),
        }
    }
}

impl From<candor_query::Error> for Problem {
    fn from(error: candor_query::Error) -> Problem {
        match error {
            candor_query::Error::Bad { pointer, message } => {
                Problem::bad_request(message.clone(), vec![FieldError { pointer, message }])
            }
            _ => Problem::unavailable(
                "question_too_long",
                "the question took too long: ask for less time or fewer groups",
            ),
        }
    }
}

impl From<candor_sql::Error> for Problem {
    fn from(error: candor_sql::Error) -> Problem {
        use candor_sql::Error;
        match error {
            Error::Bad { message, position } => Problem::bad_sql(message, position),
            Error::Masked { column, position } => {
                let detail = format!(
                    "the column '{column}' tells who people are: that needs the scope 'people'"
                );
                Problem { position, ..Problem::new(StatusCode::FORBIDDEN, "forbidden", detail) }
            }
            Error::Question { function, source: candor_query::Error::Bad { pointer, message } } => {
                Problem::bad_sql(format!("{function} {pointer}: {message}"), None)
            }
            Error::TooLarge { bytes_max } => {
                let detail = format!(
                    "the statement needs more than {bytes_max} bytes of memory: ask for less time, \
                     fewer columns, groups or rows, or raise sql_memory_max"
                );
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "question_too_large", detail)
            }
            Error::Full => Problem::too_many("answers that nobody has taken yet fill the memory"),
            Error::Failed(kind) => {
                tracing::error!(kind, "a statement of SQL failed");
                Problem::internal()
            }
            _ => candor_query::Error::Cancelled.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("urn:candor:problem:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
        });
        if let Some(Position { line, column }) = self.position {
            body["position"] = json!({"line": line, "column": column});
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
