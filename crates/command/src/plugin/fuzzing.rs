//! For `fuzz/`: arguments and messages of the plugin's protocol.

use signpath_client::config::{Config, CosignSettings, HostProgram};
use signpath_client::log::Log;

use super::message::Message;
use super::protocol::{Answer, Call};
use super::reference::KeyReference;
use super::{deadline, payload, perform};

/// Reads a call and the message that comes with it, under a configuration that says nothing.
pub fn call(text: &str, message: &[u8], log: &Log) {
    drop(KeyReference::parse(text, &CosignSettings::default()));
    let Ok(call) = Call::read(text) else { return };
    deadline::time_left(call.deadlines(), deadline::SPARE);
    let facts = [call.message_to_sign(), call.signature_to_check().map(|(_, facts)| facts)];
    for facts in facts.into_iter().flatten() {
        let digest = facts.digest.clone();
        if let Ok(message) = Message::read(&mut &*message, facts) {
            assert!(digest.is_none_or(|digest| digest == message.digest));
            payload::describe(&message);
        }
    }
    let config = || {
        let host = HostProgram::named("fuzz");
        Config::from_sources(|_| None, host).map_err(|error| error.to_string())
    };
    let answer = perform(&call, config, &mut &*message, log).unwrap_or_else(Answer::error);
    assert!(serde_json::to_string(&answer).is_ok_and(|line| !line.contains('\n')));
}
