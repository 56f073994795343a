//! The limit that the module is measured against: the same requests, made by hyper on a runtime with several threads, over the
//! same kind of connection, and nothing else done. It takes a job, JSON, as its argument and prints what it measured, JSON.

mod check;
mod connection;
mod job;
mod usage;
mod work;

use std::{env, process::ExitCode};

use crate::job::Job;

/// Whatever goes wrong ends a measurement.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(measured) => {
            println!("{measured}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("bare-client: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Failure> {
    let text = env::args().nth(1).ok_or("the job, JSON, is missing")?;
    let job: Job = serde_json::from_str(&text)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(work::run(job))?;
    Ok(serde_json::to_string(&measured)?)
}
