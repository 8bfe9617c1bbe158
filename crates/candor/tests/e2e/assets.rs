//! The dashboard's files.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use crate::server::Server;

/// The head and body of an answer to a browser.
fn open(server: &Server, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let ask =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[test]
fn a_browser_gets_the_page_and_a_program_gets_the_problem() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let built = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist/index.html"));
    let browser = "text/html,*/*";
    let pages =
        [("/", browser), ("/", "*/*"), ("/trends?last=7", browser), ("/no/such/page", browser)];
    for (path, accept) in pages {
        let (head, body) = open(&server, path, accept);
        if built.exists() {
            assert!(
                head.starts_with("http/1.1 200") && body.contains("<div id=\"root\">"),
                "{head}"
            );
            assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
            assert!(head.contains("cache-control: no-cache"), "{head}");
        } else {
            assert!(head.starts_with("http/1.1 404") && body.contains("make build"), "{head}");
        }
    }
    for (path, accept) in
        [("/trends", "*/*"), ("/api/v1/nothing", "text/html"), ("/assets/x.js", "*/*")]
    {
        let (head, _) = open(&server, path, accept);
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        assert!(head.contains("application/problem+json"), "{path}: {head}");
    }
    let (head, _) = open(&server, "/assets/..%2f..%2fCargo.toml", "*/*");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    // Answers of the API are kept by no cache.
    let (head, _) = open(&server, "/api/v1/account", "application/json");
    assert!(head.contains("cache-control: no-store") && head.contains("nosniff"), "{head}");
}
