"""What encrypts secrets at rest: Fernet keys from a setting, else from the data directory."""

from typing import TYPE_CHECKING

from shared.errors import StartupRefused, Unavailable
from shared.settings import Settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def open_cipher(settings: Settings) -> "MultiFernet":
    """The first key encrypts, all of them decrypt. Raises Unavailable without a usable key."""
    from cryptography.fernet import Fernet, MultiFernet

    try:
        text = settings.secrets_key.get_secret_value() or settings.secrets_key_file.read_text()
        keys = [Fernet(one.strip()) for one in text.split(",") if one.strip()]
        return MultiFernet(keys)
    except OSError:
        raise Unavailable(
            "QUEUECAST_SECRETS_KEY is not set, and the data directory has no secrets.key"
        ) from None
    except ValueError:
        raise Unavailable(
            "QUEUECAST_SECRETS_KEY should be 32 random bytes in URL-safe base64"
        ) from None


def require_cipher(settings: Settings) -> None:
    """Raises StartupRefused without a usable key."""
    try:
        open_cipher(settings)
    except Unavailable as error:
        raise StartupRefused(error.detail) from None
