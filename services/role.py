"""What every process does beside its own role: push webhooks, and let departments register them."""

from services.migrate import is_migrated
from services.roles import Role
from services.webhooks.announce import webhooks
from services.webhooks.api import routes
from services.webhooks.courier import courier

backing = Role("backing", faces=[routes], consumers=[webhooks], loops=[courier], checks=[is_migrated])
