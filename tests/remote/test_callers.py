"""Calls run in few threads, and one that breaks harms no other."""

import threading

from service.remote.callers import Callers


def test_calls_run_in_at_most_so_many_threads() -> None:
    callers = Callers(2, "test-callers")
    seen: set[str] = set()
    both = threading.Barrier(3)

    def call() -> None:
        seen.add(threading.current_thread().name)
        both.wait(5)

    callers.call(call)
    callers.call(call)
    both.wait(5)  # two are at work at a time
    callers.call(lambda: seen.add(threading.current_thread().name))
    assert len(seen) == 2


def test_a_call_that_breaks_leaves_its_thread_at_work() -> None:
    callers = Callers(1, "test-callers")
    done = threading.Event()
    callers.call(lambda: 1 // 0)
    callers.call(done.set)
    assert done.wait(5)


def test_no_thread_keeps_the_process_alive() -> None:
    callers = Callers(1, "test-daemon")
    callers.call(threading.Event().wait)
    (thread,) = [each for each in threading.enumerate() if each.name.startswith("test-daemon")]
    assert thread.daemon
