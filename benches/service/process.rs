//! The processes that are measured: each of its own, ended with what started it.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::load::{Connection, get};

/// Makes this program one of the servers that are measured or measured with.
pub const ROLE: &str = "BENCH_ROLE";

pub struct Server {
    /// `127.0.0.1:<port>`
    pub address: String,
    process: Child,
    folder: PathBuf,
}

/// The binary of the product: the one in `BENCH_PRODUCT`, since the one that is built with a benchmark has
/// its dependencies' features, too.
pub fn binary() -> PathBuf {
    std::env::var_os("BENCH_PRODUCT").map_or_else(|| env!("CARGO_BIN_EXE_mcp-odoo").into(), PathBuf::from)
}

/// Where all of them keep their files until the end: ext4 without a journal is slow to make files for a while
/// after many were removed.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| TempDir::new().unwrap().keep())
}

/// A folder that is no disk, where the system has one.
pub fn in_memory() -> Option<TempDir> {
    TempDir::new_in("/dev/shm").ok()
}

/// The product, with nothing in its environment but this.
pub fn product(env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary());
    command.env_clear().envs(env.iter().copied());
    command
}

/// This program in another role.
pub fn role(role: &str, env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env_clear().env(ROLE, role).envs(env.iter().copied());
    command
}

impl Server {
    pub async fn product(env: &[(&str, &str)]) -> Self {
        Self::start(product(env), "/health").await
    }

    pub async fn role(name: &str, env: &[(&str, &str)]) -> Self {
        Self::start(role(name, env), "/").await
    }

    /// Ready when this path is answered, whatever the answer is.
    pub async fn start(command: Command, path: &str) -> Self {
        let mut server = Self::spawn(command).await;
        let started = Instant::now();
        while !server.answers(path).await {
            assert!(server.process.try_wait().unwrap().is_none(), "it ended; see {:?}", server.said());
            assert!(started.elapsed() < Duration::from_secs(20), "it does not answer");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        server
    }

    async fn spawn(mut command: Command) -> Self {
        let folder = TempDir::new_in(root()).unwrap().keep();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let log = std::fs::File::create(folder.join("stderr")).unwrap();
        command.env("PORT", free.port().to_string()).current_dir(&folder).kill_on_drop(true);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { address: free.to_string(), process, folder }
    }

    async fn answers(&self, path: &str) -> bool {
        match Connection::try_open(&self.address).await {
            Ok(mut connection) => connection.try_ask(&get(path)).await.is_ok(),
            Err(_) => false,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(&self.address).await
    }

    /// MB that it holds now, or NaN where the system does not tell.
    pub fn resident(&self) -> f64 {
        memory(self.process.id().unwrap(), "VmRSS:")
    }

    /// The most MB that it ever held.
    pub fn peak(&self) -> f64 {
        memory(self.process.id().unwrap(), "VmHWM:")
    }

    /// Seconds of processor time that it has taken.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id().unwrap()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        // Linux counts them in hundredths of a second for all programs.
        ticks(11).zip(ticks(12)).map_or(f64::NAN, |(user, system)| (user + system) / 100.0)
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder().join("stderr")).unwrap()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub async fn end(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// MB, from a line of `/proc/<id>/status`.
pub fn memory(id: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0 / 1e6)
}

/// How the product reaches an Odoo of ours.
pub fn odoo_env(url: &str) -> Vec<(&str, &str)> {
    vec![
        ("ODOO_URL", url),
        ("ODOO_DB", "sandbox"),
        ("ODOO_LOGIN", "admin"),
        ("ODOO_API_KEY", "sandbox"),
        ("ODOO_PROTOCOL", "jsonrpc"),
    ]
}

/// A library that makes `fsync` do nothing, for the same binary on the same disk; `None` where it
/// cannot be made.
pub fn without_fsync(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("nosync.c"), folder.join("nosync.so"));
    std::fs::write(&source, "int fsync(int f){return 0;}\nint fdatasync(int f){return 0;}\n").unwrap();
    let arguments =
        [OsStr::new("-shared"), "-fPIC".as_ref(), "-o".as_ref(), library.as_ref(), source.as_ref()];
    let made = std::process::Command::new("cc").args(arguments).status();
    (cfg!(target_os = "linux") && made.is_ok_and(|status| status.success())).then_some(library)
}
