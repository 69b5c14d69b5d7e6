"""The order to stop, as a process gets it: SIGTERM stops it for now, SIGINT for good.

Whoever sends SIGTERM does not say whether the worker comes back. It stays a member of its group: where it does come
back within the session timeout nothing moves, and where it does not, others take over as if it had been killed. Ended
for good, it leaves the group, and others take over at once.
"""

from __future__ import annotations

import asyncio
import signal


class StopOrder(asyncio.Event):
    """Set once the process is to stop; `for_good`: it does not come back."""

    for_good = False

    def give_order(self, *, for_good: bool) -> None:
        """Order to stop; one for good is not taken back by one for now."""
        self.for_good = self.for_good or for_good
        self.set()

    def follow_signals(self) -> None:
        """Be given by the process's signals, in the running loop."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: self.give_order(for_good=False))
        loop.add_signal_handler(signal.SIGINT, lambda: self.give_order(for_good=True))
