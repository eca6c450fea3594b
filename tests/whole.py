"""The application as a whole: what a node answers by itself, and what is imported on demand."""

from starlette.routing import BaseRoute

from server.app import Node, create_app


async def all_routes(node: Node) -> list[BaseRoute]:
    """Every way in. The pages stand behind the last of a node's own."""
    site = await node.site()
    return [*create_app(node).routes[:-1], *site.app.routes]
