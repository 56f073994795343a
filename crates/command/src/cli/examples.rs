//! What `--help` says last.

pub(super) const PROGRAM: &str = "Settings are SignPath's: SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN, or the JSON file that
SIGNPATH_CONFIG_FILE names. Logins of registries are Docker's (docker login). Nothing is sent to Sigstore's public services.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 still waiting for an approval.

Examples:
  signpath-cosign keys
  signpath-cosign sign ghcr.io/acme/web@sha256:… --policy web/release
  signpath-cosign trust web/release > web-release.pub
  cosign verify --key web-release.pub --insecure-ignore-tlog=true ghcr.io/acme/web@sha256:…";

pub(super) const SIGN: &str = "One line for each signature goes to standard output: image, form, and the manifest that has it or the files.
Several signatures are made by one signing request; the artifact configuration has to sign *.json then
(docs/metadata-flow.md). Where nobody has approved it in time, the request stays, and `resume` or the same command goes
on with it.

Examples:
  signpath-cosign sign ghcr.io/acme/web@sha256:… --policy web/release
      a bundle, which cosign verifies from v3 on, by a signing request
  signpath-cosign sign ghcr.io/acme/web@sha256:… --policy web/release --wait 2h --description 'Release 1.4'
  signpath-cosign sign ghcr.io/acme/web:1.4 --policy web/release --recursive --annotation commit=4f2a44b
      the image that has the tag now (the digest is said), and the manifest of each platform
  signpath-cosign sign ghcr.io/acme/web@sha256:… --policy web/release --format simple-signing
      what every cosign from v2 on verifies
  signpath-cosign sign ghcr.io/acme/web@sha256:… --policy web/release --via hash
      by hash signing, where the organization has that
  signpath-cosign sign ghcr.io/acme/web@sha256:… --policy web/release --output-dir signatures
      files, to be attached by somebody who may push";

pub(super) const SUBMIT: &str = "What was signed is written as it came back. SignPath may have put something into it: attach that, not the file that was
handed in.

Examples:
  signpath-cosign payload ghcr.io/acme/web@sha256:… > payload.json
  signpath-cosign submit payload.json --policy web/release
  signpath-cosign attach ghcr.io/acme/web@sha256:… --policy web/release --payload signed/payload.json \
    --signature signed/payload.json.sig
      or `cosign attach signature` with --payload and --signature";

pub(super) const RESUME: &str = "What is to be attached is known on the machine that made the request. On another one --policy is needed, and the images are
those that the signed payloads name.

Examples:
  signpath-cosign resume 9d0e2a1c-0000-4000-8000-000000000001
  signpath-cosign resume 9d0e2a1c-0000-4000-8000-000000000001 --policy web/release --wait 2h";

pub(super) const PAYLOAD: &str = "Of one image the bytes are those of `cosign generate`, without a newline behind; of several each ends with one.

Examples:
  signpath-cosign payload ghcr.io/acme/web@sha256:… > payload.json
  signpath-cosign payload ghcr.io/acme/web:1.4 --annotation commit=4f2a44b --output-dir payloads
  signpath-cosign payload ghcr.io/acme/web@sha256:… --format bundle > web.statement.json
      what a bundle holds; `submit` makes web.bundle.json of it";

/// clap's own is longer than a line.
pub(super) const ATTACH_USAGE: &str =
    "signpath-cosign attach [OPTIONS] <--payload <FILE> --signature <FILE>|--bundle <FILE>>
         <--key <FILE>|--policy <PROJECT/POLICY>|--unchecked> <IMAGE@DIGEST>";

pub(super) const ATTACH: &str = "What does not verify is not attached; --unchecked attaches what nobody here can check. The manifest that has the signature
goes to standard output. Doing it twice changes nothing.

Examples:
  base64 -w 0 payload.json.sig > payload.sig.b64
  signpath-cosign attach ghcr.io/acme/web@sha256:… --policy web/release --payload payload.json --signature payload.sig.b64
      leaves what `cosign attach signature` leaves
  signpath-cosign attach ghcr.io/acme/web@sha256:… --key web-release.pub --bundle image.bundle.json";

pub(super) const KEYS: &str = "Examples:
  signpath-cosign keys
  signpath-cosign keys --cosign
      command lines for cosign, with the plugin and with the PKCS #11 module
  signpath-cosign keys --json | jq -r '.[].policy'";

pub(super) const TRUST: &str = "What is printed is always asked of the service. A command that verifies with it is said on standard error.

Examples:
  signpath-cosign trust web/release > web-release.pub
  cosign verify --key web-release.pub --insecure-ignore-tlog=true ghcr.io/acme/web@sha256:…
      by the key, which the signing policy has now
  signpath-cosign trust web/release --as trusted-root > web-release.trusted-root.json
  signpath-cosign trust web/release --as trusted-root --ca acme-pki.pem > web-release.trusted-root.json
      by the name in the policy's certificate, for bundles that are signed with the certificate shown
  signpath-cosign trust web/release --as kyverno --images 'ghcr.io/acme/*' | kubectl apply -f -
      simple signing, as the other admission controllers too; docs/verifying.md";

pub(super) const DOCTOR: &str = "Each line is ok, warning, error or skipped, with what to do. With an error among them the exit code is 1. Secrets are not shown,
and nothing is written. docs/doctor.md has a row for each check.

With --dry-run a digest is really signed and the signature checked: SignPath has no other way to try. It is in SignPath's audit
log, with the description `signpath-cosign doctor --dry-run`. No registry and no public log is touched.

Examples:
  signpath-cosign doctor
  signpath-cosign doctor --dry-run web/release
      also whether this policy really signs
  signpath-cosign doctor --module /opt/signpath-pkcs11/lib/libsignpath_pkcs11.so --json
  signpath-cosign doctor -- cosign sign --key signpath://web/release ghcr.io/acme/web@sha256:…
      also whether this command would write to the public log";

pub(super) const COMPLETIONS: &str = "Examples:
  signpath-cosign completions bash > ~/.local/share/bash-completion/completions/signpath-cosign
  signpath-cosign completions zsh > ~/.zfunc/_signpath-cosign";

pub(super) const MAN_PAGES: &str = "Examples:
  signpath-cosign man-pages ~/.local/share/man/man1";
