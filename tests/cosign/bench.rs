//! A sandbox, a registry and a place to run cosign in.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use signpath_sandbox::{Builder, Sandbox};

use crate::harness::{
    Ran, Registry, Tool, Workplace, module_path, repository_file, sandbox_builder,
};

/// The keys that are signed with; the sandbox has them in its project `demo`.
pub(crate) const KEYS: [&str; 4] = ["demo/rsa", "demo/ec", "demo/ec384", "demo/nocert"];

/// The versions that everything is tried with.
pub(crate) const VERSIONS: [Version; 2] = [Version::V3, Version::V2];

/// The platforms of an index's images, in their order.
const PLATFORMS: [&str; 20] = [
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/s390x",
    "linux/riscv64",
    "linux/386",
    "linux/arm/v5",
    "linux/arm/v6",
    "linux/loong64",
    "linux/mips",
    "linux/mips64",
    "linux/mips64le",
    "linux/mipsle",
    "linux/ppc64",
    "linux/ppc64le",
    "freebsd/amd64",
    "freebsd/arm64",
    "windows/amd64",
    "windows/arm",
    "windows/arm64",
];

/// A cosign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    V3,
    /// As [`Self::V3`], built without PKCS #11.
    Plain,
    V2,
    Oldest,
}

impl Version {
    pub(crate) fn program(self) -> Tool {
        match self {
            Self::V3 => Tool::CosignV3,
            Self::Plain => Tool::CosignPlain,
            Self::V2 => Tool::CosignV2,
            Self::Oldest => Tool::CosignOldest,
        }
    }

    /// What a bundle is to v3, a signature of its own is to the versions before.
    pub(crate) fn makes_bundles(self) -> bool {
        matches!(self, Self::V3 | Self::Plain)
    }
}

/// What cosign needs around it.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) place: Workplace,
    pub(crate) registry: Registry,
    layer: PathBuf,
    repositories: AtomicUsize,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With a sandbox that is not as the others are.
    pub(crate) fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let sandbox = change(sandbox_builder()).start().expect("a sandbox");
        let place = Workplace::new();
        let registry = Registry::start(&place);
        place.write("hello.txt", "Signed with a key that only the service holds.\n");
        let layer = place.path("layer.tar");
        Ran::of(place.command("tar").arg("-cf").arg(&layer).arg("hello.txt")).succeeds();
        Self { sandbox, place, registry, layer, repositories: AtomicUsize::new(1) }
    }

    /// Pushes an image, its tag `1`, into a repository of its own. Gives its name with the digest.
    pub(crate) fn image(&self) -> String {
        self.append(&format!("{}:1", self.new_repository()))
    }

    /// Pushes an index of this many images of different platforms into a repository of its own. Gives the names with
    /// digests of all manifests, that of the index first.
    pub(crate) fn index(&self, images: usize) -> Vec<String> {
        let repository = self.new_repository();
        let base = self.append(&format!("{repository}:base"));
        let mut manifests: Vec<_> = PLATFORMS[..images]
            .iter()
            .map(|platform| {
                let tag = format!("{repository}:{}", platform.replace('/', "-"));
                self.crane(&["mutate", "--set-platform", platform, "--tag", &tag, &base])
            })
            .collect();
        let tag = format!("{repository}:1");
        let mut words = vec!["index", "append", "--tag", &tag];
        words.extend(manifests.iter().flat_map(|manifest| ["--manifest", manifest]));
        manifests.insert(0, self.crane(&words));
        manifests
    }

    /// The same image or index, with all that an index has, in a repository of its own: nobody has signed it there.
    pub(crate) fn copy_of(&self, image: &str) -> String {
        let (_, digest) = image.split_once('@').expect("an image with its digest");
        let repository = self.new_repository();
        Ran::of(self.place.command(Tool::Crane.path()).args(["copy", image, &repository]))
            .succeeds();
        format!("{repository}@{digest}")
    }

    /// The tags of an image's repository.
    pub(crate) fn tags_beside(&self, image: &str) -> Vec<String> {
        let repository = image.split('@').next().unwrap_or(image);
        self.crane(&["ls", repository]).lines().map(str::to_owned).collect()
    }

    /// A cosign in the environment that the documents ask for: organization, token and address in variables.
    pub(crate) fn cosign(&self, version: Version) -> Cosign<'_> {
        let program = version.program().path();
        Cosign { bench: self, version, program, variables: self.sandbox.environment() }
    }

    /// What the service's user would use as a PIN.
    pub(crate) fn pin(&self) -> String {
        format!("{}:{}", self.sandbox.organization_id(), self.sandbox.token())
    }

    /// The public key of a policy as the sandbox gives it, in a file.
    pub(crate) fn public_key_of(&self, policy: &str) -> String {
        let pem = self.sandbox.public_key_pem(policy).expect("the policy has a key");
        let name = format!("{}-of-the-sandbox.pub", policy.replace('/', "-"));
        text(&self.place.write(&name, pem))
    }

    fn new_repository(&self) -> String {
        let number = self.repositories.fetch_add(1, Ordering::Relaxed);
        format!("{}/hello/{number}", self.registry.address())
    }

    fn append(&self, tag: &str) -> String {
        let layer = text(&self.layer);
        self.crane(&["append", "--oci-empty-base", "--new_tag", tag, "--new_layer", &layer])
    }

    pub(crate) fn crane(&self, words: &[&str]) -> String {
        let ran = Ran::of(self.place.command(Tool::Crane.path()).args(words)).succeeds();
        ran.stdout.trim().to_owned()
    }
}

/// One person's cosign: a program and the variables it is run with.
pub(crate) struct Cosign<'a> {
    bench: &'a Bench,
    pub(crate) version: Version,
    program: PathBuf,
    variables: Vec<(String, String)>,
}

impl Cosign<'_> {
    /// With one more variable, or another value of one.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// With nothing but the service's address in its variables.
    pub(crate) fn without_credentials(self) -> Self {
        self.without("SIGNPATH_ORGANIZATION_ID").without("SIGNPATH_API_TOKEN")
    }

    /// The same program under another name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        let path = self.bench.place.path(name);
        if !path.exists() && std::fs::hard_link(&self.program, &path).is_err() {
            std::fs::copy(&self.program, &path).expect("the program can be copied");
        }
        self.program = path;
        self
    }

    /// The same, to be started and looked at while it runs.
    pub(crate) fn spawned(&self, words: &[&str]) -> Child {
        let mut command = self.command();
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("cosign starts")
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(self.command().args(words))
    }

    /// `cosign sign`
    pub(crate) fn sign(&self, key: &str, image: &str) -> Ran {
        self.signing("sign", key, &[image])
    }

    /// `cosign sign`, `sign-blob` or `attest`, kept off every service but the registry.
    pub(crate) fn signing(&self, subcommand: &str, key: &str, words: &[&str]) -> Ran {
        Ran::of(&mut self.signing_command(subcommand, key, words))
    }

    /// As [`Self::signing`], to be started by somebody else.
    pub(crate) fn signing_command(&self, subcommand: &str, key: &str, words: &[&str]) -> Command {
        if self.version.makes_bundles() && !has_a_larger_curve(key) {
            let root = text(&repository_file("scripts/empty-trusted-root.json"));
            self.command_under(&root, subcommand, key, words)
        } else {
            self.command_by_flags(subcommand, key, words)
        }
    }

    /// The way of v3 alone: by a signing configuration without services. What is signed has to verify under this
    /// trusted root, as cosign checks.
    pub(crate) fn signing_under(
        &self,
        root: &str,
        subcommand: &str,
        key: &str,
        words: &[&str],
    ) -> Ran {
        Ran::of(&mut self.command_under(root, subcommand, key, words))
    }

    /// The way of v2, and of v3 for keys whose signatures it does not check rightly. It needs no trusted root.
    pub(crate) fn signing_by_flags(&self, subcommand: &str, key: &str, words: &[&str]) -> Ran {
        Ran::of(&mut self.command_by_flags(subcommand, key, words))
    }

    fn command_under(&self, root: &str, subcommand: &str, key: &str, words: &[&str]) -> Command {
        let services = text(&repository_file("scripts/empty-signing-config.json"));
        let flags = ["--signing-config", &services, "--trusted-root", root];
        let mut command = self.command();
        command.args([subcommand, "--yes", "--key", key]).args(flags).args(words);
        command
    }

    fn command_by_flags(&self, subcommand: &str, key: &str, words: &[&str]) -> Command {
        let mut command = self.command();
        command.args([subcommand, "--yes", "--key", key, "--tlog-upload=false"]);
        if self.version.makes_bundles() {
            command.arg("--use-signing-config=false");
        }
        command.args(words);
        command
    }

    /// `cosign verify`; the key is a file or a URI.
    pub(crate) fn verify(&self, key: &str, image: &str) -> Ran {
        self.verifying("verify", key, &[image])
    }

    /// `cosign verify`, `verify-blob` or `verify-attestation`.
    pub(crate) fn verifying(&self, subcommand: &str, key: &str, words: &[&str]) -> Ran {
        let flags = [subcommand, "--key", key, "--insecure-ignore-tlog=true"];
        Ran::of(self.command().args(flags).args(words))
    }

    /// `cosign public-key`, into a file.
    pub(crate) fn public_key(&self, key: &str) -> String {
        let pem = self.run(&["public-key", "--key", key]).succeeds().stdout;
        text(&self.bench.place.write("cosign.pub", pem))
    }

    fn command(&self) -> Command {
        let mut command = self.bench.place.command(&self.program);
        command.envs(self.variables.iter().cloned());
        command
    }
}

/// Whether a URI names a key on P-384 or P-521. cosign signs SHA-256 with every PKCS #11 key, and v3 then checks the
/// signature, if it has a trusted root, with SHA-384 or SHA-512.
fn has_a_larger_curve(key: &str) -> bool {
    ["ec384", "ec521"].iter().any(|slug| key.contains(slug))
}

/// The URI of a policy `project/slug`, as the documents write it.
pub(crate) fn key_of(policy: &str) -> String {
    key_uri(&format!("token=SignPath;object={policy}"))
}

/// A URI that names our module.
pub(crate) fn key_uri(path: &str) -> String {
    key_uri_of(path, &module_path())
}

/// A URI that names a module.
pub(crate) fn key_uri_of(path: &str, module: &Path) -> String {
    // What would end the value, or what cosign decodes. The percent sign has to be the first.
    let module = ["%", "+", " ", "&", ";", "#"]
        .iter()
        .fold(text(module), |path, sign| path.replace(sign, &escaped(sign)));
    format!("pkcs11:{path}?module-path={module}")
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A path as a word of a command.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("the path is UTF-8").to_owned()
}
