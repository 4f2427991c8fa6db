"""How often a pod sends heartbeats, and how long one counts as heard."""

BEAT_SECONDS = 5.0
# To wake up for a message costs a process up to 0.09 % of a core for each that comes in a second, and every pod wakes
# up for those of all the others. Five keep it below 0.5 %, however many pods there are: from 25 others on each sends
# more rarely.
BEATS_PER_SECOND = 5
# Pods notice that they are fewer one after the other. So the interval shrinks slowly: nobody expects heartbeats more
# often than those who have not noticed yet send them.
SHRINKING = 0.9
HEARD_SECONDS = 60.0
# The operator calls a pod deaf after three.
HEARD_INTERVALS = 4


def next_interval(others: int, former: float) -> float:
    """Seconds from one heartbeat to the next. `others`: pods that are heard. `former`: the interval so far."""
    return max(BEAT_SECONDS, others / BEATS_PER_SECOND, SHRINKING * former)


def heard_for(interval: float) -> float:
    """For how many seconds a pod counts as heard, if heartbeats come in that interval."""
    return max(HEARD_SECONDS, HEARD_INTERVALS * interval)
