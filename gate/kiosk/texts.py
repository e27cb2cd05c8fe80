"""What a person at the gate is told, in Kazakh, Russian and English.

Every reason has a `headline` (a word or two, read in a second from 1.5 m) and an `advice` (what to do
now).  `gate verify` prints the same texts on a terminal.  None of them names a colour or a person: the
screen stands in public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import Standing
from gate.errors import ConfigError

LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True)
class Words:
    headline: str
    advice: str


def check_languages(languages: Sequence[str]) -> None:
    """Raises ConfigError for a language without texts."""
    if not languages or (unknown := [name for name in languages if name not in LANGUAGES]):
        wrong = ", ".join(unknown) if languages else "none"
        raise ConfigError(
            f"venue.languages: no texts for {wrong}",
            hint=f"Name one or more of {', '.join(LANGUAGES)}, the first first",
        )


def reason_words(reason: Reason, language: str) -> Words:
    """`language` is one of LANGUAGES; KeyError otherwise."""
    return REASONS[language][reason]


_NOT_YOUR_PHONE = {
    "kk": "Телефоныңыз дұрыс. Қызметкерге жүгініңіз немесе басқа өткелден өтіңіз",
    "ru": "Ваш телефон в порядке. Обратитесь к сотруднику или пройдите через другой вход",
    "en": "Your phone is fine. Ask the staff, or use another entrance",
}
_ELSEWHERE = {
    "kk": "Мәселе сізде емес. Басқа өткелден өтіңіз немесе қызметкерді шақырыңыз",
    "ru": "Дело не в вас. Пройдите через другой вход или позовите сотрудника",
    "en": "It is not about you. Use another lane or call the staff",
}

# reason: (headline, advice) in kk, ru, en
_TEXTS: dict[Reason, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = {
    Reason.UNREADABLE: (
        ("Бұл рұқсаттама емес", "Ashyq немесе Aitu қолданбасын ашып, сондағы кодты көрсетіңіз"),
        ("Это не пропуск", "Откройте Ashyq или Aitu и покажите код оттуда"),
        ("Not a status pass", "Open Ashyq or Aitu and show the code from there"),
    ),
    Reason.MALFORMED: (
        ("Код бүлінген", "Рұқсаттаманы қолданбада қайта ашып, тағы бір рет көрсетіңіз"),
        ("Код повреждён", "Откройте пропуск в приложении заново и покажите ещё раз"),
        ("Damaged code", "Open the pass in the app again and show it once more"),
    ),
    Reason.UNKNOWN_ISSUER: (
        ("Кім бергені белгісіз", "Ashyq немесе Aitu рұқсаттамасын көрсетіңіз"),
        ("Неизвестно, кем выдан", "Покажите пропуск из Ashyq или Aitu"),
        ("Unknown issuer", "Show your pass from Ashyq or Aitu"),
    ),
    Reason.BAD_SIGNATURE: (
        ("Қолтаңба жарамсыз", "Рұқсаттаманы қолданбада қайта жүктеңіз немесе қызметкерге жүгініңіз"),
        ("Подпись неверна", "Загрузите пропуск в приложении заново или обратитесь к сотруднику"),
        ("Signature is wrong", "Load the pass in the app again, or ask the staff"),
    ),
    Reason.ISSUER_REVOKED: (
        ("Енді қабылданбайды", "Қолданбада жаңа рұқсаттама алыңыз немесе басқа қолданбадағысын көрсетіңіз"),
        ("Больше не принимается", "Получите в приложении новый пропуск или покажите пропуск из другого"),
        ("No longer accepted", "Get a new pass in the app, or show one from another app"),
    ),
    Reason.NOT_YET_VALID: (
        ("Әлі күшіне енбеген", "Рұқсаттама қашан күшіне енетінін қолданбадан қараңыз"),
        ("Ещё не действует", "Посмотрите в приложении, когда пропуск начнёт действовать"),
        ("Not valid yet", "See in the app when the pass becomes valid"),
    ),
    Reason.EXPIRED: (
        ("Мерзімі өткен", "Рұқсаттаманы қолданбада жаңартыңыз"),
        ("Срок истёк", "Обновите пропуск в приложении"),
        ("Pass expired", "Renew the pass in the app"),
    ),
    Reason.LIFETIME_EXCEEDED: (
        ("Мерзімі тым ұзақ", "Қолданбада жаңа рұқсаттама алыңыз немесе қызметкерге жүгініңіз"),
        ("Недопустимый срок", "Получите в приложении новый пропуск или обратитесь к сотруднику"),
        ("Valid for too long", "Get a new pass in the app, or ask the staff"),
    ),
    Reason.BINDING_MISSING: (
        ("Қолданбадан көрсетіңіз", "Рұқсаттаманы өз телефоныңыздан ашыңыз: сурет пен қағаз жарамайды"),
        ("Покажите в приложении", "Откройте пропуск на своём телефоне: снимок и распечатка не подойдут"),
        ("Show it in the app", "Open the pass on your own phone: a picture or a print will not do"),
    ),
    Reason.PRESENTATION_STALE: (
        ("Код ескірген", "Қолданбаны қайта ашыңыз: код жаңарады"),
        ("Код устарел", "Откройте приложение заново: код обновится"),
        ("Code is out of date", "Open the app again: the code renews itself"),
    ),
    Reason.PRESENTATION_EARLY: (
        ("Телефон сағаты озып кеткен", "Телефонда автоматты уақытты қосып, кодты қайта көрсетіңіз"),
        ("Часы телефона спешат", "Включите на телефоне автоматическое время и покажите код снова"),
        ("Phone clock is ahead", "Set the phone's clock to automatic and show the code again"),
    ),
    Reason.WRONG_VENUE: (
        ("Код басқа орынға арналған", "Қолданбада осы орынды таңдап, кодты қайта көрсетіңіз"),
        ("Код для другого места", "Выберите в приложении это место и покажите код снова"),
        ("Code for another place", "Choose this place in the app and show the code again"),
    ),
    Reason.ADMITTED: (
        ("Өтіңіз", "Бір-бірлеп өтіңіз"),
        ("Проходите", "По одному, пожалуйста"),
        ("Go ahead", "One person at a time, please"),
    ),
    Reason.NOT_LISTED: (
        ("Тізімде жоқ", "Қолданбадан мәртебеңізді тексеріңіз немесе қызметкерге жүгініңіз"),
        ("Нет в списке", "Проверьте статус в приложении или обратитесь к сотруднику"),
        ("Not on the list", "Check your status in the app, or ask the staff"),
    ),
    Reason.PASS_REVOKED: (
        ("Рұқсаттама күшін жойған", "Қолданбада жаңа рұқсаттама алыңыз немесе қызметкерге жүгініңіз"),
        ("Пропуск отозван", "Получите в приложении новый пропуск или обратитесь к сотруднику"),
        ("Pass withdrawn", "Get a new pass in the app, or ask the staff"),
    ),
    Reason.LIST_MISSING: (
        ("Тексеру мүмкін емес", _ELSEWHERE["kk"]),
        ("Проверка недоступна", _ELSEWHERE["ru"]),
        ("Cannot check now", _ELSEWHERE["en"]),
    ),
    Reason.LIST_EXPIRED: (
        ("Өткел деректері ескірген", _ELSEWHERE["kk"]),
        ("Данные входа устарели", _ELSEWHERE["ru"]),
        ("Gate data is too old", _ELSEWHERE["en"]),
    ),
    Reason.LIST_RESTRICTED: (
        ("Қызметкер тексереді", "Өткел деректері ескі: қызметкерге жүгініңіз"),
        ("Нужна проверка", "Данные входа устарели: обратитесь к сотруднику"),
        ("Staff check needed", "The gate's data is old: please ask the staff"),
    ),
    Reason.CLOCK_BEHIND: (
        ("Өткел сағаты артта", _NOT_YOUR_PHONE["kk"]),
        ("Часы входа отстают", _NOT_YOUR_PHONE["ru"]),
        ("Gate clock is behind", _NOT_YOUR_PHONE["en"]),
    ),
    Reason.CLOCK_UNTRUSTED: (
        ("Өткел сағаты қате", _ELSEWHERE["kk"]),
        ("Сбой часов на входе", _ELSEWHERE["ru"]),
        ("Gate clock fault", _ELSEWHERE["en"]),
    ),
    Reason.ALREADY_USED: (
        ("Бұрын пайдаланылған", "Қолданбада кодты жаңартыңыз немесе қызметкерге жүгініңіз"),
        ("Уже использован", "Обновите код в приложении или обратитесь к сотруднику"),
        ("Already used", "Renew the code in the app, or ask the staff"),
    ),
    Reason.TOO_SOON: (
        ("Жаңа ғана пайдаланылды", "Бірнеше минут күтіп, кодты қайта көрсетіңіз"),
        ("Только что использован", "Подождите несколько минут и покажите код снова"),
        ("Used moments ago", "Wait a few minutes and show the code again"),
    ),
    Reason.ANTI_PASSBACK: (
        ("Сіз іштесіз", "Алдымен рұқсаттаманы көрсетіп шығыңыз немесе қызметкерге жүгініңіз"),
        ("Вы уже внутри", "Сначала выйдите по пропуску или обратитесь к сотруднику"),
        ("Inside already", "Leave with your pass first, or ask the staff"),
    ),
    Reason.OCCUPANCY_FULL: (
        ("Орын жоқ", "Біреу шыққанша күтіңіз де, кодты қайта көрсетіңіз"),
        ("Мест нет", "Подождите, пока кто-нибудь выйдет, и покажите код ещё раз"),
        ("House is full", "Wait until somebody leaves, then show the code again"),
    ),
    Reason.STATUS_NOT_ADMITTED: (
        ("Кіруге рұқсат жоқ", "Кіру үшін не қажет екенін қолданбадан қараңыз немесе қызметкерге жүгініңіз"),
        ("Вход не разрешён", "Посмотрите в приложении, что нужно для входа, или обратитесь к сотруднику"),
        ("Entry not allowed", "See in the app what you need to enter, or ask the staff"),
    ),
    Reason.RULES_MISSING: (
        ("Өткел бапталмаған", _ELSEWHERE["kk"]),
        ("Вход не настроен", _ELSEWHERE["ru"]),
        ("Gate is not set up", _ELSEWHERE["en"]),
    ),
    Reason.LANE_BUSY: (
        ("Күте тұрыңыз", "Алдыңыздағы адам өтсін. Кодты камераға көрсетіп тұрыңыз"),
        ("Подождите", "Сейчас проходит другой человек. Держите код перед камерой"),
        ("Please wait", "Someone is going through. Keep the code before the camera"),
    ),
    Reason.OUT_OF_SERVICE: (
        ("Жұмыс істемейді", "Басқа өткелден өтіңіз немесе қызметкерді шақырыңыз"),
        ("Не работает", "Пройдите через другой вход или позовите сотрудника"),
        ("Out of service", "Use another lane or call the staff"),
    ),
    Reason.LOCKED_DOWN: (
        ("Кіру жабық", "Қызметкерлердің нұсқауларын орындаңыз"),
        ("Вход закрыт", "Следуйте указаниям сотрудников"),
        ("Entrance closed", "Follow the instructions of the staff"),
    ),
    Reason.STORAGE_FAILED: (
        ("Жад ақауы", _ELSEWHERE["kk"]),
        ("Сбой памяти", _ELSEWHERE["ru"]),
        ("Storage fault", _ELSEWHERE["en"]),
    ),
    Reason.DEVICE_FAILED: (
        ("Құрылғы ақауы", _ELSEWHERE["kk"]),
        ("Сбой устройства", _ELSEWHERE["ru"]),
        ("Device fault", _ELSEWHERE["en"]),
    ),
    Reason.STAFF_ADMITTED: (
        ("Өтіңіз", "Қызметкер рұқсат берді. Бір-бірлеп өтіңіз"),
        ("Проходите", "Сотрудник разрешил вход. По одному, пожалуйста"),
        ("Go ahead", "The staff let you in. One person at a time, please"),
    ),
    Reason.VERIFIED: (
        ("Рұқсаттама жарамды", "Оны кіреберісте камераға көрсетіңіз"),
        ("Пропуск подлинный", "Покажите его камере на входе"),
        ("Pass is good", "Show it to the camera at the entrance"),
    ),
}

REASONS: Mapping[str, Mapping[Reason, Words]] = MappingProxyType(
    {
        language: MappingProxyType({reason: Words(*texts[place]) for reason, texts in _TEXTS.items()})
        for place, language in enumerate(LANGUAGES)
    }
)


@dataclass(frozen=True, slots=True)
class Interface:
    """The page's own texts in one language.  `{…}` are filled in by gate.kiosk.view."""

    idle: Words
    seen: Words
    held: Words  # the code had its answer and is held up still
    free: Words
    fire: Words
    no_signal: Words
    trial: str  # banner of a venue in pilot mode
    trial_refused: str  # before the headline of what a gate in service would have said
    simulated: str
    modes: Mapping[str, str]  # gate.core.outlet_events.Mode
    ages: tuple[str, str, str]  # minutes, hours, days
    list_grades: Mapping[str, str]  # gate.core.staleness.Freshness, warn and worse
    clock_standings: Mapping[str, str]  # gate.core.trusted_time.Standing, behind and worse


INTERFACE: Mapping[str, Interface] = MappingProxyType(
    {
        "kk": Interface(
            idle=Words("Кодты көрсетіңіз", "Ashyq немесе Aitu қолданбасын ашып, кодты камераға ұстаңыз"),
            seen=Words("Тексерілуде", "Телефонды қозғалтпаңыз"),
            held=Words("Телефонды түсіріңіз", "Енді келесі адам кодын көрсете алады"),
            free=Words("Өтіңіз", "Код қажет емес"),
            fire=Words("Шығу", "Өрт дабылы. Ғимараттан шығыңыз"),
            no_signal=Words("Жұмыс істемейді", "Байланыс жоқ. Басқа өткелден өтіңіз немесе қызметкерді шақырыңыз"),
            trial="Сынақ режимі: бәрі өткізіледі",
            trial_refused="Жұмыс режимінде өткізілмес еді:",
            simulated="Жабдық имитациясы",
            modes={
                "enforce": "Жұмыс режимі",
                "pilot": "Сынақ режимі",
                "free": "Еркін өту",
                "locked_down": "Кіру жабық",
                "out_of_service": "Қызмет көрсетпейді",
                "maintenance": "Техникалық қызмет",
            },
            ages=("{} мин", "{} сағ", "{} күн"),
            list_grades={
                Freshness.WARN: "Тізім {age} бұрын жаңартылды",
                Freshness.RESTRICT: "Тізім {age} бұрын жаңартылды: тек жасыл өтеді",
                Freshness.REFUSE: "Тізім {age} бұрын жаңартылды: тым ескі",
                Freshness.MISSING: "Тізім жоқ",
            },
            clock_standings={
                Standing.AHEAD: "Сағат {age} алға кетті: тексеріңіз",
                Standing.BEHIND: "Сағат {age} артта қалды: уақытты түзетіңіз",
                Standing.UNTRUSTED: "Сағат {age} артта қалды: ешкім өткізілмейді",
            },
        ),
        "ru": Interface(
            idle=Words("Покажите код", "Откройте Ashyq или Aitu и поднесите код к камере"),
            seen=Words("Проверяем", "Держите телефон неподвижно"),
            held=Words("Уберите телефон", "Теперь код может показать следующий"),
            free=Words("Проходите", "Код не нужен"),
            fire=Words("Выход", "Пожарная тревога. Покиньте здание"),
            no_signal=Words("Не работает", "Нет связи. Пройдите через другой вход или позовите сотрудника"),
            trial="Пробный режим: пропускаем всех",
            trial_refused="В рабочем режиме был бы отказ:",
            simulated="Имитация оборудования",
            modes={
                "enforce": "Рабочий режим",
                "pilot": "Пробный режим",
                "free": "Свободный проход",
                "locked_down": "Вход закрыт",
                "out_of_service": "Не обслуживает",
                "maintenance": "Обслуживание",
            },
            ages=("{} мин", "{} ч", "{} дн."),
            list_grades={
                Freshness.WARN: "Список обновлён {age} назад",
                Freshness.RESTRICT: "Список обновлён {age} назад: проходят только зелёные",
                Freshness.REFUSE: "Список обновлён {age} назад: слишком старый",
                Freshness.MISSING: "Списка нет",
            },
            clock_standings={
                Standing.AHEAD: "Часы ушли вперёд на {age}: проверьте",
                Standing.BEHIND: "Часы отстают на {age}: исправьте время",
                Standing.UNTRUSTED: "Часы отстают на {age}: никто не проходит",
            },
        ),
        "en": Interface(
            idle=Words("Show your code", "Open Ashyq or Aitu and hold the code up to the camera"),
            seen=Words("Checking", "Hold the phone still"),
            held=Words("Take the phone away", "The next person can show a code now"),
            free=Words("Walk through", "No code needed"),
            fire=Words("Exit", "Fire alarm. Leave the building"),
            no_signal=Words("Out of order", "No signal. Use another lane or call the staff"),
            trial="Trial run: nobody is kept out",
            trial_refused="In service this would be refused:",
            simulated="Simulated hardware",
            modes={
                "enforce": "Enforcing",
                "pilot": "Trial run",
                "free": "Free passage",
                "locked_down": "Locked down",
                "out_of_service": "Out of service",
                "maintenance": "Maintenance",
            },
            ages=("{} min", "{} h", "{} d"),
            list_grades={
                Freshness.WARN: "List updated {age} ago",
                Freshness.RESTRICT: "List updated {age} ago: only green enters",
                Freshness.REFUSE: "List updated {age} ago: too old to use",
                Freshness.MISSING: "No list",
            },
            clock_standings={
                Standing.AHEAD: "Clock leapt {age} ahead: check it",
                Standing.BEHIND: "Clock is {age} behind: set it",
                Standing.UNTRUSTED: "Clock is {age} behind: nobody enters",
            },
        ),
    }
)
