"""Package ShopifyAPI: shopify.Session.validate_params, which verifies the query of an OAuth redirect."""

from urllib.parse import parse_qsl

from countersign_driver import serve

import shopify


def verify(request):
    shopify.Session.setup(api_key="unused", secret=request.key)
    # As Django's `request.GET.dict()`: of parameters of one name the last.
    return shopify.Session.validate_params(dict(parse_qsl(request.query, keep_blank_values=True)))


if __name__ == "__main__":
    serve("ShopifyAPI", verify, ["shopify-oauth"], capabilities=["clock"])
