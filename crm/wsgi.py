"""The door of synchronous web servers."""

import os

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

application = get_wsgi_application()
# Without the keys of what is stored nothing is served. By name: models are there only now.
import_string("security.sealing.selftest.canary")()
