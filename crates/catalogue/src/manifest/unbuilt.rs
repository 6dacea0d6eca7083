//! Refuses what the contract has and this version has not.

use settings::{Document, Error, Spanned};

use super::raw::{Egress, Manifest};

const NOT_BUILT: &str = "not built yet";

/// Refuses the first thing of a manifest that is not built.
///
/// # Errors
///
/// One line that says so and names the key.
pub(super) fn refuse(document: &Document, manifest: &Manifest) -> Result<(), Error> {
    let refusal = Refusal { document };
    manifest.egress.iter().try_for_each(|egress| refusal.egress(egress))?;
    refusal.present(manifest.pop.first())?;
    refusal.present(manifest.cluster.first())?;
    refusal.present(manifest.clustered_egress.first())?;
    refusal.present(manifest.balancer.first())
}

struct Refusal<'d> {
    document: &'d Document,
}

impl Refusal<'_> {
    fn egress(&self, egress: &Egress) -> Result<(), Error> {
        self.present(egress.ads.as_ref().filter(|ads| *ads.get_ref()))
    }

    fn present<T>(&self, value: Option<&Spanned<T>>) -> Result<(), Error> {
        match value {
            Some(value) => Err(self.document.error(value.span(), NOT_BUILT)),
            None => Ok(()),
        }
    }
}
