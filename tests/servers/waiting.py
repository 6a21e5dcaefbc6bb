"""Waiting for something to become true, with a deadline and a reason."""
import time


def wait_until(predicate, deadline_s=10, what=None):
    """The first true value of `predicate()`; AssertionError after the
    deadline, which says `what` (text, or a function giving one) was awaited.
    The pauses only keep the machine free: nothing depends on their length."""
    end = time.monotonic() + deadline_s
    pause = 0.002
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            told = what() if callable(what) else what
            raise AssertionError(
                f"not within {deadline_s} s: {told or predicate}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
