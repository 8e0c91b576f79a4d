"""A TCP proxy that makes a local server look far away: a delay each way and a bandwidth, for benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def slow_link(port: int, delay: float, bits_per_second: float) -> Iterator[int]:
    """Listen on a free port and pass everything on to `port`, `delay` seconds later and no faster than the bandwidth.

    Args:
        port: of the server behind, on this machine.
        delay: one way, in seconds; half a round trip.
        bits_per_second: in each direction, per connection.

    Yields:
        The port to connect to.
    """
    started: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        server = await asyncio.start_server(
            lambda r, w: _connect(r, w, port, delay, bits_per_second), "127.0.0.1", 0, limit=2**22
        )
        started.append((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        server.close()

    # Connections that are open at the end are cancelled by `run`, and close what they hold.
    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    near, loop, stop = started[0]
    try:
        yield near
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)


async def _connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, delay: float, rate: float
) -> None:
    writers = [writer]
    try:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
            writers.append(far_writer)
            await asyncio.gather(_pass(reader, far_writer, delay, rate), _pass(far_reader, writer, delay, rate))
    finally:
        for w in writers:
            w.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, rate: float) -> None:
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]](64)

    async def deliver() -> None:
        while True:
            at, data = await queue.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    sending = asyncio.create_task(deliver())
    free = loop.time()  # when the line is free for the next bytes
    try:
        with contextlib.suppress(OSError):
            while True:
                data = await reader.read(16384)
                free = max(free, loop.time()) + 8 * len(data) / rate
                await queue.put((free + delay, data))
                if not data:
                    break
        with contextlib.suppress(OSError):
            await sending
    finally:
        sending.cancel()
