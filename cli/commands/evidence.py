"""`message-hub evidence`: the keys that sign evidence, and the check of a file, which needs neither the hub nor a network."""

from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cli import connect, output, parameters
from cli.commands import evidence_check
from services.inbox_api import evidence as format_
from services.inbox_api import evidence_keys

# As of `message-hub verify`.
FAILS = 3
_MAX_FAULTS = 20
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(short_help="Keys for evidence, and its check.")
def evidence() -> None:
    """Evidence of acknowledgements: signed files that anyone can check with the hub's public key.

    \b
    Example:
      message-hub evidence verify notice.jsonl --key hub.public.pem
    """


@evidence.group(short_help="The keys that sign evidence.")
def keys() -> None:
    """The keys that sign evidence: in the folder HUB_EVIDENCE_KEYS, else in the data folder of the hub."""


@keys.command("new", short_help="Make a key, which signs from now on.")
@connect.data_option
@parameters.json_option
def new(as_json: bool) -> None:
    """Make a key, which signs from now on. Older files are still checked with the public key of their time.

    \b
    Example:
      message-hub evidence keys new
    """
    try:
        key = evidence_keys.make(connect.evidence_keys())
    except (OSError, evidence_keys.BadKeyError) as error:
        raise click.ClickException(f"The key cannot be made: {error}") from None
    output.show(
        key, as_json, lambda made: f"Key {made.id}. Give its public part to those who check evidence:\n\n{made.public}"
    )


@keys.command("list", short_help="All keys, also those that sign no longer.")
@connect.data_option
@parameters.json_option
def list_(as_json: bool) -> None:
    """List all keys, the oldest first, with their public parts.

    \b
    Example:
      message-hub evidence keys list --json
    """
    folder = connect.evidence_keys()
    try:
        found = evidence_keys.list_keys(folder)
    except (OSError, evidence_keys.BadKeyError) as error:
        raise click.ClickException(f"The keys cannot be read: {error}") from None
    output.show(found, as_json, lambda all_: "\n".join(map(_text, all_)) or f"There is no key in {folder}.")


@evidence.command("verify", short_help="Check a file of evidence.")
@click.argument("file", type=_FILE)
@click.option(
    "--key", "key_files", type=_FILE, required=True, multiple=True, help="A public key (PEM); may be repeated."
)
@parameters.json_option
def verify(file: Path, key_files: tuple[Path, ...], as_json: bool) -> None:
    """Check that FILE is as the hub signed it, and that its text and numbers fit together. Needs no hub and no network.

    Exit code 0 if it is, 3 if it is not, 1 if the file or a key cannot be read.

    \b
    Example:
      message-hub evidence verify notice.jsonl --key hub.public.pem
    """
    try:
        public_keys = {evidence_keys.key_id(one): one for one in map(evidence_keys.read_public, key_files)}
        facts = _check(file, public_keys)
    except (OSError, evidence_keys.BadKeyError) as error:
        raise click.ClickException(f"It cannot be checked: {error}") from None
    output.show(facts, as_json, _verdict)
    if facts["faults"]:
        raise click.exceptions.Exit(FAILS)


def _check(path: Path, public_keys: dict[str, Ed25519PublicKey]) -> dict[str, Any]:
    """What is wrong with the file, and what it says where nothing is."""
    contents = evidence_check.Contents()
    size = path.stat().st_size
    with path.open("rb") as file, output.progress("Checking") as progress:
        for number, found in enumerate(format_.read(file, public_keys), 1):
            contents.add(number, found)
            if number % 10_000 == 0:
                progress(file.tell(), size)
    faults = contents.faults()
    return {
        "file": str(path),
        "valid": not faults,
        "faults": faults[:_MAX_FAULTS],
        "manifest": None if faults else contents.manifest,
    }


def _verdict(facts: dict[str, Any]) -> str:
    if facts["faults"]:
        lines = [f"  line {fault.line}: {fault.what}" for fault in facts["faults"]]
        return "\n".join([f"NOT VALID: {facts['file']}", *lines])
    manifest = facts["manifest"]
    message, counts = manifest["message"], manifest["counts"]
    return "\n".join(
        [
            f"Valid: {facts['file']}",
            f"  message     {message['id']}: {output.printable(message['title'])}",
            f"  platform    {output.printable(manifest['platform']['name'])}",
            f"  sent        {message['sent_at']}",
            f"  exported    {manifest['exported_at']}",
            f"  recipients  {counts['recipients']:,}, of whom {counts['acknowledged']:,} have acknowledged",
        ]
    )


def _text(key: evidence_keys.Key) -> str:
    use = "signs" if key.signs else "could sign" if key.can_sign else "signs no longer"
    return f"{key.id}  {output.moment(key.made_at)}  {use}\n{key.public}"
