"""The lines between one region and what it shares with others: TCP proxies that can be cut, frozen and slowed while they run."""

import asyncio
import threading

PIECE = 64 << 10


class Link:
    """One line: everything through, refused, frozen (connections stay open and nothing passes), or late."""

    def __init__(self, name, port, upstream):
        self.name, self.port, self.upstream = name, port, upstream
        self.mode, self.delay = "pass", 0.0
        self.tasks, self.open_end = set(), None

    async def listen(self):
        self.open_end = asyncio.Event()
        self.open_end.set()
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=PIECE)

    def set(self, mode, delay=0.0):
        """Runs in the loop's thread."""
        self.mode, self.delay = mode, delay
        (self.open_end.clear if mode == "hang" else self.open_end.set)()
        if mode == "refuse":
            for task in list(self.tasks):
                task.cancel()

    async def _serve(self, reader, writer):
        if self.mode == "refuse":
            writer.transport.abort()
            return
        there = None
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await self.open_end.wait()
            there = await asyncio.open_connection("127.0.0.1", self.upstream, limit=PIECE)
            await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))
        except (OSError, asyncio.CancelledError):
            pass  # an end that went away, or a line that was cut: both ends are closed below
        finally:
            self.tasks.discard(task)
            for end in (writer, there[1] if there else None):
                if end:
                    end.transport.abort()

    async def _pump(self, reader, writer):
        while data := await reader.read(PIECE):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self.open_end.wait()
            writer.write(data)
            await writer.drain()
        # The other direction may still have something to say, but nobody here half-closes: the whole line ends.
        raise ConnectionResetError


class Links:
    """All lines, in a thread with an event loop of its own."""

    def __init__(self):
        self.loop, self.links = asyncio.new_event_loop(), {}
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def add(self, name, port, upstream):
        link = Link(name, port, upstream)
        asyncio.run_coroutine_threadsafe(link.listen(), self.loop).result(10)
        self.links[name] = link
        return link

    def set(self, wanted, mode, delay=0.0):
        """Every link whose (region, what) `wanted` accepts."""
        def change():
            for (region, what), link in self.links.items():
                if wanted(region, what):
                    link.set(mode, delay)
        self.loop.call_soon_threadsafe(change)

    def heal(self):
        self.set(lambda region, what: True, "pass")

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
