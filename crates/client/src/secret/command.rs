//! A program that prints a token. It runs as a guest's child: without a shell and without a thread, for a bounded time
//! and with bounded output, and in a host that collects the exit status of every child there is.

use std::fmt;
use std::future::poll_fn;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::task::Poll;
use std::thread::sleep;
use std::time::Duration;

use tokio::runtime;
use tokio::time::{self, timeout};
use zeroize::Zeroizing;

use crate::error::one_line;
use crate::secret::{NOT_A_TOKEN, Token, is_token, redact};
use crate::system::Pipe;

use captured::Captured;

mod captured;

/// How long a program may take.
pub const COMMAND_TIME: Duration = Duration::from_secs(10);

/// Most bytes that it may write to standard output: 64 KiB.
const OUTPUT_MAX: usize = 64 << 10;

/// So many bytes of what it writes to standard error are kept, for the error that says why there is no token.
const COMPLAINT_MAX: usize = 1 << 10;

/// How often a program that has closed its output is looked at until it has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// So often, so long, a program that was killed is waited for.
const LAST_LOOKS: u32 = 500;

/// A program by its absolute path, and its arguments. It gets the environment and the working directory of this process,
/// as other credential helpers do, and nothing on standard input.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenCommand(Arc<[String]>);

/// How a program ended.
#[derive(Clone, Copy, Debug)]
enum Exit {
    Known(ExitStatus),
    /// The host, or the system in its place (SIGCHLD is ignored), has collected the status.
    CollectedByOthers,
}

impl TokenCommand {
    /// A program and its arguments, in this order.
    ///
    /// # Errors
    /// What is wrong with the words.
    pub fn new(words: Vec<String>) -> Result<Self, String> {
        let Some(program) = words.first() else { return Err("it names no program".to_owned()) };
        if !Path::new(program).is_absolute() {
            return Err("the path of the program is not absolute".to_owned());
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err("there is a zero byte in it".to_owned());
        }
        Ok(Self(words.into()))
    }

    /// The path of the program.
    pub fn program(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Runs the program: the first line of its standard output, without white space at the ends, is the token, once it
    /// has closed that output and ended. An exit status other than 0 is a failure; where the status cannot be had, as
    /// somebody else has collected it, the line alone decides.
    ///
    /// # Errors
    /// Why there is no token, as the end of a sentence that begins with the program.
    pub(crate) fn run(&self, time: Duration) -> Result<Token, String> {
        let mut child = self.start().map_err(|error| format!("it cannot be run: {error}"))?;
        let heard = listen(&mut child, time);
        if heard.is_err() {
            put_down(&mut child);
        }
        let Heard { exit, output, complaint } = heard?;
        let complaint = what_it_said(&complaint, &output);
        match exit {
            Exit::Known(status) if !status.success() => Err(format!("{status}{complaint}")),
            Exit::Known(_) | Exit::CollectedByOthers => {
                token_in(&output).map_err(|why| format!("{why}{complaint}"))
            }
        }
    }

    fn start(&self) -> std::io::Result<Child> {
        Command::new(self.program())
            .args(self.0.iter().skip(1))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// The program alone: an argument may be what nobody else should see.
impl fmt::Display for TokenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the command {}", self.program())
    }
}

impl fmt::Debug for TokenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenCommand({})", self.program())
    }
}

/// What there is of a program that has ended.
struct Heard {
    exit: Exit,
    output: Zeroizing<Vec<u8>>,
    complaint: Zeroizing<Vec<u8>>,
}

/// Reads what the program writes until it has ended.
fn listen(child: &mut Child, time: Duration) -> Result<Heard, String> {
    let fault = |error: std::io::Error| format!("what it prints cannot be read: {error}");
    // Its own runtime, for its time-outs: it is driven by this thread, and gone when the program is.
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(fault)?;
    let _entered = runtime.enter();
    let output = child.stdout.take().map(Pipe::new).transpose().map_err(fault)?;
    let mut output = Captured::new(output, OUTPUT_MAX);
    let complaint = child.stderr.take().map(Pipe::new).transpose().map_err(fault)?;
    let mut complaint = Captured::new(complaint, COMPLAINT_MAX);
    let ending = async {
        // Standard output decides: standard error may be held open by what the program has left behind.
        let told = poll_fn(|cx| match (output.poll(cx), complaint.poll(cx)) {
            _ if output.is_too_long() => {
                Poll::Ready(Err(format!("it printed more than {OUTPUT_MAX} bytes")))
            }
            (read, _) => read.map_err(fault),
        });
        told.await?;
        let exit = ended(child).await;
        poll_fn(|cx| Poll::Ready(complaint.poll(cx).is_ready())).await;
        Ok::<_, String>(exit)
    };
    let late = |_| format!("it took longer than {:.1} s, and was stopped", time.as_secs_f64());
    let exit = runtime.block_on(async { timeout(time, ending).await.map_err(late) })??;
    Ok(Heard { exit, output: output.into_bytes(), complaint: complaint.into_bytes() })
}

/// Nothing tells without a signal or a thread when a process ends, so it is looked at.
async fn ended(child: &mut Child) -> Exit {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Exit::Known(status),
            Ok(None) => time::sleep(PAUSE).await,
            // ECHILD is the only error there is.
            Err(_) => return Exit::CollectedByOthers,
        }
    }
}

/// Kills the program if it is still there, and collects it. One whose status others have collected is left alone: by now
/// another process may have its number.
fn put_down(child: &mut Child) {
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    child.kill().ok();
    for _ in 0..LAST_LOOKS {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        sleep(PAUSE);
    }
}

/// The token in what a program has printed.
fn token_in(output: &[u8]) -> Result<Token, String> {
    let line = output.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    if line.is_empty() {
        return Err("the first line of its standard output is empty".to_owned());
    }
    // The error must not carry the bytes.
    let text = str::from_utf8(line).ok().filter(|text| is_token(text));
    let text = text.ok_or_else(|| {
        format!("the first line of its standard output is no token: {NOT_A_TOKEN}")
    })?;
    Ok(Token::new(text.to_owned()))
}

/// The beginning of its standard error, as the end of a sentence, without a word that it has also written to standard output:
/// a script that tells what it does tells the token as well.
fn what_it_said(complaint: &[u8], output: &[u8]) -> String {
    let words = str::from_utf8(output).unwrap_or_default().split_ascii_whitespace();
    let tokens: Vec<_> = words.map(|word| Token::new(word.to_owned())).collect();
    let text = String::from_utf8_lossy(complaint);
    let text = one_line(&redact(text.trim(), &tokens), COMPLAINT_MAX);
    if text.is_empty() { text } else { format!(" ({text})") }
}

#[cfg(test)]
mod tests;
