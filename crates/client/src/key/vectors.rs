//! Signatures that OpenSSL 3.0 made: `openssl pkeyutl -sign` over [`digest`], with `digest:` and, for PSS,
//! `rsa_pss_saltlen:digest`; over digests of more than 64 bytes with ECDSA_sign of its library.

use crate::key::HashAlgorithm;

/// The digest that every vector is over: not a real one, but of every length.
pub(crate) fn digest(length: usize) -> Vec<u8> {
    let byte = |index: usize| u8::try_from((index * 37 + length * 11) % 251).unwrap();
    (0..length).map(|index| if index == 0 { byte(index) | 0x80 } else { byte(index) }).collect()
}

/// An EC key (SubjectPublicKeyInfo), and signatures in DER by the digest's length. Base64.
pub(crate) struct EcVectors {
    pub(crate) spki: &'static str,
    pub(crate) signatures: &'static [(usize, &'static str)],
}

/// An RSA key (SubjectPublicKeyInfo), and signatures with PKCS #1 v1.5 and PSS. Base64.
pub(crate) struct RsaVectors {
    pub(crate) bits: usize,
    pub(crate) spki: &'static str,
    pub(crate) signatures: &'static [(HashAlgorithm, &'static str, &'static str)],
}

pub(crate) const P256: EcVectors = EcVectors {
    spki: concat!(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/KdfVG1XqIr3jdAJRI8nutLE4vv/ACL0iiACZeto25GfUsWa",
        "kWxzAHKk+Nta/R6jcoL+ooQE1lviZHz/x8FjDg==",
    ),
    signatures: &[
        (
            20,
            concat!(
                "MEYCIQCEG/OQvbcttE6HcXvStF5XAGBIIKCGUagAmTtfQNvl4QIhAKhV1NElpdkgZZs3RoS5VKZYpG3Q9F6G",
                "8G3xUA8A+2Ch",
            ),
        ),
        (
            32,
            concat!(
                "MEQCIEh1Ow5WVkaJwyUDSQemGnGGtm+CU3wZ/QEfv/KOSW+iAiBFy5rL/Aqato6y5mOzEOYoW30dobB2rkeq",
                "+UHj8oAldA==",
            ),
        ),
        (
            48,
            concat!(
                "MEQCIBcrniMJWaGozbMsib1r6N0TgeZGDELh86r/wJzeZ98fAiA4+gUZTzq1WAM4Ubtl/nBSyMvODYzIKtb0",
                "/bEH+Btcug==",
            ),
        ),
        (
            64,
            concat!(
                "MEYCIQCBOWIgtRdEqXEsi/SggjmoBrvynS7Z0xbh+WpE4KLZwQIhAPiS+A7mScwrotrgX6i2TF8Lq+h4GLvD",
                "XTDFlB70MR4T",
            ),
        ),
        (
            65,
            concat!(
                "MEYCIQDSMwOuuPMgWxZQldf2ci3C7iy/yLcPP18FzwtCiOPAvgIhALeE7ckTR9xN5rN+k1gkxrU9IqMrDuKi",
                "07SZ7mD4mD76",
            ),
        ),
        (
            66,
            concat!(
                "MEQCIBRyZdmkG19qxY9t0av7ZhAGtVrcLV4X3hQor9G5Gs7cAiAGoGqG4Yc00SGJEqtq67YR08VM5cd9sG3G",
                "2vqFiv6Y+w==",
            ),
        ),
        (
            67,
            concat!(
                "MEUCIC6FVTAg8uBQS2+GktV6SozOO/EN2xxL/b2NRMXSBWlxAiEA5JIR6tuBOj34Xl2GXAlQwxVZTp+o531s",
                "YOsjH2QuZ3A=",
            ),
        ),
        (
            128,
            concat!(
                "MEUCIDAn/OJShvr8si0IoPIoGoMwkKMvjzrCgttcDakHM++tAiEAlrQvkvwgpdWQut49TzBtZZGPdGcXHez+",
                "eVqYXHMDFT8=",
            ),
        ),
    ],
};

pub(crate) const P384: EcVectors = EcVectors {
    spki: concat!(
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAElbnja86Ot7n9MJ3TfLKYwLKxWmSxrZnRXD2r3OliIX1ptYn1DabU",
        "DaqU4WUXGCZD6MOH8FpPvIcrITirMbsH+a3x5kwuj19BwW99/2NOdllOuP7+dUyxaZwAFNnaY0wk",
    ),
    signatures: &[
        (
            20,
            concat!(
                "MGYCMQCt5kAGA4m/5rt0XEVPxt3DYJANHh9FBbJFi2qYZsgzbkBbUE/O07gT3gqXEviu3jwCMQCSeJt5ZCUW",
                "qd3OYYBoHiarCp2RsN30atxZc6w4qu5toJW6UXmRH2u7n2alCqlwRQI=",
            ),
        ),
        (
            32,
            concat!(
                "MGYCMQDmxRVQDYs7nDizN1au2YDdBTm/pD2Cp68mF6xlrnu/cmaQohUIcnZSGpj1MmKxkcwCMQC5N4U+Y7Q9",
                "Tb7O7sDKMlM3gk2GHo6CN5SJhuhj6uT+QOQLKbdeXpBI7f/oJT26ork=",
            ),
        ),
        (
            48,
            concat!(
                "MGUCMGWrPvskz0MVdwJorOiK87rurBw2QRDfYb861fA71NJiCy20kgDSwiYa0455JEuZuwIxAOZDqTn1PUl4",
                "eiGUs4HLC5BnGmG1b2d7B+Aow23K7E63bEGMUWCgrDm9hMVgEcuelA==",
            ),
        ),
        (
            64,
            concat!(
                "MGUCMHGVDX/EfLGAyamkyQctVKlIrLOOIP93AS9Fgr/ScBXX7KnUlY6HZzhUdXuAvcQ4ygIxAMBTrbP5sHah",
                "jTxL/T/DWJR5MlAsrgsVrj4yM/06R/3O9z75XzTE5VHco3W5qCsR/w==",
            ),
        ),
        (
            65,
            concat!(
                "MGYCMQD30uBpERfASnRxBurRWktKQopahKJl/5pvCReCnoRvHy1N7SbhTvsw4IP/AaA3v30CMQDfkebFkKv7",
                "PnDfb1XGkDtsPj4juGwfzBLUHaU09qpKqJzgqfGTBHmHwHX07ftwu9g=",
            ),
        ),
        (
            66,
            concat!(
                "MGUCMC1fA6Wg2U2Ppq8UZP/xMf0PG5qFMHsxS98TGi+DKPHQMq9hw31LQ3WlsgXRJUdotAIxAIlr348tBYW8",
                "lgUQmKj8ZpNlsAyf4OO9fnenBU9mnbMmFLcAdInZP+RbXKK9LNBMJw==",
            ),
        ),
        (
            67,
            concat!(
                "MGQCMAYnc5jzNThV7ytw381nuESqedz8i0hIhdCNbJOmFG1Q+PrmSQlX86C4/PmEcdCjIwIwfs/8NPITxVEh",
                "HE8eNC5cTqW/ZtLzz6W0UlT2jKf4tI3/HvReQ16lt0Qg/kmouDw4",
            ),
        ),
        (
            128,
            concat!(
                "MGQCMA6pAHO/iZtBIK5uqXLKadec+XUjzwmzvBMb/hYuiEhKtnceqS0Vfhonegn/NzFn0AIwNjPvEg1ftqkr",
                "JMAMdg14gvxC1EkLc1K1Qfa/gYDGLYKjOBVc113tMK7UeBHZOIvq",
            ),
        ),
    ],
};

pub(crate) const P521: EcVectors = EcVectors {
    spki: concat!(
        "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAxD4So2opNj2EcwW6RNsC99y24oBlp8PqtsEC3vcttM7KEjmY",
        "BHZAdKrQ0jZkvHTcdg2MtwSe4WgNM/+eIfU5HkIBjdr4qzKamRJFMxrqweQDKpML3zXUvP6QC3dzHzkU+9Cn",
        "K89gdjxUXyX0brXbHLycYMXmuoi1P8tEsg4H0IbcSLk=",
    ),
    signatures: &[
        (
            20,
            concat!(
                "MIGHAkEJtEkaXfrkpt9HE9P81K6LZmV1LKVe6RZJDdee7fvzm2H+QgUSYNwcHmfRi/3nqCXNhKGsmxtdR/0Q",
                "zc4clmVxbAJCAJ2eRilM1xnp80wXrr1yVA1hD4DTfR1smryI0jdzppKbdDnevUxnZ9Vl075847V7VOEQ4Qnk",
                "X7XTwf88wddvQjPe",
            ),
        ),
        (
            32,
            concat!(
                "MIGIAkIB64/MVxldhi9ieHBLuvuOxWfk43nyP4lfBPoxipdFGayJZnJLsVNC4hrDo3U2IkxiAD5CDp5HXGKt",
                "RXv6d+dRNJkCQgDaItJiHhcB9F+JmftGUYS1Yc0VM69Ef5ra3wjRhFTJX+Hm5wUxhdw95x5YFYzeXFh0u2cG",
                "arcRwPUgCnaYqfyyGw==",
            ),
        ),
        (
            48,
            concat!(
                "MIGHAkIBYK2Nv+npBfc1oB38PIg9VP4g60ROFlK33ozUI0Ga29u7fAlfXbbjRGIW3fZxApPTowwCRxPUiw8N",
                "iRYFIKX8lg0CQXEEx9saDgyAmMkV5h4qZ2AaSCoWRCgrpKFafURB1Q+thjqh3wMo+DQ/cXWoLpyeVxEhF2iw",
                "MjQuuUux3mtsK89k",
            ),
        ),
        (
            64,
            concat!(
                "MIGIAkIBNbGKXVwuaOcCvj6tJQVvDUp6TYpweWji0+s9nf0YLT+wr6js6B2WByX0IshKpRxjcAAGLlZpKDui",
                "O3bnvxPCB2UCQgCg4OZwgPqYDTazMQbSdRHzfL0dvpZVqQbder4IH0DOi/J9gjfo8kp5spQkRNdKhhvwS0t+",
                "NetCugkVg4RBKbbAgg==",
            ),
        ),
        (
            65,
            concat!(
                "MIGHAkEMaap4Vic2z9JTGenJ3QodJwNOAVdNJHjt17figg5UYvXLBEQGOOqerWxLWglaFXI7cyGjQdAQeUw0",
                "6sbFd6uHjAJCAPtr9zQH+UfV27y1znU0LRYzgizy8RPjcJ7DkGiSrkp9A7X0EwhY4b+HLpVU99A1+GzQKOvd",
                "8Qosxk5/azn5Id8U",
            ),
        ),
        (
            66,
            concat!(
                "MIGGAkF0TPnAXFL3eCQCfD4v0+1gXKRQk7l4C4G/7HIC9aZM/905il6J0u9EkpPw+76C/DRuPFdXS+1VEhHj",
                "mMDcPUV19QJBUknsoKLKUYYJOHIIidvKIvQVE02qRw9AFkXXx+AgXz4wyYE4bavjJ9Xgc6f49j7cf94BQL17",
                "E/4TIw2/wM0jayM=",
            ),
        ),
        (
            67,
            concat!(
                "MIGIAkIBbe9kp3sVxo6mswcOMWHqmCH+dlMKnNV7I39R3V69L51P+DSW5ySelrkRjfPVcTHXq6aQk1oWMtkx",
                "CwrNsq33YgsCQgHUCm3yGvRfapjrdvobK7nmKeHI1PAvYQAN0G7rAivSnqbTFykWiQoCwV0Imr9nAzDbS/F2",
                "97tRp7CxLB4e6dteqg==",
            ),
        ),
        (
            128,
            concat!(
                "MIGHAkES2tdkJKyMUxAq8TrsPjTvcQcuBlWromoSvqVz3l7qmEyuQGlBRPcJDvY0JnDY/obzp+9zJQWKWLS4",
                "P7Jz2ee7RQJCAcX5pAXOeQ4Z+rwKt3G6t31r0YwWs/Pimubh8QUU8oiq68+aJCQ7jmGskAxq07NjbuHnK8tG",
                "RoFh8jrMYPjuESPZ",
            ),
        ),
    ],
};

pub(crate) const RSA_2048: RsaVectors = RsaVectors {
    bits: 2048,
    spki: concat!(
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvLerisQplcvAs9h+pz5D3q0kaFdxr6y8gl6n2yhs",
        "Dl23ccFANhA4VGvigO4oD3iP93hjdKrHB/pPFE6VVWjuAT0QwJl1WGaq93Lk1VRsd/zxvgKiZGbJhcYFovjM",
        "68JzZj8WtUxWPxd9v4FsS29gxJduw6xIhv/MsTWBKE76ivnVwUQWrwdejlPUO28xam/I7SfX2iNHFt3DaAST",
        "qZ2bpVUu+QubxV2yPUlSBJpCSn8pUXBJgF5N7zLw7TkIUFGMBy0GQhpk60WZJMxfaUgqG1TbDeRVhJLc/yz9",
        "HtVB1DIUoAly69XRgZHpbbTWpoOvZdHqchXXy49IIHD5Mbd+XwIDAQAB",
    ),
    signatures: &[
        (
            HashAlgorithm::Sha1,
            concat!(
                "Gxfk2VZEj+/X88gdCG6nQHo2P1h/wTkeFNAODDQKii/Le3/926O9SNfSBuMIxYI92WpK4h8YVfjrF2uXSPNg",
                "c6lxlB5cXN95CqlcZehKn5eLfarkqgtg93SC0r8+13LAFKZp4FNCoRBlFOnSrsYkZeePkPfou4sNxMDqkhaJ",
                "0RrHv5Mr5gZAl8bpfy5aLi0pTMTpCwBTojlWjP2kQIRkzBCh6PqUBbx2rf6IdF22JvDVhmVJdMogeWP+RePr",
                "k2oW9K6xanYyD/HTd67Oap/JBc2o7MBAtL0HloG8iYDwbG6atJx81fKmBUdHxGkNds45Eda3RAKCaSuDwxDR",
                "4rj/iw==",
            ),
            concat!(
                "nCoU9+qsfwQ9zwJIHNf0TudAZiid9eIz42762rllhWRlyX9L+Z36i1ATt4xRRmMI+VzEAXzdi0S2bDEDQD3H",
                "cGz52YdU58Z5J00vnfZ0+cTjRhZwOtPt3dJBff9jay0HDxHAmU92nI536ud7T5H2DqqNF09BLK6+vxzGVnF4",
                "to7Zo++d5aXmdx8yYODJv2G/OQ8oSN3nles4dowh72JpURtRJzDUoTugZ+9RffEkxaRH+EfuXashkEhQVWm6",
                "wbrzQfSDR9qO+1s4UAF8uGg7CTLapk8aeY/uS8kSqHH+ljV/hKE6Vx0BcyvDo32T/TOapRG74rPtnTNJBKmh",
                "aYZCbA==",
            ),
        ),
        (
            HashAlgorithm::Sha256,
            concat!(
                "MfVKXd0oQMAqvNu2sx9ruCAgMethm5NoxpDvZ3ydEVwvpWuB9nBb9kgb3mHhb3fL6WA0LweeXcImj4ebUoJ9",
                "uvXNSIaFLYeA8S+7nztgXgCHo3DrR1F8y/6maNeFsTweUXCz34ZFXf1rMKhjV9EFIIPVJAARnSSBz0QYqAW7",
                "H9Ww2lw6l8T+24fhrgWK4h2tH7GMYrLCPjvJNeHLoXKvcrq4Vgxbs6g8IGxXTR4mYEbcJzgaeuQNNb9OAL7M",
                "hF5wnbCuAUgrCY7dp3G4k1emmHvhs+1AREP4/uUhU3jZ5lxOWZHPNUtNpPZ/rHIK/KXPE+Aqz5yWj2+fBN6C",
                "Qa8n7w==",
            ),
            concat!(
                "AU9uhPgcvDtRb112+Vgz2xjSfma1tHpxDhAj1E/HNohVgd3WFPrlWBvlb0Owj7cb6ERHJrmzv5QMoent57p9",
                "aOiKQHgKUZqYMPqsJtTRFFY5l3UBpUaT6Fm8Jrx5WQgFkJ5kyTmG8QJGiHxf3j1EopYRUtEeY5Kr54jMrTUR",
                "6KHkGwp6NI/NlPfcdDbnOIbQXMYmuR92jNkP8HqD1OzoA5YctcPjRjH5z//30pezxE+ilMQbXadOMaekmhhg",
                "olDccpbroE3aruUSPtDSNir4V9wuvbX2GFxjTt89mUeTltAXM+Cgj1jvoWUUYJd8I8meQ3h8kEADtEkqmQo0",
                "WOPryw==",
            ),
        ),
        (
            HashAlgorithm::Sha384,
            concat!(
                "IavgXeNMPz0J1eCB/7CfKdtdLRQh9nPlHzHNNCZlU5aocw1LYCmqwjbbUdiGu8Q5ZvgXa5qIld/f4yDr5WN6",
                "p2r5toVRhKCjS9wZvvNYmHhtFWnYX6YOHr/dunWDo0ayg9g+FKcACT97JeX7Yetndb83jLn0I+8lCHtlIYVF",
                "+dmm0csLeVztMLLYX1mg/yWmel1CIhJJna1J8MmUEIxivSJfWak5cATspIkMI4H/l59D+eYSjpuVWzgMeKbm",
                "yE24sFHVIQa7WGCZcEAy21KogoCux2xuhVNNByS9ytfVBzD2cTg9Z+wAc1ZCu1dXRzvoKvHfTMDkrte6N9QK",
                "hgUQ+w==",
            ),
            concat!(
                "XXhxfwiISYgZAd+kJm47c7sYmaiGlgsnN7pD2hnIYetz7Avo5y6s8JuSDdmL9cdgB8CAsdE4UKNPj1egAdDv",
                "4T7LAVO4i8J5Rz8tVkt7Tt/Uz94HAKE7054tp7Lqrf4+6HFHsZFpJNbbMQt7FK+okrOpn3RnonYoMKSqpiVP",
                "fpHSZwpzSJRkm74J+AUkjJL3F089G0+UpHC/bLvTN0h6TPuSNEWNObMUQ0BMQocm3f/4uvAwREdxoDUtMUzX",
                "DiYTvF3vrvlCQll2EPdSdVD0trZZSxGl986EDSYGEC/wMdIoInnXUb4yeMsQ2VyoAQ9vqkZI4nVXiRm7Y/d9",
                "RKFO2A==",
            ),
        ),
        (
            HashAlgorithm::Sha512,
            concat!(
                "K+z0itgUY+xIjTusq5X/KE+aGsGNmZnunm2MHmXl7m/L3gqUbgvxvfE6+NuiJIElQ4xCVgE+AayjbwjPa1yP",
                "2P7FBOR7pnDUOrLTPXhrkMpm+YqydpC+Urm26KYGlavnKoIJKHEubzBNb6RMSI8SyR2ercTISaar0FLqnckO",
                "amffrlktLvJg7BMcy/KdW40w3yKNYWT2w5Hyxs23ssP2MIEf3NUwzTAG7kglkIehmOEHrVh3e6t6wM/EC9Ba",
                "5t/lXEcAfhJKSiFWX3S0fAQSC+YsA+8z6HoyWStS+5oM6OJ88yFa9r/QR3dAKW05tizHsx3SAnd3DM2AvnW3",
                "jxsNIA==",
            ),
            concat!(
                "czyjxYhfv1nXRYEh0QeDSRCty4JTGhLC5Za3sa1tt0iL3Op/gOrcdaKSuRrurWfWKVIGt87gtyj/HxcLKFR7",
                "bUqa20keyO3sP4G83gTuGIRbKluvsblbpwi36VDFlBwQ+eAswku1cyFhQ9YSIFmD+qlX5fxA7WR88peRup0N",
                "lEtpmZVRj7lajRqV6pKpgqjPysxO45jJ414mxeD8EmIRTmbKVDEJSrxXvMrxY9aQqCqMCFNYjboH0lKdrlAI",
                "5Yr6cWRT+s8VXO+98CezILxLQfzruk4VfPXPwLUAnaOnNbZiz4B1v5IH5aTiFi6ru2MMmobtrQru/JPtSzk5",
                "gSRPeg==",
            ),
        ),
    ],
};

pub(crate) const RSA_3072: RsaVectors = RsaVectors {
    bits: 3072,
    spki: concat!(
        "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAyh1iHMfQVMIyp0zi+2PwpipVpse7/tRS5sL5RJnx",
        "xiwPf3xTvoRz108rA0pWBKCb6DrMgUL6BJnNBZB7mXnTO538tzeBbcYGEr7hIwa6z8YkwAxW0cUDomEdPAPj",
        "fvwpNJetgJLTMmZrdqee8QjhQVWbUPDQ7MyVYI0UbwBJw6e3xoMMFgPnfCbksrPWmwbeES3GNTOLGP0vzNI2",
        "4OSowtG+fFyRv4SxyKzgqyFBKqVpidh+I+LMe6tDzs+9uX9Dw715UQ2ZR3i07BLJe6dPKu/iD1ImQROMLUwu",
        "YYMsPXc6Gs6tgkHDp86GW/2iexKlmpNUW8nIQmaO7GNFBH/DNZ4Xq4Y7ukVxlXuqfA+YmhAdgkRK8JKN6YU/",
        "wPF4RkWUrBJkawLKRtoZiGxTIcsyTcCOY4OvYdFbmkMsdhRADLP2N1i/11A6Q6mfoxPIb05VGg871GlNYVkm",
        "5UUxEAgkLfEgCnoFKqq76i4C7H08vM+XuUKzg9EnJeuipLCiZgtFAgMBAAE=",
    ),
    signatures: &[(
        HashAlgorithm::Sha256,
        concat!(
            "hbh1wZOYy75oh2+vAPl++Anj3Z4JIcIAs6PuQzccNBmjvKXxIhMP9sptHnNIL5alSP8lmDwYzVmo/GAdoFsP",
            "FGaSgM7nCBaHFun7xy11rqrpWkPOt2dXtZJ+imoi95NM0NyN9kFZ3s79ivq/7ruaO00b7gjSO+oMoK99YLxH",
            "w8VWAQcwgm+0nUTGHnTEaFvILM2X5+oFzyCoz5g3+Fjk4IOrQafHdKFucu5zxho0DsDXflMZWlVYjKjqGbgk",
            "l4hcOXCgZuwR7kNFJujjKlGETSfPRnb0wOQX7vr7XjPN5HWgSnGi4x81/UUlBM6cSFMILIShbBXlbMilKDd1",
            "dIBOfWP8+peg82RTvPl5X8RhzBLcjM5kDB6ZqTCg8p8dO/G5XuUJFjR0lHXhLzhHqqxF8LgUI10dld1ohM/V",
            "byFvwFtC11D3dzc9r7v4emacJRCmIHJFnSju+oIQokQhM6KCrbcHM0HFrnK1WB51FtJlCWgU0Y5QrpiYKuk/",
            "mu5tX4pz",
        ),
        concat!(
            "awFd8aMrf7+iaZYD9sXKAW5VLYogUS8/8RGWI5I6DLIROuCgacWytd3/M8XX7cefYkN12svcdgeLcCCroMsb",
            "o/l0O5yZnwOY5Eifcw4/z3wO23wAnJskVBhRkKSErOuINI8X85w/KtTtpyIGgkDlI0fl+EHVNnBHJCHFN4ZW",
            "FZub/IpBsGk4wNkWzKehy93kOrYj/wxACswWJdPBBCOH2G1dRP59zkjeHqPCWecPeAiHUm2m8D+G6ne6WRHk",
            "oxYBPcoVH8tARRK7eFxNyIojmrt5owUDnl160BiPA/T5CJUlJNl3CB16i2y/gZFUa8s7JrunDrm78obJ+NqO",
            "RTy2IJydazEp/9OHqOat2QTuEX3Hjqd/ELYWJgOvCQn9sZ0+yoSVKP6yqAa57Oy5ZWMjFQ+vhTDjVffbFwCj",
            "JJj8PO1wFZJZEmjj1tkuKMx5f4JnJrPxgyLO72D+sAUCfruU7ISkOzYMgmVELv3Sp1Ezu98+/VDaUXqUrUVq",
            "YqqK3S55",
        ),
    )],
};

pub(crate) const RSA_4096: RsaVectors = RsaVectors {
    bits: 4096,
    spki: concat!(
        "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAqYogpgWsqsStU8U1KXtSgSnWK87LyP/10Yzucqps",
        "ripcPOs4+mRft+O1ZToiGQu59k5j7Tq6IkhJ+460NLeWrH4i6Fc8PYhFVckiajIxuhbjeV/edZIYDd2lhKi2",
        "SHDDeHgECN7brR4DnqbUoRBykyNU7enKmKs9c8kyXImWhft7bHUqa2o/mnnghzhDZ+W9Jt5JOqz2XtJ/cTRd",
        "NKjRSYEb3R+eJOmbsirknegllzTCFIj8L4XKDpLV9tXOzCbdDWZ8+b41iQ0EX/9weia9LwfnT1inXZyUri35",
        "xY8a5i+HU7JQgBREHUs73lzSAhKoGKJyYwPkz47OF8q3sPMb645LTosn5xwknpttuLPdQqOBvcdBI4y05YNo",
        "2iQhr+PyQ3QfGbIOjWqHjtf/M3B24cAFDC5UVDld5Jk5W+SoidyXNLVAKzmtJd76QKyYwcQsiiX3W0/itJXq",
        "f2bADAwruuNXqeqgWAbTU0wEZm75Zyg6j0yu0ZqrzLsxa0lGqC5zPurcwX8NmAVQSgCMHGbKvi8NDPPIMH02",
        "zgF8gviAGikCidUP3b9WKACVjQfWxC2y/GZzF4J9+jrF3rJNu3Cu45H/B4orId0nMmW2weRejcvRJz1UIanS",
        "om/N6VlY/srOmqXIq7Ub9I26XvpQVx5fGWsDvJ/tvqM0NSo6i2Ezj/cCAwEAAQ==",
    ),
    signatures: &[(
        HashAlgorithm::Sha256,
        concat!(
            "dQx1TeprRrjLiZ8ZB7hKMqLtSO0AP2FbtMigfBxjvKxYG7i8M10D6QxnbecoV2s+XA295ml80ekS3MDLlsLi",
            "dqaWezHC5/+IUWoF+VUNUdchjNzVi6BgkBej4yMuzUqo5SiUkRGLllEPNte+1z6qOvmWwr+sUjtyYJkeD5qa",
            "RYPgcrEXSBQL0NLhoUQpsPswcwk+Jn8PnC/Bc13Qy87yjrMa1yJZCEJv3SYYd1Xz1wtCBoN9LvHksdm8sOTn",
            "VqWwS+HIbaWR2BQfITb88UWeI4Q8IjUQ/kXDxa9rkgwHtuU9i2bQOvPo0O/JEEv4hZU/k34RemWanipyf5Cp",
            "NXfOr8Z1bQzrXpF6TWWhqKNagB8co0Q0i3CEPVaC1Ir3GICwJ88q5hBaoetBvY7nbEE6VLrDF8pMZuwFtOem",
            "OApKHVRmbhqGp+znESzVEbjuRXeJpRVkghN8C1zf/znbaaSJ10byhadfWh8fyidfrj1QeKzCkVQ7ZpH4ldwI",
            "6+/PQBLfMtAx3//S5ajE6Qk4M91d1zsyFZ+mhw/qwNgWx5jZqY7L3P0ADySdLqkHLOBJrEd0HATnN6iTxp1L",
            "D/AT/keHL0kPJJQhwKjEHYywYYW1GwgAAWXgLKvGdtm7iM2K9Zp5hV3vQyjfATAwOQQnffLgFISR8GSlTk8j",
            "psRWMSSyYrs=",
        ),
        concat!(
            "nzTDW+JXG96Ds+xEIuKAeTCS6NqtLAODJzZT+YztWdvTa9aVg8eoeBz0cdLTU0URPf8XAOQTi4uS44iG5zQM",
            "tWvk7upn7Cdtps6Cc4N0Pbz+/37jnAcV6euzOS979xwAb1SG7YVuNtXXyROMlwHPQvkH7ekrzG6wn5x11ujr",
            "qpMDRFn2IkOJ4ZiI3w0+7wO9JWv7YcZYazVjm8oqGUKxyRFtRJjh8YlJeOtoGxUOuf1y7aWuvFnFQ4rciHPP",
            "hVnCmKeJsBhI1qrrdUN2uRBzCfgDl6K6Fk0i1lY/ZvPFsb0z1dJNZVLVzWp9jO0RvjsrC7Ask2tEDxZ8Texl",
            "ogByol+7ZWyVaBgVDCoxPx3p9ZJk1lZKo0TpF4N13ddFdx5F5XHNJV5C3N/zegHbFln/tf3+15tm9C4qTPwJ",
            "GTw0jyCpgPYQQbGA4CDoMY7GymGvr1sXtQ8lfA+tauXU7Tkk2C+tytH10elf1RSWJaVnKfi+YumTu7EJDZsD",
            "V/Kiju/T3rU4jnMyLZHVyPsJzgbw1EC3+IT3m3dmDmkXc6wWhEfyPL5r/IlQefWsqZc1930yP4Th0iTDeEMb",
            "jdFqnzXWjTc7uPO2wNEfK4BOpDZA9cKPCyBFQNuz+wCyQWRh2zTZY8A8vphzG4kDJvEx2WmuxFG3I8cQLeE9",
            "Enonro6KOtU=",
        ),
    )],
};

/// PSS by the RSA-2048 key over a SHA-256 digest, with an empty salt.
pub(crate) const RSA_2048_EMPTY_SALT: &str = concat!(
    "IZxsRGCx9wNKJjEAwSfboIO37upT2BDVOpdpFykN9h/I34k8Pb8nMhty/IblkCAhQ9wmqeI4/UAb7qQh63pV",
    "hKRsUMep5cle0N8Hng3o7wBbhyMonQBFtp3aFjuWOpTq4JZzVLP5Jc7yogZcxQsf+NiexvMyZeRxzPmgx1fE",
    "VUxyZiZKn6O65O0OtbXQSP6JjmLCUsgblffNImfiwauw7TMosVm6bkahf0ZKG03Fi7j73k5bCBCZq54mPMzt",
    "0bDHCEdkEEhAROe88qcHozC5/mfrXZFMkmeGepMnVh4505HomlzGfu+H7cdnKpDSmDhpkJA8tcLlgEpkWWAM",
    "gfA9ZQ==",
);
