"""Pages of staff, asked in the guest as their script does; run there by its own Python, so of the standard library.

    desk_client.py NAME PIN CALL [VALUES]...     signs in, and prints the answer to each call as a line of JSON

A call with values is a POST, one without a GET.
"""

import http.client
import json
import re
import sys

HOST = "127.0.0.1:8443"
LONG = 600  # seconds: a PIN's hash, or a doctor, in emulation


def ask(method: str, path: str, cookies: dict[str, str], token: str = "", values: object = None) -> tuple[int, str]:
    """Return the status and the text of an answer.  `cookies` are sent, and take what is set."""
    link = http.client.HTTPConnection(HOST, timeout=LONG)
    sent = {"origin": f"http://{HOST}", "content-type": "application/json", "x-desk-token": token}
    sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    link.request(method, path, None if values is None else json.dumps(values), sent)
    answer = link.getresponse()
    for header in answer.msg.get_all("set-cookie") or ():
        name, _, value = header.partition(";")[0].partition("=")
        cookies[name] = value.strip('"')
    return answer.status, answer.read().decode()


def main(name: str, pin: str, *calls: str) -> None:
    cookies: dict[str, str] = {}
    found = re.search(r'"ticket": "([^"]+)"', ask("GET", "/desk/", cookies)[1])
    ticket = found[1] if found else ""
    status, text = ask("POST", "/desk/api/sign-in", cookies, ticket, {"name": name, "pin": pin})
    print(status, text)
    token = json.loads(text).get("token", "")
    words = list(calls)
    while words:
        call = words.pop(0)
        values = json.loads(words.pop(0)) if words and words[0].startswith("{") else None
        status, text = ask("GET" if values is None else "POST", f"/desk/api/{call}", cookies, token, values)
        print(status, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
