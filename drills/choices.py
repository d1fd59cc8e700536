"""What a load generator chooses at random: audiences of messages, and people of an audience."""

import random

from drills import platforms

# Of a platform, people are looked for among so many.
_SAMPLE = 400


def audience(
    rng: random.Random, directory: platforms.Directory, sender: platforms.Person, *, share_of_everyone: float
) -> platforms.Audience:
    """Of this sender; now and then beyond their reach."""
    if sender.administers_all:
        if rng.random() < share_of_everyone:
            return platforms.EVERYONE
        organisations, clinics = list(directory.organisations), list(directory.clinics)
    else:
        organisations = sender.administers("organisation")
        beneath = [clinic for organisation in organisations for clinic in directory.clinics_of(organisation)]
        clinics = [*sender.administers("clinic"), *beneath]
        if rng.random() < 0.04:
            return platforms.EVERYONE  # beyond their reach: to be rejected
    some = _some(rng, organisations, 2) if rng.random() < 0.3 else []
    other = _some(rng, clinics, 4) if rng.random() < 0.8 or not some else []
    return {"organisations": some, "clinics": other}


def people(rng: random.Random, directory: platforms.Directory, chosen: platforms.Audience, *, most: int) -> list[str]:
    """Some active people of an audience."""
    everyone = directory.of(chosen)
    sample = rng.sample(directory.active, min(_SAMPLE, len(directory.active)))
    return [one for one in sample if one in everyone][:most]


def _some(rng: random.Random, scopes: list[str], most: int) -> list[str]:
    return rng.sample(scopes, min(len(scopes), rng.randint(1, most))) if scopes else []
