//! Secrets are wiped from memory: a client is made, used and dropped in every way in which it can be given a secret, and no block
//! of memory is given back with a secret in it, but by the libraries that [`LEFT`] names.

#[cfg(test)]
mod freed;
#[cfg(test)]
mod scenes;

#[cfg(test)]
mod tests {
    use crate::freed::{self, Left, Spelling};
    use crate::scenes::{SCENES, Scene};

    /// What libraries leave behind: a part of the name of a function that is at work then, the secret, and what it is.
    /// SECURITY.md says the same in its words.
    const LEFT: &[(&str, &str)] = &[
        // What is written to a connection is gathered there.
        ("hyper::proto::h1::io::WriteBuf", "the token"),
        ("h2::codec::framed_write", "the token in HTTP/2's coding"),
        ("hyper_util::client::legacy::connect::proxy::tunnel", "the proxy's password in Base64"),
        // A text with escapes is put together there, and what was read of a file that turns out to be no JSON.
        ("serde_json::de::from_slice", "the token"),
    ];

    /// The names of the functions, innermost first.
    fn functions(left: &Left) -> Vec<String> {
        let text = left.by.to_string();
        let names =
            text.lines().filter_map(|line| Some(line.trim().split_once(": ")?.1.to_owned()));
        names
            .skip_while(|name| !name.contains("__rust_dealloc") && !name.contains("GlobalAlloc"))
            .collect()
    }

    #[test]
    fn no_secret_is_left_in_memory_but_what_libraries_leave() {
        let (mut wrong, mut missing) = (Vec::new(), LEFT.to_vec());
        for (name, made) in SCENES {
            let Scene { secrets, run } = made();
            let left = freed::while_running(secrets, run);
            left.iter().for_each(|left| missing.retain(|row| !is_row(left, row)));
            let unknown = left.iter().filter(|left| !LEFT.iter().any(|row| is_row(left, row)));
            wrong.extend(unknown.map(|left| format!("{name}: {}", told(left))));
        }
        assert!(wrong.is_empty(), "{} blocks:\n{}", wrong.len(), wrong.join("\n\n"));
        assert_eq!(missing, [], "this is left no longer");
    }

    fn is_row(left: &Left, (part, what): &(&str, &str)) -> bool {
        *what == left.what && functions(left).iter().any(|name| name.contains(part))
    }

    fn told(left: &Left) -> String {
        format!("{} in {} bytes\n  {}", left.what, left.size, functions(left).join("\n  "))
    }

    #[test]
    fn what_is_left_is_found() {
        let wanted =
            vec![Spelling { what: "it".to_owned(), bytes: b"a secret of the test".to_vec() }];
        let left = freed::while_running(wanted, || {
            let mut text = String::from("here is a secret of the test");
            text.reserve(1 << 10);
            drop(zeroize::Zeroizing::new(text));
        });
        assert_eq!(left.len(), 1, "the block that was too small");
        assert!(left[0].by.to_string().contains("what_is_left_is_found"));
    }
}
