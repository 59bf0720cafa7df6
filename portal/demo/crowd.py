"""People that do not exist: those of the week before, and those who come by now."""

from dataclasses import dataclass
from random import Random

# Language and locale → first names, last names.
NAMES = {
    ("en", "en-gb"): (
        ("Ada", "Grace", "Mary", "James", "Noor", "Sam", "Ivy", "Owen", "Priya", "Callum"),
        ("Hughes", "Clarke", "Osei", "Walsh", "Patel", "Reid", "Bennett", "Quinn"),
    ),
    ("en", "en-us"): (
        ("Maya", "Ethan", "Zoe", "Marcus", "Ruby", "Diego", "Hazel", "Tyler"),
        ("Johnson", "Rivera", "Nguyen", "Brooks", "Kim", "Foster", "Hayes"),
    ),
    ("de", "de-de"): (
        ("Lena", "Jonas", "Mia", "Felix", "Hannah", "Emre", "Clara", "Tim", "Greta"),
        ("Schäfer", "Vogel", "Yıldız", "Krüger", "Lindner", "Groß", "Hartmann"),
    ),
    ("es", "es-es"): (
        ("Lucía", "Mateo", "Carmen", "Hugo", "Inés", "Álvaro", "Nuria"),
        ("García", "Muñoz", "Ortega", "Ibáñez", "Vidal", "Romero"),
    ),
    ("ar", "ar-eg"): (
        ("ليلى", "عمر", "سلمى", "يوسف", "نور", "كريم", "هدى"),
        ("حسن", "المصري", "خليل", "عبد الله", "منصور"),
    ),
    ("fr", "fr-fr"): (
        ("Chloé", "Louis", "Manon", "Hugo", "Inès", "Théo", "Zélie"),
        ("Lefèvre", "Moreau", "Diallo", "Girard", "Petit", "Roux"),
    ),
    ("ja", "ja-jp"): (("結衣", "蓮", "陽菜", "大翔", "さくら", "悠真"), ("佐藤", "鈴木", "高橋", "伊藤", "渡辺")),
    ("pt-BR", "pt-br"): (
        ("Júlia", "João", "Beatriz", "Thiago", "Larissa", "Caio"),
        ("Souza", "Oliveira", "Ferreira", "Araújo", "Lima"),
    ),
}
FAMILY_NAME_FIRST = ("ja",)
SHARES = {"en": 10, "de": 7, "es": 4, "ar": 3, "fr": 6, "ja": 3, "pt-BR": 4}


@dataclass(frozen=True, slots=True)
class Person:
    """`number` tells two of one name apart."""

    number: int
    name: str
    language: str
    locale: str


def people(languages: tuple[str, ...], *, number: int, rng: Random) -> list[Person]:
    """So many different ones, of those who speak these languages."""
    spoken = [key for key in NAMES if key[0] in languages]
    weights = [SHARES[language] for language, _ in spoken]
    return [_person(n, *rng.choices(spoken, weights)[0], rng) for n in range(1, number + 1)]


def _person(number: int, language: str, locale: str, rng: Random) -> Person:
    first, last = (rng.choice(names) for names in NAMES[language, locale])
    name = f"{last} {first}" if language in FAMILY_NAME_FIRST else f"{first} {last}"
    return Person(number, name, language, locale)
