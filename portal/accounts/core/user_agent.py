"""What a browser calls itself, in words that somebody knows theirs by."""

# The first that is found: most call themselves by the names of others as well.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def words(header: str) -> str:
    """“Firefox on Linux” of a User-Agent header, as much of it as is known."""
    browser = next((name for word, name in BROWSERS if f"{word}/" in header), "")
    system = next((name for word, name in SYSTEMS if word in header), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Another program"
