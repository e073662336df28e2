"""Where the files of a control plane are, in one folder.

Who writes and reads each lives with those programs.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of a control plane are."""

    folder: Path

    @property
    def data(self) -> Path:
        """What etcd stores."""
        return self.folder / "etcd"

    @property
    def logs(self) -> Path:
        """One log per program."""
        return self.folder / "logs"

    @property
    def certificates(self) -> Path:
        """The API server's certificate, chain and key, made by itself."""
        return self.folder / "certificates"

    @property
    def chain(self) -> Path:
        """The API server's certificate and its authority's."""
        return self.certificates / "apiserver.crt"

    @property
    def key(self) -> Path:
        """The API server's private key."""
        return self.certificates / "apiserver.key"

    @property
    def authority(self) -> Path:
        """The authority's certificate alone."""
        return self.certificates / "ca.crt"

    @property
    def signing_key(self) -> Path:
        """What tokens of service accounts are signed with."""
        return self.folder / "service-accounts.key"

    @property
    def tokens(self) -> Path:
        """The administrator's token, as the API server reads it."""
        return self.folder / "tokens.csv"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's way in."""
        return self.folder / "kubeconfig"
