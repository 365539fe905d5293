"""What every process does beside its own role: push webhooks, take what departments send, clear away."""

from services import feed
from services.hooks import inbox_api, receive, secrets_api
from services.hooks.figures import HookFigures
from services.hooks.openapi import HookDescription
from services.migrate import is_migrated
from services.purge import purge
from services.roles import Role
from services.webhooks.announce import webhooks
from services.webhooks.api import routes
from services.webhooks.courier import courier
from services.webhooks.delivery_api import delivery_routes
from services.webhooks.figures import WebhookFigures

backing = Role(
    "backing",
    faces=[routes, delivery_routes, receive.routes, secrets_api.routes, inbox_api.routes, feed.routes],
    consumers=[webhooks],
    loops=[courier, purge],
    checks=[is_migrated],
    parts=[HookFigures, HookDescription, WebhookFigures],
)
