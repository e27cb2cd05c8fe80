"""Confinement of a process, for good, once it has opened what it needs.

A worker decodes codes of strangers, and the page answers any client.  If one of them is taken over, it must not be
able to open the door.  It keeps its open descriptors and computes; the kernel refuses the rest with EPERM or
EACCES.  Landlock protects files, seccomp everything else, both without privileges.  Where a kernel cannot enforce a
rule, that is reported, and the process runs all the same.

Facts it rests on: a Landlock ruleset binds the calling thread and the threads and processes made after it, hence
`give_up` before the first thread; a seccomp filter with TSYNC binds every thread.  Landlock governs neither Unix
sockets by path nor processes: the filter does.
"""

import ctypes
import errno
import os
import resource
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from landlockpy import AccessFS

_PR_SET_DUMPABLE = 4  # prctl(2)
_KILLED_FIRST = 500  # of 1000, by the kernel when memory runs out; the lane has -500
_FILES = 256  # open ones
_PROCESSES = 512  # of this user in all, threads included: a bomb ends before the computer does
_INTERNET = (2, 10, 16)  # AF_INET, AF_INET6, and AF_NETLINK for getaddrinfo
_FAMILIES = 64  # of sockets: there are fewer
_KIND = 0xF  # of a socket, without its flags (linux/net.h)
_KINDS = frozenset(range(1, 11))
_CLONE_THREAD = 0x00010000  # sched.h
_TIOCSTI = 0x5412  # ioctl(2): types into a terminal
_DNS = 53

_OPENING = "open openat openat2 creat open_by_handle_at"
_CONNECTING = "socket socketpair connect"
_SERVING = "listen accept accept4"
_NEVER = """
execve execveat fork vfork ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_open pidfd_getfd
pidfd_send_signal kill tkill rt_sigqueueinfo rt_tgsigqueueinfo bind io_uring_setup bpf perf_event_open userfaultfd
add_key keyctl request_key mount umount2 move_mount fsopen open_tree pivot_root chroot setns unshare fanotify_init
name_to_handle_at init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff quotactl
settimeofday clock_settime clock_adjtime adjtimex acct personality
unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat truncate
chmod fchmod fchmodat chown fchown lchown fchownat setxattr lsetxattr fsetxattr
memfd_create memfd_secret msgget semget shmget mq_open
"""
_WRITING = "unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat fchmod"
"""What Landlock governs where a folder may be written, and fchmod, which takes an open file."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights that a process keeps besides its open descriptors.  None, unless named."""

    read: tuple[str, ...] | None = ()
    """Files that it may open for reading, and folders with all below them; missing ones are ignored.  None: all
    that its user may read, for libraries that already have threads and open files at any time."""

    write: tuple[str, ...] = ()
    """Folders in which it may read, make, change and remove files; without Landlock: all that its user may."""

    connect: tuple[int, ...] = ()
    """TCP ports to which it may connect; none: it can make no socket."""

    look_up: bool = False
    """With `connect`: whether it may look names up.  That takes datagrams, whose ports the kernel does not
    govern."""

    serve: bool = False
    """Whether it accepts connections on a socket that it has."""


NOTHING = Rights()


def libraries() -> tuple[str, ...]:
    """Return the folders of Python and its packages, for a process that loads some of them late.  A package that is
    loaded may be a link to a folder elsewhere, as in an environment that borrows the system's."""
    places = [*sys.path, sys.prefix, sys.base_prefix, "/usr/lib", "/usr/local/lib", "/lib", os.devnull]
    for name, module in tuple(sys.modules.items()):
        if "." not in name:
            places += [os.path.realpath(place) for place in getattr(module, "__path__", ())]
    return tuple(dict.fromkeys(place for place in places if place.startswith("/")))


def load_filters() -> None:
    """Load what `give_up` needs, in a process that may not start another one later: both look for a C library by a
    program, ldconfig.  Never raises; `give_up` reports what is missing."""
    unenforced()  # prepares the filters, which loads it


def lower_limits(memory: int) -> None:
    """Bound the resources of this process, and let the kernel end it first.  `memory`: bytes of address space.

    For the beginning of a process.  A limit that is already lower stays."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_NPROC, _PROCESSES),
    ):
        with suppress(OSError, ValueError):
            lower(kind, most)
    die_first()


def lower_data(most: int) -> None:
    """Bound this process's writable memory, in bytes, its libraries' data included.  A limit that is lower
    stays."""
    with suppress(OSError, ValueError):
        lower(resource.RLIMIT_DATA, most)


def lower(kind: int, most: int) -> None:
    """Lower one limit of this process (`resource.RLIMIT_…`) for good.  A limit that is lower stays.  Raises OSError,
    ValueError."""
    _, hard = resource.getrlimit(kind)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (least, least))


def die_first(score: int = _KILLED_FIRST) -> None:
    """Let the kernel end this process before others when memory runs out.  `score`: at most 1000, proc(5)."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(f"{score}\n")


def unenforced() -> tuple[str, ...]:
    """Return what `give_up` could not enforce on this computer, in words.  Gives up nothing."""
    missing = []
    for part, prepare in _PARTS:
        try:
            prepare(NOTHING)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            missing.append(f"{part}: {error}")
    return tuple(missing)


def give_up(rights: Rights) -> tuple[str, ...]:
    """Keep these rights and no others, for good.  Return what cannot be enforced here, in words; usually ().

    To be called before the first thread is made.  Never raises."""
    missing = []
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)  # no process of this user can trace it or read its memory
    prepared = []
    for part, prepare in _PARTS:
        try:
            prepared.append((part, prepare(rights)))  # while libraries can still be loaded
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            missing.append(f"{part}: {error}")
    for part, enforce in prepared:
        try:
            enforce()
        except (OSError, RuntimeError, ValueError) as error:
            missing.append(f"{part}: {error}")
    return tuple(missing)


def _file_rules(rights: Rights) -> Callable[[], None]:
    from landlockpy import AccessFS, AccessNet, Ruleset, Scope, supported

    if not supported():
        raise RuntimeError("this kernel has no Landlock")
    threads = len(list(Path("/proc/self/task").iterdir()))
    rules = Ruleset(
        handled_fs=AccessFS.NONE if rights.read is None else None,
        scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL,
    )
    for path in rights.read or ():
        with suppress(FileNotFoundError, NotADirectoryError):
            folder = Path(path).is_dir()
            rules.allow_path(path, AccessFS.READ_FILE | AccessFS.READ_DIR if folder else AccessFS.READ_FILE)
    for path in rights.write:
        rules.allow_path(path, _all_in_a_folder(AccessFS))
    for port in (*rights.connect, *((_DNS,) if rights.look_up else ())):
        rules.allow_port(port, AccessNet.CONNECT_TCP)

    def enforce() -> None:
        rules.restrict()
        rules.close()
        if threads > 1 and (
            rights.read or rights.write or rights.connect
        ):  # else the filter refuses all that they could open
            raise RuntimeError(f"{threads - 1} threads were there before")

    return enforce


def _all_in_a_folder(access: "type[AccessFS]") -> "AccessFS":
    files = access.READ_FILE | access.WRITE_FILE | access.MAKE_REG | access.REMOVE_FILE | access.TRUNCATE
    return files | access.READ_DIR | access.MAKE_DIR | access.REMOVE_DIR | access.MAKE_SYM | access.REFER


def _call_filter(rights: Rights) -> Callable[[], None]:
    import pyseccomp as seccomp

    refused = seccomp.ERRNO(errno.EPERM)
    calls = seccomp.SyscallFilter(seccomp.ALLOW)
    calls.set_attr(seccomp.Attr.CTL_TSYNC, 1)

    def refuse(names: Iterable[str], *arguments: object) -> None:
        for name in names:
            with suppress(ValueError, OSError):  # another architecture, or an older library, has no such call
                calls.add_rule(refused, name, *arguments)

    refuse(call for call in _NEVER.split() if not (rights.write and call in _WRITING.split()))
    if rights.read == () and not rights.write:
        refuse(_OPENING.split())
    elif not rights.write:
        refuse(["creat", "openat2"])  # flags of the latter cannot be seen; the C library does not use it
        for mode in (os.O_WRONLY, os.O_RDWR):
            refuse(["open"], seccomp.Arg(1, seccomp.MASKED_EQ, os.O_ACCMODE, mode))
            refuse(["openat"], seccomp.Arg(2, seccomp.MASKED_EQ, os.O_ACCMODE, mode))
    refuse(() if rights.serve else _SERVING.split())
    if rights.connect:
        refuse(["socketpair"])
        for family in set(range(_FAMILIES)) - set(_INTERNET):
            refuse(["socket"], seccomp.Arg(0, seccomp.EQ, family))
        refuse(["socket"], seccomp.Arg(0, seccomp.GE, _FAMILIES))
        # Landlock governs connect(2) of plain TCP alone.
        kinds = _KINDS - {socket.SOCK_STREAM} - ({socket.SOCK_DGRAM} if rights.look_up else set())
        for family in (socket.AF_INET, socket.AF_INET6):
            of_family = seccomp.Arg(0, seccomp.EQ, family)
            for kind in kinds:
                refuse(["socket"], of_family, seccomp.Arg(1, seccomp.MASKED_EQ, _KIND, kind))
            stream = seccomp.Arg(1, seccomp.MASKED_EQ, _KIND, socket.SOCK_STREAM)
            refuse(["socket"], of_family, stream, seccomp.Arg(2, seccomp.GT, socket.IPPROTO_TCP))
        for call, place in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
            refuse([call], seccomp.Arg(place, seccomp.MASKED_EQ, socket.MSG_FASTOPEN, socket.MSG_FASTOPEN))
    else:
        refuse(_CONNECTING.split())
    refuse(["tgkill"], seccomp.Arg(0, seccomp.NE, os.getpid()))
    refuse(["ioctl"], seccomp.Arg(1, seccomp.EQ, _TIOCSTI))
    refuse(["clone"], seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    calls.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be seen; the C library then takes clone
    load: Callable[[], None] = calls.load
    return load


_PARTS = (("files (Landlock)", _file_rules), ("system calls (seccomp)", _call_filter))
