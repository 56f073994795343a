//! The service as a call meets it, and the settings of whoever calls.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use signpath_sandbox::{
    Builder, Fault, KeyType, PolicyConfig, Request, Route, Sandbox, ServerCertificate,
};

use super::caller::{Act, Call, Caller};
use super::servers::{FullQueue, Peer};
use super::table::{Budget, Made, Row};
use crate::harness::{Workplace, sandbox_builder};

/// The one policy; a short list is soon sent, byte by byte too.
pub(super) const POLICY: &str = "demo/ec";

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Http {
    One,
    Two,
}

/// What there is for one call.
pub(super) struct Scene {
    peer: Service,
    /// Beside those of the service.
    variables: Vec<(String, String)>,
    /// The words before those of a program.
    runner: Vec<String>,
    pub(super) place: Workplace,
}

/// Who is at the service's address, or on the way there.
enum Service {
    Sandbox(Box<Sandbox>),
    Peer(Peer),
    FullQueue { _kept: FullQueue },
    Nobody,
}

impl Scene {
    /// The scene of a row, before the call.
    pub(super) fn of(row: &Row, call: Call, http: Http) -> Self {
        let mut scene = match row.made {
            Made::Way(make) => make(),
            Made::Answer(_) | Made::ListBefore(_) | Made::Place(_) => Self::healthy(http),
        };
        scene.set_limits(row.budget, http);
        let times = match row.budget {
            Budget::Counted if row.repeats.works() => 1,
            Budget::Counted | Budget::Patient => row.repeats.attempts(call),
            Budget::Time => usize::MAX,
        };
        match (&row.made, &scene.peer) {
            (Made::Answer(make), Service::Sandbox(sandbox)) => {
                sandbox.inject(make(Fault::on(route(call))).times(times));
            }
            (Made::ListBefore(make), Service::Sandbox(sandbox)) => {
                sandbox.inject(make(Fault::on(Route::MySigningPolicies)));
            }
            _ => {}
        }
        if let Made::Place(change) = row.made {
            change(&mut scene);
        }
        scene
    }

    fn healthy(http: Http) -> Self {
        Self::with_sandbox(|builder| match http {
            Http::One => builder.tls().http1_only(),
            Http::Two => builder.tls(),
        })
    }

    fn with_sandbox(change: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = sandbox_builder().policies([PolicyConfig::new(POLICY, KeyType::P256)]);
        let sandbox = change(builder).start().expect("a sandbox");
        let variables = sandbox.environment();
        Self {
            peer: Service::Sandbox(Box::new(sandbox)),
            variables,
            runner: Vec::new(),
            place: Workplace::new(),
        }
    }

    pub(super) fn showing(certificate: ServerCertificate) -> Self {
        Self::with_sandbox(|builder| builder.server_certificate(certificate))
    }

    pub(super) fn without_a_client_certificate() -> Self {
        Self::with_sandbox(Builder::require_client_certificate)
    }

    pub(super) fn of_an_unknown_ca() -> Self {
        let mut scene = Self::with_sandbox(Builder::tls);
        scene.variables.retain(|(name, _)| name != "SIGNPATH_TLS_CA_CERTIFICATE");
        scene
    }

    fn elsewhere(peer: Service, url: &str) -> Self {
        let mut scene = Self::with_sandbox(Builder::tls);
        // The sandbox takes its file along when it goes.
        let root = scene.sandbox().and_then(Sandbox::ca_certificate_pem).expect("it has TLS");
        let root = scene.place.write("root.pem", root).display().to_string();
        scene.set("SIGNPATH_TLS_CA_CERTIFICATE", &root);
        scene.set("SIGNPATH_API_URL", url);
        scene.peer = peer;
        scene
    }

    fn at(peer: Service, address: SocketAddr) -> Self {
        Self::elsewhere(peer, &format!("https://{address}/Api"))
    }

    pub(super) fn refusing() -> Self {
        let scene = Self::with_sandbox(Builder::tls);
        if let Service::Sandbox(sandbox) = &scene.peer {
            sandbox.stop();
        }
        scene
    }

    pub(super) fn silent() -> Self {
        let peer = Peer::silent();
        let address = peer.address();
        Self::at(Service::Peer(peer), address)
    }

    pub(super) fn with_a_full_queue() -> Self {
        let queue = FullQueue::new();
        let address = queue.address();
        Self::at(Service::FullQueue { _kept: queue }, address)
    }

    /// A label of more than 63 bytes is in no DNS (RFC 1035 §2.3.4): the system's resolver says so and asks nobody.
    pub(super) fn without_an_address() -> Self {
        let url = format!("https://{}.invalid/Api", "a".repeat(64));
        let mut scene = Self::elsewhere(Service::Nobody, &url);
        scene.set("no_proxy", "*");
        scene
    }

    /// A resolver that takes every question and answers none, in a network of the program's own.
    pub(super) fn without_a_resolver() -> Self {
        let mut scene = Self::elsewhere(Service::Nobody, "https://service.invalid/Api");
        scene.set("no_proxy", "*");
        scene.runner = silent_resolver(&scene.place.path("tmp"));
        scene
    }

    pub(super) fn expired_a_day_ahead() -> Self {
        let mut scene = Self::showing(ServerCertificate::Brief);
        scene.a_day_ahead();
        scene
    }

    pub(super) fn behind_a_proxy(status: &'static str) -> Self {
        Self::behind(Peer::proxy(status))
    }

    pub(super) fn behind_a_silent_proxy() -> Self {
        Self::behind(Peer::silent())
    }

    fn behind(proxy: Peer) -> Self {
        let url = format!("http://{}", proxy.address());
        let mut scene = Self::elsewhere(Service::Peer(proxy), "https://service.invalid/Api");
        scene.set("https_proxy", &url);
        scene
    }

    /// A folder cannot be made below a file, whoever asks.
    fn below_a_file(&self) -> String {
        self.place.write("file", "").join("folder").display().to_string()
    }

    pub(super) fn without_a_log_file(&mut self) {
        let folder = self.below_a_file();
        self.set("SIGNPATH_LOG_FILE_LEVEL", "verbose");
        self.set("SIGNPATH_LOG_FILE_DIRECTORY", &folder);
    }

    pub(super) fn without_folders(&mut self) {
        let folder = self.below_a_file();
        self.set("XDG_CACHE_HOME", &folder);
        self.set("XDG_STATE_HOME", &folder);
    }

    /// Everything that is written goes to a file system without room. It is there for the program alone, in a name space of
    /// its own, so that nobody has to be root.
    pub(super) fn with_a_full_disk(&mut self) {
        let disk = self.place.path("tmp").display().to_string();
        let mounted = "mount -t tmpfs -o size=4k,mode=700 none \"$0\" && head -c 4096 /dev/zero >\"$0/all\" && exec \"$@\"";
        self.runner = [&NAME_SPACE[..], &["sh", "-c", mounted, &disk]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect();
        self.set("XDG_CACHE_HOME", &disk);
        self.set("XDG_STATE_HOME", &disk);
        self.set("SIGNPATH_LOG_FILE_LEVEL", "verbose");
        self.set("SIGNPATH_LOG_FILE_DIRECTORY", &disk);
    }

    pub(super) fn a_day_ahead(&mut self) {
        self.at_another_time("+1d");
    }

    pub(super) fn a_day_behind(&mut self) {
        self.at_another_time("-1d");
    }

    fn at_another_time(&mut self, offset: &str) {
        let library = faketime().expect("the row is left out without it");
        self.set("LD_PRELOAD", &library.display().to_string());
        self.set("FAKETIME", offset);
        self.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }

    fn set_limits(&mut self, budget: Budget, http: Http) {
        let (total, attempt) = budget.seconds();
        self.set("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", &total.to_string());
        // The older name of each setting with one version of HTTP, the newer with the other.
        let name = match http {
            Http::One => "SIGNPATH_TIMEOUTS_HTTP_REQUEST",
            Http::Two => "SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS",
        };
        self.set(name, &attempt.to_string());
        self.set("SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY", "0.05");
        if budget == Budget::Counted {
            self.set("SIGNPATH_TIMEOUTS_RETRY_COUNT", "2");
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn runner(&self) -> &[String] {
        &self.runner
    }

    /// A program in this place.
    pub(super) fn command(&self, program: &Path) -> Command {
        let program = program.display().to_string();
        let mut words = self.runner.iter().chain([&program]);
        let mut command = self.place.command(words.next().expect("a program"));
        command.args(words);
        command
    }

    pub(super) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    pub(super) fn sandbox(&self) -> Option<&Sandbox> {
        match &self.peer {
            Service::Sandbox(sandbox) => Some(sandbox),
            Service::Peer(_) | Service::FullQueue { .. } | Service::Nobody => None,
        }
    }

    /// The requests of this call that the sandbox has had.
    pub(super) fn requests(&self, call: Call) -> Vec<Request> {
        let requests = self.sandbox().map(Sandbox::requests).unwrap_or_default();
        requests.into_iter().filter(|request| request.route == Some(route(call))).collect()
    }

    /// The connections that whoever is there has had; `None` where nobody can count them.
    pub(super) fn connections(&self) -> Option<usize> {
        match &self.peer {
            Service::Sandbox(sandbox) => Some(sandbox.connections()).filter(|count| *count > 0),
            Service::Peer(peer) => Some(peer.accepted()),
            Service::FullQueue { .. } | Service::Nobody => None,
        }
    }
}

impl Budget {
    /// The total, and the time of an attempt.
    pub(super) fn seconds(self) -> (f64, f64) {
        match self {
            Self::Counted => (8.0, 2.0),
            Self::Time => (3.0, 1.0),
            Self::Patient => (150.0, 30.0),
        }
    }
}

/// The route that a call is about.
fn route(call: Call) -> Route {
    match (call.act, call.by) {
        (Act::Read, _) => Route::MySigningPolicies,
        (Act::Sign, Caller::Command) => Route::SubmitWithArtifact,
        (Act::Sign, _) => Route::SignHash,
    }
}

/// A program may mount what it likes behind this.
const NAME_SPACE: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

/// Whether this system lets a user have such a name space.
pub(super) fn can_mount() -> bool {
    let [program, words @ ..] = NAME_SPACE;
    let status = Command::new(program).args(words).arg("true").stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The words before a program that asks for names in a network where port 53 takes everything and answers nothing: the
/// program inherits the socket and never reads it. `folder` is for the resolver's configuration.
fn silent_resolver(folder: &Path) -> Vec<String> {
    let resolver = "ip link set lo up && printf 'nameserver 127.0.0.1\noptions timeout:3 attempts:1\n' >\"$0/resolv.conf\" \
                    && mount --bind \"$0/resolv.conf\" /etc/resolv.conf && exec perl -MSocket -e \
                    '$^F = 99; socket(S, PF_INET, SOCK_DGRAM, 0) && bind(S, sockaddr_in(53, INADDR_LOOPBACK)) && exec @ARGV' \"$@\"";
    let words = [&NAME_SPACE[..], &["--net", "sh", "-c", resolver, &folder.display().to_string()]];
    words.concat().into_iter().map(str::to_owned).collect()
}

/// Whether this system has what [`silent_resolver`] needs.
pub(super) fn can_silence_the_resolver() -> bool {
    let place = Workplace::new();
    let words = silent_resolver(&place.path("tmp"));
    let mut command = Command::new(&words[0]);
    let status = command.args(&words[1..]).arg("true").stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// libfaketime, where it is installed.
pub(super) fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    let paths = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    paths.into_iter().find(|path| path.is_file())
}
