"""The workspace shell: settings, addresses, home, navigation, search box."""

# With it every process that loads Django hands tasks to the queue of the settings, not to a default one.
from crm.celery import app as celery_app

__all__ = ["celery_app"]
