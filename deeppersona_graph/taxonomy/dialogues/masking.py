"""Masking of what leads to a person: e-mail addresses, accounts and links to them, and certain numbers."""

from __future__ import annotations

import re

from deeppersona_graph.taxonomy.dialogues.numbers import mask_numbers

EMAIL = "[e-mail]"
ACCOUNT = "[account]"


def masked(text: str) -> str:
    """`text` with everything replaced that leads to a person; masked once more it stays the same."""
    while (found := _once(text)) != text:
        text = found
    return text


def _once(text: str) -> str:
    if "@" in text or "/" in text or "(at)" in text or "[at]" in text or " at " in text:
        text = _addresses(text)
    if _PLATFORM.search(text):
        text = _NAMED_ACCOUNT.sub(rf"\g<before>{ACCOUNT}", text)
    return mask_numbers(text)


def _addresses(text: str) -> str:
    text = _LOGIN.sub(ACCOUNT, text)
    text = _PROFILE.sub(_profile, text)
    text = _PERSONAL_LINK.sub(ACCOUNT, text)
    text = _FEDERATED.sub(ACCOUNT, text)
    text = _SPELLED_EMAIL.sub(EMAIL, _EMAIL.sub(EMAIL, text))
    text = _REDDIT.sub(ACCOUNT, text)
    return _HANDLE.sub(lambda found: found[0] if _NO_HANDLES.fullmatch(found[1]) else ACCOUNT, text)


_HOST = r"(?<![\w.@-])(?:https?://)?(?:(?:www|m|mobile|mbasic|web|old|[a-z]{2})\.)?"
_NAME = r"[\w.%~-]{1,63}[\w%~-]"
_REST = r"(?:[/?#](?:[^\s<>\"')\]]*[^\s<>\"')\].,;:!?…])?)?"
"""What follows the name in a link, without the stop or bracket after it."""

_LOGIN = re.compile(r"\b[a-z][a-z+]{1,12}://[^\s/@:]{1,64}:[^\s/@]{1,64}@[\w.-]*\w(?::\d+)?" + _REST, re.I)
"""A link with a name and a password in it."""

_PROFILE = re.compile(
    _HOST
    + r"(?:linkedin\.com/(?:in|pub)/|facebook\.com/(?:people/|profile\.php\?id=)?|fb\.(?:com|me)/"
    + r"|(?:t|telegram)\.me/|instagram\.com/|instagr\.am/|(?:x|twitter)\.com/|tiktok\.com/@|threads\.net/@"
    + r"|snapchat\.com/add/|wa\.me/|reddit\.com/u(?:ser)?/|youtube\.com/(?:@|user/)|medium\.com/@|vk\.com/"
    + rf"|twitch\.tv/|paypal\.me/|venmo\.com/|onlyfans\.com/|soundcloud\.com/)(?P<name>@?{_NAME}){_REST}",
    re.I,
)

_NO_PROFILES = re.compile(
    r"about|accounts|add|api|business|directory|discover|docs|downloads|events|explore|feed|groups"
    r"|hashtag|help|home|i|intent|jobs|joinchat|legal|login|marketplace|media|messages|notifications|p"
    r"|pages|photo|photos|policies|privacy|reel|reels|search|settings|share|sharer|sharer\.php|signup"
    r"|status|stories|stream|terms|tos|tv|videos|watch|you",
    re.I,
)
"""What stands in the place of a name in links to no account."""


def _profile(found: re.Match[str]) -> str:
    return found[0] if _NO_PROFILES.fullmatch(found["name"].rstrip(".")) else ACCOUNT


_PERSONAL_LINK = re.compile(
    r"https?://(?![^\s@]{0,100}(?:npm|unpkg|package|jsdelivr|maps?)[^\s@]{0,60}/@)[^\s/<>\"']{3,100}/(?:[^\s<>\"'/]{1,60}/){0,4}"
    r"(?:[@~]|(?:users?|u|profiles?|members?|people|author)/@?)[^\W\d][\w.-]{0,62}\w" + _REST,
    re.I,
)

_FEDERATED = re.compile(r"(?<![\w@./+-])@[\w.-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?!\w)")

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%'-]{1,64}@(?=[\w-]{0,63}[^\W_])[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.[^\W\d_]{2,24}(?!\w)"
)

_SPELLED_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{2,64}\s?(?:[\[(]\s?at\s?[\])]\s?[\w-]{2,63}\s?(?:\.|[\[(]\s?dot\s?[\])]|\sdot\s)"
    r"|\sat\s(?:gmail|googlemail|yahoo|hotmail|outlook|icloud|aol|gmx|protonmail|live)\s?(?:\.|\sdot\s))"
    r"\s?[a-z]{2,6}\b",
    re.I,
)

_REDDIT = re.compile(r"(?<![\w/.])/?u/[\w-]{3,20}(?![\w/])")

_HANDLE = re.compile(r"(?<![\w@/.+\\-])@([^\W\d](?:[\w.]{0,28}\w))(?![\w.]{0,40}[\w(/{@])")
"""`@name`; not a decorator that is called, nor the name of a package."""

_NO_HANDLES = re.compile(
    r"abstractmethod|all|anyone|article|autowired|bean|beanclass|before|body|book|channel|charset"
    r"|classmethod|click|component|controller|dataclass|deprecated|else|end|endif|entity|everyone|export"
    r"|extends|font-face|foreach|here|home|import|include|injectable|input|keyframes|media|misc|model"
    r"|night|noon|override|param|preview|property|readonly|repository|restcontroller|return|returns"
    r"|school|section|see|service|since|staticmethod|test|throws|todo|transactional|types|work|yield",
    re.I,
)
"""Where somebody is, whom a chat alerts, and words of programs."""

_PLATFORM = re.compile(r"(?:insta|snap|telegram|tik ?tok|twitter|discord|skype|venmo|cash ?app)", re.I)
_NAMED_ACCOUNT = re.compile(
    r"(?P<before>\b(?:insta(?:gram)?|snap(?:chat)?|telegram|tik ?tok|twitter|discord|skype|venmo|cash ?app)"
    r"(?: (?:handle|name|username|user name|id|account))?(?: is|:| -)\s{1,2})"
    r"(?=[a-z][a-z.]{0,28}[\d_#])[a-z][\w.]{0,28}\w(?:#\d{4})?\b",
    re.I,
)
