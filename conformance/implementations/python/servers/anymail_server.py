"""Package django-anymail: Mailgun's tracking webhook at the path of the package's own list of addresses."""

from package_server import serve

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

urlpatterns = [path("anymail/", include("anymail.urls"))]


def application(secret):
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost", "[::1]", "countersign.test"],
        ANYMAIL={"MAILGUN_WEBHOOK_SIGNING_KEY": secret},
        INSTALLED_APPS=["anymail"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ROOT_URLCONF=__name__,
    )
    return get_wsgi_application()


if __name__ == "__main__":
    serve("django-anymail", application, ["mailgun"], path="/anymail/mailgun/tracking/")
