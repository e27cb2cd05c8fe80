"""Profiles of NetworkManager for the network of the file on the card (nm-settings-keyfile(5)).

Raspberry Pi OS uses NetworkManager since Debian 12; the gate has no network set-up of its own.  Without tables for
the network nothing is written, and NetworkManager asks for an address on every cable.
"""

import configparser
import ipaddress
import uuid
from collections.abc import Iterator, Mapping

from gate.device.provision.form import AddressTable, EthernetTable, ProvisionTable, WifiTable

FOLDER = "etc/NetworkManager/system-connections"
WIFI, ETHERNET = "gate-wifi", "gate-ethernet"
REGULATORY = "etc/modprobe.d/gate-wifi.conf"
MANAGER = ("usr/sbin/NetworkManager", "sbin/NetworkManager")  # where it is installed
_SPACE = uuid.UUID("5b0d8f5e-6a6c-4b55-8f5a-6f1f6a2d7a11")  # of these profiles' ids: the same at every run


def profile(name: str) -> str:
    """Return the path of a profile below the root."""
    return f"{FOLDER}/{name}.nmconnection"


def network_files(table: ProvisionTable, password: str | None) -> Iterator[tuple[str, bytes, int]]:
    """Yield the files: path below the root, content, rights.  `password`: that of the wireless network, None for an
    open one."""
    if table.wifi is not None:
        yield profile(WIFI), _wifi(table.wifi, password), 0o600
        yield REGULATORY, f"options cfg80211 ieee80211_regdom={table.wifi.country}\n".encode(), 0o644
    if table.ethernet is not None:
        yield profile(ETHERNET), _ethernet(table.ethernet), 0o600


def password_in(content: str, ssid: str) -> str | None:
    """Return the password of a profile that was written here, if it is that network's."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(content)
        known = parser.get("wifi", "ssid", fallback="") == _octets(ssid)
    except configparser.Error:
        return None
    found = parser.get("wifi-security", "psk", fallback=None)
    return _unescaped(found) if known and found is not None else None


def _wifi(table: WifiTable, password: str | None) -> bytes:
    sections = {
        "connection": _connection(WIFI, "wifi"),
        "wifi": {"mode": "infrastructure", "ssid": _octets(table.ssid)} | ({"hidden": "true"} if table.hidden else {}),
    }
    if password is not None:
        sections["wifi-security"] = {"key-mgmt": "wpa-psk", "psk": _escaped(password)}
    return _keyfile(sections | _addresses(table))


def _ethernet(table: EthernetTable) -> bytes:
    connection = _connection(ETHERNET, "ethernet") | {"interface-name": table.interface}
    return _keyfile({"connection": connection, **_addresses(table)})


def _connection(name: str, kind: str) -> dict[str, str]:
    # Before a profile that the system makes by itself for the same cable, whose priority is 0.
    return {
        "id": name,
        "uuid": str(uuid.uuid5(_SPACE, name)),
        "type": kind,
        "autoconnect": "true",
        "autoconnect-priority": "10",
    }


def _addresses(table: AddressTable) -> dict[str, dict[str, str]]:
    sections = {"ipv4": {"method": "auto"}, "ipv6": {"method": "auto"}}
    if table.address is not None:
        family = f"ipv{ipaddress.ip_interface(table.address).version}"
        sections[family] = {"method": "manual", "address1": ",".join(filter(None, (table.address, table.gateway)))}
    for server in table.dns:
        section = sections[f"ipv{ipaddress.ip_address(server).version}"]
        section["dns"] = section.get("dns", "") + f"{server};"
    return sections


def _keyfile(sections: Mapping[str, Mapping[str, str]]) -> bytes:
    parts = ["# Written by `gate provision`; the file on the card says what is in it.\n"]
    for name, keys in sections.items():
        parts.append(f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items()))
    return "\n".join(parts).encode()


def _octets(ssid: str) -> str:
    """Return a network's name as its bytes in decimal, which needs no escapes."""
    return "".join(f"{octet};" for octet in ssid.encode())


def _escaped(text: str) -> str:
    r"""Escape as GKeyFile wants it: `\` always, and blanks at the begin."""
    text = text.replace("\\", "\\\\")
    return "\\s" * (len(text) - len(text.lstrip(" "))) + text.lstrip(" ")


def _unescaped(text: str) -> str:
    return "".join({"\\\\": "\\", "\\s": " "}.get(part, part) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        step = 2 if text[at] == "\\" else 1
        yield text[at : at + step]
        at += step
