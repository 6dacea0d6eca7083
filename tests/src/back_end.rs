//! A back end of URL authentication, in Python.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::wait;

/// What it knows and says is in there.
const SCRIPT: &str = include_str!("back_end/back_end.py");

/// The back end at work.
#[derive(Debug)]
pub struct BackEnd {
    child: Child,
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A request that it got: its path, its `Authorization`, and the fields of its
/// form, none of which came twice.
#[derive(Debug, Clone)]
pub struct Request(Value);

impl BackEnd {
    /// Starts it on a port of the system's choice.
    ///
    /// # Panics
    ///
    /// There is no `python3`.
    pub fn start() -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.next().expect("the back end did not start").parse().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for line in lines {
                kept.lock().unwrap().push(Request(serde_json::from_str(&line).unwrap()));
            }
        });
        Self { child, port, requests }
    }

    /// A URL on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The table of a manifest's egress that names it for these actions.
    pub fn table(&self, actions: &[&str]) -> String {
        let key = |action| format!("{action} = \"{}\"\n", self.url("/auth.php?key=1"));
        format!("[egress.auth]\n{}", actions.iter().map(key).collect::<String>())
    }

    /// The requests with an action, in the order of their arrival.
    pub fn requests(&self, action: &str) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        let has = |request: &&Request| request.field("action") == action;
        requests.iter().filter(has).cloned().collect()
    }

    /// All requests.
    pub fn all(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until there were so many requests with an action.
    pub async fn until(&self, action: &str, count: usize) -> Vec<Request> {
        let there = || async { Some(self.requests(action)).filter(|all| all.len() >= count) };
        wait::until(action, there).await
    }
}

impl Request {
    /// Its path with the query.
    pub fn path(&self) -> &str {
        self.0["path"].as_str().unwrap()
    }

    /// Its `Authorization`.
    pub fn authorization(&self) -> Option<&str> {
        self.0["authorization"].as_str()
    }

    /// A field; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        self.0["form"][name].as_str().unwrap_or_default()
    }

    /// The names of its fields, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.0["form"].as_object().unwrap().keys().collect();
        names.sort();
        names.into_iter().map(String::as_str).collect()
    }
}

impl Drop for BackEnd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
