"""Disks that fill up, without hurting the host: a small tmpfs for root, limits and rights for everyone else."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hftcore.errors import ChaosError

if TYPE_CHECKING:
    from hftcore.proof.chaos.process import DaemonProcess
    from hftcore.proof.chaos.round import Round

_SIZE_BYTES = 32 << 20
_FILLER = "filler"


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder of a daemon that can be made full while the daemon runs. ``mounted``: it is a disk of its own."""

    folder: Path
    mounted: bool

    def fill(self, daemon: DaemonProcess, n_left: int) -> str:
        """Leave room for about so many bytes in all files; returns what was done, in words."""
        if not self.mounted:
            largest = max((path.stat().st_size for path in self.folder.rglob("*") if path.is_file()), default=0)
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (largest + n_left, largest + n_left))
            return f"{self.folder.name}: files limited to {largest + n_left} bytes"
        room = os.statvfs(self.folder)
        filler = self.folder / _FILLER
        try:
            filler.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - n_left)))
        except OSError as error:
            if error.errno != errno.ENOSPC:  # the daemon was writing too: full is full
                raise
            os.truncate(filler, max(0, filler.stat().st_size - n_left))
        return f"{self.folder.name}: disk filled, {n_left} bytes left"

    def close_to_new_files(self, daemon: DaemonProcess, n_left: int) -> str:
        """Leave room for what is open, and none for a new file of more than so many bytes."""
        if self.mounted:
            return self.fill(daemon, n_left)
        self.folder.chmod(0o500)
        return f"{self.folder.name}: made read-only"

    def empty(self) -> None:
        """Make room again; a limit goes with the process that has it."""
        (self.folder / _FILLER).unlink(missing_ok=True)
        if not self.mounted:
            self.folder.chmod(0o700)


def own_disk(r: Round, folder: Path) -> Disk:
    """Put a folder of the daemon on a disk of its own, with what it holds, until the round ends."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return Disk(folder, False)
    with tempfile.TemporaryDirectory() as held:
        shutil.copytree(folder, held, dirs_exist_ok=True)
        options = ["-t", "tmpfs", "-o", f"size={_SIZE_BYTES}", "tmpfs", str(folder)]
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:  # root of a container that may not mount: neither limits nor rights bind it
            raise ChaosError(f"mount {' '.join(options)}: {done.stderr.strip()}; run as another user")
        r.on_exit.callback(subprocess.run, ["umount", "--lazy", str(folder)], capture_output=True, check=False)
        shutil.copytree(held, folder, dirs_exist_ok=True)
    return Disk(folder, True)
