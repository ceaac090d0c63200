"""New numbered cards for visitors: tokens made here and now, codes only on what is printed, hashes sent to the door."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kiosk.core.badges import token_sha256
from kiosk.core.passes import TOKEN_BYTES, CodeKind, pass_code
from kiosk.services import badge_cards
from kiosk.services.changes import DirectoryChange
from kiosk.services.private_files import private_folder, write_private
from kiosk.store.pass_cards import LOCAL, KnownCard, PassCard
from sync.ids import RandomBytes


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card just made. `replaces` are the hashes of this station's cards of that number, which it retires."""

    code: str
    card: PassCard
    replaces: tuple[str, ...]


def in_force(cards: Iterable[KnownCard]) -> dict[int, tuple[KnownCard, ...]]:
    """The cards that are not retired, by number."""
    found: dict[int, tuple[KnownCard, ...]] = {}
    for card in cards:
        if card.retired_at is None:
            found[card.number] = (*found.get(card.number, ()), card)
    return found


def issue(numbers: Iterable[int], room_id: str | None, known: Iterable[KnownCard], random_bytes: RandomBytes) -> list[NewCard]:
    """A new card for each number, in place of the one that this station printed before."""
    own = in_force(card for card in known if card.source == LOCAL)
    made = []
    for number in numbers:
        token = random_bytes(TOKEN_BYTES)
        card = PassCard(number, token_sha256(token), room_id)
        made.append(NewCard(pass_code(CodeKind.CARD, token), card, tuple(old.token_sha256 for old in own.get(number, ()))))
    return made


def change(made: Iterable[NewCard]) -> DirectoryChange:
    """What the door is told of it: hashes to know and hashes to retire, together."""
    new = list(made)
    return DirectoryChange(cards=[each.card for each in new], retire_cards=[old for each in new for old in each.replaces])


def save_pictures(folder: Path, made: Iterable[NewCard]) -> None:
    """Write each code as <number>.png and <number>.svg into a folder for its owner's eyes only.

    Raises:
        OSError
    """
    private_folder(folder)
    for each in made:
        write_private(folder / f"{each.card.number:03d}.png", badge_cards.png(each.code))
        write_private(folder / f"{each.card.number:03d}.svg", badge_cards.svg(each.code).encode("ascii"))
