"""What every process does beside its own role: push webhooks, take registrations for them, clear away."""

from services.migrate import is_migrated
from services.purge import purge
from services.roles import Role
from services.webhooks.announce import webhooks
from services.webhooks.api import routes
from services.webhooks.courier import courier

backing = Role("backing", faces=[routes], consumers=[webhooks], loops=[courier, purge], checks=[is_migrated])
