//! The way from a certificate up to its root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificate::Certificate;

/// RFC 7468 §5.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a PEM file in their order; what stands between them is passed over (RFC 7468 §2).
///
/// # Errors
/// None in it, or one that cannot be read, as the end of a sentence.
pub(super) fn read(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let text = String::from_utf8_lossy(pem);
    let certificate = |(place, block): (usize, &str)| {
        let content = block.split_once(END).map(|(content, _)| content);
        let base64: String = content.unwrap_or_default().split_ascii_whitespace().collect();
        let der = STANDARD.decode(base64).ok().filter(|_| content.is_some());
        der.and_then(|der| Certificate::from_der(&der))
            .ok_or_else(|| format!("certificate {} in it cannot be read", place + 1))
    };
    let found: Vec<_> =
        text.split(BEGIN).skip(1).enumerate().map(certificate).collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(found)
}

/// The certificates above this one as far as they are known, the nearest first, up to one that has issued itself.
pub(super) fn above<'a>(leaf: &Certificate, known: &'a [Certificate]) -> Vec<&'a Certificate> {
    let mut way: Vec<&Certificate> = Vec::new();
    loop {
        let current = way.last().copied().unwrap_or(leaf);
        if current.is_self_issued() {
            return way;
        }
        let next = known.iter().find(|link| link.has_issued(current) && !way.contains(link));
        match next {
            Some(next) => way.push(next),
            None => return way,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::certificate::vectors::*;
    use super::*;

    fn file(pems: &[&str]) -> Vec<u8> {
        pems.iter().flat_map(|pem| format!("subject=CN=x\n{pem}\n").into_bytes()).collect()
    }

    #[test]
    fn a_file_is_read_with_the_text_between_its_certificates() {
        let read = read(&file(&[INTERMEDIATE, ROOT])).unwrap();
        assert_eq!(read, [INTERMEDIATE, ROOT].map(certificate));
    }

    #[test]
    fn what_is_no_file_of_certificates_says_why() {
        let cut = ROOT.split_once(END).unwrap().0;
        for (content, why) in [
            (file(&[]), "no certificate"),
            (b"-----BEGIN PRIVATE KEY-----\n".to_vec(), "no certificate"),
            (file(&[INTERMEDIATE, cut]), "certificate 2"),
            (file(&[&format!("{BEGIN}\nAQID\n{END}")]), "certificate 1"),
            (vec![0xff, 0xfe], "no certificate"),
        ] {
            assert!(read(&content).unwrap_err().contains(why), "{why}");
        }
    }

    #[test]
    fn the_way_goes_from_issuer_to_issuer() {
        let known = read(&file(&[OTHER_ROOT, ROOT, INTERMEDIATE, RSA_ROOT])).unwrap();
        let [root, intermediate] = [ROOT, INTERMEDIATE].map(certificate);
        assert_eq!(above(&certificate(VIA_INTERMEDIATE), &known), [&intermediate, &root]);
        assert_eq!(above(&certificate(EMAIL), &known), [&root]);
        assert_eq!(above(&certificate(VIA_INTERMEDIATE), &known[2..]), [&intermediate]);
        assert!(above(&certificate(SELF_SIGNED), &known).is_empty());
        assert!(above(&certificate(EMAIL), &known[2..]).is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, cut in 0_usize..2000) {
            read(&bytes).ok();
            let file = file(&[INTERMEDIATE, ROOT]);
            let cut = cut.min(file.len());
            read(&[&file[..cut], &bytes, &file[cut..]].concat()).ok();
        }
    }
}
