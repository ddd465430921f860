// hmac-auth-express: HMAC in its basic registration, for requests without a body. Its own format is in
// hmac_auth_express.scheme.yaml.
"use strict";

const { installed, options, secret, serve } = require("../_serve.js");
const express = require("express");
const { AuthError, HMAC } = require("hmac-auth-express");

options([]);
const app = express();
app.use(HMAC(secret()));
app.all("/hook", (req, res) => res.type("text/plain").send("ok"));
app.use((error, req, res, next) => {
  if (error instanceof AuthError) res.status(401).json({ error: "Invalid request", info: error.message });
  else next(error);
});
app.set("env", "test"); // Express prints nothing; its error page stays the one of development
serve(app, { ...installed("hmac-auth-express"), schemes: ["hmac-auth-express"] });
