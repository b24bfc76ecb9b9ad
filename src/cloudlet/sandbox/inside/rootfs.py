"""The root that functions see: a small tmpfs with the interpreter, the system's libraries and an own /etc.

It is built once for each fork server; environment.py mounts what differs from one function to the next.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.sandbox.linux import syscalls

if TYPE_CHECKING:
    from cloudlet.sandbox.inside.control import Message

OLD_ROOT: Final = "/.host"
PROGRAM: Final = "/.cloudlet"
USER: Final = "sbx_user1051"
UID: Final = 993
GID: Final = 990

_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_USR: Final = ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec")
_SHARED: Final = ("/usr/share/zoneinfo", "/usr/share/nodejs", "/usr/share/terminfo")
_COVERED: Final = ("/usr/lib/node_modules", "/usr/lib/python3/dist-packages", "/usr/lib/systemd")
_FOLDERS: Final = (
    *(
        "/dev",
        "/etc",
        "/home",
        "/mnt",
        "/opt/lib",
        "/proc",
        "/root",
        "/run",
        "/sys",
        "/tmp",
        "/usr/local/bin",
    ),
    # The loader remembers folders that were absent when a fork server started: these must be there by then.
    *(
        "/usr/share",
        "/var/lang/bin",
        "/var/lang/lib",
        "/var/runtime",
        "/var/task/lib",
        "/var/tmp",
        OLD_ROOT,
        PROGRAM,
    ),
)
_DEVICES: Final = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
_TTY: Final = os.makedev(5, 0)
_CERTIFICATES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
_ETC: Final = {
    "passwd": f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:{UID}:{GID}::/home/{USER}:/sbin/nologin\n",
    "group": f"root:x:0:\n{USER}:x:{GID}:\n",
    "hosts": "127.0.0.1 localhost localhost.localdomain sandbox sandbox.localdomain\n::1 localhost6\n",
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "services": "http 80/tcp\nhttps 443/tcp\ndomain 53/udp\ndomain 53/tcp\n",
    "protocols": "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\n",
    "os-release": 'NAME="cloudlet sandbox"\nID=cloudlet\nPRETTY_NAME="cloudlet function sandbox"\n',
    "shells": "/bin/sh\n",
}


def build(config: Message) -> None:
    """Builds the root and moves the calling process into it; the machine's own is then at /.host."""
    new_root = config["mount_point"]
    syscalls.mount("none", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("cloudlet", new_root, "tmpfs", syscalls.MS_NOSUID, "mode=755,size=16m")
    root = Path(new_root)
    for folder in _FOLDERS:
        (root / folder[1:]).mkdir(parents=True, exist_ok=True)
    _show_system(root)
    for source, target in config["shown"]:
        _show(Path(source), root / target.lstrip("/"))
    for covered in (*_COVERED, *config["covered"]):
        _cover(root / covered.lstrip("/"))
    _make_devices(root / "dev")
    _write_etc(root, config)
    syscalls.pivot_root(new_root, new_root + OLD_ROOT)
    os.chdir("/")


def _show_system(root: Path) -> None:
    for name in _SYSTEM:
        if Path(name).is_symlink():
            (root / name[1:]).symlink_to(Path(name).readlink())
        elif Path(name).is_dir():
            _show(Path(name), root / name[1:])
    for name in (*_USR, *_SHARED):
        if Path(name).is_dir():
            _show(Path(name), root / name[1:])
    alternatives = root / "etc/alternatives"
    alternatives.mkdir()
    if Path("/etc/alternatives").is_dir():
        for link in Path("/etc/alternatives").iterdir():
            if link.is_symlink():
                (alternatives / link.name).symlink_to(link.readlink())


def _show(source: Path, target: Path) -> None:
    """Binds a file or folder of the machine, read-only."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    syscalls.bind(str(source), str(target), syscalls.MS_RDONLY)


def _cover(path: Path) -> None:
    """Hides a folder of the machine behind an empty one."""
    if path.is_dir():
        syscalls.mount(
            "none", str(path), "tmpfs", syscalls.MS_RDONLY | syscalls.MS_NOSUID, "size=4k,mode=755"
        )


def _make_devices(devices: Path) -> None:
    """Nodes of our own where that is allowed: then the machine's cannot be changed through them."""
    numbers = {name: os.makedev(1, minor) for name, minor in _DEVICES.items()} | {"tty": _TTY}
    for name, number in numbers.items():
        node = devices / name
        try:
            os.mknod(node, stat.S_IFCHR | 0o666, number)
            node.chmod(0o666)
        except PermissionError:
            node.touch()
            syscalls.mount(f"/dev/{name}", str(node), flags=syscalls.MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (devices / name).symlink_to(target)
    (devices / "shm").mkdir()


def _write_etc(root: Path, config: Message) -> None:
    for name, text in _ETC.items():
        (root / "etc" / name).write_text(text)
    bundle = "".join(Path(source).read_text() for source in config["certificates"])
    for path in _CERTIFICATES:
        target = root / path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(bundle)
    (root / "etc/ssl/certs/cloudlet-ca.crt").write_text(Path(config["certificates"][-1]).read_text())
