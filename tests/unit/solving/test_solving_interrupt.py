"""Ctrl-C ends a search of any length, and is never lost to it."""

import os
import random
import signal
import socket
import threading
import time

import pytest

from analyzer.solving import Budget, Session

# The product of two 62-bit primes: far more work than the test waits for.
FACTORS = f"""
(declare-const a (_ BitVec 128))
(declare-const b (_ BitVec 128))
(assert (= (bvmul a b) (_ bv{4611686018427387847 * 4611686018427387817} 128)))
(assert (bvult a (_ bv{2**64} 128)))
(assert (bvult b (_ bv{2**64} 128)))
(assert (bvugt a (_ bv1 128)))
(assert (bvugt b (_ bv1 128)))
"""


@pytest.fixture
def raising():
    """Some runners were started to ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_check_is_no_answer(raising):
    session = Session(FACTORS, {"a": 128, "b": 128}, Budget(2**32 - 1, 60))
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        session.check()
    assert time.monotonic() - began < 10
    timer.join()


SHORT = """
(declare-const a (_ BitVec 16))
(declare-const p Bool)
(assert (=> p (= (bvmul a a) #x0011)))
"""


def ask_for_long(session, timer):
    timer.start()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        session.check("p")


def test_no_signal_is_lost_to_short_checks(raising):
    """Z3's own handler loses most of them."""
    session = Session(SHORT, {"a": 16, "p": 0}, Budget(2**40, 60))
    for seed in range(20):
        timer = threading.Timer(random.Random(seed).uniform(0.01, 0.03), signal.raise_signal, [signal.SIGINT])
        with pytest.raises(KeyboardInterrupt):
            ask_for_long(session, timer)
        timer.join()


def test_what_an_event_loop_listens_to_is_told_and_left_in_place(raising):
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ours.settimeout(5)
    theirs.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno())
    try:
        test_an_interrupted_check_is_no_answer(None)
        assert ours.recv(1) == bytes([signal.SIGINT])
        assert signal.set_wakeup_fd(before) == theirs.fileno()
    finally:
        signal.set_wakeup_fd(before)
        ours.close()
        theirs.close()


def interrupt_this_process():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


def test_searches_in_another_thread_leave_the_signal_to_the_main_one(raising):
    session = Session(SHORT, {"a": 16, "p": 0}, Budget(2**40, 60))
    found, is_heard = [], threading.Event()

    def ask():
        while not is_heard.is_set():
            found.append(session.check("p").result.value)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(10):
            with pytest.raises(KeyboardInterrupt):
                interrupt_this_process()
    finally:
        is_heard.set()
        asking.join(30)
    assert set(found) == {"sat"}
