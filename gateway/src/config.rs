//! What a gateway is told when it starts. Reading flags and environment is the binary's business.

use pixeldrive_model::{Effort, Epoch, Inspect};
use sha2::{Digest, Sha256};
use url::Url;

use crate::Error;

/// A gateway's configuration. It holds secrets, so it cannot be printed.
pub struct Config {
    /// Where callers reach this gateway; links in answers start with it.
    pub public_url: Url,
    /// What workers show when they dial. `None` lets every worker in: only for a pipe in memory.
    pub worker_token: Option<String>,
    /// Keys of signed URLs.
    pub signing: SigningKeys,
    /// Name of this gateway. It outlives a restart and no two gateways of one database share it:
    /// as it starts, a gateway takes back the leases that its earlier life left behind.
    pub name: String,
    /// What this gateway's pictures depend on besides template and payload.
    pub epoch: Epoch,
    /// How much time a picture's file may take to become small, when a request does not say.
    pub effort: Effort,
    /// Looks at what a template carries before it is stored: a gateway itself cannot draw.
    pub inspect: Inspect,
}

/// The ring of keys of signed URLs: the first signs, any of them verifies.
pub struct SigningKeys(Vec<SigningKey>);

/// One key of the ring.
pub struct SigningKey {
    id: String,
    secret: [u8; 32],
}

impl SigningKeys {
    /// A ring of these secrets.
    ///
    /// # Errors
    /// When there is none, or when one is given twice.
    pub fn new(secrets: Vec<[u8; 32]>) -> Result<Self, Error> {
        let keys: Vec<_> = secrets.into_iter().map(SigningKey::new).collect();
        let repeated = |at: usize| keys[..at].iter().any(|key| key.id == keys[at].id);
        if keys.is_empty() {
            return Err(Error::SigningKeys("there is none; give at least one"));
        }
        if (1..keys.len()).any(repeated) {
            return Err(Error::SigningKeys("one is given twice; each must differ"));
        }
        Ok(Self(keys))
    }

    /// The key that signs.
    #[must_use]
    pub fn first(&self) -> &SigningKey {
        // `new` refuses an empty ring.
        &self.0[0]
    }

    /// The key of that id, for verifying.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl SigningKey {
    fn new(secret: [u8; 32]) -> Self {
        let digest = Sha256::new_with_prefix(b"pixeldrive signing key id").chain_update(secret);
        let id = data_encoding::HEXLOWER.encode(&digest.finalize()[..4]);
        Self { id, secret }
    }

    /// Eight hex digits that name it in a URL. They follow from the secret without giving it away,
    /// so that nobody has to choose names.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signs_and_any_verifies() {
        let ring = SigningKeys::new(vec![[1; 32], [2; 32]]).expect("two keys");
        assert_eq!(ring.first().secret(), [1; 32], "the first");
        let old = SigningKey::new([2; 32]);
        let found = ring.get(old.id()).expect("the second is in the ring");
        assert_eq!(found.secret(), [2; 32], "found by its id");
        assert!(ring.get("00000000").is_none(), "an id of no key");
    }

    #[test]
    fn an_empty_or_doubled_ring_is_refused() {
        for secrets in [vec![], vec![[1; 32], [2; 32], [1; 32]]] {
            assert!(SigningKeys::new(secrets).is_err(), "refused");
        }
    }
}
