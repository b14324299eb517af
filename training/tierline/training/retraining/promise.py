"""Whether held-out tickets disprove a certificate.

A certificate speaks of the expected miss rate, not of an upper bound: the rate of one bundle lies
above α about as often as below. To ask that the exact upper bound be at most α would refuse
nearly every sound bundle. So the promise is put to a test, and is broken when the misses are too
many to be chance.

With the threshold set by conformal risk control on n critical tickets, of which a = ⌊α(n+1)⌋ − 1
may be missed, the bundle's miss rate follows Beta(a + 1, n − a) over calibration parts, or lies
below (Vovk, "Conditional validity of inductive conformal predictors", 2012; ties and rules only
lower it). So of m other tickets, the misses are at most BetaBinomial(m, a + 1, n − a). That counts
the chance in both parts; a plain binomial test against α would take a sound promise for broken
far too often.
"""

import math

from scipy.stats import betabinom

from tierline.models.runtime.certificate import Certificate


def chance_of_misses(certificate: Certificate) -> float:
    """Return the chance, 0 to 1, of as many misses as the test part showed, or more.

    1.0 where the certificate promises nothing or wasn't checked apart.
    """
    test, n = certificate.test, certificate.calibration.count
    if certificate.threshold is None or test is None or not test.count:
        return 1.0
    allowed = math.floor(certificate.alpha * (n + 1) - 1 + 1e-9)
    return float(betabinom.sf(test.misses - 1, test.count, allowed + 1, n - allowed))
