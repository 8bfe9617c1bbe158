//! A server of the tests' own that takes webhooks: it notes each, and answers as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request that came, whatever was answered.
#[derive(Clone)]
pub struct Post {
    /// Of its header `webhook-id`.
    pub id: String,
    pub body: String,
}

/// What is answered: a status line with headers; none closes without a word.
pub type Said = Option<&'static str>;

pub const TAKEN: Said = Some("204 No Content");

pub struct Hook {
    pub port: u16,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Hook {
    /// `rule` is told how many requests came before.
    pub fn with(rule: impl Fn(usize) -> Said + Send + Sync + 'static) -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let posts: Arc<Mutex<Vec<Post>>> = Arc::default();
        let (shared, rule) = (posts.clone(), Arc::new(rule));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, posts, rule) = (stream.unwrap(), shared.clone(), rule.clone());
                std::thread::spawn(move || talk(&stream, &*rule, &posts));
            }
        });
        Hook { port, posts }
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// How often each message came.
    pub fn times(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for post in self.posts() {
            *times.entry(post.id).or_default() += 1;
        }
        times
    }
}

fn talk(
    mut stream: &TcpStream,
    rule: &dyn Fn(usize) -> Said,
    posts: &Mutex<Vec<Post>>,
) -> Option<()> {
    let mut input = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            (input.read_line(&mut line).ok()? > 0).then_some(())?;
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.trim_end().split_once(": ") {
                match name.to_lowercase().as_str() {
                    "webhook-id" => id = value.to_owned(),
                    "content-length" => length = value.parse().ok()?,
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body).ok()?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let before = {
            let mut posts = posts.lock().unwrap();
            posts.push(Post { id, body });
            posts.len() - 1
        };
        let said = rule(before)?;
        let answer = format!("HTTP/1.1 {said}\r\nContent-Length: 0\r\n\r\n");
        // A 204 has no length.
        let answer = match said.starts_with("204") {
            true => format!("HTTP/1.1 {said}\r\n\r\n"),
            false => answer,
        };
        stream.write_all(answer.as_bytes()).ok()?;
    }
}
