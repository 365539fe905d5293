"""A department's system in a process of its own: takes every webhook and notes when each ticket came."""

import asyncio
import json
import time

from aiohttp import web


async def main() -> None:
    """Serve on a free port, printed first, until killed. `GET /seen` returns monotonic seconds by ticket."""
    seen: dict[str, float] = {}

    async def take(request: web.Request) -> web.Response:
        came = time.monotonic()
        seen.setdefault(json.loads(await request.read())["data"]["ticket"], came)
        return web.Response()

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(seen)

    app = web.Application()
    app.router.add_post("/hook", take)
    app.router.add_get("/seen", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
