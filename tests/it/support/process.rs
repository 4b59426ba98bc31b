//! The real binary: started, listened to, ended.

use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::app::Odoo;

/// Nothing here takes this long, however busy the machine is; a test that hangs fails.
const LIMIT: Duration = Duration::from_secs(180);

/// The binary in this folder, with nothing in its environment.
pub fn binary(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-odoo"));
    command.env_clear().current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn run(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = binary(folder);
    command.args(arguments).envs(env.iter().copied());
    tokio::time::timeout(LIMIT, command.output()).await.expect("the process must end").unwrap()
}

/// What it takes to work with this Odoo.
pub fn odoo_env(odoo: &Odoo) -> Vec<(&'static str, String)> {
    let config = odoo.config(ProtocolChoice::Auto, Duration::from_secs(30));
    vec![
        ("ODOO_URL", config.url.to_string()),
        ("ODOO_DB", config.database),
        ("ODOO_LOGIN", config.login),
        ("ODOO_API_KEY", config.secret.expose_secret().to_owned()),
    ]
}

/// The same, borrowed.
pub fn borrowed<'a>(env: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    env.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// A running child and the lines of its stderr.
pub struct Process {
    child: Child,
    lines: watch::Receiver<Vec<String>>,
}

impl Process {
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, lines) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some(line) = stderr.next_line().await.unwrap() {
                sender.send_modify(|lines| lines.push(line));
            }
        });
        Self { child, lines }
    }

    /// The first line, now or later, with this text.
    pub async fn line(&self, text: &str) -> String {
        let mut lines = self.lines.clone();
        let found = |lines: &Vec<String>| lines.iter().find(|line| line.contains(text)).cloned();
        let seen = tokio::time::timeout(LIMIT, lines.wait_for(|lines| found(lines).is_some())).await;
        let Ok(Ok(seen)) = seen else { panic!("no line has {text:?}: {:#?}", *self.lines.borrow()) };
        found(&seen).unwrap()
    }

    /// Waits until so many lines have this text.
    pub async fn lines(&self, text: &str, count: usize) {
        let mut lines = self.lines.clone();
        let seen = |lines: &Vec<String>| lines.iter().filter(|line| line.contains(text)).count() >= count;
        let seen = tokio::time::timeout(LIMIT, lines.wait_for(seen)).await;
        assert!(matches!(seen, Ok(Ok(_))), "not {count} lines have {text:?}");
    }

    /// Sends SIGTERM.
    pub async fn terminate(&self) {
        self.signal("-TERM").await;
    }

    /// Sends `-TERM`, `-INT`, `-HUP`, ….
    pub async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }

    /// Sends SIGKILL and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end; gives all it has said.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await;
        let status = ended.expect("the process must end").unwrap();
        // The sender is dropped once stderr was read to its end.
        while self.lines.changed().await.is_ok() {}
        (status, self.lines.borrow().join("\n"))
    }
}

/// A server that listens.
pub struct Server {
    pub process: Process,
    pub url: String,
}

impl Server {
    /// On a free port; its log files are in `logs` below the folder.
    pub async fn start(folder: &Path, env: &[(&str, &str)]) -> Self {
        let mut command = binary(folder);
        command.env("PORT", "0").envs(env.iter().copied());
        let process = Process::spawn(command);
        let line = process.line("listening on http://").await;
        let url = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        Self { process, url }
    }

    /// In front of this Odoo.
    pub async fn start_with(folder: &Path, odoo: &Odoo, more: &[(&str, &str)]) -> Self {
        let env = odoo_env(odoo);
        Self::start(folder, &[&borrowed(&env), more].concat()).await
    }
}
