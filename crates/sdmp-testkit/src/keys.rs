//! The private keys of test people. They stand in a public repository: never use them elsewhere.

use std::sync::{Arc, OnceLock};

use sdmp_crypto::rsa::PrivateKey;

macro_rules! people {
    ($($pem:ident $name:ident $bits:literal)+) => {
        $(
            #[doc = concat!("The PEM text of a key of ", $bits, " bits.")]
            pub const $pem: &str = include_str!(concat!(
                "../../sdmp-conformance/vectors/keys/", stringify!($name), ".pem"
            ));

            #[doc = concat!("A key of ", $bits, " bits, read once.")]
            #[must_use]
            pub fn $name() -> Arc<PrivateKey> {
                static KEY: OnceLock<Arc<PrivateKey>> = OnceLock::new();
                KEY.get_or_init(|| Arc::new(PrivateKey::from_pem($pem, None).unwrap())).clone()
            }
        )+
    };
}
people! {
    ALICE alice "2048"
    BOB bob "2048"
    CAROL carol "3072"
    DAVE dave "2056"
    ERIN erin "2048"
    MALLORY mallory "2048"
}

/// The key on the specification's cryptography page, private half included (R13).
pub const PUBLISHED: &str = "-----BEGIN PUBLIC KEY-----
MIIBIzANBgkqhkiG9w0BAQEFAAOCARAAMIIBCwKCAQIA2IxlYprmk/QpH1Rsz+WQ
m+WUYqR2xlV+xXDDOesMkwja32aUsjYe1kCS6nTqazEdy4m9utF3Eb3K5i8crTeg
g3GE+iJvYAgGXvMLiAb/Vrj0OqKv8m0BoZnxW7AjCURZ/tDn/YxNk5qnzhZLLMIT
zHQlZsKmBp/ZlrhTr4VgKxKlT4z/NNTPMnLHyFB4XVR6ge20nNWN6RJ03kk85+QI
mCGPU9Us70H6FQYI/e0Iq+64gw8PgpDZP+RSzYvpAr7alCj4/f0jeFzrz+lpsIzY
95bk2ucfasPYkH7m6UP1EmBfZJUn+pnX3CPpeex1h5RCKw4DoMSRgXrfoVjYv80w
QfUCAwEAAQ==
-----END PUBLIC KEY-----";

/// Bob's key in the examples that were published with SDMP 0.12, private half included (R13).
pub const PUBLISHED_BOB: &str = "-----BEGIN PUBLIC KEY-----
MIIBIzANBgkqhkiG9w0BAQEFAAOCARAAMIIBCwKCAQIA44bUk1PzDQVkICwC9MIJ
4ISCLNSEm41vpIIMUdhv5QmqsydYTgYpf0BDb8oCoqajNHGoHz7g+EYMmo1CWxgL
Vg69XmKfqQrjXKPgsgxKqVoVbZBTNwXK1LmPkeJleWBf8DCKQLxW2YXeVy3UqmDd
tEf3SQ9qqbpcEoaiAvqP7exrgFatQ61gmM+O3VQDcy2fk+4wlE0FpQbpglsEo+gZ
wamYZBaexKQc6a2oC4Tze7OOGTJM7TL2gcj1S0jWN5Lb+XOfbprIwp74tgsh7ScB
x3tJD2Ftdf88VrD9B3dRXJDRZS1cB8oavseEOLA9us2KBqkbJbCQ20Np3A4MMZ1c
LakCAwEAAQ==
-----END PUBLIC KEY-----";

/// The fingerprint that the specification gives for [`PUBLISHED`].
pub const PUBLISHED_FINGERPRINT: &str =
    "B_3ji9cDp1SJTyPnxuslQ66IT3zwEf4TvTEnGo60_2KGANVfhRY0XA2crFKIfq6edYcexkMYzfz6y3UsPZZLtw";
