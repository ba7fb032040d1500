"""What a browser is called in the list of sign-ins, from what it says of itself; nothing of its words is kept."""

BROWSERS = (
    ("edg/", "Edge"),
    ("opr/", "Opera"),
    ("firefox/", "Firefox"),
    ("chrome/", "Chrome"),
    ("chromium/", "Chromium"),
    ("safari/", "Safari"),
)
SYSTEMS = (
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("cros", "ChromeOS"),
    ("linux", "Linux"),
)
UNKNOWN = "Unknown device"


def named(user_agent: str) -> str:
    """`Firefox on Windows`; the order of the tables matters, since most browsers claim to be others, too."""
    told = user_agent.lower()
    browser = next((name for mark, name in BROWSERS if mark in told), "")
    system = next((name for mark, name in SYSTEMS if mark in told), "")
    return f"{browser} on {system}" if browser and system else browser or system or UNKNOWN
