from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.lease import Lease


def test_it_ends_at_its_deadline_and_not_before() -> None:
    lease = Lease(90.0, 1000.0)
    assert not lease.expired(1089.9)
    assert lease.remaining(1080.0) == 10.0
    assert lease.expired(1090.0)
    assert lease.remaining(2000.0) == 0.0


def test_renewal_counts_from_when_it_came() -> None:
    lease = Lease(90.0, 0.0)
    assert lease.renew(60.0)
    assert lease.deadline == 150.0


def test_it_cannot_be_renewed_once_expired() -> None:
    lease = Lease(90.0, 0.0)
    assert not lease.renew(90.0)
    assert lease.deadline == 90.0


@given(st.floats(0.1, 1000), st.lists(st.floats(0, 500), max_size=30))
def test_it_lives_exactly_while_renewed_in_time(ttl: float, gaps: list[float]) -> None:
    lease, now = Lease(ttl, 0.0), 0.0
    alive = True
    for gap in gaps:
        alive = alive and now + gap < lease.deadline
        now += gap
        assert lease.renew(now) is alive
