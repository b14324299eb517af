"""Every error that Tierline raises on purpose.

    TierlineError
    ├── InputError      a file or a setting is unusable as a whole
    │   └── RowError    one row is unusable; the job quarantines it and goes on
    ├── BundleError     a model bundle is missing, incomplete or altered
    ├── DeviceError     a GPU fails while it computes
    ├── ModelNotFoundError  no model where one was asked for
    ├── LaunchError     processes launched together can't train together, or one has stopped
    ├── JobError        a long job stopped half-way; what it has done is kept
    ├── StoreError      the store of decisions is away, not at this version, or misused
    └── PolicyError     a policy file breaks the policy's schema

Messages say what was expected, what was found, and the remedy. They never hold ticket text.
"""


class TierlineError(Exception):
    """Base of all: catch this to catch whatever Tierline reports itself."""


class InputError(TierlineError):
    """A file or a setting is unusable as a whole."""


class RowError(InputError):
    """One row is unusable; the reason names the field, never its text.

    ``words`` are what the row says, as far as it can be read: for the safety rules alone.
    """

    words: str = ""


class BundleError(TierlineError):
    """A model bundle is missing, incomplete, altered, or of another format."""


class DeviceError(TierlineError):
    """A GPU fails while it computes: no ticket's fault, and nothing to answer around."""


class ModelNotFoundError(TierlineError):
    """No model is where one was asked for."""


class LaunchError(TierlineError):
    """Processes launched together can't train together, or one of them has stopped."""


class JobError(TierlineError):
    """A long job stopped half-way; what it has done is kept, and it can go on."""


class PolicyError(TierlineError):
    """A policy file breaks the policy's schema; the message names the key's path."""


class StoreError(TierlineError):
    """The store of decisions is away, not at this version, or asked for what it doesn't hold."""
