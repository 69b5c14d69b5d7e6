"""The parent of warm processes: imports what workers and commands do, then forks one for each request.

usage: python -m support.processes.warm_parent DESCRIPTOR

A request is a packet on the socket of that number: command, environment and folder as JSON, with descriptors for
standard input, output and error, and a pipe that is told the child's id and, once it has ended, its wait status.
"""

from __future__ import annotations

import gc
import inspect
import os
import runpy
import select
import signal
import socket
import struct
import sys
from importlib import import_module
from pathlib import Path

import orjson

MODULES = (
    "pipeline.cli.main",
    "pipeline.streams.workers.worker",
    "pipeline.ops.generations.run",
    "pipeline.feeds.client",
    # What Faust leaves until an app needs it.
    "faust.app.router",
    "faust.assignor.leader_assignor",
    "faust.fixups.django",
    "faust.tables.manager",
    "faust.tables.objects",
    "faust.tables.recovery",
    "faust.tables.sets",
    "faust.topics",
    "faust.transport.utils",
    "faust.worker",
)

NUMBER = struct.Struct("i")
LARGEST_BYTES = 1 << 17
DESCRIPTORS = 4


class Request:
    """A command to become, as `python SCRIPT WORDS` or `python -m MODULE WORDS` would run it."""

    def __init__(self, packet: bytes, descriptors: list[int]) -> None:
        self.command, self.environment, self.folder = orjson.loads(packet)
        *self.standard, self.status_pipe = descriptors

    def send_number(self, number: int) -> None:
        os.write(self.status_pipe, NUMBER.pack(number))

    def close(self) -> None:
        for descriptor in self.standard:
            os.close(descriptor)

    def become(self) -> None:
        """Run the script or module in this process, a child that has just been forked."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, descriptor in enumerate(self.standard):
            os.dup2(descriptor, number)
        self.close()
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        program = self.command[1]
        sys.orig_argv[:] = self.command
        if program == "-m":
            sys.argv[:] = self.command[2:]
            sys.path[0] = self.folder
            runpy.run_module(self.command[2], run_name="__main__", alter_sys=True)
        else:
            sys.argv[:] = self.command[1:]
            sys.path[0] = str(Path(program).parent)
            runpy.run_path(program, run_name="__main__")


def serve(control: socket.socket) -> Request | None:
    """Fork children until nobody asks any more; in a child, return what it is to become."""
    running: dict[int, tuple[int, Request]] = {}
    events = select.poll()
    events.register(control, select.POLLIN)
    while True:
        for descriptor, _ in events.poll():
            if descriptor in running:
                events.unregister(descriptor)
                reap(descriptor, *running.pop(descriptor))
                continue
            packet, descriptors, _, _ = socket.recv_fds(control, LARGEST_BYTES, DESCRIPTORS)
            if not packet:
                return None
            request = Request(packet, descriptors)
            child = os.fork()
            if not child:
                for one, (_, other) in running.items():
                    os.close(one)
                    os.close(other.status_pipe)
                os.close(control.detach())
                os.close(request.status_pipe)
                return request
            request.close()
            request.send_number(child)
            ended = os.pidfd_open(child)
            running[ended] = child, request
            events.register(ended, select.POLLIN)


def reap(ended: int, child: int, request: Request) -> None:
    """Tell how a child ended; it keeps its id until then."""
    _, status = os.waitpid(child, 0)
    request.send_number(status)
    os.close(request.status_pipe)
    os.close(ended)


def main() -> None:
    """Without frames that catch anything below the script, so that it ends as one that Python started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's is for those who asked
    for name in MODULES:
        import_module(name)
    inspect.getmodule(inspect.currentframe())  # fills its table of files; Faust's first agent takes a tenth of a second
    gc.collect()
    gc.freeze()
    if request := serve(socket.socket(fileno=int(sys.argv[1]))):
        request.become()


if __name__ == "__main__":
    main()
