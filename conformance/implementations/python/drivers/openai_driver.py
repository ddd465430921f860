"""Package openai: openai.OpenAI().webhooks.verify_signature."""

from countersign_driver import serve

from openai import InvalidWebhookSignatureError, OpenAI

CLIENT = OpenAI(api_key="unused")


def verify(request):
    CLIENT.webhooks.verify_signature(request.body, request.mapping(), secret=request.key)
    return True


if __name__ == "__main__":
    serve("openai", verify, ["standard-webhooks"], rejects=[InvalidWebhookSignatureError], capabilities=["clock"])
