//! The ways to make requests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    check::Checker,
    connection::{Connection, Prepared, Target},
    job::{Job, Measured, Way},
    usage,
};

/// What all requests of a job have in common.
struct Work {
    target: Target,
    requests: Vec<Prepared>,
    checker: Option<Checker>,
}

/// Does a job.
pub(crate) async fn run(job: Job) -> Result<Measured, Failure> {
    let requests = job.requests.iter().map(|request| Prepared::new(request, &job.address));
    let work = Work {
        target: Target::of(&job)?,
        requests: requests.collect::<Result<_, _>>()?,
        checker: job.check.as_ref().map(Checker::of).transpose()?,
    };
    let mut measured = match job.way {
        Way::Warm { rounds } => work.warm(rounds).await?,
        Way::Cold { rounds, signatures } => work.cold(rounds, signatures).await?,
        Way::Load { at_once, connections, seconds } => {
            load(Arc::new(work), at_once, connections, Duration::from_secs_f64(seconds)).await?
        }
    };
    measured.peak = usage::peak()?;
    Ok(measured)
}

impl Work {
    async fn sign(&self, connection: &mut Connection) -> Result<(), Failure> {
        let request = self.requests.last().ok_or("there is no request")?;
        let answer = connection.send(request).await?;
        match &self.checker {
            Some(checker) => checker.check(&answer),
            None => Ok(()),
        }
    }

    async fn warm(&self, rounds: usize) -> Result<Measured, Failure> {
        let mut connection = self.target.connect().await?;
        self.sign(&mut connection).await?;
        let mut samples = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let began = Instant::now();
            self.sign(&mut connection).await?;
            samples.push(microseconds(began));
        }
        Ok(Measured { samples, signatures: rounds, ..Measured::default() })
    }

    async fn cold(&self, rounds: usize, signatures: usize) -> Result<Measured, Failure> {
        let before = self.requests.len().saturating_sub(1);
        let mut samples = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let began = Instant::now();
            let mut connection = self.target.connect().await?;
            for request in self.requests.iter().take(before) {
                connection.send(request).await?;
            }
            for _ in 0..signatures {
                self.sign(&mut connection).await?;
            }
            samples.push(microseconds(began));
        }
        Ok(Measured { samples, signatures: rounds * signatures, ..Measured::default() })
    }

    async fn sign_until(&self, mut connection: Connection, end: Instant) -> Result<usize, Failure> {
        let mut signatures = 0;
        while Instant::now() < end {
            self.sign(&mut connection).await?;
            signatures += 1;
        }
        Ok(signatures)
    }
}

/// So many that sign at once share the connections as evenly as it goes.
async fn load(
    work: Arc<Work>,
    at_once: usize,
    connections: usize,
    time: Duration,
) -> Result<Measured, Failure> {
    let mut users = Vec::with_capacity(at_once);
    for number in 0..at_once {
        let shared = number.checked_rem(connections).and_then(|place| users.get(place));
        let shared = (number >= connections).then(|| shared.and_then(Connection::shared)).flatten();
        let mut connection = match shared {
            Some(connection) => connection,
            None => work.target.connect().await?,
        };
        work.sign(&mut connection).await?;
        users.push(connection);
    }
    let (began, processor) = (Instant::now(), usage::processor()?);
    let end = began + time;
    let signing = users.into_iter().map(|connection| {
        let work = Arc::clone(&work);
        tokio::spawn(async move { work.sign_until(connection, end).await })
    });
    let mut signatures = 0;
    for signing in signing.collect::<Vec<_>>() {
        signatures += signing.await??;
    }
    Ok(Measured {
        signatures,
        seconds: began.elapsed().as_secs_f64(),
        processor: usage::processor()? - processor,
        ..Measured::default()
    })
}

fn microseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}
