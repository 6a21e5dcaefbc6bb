"""A network and names of one's own, for servers that want fixed ports.

    with PrivateNet({"dc1.corp.example.com": "127.0.0.1"}):
        ...                     lo is up and empty, /etc/hosts is as given

Needs root and Linux; Unavailable says what is lacking.  What is started inside
is inside, and the calling thread is: services of the outside are out of reach
meanwhile.  One can be left and entered again.
"""
import ctypes
import os
import shutil
import subprocess
import tempfile

CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
KINDS = (("mnt", CLONE_NEWNS), ("net", CLONE_NEWNET))
libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    pass


def checked(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise Unavailable(f"{what}: {os.strerror(number)}")


def mount(source, target, flags):
    checked(libc.mount(source, target, None, flags, None),
            f"mount {target.decode()}")


def hold():
    return {kind: os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY)
            for kind, _ in KINDS}


def go(spaces):
    # Threads share the root folder with their maker; nobody moves with it.
    checked(libc.unshare(CLONE_FS), "unshare")
    for kind, flag in KINDS:
        checked(libc.setns(spaces[kind], flag), f"setns {kind}")


class PrivateNet:
    def __init__(self, hosts, resolv=""):
        if os.geteuid() != 0:
            raise Unavailable("only root can make a network of its own")
        self.outside = hold()
        checked(libc.unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare")
        self.folder = tempfile.mkdtemp(prefix="private-net-")
        try:
            mount(None, b"/", MS_REC | MS_PRIVATE)
            lines = ["127.0.0.1 localhost"]
            lines += [f"{address} {name}" for name, address in hosts.items()]
            self.cover(self.folder, "/etc/hosts", "\n".join(lines) + "\n")
            self.cover(self.folder, "/etc/resolv.conf", resolv)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            self.inside = hold()
        except FileNotFoundError as lacking:
            raise Unavailable(f"{lacking.filename}: install iproute2") \
                from lacking
        finally:
            go(self.outside)

    @staticmethod
    def cover(folder, path, text):
        ours = os.path.join(folder, os.path.basename(path))
        with open(ours, "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(ours, 0o644)
        mount(ours.encode(), path.encode(), MS_BIND)

    def __enter__(self):
        here = os.getcwd()
        go(self.inside)
        os.chdir(here)
        return self

    def __exit__(self, *_):
        here = os.getcwd()
        go(self.outside)
        os.chdir(here)

    def close(self):
        for spaces in (self.inside, self.outside):
            for one in spaces.values():
                os.close(one)
        shutil.rmtree(self.folder, ignore_errors=True)
