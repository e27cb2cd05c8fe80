"""What staff read of an alarm, in Kazakh, Russian and English: what is wrong and what to do."""

from collections.abc import Mapping
from types import MappingProxyType

from gate.core.lane.modes import Alarm

_TEXTS: dict[Alarm, tuple[str, str, str]] = {  # in kk, ru, en
    Alarm.HELD_OPEN_SOON: (
        "есік ұзақ ашық тұр: жабыңыз",
        "дверь долго открыта: закройте её",
        "the door has stood open for long: shut it",
    ),
    Alarm.HELD_OPEN: (
        "есік ашық тұр: жауып, оны не ұстап тұрғанын қараңыз",
        "дверь стоит открытой: закройте и посмотрите, что её держит",
        "the door stands open: shut it, and see what holds it",
    ),
    Alarm.FORCED_OPEN: (
        "есік рұқсатсыз ашылды: барып қараңыз",
        "дверь открыли без разрешения: подойдите и проверьте",
        "the door was opened without a grant: go and see",
    ),
    Alarm.UNABLE_TO_LOCK: (
        "ысырма жабылмайды: есікті күзетіп, құлыпты тексеріңіз",
        "ригель не закрывается: охраняйте дверь, проверьте замок",
        "the bolt does not go home: guard the door, see to the lock",
    ),
    Alarm.UNABLE_TO_UNLOCK: (
        "ысырма ашылмайды: құлыпты тексеріңіз",
        "ригель не открывается: проверьте замок",
        "the bolt does not come back: see to the lock",
    ),
    Alarm.TAMPER: (
        "қорап немесе кабель ашылып жатыр: барып қараңыз",
        "вскрывают корпус или кабель: подойдите и проверьте",
        "a box or a cable is being opened: go and see",
    ),
    Alarm.JOURNAL_LOST: (
        "журнал жоғалды, онымен бірге өкімдер де: кіру жабық; ішінде кім барын және құрылғының бүтіндігін тексеріп, "
        "`gate lane lockdown off` деңіз",
        "журнал потерян, с ним и распоряжения: вход закрыт; проверьте, кто внутри и цело ли устройство, затем "
        "`gate lane lockdown off`",
        "the journal was lost, and orders with it: the entrance is locked down; see who is inside and "
        "whether the gate is whole, then `gate lane lockdown off`",
    ),
    Alarm.SENSOR_SILENT: (
        "өту датчигі ешкімді көрмейді: жабылып қалмағанын және сымын тексеріңіз",
        "датчик прохода никого не видит: проверьте, не закрыт ли он и цел ли провод",
        "the sensor of passages sees nobody: look whether it is covered, and at its wire",
    ),
    Alarm.CONTACT_FAULT: (
        "түйіспе жабысып қалған немесе дірілдейді",
        "контакт залип или дребезжит",
        "a contact sticks or chatters",
    ),
}

ALARMS: Mapping[str, Mapping[Alarm, str]] = MappingProxyType(
    {
        language: MappingProxyType({alarm: texts[place] for alarm, texts in _TEXTS.items()})
        for place, language in enumerate(("kk", "ru", "en"))
    }
)
