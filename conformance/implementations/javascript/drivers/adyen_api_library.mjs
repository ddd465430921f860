// @adyen/api-library: hmacValidator.validateHMACSignature over the body as text, and validateHMAC over each item.
import { Unsupported, installed, serve } from "./countersign_driver.mjs";
import { hmacValidator } from "@adyen/api-library";

const validator = new hmacValidator();

/** The items, as the application finds them in the body that it has parsed. */
function items(notification) {
  const found = notification?.notificationItems;
  if (!Array.isArray(found) || found.length === 0) throw new Unsupported("the body holds no items");
  return found.map((item) => item?.NotificationRequestItem);
}

serve({
  ...installed("@adyen/api-library"),
  schemes: ["adyen-platforms", "adyen-standard"],
  capabilities: ["clock"],
  verify(request) {
    if (request.scheme === "adyen-standard") {
      return items(request.json()).every((item) => validator.validateHMAC(item, request.key));
    }
    return validator.validateHMACSignature(request.key, request.header("HmacSignature"), request.text);
  },
});
