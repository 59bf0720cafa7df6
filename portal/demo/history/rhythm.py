"""When people come: by hour of the day and day of the week, as shops and offices know it."""

from datetime import datetime, timedelta
from random import Random

HOUR = timedelta(hours=1)
# How many come in each hour of a day (UTC), relative to each other; a quiet night, a lunch break, an evening.
BY_HOUR = (2, 1, 1, 1, 1, 2, 5, 11, 18, 24, 26, 24, 19, 22, 25, 24, 21, 18, 16, 17, 16, 12, 7, 4)
BY_DAY = (1.15, 1.1, 1.0, 1.0, 0.95, 0.7, 0.55)  # from Monday on


def arrivals(*, now: datetime, days: int, number: int, rng: Random) -> list[datetime]:
    """So many instants of the past days, in order."""
    first = now - timedelta(days=days)
    hours = [first + n * HOUR for n in range(days * 24)]
    weights = [BY_HOUR[hour.hour] * BY_DAY[hour.weekday()] for hour in hours]
    return sorted(hour + rng.random() * HOUR for hour in rng.choices(hours, weights, k=number))
