//! The certificates above a policy's own.

use serde_json::value::RawValue;
use tracing::warn;

use crate::certificate::Certificate;
use crate::wire::chain::{LONGEST, links};

/// What can be read of the chain that the service gives: each certificate once, without the policy's own, nearest first.
pub(super) fn above(leaf: &Certificate, given: &RawValue, policy: &str) -> Vec<Certificate> {
    let links = links(given);
    if links.are_more {
        warn!(
            "the chain of {policy} is longer than {LONGEST}; only its first certificates are used"
        );
    }
    let mut found = Vec::new();
    for (place, link) in (1..).zip(links.first) {
        match link.and_then(|der| read(&der)) {
            Ok(certificate) if certificate == *leaf || found.contains(&certificate) => {}
            Ok(certificate) => found.push(certificate),
            Err(why) => warn!("certificate {place} of the chain of {policy} is left out: {why}"),
        }
    }
    nearest_first(leaf, found)
}

fn read(der: &[u8]) -> Result<Certificate, &'static str> {
    Certificate::from_der(der).map_err(|_| "it is not an X.509 certificate in DER")
}

/// From issuer to issuer. What does not connect keeps its order and comes last: names may be written in two ways and
/// still be the same (RFC 5280 §7.1).
fn nearest_first(leaf: &Certificate, mut rest: Vec<Certificate>) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::with_capacity(rest.len());
    loop {
        let issuer = chain.last().unwrap_or(leaf).issuer();
        let Some(place) = rest.iter().position(|other| other.subject() == issuer) else { break };
        let above = rest.remove(place);
        chain.push(above);
    }
    chain.append(&mut rest);
    chain
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::certificate::vectors::{CERTIFICATE, INTERMEDIATE, LEAF, ROOT};
    use crate::damage;
    use crate::log::lines;

    fn certificate(base64: &str) -> Certificate {
        Certificate::from_der(&STANDARD.decode(base64).unwrap()).unwrap()
    }

    fn certificates(base64: &[&str]) -> Vec<Certificate> {
        base64.iter().map(|text| certificate(text)).collect()
    }

    fn text(given: &Value) -> Box<RawValue> {
        RawValue::from_string(given.to_string()).unwrap()
    }

    fn chain(given: &Value) -> Vec<Certificate> {
        above(&certificate(LEAF), &text(given), "demo/p")
    }

    #[test]
    fn a_chain_is_ordered_from_the_leaf_without_it_and_without_duplicates() {
        let expected = certificates(&[INTERMEDIATE, ROOT]);
        for given in [
            vec![INTERMEDIATE, ROOT],
            vec![ROOT, INTERMEDIATE],
            vec![LEAF, INTERMEDIATE, ROOT],
            vec![ROOT, INTERMEDIATE, LEAF],
            vec![ROOT, ROOT, LEAF, INTERMEDIATE, INTERMEDIATE, LEAF],
        ] {
            let (chain, lines) = lines::of(|| chain(&json!(given)));
            assert_eq!(chain, expected);
            assert_eq!(lines, [""; 0]);
        }
    }

    #[test]
    fn a_certificate_that_does_not_connect_comes_last() {
        let other = CERTIFICATE;
        let expected = certificates(&[INTERMEDIATE, ROOT, other]);
        assert_eq!(chain(&json!([other, ROOT, INTERMEDIATE])), expected);
        assert_eq!(chain(&json!([other, ROOT])), certificates(&[other, ROOT]));
    }

    #[test]
    fn a_leaf_that_issued_itself_has_nothing_above_it() {
        let root = certificate(ROOT);
        assert!(above(&root, &text(&json!([ROOT])), "demo/p").is_empty());
        assert!(above(&root, &text(&Value::Null), "demo/p").is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_left_out_with_a_line_that_names_the_policy() {
        let (chain, lines) = lines::of(|| chain(&json!(["AAAA", INTERMEDIATE, 7, "%"])));
        assert_eq!(chain, certificates(&[INTERMEDIATE]));
        for (line, why) in lines.iter().zip(["1 of the chain of demo/p", "certificate 3", "Base64"])
        {
            assert!(line.contains(why) && line.contains("demo/p is left out"), "{line}");
        }
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_chain_without_end_is_cut() {
        let many: Vec<_> = std::iter::repeat_n("%", 1000).collect();
        let (_, lines) = lines::of(|| chain(&json!(many)));
        assert_eq!(lines.len(), 1 + LONGEST);
        assert!(lines[0].contains("demo/p is longer than 10"), "{lines:?}");
    }

    /// A certificate, whole or damaged.
    fn link() -> impl Strategy<Value = String> {
        let whole = [LEAF, INTERMEDIATE, ROOT, CERTIFICATE];
        let der = whole.map(|text| STANDARD.decode(text).unwrap()).to_vec();
        prop_oneof![
            prop::sample::select(whole.to_vec()).prop_map(str::to_owned),
            damage::bytes(der).prop_map(|der| STANDARD.encode(der)),
        ]
    }

    proptest! {
        #[test]
        fn no_damage_of_a_chain_makes_its_reader_panic(given in prop::collection::vec(link(), 0..8)) {
            let chain = chain(&json!(given));
            prop_assert!(chain.len() <= given.len());
            prop_assert!(!chain.contains(&certificate(LEAF)));
            for (place, certificate) in chain.iter().enumerate() {
                prop_assert!(!chain[..place].contains(certificate));
            }
        }

        #[test]
        fn every_order_of_a_chain_is_the_same_chain(given in Just([ROOT, LEAF, INTERMEDIATE, ROOT]).prop_shuffle()) {
            prop_assert_eq!(chain(&json!(given)), certificates(&[INTERMEDIATE, ROOT]));
        }
    }
}
