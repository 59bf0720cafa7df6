"""The ear of a process."""

import asyncio
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisSingleShardConnection
from redis.exceptions import ConnectionError as RedisAway

from sessions_app import broadcast
from sessions_app.broadcast import Changed
from sessions_app.consumers import hub as module
from sessions_app.consumers.hub import Hub

CHANGE = Changed(uuid4(), uuid4(), 1)


async def _say() -> None:
    item = [str(CHANGE.session), str(CHANGE.thread), CHANGE.agent]
    await get_channel_layer().group_send(broadcast.GROUP, {"type": "changes", "items": [item]})


async def _heard(hub: Hub, *, trouble: object = None) -> list[Changed]:
    """What is heard, told again and again until it is."""
    heard: list[Changed] = []
    hub.watch_all(heard.extend)
    async with asyncio.timeout(10):
        while not heard:
            await _say()
            await asyncio.sleep(0.02)
    return heard


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_AFTER", 0.01)


def test_redis_that_was_away_at_first_leaves_one_channel_and_no_more(monkeypatch):
    """Each try in vain left a channel in the group, that was filled with every hint from then on."""
    failures, subscribe = [RedisAway("stopped")] * 6, RedisSingleShardConnection.subscribe

    async def subscribes(shard: RedisSingleShardConnection, channel: str) -> None:
        if failures and "__group__" in channel:
            raise failures.pop()
        await subscribe(shard, channel)

    monkeypatch.setattr(RedisSingleShardConnection, "subscribe", subscribes)

    async def scene() -> None:
        hub, layer = Hub(), get_channel_layer()
        assert (await _heard(hub))[0] == CHANGE
        assert len(layer._get_layer().channels) == 1
        hub._ear.cancel()
        await layer.flush()

    asyncio.run(scene())


def test_a_hint_that_cannot_be_read_does_not_end_the_listening():
    async def scene() -> None:
        hub, layer = Hub(), get_channel_layer()
        await _heard(hub)
        await layer.group_send(broadcast.GROUP, {"type": "changes", "items": [["no id", "no id", 1]]})
        await asyncio.sleep(0.1)
        assert not hub._ear.done(), "nobody would start it again before the next page or chat opens"
        assert (await _heard(hub))[0] == CHANGE
        hub._ear.cancel()
        await layer.flush()

    asyncio.run(scene())
