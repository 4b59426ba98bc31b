//! An S3 store that others wrote (`s3s-fs`), on a real socket; it can go away, come back, hang and refuse.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use mcp_odoo::config::{Config, Env};
use mcp_odoo_archive::S3Config;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub const BUCKET: &str = "mcp-logs";
pub const KEY: &str = "AKIAFORTESTS";
pub const SECRET: &str = "geheim-0815";
/// What the stand-in for STS and for the metadata of containers gives.
pub const ROLE_KEY: &str = "ASIAFROMROLE";
pub const ROLE_SECRET: &str = "geheim-role";
pub const ROLE_TOKEN: &str = "geheim-token";

/// How a request is met.
#[derive(Clone)]
pub enum Reaction {
    /// As the store does.
    Serve,
    /// The same, once there is a permit.
    ServeAfter(Arc<Semaphore>),
    /// The answer never comes.
    Hang,
    /// The connection is cut before the store hears of it.
    Cut,
    /// The store does it, then the connection is cut.
    CutAfter,
    /// Refused with this status and S3's code, as AWS would.
    Refuse(u16, &'static str),
    /// With exactly this.
    Answer(u16, &'static str, String),
}

/// A request that was met.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
}

type Plan = Box<dyn FnMut(&Method, &str) -> Reaction + Send>;

/// The store; it goes away when dropped.
pub struct S3 {
    pub address: SocketAddr,
    root: TempDir,
    shared: Arc<Shared>,
    /// Keeps the port while nobody listens.
    _port: TcpSocket,
    listening: Mutex<Option<DropGuard>>,
}

struct Shared {
    service: S3Service,
    plan: Mutex<Plan>,
    seen: watch::Sender<Vec<Seen>>,
    /// Requests under way by key, and the most at once.
    under_way: Mutex<BTreeMap<String, usize>>,
    most: Mutex<usize>,
}

fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    #[cfg(unix)]
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

impl S3 {
    /// With one empty bucket.
    pub fn start() -> Self {
        let root = TempDir::new().unwrap();
        std::fs::create_dir(root.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root.path()).unwrap());
        let mut auth = SimpleAuth::from_single(KEY, SECRET);
        auth.register(ROLE_KEY.to_owned(), ROLE_SECRET.into());
        service.set_auth(auth);
        let shared = Arc::new(Shared {
            service: service.build(),
            plan: Mutex::new(Box::new(|_, _| Reaction::Serve)),
            seen: watch::Sender::default(),
            under_way: Mutex::default(),
            most: Mutex::default(),
        });
        let port = socket((Ipv4Addr::LOCALHOST, 0).into());
        let address = port.local_addr().unwrap();
        let s3 = Self { address, root, shared, _port: port, listening: Mutex::default() };
        s3.up();
        s3
    }

    /// Nobody listens any more, and open connections end.
    pub fn down(&self) {
        self.listening.lock().unwrap().take();
    }

    /// It listens again, on the same port.
    pub fn up(&self) {
        let listener = socket(self.address).listen(128).unwrap();
        let stop = CancellationToken::new();
        let serving = accept(listener, Arc::clone(&self.shared), stop.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        *self.listening.lock().unwrap() = Some(stop.drop_guard());
    }

    /// From now on.
    pub fn plan(&self, plan: impl FnMut(&Method, &str) -> Reaction + Send + 'static) {
        *self.shared.plan.lock().unwrap() = Box::new(plan);
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it takes to use it.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("S3_LOGS_BUCKET", BUCKET.to_owned()),
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The same, read, with short pauses.
    pub fn config(&self) -> S3Config {
        let env: Env = self.env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let config = Config::from_env(&env).unwrap().s3.unwrap();
        let (first_retry, longest_retry) = (Duration::from_millis(5), Duration::from_millis(50));
        S3Config { first_retry, longest_retry, ..config }
    }

    /// The requests that were met so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.borrow().clone()
    }

    /// The most requests that were under way at once.
    pub fn most_at_once(&self) -> usize {
        *self.shared.most.lock().unwrap()
    }

    /// Where the store keeps the bucket.
    pub fn objects_folder(&self) -> PathBuf {
        self.root.path().join(BUCKET)
    }

    /// Everything in the bucket by key, as it is on the store's disk.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let bucket = self.objects_folder();
        let mut objects = BTreeMap::new();
        walk(&bucket, &mut |path| {
            let key = path.strip_prefix(&bucket).unwrap().to_str().unwrap().to_owned();
            // s3s-fs writes beside the place, then renames.
            if let Ok(content) = std::fs::read(path) {
                objects.insert(key, content);
            }
        });
        objects
    }

    /// The log of this quotation in the bucket.
    pub fn log(&self, id: &str) -> Option<Value> {
        let suffix = format!("_{id}.log");
        let (_, content) = self.objects().into_iter().find(|(key, _)| key.ends_with(&suffix))?;
        serde_json::from_slice(&content).ok()
    }

    /// Waits until it is so, now or after some request.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        let waiting = async {
            while !is_so(self) {
                seen.changed().await.unwrap();
            }
        };
        let met = tokio::time::timeout(Duration::from_secs(30), waiting).await;
        met.unwrap_or_else(|_| panic!("never {what}: {:#?}", self.objects().keys()));
    }

    /// Waits until the log files of this folder are in the bucket as they are.
    pub async fn until_mirrors(&self, logs: &Path) {
        // A log may still change meanwhile.
        self.until("a mirror", |s3| s3.objects() == mirrored(logs)).await;
    }
}

/// What the bucket must hold for this log folder.
pub fn mirrored(logs: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(logs).unwrap().map(|entry| entry.unwrap().path());
    let logs = entries.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let key = format!("mcp-odoo-logs/{}/{}/{name}", &name[..4], &name[5..7]);
        (key, std::fs::read(&path).unwrap())
    })
    .collect()
}

fn walk(folder: &Path, each: &mut impl FnMut(&PathBuf)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, each) } else { each(&path) }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let serve = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.meet(request).await }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            // One that breaks is what an outage looks like from here.
            let _ = connection.await;
        }));
    }
}

impl Shared {
    async fn meet(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let seen = Seen { method: method.clone(), path: path.clone(), headers: request.headers().clone() };
        let reaction = (self.plan.lock().unwrap())(&method, &path);
        let _under_way = UnderWay::new(self, &method, &path);
        let answer = match reaction {
            Reaction::Serve => self.serve(request).await?,
            Reaction::ServeAfter(permits) => {
                permits.acquire().await.unwrap().forget();
                self.serve(request).await?
            }
            Reaction::Hang => {
                self.seen.send_modify(|all| all.push(seen));
                std::future::pending::<Infallible>().await;
                return Err(io::Error::other("never"));
            }
            Reaction::Cut => return Err(io::Error::other("cut on purpose")),
            Reaction::CutAfter => {
                self.serve(request).await?;
                return Err(io::Error::other("cut on purpose"));
            }
            Reaction::Refuse(status, code) => refusal(status, code),
            Reaction::Answer(status, content_type, body) => {
                let answer = Response::builder().status(status).header("content-type", content_type);
                answer.body(Body::from(body)).unwrap()
            }
        };
        self.seen.send_modify(|all| all.push(seen));
        Ok(answer)
    }

    async fn serve(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        self.service
            .call(request.map(Body::from))
            .await
            .map_err(|error| io::Error::other(format!("{error:?}")))
    }
}

/// Counts, and sees that no object is written by two at once.
struct UnderWay<'a> {
    shared: &'a Shared,
    path: String,
}

impl<'a> UnderWay<'a> {
    fn new(shared: &'a Shared, method: &Method, path: &str) -> Self {
        let mut under_way = shared.under_way.lock().unwrap();
        *under_way.entry(path.to_owned()).or_default() += 1;
        if *method == Method::PUT {
            assert_eq!(under_way[path], 1, "two uploads of {path} at once");
        }
        let now: usize = under_way.values().sum();
        let mut most = shared.most.lock().unwrap();
        *most = now.max(*most);
        Self { shared, path: path.to_owned() }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.shared.under_way.lock().unwrap();
        *under_way.get_mut(&self.path).unwrap() -= 1;
    }
}

/// As AWS documents it: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
fn refusal(status: u16, code: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>No</Message><RequestId>1</RequestId></Error>"
    );
    let answer = Response::builder()
        .status(status)
        .header("content-type", "application/xml")
        .header("x-amz-bucket-region", "eu-south-2");
    answer.body(Body::from(body)).unwrap()
}
