// @slack/events-api: requestListener of the adapter. It takes events in JSON only, so that the scheme is
// slack_events_api.scheme.yaml.
"use strict";

const { installed, options, secret, serve } = require("../_serve.js");
const { createEventAdapter } = require("@slack/events-api");

options([]);
const adapter = createEventAdapter(secret());
adapter.on("error", () => {}); // an adapter that nobody listens to throws
serve(adapter.requestListener(), { ...installed("@slack/events-api"), schemes: ["slack-events-api"] });
