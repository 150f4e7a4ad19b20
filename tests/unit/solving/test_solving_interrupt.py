"""Ctrl-C ends the run, though Z3 takes the signal for itself."""

import signal
import threading

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


def test_an_interrupted_check_is_no_answer():
    session = Session(FACTORS, {"a": 128, "b": 128}, Budget(2**32 - 1, 60))
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        session.check()
    timer.join()
