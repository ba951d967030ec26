"""Masking of what leads to a person: e-mail addresses, accounts and links to them, and certain numbers."""

from __future__ import annotations

import re
from functools import lru_cache

from deeppersona_graph.errors import shorten
from deeppersona_graph.taxonomy.dialogues.numbers import mask_numbers

EMAIL = "[e-mail]"
ACCOUNT = "[account]"

SLACK = 500
"""Characters that are masked beyond those that are kept, lest the cut leave a piece of an address."""


def masked(text: str) -> str:
    """`text` with everything replaced that leads to a person; masked once more it stays the same."""
    while (found := _once(text)) != text:
        text = found
    return text


def quoted(text: str, limit: int) -> str:
    """`text` on one line, as a message or a note may show it: masked, then cut to `limit` characters."""
    flat = " ".join(text.split())
    return shorten(_masked_note(flat[: limit + SLACK]), limit)


_masked_note = lru_cache(maxsize=256)(masked)


def _once(text: str) -> str:
    if _ADDRESSED.search(text):
        text = _addresses(text)
    if _CALLED.search(text):
        text = _LIVE_ACCOUNT.sub(rf"\g<before>{ACCOUNT}", text)
        text = _NAMED_ACCOUNT.sub(rf"\g<before>{ACCOUNT}", text)
        text = _TOLD_ACCOUNT.sub(_told_account, text)
    return mask_numbers(text)


def _addresses(text: str) -> str:
    text = _LOGIN.sub(ACCOUNT, text)
    text = _PROFILE.sub(_profile, text)
    text = _PERSONAL_HOST.sub(ACCOUNT, text)
    text = _PERSONAL_LINK.sub(ACCOUNT, text)
    text = _FEDERATED.sub(ACCOUNT, text)
    text = _SPELLED_EMAIL.sub(EMAIL, _EMAIL.sub(EMAIL, text))
    text = _REDDIT.sub(ACCOUNT, text)
    return _HANDLE.sub(lambda found: found[0] if _NO_HANDLES.fullmatch(found[1]) else ACCOUNT, text)


_ADDRESSED = re.compile(r"[@/]|[\[(]at?[\])]| at |\.(?:tumblr\.com|bsky\.social)", re.I)
"""What all addresses have something of."""

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
    + r"|twitch\.tv/|paypal\.me/|venmo\.com/|onlyfans\.com/|soundcloud\.com/|github\.com/"
    + r"|pinterest\.(?:com(?:\.\w\w)?|co\.uk|[a-z]{2})/|bsky\.app/profile/|tumblr\.com/(?:blog/(?:view/)?)?)"
    + rf"(?P<name>@?{_NAME}){_REST}",
    re.I,
)

_NO_PROFILES = re.compile(
    r"about|accounts|add|api|apps|blog|business|categories|collections|contact|dashboard|directory|discover"
    r"|docs|downloads|enterprise|events|explore|features|feed|groups|hashtag|help|home|i|ideas|intent|issues"
    r"|jobs|join|joinchat|legal|login|marketplace|media|messages|new|notifications|orgs|p|pages|photo|photos"
    r"|pin|policies|policy|pricing|privacy|pulls|readme|reel|reels|register|search|security|settings|share"
    r"|sharer|sharer\.php|signup|sponsors|status|stories|stream|tagged|terms|today|topics|tos|trending|tv"
    r"|videos|watch|you",
    re.I,
)
"""What stands in the place of a name in links to no account."""


def _profile(found: re.Match[str]) -> str:
    return found[0] if _NO_PROFILES.fullmatch(found["name"].rstrip(".")) else ACCOUNT


_PERSONAL_HOST = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?!(?:www|api|assets|m|embed|media|static|staff)\.)[\w-]{1,63}"
    r"\.(?:tumblr\.com|bsky\.social)\b" + _REST,
    re.I,
)

_PERSONAL_LINK = re.compile(
    r"https?://(?![^\s@]{0,100}(?:npm|unpkg|package|jsdelivr|maps?)[^\s@]{0,60}/@)[^\s/<>\"']{3,100}/(?:[^\s<>\"'/]{1,60}/){0,4}"
    r"(?:[@~]|(?:users?|u|profiles?|members?|people|author)/@?)[^\W\d][\w.-]{0,62}\w" + _REST,
    re.I,
)

_FEDERATED = re.compile(r"(?<![\w@./+-])@[\w.-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?!\w)")

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%'-]{1,64}@(?=[\w-]{0,63}[^\W_])[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.[^\W\d_]{2,24}(?!\w)"
)

_PROVIDER = r"(?:gmail|googlemail|yahoo|hotmail|outlook|icloud|aol|gmx|protonmail|live)"
_SPELLED_EMAIL = re.compile(
    r"(?<![\w.+-])(?:[\w.+-]{1,64}(?:\s?[\[(]\s?dot\s?[\])]\s?|\s(?:dot|underscore|dash|hyphen)\s)){0,4}"
    r"(?:[\w.+-]{2,64}\s?(?:[\[(]\s?at\s?[\])]\s?[\w-]{2,63}\s?(?:\.|[\[(]\s?dot\s?[\])]|\sdot\s)"
    rf"|(?:\sat\s|\(a\)\s?){_PROVIDER}\s?(?:\.|[\[(]\s?dot\s?[\])]|\sdot\s))"
    r"\s?[a-z]{2,6}\b(?:\sdot\s[a-z]{2}\b)?"
    r"|[\w.+-]{2,64}\(a\)[\w-]{2,63}(?:\.[\w-]{1,63}){0,3}\.[a-z]{2,6}\b)",
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

_PLATFORM = (
    r"(?:insta(?:gram)?|snap(?:chat)?|telegram|tik ?tok|twitter|discord|skype|venmo|cash ?app|psn|playstation"
    r"|xbox(?: live)?|steam|twitch|github|reddit|tumblr|pinterest|blue ?sky|mastodon|kik|we ?chat|ig)"
)
_OTHER_PLATFORM = r"(?:facebook|fb|linkedin|youtube|threads|minecraft|roblox|fortnite|riot|line)"
"""Those of which people say much with a digit in it that is no name."""

_USER_NAME = r"(?:user ?name|screen ?name|gamer ?tag)"
_NAME_OF_ACCOUNT = rf"(?:handle|name|id|{_USER_NAME})"
_IS = r"(?:(?: is| was|['’]s)(?: now| just)?:?\s{1,2}|:\s{0,2}| -\s{1,2})[\"'“‘]?"
_CHOSEN = r"[a-z]\w{0,40}(?:[.-]\w{1,40}){0,4}(?:#\d{4})?(?!\w|[.-]\w|://|['’]\w)"
"""A name that somebody goes by."""

_CALLED = re.compile(rf"{_PLATFORM}|{_OTHER_PLATFORM}|{_USER_NAME}|handle", re.I)

_LIVE_ACCOUNT = re.compile(r"(?P<before>\bskype\b[^\n]{0,30}?\b)live:[\w.-]{0,63}\w", re.I)

_NAMED_ACCOUNT = re.compile(
    rf"(?P<before>\b(?:{_PLATFORM}(?: (?:account|{_NAME_OF_ACCOUNT}))?|{_USER_NAME}|handle){_IS})"
    rf"(?=[a-z][a-z.]{{0,28}}[\d_#]){_CHOSEN}",
    re.I,
)
"""A digit or an underscore shows that what follows is a name."""

_TOLD_ACCOUNT = re.compile(
    rf"(?P<before>\b(?:(?:{_PLATFORM}|{_OTHER_PLATFORM}) {_NAME_OF_ACCOUNT}"
    rf"|{_NAME_OF_ACCOUNT} (?:on|for) (?:{_PLATFORM}|{_OTHER_PLATFORM})"
    rf"|(?:my|his|her|their|our) (?:\w{{1,20}} )?{_USER_NAME}|gamer ?tag"
    rf"|(?P<dotted>(?:my|his|her) {_PLATFORM})){_IS})(?P<name>{_CHOSEN})",
    re.I,
)
"""What goes before says that a name follows, or nearly so: then there is to be a dot in it."""

_NO_NAMES = re.compile(
    r"a|about|above|actually|add|all|almost|already|also|always|an|and|any|anything|as|at|attached"
    r"|available|awesome|awful|bad|banned|based|basically|because|been|before|being|best|better|between"
    r"|blank|blocked|boring|both|but|by|called|can|case|changed|choose|chosen|clever|common|complicated"
    r"|confidential|cool|correct|created|crucial|currently|cute|dead|deleted|different|difficult|displayed"
    r"|dumb|easy|either|embarrassing|empty|enough|ensure|enter|essential|even|every|everything|exactly"
    r"|extremely|fake|famous|fine|for|free|from|fun|funny|generated|getting|going|gone|good|great|guess"
    r"|hard|her|here|hidden|hilarious|his|how|however|i|if|important|in|incorrect|inspired|interesting"
    r"|invalid|it|its|itself|just|keep|kept|kind|known|lame|less|like|linked|listed|literally|locked|long"
    r"|lost|lovely|made|make|mandatory|maybe|mine|missing|more|most|much|my|named|needed|neither|never|new"
    r"|nice|no|none|not|nothing|now|obvious|odd|of|off|often|ok|okay|old|on|one|only|open|optional|or"
    r"|original|our|out|outdated|part|perfect|perhaps|permanent|personal|pick|please|pointless|pretty"
    r"|private|probably|public|put|quite|random|rather|really|related|required|reserved|ridiculous|right"
    r"|sadly|safe|same|secret|sensitive|set|shared|short|shown|silly|similar|simple|simply|so|some"
    r"|something|somewhere|still|stored|strange|stupid|such|suspended|taken|temporary|terrible|that|the"
    r"|their|there|these|they|this|those|to|too|totally|try|unavailable|under|unique|unknown|up|use|used"
    r"|useful|usually|valid|very|visible|weird|well|what|whatever|when|where|which|who|why|with|without"
    r"|wonderful|worse|worst|wrong|yes|you|your|yours",
    re.I,
)
"""Words that go on where a name might stand: the name is secret, is not for others."""


def _told_account(found: re.Match[str]) -> str:
    name = found["name"]
    first = re.split(r"[.-]", name)[0]
    is_name = "." in name if found["dotted"] else len(name) > 2
    return found["before"] + ACCOUNT if is_name and not _NO_NAMES.fullmatch(first) else found[0]
